// SPDX-License-Identifier: GPL-2.0
/*
 * The files "run": the right errno; after what is refused "results" and "access" read as before;
 * what is accepted has run, with the arguments given.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

/* A valid run takes time: one in so many of those drawn is made, and of the stress. */
#define ONE_RUN_IN	20
#define ONE_STRESS_IN	1000
#define PATIENCE	20	/* seconds, for an input that must not take any */

static void check_kept(const struct bar *bar, const struct input *in)
{
	char answer[sizeof(bar->answer)] = "";

	slurp(bar->access, answer, sizeof(answer) - 1);
	if (!bar_results_kept(bar) || strcmp(answer, bar->answer))
		failed("printf '%s' >%s/run was refused, and changed results or access",
		       printable(in->text, in->len), bar->dir);
}

/* One result, of the case asked for, that is no failure. */
static void check_run(struct bar *bar, const struct operation *op, const struct input *in)
{
	char text[65536], wanted[80];
	ssize_t len = slurp(bar->results, text, sizeof(text) - 1);
	bool good;

	text[len] = 0;
	snprintf(wanted, sizeof(wanted), "\nok 1 %s", op->name);
	good = !strncmp(text, "KTAP version 1\n1..1\n", 20) && strstr(text, wanted) &&
	       strstr(text, "# Totals: ") && text[len - 1] == '\n';
	if (op->stress && !strstr(text, "# SKIP")) {
		snprintf(wanted, sizeof(wanted), " threads=%u secs=%u ",
			 op->threads ?: (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), op->secs);
		good = good && strstr(text, wanted);
	}
	if (!good)
		failed("after printf '%s' >%s/run results reads\n%s",
		       printable(in->text, in->len), bar->dir, text);
	bar_remember_results(bar);
}

static bool wanted_run(struct rng *rng, const struct operation *op)
{
	return is_quick(op) && rng_one_in(rng, op->stress ? ONE_STRESS_IN : ONE_RUN_IN);
}

void phase_run(uint64_t inputs)
{
	static char text[INPUT_MAX];
	struct input in = { text, 0 };
	uint64_t refused = 0;

	phase_name = "run";
	for (input_number = 0; input_number < inputs; input_number++) {
		struct bar *bar = &bars[input_number % bar_count];
		struct operation op;
		struct rng rng;
		long done, wanted;

		rng_start(&rng, seed, phase_name, input_number);
		do {
			draw_run(&rng, &in);
			op = model_run(in.text, in.len);
		} while (!op.err && !wanted_run(&rng, &op));

		wanted = op.err ? -op.err : (long)in.len;
		/* Ends, with EINTR, a run that should not have begun. */
		alarm(PATIENCE);
		done = deliver(&rng, bar->run, &in);
		alarm(0);
		if (!check_done(bar, "run", &in, wanted, done)) {
			bar_remember_results(bar);
		} else if (op.err) {
			refused++;
			check_kept(bar, &in);
		} else {
			check_run(bar, &op, &in);
		}
	}
	printf("run_inputs: %" PRIu64 "\nrun_refused: %" PRIu64 "\n", inputs, refused);
}
