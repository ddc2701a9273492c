// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's inline accessors, arch/powerpc/include/asm/io.h.
 *
 * A load is one asm statement: sync; the load; twi 0,rX,0; isync. Nothing else in the
 * kernel looks like it.
 *
 * A store is sync; the store. So is a barrier with any store after it, smp_store_mb()
 * for one. But after an accessor's store comes mmiowb_set_pending(), which copies one
 * member of the PACA to the next: lhz rX,N(r13) and, if it is not zero, sth rX,N+2(r13),
 * where another register may have been given the value of r13.
 * That is what tells them apart. A kernel that is not for several processors has no such
 * thing: of a module for one each sync with a store is reported, and called uncertain.
 */
#include <string.h>

#include "../util.h"
#include "audit.h"
#include "insn.h"

#define TWI_0(ra)		(0x0c000000u | (uint32_t)(ra) << 16)
#define R13			13

/* How far mmiowb_set_pending() may be from its store: others' instructions come between. */
#define REACH			64
#define BRANCHES		4

/* What a walk along the code after a store knows. */
struct walk {
	const struct module *m;
	const struct text *text;
	unsigned int left;
	int nesting[32];	/* where in the PACA a register was loaded from; -1: elsewhere */
	uint32_t paca;		/* registers that have its address: bits */
};

/* The register into which @word copies the low half-word of @from, -1 if it does not. */
static int copy_of(uint32_t word, int from)
{
	/* clrlwi rA,rS,16; clrldi rA,rS,48; mr rA,rS */
	if ((word & 0xfc00fffe) == 0x5400043e || (word & 0xfc00fffe) == 0x78000420 ||
	    ((word & 0xfc0007fe) == 0x7c000378 && RB(word) == RT(word)))
		return (int)RT(word) == from ? (int)RA(word) : -1;
	return -1;
}

/* A call of the function itself, where the compiler did not inline it. */
static bool calls_set_pending(const struct walk *walk, size_t at)
{
	const struct reloc *r = audit_reloc_at(walk->m, walk->text->ndx, 4 * at);
	static const char name[] = "mmiowb_set_pending";
	const struct symbol *s;
	int64_t to;

	if (r && audit_is_branch_reloc(r->type)) {
		if (r->target_ndx == SHN_UNDEF)
			return false;
		s = audit_function_at(walk->m, r->target_ndx, r->target);
	} else {
		to = 4 * (int64_t)at + displacement(walk->text->insn[at], 26);
		s = audit_function_at(walk->m, walk->text->ndx, to);
		if (!s)		/* the local entry point */
			s = audit_function_at(walk->m, walk->text->ndx, to - 8);
	}
	return s && !strncmp(s->name, name, strlen(name));
}

static bool sets_pending(struct walk walk, size_t at, int branches)
{
	for (; walk.left && at < walk.text->count; walk.left--) {
		uint32_t word = walk.text->insn[at];
		int i;

		/* What follows belongs to another store, or another function. */
		if (word == SYNC || word == BLR)
			break;
		if (OPCODE(word) == 40 && walk.paca >> RA(word) & 1) {
			walk.nesting[RT(word)] = word & 0xffff;
		} else if (OPCODE(word) == 44 && walk.paca >> RA(word) & 1) {
			if (walk.nesting[RT(word)] >= 0 &&
			    walk.nesting[RT(word)] + 2 == (int)(word & 0xffff))
				return true;
		} else if (OPCODE(word) == 18) {
			if (word & 1) {
				if (calls_set_pending(&walk, at))
					return true;
			} else {
				/* To another function? */
				if (audit_reloc_at(walk.m, walk.text->ndx, 4 * at))
					break;
				at += displacement(word, 26) / 4;
				continue;
			}
		} else if (OPCODE(word) == 16) {
			if (branches &&
			    sets_pending(walk, at + displacement(word, 16) / 4, branches - 1))
				return true;
		} else {
			if (copy_of(word, R13) >= 0)
				walk.paca |= 1u << copy_of(word, R13);
			for (i = 0; i < 32; i++)
				if (walk.nesting[i] >= 0 && copy_of(word, i) >= 0) {
					walk.nesting[copy_of(word, i)] = walk.nesting[i];
					break;
				}
		}
		at++;
	}
	return false;
}

static bool is_store_of_accessor(const struct module *m, const struct text *text, size_t at)
{
	struct walk walk = { .m = m, .text = text, .left = REACH, .paca = 1u << R13 };

	memset(walk.nesting, 0xff, sizeof(walk.nesting));
	return sets_pending(walk, at + 1, BRANCHES);
}

static void look_at(struct module *m, struct text *text, size_t at)
{
	uint32_t word = text->insn[at + 1];
	struct access access;
	struct finding *f;

	if (!audit_insn_is_access(word, &access))
		return;
	if (access.store) {
		if (m->has_mmiowb && !is_store_of_accessor(m, text, at + 1))
			return;
	} else if (at + 3 >= text->count || text->insn[at + 2] != TWI_0(RT(word)) ||
		   text->insn[at + 3] != ISYNC) {
		return;
	}
	f = audit_add(m, KIND_INLINE, text->ndx, 4 * (at + 1));
	f->what = copy(access.text);
	f->bytes = access.bytes;
	f->store = access.store;
	f->unsure = access.store && !m->has_mmiowb;
	f->guarded = audit_is_guarded(m, text->ndx, f->offset);
	if (!f->guarded)
		f->advice = format("%s() or the like: use svm_%s()", access.accessor,
				   access.accessor);
}

void audit_inline(struct module *m)
{
	size_t i, at;

	for (i = 0; i < m->text_count; i++)
		for (at = 0; at + 1 < m->texts[i].count; at++)
			if (m->texts[i].insn[at] == SYNC)
				look_at(m, &m->texts[i], at);
}
