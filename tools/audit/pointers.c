// SPDX-License-Identifier: GPL-2.0
/*
 * Ordinary loads and stores of a device's memory: __raw_readl() and its like, dereferences.
 *
 * Nothing in such an instruction tells it from others, so addresses are followed: from the
 * function that maps a device, through registers, the stack and the module's variables, into
 * functions of the module and out of them. What a register has on one way through the code it
 * may have: all ways are taken together.
 *
 * An address that is put into a structure is followed by its place in that, a member. Whatever
 * loads from so many bytes behind any register may get it, or have another structure before it.
 * A member is dropped as soon as something speaks for the latter: see drop_ambiguous() and
 * contradicts(). What is found by those that are left is called unsure.
 */
#include <stdlib.h>
#include <string.h>

#include "../util.h"
#include "audit.h"
#include "insn.h"

/* ELFv2: r3 to r10 are arguments, r3 is the result too; r1, r2, r13 to r31 survive a call. */
#define STACK		1
#define RESULT		3
#define ARGUMENTS	0x000007f8u
#define KEPT		0xffffe006u

#define BIT(n)		(1u << (n))

/* The words of a stack frame that are looked at. */
#define SLOTS		64

/* So far from their beginning too many structures have the address of something else. */
#define FIRST_MEMBER	32

/* No module has so many; a damaged one may, and each is followed through all of its code. */
#define MEMBERS_MAX	256

/* How many instructions before one are searched for what has set a register. */
#define LOOK_BACK	16

/* What a register may have. */
enum {
	SURE,		/* the address of a device */
	LIKELY,		/* the same, by way of a member */
	LOADED,		/* what was loaded from such a likely address */
	KINDS
};

/**
 * struct state - what is known before an instruction
 * @has: registers, by what they have: bits
 * @table: registers that have the address of a table of addresses of devices
 * @slot: words of the stack, as @has
 * @waiting: it is on the list of those to look at
 * @touched: it is on the list of those that the current member has led to
 * @reported: it was found to access a device
 * @returns: of a function's first: what it returns, BIT(kind)
 */
struct state {
	uint32_t has[KINDS];
	uint32_t table;
	uint64_t slot[KINDS];
	bool waiting;
	bool touched;
	bool reported;
	uint8_t returns;
};

struct variable {
	size_t ndx;
	uint64_t offset;
};

struct places {
	struct place *place;
	size_t count;
	size_t room;
};

/**
 * struct pointers - a search
 * @m: the module
 * @states: for each text, for each instruction
 * @waiting: instructions to look at
 * @touched: those that the current member has led to
 * @members: places in structures that addresses are put into: a bit for each 4 bytes
 * @member: the one that is followed now, -1 if none is
 * @contradicted: it has turned out to be something else
 * @variables: variables that addresses are put into
 * @variable_count: how many
 * @news: something has come up that loads or calls elsewhere depend on
 */
struct pointers {
	struct module *m;
	struct state **states;
	struct places waiting;
	struct places touched;
	uint64_t members[(1 << 16) / 4 / 64];
	int member;
	bool contradicted;
	struct variable *variables;
	size_t variable_count;
	bool news;
};

static struct state *state_of(const struct pointers *p, struct place place)
{
	return &p->states[place.text - p->m->texts][place.at];
}

static void add_place(struct places *places, struct place place)
{
	if (places->count == places->room) {
		places->room = 2 * places->room + 256;
		places->place = resize(places->place, places->room, sizeof(*places->place));
	}
	places->place[places->count++] = place;
}

static void wait_for(struct pointers *p, struct place place)
{
	struct state *state = state_of(p, place);

	if (state->waiting)
		return;
	state->waiting = true;
	add_place(&p->waiting, place);
}

static void touch(struct pointers *p, struct place place)
{
	struct state *state = state_of(p, place);

	if (state->touched || p->member < 0)
		return;
	state->touched = true;
	add_place(&p->touched, place);
}

