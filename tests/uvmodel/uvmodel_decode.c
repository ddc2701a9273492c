// SPDX-License-Identifier: GPL-2.0
/*
 * The integer loads and stores of 1, 2, 4 and 8 bytes that the decoder of the
 * published ultravisor accepts: analyse_instr() in its lib/instr.c. It also takes
 * lq and stq, which its emulation of MMIO does not survive, and cache operations,
 * which make no access; a reader of SPRG0 has no use for either.
 */
#include <linux/kernel.h>

#include "uvmodel_decode.h"

struct opcode {
	u32 mask;
	u32 match;
	struct uv_insn insn;
};

#define D(name, opcode, bytes, store, update) \
	{ 0xfc000000, (u32)(opcode) << 26, { name, bytes, store, update, UV_D } }
#define DS(name, opcode, xo, bytes, store, update) \
	{ 0xfc000003, (u32)(opcode) << 26 | (xo), { name, bytes, store, update, UV_DS } }
/* It does not look at bit 31, which is reserved in all of these. */
#define X(name, xo, bytes, store, update) \
	{ 0xfc0007fe, 31u << 26 | (xo) << 1, { name, bytes, store, update, UV_X } }

static const struct opcode opcodes[] = {
	D("lbz", 34, 1, false, false),
	D("lbzu", 35, 1, false, true),
	D("lhz", 40, 2, false, false),
	D("lhzu", 41, 2, false, true),
	D("lha", 42, 2, false, false),
	D("lhau", 43, 2, false, true),
	D("lwz", 32, 4, false, false),
	D("lwzu", 33, 4, false, true),
	D("stb", 38, 1, true, false),
	D("stbu", 39, 1, true, true),
	D("sth", 44, 2, true, false),
	D("sthu", 45, 2, true, true),
	D("stw", 36, 4, true, false),
	D("stwu", 37, 4, true, true),
	DS("ld", 58, 0, 8, false, false),
	DS("ldu", 58, 1, 8, false, true),
	DS("lwa", 58, 2, 4, false, false),
	DS("std", 62, 0, 8, true, false),
	DS("stdu", 62, 1, 8, true, true),
	X("lbzx", 87, 1, false, false),
	X("lbzux", 119, 1, false, true),
	X("lhzx", 279, 2, false, false),
	X("lhzux", 311, 2, false, true),
	X("lhax", 343, 2, false, false),
	X("lhaux", 375, 2, false, true),
	X("lhbrx", 790, 2, false, false),
	X("lwzx", 23, 4, false, false),
	X("lwzux", 55, 4, false, true),
	X("lwax", 341, 4, false, false),
	X("lwaux", 373, 4, false, true),
	X("lwbrx", 534, 4, false, false),
	X("ldx", 21, 8, false, false),
	X("ldux", 53, 8, false, true),
	X("ldbrx", 532, 8, false, false),
	X("stbx", 215, 1, true, false),
	X("stbux", 247, 1, true, true),
	X("sthx", 407, 2, true, false),
	X("sthux", 439, 2, true, true),
	X("sthbrx", 918, 2, true, false),
	X("stwx", 151, 4, true, false),
	X("stwux", 183, 4, true, true),
	X("stwbrx", 662, 4, true, false),
	X("stdx", 149, 8, true, false),
	X("stdux", 181, 8, true, true),
	X("stdbrx", 660, 8, true, false),
};

/**
 * uv_decode() - decode an instruction word
 * @word: the instruction, as a 32-bit load in the guest's byte order gives it
 *
 * Return: what it is, or NULL if the published ultravisor cannot emulate it.
 */
const struct uv_insn *uv_decode(u32 word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++)
		if ((word & opcodes[i].mask) == opcodes[i].match)
			return &opcodes[i].insn;
	return NULL;
}
