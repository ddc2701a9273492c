// SPDX-License-Identifier: GPL-2.0
/*
 * What can run while svm_mmio makes the accesses.
 *
 * An svm_ accessor has the kernel's own access in it, for a normal guest, behind the
 * static key svm_mmio_out_of_line. Such an access is right where it stands, and must not
 * be taken for one that nobody captures. So all code is followed from where it can be
 * entered, with the branches at that key as they are while it is on: what is not reached
 * is not run in an SVM.
 *
 * Where code may be entered is rather taken for too much than for too little, as an
 * access that is reached is reported: every function that others can call or whose
 * address is taken, and every instruction that nothing in its section leads to.
 */
#include <stdlib.h>
#include <string.h>

#include "../util.h"
#include "audit.h"
#include "insn.h"

#define KEY		"svm_mmio_out_of_line"

/* How an instruction is led to. */
#define LED_BY_BRANCH	1
#define LED_BEFORE	2

/* With which state of the key it is reached: bits of struct text.reached. */
#define REACHED_OFF	1
#define REACHED_ON	2

/**
 * struct jump - an entry of __jump_table: a nop or a branch that a static key changes
 * @ndx: section of the instruction
 * @at: its number in that
 * @to: number of the instruction that it branches to
 * @ours: whether the key is svm_mmio's
 * @when_off: whether it branches while the key is off
 */
struct jump {
	size_t ndx;
	size_t at;
	size_t to;
	bool ours;
	bool when_off;
};

struct flow {
	struct module *m;
	uint8_t **led;		/* for each text, for each instruction */
	struct start {
		size_t ndx;
		uint64_t offset;
	} *starts;
	size_t start_count;
	struct place *waiting;
	size_t waiting_count;
	size_t waiting_room;
	uint8_t mark;		/* REACHED_ bit to set */
};

static int compare_jumps(const void *a, const void *b)
{
	const struct jump *x = a, *y = b;

	return audit_order(x->ndx, x->at, y->ndx, y->at);
}

/*
 * Each entry has three relocations: the instruction, where it branches to, the key. The
 * lowest bit of the key says that the branch is what is there while the key is off.
 */
static void find_jumps(struct module *m)
{
	size_t ndx, i;

	for (i = 0; i + 2 < m->reloc_count; i++) {
		const struct reloc *r = &m->relocs[i];

		ndx = r->ndx;
		if ((i && m->relocs[i - 1].ndx == ndx) ||
		    strcmp(audit_section_name(m, ndx), "__jump_table"))
			continue;
		for (; i + 2 < m->reloc_count && m->relocs[i + 2].ndx == ndx; i += 3) {
			const struct reloc *code = &m->relocs[i];
			const struct reloc *target = &m->relocs[i + 1];
			const struct reloc *key = &m->relocs[i + 2];

			if (code->target_ndx != target->target_ndx)
				continue;
			m->jumps = resize(m->jumps, m->jump_count + 1, sizeof(*m->jumps));
			m->jumps[m->jump_count++] = (struct jump){
				.ndx = code->target_ndx,
				.at = code->target / 4,
				.to = target->target / 4,
				.ours = !strcmp(key->name, KEY),
				.when_off = key->addend & 1,
			};
		}
	}
	sort(m->jumps, m->jump_count, sizeof(*m->jumps), compare_jumps);
}

/* The one at an instruction, NULL if there is none. */
static const struct jump *jump_at(const struct module *m, const struct text *text, size_t at)
{
	struct jump wanted = { .ndx = text->ndx, .at = at };

	if (!m->jump_count || (text->insn[at] != NOP && OPCODE(text->insn[at]) != 18))
		return NULL;
	return bsearch(&wanted, m->jumps, m->jump_count, sizeof(wanted), compare_jumps);
}

static bool is_place(const struct module *m, size_t ndx, uint64_t at, struct place *place)
{
	*place = (struct place){ audit_text(m, ndx), at };
	return place->text && at < place->text->count;
}

/* Where a branch at @at leads; @bits of displacement in its word. */
static bool target_of(const struct module *m, const struct text *text, size_t at, int bits,
		      struct place *to)
{
	const struct reloc *r = audit_reloc_at(m, text->ndx, 4 * at);
	uint32_t word = text->insn[at];

	if (r && audit_is_branch_reloc(r->type))
		return r->target_ndx != SHN_UNDEF &&
		       is_place(m, r->target_ndx, r->target / 4, to);
	return !(word & 2) && is_place(m, text->ndx, at + displacement(word, bits) / 4, to);
}

/**
 * audit_branches_to() - find out where an instruction may branch to
 * @m: the module, after audit_flow()
 * @text: the instruction's text
 * @at: its number in that
 * @key_on: look at svm_mmio's key as it is when it is on, else as any key may be
 * @to: set to the place
 *
 * Return: whether there is one in the module that the instruction itself tells.
 */
