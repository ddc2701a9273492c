// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: fuzz SEED PHASE INPUTS [PHASE INPUTS]...		svm_mmio is loaded
 *	  fuzz SEED parameters INPUTS MODULE		it is not
 *
 * Returns 0 if every input did what it had to, 1 if not, 2 if the fuzzer itself cannot go on.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const struct {
	const char *name;
	void (*run)(uint64_t inputs);
} phases[] = {
	{ "access", phase_access },
	{ "run", phase_run },
	{ "files", phase_files },
	{ "gone", phase_gone },
	{ "race", phase_race },
};

/* A signal that is caught ends a system call; it has nothing else to do. */
static void nothing(int sig __attribute__((unused)))
{
}

static void read_cases(void)
{
	char text[4096], *rest = text, *line;

	read_path(bar_file(&bars[0], "run"), text, sizeof(text));
	while ((line = strsep(&rest, "\n")))
		if (*line)
			snprintf(case_names[case_count++], sizeof(case_names[0]), "%s", line);
}

static void run_phase(const char *name, uint64_t inputs)
{
	unsigned int i;

	for (i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
		if (strcmp(phases[i].name, name))
			continue;
		phases[i].run(inputs);
		fflush(stdout);
		return;
	}
	errno = EINVAL;
	die("there is no phase \"%s\"", name);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = nothing };
	int i;

	if (argc < 4) {
		fprintf(stderr, "Usage: fuzz SEED PHASE INPUTS...\n");
		return 2;
	}
	sigaction(SIGALRM, &action, NULL);
	seed = strtoull(argv[1], NULL, 0);
	printf("seed: 0x%llx\n", (unsigned long long)seed);
	if (!strcmp(argv[2], "parameters")) {
		phase_parameters(argv[4], strtoull(argv[3], NULL, 0));
		return failures() ? 1 : 0;
	}
	bars_find();
	read_cases();
	for (i = 2; i + 1 < argc; i += 2)
		run_phase(argv[i], strtoull(argv[i + 1], NULL, 0));
	return failures() ? 1 : 0;
}
