// SPDX-License-Identifier: GPL-2.0
/*
 * The table of capture windows: checked against the live text when the module
 * loads, and shown in debugfs.
 *
 * A window whose word is not the instruction after it would make the ultravisor
 * emulate another access than the driver asked for. The compiler, the assembler,
 * the linker and whatever patches text at load stand between the source and that
 * text, so nothing but the text itself is believed.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "insn.h"
#include "table.h"
#include "window.h"

/* Power ISA v3.0B, Book I and III; spr holds the two halves of 272 (SPRG0) swapped. */
#define INSN_MFSPRG0(rt)	(0x7c1042a6 | (u32)(rt) << 21)
#define INSN_MTSPRG0(rs)	(0x7c1043a6 | (u32)(rs) << 21)
#define INSN_LI_0(rt)		(0x38000000 | (u32)(rt) << 21)
#define INSN_LIS(rt, si)	(0x3c000000 | (u32)(rt) << 21 | (si))
#define INSN_ORIS(ra, ui)	(0x64000000 | (u32)(ra) << 21 | (u32)(ra) << 16 | (ui))
#define INSN_ORI(ra, ui)	(0x60000000 | (u32)(ra) << 21 | (u32)(ra) << 16 | (ui))
#define INSN_SYNC		0x7c0004ac
#define INSN_EIEIO		0x7c0006ac
#define INSN_ADDI(rt, ra, si)	(0x38000000 | (u32)(rt) << 21 | (u32)(ra) << 16 | (u16)(si))
#define INSN_BDNZ(bytes)	(0x42000000 | ((u32)(bytes) & 0xfffc))
#define INSN_RT(insn)		((insn) >> 21 & 31)
#define INSN_RA(insn)		((insn) >> 16 & 31)

/* Long enough for a symbol (KSYM_NAME_LEN is 512 at most), its offset and size. */
#define SVM_SYMBOL_LEN		560

/* "symbol+0xoffset": what %pS prints, without the size and the module's name. */
static const char *symbol_of(unsigned long address, char *buf, size_t len)
{
	snprintf(buf, len, "%pS", (void *)address);
	buf[strcspn(buf, "/ ")] = '\0';
	return buf;
}

static int refuse(const struct svm_window *window, const char *why, u32 expected, u32 got)
{
	pr_err("refusing to load: capture window at %pS (word 0x%08x): %s: expected 0x%08x, found 0x%08x. Build the module again for this kernel; if that does not help, report it.\n",
	       (void *)window->access, window->word, why, expected, got);
	return -ENOEXEC;
}

/*
 * The instructions that fill the buffer from, or fetch from it, what the access of
 * @word moves: the same width, the other direction, with update, in the same register.
 */
