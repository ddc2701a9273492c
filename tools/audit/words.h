/* SPDX-License-Identifier: GPL-2.0 */
/* Instruction words as Power ISA v3.0B lays them out, and as a module file has them. */
#ifndef SVM_TOOL_AUDIT_WORDS_H
#define SVM_TOOL_AUDIT_WORDS_H

#include <stdint.h>

#define OPCODE(word)	((word) >> 26)
#define RT(word)	((word) >> 21 & 31)
#define RA(word)	((word) >> 16 & 31)
#define RB(word)	((word) >> 11 & 31)

#define SYNC		0x7c0004acu
#define ISYNC		0x4c00012cu
#define EIEIO		0x7c0006acu
#define BLR		0x4e800020u

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

#endif /* SVM_TOOL_AUDIT_WORDS_H */
