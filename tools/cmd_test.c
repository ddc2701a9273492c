// SPDX-License-Identifier: GPL-2.0
/* svm-mmio test: runs the self-test, case by case, and says how it went. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "guest.h"
#include "json.h"
#include "results.h"
#include "util.h"

/**
 * struct bar_run - the cases of one BAR
 * @bar: the BAR
 * @cases: what to write to its file "run", one by one
 * @count: how many
 * @results: of those
 */
struct bar_run {
	const struct bar *bar;
	char **cases;
	size_t count;
	struct result *results;
};

static unsigned int totals[OUTCOMES];

static void add_case(struct bar_run *run, const char *name)
{
	run->cases = resize(run->cases, run->count + 1, sizeof(*run->cases));
	run->cases[run->count++] = copy(name);
}

/* The lines of the file "run" are the cases that can be run. */
static bool all_cases(struct bar_run *run)
{
	char *path = format("%s/run", run->bar->dir), *rest = NULL, *line;
	char *text = guest_read(path);

	if (!text) {
		complain("%s: %s", path, guest_explain(errno));
		free(path);
		return false;
	}
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		add_case(run, line);
	free(text);
	free(path);
	return true;
}

/* Is there a case that @wanted, which may have arguments behind it, begins with? */
static bool has_case(const struct bar_run *all, const char *wanted)
{
	size_t len = strcspn(wanted, " \t"), i;

	for (i = 0; i < all->count; i++)
		if (strlen(all->cases[i]) == len && !strncmp(all->cases[i], wanted, len))
			return true;
	return false;
}

static int no_such_case(const struct bar_run *all, const char *wanted)
{
	char *list = copy(""), *longer;
	size_t i;

	for (i = 0; i < all->count; i++) {
		longer = format("%s %s", list, all->cases[i]);
		free(list);
		list = longer;
	}
	complain("'%s' is neither a case nor a PCI device. The cases are:%s", wanted, list);
	free(list);
	return EXIT_USAGE;
}

/* Takes the cases that the user wants, "all" of them or some; an exit code. */
static int choose_cases(struct bar_run *run, char **wanted)
{
	struct bar_run all = { .bar = run->bar };
	size_t i;

	if (!all_cases(&all))
		return EXIT_CANNOT;
	if (!*wanted || (!strcmp(*wanted, "all") && !wanted[1])) {
		*run = all;
		return EXIT_OK;
	}
	for (; *wanted; wanted++) {
		if (!has_case(&all, *wanted))
			return no_such_case(&all, *wanted);
		add_case(run, *wanted);
	}
	for (i = 0; i < all.count; i++)
		free(all.cases[i]);
	free(all.cases);
	return EXIT_OK;
}

static struct result not_run(const char *name, int err, char *said)
{
	return (struct result){
		.name = copy(name),
		.outcome = OUTCOME_NOT_RUN,
		.why = said ? said : copy(guest_explain(-err)),
		.err = err,
	};
}

static struct result run_case(const struct bar *bar, const char *name)
{
	char *path = format("%s/run", bar->dir), *text, *said;
	int log = guest_log_begin();
	int err = guest_write(path, name);
	struct result result;

	said = guest_log_end(log);
	free(path);
	if (err)
		return not_run(name, err, said);
	free(said);
	path = format("%s/results", bar->dir);
	text = guest_read(path);
	result = text ? result_parse(name, text) : not_run(name, -errno, NULL);
	free(text);
	free(path);
	return result;
}

static void print_ktap(const struct bar_run *runs, size_t bar_count)
{
	size_t b, i;

	printf("KTAP version 1\n1..%zu\n", bar_count);
	for (b = 0; b < bar_count; b++) {
		const struct bar_run *run = &runs[b];
		bool failed = false;

		printf("  KTAP version 1\n  1..%zu\n", run->count);
		for (i = 0; i < run->count; i++) {
			const struct result *r = &run->results[i];
			bool bad = r->outcome == OUTCOME_FAILED || r->outcome == OUTCOME_NOT_RUN;
			const char *line = r->messages;

			for (; line && *line; line = strchr(line, '\n') + 1)
				printf("  %.*s\n", (int)strcspn(line, "\n"), line);
			if (r->accesses)
				printf("  # %s: accesses=%llu\n", r->name, r->accesses);
			if (bad && r->why)
				printf("  # %s: %s\n", r->name, r->why);
			printf("  %sok %zu %s", bad ? "not " : "", i + 1, r->name);
			if (r->outcome == OUTCOME_SKIPPED)
				printf(" # SKIP %s", r->why);
			putchar('\n');
			failed |= bad;
		}
		printf("%sok %zu %s\n", failed ? "not " : "", b + 1, run->bar->name);
	}
}

static void print_json(const struct bar_run *runs, size_t bar_count)
{
	size_t b, i;

	json_object(NULL);
	json_list("results");
	for (b = 0; b < bar_count; b++)
		for (i = 0; i < runs[b].count; i++) {
			const struct result *r = &runs[b].results[i];

			json_object(NULL);
			json_string("bar", runs[b].bar->name);
			json_string("kind", runs[b].bar->kind);
			json_string("case", r->name);
			json_string("outcome", result_name(r->outcome));
			json_number("accesses", r->accesses);
			json_string("why", r->why);
			json_string("messages", r->messages);
			json_end();
		}
	json_end();
	json_object("totals");
	for (i = 0; i < OUTCOMES; i++)
		json_number(result_name(i), totals[i]);
	json_end();
	json_end();
}

