/* SPDX-License-Identifier: GPL-2.0 */
/* What the decoder of the published ultravisor says of an instruction word. */
#ifndef _UVMODEL_DECODE_H
#define _UVMODEL_DECODE_H

#include <linux/types.h>

/**
 * enum uv_displacement - how much of a word is displacement
 * @UV_X: none, the second register is added instead
 * @UV_D: the low 16 bits
 * @UV_DS: the low 16 bits, of which two are 0
 */
enum uv_displacement { UV_X, UV_D, UV_DS };

/**
 * struct uv_insn - a load or store that the decoder accepts
 * @mnemonic: assembler name
 * @bytes: width of the access: 1, 2, 4 or 8
 * @store: a store, not a load
 * @update: also writes the effective address to RA
 * @displacement: how the effective address comes about
 */
struct uv_insn {
	const char *mnemonic;
	u8 bytes;
	bool store;
	bool update;
	enum uv_displacement displacement;
};

const struct uv_insn *uv_decode(u32 word);

/* (RA|0) and RB, as numbers of registers. */
#define UV_RA(word)	((word) >> 16 & 31)
#define UV_RB(word)	((word) >> 11 & 31)

#endif /* _UVMODEL_DECODE_H */