/* Adds to what is known before an instruction; if that is news, it has to be looked at. */
static void add_state(struct pointers *p, struct place place, const struct state *more)
{
	struct state *state = state_of(p, place);
	bool news = more->table & ~state->table;
	int i;

	for (i = 0; i < KINDS; i++) {
		news |= more->has[i] & ~state->has[i];
		news |= (more->slot[i] & ~state->slot[i]) != 0;
		state->has[i] |= more->has[i];
		state->slot[i] |= more->slot[i];
	}
	state->table |= more->table;
	if (!news)
		return;
	touch(p, place);
	wait_for(p, place);
}

static bool is_ld(uint32_t word)
{
	return OPCODE(word) == 58 && !(word & 3);
}

static bool is_std(uint32_t word)
{
	return OPCODE(word) == 62 && !(word & 3);
}

/* The displacement of ld and std: of a member, its place in the structure. */
static int displacement_of(uint32_t word)
{
	return (int16_t)(word & 0xfffc);
}

static uint64_t *member_bits(struct pointers *p, int member)
{
	return &p->members[(uint16_t)member / 4 / 64];
}

static uint64_t member_bit(int member)
{
	return 1ull << (uint16_t)member / 4 % 64;
}

/* The word of the stack that ld or std is of, -1 if that is not known. */
static int slot_of(uint32_t word)
{
	int at = displacement_of(word);

	return RA(word) == STACK && at >= 0 && at < 8 * SLOTS && !(at & 7) ? at / 8 : -1;
}

/* Where a relocation leads, if that is in the module. */
static bool own_place(const struct reloc *r, struct variable *place)
{
	if (!r || r->target_ndx == SHN_UNDEF)
		return false;
	*place = (struct variable){ r->target_ndx, r->target };
	return true;
}

/*
 * The variable that an ld or std is of. Its address is in the instruction itself, or a few
 * before it have put it into the register, perhaps from the module's table of addresses.
 */
static bool variable_of(const struct module *m, struct place place, struct variable *variable)
{
	const struct text *text = place.text;
	const struct reloc *r = audit_reloc_at(m, text->ndx, 4 * place.at);
	uint32_t reg = BIT(RA(text->insn[place.at]));
	size_t back;

	if (r)
		return own_place(r, variable);
	for (back = 1; back <= LOOK_BACK && back <= place.at; back++) {
		uint32_t word = text->insn[place.at - back];

		if (!(audit_insn_changes(word) & reg))
			continue;
		r = audit_reloc_at(m, text->ndx, 4 * (place.at - back));
		if (r && is_ld(word) && r->target_ndx != SHN_UNDEF)
			r = audit_reloc_at(m, r->target_ndx, r->target);
		else if (OPCODE(word) != 14)
			r = NULL;
		if (!own_place(r, variable))
			return false;
		variable->offset += displacement_of(text->insn[place.at]);
		return true;
	}
	return false;
}

static bool is_known(const struct pointers *p, struct variable variable)
{
	size_t i;

	for (i = 0; i < p->variable_count; i++)
		if (p->variables[i].ndx == variable.ndx &&
		    p->variables[i].offset == variable.offset)
			return true;
	return false;
}

/* std: an address of a device that is put somewhere. */
static void store(struct pointers *p, struct place place, uint32_t word, struct state *state)
{
	int i, slot = slot_of(word), member = displacement_of(word);
	struct variable variable;

	for (i = 0; i < KINDS && slot >= 0; i++) {
		state->slot[i] &= ~(1ull << slot);
		state->slot[i] |= (uint64_t)(state->has[i] >> RT(word) & 1) << slot;
	}
	if (RA(word) == STACK || !(state->has[SURE] & BIT(RT(word))))
		return;
	if (variable_of(p->m, place, &variable)) {
		if (is_known(p, variable))
			return;
		p->variables = resize(p->variables, p->variable_count + 1, sizeof(*p->variables));
		p->variables[p->variable_count++] = variable;
		p->news = true;
	} else {
		*member_bits(p, member) |= member_bit(member);
	}
}

