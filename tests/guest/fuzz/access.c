// SPDX-License-Identifier: GPL-2.0
/*
 * The files "access": the right errno; after what is refused "access" reads as before; what is
 * accepted is done, once, and reads back. "status" must have counted those and nothing else.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

/* In the order of "status". */
static uint64_t made[2][4];
static uint64_t accepted, values;

static uint64_t swapped(uint64_t val, unsigned int bytes)
{
	return __builtin_bswap64(val) >> (64 - 8 * bytes);
}

/* A store that was accepted: what the buffer holds now. */
static void shadow_store(struct bar *bar, const struct operation *op)
{
	uint64_t val = op->big_endian ? swapped(op->val, op->bytes) : op->val;
	unsigned int i;

	for (i = 0; i < op->bytes; i++) {
		bar->shadow[op->offset + i] = val >> 8 * i;
		bar->known[op->offset + i] = true;
	}
}

/* What a load has to give, if that is known. */
static bool expected_value(const struct bar *bar, const struct operation *op, uint64_t *val)
{
	unsigned int i;

	if (bar->kind == KIND_EDU && op->offset >= 0xa0) {
		*val = ~0ULL >> (64 - 8 * op->bytes);
		return true;
	}
	if (bar->kind != KIND_BUFFER)
		return false;
	*val = 0;
	for (i = 0; i < op->bytes; i++) {
		if (!bar->known[op->offset + i])
			return false;
		*val |= (uint64_t)bar->shadow[op->offset + i] << 8 * i;
	}
	if (op->big_endian)
		*val = swapped(*val, op->bytes);
	return true;
}

static void check_answer(struct bar *bar, const struct operation *op, const struct input *in)
{
	char answer[sizeof(bar->answer)] = "";
	uint64_t val, got;
	int end = 0;

	slurp(bar->access, answer, sizeof(answer) - 1);
	if (op->err) {
		if (strcmp(answer, bar->answer))
			failed("after \"%s\" was refused, %s/access reads \"%s\", not as before",
			       printable(in->text, in->len), bar->dir, answer);
	} else if (op->store) {
		if (strcmp(answer, "written\n"))
			failed("after printf '%s' >%s/access it reads \"%s\"",
			       printable(in->text, in->len), bar->dir, answer);
	} else {
		if (sscanf(answer, "0x%" SCNx64 "\n%n", &got, &end) != 1 || answer[end] ||
		    strlen(answer) != 3 + 2 * op->bytes)
			failed("printf '%s' >%s/access gives \"%s\"",
			       printable(in->text, in->len), bar->dir, answer);
		else if (expected_value(bar, op, &val) && (values++, val != got))
			failed("printf '%s' >%s/access gives 0x%" PRIx64 ", not 0x%" PRIx64,
			       printable(in->text, in->len), bar->dir, got, val);
	}
	memcpy(bar->answer, answer, sizeof(answer));
}

static void check_results(const struct bar *bar, const struct input *in)
{
	if (!bar_results_kept(bar))
		failed("printf '%s' >%s/access changed results",
		       printable(in->text, in->len), bar->dir);
}

static void count(struct bar *bar, const struct operation *op)
{
	accepted++;
	made[op->store][__builtin_ctz(op->bytes)]++;
	if (bar->kind == KIND_BUFFER && op->store)
		shadow_store(bar, op);
}

/* The counts of "status": loads of 8, 16, 32 and 64 bits, then stores. */
static void read_counts(uint64_t counts[2][4])
{
	char text[4096], key[24];
	unsigned int store, width;
	const char *line;

	read_path(DEBUGFS "/status", text, sizeof(text));
	for (store = 0; store < 2; store++) {
		for (width = 0; width < 4; width++) {
			snprintf(key, sizeof(key), "\n%s_%u: ", store ? "stores" : "loads",
				 8 << width);
			line = strstr(text, key);
			if (!line || sscanf(line + strlen(key), "%" SCNu64,
					    &counts[store][width]) != 1)
				die(DEBUGFS "/status has no line \"%s\"", key + 1);
		}
	}
}

static void check_counts(uint64_t before[2][4])
{
	uint64_t after[2][4];
	unsigned int i, j;

	read_counts(after);
	for (i = 0; i < 2; i++)
		for (j = 0; j < 4; j++)
			if (after[i][j] - before[i][j] != made[i][j])
				failed("%s of %u bits: status counts %" PRIu64 ", not %" PRIu64,
				       i ? "stores" : "loads", 8 << j,
				       after[i][j] - before[i][j], made[i][j]);
}

/* All of the buffer that is known, at last. */
static void check_buffer(struct bar *bar)
{
	char text[32];
	struct input in = { text, 0 };
	uint64_t offset;

	for (offset = 0; offset < bar->size; offset += 8) {
		struct operation op = { .bytes = 8, .offset = offset };
		uint64_t val;

		if (!expected_value(bar, &op, &val))
			continue;
		in.len = sprintf(in.text, "r64 0x%" PRIx64, offset);
		if (write(bar->access, in.text, in.len) != (ssize_t)in.len)
			failed("%s", in.text);
		count(bar, &op);
		check_answer(bar, &op, &in);
	}
}

void phase_access(uint64_t inputs)
{
	static char text[INPUT_MAX];
	struct input in = { text, 0 };
	uint64_t before[2][4], refused = 0;
	unsigned int i;

	phase_name = "access";
	read_counts(before);
	for (input_number = 0; input_number < inputs; input_number++) {
		struct bar *bar = &bars[input_number % bar_count];
		struct operation op;
		struct rng rng;
		long done, wanted;

		rng_start(&rng, seed, phase_name, input_number);
		do {
			draw_access(&rng, bar, &in);
			op = model_access(bar, in.text, in.len);
		} while (!op.err && !is_harmless(bar, &op));

		wanted = op.err ? -op.err : (long)in.len;
		done = deliver(&rng, bar->access, &in);
		if (op.err)
			refused++;
		else
			count(bar, &op);
		if (check_done(bar, "access", &in, wanted, done))
			check_answer(bar, &op, &in);
		if (input_number % 64 < bar_count)
			check_results(bar, &in);
	}
	for (i = 0; i < bar_count; i++)
		if (bars[i].kind == KIND_BUFFER)
			check_buffer(&bars[i]);
	check_counts(before);
	printf("access_inputs: %" PRIu64 "\naccess_refused: %" PRIu64 "\naccesses: %" PRIu64
	       "\nvalues_checked: %" PRIu64 "\n", inputs, refused, accepted, values);
}
