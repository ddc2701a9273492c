// SPDX-License-Identifier: GPL-2.0
/* Reads the KTAP that the self-test writes (Documentation/dev-tools/ktap.rst). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results.h"
#include "util.h"

static bool starts(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

/* "ok 1 name # SKIP why" and "not ok 1 name". */
static void parse_verdict(struct result *r, const char *line)
{
	const char *skip = strstr(line, "# SKIP");

	if (skip) {
		r->outcome = OUTCOME_SKIPPED;
		free(r->why);
		r->why = copy(skip + strlen("# SKIP") + (skip[strlen("# SKIP")] == ' '));
	} else {
		r->outcome = starts(line, "ok ") ? OUTCOME_PASSED : OUTCOME_FAILED;
	}
}

static void parse_comment(struct result *r, const char *line)
{
	const char *accesses = strstr(line, ": accesses=");
	char *more;

	if (starts(line, "# Totals:"))
		return;
	if (accesses) {
		r->accesses = strtoull(accesses + strlen(": accesses="), NULL, 10);
		return;
	}
	more = format("%s%s\n", r->messages ? r->messages : "", line);
	free(r->messages);
	r->messages = more;
}

/**
 * result_parse() - what the KTAP of a run of one case says
 * @name: of the case, as it was asked for
 * @ktap: the text
 *
 * Return: the result; it has failed if the text ends before its verdict.
 */
struct result result_parse(const char *name, const char *ktap)
{
	struct result r = { .outcome = OUTCOME_FAILED };
	char *text = copy(ktap), *rest = NULL, *line;

	r.name = format("%.*s", (int)strcspn(name, " "), name);
	r.why = copy("the results end before its verdict");
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (starts(line, "ok ") || starts(line, "not ok ")) {
			free(r.why);
			r.why = NULL;
			parse_verdict(&r, line);
		} else if (starts(line, "# ")) {
			parse_comment(&r, line);
		} else if (starts(line, "Bail out!")) {
			r.outcome = OUTCOME_FAILED;
			free(r.why);
			r.why = copy(line);
		}
	}
	free(text);
	return r;
}

const char *result_name(enum outcome outcome)
{
	static const char * const names[OUTCOMES] = { "ok", "FAILED", "skipped", "not run" };

	return names[outcome];
}
