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

#include "svm_mmio_insn.h"
#include "svm_mmio_window.h"
#include "svm_mmio_windows.h"

/* Power ISA v3.0B, Book I and III; spr holds the two halves of 272 (SPRG0) swapped. */
#define INSN_MFSPRG0(rt)	(0x7c1042a6 | (u32)(rt) << 21)
#define INSN_MTSPRG0(rs)	(0x7c1043a6 | (u32)(rs) << 21)
#define INSN_LI_0(rt)		(0x38000000 | (u32)(rt) << 21)
#define INSN_ORIS(ra, ui)	(0x64000000 | (u32)(ra) << 21 | (u32)(ra) << 16 | (ui))
#define INSN_ORI(ra, ui)	(0x60000000 | (u32)(ra) << 21 | (u32)(ra) << 16 | (ui))
#define INSN_SYNC		0x7c0004ac
#define INSN_RT_MASK		(31u << 21)
#define INSN_RT(insn)		((insn) >> 21 & 31)

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
 * The instructions of a window follow from its word and two registers: the one
 * that keeps the old SPRG0 and the one that carries the word. Compare them all.
 */
static int verify_shape(const struct svm_window *window, u32 saved, u32 capture)
{
	const u32 *text = (const u32 *)window->access;
	u32 word = window->word;
	const struct {
		int index;
		u32 insn;
		const char *wrong;
	} shape[] = {
		{ SVM_WINDOW_SAVE, INSN_MFSPRG0(saved), "SPRG0 is not saved" },
		{ SVM_WINDOW_ZERO, INSN_LI_0(capture), "the word is not zero-extended" },
		{ SVM_WINDOW_HIGH, INSN_ORIS(capture, word >> 16), "upper half of the word" },
		{ SVM_WINDOW_LOW, INSN_ORI(capture, word & 0xffff), "lower half of the word" },
		{ SVM_WINDOW_SYNC, INSN_SYNC, "no sync before the access" },
		{ SVM_WINDOW_CAPTURE, INSN_MTSPRG0(capture), "SPRG0 is not written" },
		{ SVM_WINDOW_RESTORE, INSN_MTSPRG0(saved), "SPRG0 is not restored" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shape); i++) {
		u32 found = text[shape[i].index];

		if (found != shape[i].insn)
			return refuse(window, shape[i].wrong, shape[i].insn, found);
	}
	return 0;
}

static int verify_window(const struct svm_window *window)
{
	const u32 *text = (const u32 *)window->access;
	u32 saved = INSN_RT(text[SVM_WINDOW_SAVE]);
	u32 capture = INSN_RT(text[SVM_WINDOW_CAPTURE]);
	struct svm_insn insn;

	if (text[0] != window->word)
		return refuse(window, "the word is not the instruction", window->word, text[0]);
	if (!svm_insn_decode(window->word, &insn))
		return refuse(window, "not a load or store that may be captured",
			      window->word, text[0]);

	/* Neither register may be one that the access needs or changes. */
	if (saved == capture || saved == insn.rt || saved == insn.ra || saved == insn.rb)
		return refuse(window, "the saved SPRG0 is lost", saved, capture);
	if (capture == insn.ra || capture == insn.rb || (insn.store && capture == insn.rt))
		return refuse(window, "the word overwrites an operand", window->word, capture);

	return verify_shape(window, saved, capture);
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
		pr_err("refusing to load: the table of capture windows is empty. Build the module again with its Kbuild and svm_mmio.lds.\n");
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
