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
