// SPDX-License-Identifier: GPL-2.0
/*
 * What an input has to do, as docs/admin.md says it. What is wrong with the words comes before
 * where they point, and that before what is there:
 *
 *	EINVAL	not text of at most COMMAND_MAX bytes, or not understood
 *	EINVAL	unaligned, or a value that does not fit its width
 *	ERANGE	outside the BAR
 *	EINVAL	a width that ports, or edu, do not take
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define MAX_THREADS	256
#define MAX_SECS	86400
#define MAX_WORDS	COMMAND_MAX

char case_names[MAX_CASES][32];
unsigned int case_count;

/* Blanks, tabs and ends of lines divide words, and nothing else does. */
static unsigned int split(const char *text, size_t len, char *copy, char **words)
{
	unsigned int count = 0;
	char *rest = copy, *word;

	memcpy(copy, text, len);
	copy[len] = 0;
	while ((word = strsep(&rest, " \t\n")))
		if (*word)
			words[count++] = word;
	return count;
}

/* Decimal, 0x or 0X and hexadecimal, 0 and octal, perhaps after one +; up to 64 bits. */
static bool number(const char *text, uint64_t *val)
{
	unsigned int base = 10;
	uint64_t sum = 0;

	text += *text == '+';
	if (text[0] == '0' && (text[1] | 0x20) == 'x') {
		base = 16;
		text += 2;
	} else if (text[0] == '0') {
		base = 8;
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = strchr(digits, tolower((unsigned char)*text));

		if (!digit || digit - digits >= base ||
		    __builtin_mul_overflow(sum, base, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(digit - digits), &sum))
			return false;
	}
	*val = sum;
	return true;
}

static bool access_width(const char *text, struct operation *op)
{
	static const char * const widths[] = { "8", "16", "32", "64" };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		size_t len = strlen(widths[i]);

		if (strncmp(text, widths[i], len))
			continue;
		op->bytes = 1 << i;
		op->big_endian = text[len];
		return !text[len] || !strcmp(text + len, "be");
	}
	return false;
}

struct operation model_access(const struct bar *bar, const char *text, size_t len)
{
	struct operation op = { .err = EINVAL };
	char copy[COMMAND_MAX + 1], *words[MAX_WORDS];
	unsigned int count;

	if (len > COMMAND_MAX || memchr(text, 0, len))
		return op;
	count = split(text, len, copy, words);
	if (!count || !strchr("rw", words[0][0]) || !access_width(words[0] + 1, &op))
		return op;
	op.store = words[0][0] == 'w';
	if (count != (op.store ? 3 : 2) || !number(words[1], &op.offset) ||
	    (op.store && !number(words[2], &op.val)))
		return op;
	if (op.offset % op.bytes || (op.store && op.bytes < 8 && op.val >> 8 * op.bytes))
		return op;
	if (op.offset >= bar->size || op.bytes > bar->size - op.offset)
		op.err = ERANGE;
	else if (bar->kind == KIND_PORTS && op.bytes == 8)
		op.err = EINVAL;
	else if (bar->kind == KIND_EDU && (op.bytes < 4 || (op.offset < 0x80 && op.bytes != 4)))
		op.err = EINVAL;
	else
		op.err = 0;
	return op;
}

/* "threads=8" and the like. */
static bool setting(const char *word, const char *key, unsigned int most, unsigned int *to)
{
	size_t len = strlen(key);
	uint64_t val;

	if (strncmp(word, key, len) || !number(word + len, &val) || !val || val > most)
		return false;
	*to = val;
	return true;
}

struct operation model_run(const char *text, size_t len)
{
	struct operation op = { .err = EINVAL };
	char copy[COMMAND_MAX + 1], *words[MAX_WORDS];
	unsigned int count, i;

	if (len > COMMAND_MAX || memchr(text, 0, len))
		return op;
	count = split(text, len, copy, words);
	if (!count)
		return op;
	for (i = 0; i < case_count; i++)
		if (!strcmp(words[0], case_names[i]))
			op.name = case_names[i];
	if (!strcmp(words[0], "all"))
		op.name = "all";
	if (!op.name)
		return op;
	op.stress = !strcmp(op.name, "stress");
	for (i = 1; i < count; i++)
		if (!op.stress || (!setting(words[i], "threads=", MAX_THREADS, &op.threads) &&
				   !setting(words[i], "secs=", MAX_SECS, &op.secs)))
			return op;
	op.err = 0;
	return op;
}

/*
 * A valid access that does no harm to the machine. Some registers of edu start a transfer, a
 * long calculation or an interrupt. Of a device that nobody knows, 32-bit loads are.
 */
bool is_harmless(const struct bar *bar, const struct operation *op)
{
	switch (bar->kind) {
	case KIND_EDU:
		return !op->store || op->offset == 0x04 || op->offset == 0x80 ||
		       op->offset == 0x88 || op->offset == 0x90 || op->offset >= 0xa0;
	case KIND_OTHER:
		return !op->store && op->bytes == 4 && op->offset < 0x1000;
	default:
		return true;
	}
}

/* A valid run that takes no time to speak of. */
bool is_quick(const struct operation *op)
{
	static const char * const slow[] = {
		"all", "copy_fuzz", "nested_timer", "nested_ipi", "string_values",
	};
	unsigned int i;

	if (op->stress)
		return op->secs == 1;
	for (i = 0; i < sizeof(slow) / sizeof(*slow); i++)
		if (!strcmp(op->name, slow[i]))
			return false;
	return true;
}

/* The kernel's isspace() is that of Latin-1. */
static bool is_space(char c)
{
	return isspace((unsigned char)c) || (unsigned char)c == 0xa0;
}

/*
 * What loading with parameters @text has to do, after the kernel's next_arg(): words divided
 * by blanks, " to keep blanks, the last "backend=" decides, what is not known is ignored, and
 * so is all after "--". An error does not end it: of several the last is told (kernel/params.c,
 * parse_args()). Gives the errno, or 0 and in @backend what was asked for.
 */
int model_parameters(const char *text, char *backend, size_t size)
{
	static const char * const choices[] = { "auto", "probe", "direct", "sprg0", "hcall" };
	char *copy = strdup(text), *at = copy;
	const char *asked = "auto";
	unsigned int i;
	int err = 0;

	while (is_space(*at))
		at++;
	while (*at) {
		bool quoted = *at == '"', inside = quoted;
		char *word = at + quoted, *equals = NULL, *end;

		for (at = word; *at && (inside || !is_space(*at)); at++) {
			if (*at == '"')
				inside = !inside;
			else if (*at == '=' && !equals)
				equals = at;
		}
		end = at;
		if (*at)
			*at++ = 0;
		while (is_space(*at))
			at++;
		if (equals) {
			*equals++ = 0;
			if (*equals == '"' || quoted) {
				equals += *equals == '"';
				if (end > equals && end[-1] == '"')
					end[-1] = 0;
			}
		} else if (quoted && end > word && end[-1] == '"') {
			end[-1] = 0;
		}
		if (!equals && !strcmp(word, "--"))
			break;
		if (strcmp(word, "backend"))
			continue;
		if (!equals)
			err = EINVAL;
		else if (strlen(equals) > 1024)
			err = ENOSPC;
		else
			asked = equals;
	}
	if (!err) {
		err = EINVAL;
		for (i = 0; i < sizeof(choices) / sizeof(*choices); i++)
			if (!strcmp(asked, choices[i]))
				err = 0;
		snprintf(backend, size, "%s", asked);
	}
	free(copy);
	return err;
}
