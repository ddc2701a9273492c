// SPDX-License-Identifier: GPL-2.0
/* Inputs: drawn from the grammar, and then spoilt, or not. */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define LEN(array)	(sizeof(array) / sizeof(*(array)))
#define PICK(rng, array) ((array)[rng_below(rng, LEN(array))])

static void add(struct input *in, const char *text, size_t len)
{
	if (len > INPUT_MAX - in->len)
		len = INPUT_MAX - in->len;
	memcpy(in->text + in->len, text, len);
	in->len += len;
}

static void add_text(struct input *in, const char *text)
{
	add(in, text, strlen(text));
}

static void add_random(struct rng *rng, struct input *in, size_t len)
{
	while (len--) {
		char c = rng_next(rng);

		add(in, &c, 1);
	}
}

static void add_blank(struct rng *rng, struct input *in)
{
	static const char * const blanks[] = { " ", " ", " ", " ", "\t", "\n", "  ", " \t\n " };

	add_text(in, PICK(rng, blanks));
}

static void add_number(struct rng *rng, struct input *in, uint64_t val)
{
	static const char * const formats[] = {
		"%llu", "0x%llx", "0x%llx", "0x%llX", "0X%llx", "0%llo", "+%llu", "+0x%llx",
		"0x000%llx", "0000%llo",
	};
	static const char * const spoilt[] = {
		"-%llu", "-0x%llx", "0x1%llx0000000000000000", "%llu00000000000000000000",
		"++%llu", "+-%llu", "%llx", "x%llx", "0x0x%llx", "0b%llu", "%lluu", "%lluULL",
		"%lluk", "%llue3", "%llu.0", "0%llu9", "%llu,", "0x%llxg", "0x", "0", "+", "",
		"1 %llu", "0x 1%llx", "0x-%llx", "'%llu'", "$%llu", "0_%llu", "%lluh",
		"18446744073709551616", "0x10000000000000000", "02000000000000000000000",
		"18446744073709551615", "0xffffffffffffffff", "01777777777777777777777",
	};
	const char *format = rng_one_in(rng, 6) ? PICK(rng, spoilt) : PICK(rng, formats);
	char text[80];

	snprintf(text, sizeof(text), format, (unsigned long long)val);
	add_text(in, text);
}

/* What has gone wrong with many a text: parts of it lost, repeated, changed. */
static void mutate(struct rng *rng, struct input *in)
{
	static const char interesting[] = " \t\n\v\f\r\0\xa0+-0xXrw=,;'\"\\/%\x7f\xff";
	size_t at = rng_below(rng, in->len + 1);
	size_t n = rng_below(rng, in->len - at + 1);
	char c = rng_one_in(rng, 2) ? PICK(rng, interesting) : rng_next(rng);

	switch (rng_below(rng, 9)) {
	case 0:		/* cut off */
		in->len = at;
		break;
	case 1:		/* lose some bytes */
		n = n > 3 ? 1 : n;
		memmove(in->text + at, in->text + at + n, in->len - at - n);
		in->len -= n;
		break;
	case 2:		/* repeat a part */
		memmove(in->text + at + n, in->text + at, in->len - at);
		in->len += n;
		break;
	case 3:
	case 4:		/* one more byte */
		memmove(in->text + at + 1, in->text + at, in->len - at);
		in->text[at] = c;
		in->len++;
		break;
	case 5:
	case 6:		/* another byte */
		if (at < in->len)
			in->text[at] = c;
		break;
	case 7:		/* another bit, which is how a letter changes its case */
		if (at < in->len)
			in->text[at] ^= rng_one_in(rng, 2) ? 0x20 : 1 << rng_below(rng, 8);
		break;
	default:	/* as long as is read, or one more */
		n = COMMAND_MAX - 1 + rng_below(rng, 3);
		while (in->len < n)
			add(in, rng_one_in(rng, 3) ? &c : " ", 1);
	}
}

static void spoil(struct rng *rng, struct input *in)
{
	unsigned int times = rng_one_in(rng, 2) ? 0 : 1 + rng_below(rng, 3);

	while (times--)
		mutate(rng, in);
}

/* Bytes of any sort: few of them, more than are read, or very many. */
static void draw_noise(struct rng *rng, struct input *in)
{
	if (rng_one_in(rng, 500))
		add_random(rng, in, 1 + rng_below(rng, INPUT_MAX));
	else
		add_random(rng, in, rng_below(rng, rng_one_in(rng, 2) ? 16 : 300));
}

static uint64_t draw_offset(struct rng *rng, const struct bar *bar, unsigned int bytes)
{
	uint64_t any = rng_next(rng);

	switch (rng_below(rng, 16)) {
	case 0:
		return bar->size - rng_below(rng, 17) + 8;	/* around the end */
	case 1:
		return any >> rng_below(rng, 64);
	case 2:
		return -(uint64_t)rng_below(rng, 17);		/* as if it were negative */
	case 3:
		return any % bar->size;				/* perhaps unaligned */
	case 4 ... 8:
		return any % 0x100 / bytes * bytes;
	default:
		return any % bar->size / bytes * bytes;
	}
}

