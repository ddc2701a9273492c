// SPDX-License-Identifier: GPL-2.0
/* svm-mmio: the command of the svm_mmio module. svm-mmio(8) is its manual. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../svm_mmio_version.h"
#include "commands.h"
#include "util.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *what;
} commands[] = {
	{ "doctor", cmd_doctor, "", "whether all is well here, and what to do if not" },
	{ "status", cmd_status, "", "what the module does here, and what to do next" },
	{ "boot", cmd_boot, "on|off|status",
	  "load the module in an SVM before any driver, at each boot" },
	{ "probe", cmd_probe, "[BDF]", "try each backend, and say which one to load with" },
	{ "devices", cmd_devices, "", "the BARs that the self-test holds" },
	{ "claim", cmd_claim, "[--force] BDF", "hand a PCI device to the self-test" },
	{ "release", cmd_release, "BDF", "give it back" },
	{ "test", cmd_test, "[--ktap] [BDF] [CASE..]", "run the self-test" },
	{ "access", cmd_access, "BDF BAR OP OFFSET [VALUE]",
	  "make one access: OP is r or w, 8 to 64, be for big-endian" },
	{ "bench", cmd_bench, "[--csv] [--count N] [BDF]", "how long an access takes, by width" },
	{ "audit", cmd_audit, "[--all] [--list] [--quiet] FILE..",
	  "which accesses of a module an SVM can live with; on any machine" },
};

static void help(void)
{
	size_t i;

	printf("Usage: svm-mmio [--json] [--colour=WHEN] COMMAND [ARGUMENTS]\n\n"
	       "Device accesses (MMIO) that are right in a Secure Virtual Machine: see what the\n"
	       "module svm_mmio does, test it, and audit the modules of others.\n\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-8s %-32s\n           %s\n", commands[i].name, commands[i].arguments,
		       commands[i].what);
	printf("\n  --json            print JSON instead of text\n"
	       "  --colour=WHEN     auto (default: on a terminal), always, never\n"
	       "  --help            print this\n"
	       "  --version         print the version\n\n"
	       "Exit status: 0 all is well; 1 there is something to do: a test failed, a module is\n"
	       "unsafe; 2 not understood; 3 it cannot be done here, or told (a message says why);\n"
	       "4 nothing was tested, as all cases were skipped.\n"
	       "svm-mmio(8) has the rest.\n");
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Options of the whole command may also stand behind the subcommand: takes them out. */
static int take_common_options(int argc, char **argv, bool *wants_help)
{
	int kept = 1, i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--"))
			break;
		if (!strcmp(argv[i], "--json"))
			options.json = true;
		else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			*wants_help = true;
		else
			argv[kept++] = argv[i];
	}
	for (; i < argc; i++)
		argv[kept++] = argv[i];
	argv[kept] = NULL;
	return kept;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "colour", required_argument, NULL, 'c' },
		{ "color", required_argument, NULL, 'c' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 }
	};
	const struct command *command;
	bool wants_help = false;
	int option, first, code;

	argc = take_common_options(argc, argv, &wants_help);
	options.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+", longopts, NULL)) != -1) {
		switch (option) {
		case 'c':
			if (!strcmp(optarg, "always"))
				options.colour = true;
			else if (!strcmp(optarg, "never"))
				options.colour = false;
			else if (strcmp(optarg, "auto"))
				return usage_error("--colour is auto, always or never");
			break;
		case 'V':
			puts("svm-mmio " SVM_MMIO_VERSION);
			return EXIT_OK;
		default:
			return usage_error("there is no option %s", argv[optind - 1]);
		}
	}
	if (wants_help) {
		help();
		return EXIT_OK;
	}
	if (optind == argc)
		return usage_error("which command?");
	command = find(argv[optind]);
	if (!command)
		return usage_error("there is no command '%s'", argv[optind]);
	first = optind;
	optind = 0;	/* glibc's way to begin anew */
	code = command->run(argc - first, argv + first);
	if (fflush(stdout) || ferror(stdout)) {
		complain("what was printed could not be written: is the disk full?");
		return EXIT_CANNOT;
	}
	return code;
}