/* What ld loads, KINDS if that is of no interest. */
static int loads(const struct pointers *p, struct place place, uint32_t word,
		 const struct state *state)
{
	int i, slot = slot_of(word);
	struct variable variable;

	if (RA(word) == STACK) {
		for (i = 0; i < KINDS && slot >= 0; i++)
			if (state->slot[i] >> slot & 1)
				return i;
		return KINDS;
	}
	if (state->table & BIT(RA(word)))
		return SURE;
	if (state->has[SURE] & BIT(RA(word)))
		return KINDS;
	if (state->has[LIKELY] & BIT(RA(word)))
		return LOADED;
	if (p->member >= 0 && p->member != displacement_of(word))
		return KINDS;
	if (p->variable_count && variable_of(p->m, place, &variable))
		return is_known(p, variable) ? SURE : KINDS;
	return p->member >= 0 ? LIKELY : KINDS;
}

/* The registers that an instruction copies or adds up: bits. */
static uint32_t summands(uint32_t word)
{
	if (OPCODE(word) == 14 || OPCODE(word) == 15)		/* addi, addis */
		return RA(word) ? BIT(RA(word)) : 0;
	if (OPCODE(word) != 31)
		return 0;
	if (XO(word) == 444 && RT(word) == RB(word))		/* mr */
		return BIT(RT(word));
	if (XO(word) == 266 || (XO(word) & 31) == 15)		/* add, isel */
		return BIT(RA(word)) | BIT(RB(word));
	return 0;
}

/* What is known behind an instruction that does not branch. */
static void pass(struct pointers *p, struct place place, uint32_t word, struct state *state)
{
	uint32_t changed = audit_insn_changes(word), from = summands(word);
	uint32_t updated = 0;
	struct access access;
	int i, kind = KINDS;

	if (is_std(word))
		store(p, place, word, state);
	else if (is_ld(word))
		kind = loads(p, place, word, state);
	else if (OPCODE(word) == 31 && XO(word) == 21 &&	/* ldx */
		 state->table & (BIT(RA(word)) | BIT(RB(word))))
		kind = SURE;
	else if (changed & BIT(RA(word)) && !from && audit_insn_is_access(word, &access) &&
		 access.update)
		updated = BIT(RA(word));

	for (i = 0; i < KINDS; i++) {
		uint32_t has = state->has[i] & (~changed | updated);

		if (state->has[i] & from || i == kind)
			has |= changed;
		state->has[i] = has;
	}
	state->table = (state->table & ~changed) | (state->table & from ? changed : 0);
	if (changed & BIT(STACK))
		memset(state->slot, 0, sizeof(state->slot));
}

/* The first instruction of the function that has one in it. */
static bool first_of(const struct pointers *p, struct place place, struct place *first)
{
	const struct symbol *s = audit_function_with(p->m, place.text->ndx, 4 * place.at);

	*first = (struct place){ place.text, s ? s->value / 4 : 0 };
	return s;
}

/* Notes what the function that has @place in it returns. */
static void returns(struct pointers *p, struct place place, const struct state *state)
{
	struct place first;
	int i;

	if (!first_of(p, place, &first))
		return;
	for (i = 0; i < KINDS; i++) {
		if (!(state->has[i] & BIT(RESULT)) || state_of(p, first)->returns & BIT(i))
			continue;
		state_of(p, first)->returns |= BIT(i);
		touch(p, first);
		p->news = true;
	}
}

/* The function of the kernel, or of another module, that is called or branched to. */
static const char *imported(const struct pointers *p, struct place place)
{
	const struct reloc *r = audit_reloc_at(p->m, place.text->ndx, 4 * place.at);

	return r && audit_is_branch_reloc(r->type) && r->target_ndx == SHN_UNDEF ? r->name : NULL;
}

static bool is_import(const struct pointers *p, struct place place, const char *name)
{
	const char *other = imported(p, place);

	return other && !strcmp(other, name);
}