static void draw_access_words(struct rng *rng, const struct bar *bar, struct input *in)
{
	static const char * const spoilt[] = {
		"x32", "R32", "r", "w", "r31", "r128", "r032", "r+8", "r-32", "rbe", "r32le",
		"r32bee", "r32b", "r 32", "rw32", "32", "be32", "w32BE", "", "r64 be",
	};
	unsigned int bits = 8 << rng_below(rng, 4);
	uint64_t offset = draw_offset(rng, bar, bits / 8);
	bool store = rng_one_in(rng, 2);
	char word[16];

	if (rng_one_in(rng, 8))
		add_blank(rng, in);
	snprintf(word, sizeof(word), "%c%u%s", store ? 'w' : 'r', bits,
		 rng_one_in(rng, 3) ? "be" : "");
	add_text(in, rng_one_in(rng, 10) ? PICK(rng, spoilt) : word);
	add_blank(rng, in);
	add_number(rng, in, offset);
	if (store != rng_one_in(rng, 12)) {
		uint64_t val = rng_next(rng);

		add_blank(rng, in);
		/* Mostly of the width, sometimes a bit or more too wide. */
		add_number(rng, in, rng_one_in(rng, 8) ? val >> rng_below(rng, 64) :
						       val >> (64 - bits));
	}
	if (rng_one_in(rng, 12)) {
		add_blank(rng, in);
		add_number(rng, in, rng_next(rng) >> rng_below(rng, 64));
	}
	if (rng_one_in(rng, 4))
		add_blank(rng, in);
}

void draw_access(struct rng *rng, const struct bar *bar, struct input *in)
{
	in->len = 0;
	if (rng_one_in(rng, 12)) {
		draw_noise(rng, in);
		return;
	}
	draw_access_words(rng, bar, in);
	if (rng_one_in(rng, 20))
		draw_access_words(rng, bar, in);
	spoil(rng, in);
}

static void draw_run_words(struct rng *rng, struct input *in)
{
	static const char * const keys[] = {
		"threads=", "secs=", "threads", "secs", "thread=", "sec=", "Threads=", "=",
		"secs==", "threads=secs=", "secs =", "seconds=", "n=", "threads=-", "secs=+",
	};
	static const uint32_t values[] = { 0, 1, 2, 8, 255, 256, 257, 86400, 86401, 0xffffffff };
	unsigned int words = rng_below(rng, 4);

	if (rng_one_in(rng, 8))
		add_blank(rng, in);
	if (rng_one_in(rng, 2)) {
		add_text(in, "stress");
	} else if (rng_one_in(rng, 6)) {
		add_text(in, "all");
		words = rng_one_in(rng, 2) ? words : 0;
	} else {
		add_text(in, case_names[rng_below(rng, case_count)]);
		words = rng_one_in(rng, 3) ? words : 0;
	}
	while (words--) {
		add_blank(rng, in);
		add_text(in, rng_one_in(rng, 6) ? PICK(rng, keys) : keys[rng_below(rng, 2)]);
		add_number(rng, in, rng_one_in(rng, 3) ? rng_next(rng) >> rng_below(rng, 64) :
						       PICK(rng, values));
	}
	if (rng_one_in(rng, 4))
		add_blank(rng, in);
}

void draw_run(struct rng *rng, struct input *in)
{
	in->len = 0;
	if (rng_one_in(rng, 12)) {
		draw_noise(rng, in);
		return;
	}
	draw_run_words(rng, in);
	spoil(rng, in);
}

static void add_parameter(struct rng *rng, struct input *in)
{
	static const char * const names[] = {
		"backend", "backend", "backend", "backend", "Backend", "backends", "back-end",
		"-backend", "nonsense", "svm_mmio.backend", "debug", "--",
	};
	static const char * const values[] = {
		"auto", "probe", "direct", "sprg0", "hcall", "sprg0", "SPRG0", "sprg",
		"sprg00", "probes",
		"auto,direct", "0", "1", "-1", "", "y", "bogus", "\"sprg0\"", "\"sprg0",
		"sprg0\"", "\"sprg0 \"", "\" hcall\"", "sprg0,", "%s%n", "../../etc",
		"direct\t", "hcall\n", "\xff\xfe",
	};
	static const unsigned int lengths[] = { 1023, 1024, 1025, 4096, 60000 };

	add_text(in, PICK(rng, names));
	if (rng_one_in(rng, 10))
		return;
	add_text(in, "=");
	if (rng_one_in(rng, 12)) {
		unsigned int n = PICK(rng, lengths);

		while (n--)
			add_text(in, "x");
	} else {
		add_text(in, PICK(rng, values));
	}
}

/* A text without a zero byte: that is its end. */
void draw_parameters(struct rng *rng, struct input *in)
{
	unsigned int words = rng_below(rng, 4);
	size_t i;

	in->len = 0;
	if (rng_one_in(rng, 12))
		add_random(rng, in, rng_below(rng, 300));
	while (words--) {
		add_parameter(rng, in);
		add_text(in, rng_one_in(rng, 8) ? "\t\n " : " ");
	}
	if (rng_one_in(rng, 3))
		mutate(rng, in);
	for (i = 0; i < in->len; i++)
		if (!in->text[i])
			in->text[i] = ' ';
	in->text[in->len] = 0;
}
