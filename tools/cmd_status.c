// SPDX-License-Identifier: GPL-2.0
/* svm-mmio status: what the module says, in words, and what to do next. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "guest.h"
#include "json.h"
#include "status.h"
#include "util.h"

/* What to do next: about the backend, or else what there is to be done with it. */
static char *next_step(const char *status)
{
	struct advice advice = status_advise(status);

	if (advice.found)
		return format("%s: %s", advice.found, advice.next);
	if (status_is(status, "secure", "yes") && status_is(status, "guard", "off"))
		return copy("the guard is off, and drivers need it: svm-mmio doctor");
	if (status_is(status, "guard", "the kernel itself"))
		return copy("nothing: the kernel itself makes all accesses");
	if (status_is(status, "backend", "direct"))
		return copy("nothing: in a normal guest accesses are the kernel's own. To try "
			    "another backend: rmmod svm_mmio; modprobe svm_mmio backend=sprg0");
	return copy("test it: svm-mmio test");
}

static void print_sentence(const char *status)
{
	char *version = guest_value(status, "version"), *by = guest_value(status, "secure_by");
	char *backend = guest_value(status, "backend"), *reason = guest_value(status, "reason");
	char *guard = guest_value(status, "guard"), *why = guest_value(status, "guard_reason");
	char *windows = guest_value(status, "windows");

	printf("%ssvm_mmio %s%s is loaded. This guest is %s secure one (%s).\n", bold(),
	       version ? version : "?", plain(), status_is(status, "secure", "yes") ? "a" : "not a",
	       by ? by : "?");
	printf("Backend %s%s%s: %s.\n", green(), backend ? backend : "?", plain(),
	       reason ? reason : "?");
	printf("Guard %s%s%s: %s.\n", green(), guard ? guard : "?", plain(), why ? why : "?");
	printf("%s capture windows, each verified when the module was loaded.\n",
	       windows ? windows : "?");
	free(version);
	free(by);
	free(backend);
	free(reason);
	free(guard);
	free(why);
	free(windows);
}

/* What was tried to find the backend, if that had to be found. */
static void print_search(const char *status)
{
	char *where = guest_value(status, "probe_register");
	char *sprg0 = guest_value(status, "probe_sprg0");
	char *hcall = guest_value(status, "probe_hcall");

	if (where && sprg0 && hcall && strcmp(where, "-"))
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
		"guard_loads", "guard_stores", "guard_left_unmapped", "guard_left_foreign",
		"guard_left_refused", "guard_left_instruction",
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

static void print_json(const char *status, size_t bars, const char *next)
{
	json_object(NULL);
	json_bool("loaded", true);
	status_json(status);
	json_number("bars", bars);
	json_string("next", next);
	json_end();
}

static int print_problem(const struct problem *problem)
{
	if (options.json) {
		json_object(NULL);
		json_bool("loaded", problem->obstacle == NOT_READABLE);
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
	char *path, *status, *next;
	struct problem problem;
	const char *debugfs;
	struct bar *bars;
	size_t count;
	bool bad;

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
	bad = status_advise(status).bad;
	next = next_step(status);
	if (options.json) {
		print_json(status, count, next);
	} else {
		print_sentence(status);
		print_search(status);
		print_counts(status);
		printf("The self-test holds %zu BARs (svm-mmio devices).\nNext: %s\n", count,
		       next);
	}
	free(next);
	free(status);
	free(path);
	return bad ? EXIT_BAD : EXIT_OK;
}
