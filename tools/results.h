/* SPDX-License-Identifier: GPL-2.0 */
/* What the self-test said of one case: read from the KTAP of a run. */
#ifndef SVM_TOOL_RESULTS_H
#define SVM_TOOL_RESULTS_H

#include <stdbool.h>

enum outcome {
	OUTCOME_PASSED,
	OUTCOME_FAILED,
	OUTCOME_SKIPPED,
	OUTCOME_NOT_RUN,	/* the module did not run it: @why */
	OUTCOMES
};

/**
 * struct result - of one case on one BAR
 * @name: of the case
 * @outcome: how it went
 * @why: it was skipped, or not run; NULL else
 * @err: the negative errno that the module did not run it with; 0 else
 * @messages: "# " lines of the KTAP, one after another
 * @accesses: how many it made
 */
struct result {
	char *name;
	enum outcome outcome;
	char *why;
	int err;
	char *messages;
	unsigned long long accesses;
};

const char *result_name(enum outcome outcome);
struct result result_parse(const char *name, const char *ktap);

#endif /* SVM_TOOL_RESULTS_H */
