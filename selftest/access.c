// SPDX-License-Identifier: GPL-2.0
/*
 * One access, asked for as text: "r32 0x4", "w16be 0x10 0xabcd".
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat/compat.h"
#include "bar.h"
#include "ops.h"
#include "words.h"

#define USAGE	"write r or w, a width of 8, 16, 32 or 64, be for big-endian, then the offset and, to write, the value: \"r32 0x4\", \"w16be 0x10 0xabcd\""

/* "32" or "32be" */
static bool parse_width(const char *text, unsigned int *bytes, bool *big_endian)
{
	static const struct {
		const char *text;
		unsigned int bytes;
	} widths[] = { { "8", 1 }, { "16", 2 }, { "32", 4 }, { "64", 8 } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		size_t len = strlen(widths[i].text);

		if (strncmp(text, widths[i].text, len))
			continue;
		*bytes = widths[i].bytes;
		*big_endian = !strcmp(text + len, "be");
		return *big_endian || !text[len];
	}
	return false;
}

/**
 * svm_access() - make one access that a user asked for
 * @bar: where; the caller holds its lock and has checked that it can be used
 * @command: what was written to "access"; changed by parsing
 *
 * Return: 0, and what was read in bar->answer; -EINVAL or -ERANGE, with a
 * message that says why and nothing accessed or changed.
 */
int svm_access(struct svm_bar *bar, char *command)
{
	char *word[4] = { };
	unsigned int words = 0;
	unsigned int bytes;
	bool big_endian;
	const struct svm_store_op *store_op;
	const struct svm_load_op *load_op;
	const char *why;
	bool store;
	u64 offset;
	u64 val;

	while (words < ARRAY_SIZE(word) && (word[words] = svm_next_word(&command)))
		words++;

	store = word[0] && word[0][0] == 'w';
	if (!word[0] || (!store && word[0][0] != 'r') ||
	    !parse_width(word[0] + 1, &bytes, &big_endian) ||
	    words != (store ? 3 : 2) ||
	    kstrtou64(word[1], 0, &offset) ||
	    (store && kstrtou64(word[2], 0, &val))) {
		svm_bar_notice(bar, "not understood: " USAGE);
		return -EINVAL;
	}
	if (!IS_ALIGNED(offset, bytes)) {
		svm_bar_notice(bar, "offset 0x%llx is not a multiple of %u bytes", offset, bytes);
		return -EINVAL;
	}
	if (store && val & ~svm_width_mask(bytes)) {
		svm_bar_notice(bar, "value 0x%llx does not fit in %u bits", val, 8 * bytes);
		return -EINVAL;
	}
	if (offset > bar->size - bytes) {
		svm_bar_notice(bar, "offset 0x%llx is outside the BAR: it has 0x%llx bytes",
			       offset, (u64)bar->size);
		return -ERANGE;
	}
	load_op = svm_load_op_find(bytes, big_endian, bar->space);
	store_op = svm_store_op_find(bytes, big_endian, bar->space);
	if (!load_op || !store_op) {
		svm_bar_notice(bar, "a port has 32 bits at most");
		return -EINVAL;
	}
	why = svm_device_refuses(bar->device, offset, bytes);
	if (why) {
		svm_bar_notice(bar, "%s", why);
		return -EINVAL;
	}

	if (store) {
		store_op->store(bar->base + offset, val);
		strscpy(bar->answer, "written\n", sizeof(bar->answer));
	} else {
		val = load_op->load(bar->base + offset);
		snprintf(bar->answer, sizeof(bar->answer), "0x%0*llx\n", 2 * bytes, val);
	}
	return 0;
}