static void print_bad(const struct result *r)
{
	printf("  %s%-7s%s %s", red(), result_name(r->outcome), plain(), r->name);
	if (r->why)
		printf(": %s", r->why);
	printf("\n%s", r->messages ? r->messages : "");
}

static void print_summary(const struct bar_run *runs, size_t bar_count)
{
	size_t b, i;

	for (b = 0; b < bar_count; b++) {
		const struct bar_run *run = &runs[b];
		unsigned long long accesses = 0;
		unsigned int of[OUTCOMES] = { 0 };
		bool bad;

		for (i = 0; i < run->count; i++) {
			of[run->results[i].outcome]++;
			accesses += run->results[i].accesses;
		}
		bad = of[OUTCOME_FAILED] || of[OUTCOME_NOT_RUN];
		printf("%s%-7s%s %s (%s): %u passed, %u failed, %u skipped, %llu accesses\n",
		       bad ? red() : of[OUTCOME_PASSED] ? green() : yellow(),
		       bad ? "FAILED" : of[OUTCOME_PASSED] ? "ok" : "skipped", plain(),
		       run->bar->name, run->bar->kind, of[OUTCOME_PASSED],
		       of[OUTCOME_FAILED] + of[OUTCOME_NOT_RUN], of[OUTCOME_SKIPPED], accesses);
		for (i = 0; i < run->count; i++)
			if (run->results[i].outcome == OUTCOME_FAILED ||
			    run->results[i].outcome == OUTCOME_NOT_RUN)
				print_bad(&run->results[i]);
	}
	printf("%u passed, %u failed, %u skipped\n", totals[OUTCOME_PASSED],
	       totals[OUTCOME_FAILED] + totals[OUTCOME_NOT_RUN], totals[OUTCOME_SKIPPED]);
}

/* Runs what was chosen; an exit code, which is EXIT_OK if there are results to print. */
static int run_all(struct bar_run *runs, size_t bar_count)
{
	size_t total = 0, done = 0, b, i;

	for (b = 0; b < bar_count; b++)
		total += runs[b].count;
	for (b = 0; b < bar_count; b++) {
		runs[b].results = resize(NULL, runs[b].count, sizeof(*runs[b].results));
		for (i = 0; i < runs[b].count; i++) {
			char *label = format("%s %.*s", runs[b].bar->name,
					     (int)strcspn(runs[b].cases[i], " "),
					     runs[b].cases[i]);

			progress(label, done++, total);
			runs[b].results[i] = run_case(runs[b].bar, runs[b].cases[i]);
			totals[runs[b].results[i].outcome]++;
			free(label);
			if (runs[b].results[i].err == -EINVAL) {
				progress_end();
				complain("'%s': %s", runs[b].cases[i], runs[b].results[i].why);
				return EXIT_USAGE;
			}
		}
	}
	progress_end();
	return EXIT_OK;
}

static int verdict(void)
{
	if (totals[OUTCOME_FAILED])
		return EXIT_BAD;
	if (totals[OUTCOME_NOT_RUN])
		return EXIT_CANNOT;
	return totals[OUTCOME_PASSED] ? EXIT_OK : EXIT_SKIPPED;
}

int cmd_test(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "ktap", no_argument, NULL, 'k' },
		{ 0 }
	};
	char *bdf = NULL;
	struct bar_run *runs;
	const char *debugfs;
	bool ktap = false;
	struct bar *bars;
	int option, code, arg;
	size_t count, b;

	while ((option = getopt_long(argc, argv, "k", longopts, NULL)) != -1) {
		if (option != 'k')
			return usage_error("test takes --ktap");
		ktap = true;
	}
	if (optind < argc)
		bdf = guest_bdf(argv[optind]);
	if (bdf)
		optind++;
	for (arg = optind; arg < argc; arg++)
		if (guest_bdf(argv[arg]))
			return usage_error("%s: one device at most, and before the cases: svm-mmio "
					   "test 0000:00:01.0 stress",
					   argv[arg]);
	debugfs = guest_need_debugfs();
	if (!debugfs)
		return EXIT_CANNOT;
	count = guest_bars(debugfs, bdf, &bars);
	if (!count) {
		complain("the self-test holds %s. Next: svm-mmio devices tells how it gets one",
			 bdf ? "no BAR of that device" : "no device");
		return EXIT_CANNOT;
	}
	runs = resize(NULL, count, sizeof(*runs));
	for (b = 0; b < count; b++) {
		runs[b] = (struct bar_run){ .bar = &bars[b] };
		code = choose_cases(&runs[b], argv + optind);
		if (code != EXIT_OK)
			return code;
	}

	code = run_all(runs, count);
	if (code != EXIT_OK)
		return code;
	if (ktap)
		print_ktap(runs, count);
	else if (options.json)
		print_json(runs, count);
	else
		print_summary(runs, count);
	return verdict();
}