bool audit_branches_to(const struct module *m, const struct text *text, size_t at, bool key_on,
		       struct place *to)
{
	const struct jump *jump = jump_at(m, text, at);
	uint32_t word = text->insn[at];

	if (jump)
		return (!key_on || !jump->ours || !jump->when_off) &&
		       is_place(m, text->ndx, jump->to, to);
	if (OPCODE(word) == 18)			/* b, bl */
		return target_of(m, text, at, 26, to);
	if (OPCODE(word) == 16)			/* bc */
		return target_of(m, text, at, 16, to);
	return false;
}

/* Is a call at @at one that does not come back? */
static bool ends_here(const struct module *m, const struct text *text, size_t at)
{
	static const char * const names[] = {
		"__stack_chk_fail", "panic", "fortify_panic", "__fortify_panic", "do_exit",
		"__module_put_and_kthread_exit", "kthread_complete_and_exit",
	};
	const struct reloc *r = audit_reloc_at(m, text->ndx, 4 * at);
	size_t i;

	if (!r || r->target_ndx != SHN_UNDEF)
		return false;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(r->name, names[i]))
			return true;
	return false;
}

/**
 * audit_goes_on() - find out whether the next instruction may run after one
 * @m: the module, after audit_flow()
 * @text: the instruction's text
 * @at: its number in that
 * @key_on: look at svm_mmio's key as it is when it is on, else as any key may be
 *
 * Return: whether it may.
 */
bool audit_goes_on(const struct module *m, const struct text *text, size_t at, bool key_on)
{
	const struct jump *jump = jump_at(m, text, at);
	uint32_t word = text->insn[at];
	bool always = (word >> 21 & 0x14) == 0x14;	/* BO 1x1xx */
	bool call = word & 1;

	/* No compiler lets one function run on into another. */
	if (at + 1 >= text->count || audit_function_at(m, text->ndx, 4 * (at + 1)))
		return false;
	if (jump)
		return !key_on || !jump->ours || jump->when_off;
	switch (OPCODE(word)) {
	case 0:		/* no instruction: what is behind a function by clang */
		return false;
	case 18:
		return call && !ends_here(m, text, at);
	case 16:
		return call || !always;
	case 19:	/* bclr, bcctr, bctar, among others */
		return call || !always || (XO(word) != 16 && XO(word) != 528 && XO(word) != 560);
	default:
		return true;
	}
}

/* What is no code: nop and those that end a dispatch group, before an aligned block; zeros. */
static bool is_padding(uint32_t word)
{
	return word == NOP || word == 0x60210000 || word == 0x60420000 || !word;
}

/* Finds what leads to each instruction. Padding that nothing leads to leads nowhere. */
static void find_leads(struct flow *flow)
{
	struct module *m = flow->m;
	struct place to;
	size_t i, at;

	for (i = 0; i < m->text_count; i++)
		for (at = 0; at < m->texts[i].count; at++)
			if (audit_branches_to(m, &m->texts[i], at, false, &to))
				flow->led[to.text - m->texts][to.at] |= LED_BY_BRANCH;
	for (i = 0; i < m->text_count; i++) {
		uint8_t *led = flow->led[i];

		for (at = 0; at + 1 < m->texts[i].count; at++)
			if ((led[at] || !is_padding(m->texts[i].insn[at])) &&
			    audit_goes_on(m, &m->texts[i], at, false))
				led[at + 1] |= LED_BEFORE;
	}
}

static void reach(struct flow *flow, struct text *text, size_t at)
{
	if (text->reached[at] & flow->mark)
		return;
	text->reached[at] |= flow->mark;
	if (flow->waiting_count == flow->waiting_room) {
		flow->waiting_room = 2 * flow->waiting_room + 256;
		flow->waiting = resize(flow->waiting, flow->waiting_room, sizeof(*flow->waiting));
	}
	flow->waiting[flow->waiting_count++] = (struct place){ text, at };
}

/* Tables of places that are not entered from outside: tracing, patching, traps. */
static bool is_passive(const char *section)
{
	static const char * const names[] = {
		"__jump_table", "__mcount_loc", "__bug_table", "__ex_table",
		"__patchable_function_entries", "__ftr_fixup", "__lwsync_fixup", "__fw_ftr_fixup",
		"__mmu_ftr_fixup", "__barrier_nospec_fixup", "__stf_entry_barrier_fixup",
		"__svm_mmio_windows", "__kcfi_traps", ".eh_frame",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(section, names[i]))
			return true;
	return false;
}

static bool is_table_entry(const struct module *m, const struct reloc *r)
{
	return r->type == R_PPC64_REL32 && !audit_text(m, r->ndx);
}

/* Whatever data or code has the address of, if it is code. */
static void enter(struct flow *flow, size_t ndx, uint64_t offset)
{
	struct place place;

	if (is_place(flow->m, ndx, offset / 4, &place))
		reach(flow, place.text, place.at);
}

static int compare_starts(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	return audit_order(x->ndx, x->offset, y->ndx, y->offset);
}