static bool is_buffer_access(u32 insn, u32 word, const struct svm_insn *access, u32 saved)
{
	static const struct {
		u32 access;	/* primary opcode */
		u32 mask;
		u32 match;
	} pairs[] = {
		{ 34, 0xfc000000, 39u << 26 },		/* lbz, stbu */
		{ 40, 0xfc000000, 45u << 26 },		/* lhz, sthu */
		{ 32, 0xfc000000, 37u << 26 },		/* lwz, stwu */
		{ 58, 0xfc000003, 62u << 26 | 1 },	/* ld, stdu */
		{ 38, 0xfc000000, 35u << 26 },		/* stb, lbzu */
		{ 44, 0xfc000000, 41u << 26 },		/* sth, lhzu */
		{ 36, 0xfc000000, 33u << 26 },		/* stw, lwzu */
		{ 62, 0xfc000003, 58u << 26 | 1 },	/* std, ldu */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		if (word >> 26 == pairs[i].access && (insn & pairs[i].mask) == pairs[i].match)
			return INSN_RT(insn) == access->rt && INSN_RA(insn) != access->ra &&
			       INSN_RA(insn) != access->rt && INSN_RA(insn) != saved;
	return false;
}

/* What may stand in a window besides the access. @at and @first count from the access. */
static bool is_part_of_run(const struct svm_window *window, const struct svm_insn *access,
			   u32 saved, int at, int first)
{
	u32 insn = ((const u32 *)window->access)[at];

	return insn == INSN_EIEIO ||
	       insn == INSN_ADDI(access->ra, access->ra, access->bytes) ||
	       insn == INSN_BDNZ(4 * (first - at)) ||
	       is_buffer_access(insn, window->word, access, saved);
}

/*
 * The instructions of a window follow from its word and two registers: the one
 * that keeps the old SPRG0 and the one that carries the word. Compare them all.
 */
static int verify_window(const struct svm_window *window)
{
	const u32 *text = (const u32 *)window->access;
	int restore = window->restore / 4;
	int at = window->save / 4;
	u32 word = window->word;
	struct svm_insn insn;
	u32 saved, capture;
	int first, i;

	if (text[0] != word)
		return refuse(window, "the word is not the instruction", word, text[0]);
	if (!svm_insn_decode(word, &insn))
		return refuse(window, "not a load or store that may be captured", word, text[0]);
	if (at >= 0 || restore <= 0)
		return refuse(window, "the entry is damaged", at, restore);

	saved = INSN_RT(text[at]);
	capture = INSN_RT(text[at + 1]);
	if (text[at] != INSN_MFSPRG0(saved))
		return refuse(window, "SPRG0 is not saved", INSN_MFSPRG0(saved), text[at]);
	/* As __SVM_BUILD_X and __SVM_BUILD_D. */
	for (i = 0; i < 2; i++) {
		u32 x_form[] = { INSN_LIS(capture, word >> 16), INSN_ORI(capture, word & 0xffff) };
		u32 d_form[] = { INSN_LI_0(capture), INSN_ORIS(capture, word >> 16) };
		u32 build = word >> 26 == 31 ? x_form[i] : d_form[i];

		if (text[++at] != build)
			return refuse(window, "another word is built", build, text[at]);
	}
	at++;
	if (text[at] == INSN_SYNC)
		at++;
	if (text[at] != INSN_MTSPRG0(capture))
		return refuse(window, "SPRG0 is not written", INSN_MTSPRG0(capture), text[at]);
	if (text[restore] != INSN_MTSPRG0(saved))
		return refuse(window, "SPRG0 is not restored", INSN_MTSPRG0(saved), text[restore]);

	for (first = at + 1, i = first; i < restore; i++)
		if (i && !is_part_of_run(window, &insn, saved, i, first))
			return refuse(window, "something else is in the window", word, text[i]);

	/* Neither register may be one that the access needs or changes. */
	if (saved == capture || saved == insn.rt || saved == insn.ra || saved == insn.rb)
		return refuse(window, "the saved SPRG0 is lost", saved, capture);
	if (capture == insn.ra || capture == insn.rb || (insn.store && capture == insn.rt))
		return refuse(window, "the word overwrites an operand", word, capture);
	return 0;
}

/**
 * svm_windows_verify() - compare every capture window with the live text
 *
 * Return: 0, or -ENOEXEC after a message that names the window.
 */
int svm_windows_verify(void)
{
	const struct svm_window *window;

	if (!svm_windows_count()) {
		pr_err("refusing to load: the table of capture windows is empty. Build the module again with its Kbuild and capture/table.lds.\n");
		return -ENOEXEC;
	}
	for (window = svm_windows_start; window < svm_windows_end; window++) {
		int err = verify_window(window);

		if (err)
			return err;
	}
	return 0;
}

/**
 * svm_windows_count() - number of capture windows in this module
 *
 * Return: the number; all of them verified once the module is loaded.
 */
unsigned int svm_windows_count(void)
{
	return svm_windows_end - svm_windows_start;
}

/**
 * svm_windows_show() - print the table, one line per window: where, word, mnemonic
 * @m: where to print
 */
void svm_windows_show(struct seq_file *m)
{
	const struct svm_window *window;
	char name[SVM_SYMBOL_LEN];
	struct svm_insn insn;

	for (window = svm_windows_start; window < svm_windows_end; window++) {
		if (svm_insn_decode(window->word, &insn))
			seq_printf(m, "%s 0x%08x %s\n",
				   symbol_of(window->access, name, sizeof(name)),
				   window->word, insn.mnemonic);
	}
}
