/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the oracle knows of Power instructions. */
#ifndef ORACLE_INSTRUCTION_H
#define ORACLE_INSTRUCTION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Could this word touch memory? Saves keeping a site for the others. Below 31
 * only primary opcodes 1 (a prefix) and 6 (lxvp, stxvp) could.
 */
static inline bool may_access_memory(uint32_t word)
{
	unsigned int primary = word >> 26;

	return primary >= 31 || primary == 1 || primary == 6;
}

/*
 * May this word be captured? The published ultravisor decodes these; of them
 * the capture contract leaves out the update forms, since whoever emulates the
 * access would have to write RA as well.
 */
static inline bool may_be_captured(uint32_t word)
{
	switch (word >> 26) {
	case 32: /* lwz */
	case 34: /* lbz */
	case 36: /* stw */
	case 38: /* stb */
	case 40: /* lhz */
	case 42: /* lha */
	case 44: /* sth */
		return true;
	case 58:
		return (word & 3) == 0 || (word & 3) == 2; /* ld, lwa; 1 is ldu */
	case 62:
		return (word & 3) == 0; /* std; 1 is stdu, 2 is stq */
	case 31:
		break;
	default:
		return false;
	}
	if (word & 1)
		return false; /* reserved in all of those below */
	switch (word >> 1 & 0x3ff) {
	case 21: /* ldx */
	case 23: /* lwzx */
	case 87: /* lbzx */
	case 149: /* stdx */
	case 151: /* stwx */
	case 215: /* stbx */
	case 279: /* lhzx */
	case 341: /* lwax */
	case 343: /* lhax */
	case 407: /* sthx */
	case 532: /* ldbrx */
	case 534: /* lwbrx */
	case 660: /* stdbrx */
	case 662: /* stwbrx */
	case 790: /* lhbrx */
	case 918: /* sthbrx */
		return true;
	}
	return false;
}

#endif
