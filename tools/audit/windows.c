// SPDX-License-Identifier: GPL-2.0
/*
 * Capture windows: docs/abi.md, capture/window.h.
 *
 * They are found twice: by the module's table of them, and by what gives one away, a
 * constant written to SPRG0 and a load or store right after. Each is then compared,
 * instruction by instruction, with what a window has to be.
 */
#include <string.h>

#include "../util.h"
#include "audit.h"
#include "insn.h"

#define SECTION		"__svm_mmio_windows"
#define ENTRY_SIZE	16

/* The longest window is a run: 13 instructions. */
#define WINDOW_MAX	16

/* Power ISA v3.0B; the number of SPRG0, 272, has its halves swapped. */
#define MFSPRG0(rt)		(0x7c1042a6u | (uint32_t)(rt) << 21)
#define MTSPRG0(rs)		(0x7c1043a6u | (uint32_t)(rs) << 21)
#define IS_MTSPRG0(word)	(((word) & 0xfc1fffff) == MTSPRG0(0))
#define IS_MFSPRG0(word)	(((word) & 0xfc1fffff) == MFSPRG0(0))
#define LI_0(rt)		(0x38000000u | (uint32_t)(rt) << 21)
#define LIS(rt, si)		(0x3c000000u | (uint32_t)(rt) << 21 | (si))
#define ORIS(ra, ui)		(0x64000000u | (uint32_t)(ra) << 21 | (uint32_t)(ra) << 16 | (ui))
#define ORI(ra, ui)		(0x60000000u | (uint32_t)(ra) << 21 | (uint32_t)(ra) << 16 | (ui))
#define ADDI(ra, si)		(0x38000000u | (uint32_t)(ra) << 21 | (uint32_t)(ra) << 16 | (si))
#define BDNZ(bytes)		(0x42000000u | ((uint32_t)(bytes) & 0xfffc))

/* A window: numbers of instructions in a text. */
struct window {
	struct text *text;
	size_t access;
	size_t save;
	size_t restore;
	uint32_t word;
};

/* Does @word use register @reg for its address? */
static bool addresses_with(uint32_t word, const struct access *access, unsigned int reg)
{
	return (RA(word) && RA(word) == reg) || (access->indexed && RB(word) == reg);
}

/* The other half of a run: the buffer, in the same width, the other direction, with update. */
static bool is_buffer_access(uint32_t insn, uint32_t word, const struct access *access,
			     unsigned int saved)
{
	struct access other;

	return audit_insn_is_access(insn, &other) && other.bytes == access->bytes &&
	       other.store != access->store && other.update && !other.indexed &&
	       RT(insn) == RT(word) && RA(insn) != RA(word) && RA(insn) != RT(word) &&
	       RA(insn) != saved;
}

/* What may be between capture and restore besides the access. */
static bool is_part_of_run(const struct window *w, const struct access *access,
			   unsigned int saved, size_t at, size_t first)
{
	uint32_t insn = w->text->insn[at];

	return insn == EIEIO || insn == ADDI(RA(w->word), access->bytes) ||
	       insn == BDNZ(-4 * (int)(at - first)) ||
	       is_buffer_access(insn, w->word, access, saved);
}

/* What is wrong with a window, NULL if nothing is. */
static const char *fault_of(const struct window *w)
{
	const uint32_t *insn = w->text->insn;
	uint32_t word = w->word, high = word >> 16, low = word & 0xffff;
	unsigned int saved, capture;
	struct access access;
	size_t at, first;

	if (insn[w->access] != word)
		return "the word captured is not the instruction";
	if (!audit_insn_is_access(word, &access) || !access.capturable)
		return "the instruction is not one that may be captured";
	if (access.indexed ? RA(word) != 0 : low & ~3u || !RA(word))
		return "the address is not in one register";
	if (w->restore <= w->access)
		return "SPRG0 is restored before the access";
	if (w->save >= w->access || w->restore - w->save < 5 ||
	    w->restore - w->save > WINDOW_MAX)
		return "it is not of a window's length";

	at = w->save;
	saved = RT(insn[at]);
	if (insn[at] != MFSPRG0(saved))
		return "SPRG0 is not saved";
	capture = RT(insn[++at]);
	if (access.indexed ? insn[at] != LIS(capture, high) || insn[at + 1] != ORI(capture, low) :
			     insn[at] != LI_0(capture) || insn[at + 1] != ORIS(capture, high))
		return "another word is built than the instruction";
	at += 2;
	if (insn[at] == SYNC)
		at++;
	if (at >= w->access || insn[at] != MTSPRG0(capture))
		return "SPRG0 is not written before the access";
	if (insn[w->restore] != MTSPRG0(saved))
		return "SPRG0 is not restored";
	first = ++at;
	for (; at < w->restore; at++)
		if (at != w->access && !is_part_of_run(w, &access, saved, at, first))
			return "something else is between capture and restore";

	if (saved == capture || saved == RT(word) || addresses_with(word, &access, saved))
		return "the saved SPRG0 is lost";
	if (addresses_with(word, &access, capture) || (access.store && capture == RT(word)))
		return "the word overwrites what the access needs";
	return NULL;
}