static void call(struct pointers *p, struct place place, struct state *state)
{
	struct state in = { .table = state->table & ARGUMENTS };
	const char *name = imported(p, place);
	struct place to, first;
	int i;

	for (i = 0; i < KINDS; i++) {
		in.has[i] = state->has[i] & ARGUMENTS;
		state->has[i] &= KEPT;
	}
	state->table &= KEPT;
	if (name) {
		if (audit_export(name, NULL) == EXPORT_MAPPING)
			state->has[SURE] |= BIT(RESULT);
		else if (audit_export(name, NULL) == EXPORT_TABLE)
			state->table |= BIT(RESULT);
	} else if (audit_branches_to(p->m, place.text, place.at, false, &to)) {
		add_state(p, to, &in);
		if (!first_of(p, to, &first))
			return;
		for (i = 0; i < KINDS; i++)
			if (state_of(p, first)->returns & BIT(i))
				state->has[i] |= BIT(RESULT);
	}
}

/* Is a branch to @to one to another function, and so a call that ends this one? */
static bool is_other_function(const struct module *m, struct place to)
{
	const struct symbol *s = audit_function_at(m, to.text->ndx, 4 * to.at);

	return s && !strstr(s->name, ".cold");
}

/* May the address of a device be the first argument of a function of the kernel's? */
static bool takes_device(const char *name)
{
	return audit_export(name, NULL) != EXPORT_OTHER || !strcmp(name, "iounmap") ||
	       !strcmp(name, "ioport_unmap") || !strcmp(name, "eeh_check_failure") ||
	       !strncmp(name, "__svm_", 6);
}

/* Does an instruction speak against the current member's being the address of a device? */
static bool contradicts(const struct pointers *p, struct place place, const struct state *state)
{
	uint32_t word = place.text->insn[place.at];
	uint32_t registers = BIT(RA(word)) | BIT(RB(word));
	struct access access;
	const char *name;

	if (is_ld(word) && state->has[LIKELY] & BIT(RA(word)))
		return true;
	/* What was loaded from it is an address, of data or of a function: mtctr. */
	if (state->has[LOADED] & registers && audit_insn_is_access(word, &access))
		return access.indexed || state->has[LOADED] & BIT(RA(word));
	if ((word & 0xfc1fffff) == 0x7c0903a6)
		return state->has[LOADED] & BIT(RT(word));
	/* A function of the kernel's takes it for the address of something else. */
	name = state->has[LIKELY] & BIT(3) && OPCODE(word) == 18 ? imported(p, place) : NULL;
	return name && !takes_device(name);
}

/* Comparisons, calls, and what may end in a dot. */
static bool sets_condition(uint32_t word)
{
	switch (OPCODE(word)) {
	case 10: case 11: case 13: case 18: case 19: case 28: case 29:
		return true;
	case 20: case 21: case 23: case 30:
		return word & 1;
	case 31:
		return word & 1 || XO(word) == 0 || XO(word) == 32;
	default:
		return false;
	}
}

/*
 * What a branch tells about a mapping that may have failed: an address that was compared with 0
 * right before is none where it was equal. Returns such registers, and whether to branch is equal.
 */
static uint32_t is_null(struct place place, bool *branches)
{
	uint32_t word = place.text->insn[place.at];
	uint32_t field = word >> 18 & 7;
	size_t back;

	/* BO: if it is set, or not; the two low bits are a hint. */
	*branches = (word >> 21 & 0x1c) == 12;
	if (OPCODE(word) != 16 || (word >> 16 & 3) != 2 ||		/* BI: equal */
	    (!*branches && (word >> 21 & 0x1c) != 4))
		return 0;
	for (back = 1; back <= LOOK_BACK && back <= place.at; back++) {
		uint32_t before = place.text->insn[place.at - back];

		if ((before & 0xffe0ffff) == (0x2c200000u | field << 23))	/* cmpdi rX,0 */
			return BIT(RA(before)) | BIT(RESULT);
		if (!field && (before & 0xfc0007ff) == 0x7c000379)		/* mr. */
			return BIT(RA(before)) | BIT(RT(before));
		if (sets_condition(before))
			break;
	}
	return 0;
}

