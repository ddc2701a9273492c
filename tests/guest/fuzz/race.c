// SPDX-License-Identifier: GPL-2.0
/*
 * Writers and readers of the same files at the same time. A run that is under way makes what
 * others write -EBUSY; whatever is read is whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define WRITERS	6
#define READERS	3
#define ONE_RUN_IN	50

/* What the processes have counted. */
struct counts {
	uint64_t busy, reads;
	bool done;
};

static struct counts *counts;

static void writer(unsigned int which, uint64_t inputs)
{
	static char text[INPUT_MAX];
	struct input in = { text, 0 };

	for (input_number = which; input_number < inputs; input_number += WRITERS) {
		struct operation op;
		struct bar *bar;
		struct rng rng;
		long done, wanted;
		bool run;

		rng_start(&rng, seed, phase_name, input_number);
		bar = &bars[rng_below(&rng, bar_count)];
		run = rng_one_in(&rng, 3);
		do {
			if (run) {
				draw_run(&rng, &in);
				op = model_run(in.text, in.len);
			} else {
				draw_access(&rng, bar, &in);
				op = model_access(bar, in.text, in.len);
			}
		} while (!op.err && (run ? op.stress || !is_quick(&op) ||
					   !rng_one_in(&rng, ONE_RUN_IN) :
					   !is_harmless(bar, &op)));
		wanted = op.err ? -op.err : (long)in.len;
		done = deliver(&rng, run ? bar->run : bar->access, &in);
		if (done == -EBUSY)
			__atomic_add_fetch(&counts->busy, 1, __ATOMIC_RELAXED);
		else if (done != wanted)
			failed("printf '%s' >%s/%s: expected %s or EBUSY, got %s",
			       printable(in.text, in.len), bar->dir, run ? "run" : "access",
			       error_name(wanted), error_name(done));
	}
}

static bool is_answer(const char *text)
{
	size_t digits;

	if (!*text || !strcmp(text, "written\n"))
		return true;
	digits = strspn(text + 2, "0123456789abcdef");
	return !strncmp(text, "0x", 2) && !strcmp(text + 2 + digits, "\n") &&
	       (digits == 2 || digits == 4 || digits == 8 || digits == 16);
}

static void reader(unsigned int which)
{
	static char text[65536];

	for (input_number = which; !__atomic_load_n(&counts->done, __ATOMIC_RELAXED);
	     input_number += READERS) {
		struct bar *bar = &bars[input_number % bar_count];
		ssize_t len;

		memset(text, 0, 64);
		len = pread(bar->access, text, sizeof(text) - 1, 0);
		if (len < 0 || !is_answer(text))
			failed("%s/access reads \"%s\"", bar->dir, text);
		/* In one read: another run may end between two. */
		len = pread(bar->results, text, sizeof(text) - 1, 0);
		if (len > 0)
			text[len] = 0;
		if (len <= 0 || strncmp(text, "KTAP version 1\n1..", 18) || text[len - 1] != '\n')
			failed("%s/results reads \"%s\"", bar->dir, printable(text, len));
		read_path(DEBUGFS "/status", text, sizeof(text));
		if (!strstr(text, "\nhcall_errors: 0\n"))
			failed("status reads\n%s", text);
		__atomic_add_fetch(&counts->reads, 3, __ATOMIC_RELAXED);
	}
}

void phase_race(uint64_t inputs)
{
	pid_t pids[WRITERS + READERS];
	unsigned int i;
	int status;

	phase_name = "race";
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (counts == MAP_FAILED)
		die("mmap");
	fflush(stdout);
	for (i = 0; i < WRITERS + READERS; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork");
		if (!pids[i]) {
			unsigned int before = failures();

			if (i < WRITERS)
				writer(i, inputs);
			else
				reader(i - WRITERS);
			exit(failures() > before);
		}
	}
	for (i = 0; i < WRITERS + READERS; i++) {
		if (i == WRITERS)
			__atomic_store_n(&counts->done, true, __ATOMIC_RELAXED);
		waitpid(pids[i], &status, 0);
		if (status)
			failed("process %u ended with status 0x%x", i, status);
	}
	printf("race_inputs: %" PRIu64 "\nrace_reads: %" PRIu64 "\nrace_busy: %" PRIu64 "\n",
	       inputs, counts->reads, counts->busy);
}
