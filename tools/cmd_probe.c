// SPDX-License-Identifier: GPL-2.0
/* svm-mmio probe: what each backend would do here, tried on one register. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "guest.h"
#include "json.h"
#include "util.h"

static const char * const backends[] = { "direct", "sprg0", "hcall" };

/**
 * struct trial - what the module says of one backend
 * @outcome: "works", "refused", "no end", "not tried"
 * @us: how long it took, in microseconds; -1 if it was not tried
 */
struct trial {
	char *outcome;
	long us;
};

/* Of "no end, 10043 us". */
static struct trial parse(const char *text, const char *backend)
{
	char *value = guest_value(text, backend);
	struct trial trial = { value ? value : copy("?"), -1 };
	char *comma = strchr(trial.outcome, ',');

	if (comma) {
		*comma = '\0';
		trial.us = strtol(comma + 1, NULL, 10);
	}
	return trial;
}

static bool has(const struct trial *trial, const char *outcome)
{
	return !strcmp(trial->outcome, outcome);
}

static const char *colour(const struct trial *trial)
{
	if (has(trial, "works"))
		return green();
	return has(trial, "not tried") ? yellow() : red();
}

static const char *meaning(size_t backend, const struct trial *trial)
{
	if (has(trial, "not tried"))
		return "there was no register to try it on";
	if (backend == 2)
		return has(trial, "works") ? "the hypervisor answers the hcalls" :
					     "the hypervisor has no such hcalls";
	if (has(trial, "no end"))
		return "it would have faulted for ever: nobody finds the instruction";
	if (has(trial, "refused"))
		return "the guest gets an exception in place of a value";
	return backend ? "SPRG0 is read, or the instruction is fetched" :
			 "the instruction is fetched";
}

static void print_table(const char *where, const struct trial *trials, const char *load_with)
{
	size_t i;

	printf("Tried on %s%s%s:\n", bold(), where, plain());
	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		printf("  %-7s %s%-9s%s ", backends[i], colour(&trials[i]), trials[i].outcome,
		       plain());
		if (trials[i].us >= 0)
			printf("%8ld us", trials[i].us);
		else
			printf("%11s", "");
		printf("  %s\n", meaning(i, &trials[i]));
	}
	if (strcmp(load_with, "none"))
		printf("Load with: modprobe svm_mmio backend=%s\n", load_with);
	else
		printf("No backend works here: this needs an ultravisor that reads SPRG0, or one "
		       "that passes\nH_LOGICAL_CI_LOAD and H_LOGICAL_CI_STORE on "
		       "(docs/ultravisor.md)\n");
}

static void print_json(const char *where, const struct trial *trials, const char *load_with)
{
	size_t i;

	json_object(NULL);
	json_string("register", where);
	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		json_object(backends[i]);
		json_string("outcome", trials[i].outcome);
		if (trials[i].us >= 0)
			json_number("us", trials[i].us);
		json_end();
	}
	json_string("load_with", load_with);
	json_end();
}

static int print_result(const char *text)
{
	char *where = guest_value(text, "register"), *load_with = guest_value(text, "load_with");
	struct trial trials[ARRAY_SIZE(backends)];
	int code = EXIT_CANNOT;
	size_t i;

	if (!where || !load_with) {
		complain("the module's file \"probe\" is not understood: are module and command of "
			 "one version? (svm-mmio --version, svm-mmio status)");
		goto out;
	}
	for (i = 0; i < ARRAY_SIZE(backends); i++)
		trials[i] = parse(text, backends[i]);
	if (options.json)
		print_json(where, trials, load_with);
	else
		print_table(where, trials, load_with);
	for (i = 0; i < ARRAY_SIZE(backends); i++)
		free(trials[i].outcome);
	code = strcmp(load_with, "none") ? EXIT_OK : EXIT_BAD;
out:
	free(where);
	free(load_with);
	return code;
}

int cmd_probe(int argc, char **argv)
{
	char *name = NULL, *path, *said, *text = NULL;
	int code = EXIT_CANNOT, err, log;
	const char *debugfs;

	if (argc > 2)
		return usage_error("probe takes one device, and no '%s'", argv[2]);
	if (argc == 2) {
		name = guest_bdf(argv[1]);
		if (!name)
			return usage_error("'%s' is no PCI device: write it as lspci -D does, "
					   "0000:00:01.0",
					   argv[1]);
	}
	debugfs = guest_need_debugfs();
	if (!debugfs) {
		free(name);
		return EXIT_CANNOT;
	}
	path = format("%s/probe", debugfs);
	log = guest_log_begin();
	err = guest_write(path, name ? name : "any");
	said = guest_log_end(log);
	if (!err)
		text = guest_read(path);
	if (text)
		code = print_result(text);
	else
		complain("it could not be tried: %s",
			 said ? said : guest_explain(err ? -err : errno));
	free(text);
	free(said);
	free(path);
	free(name);
	return code;
}
