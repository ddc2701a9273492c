/* SPDX-License-Identifier: GPL-2.0 */
/* One instruction: as Power ISA v3.0B lays it out, and in a disassembler's words. */
#ifndef SVM_TOOL_AUDIT_INSN_H
#define SVM_TOOL_AUDIT_INSN_H

#include <stdbool.h>
#include <stdint.h>

#define OPCODE(word)	((word) >> 26)
#define RT(word)	((word) >> 21 & 31)
#define RA(word)	((word) >> 16 & 31)
#define RB(word)	((word) >> 11 & 31)
#define XO(word)	((word) >> 1 & 0x3ff)	/* tells apart what opcode 31 and others have */

#define SYNC		0x7c0004acu
#define ISYNC		0x4c00012cu
#define EIEIO		0x7c0006acu
#define BLR		0x4e800020u
#define NOP		0x60000000u

/* How many bytes from itself a branch leads: b and bl have 26 bits for it, bc has 16. */
static inline int32_t displacement(uint32_t word, int bits)
{
	return (int32_t)(word << (32 - bits)) >> (32 - bits) & ~3;
}

/* The four bytes of a little-endian file. */
static inline uint32_t get32(const uint8_t *byte)
{
	return byte[0] | byte[1] << 8 | byte[2] << 16 | (uint32_t)byte[3] << 24;
}

/**
 * struct access - a load or store of a general register
 * @text: the instruction, disassembled
 * @accessor: the kernel's for such a register: "readl"
 * @bytes: its width
 * @store: its direction
 * @update: it changes its address register
 * @indexed: its address is the sum of two registers
 * @capturable: docs/abi.md allows its word in SPRG0
 */
struct access {
	char text[64];
	const char *accessor;
	unsigned int bytes;
	bool store;
	bool update;
	bool indexed;
	bool capturable;
};

uint32_t audit_insn_changes(uint32_t word);
bool audit_insn_is_access(uint32_t word, struct access *access);
void audit_insn_end(void);	/* for each thread that used it */

#endif /* SVM_TOOL_AUDIT_INSN_H */