static void drop(struct state *state, uint32_t registers)
{
	int i;

	for (i = 0; i < KINDS; i++)
		state->has[i] &= ~registers;
}

static void look_at(struct pointers *p, struct place place)
{
	uint32_t word = place.text->insn[place.at];
	struct state state = *state_of(p, place);
	bool is_branch = OPCODE(word) == 16 || OPCODE(word) == 18 || OPCODE(word) == 19;
	bool is_call = is_branch && word & 1;
	bool branches;
	uint32_t null = is_null(place, &branches);
	struct place to;

	if (p->member >= 0 && contradicts(p, place, &state))
		p->contradicted = true;
	if (is_call) {
		/* The tracer's hook at the beginning of a function changes nothing. */
		if (!is_import(p, place, "_mcount"))
			call(p, place, &state);
	} else if (OPCODE(word) == 19 && XO(word) == 16) {	/* blr */
		returns(p, place, &state);
	} else if (audit_branches_to(p->m, place.text, place.at, false, &to) &&
		   !is_other_function(p->m, to)) {
		struct state there = state;

		drop(branches ? &there : &state, null);
		add_state(p, to, &there);
	} else if (OPCODE(word) == 18) {
		call(p, place, &state);
		returns(p, place, &state);
	}
	if (!audit_goes_on(p->m, place.text, place.at, false))
		return;
	if (!is_branch)
		pass(p, place, word, &state);
	add_state(p, (struct place){ place.text, place.at + 1 }, &state);
}

/* May an instruction get an address from elsewhere than from the one before it? */
static bool is_source(const struct pointers *p, struct place place)
{
	static const struct state nothing;
	uint32_t word = place.text->insn[place.at];
	struct place to, first;
	enum export export;
	const char *name;

	if (is_ld(word) && (p->member >= 0 || p->variable_count))
		return loads(p, place, word, &nothing) != KINDS;
	if (OPCODE(word) != 18)
		return false;
	name = imported(p, place);
	if (!name)
		return audit_branches_to(p->m, place.text, place.at, false, &to) &&
		       (word & 1 || is_other_function(p->m, to)) && first_of(p, to, &first) &&
		       state_of(p, first)->returns;
	export = p->member < 0 ? audit_export(name, NULL) : EXPORT_OTHER;
	return export == EXPORT_MAPPING || export == EXPORT_TABLE;
}

static void follow(struct pointers *p)
{
	struct place place;
	size_t i;

	do {
		p->news = false;
		for (i = 0; i < p->m->text_count; i++) {
			place = (struct place){ .text = &p->m->texts[i] };
			for (; place.at < place.text->count; place.at++)
				if (is_source(p, place))
					wait_for(p, place);
		}
		while (p->waiting.count) {
			place = p->waiting.place[--p->waiting.count];
			state_of(p, place)->waiting = false;
			look_at(p, place);
		}
	} while (p->news);
}

/* Is what a std stores nothing but 0, as far as the few instructions before it tell? */
static bool stores_zero(struct place place)
{
	uint32_t reg = BIT(RT(place.text->insn[place.at]));
	size_t back;

	for (back = 1; back <= LOOK_BACK && back <= place.at; back++) {
		uint32_t word = place.text->insn[place.at - back];

		if (audit_insn_changes(word) & reg)
			return OPCODE(word) == 14 && !RA(word) && !(word & 0xffff);
	}
	return false;
}

/* Drops all members that something else than a device's address or 0 is put into. */
static void drop_ambiguous(struct pointers *p)
{
	struct place place;
	size_t i;

	for (i = 0; i < p->m->text_count; i++) {
		place = (struct place){ .text = &p->m->texts[i] };
		for (; place.at < place.text->count; place.at++) {
			uint32_t word = place.text->insn[place.at];
			int member = displacement_of(word);

			if (is_std(word) && RA(word) != STACK &&
			    *member_bits(p, member) & member_bit(member) &&
			    !(state_of(p, place)->has[SURE] & BIT(RT(word))) &&
			    !stores_zero(place))
				*member_bits(p, member) &= ~member_bit(member);
		}
	}
}

