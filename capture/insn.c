// SPDX-License-Identifier: GPL-2.0
/*
 * The loads and stores that may be captured: integer, 1, 2, 4 or 8 bytes, no
 * update form, no prefix. The set is what both ends agree on: the instruction
 * forms of Power ISA v3.0B, Book I, 3.3 that the decoder of the published
 * ultravisor (lib/instr.c, analyse_instr()) emulates. Where that decoder gives
 * up, the guest would spin.
 */
#include <linux/kernel.h>

#include "insn.h"

struct svm_opcode {
	const char *mnemonic;
	u32 mask;
	u32 match;
	u8 bytes;
	bool store;
};

#define D_FORM(name, opcode, bytes, store)				\
	{ name, 0xfc000000, (u32)(opcode) << 26, bytes, store }
/* The two low bits tell ld from ldu and lwa. */
#define DS_FORM(name, opcode, xo, bytes, store)				\
	{ name, 0xfc000003, (u32)(opcode) << 26 | (xo), bytes, store }
/* Bit 0 (Rc in other X-form instructions) is reserved in a load or store. */
#define X_FORM(name, xo, bytes, store)					\
	{ name, 0xfc0007ff, 31u << 26 | (xo) << 1, bytes, store }

static const struct svm_opcode opcodes[] = {
	D_FORM("lbz", 34, 1, false),
	D_FORM("lhz", 40, 2, false),
	D_FORM("lha", 42, 2, false),
	D_FORM("lwz", 32, 4, false),
	DS_FORM("lwa", 58, 2, 4, false),
	DS_FORM("ld", 58, 0, 8, false),
	D_FORM("stb", 38, 1, true),
	D_FORM("sth", 44, 2, true),
	D_FORM("stw", 36, 4, true),
	DS_FORM("std", 62, 0, 8, true),
	X_FORM("lbzx", 87, 1, false),
	X_FORM("lhzx", 279, 2, false),
	X_FORM("lhax", 343, 2, false),
	X_FORM("lhbrx", 790, 2, false),
	X_FORM("lwzx", 23, 4, false),
	X_FORM("lwax", 341, 4, false),
	X_FORM("lwbrx", 534, 4, false),
	X_FORM("ldx", 21, 8, false),
	X_FORM("ldbrx", 532, 8, false),
	X_FORM("stbx", 215, 1, true),
	X_FORM("sthx", 407, 2, true),
	X_FORM("sthbrx", 918, 2, true),
	X_FORM("stwx", 151, 4, true),
	X_FORM("stwbrx", 662, 4, true),
	X_FORM("stdx", 149, 8, true),
	X_FORM("stdbrx", 660, 8, true),
};

/**
 * svm_insn_decode() - decode an instruction word, if it may be captured
 * @word: the instruction, as a 32-bit load in CPU byte order gives it
 * @insn: filled in on success
 *
 * Return: false if the contract (docs/abi.md) does not allow @word in SPRG0.
 */
bool svm_insn_decode(u32 word, struct svm_insn *insn)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
		const struct svm_opcode *op = &opcodes[i];

		if ((word & op->mask) != op->match)
			continue;
		insn->mnemonic = op->mnemonic;
		insn->bytes = op->bytes;
		insn->store = op->store;
		insn->rt = word >> 21 & 31;
		insn->ra = word >> 16 & 31;
		insn->rb = op->match >> 26 == 31 ? (s8)(word >> 11 & 31) : -1;
		return true;
	}
	return false;
}
