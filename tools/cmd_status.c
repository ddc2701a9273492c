// SPDX-License-Identifier: GPL-2.0
/* svm-mmio status: what the module says, in words, and what to do next. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "guest.h"
#include "json.h"
#include "util.h"

/**
 * struct advice - what follows from the state of the module
 * @text: what to do next
 * @code: exit code
 */
struct advice {
	const char *text;
	int code;
};

static bool is(const char *value, const char *wanted)
{
	return value && !strcmp(value, wanted);
}

static bool begins(const char *value, const char *wanted)
{
	return value && !strncmp(value, wanted, strlen(wanted));
}

static struct advice advise(const char *status)
{
	char *secure = guest_value(status, "secure"), *backend = guest_value(status, "backend");
	char *errors = guest_value(status, "hcall_errors");
	char *sprg0 = guest_value(status, "probe_sprg0");
	struct advice advice = { "test it: svm-mmio test", EXIT_OK };

	if (is(secure, "yes") && is(backend, "direct"))
		advice = (struct advice){
			"this is an SVM, and backend direct captures nothing: rmmod svm_mmio; "
			"modprobe svm_mmio backend=sprg0 (or hcall: docs/backends.md)",
			EXIT_BAD };
	else if (errors && strtoull(errors, NULL, 0))
		advice = (struct advice){
			"the hypervisor has refused accesses (hcall_errors): dmesg names the "
			"first",
			EXIT_BAD };
	else if (is(secure, "yes") && is(backend, "sprg0") && !begins(sprg0, "works"))
		advice.text = "find out whether the ultravisor reads SPRG0, as the published one "
			      "does not: svm-mmio probe";
	else if (is(backend, "direct"))
		advice.text = "nothing: in a normal guest accesses are the kernel's own. To try "
			      "another backend: rmmod svm_mmio; modprobe svm_mmio backend=sprg0";
	free(secure);
	free(backend);
	free(errors);
	free(sprg0);
	return advice;
}

static void print_sentence(const char *status)
{
	char *version = guest_value(status, "version"), *secure = guest_value(status, "secure");
	char *by = guest_value(status, "secure_by"), *backend = guest_value(status, "backend");
	char *reason = guest_value(status, "reason"), *windows = guest_value(status, "windows");

	printf("%ssvm_mmio %s%s is loaded. This guest is %s secure one (%s).\n", bold(),
	       version ? version : "?", plain(), is(secure, "yes") ? "a" : "not a",
	       by ? by : "?");
	printf("Backend %s%s%s: %s.\n", green(), backend ? backend : "?", plain(),
	       reason ? reason : "?");
	printf("%s capture windows, each verified when the module was loaded.\n",
	       windows ? windows : "?");
	free(version);
	free(secure);
	free(by);
	free(backend);
	free(reason);
	free(windows);
}

/* What was tried to find the backend, if that had to be found. */
static void print_search(const char *status)
{
	char *where = guest_value(status, "probe_register");
	char *sprg0 = guest_value(status, "probe_sprg0");
	char *hcall = guest_value(status, "probe_hcall");

	if (where && sprg0 && hcall && !is(where, "-"))
		printf("Found out on %s: sprg0 %s; hcall %s.\n", where, sprg0, hcall);
	free(where);
	free(sprg0);
	free(hcall);
}

/* The counts, those that are not zero. */
static void print_counts(const char *status)
{
	static const char * const keys[] = {
		"loads_8", "loads_16", "loads_32", "loads_64", "stores_8", "stores_16",
		"stores_32", "stores_64", "bulk_loads", "bulk_stores", "all_ones", "hcall_errors",
	};
	const char *separator = "Accesses so far: ";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		char *value = guest_value(status, keys[i]);

		if (value && strcmp(value, "0")) {
			printf("%s%s %s", separator, value, keys[i]);
			separator = ", ";
		}
		free(value);
	}
	puts(strcmp(separator, ", ") ? "Accesses so far: none counted." : ".");
}

/* Every line of the file, under the same key. */
static void print_json(char *status, size_t bars, const struct advice *advice)
{
	char *rest = NULL, *line;

	json_object(NULL);
	json_bool("loaded", true);
	for (line = strtok_r(status, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *value = strstr(line, ": "), *end;
		unsigned long long number;

		if (!value)
			continue;
		*value = '\0';
		value += 2;
		number = strtoull(value, &end, 10);
		if (*value && !*end)
			json_number(line, number);
		else
			json_string(line, value);
	}
	json_number("bars", bars);
	json_string("next", advice->text);
	json_end();
}

static int print_problem(const struct problem *problem)
{
	if (options.json) {
		json_object(NULL);
		json_bool("loaded", false);
		json_string("problem", problem->what);
		json_string("next", problem->next);
		json_end();
	} else {
		complain("%s.\nNext: %s", problem->what, problem->next);
	}
	return EXIT_CANNOT;
}

int cmd_status(int argc, char **argv)
{
	struct advice advice;
	struct problem problem;
	const char *debugfs;
	struct bar *bars;
	char *path, *status;
	size_t count;

	if (argc > 1)
		return usage_error("status takes no '%s'", argv[1]);
	debugfs = guest_debugfs(&problem);
	if (!debugfs)
		return print_problem(&problem);
	path = format("%s/status", debugfs);
	status = guest_read(path);
	if (!status) {
		complain("%s went away while it was read: was the module unloaded?", path);
		return EXIT_CANNOT;
	}
	count = guest_bars(debugfs, NULL, &bars);
	advice = advise(status);
	if (options.json) {
		print_json(status, count, &advice);
	} else {
		print_sentence(status);
		print_search(status);
		print_counts(status);
		printf("The self-test holds %zu BARs (svm-mmio devices).\nNext: %s\n", count,
		       advice.text);
	}
	free(status);
	free(path);
	return advice.code;
}