/* Does an instruction access a device through a register that has @kind? */
static bool is_access(const struct pointers *p, struct place place, int kind,
		      struct access *access)
{
	uint32_t word = place.text->insn[place.at], has = state_of(p, place)->has[kind];

	return has && audit_insn_is_access(word, access) &&
	       ((RA(word) && has & BIT(RA(word))) || (access->indexed && has & BIT(RB(word))));
}

/* Or does it call what does so, memcpy() for one? */
static bool is_access_by_call(const struct pointers *p, struct place place, int kind)
{
	const char *name;

	if (!(state_of(p, place)->has[kind] & (BIT(3) | BIT(4))) ||
	    OPCODE(place.text->insn[place.at]) != 18)
		return false;
	name = imported(p, place);
	return name && audit_export(name, NULL) == EXPORT_MEMORY;
}

static void report(struct pointers *p, struct place place, int kind)
{
	struct state *state = state_of(p, place);
	struct finding *f;
	struct access access;
	bool call = is_access_by_call(p, place, kind);

	if (state->reported || (!call && !is_access(p, place, kind, &access)) ||
	    audit_has_finding(p->m, place.text->ndx, 4 * place.at))
		return;
	state->reported = true;
	f = audit_add(p->m, call ? KIND_HELPER : KIND_PLAIN, place.text->ndx, 4 * place.at);
	f->unsure = kind != SURE;
	f->guarded = audit_is_guarded(p->m, f->ndx, f->offset);
	if (call) {
		f->what = copy(imported(p, place));
		f->advice = f->guarded ? NULL : copy("use svm_memcpy_fromio() or the like");
	} else {
		f->what = copy(access.text);
		f->bytes = access.bytes;
		f->store = access.store;
		/* An access with its bytes reversed is the compiler's: it has the swap in it. */
		f->advice = f->guarded ? NULL :
			    format("use svm___raw_%.*s()", (int)strcspn(access.accessor, "_"),
				   access.accessor);
	}
}

/* Follows one member; reports what it leads to if nothing contradicts, and forgets it again. */
static void follow_member(struct pointers *p, int member)
{
	size_t i;

	p->member = member;
	p->contradicted = false;
	follow(p);
	for (i = 0; i < p->touched.count; i++) {
		struct state *state = state_of(p, p->touched.place[i]);
		int kind;

		if (!p->contradicted)
			report(p, p->touched.place[i], LIKELY);
		state->touched = false;
		state->returns &= BIT(SURE);
		for (kind = LIKELY; kind < KINDS; kind++) {
			state->has[kind] = 0;
			state->slot[kind] = 0;
		}
	}
	p->touched.count = 0;
}

/**
 * audit_pointers() - look for ordinary loads and stores of a device's memory
 * @m: the module; what is easier to see has been found in it, and sorted
 */
void audit_pointers(struct module *m)
{
	struct pointers p = { .m = m, .member = -1 };
	int member, members = 0;
	struct place place;
	size_t i;

	p.states = resize(NULL, m->text_count, sizeof(*p.states));
	for (i = 0; i < m->text_count; i++)
		p.states[i] = zeroed(m->texts[i].count, sizeof(**p.states));
	follow(&p);
	for (i = 0; i < m->text_count; i++) {
		place = (struct place){ .text = &m->texts[i] };
		for (; place.at < place.text->count; place.at++)
			report(&p, place, SURE);
	}
	drop_ambiguous(&p);
	for (member = FIRST_MEMBER; member < 1 << 16 && members < MEMBERS_MAX; member += 4) {
		if (!(*member_bits(&p, member) & member_bit(member)))
			continue;
		follow_member(&p, (int16_t)member);
		members++;
	}

	for (i = 0; i < m->text_count; i++)
		free(p.states[i]);
	free(p.states);
	free(p.waiting.place);
	free(p.touched.place);
	free(p.variables);
}
