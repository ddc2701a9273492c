// SPDX-License-Identifier: GPL-2.0
/* Loads and stores, as Capstone disassembles them. */
#include <capstone/capstone.h>
#include <stdio.h>
#include <string.h>

#include "../util.h"
#include "insn.h"

/* Without what tells apart update (u) and indexed (x) forms. */
static const struct {
	const char *mnemonic;
	unsigned int bytes;
	bool store;
	const char *accessor;
	bool reversed;		/* there is an indexed form only, and its name has no x */
} loads_and_stores[] = {
	{ "lbz", 1, false, "readb", false },
	{ "lhz", 2, false, "readw", false },
	{ "lha", 2, false, "readw", false },
	{ "lhbrx", 2, false, "readw_be", true },
	{ "lwz", 4, false, "readl", false },
	{ "lwa", 4, false, "readl", false },
	{ "lwbrx", 4, false, "readl_be", true },
	{ "ld", 8, false, "readq", false },
	{ "ldbrx", 8, false, "readq_be", true },
	{ "stb", 1, true, "writeb", false },
	{ "sth", 2, true, "writew", false },
	{ "sthbrx", 2, true, "writew_be", true },
	{ "stw", 4, true, "writel", false },
	{ "stwbrx", 4, true, "writel_be", true },
	{ "std", 8, true, "writeq", false },
	{ "stdbrx", 8, true, "writeq_be", true },
};

/* One for each thread: it keeps what it decoded last. */
static _Thread_local csh capstone;
static _Thread_local cs_insn *insn;

static bool start(void)
{
	if (insn)
		return true;
	if (cs_open(CS_ARCH_PPC, CS_MODE_64 | CS_MODE_LITTLE_ENDIAN, &capstone) != CS_ERR_OK) {
		complain("Capstone, the disassembler, does not start: is it built with PowerPC?");
		return false;
	}
	insn = cs_malloc(capstone);
	return insn;
}

void audit_insn_end(void)
{
	if (!insn)
		return;
	cs_free(insn, 1);
	cs_close(&capstone);
	insn = NULL;
}

/* The suffix of the mnemonic, NULL if it is another one. */
static const char *suffix_of(const char *mnemonic, size_t i)
{
	size_t len = strlen(loads_and_stores[i].mnemonic);
	const char *rest = mnemonic + len;

	if (strncmp(mnemonic, loads_and_stores[i].mnemonic, len))
		return NULL;
	if (!*rest)
		return rest;
	if (loads_and_stores[i].reversed)
		return NULL;
	return !strcmp(rest, "u") || !strcmp(rest, "x") || !strcmp(rest, "ux") ? rest : NULL;
}

/**
 * audit_insn_is_access() - is it an integer load or store of a general register?
 * @word: the instruction
 * @access: filled in if it is
 *
 * Return: whether it is.
 */
bool audit_insn_is_access(uint32_t word, struct access *access)
{
	uint8_t bytes[] = { word, word >> 8, word >> 16, word >> 24 };
	const uint8_t *at = bytes;
	size_t size = sizeof(bytes), i;
	uint64_t address = 0;
	const char *suffix;

	if (!start() || !cs_disasm_iter(capstone, &at, &size, &address, insn))
		return false;
	for (i = 0; i < ARRAY_SIZE(loads_and_stores); i++) {
		suffix = suffix_of(insn->mnemonic, i);
		if (!suffix)
			continue;
		*access = (struct access){
			.accessor = loads_and_stores[i].accessor,
			.bytes = loads_and_stores[i].bytes,
			.store = loads_and_stores[i].store,
			.update = strchr(suffix, 'u'),
			.indexed = strchr(suffix, 'x') || loads_and_stores[i].reversed,
		};
		access->capturable = !access->update;
		snprintf(access->text, sizeof(access->text), "%.8s %.48s", insn->mnemonic,
			 insn->op_str);
		return true;
	}
	return false;
}

/* The general registers that an instruction of opcode 31 may change: bits. */
static uint32_t changes_31(uint32_t word)
{
	uint32_t rt = 1u << RT(word), ra = 1u << RA(word);

	switch (XO(word)) {
	/* Stores, comparisons, traps, barriers, caches, special registers. */
	case 215: case 407: case 151: case 149: case 662: case 918: case 660:
	case 150: case 214: case 694: case 726: case 0: case 32: case 4: case 68:
	case 598: case 854: case 54: case 86: case 246: case 278: case 982: case 1014:
	case 467: case 144: case 178: case 146:
		return 0;
	/* Stores with update. */
	case 247: case 439: case 183: case 181:
	/* Logic, shifts and the like. */
	case 28: case 60: case 444: case 412: case 316: case 476: case 124: case 284:
	case 24: case 536: case 27: case 539: case 792: case 824: case 794: case 826:
	case 827: case 26: case 58: case 538: case 570: case 954: case 922: case 986:
	case 122: case 378: case 506: case 508: case 890: case 891: case 51: case 115:
		return ra;
	/* Loads. */
	case 87: case 279: case 343: case 23: case 341: case 21: case 790: case 534:
	case 532: case 20: case 84: case 52: case 116:
	/* Sums and products. */
	case 266: case 778: case 10: case 138: case 202: case 234: case 40: case 552:
	case 8: case 136: case 200: case 104: case 235: case 233: case 75: case 11:
	case 73: case 9: case 491: case 459: case 489: case 457: case 265: case 267:
	case 777: case 779: case 339: case 19: case 83: case 371:
		return rt;
	default:
		if ((XO(word) & 31) == 15)	/* isel */
			return rt;
		return rt | ra;
	}
}

/**
 * audit_insn_changes() - which general registers an instruction may change
 * @word: the instruction
 *
 * Of an instruction that is not known here those are named that it may have fields for. What a
 * function that is called changes is not part of it.
 *
 * Return: a bit for each, 1 << 3 for r3.
 */
uint32_t audit_insn_changes(uint32_t word)
{
	uint32_t rt = 1u << RT(word), ra = 1u << RA(word);

	switch (OPCODE(word)) {
	case 7: case 8: case 12: case 13: case 14: case 15:	/* sums and products */
	case 32: case 34: case 40: case 42:			/* loads */
		return rt;
	case 33: case 35: case 41: case 43:			/* loads with update */
		return rt | ra;
	case 58:						/* ld, lwa; ldu */
		return (word & 3) == 1 ? rt | ra : rt;
	case 20: case 21: case 23: case 30:			/* rotates */
	case 24: case 25: case 26: case 27: case 28: case 29:	/* logic */
	case 37: case 39: case 45:				/* stores with update */
		return ra;
	case 62:						/* std; stdu */
		return (word & 3) == 1 ? ra : 0;
	case 31:
		return changes_31(word);
	case 2: case 3: case 10: case 11:			/* comparisons, traps */
	case 16: case 17: case 18: case 19:			/* branches */
	case 36: case 38: case 44:				/* stores */
		return 0;
	default:
		return rt | ra;
	}
}
