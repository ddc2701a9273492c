// SPDX-License-Identifier: GPL-2.0
/* Files left open after their device has gone: ENODEV for all that might be a command. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define DRIVER	"/sys/bus/pci/drivers/svm_mmio"

static void try_inputs(struct bar *bar, uint64_t inputs)
{
	static char text[INPUT_MAX];
	struct input in = { text, 0 };

	while (inputs--) {
		struct rng rng;
		long done, wanted = -ENODEV;
		bool run;

		rng_start(&rng, seed, phase_name, input_number++);
		run = rng_one_in(&rng, 2);
		if (run)
			draw_run(&rng, &in);
		else
			draw_access(&rng, bar, &in);
		if (in.len > COMMAND_MAX || memchr(in.text, 0, in.len))
			wanted = -EINVAL;
		done = deliver(&rng, run ? bar->run : bar->access, &in);
		if (done != wanted)
			failed("printf '%s' to %s of %s, which has gone: expected %s, got %s",
			       printable(in.text, in.len), run ? "run" : "access", bar->dir,
			       error_name(wanted), error_name(done));
	}
}

/* What was there can still be read. */
static void check_reading(struct bar *bar)
{
	char text[65536];

	if (!bar_results_kept(bar))
		failed("results of %s, which has gone, reads otherwise", bar->dir);
	if (slurp(bar->run, text, sizeof(text)) <= 0)
		failed("run of %s, which has gone, cannot be read", bar->dir);
	if (!access(bar->dir, F_OK))
		failed("%s is still there", bar->dir);
}

void phase_gone(uint64_t inputs)
{
	unsigned int i, j;

	phase_name = "gone";
	input_number = 0;
	for (i = 0; i < bar_count; i = j) {
		/* All BARs of the device. */
		for (j = i; j < bar_count && !strcmp(bars[j].bdf, bars[i].bdf); j++)
			bar_remember_results(&bars[j]);
		if (!write_path(DRIVER "/unbind", bars[i].bdf))
			die("unbinding %s", bars[i].bdf);
		for (j = i; j < bar_count && !strcmp(bars[j].bdf, bars[i].bdf); j++) {
			try_inputs(&bars[j], inputs / bar_count);
			check_reading(&bars[j]);
			bar_close(&bars[j]);
		}
		if (!write_path(DRIVER "/bind", bars[i].bdf))
			die("binding %s", bars[i].bdf);
		for (j = i; j < bar_count && !strcmp(bars[j].bdf, bars[i].bdf); j++) {
			bar_open(&bars[j]);
			memset(bars[j].answer, 0, sizeof(bars[j].answer));
			slurp(bars[j].access, bars[j].answer, sizeof(bars[j].answer) - 1);
			bar_remember_results(&bars[j]);
		}
	}
	printf("gone_inputs: %" PRIu64 "\n", input_number);
}
