// SPDX-License-Identifier: GPL-2.0
/* What a case says of itself, and whether it should go on. */
#include <linux/compiler.h>
#include <linux/sched/signal.h>

#include "ktap.h"
#include "run.h"

/**
 * svm_run_note() - add a line to the results of the case that runs
 * @run: the run
 * @fmt: what to say
 */
void svm_run_note(struct svm_run *run, const char *fmt, ...)
{
	struct va_format text = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	text.va = &args;
	svm_ktap_comment(run->ktap, "%s: %pV", run->name, &text);
	va_end(args);
}

/**
 * svm_run_fail() - the case that runs has failed; the first few reasons are kept
 * @run: the run
 * @fmt: what was expected, and what was found
 */
void svm_run_fail(struct svm_run *run, const char *fmt, ...)
{
	struct va_format text = { .fmt = fmt };
	va_list args;

	if (run->failures++ >= SVM_RUN_MAX_MESSAGES)
		return;
	va_start(args, fmt);
	text.va = &args;
	svm_run_note(run, "%pV", &text);
	va_end(args);
}

/**
 * svm_run_cancelled() - should the run end early?
 * @run: the run
 *
 * Return: true if the device is going, or the user interrupts.
 */
bool svm_run_cancelled(struct svm_run *run)
{
	return READ_ONCE(run->bar->gone) || signal_pending(current);
}