/* All places in data that something refers to: a switch's table begins at one of them. */
static void find_starts(struct flow *flow)
{
	const struct module *m = flow->m;
	size_t i;

	flow->starts = resize(NULL, m->reloc_count, sizeof(*flow->starts));
	for (i = 0; i < m->reloc_count; i++) {
		const struct reloc *r = &m->relocs[i];

		if (r->target_ndx != SHN_UNDEF && !is_table_entry(m, r) &&
		    !audit_text(m, r->target_ndx))
			flow->starts[flow->start_count++] =
				(struct start){ r->target_ndx, r->target };
	}
	sort(flow->starts, flow->start_count, sizeof(*flow->starts), compare_starts);
}

/* The last of them at or before a place; the place itself if there is none. */
static uint64_t start_of_table(const struct flow *flow, size_t ndx, uint64_t offset)
{
	size_t low = 0, high = flow->start_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct start *start = &flow->starts[middle];

		if (audit_order(start->ndx, start->offset, ndx, offset) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && flow->starts[low - 1].ndx == ndx ? flow->starts[low - 1].offset : offset;
}

/*
 * Whatever data or code has the address of.
 *
 * An entry of a switch's table counts from the table's beginning, but its relocation from the
 * entry. Code has the address of the beginning, and one table may follow another at once.
 */
static void enter_by_address(struct flow *flow)
{
	const struct module *m = flow->m;
	bool passive = false;
	size_t i;

	for (i = 0; i < m->reloc_count; i++) {
		const struct reloc *r = &m->relocs[i];

		if (!i || m->relocs[i - 1].ndx != r->ndx)
			passive = is_passive(audit_section_name(m, r->ndx));
		if (passive || audit_is_branch_reloc(r->type) || r->target_ndx == SHN_UNDEF)
			continue;
		if (is_table_entry(m, r))
			enter(flow, r->target_ndx, r->target - (r->offset -
			      start_of_table(flow, r->ndx, r->offset)));
		else
			enter(flow, r->target_ndx, r->target);
	}
}

/* Functions that others can call, and what nothing leads to. */
static void enter_by_place(struct flow *flow)
{
	struct module *m = flow->m;
	size_t i, at;

	for (i = 0; i < m->symbol_count; i++) {
		const struct symbol *s = &m->symbols[i];
		struct text *text = audit_text(m, s->ndx);
		uint8_t *led;

		if (!s->function || !text || s->value / 4 >= text->count)
			continue;
		led = flow->led[text - m->texts];
		/* A call inside the module may be of the local entry point. */
		if ((s->value + s->local_entry) / 4 < text->count)
			led[s->value / 4] |= led[(s->value + s->local_entry) / 4] &
					     LED_BY_BRANCH;
		if (s->global)
			reach(flow, text, s->value / 4);
	}
	for (i = 0; i < m->text_count; i++)
		for (at = 0; at < m->texts[i].count; at++)
			if (!flow->led[i][at] && !is_padding(m->texts[i].insn[at]))
				reach(flow, &m->texts[i], at);
}

/* Follows the code from wherever it is entered. */
static void follow(struct flow *flow, uint8_t mark, bool key_on)
{
	struct place to;

	flow->mark = mark;
	enter_by_address(flow);
	enter_by_place(flow);
	while (flow->waiting_count) {
		struct place place = flow->waiting[--flow->waiting_count];

		if (audit_branches_to(flow->m, place.text, place.at, key_on, &to))
			reach(flow, to.text, to.at);
		if (audit_goes_on(flow->m, place.text, place.at, key_on))
			reach(flow, place.text, place.at + 1);
	}
}

/**
 * audit_flow() - find out what runs with the key off, and what with the key on
 * @m: the module; fills in what its texts have @reached for
 */
void audit_flow(struct module *m)
{
	struct flow flow = { .m = m };
	size_t i;

	find_jumps(m);
	flow.led = resize(NULL, m->text_count, sizeof(*flow.led));
	for (i = 0; i < m->text_count; i++) {
		flow.led[i] = resize(NULL, m->texts[i].count, 1);
		memset(flow.led[i], 0, m->texts[i].count);
	}
	find_leads(&flow);
	find_starts(&flow);
	follow(&flow, REACHED_OFF, false);
	follow(&flow, REACHED_ON, true);

	for (i = 0; i < m->text_count; i++)
		free(flow.led[i]);
	free(flow.led);
	free(flow.starts);
	free(flow.waiting);
}

/**
 * audit_is_guarded() - is an instruction one that only backend "direct" runs?
 * @m: the module, after audit_flow()
 * @ndx: section of the instruction
 * @offset: where in that
 *
 * Return: whether the key keeps it from running. What cannot be reached at all, as far as
 * can be seen here, is not kept from it.
 */
bool audit_is_guarded(const struct module *m, size_t ndx, uint64_t offset)
{
	const struct text *text = audit_text(m, ndx);

	return text && offset / 4 < text->count && text->reached[offset / 4] == REACHED_OFF;
}