static void add_window(struct module *m, const struct window *w, const char *fault)
{
	struct finding *f = audit_add(m, KIND_WINDOW, w->text->ndx, 4 * w->access);
	struct access access;

	if (audit_insn_is_access(w->text->insn[w->access], &access)) {
		f->what = copy(access.text);
		f->bytes = access.bytes;
		f->store = access.store;
	} else {
		f->what = format(".long 0x%08x", w->text->insn[w->access]);
	}
	f->fault = fault ? fault : fault_of(w);
	if (f->fault)
		f->advice = copy("do not load this module in an SVM: build it again, or report "
				 "it");
}

static bool is_listed(const struct module *m, size_t ndx, size_t at)
{
	size_t i;

	for (i = 0; i < m->finding_count; i++)
		if (m->findings[i].kind == KIND_WINDOW && m->findings[i].ndx == ndx &&
		    m->findings[i].offset / 4 >= at && m->findings[i].offset / 4 < at + 4)
			return true;
	return false;
}

static int get16(const uint8_t *byte)
{
	return (int16_t)(byte[0] | byte[1] << 8);
}

/* An entry is .quad access, .long word, .short save - access, .short restore - access. */
static void read_entry(struct module *m, const struct reloc *r, const uint8_t *entry)
{
	struct text *text = audit_text(m, r->target_ndx);
	struct window w = { .text = text, .access = r->target / 4, .word = get32(entry + 8) };
	int64_t save = (int64_t)w.access + get16(entry + 12) / 4;
	int64_t restore = (int64_t)w.access + get16(entry + 14) / 4;

	if (!text || w.access >= text->count)
		return;
	if (save < 0 || restore < 0 || (size_t)restore >= text->count) {
		add_window(m, &w, "the table's entry is damaged");
		return;
	}
	w.save = save;
	w.restore = restore;
	add_window(m, &w, NULL);
}

static void read_table(struct module *m, Elf_Scn *scn)
{
	Elf_Data *data = elf_rawdata(scn, NULL);
	size_t ndx = elf_ndxscn(scn), i;

	if (!data || !data->d_buf)
		return;
	for (i = audit_first_reloc(m, ndx); i < m->reloc_count && m->relocs[i].ndx == ndx; i++) {
		const struct reloc *r = &m->relocs[i];

		if (data->d_size >= ENTRY_SIZE && r->offset <= data->d_size - ENTRY_SIZE)
			read_entry(m, r, (const uint8_t *)data->d_buf + r->offset);
	}
}

/* The last instruction before @at that reads or writes SPRG0, @at if none is near. */
static size_t last_use(const struct text *text, size_t at)
{
	size_t back;

	for (back = 1; back <= WINDOW_MAX && back <= at; back++)
		if (IS_MFSPRG0(text->insn[at - back]) || IS_MTSPRG0(text->insn[at - back]))
			return at - back;
	return at;
}

/* Is what @at writes to SPRG0 a constant, as an instruction word is? */
static bool writes_constant(const struct text *text, size_t at)
{
	uint32_t reg = RT(text->insn[at]);
	size_t back;

	for (back = 1; back <= 3 && back <= at; back++) {
		uint32_t word = text->insn[at - back];

		/* oris or ori of the register with itself, after li or lis */
		if ((OPCODE(word) == 24 || OPCODE(word) == 25) && RT(word) == reg &&
		    RA(word) == reg)
			return true;
	}
	return false;
}

/* A constant written to SPRG0 with an access right after it, that the table does not have. */
static void find_unlisted(struct module *m, struct text *text)
{
	struct access access;
	size_t at;

	for (at = 0; at + 1 < text->count; at++) {
		struct window w = {
			.text = text, .access = at + 1, .word = text->insn[at + 1],
		};

		if (!IS_MTSPRG0(text->insn[at]) || !writes_constant(text, at) ||
		    is_listed(m, text->ndx, at) ||
		    !audit_insn_is_access(w.word, &access))
			continue;
		w.save = last_use(text, at);
		if (IS_MTSPRG0(text->insn[w.save])) {
			/* Either nothing was saved, or this is the restore of what was. */
			if (w.save == at)
				add_window(m, &w, "SPRG0 is not saved");
			continue;
		}
		w.restore = w.access + 1;
		while (w.restore + 1 < text->count && w.restore - w.save < WINDOW_MAX &&
		       !IS_MTSPRG0(text->insn[w.restore]))
			w.restore++;
		add_window(m, &w, w.restore < text->count ? NULL : "SPRG0 is not restored");
	}
}

void audit_windows(struct module *m)
{
	Elf_Scn *scn = NULL;
	size_t i;

	while ((scn = elf_nextscn(m->elf, scn)))
		if (!strcmp(audit_section_name(m, elf_ndxscn(scn)), SECTION))
			read_table(m, scn);
	for (i = 0; i < m->text_count; i++)
		find_unlisted(m, &m->texts[i]);
}
