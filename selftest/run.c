// SPDX-License-Identifier: GPL-2.0
/* A run: what was asked for, the cases one after another, their results as KTAP. */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "backend/choice.h"
#include "ktap.h"
#include "run.h"
#include "words.h"

#define STRESS_DEFAULT_SECS	2
#define STRESS_MAX_SECS		86400
#define STRESS_MAX_THREADS	256

struct svm_case {
	const char *name;
	unsigned int devices;
	void (*run)(struct svm_run *run);
};

/* Short, for the table. */
#define TESTDEV	SVM_DEVICE_TESTDEV
#define PORTS	SVM_DEVICE_PORTS
#define EDU	SVM_DEVICE_EDU
#define BUFFER	SVM_DEVICE_BUFFER
#define ANY	(TESTDEV | PORTS | EDU | BUFFER | SVM_DEVICE_OTHER)

static const struct svm_case cases[] = {
	{ "load_values", TESTDEV | EDU, svm_case_load_values },
	{ "store_readback", EDU | BUFFER, svm_case_store_readback },
	{ "store_match", TESTDEV, svm_case_store_match },
	{ "test_selector", TESTDEV, svm_case_test_selector },
	{ "port_values", PORTS, svm_case_port_values },
	{ "string_values", TESTDEV | PORTS | BUFFER, svm_case_string_values },
	{ "copy_fuzz", BUFFER, svm_case_copy_fuzz },
	{ "same_as_kernel", TESTDEV | EDU, svm_case_same_as_kernel },
	{ "all_ones", EDU, svm_case_all_ones },
	{ "sprg0_kept", ANY, svm_case_sprg0_kept },
	{ "irq_mask_kept", ANY, svm_case_irq_mask_kept },
	{ "mmiowb_pending", TESTDEV | PORTS | EDU | BUFFER, svm_case_mmiowb_pending },
	{ "nested_timer", TESTDEV | EDU, svm_case_nested_timer },
	{ "nested_ipi", TESTDEV | EDU, svm_case_nested_ipi },
	{ "stress", TESTDEV | EDU, svm_case_stress },
};

/* "needs pci-testdev or edu": which devices the case is for. */
static void skip_case(struct svm_run *run, const struct svm_case *c)
{
	static const struct {
		enum svm_device device;
		const char *name;
	} names[] = {
		{ TESTDEV, "pci-testdev" },
		{ PORTS, "the ports of pci-testdev" },
		{ EDU, "edu" },
		{ BUFFER, "the buffer of nvme" },
	};
	const char *separator = "needs ";
	char why[80];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(c->devices & names[i].device))
			continue;
		len += scnprintf(why + len, sizeof(why) - len, "%s%s", separator, names[i].name);
		separator = " or ";
	}
	svm_ktap_skip(run->ktap, c->name, why);
}

static void run_case(struct svm_run *run, const struct svm_case *c)
{
	const struct svm_tally *tally = &run->tally;

	if (!(c->devices & run->bar->device)) {
		skip_case(run, c);
		return;
	}

	run->name = c->name;
	run->failures = 0;
	run->skip = NULL;
	run->tally = (struct svm_tally){ .base = run->bar->base };
	c->run(run);

	if (run->skip) {
		svm_ktap_skip(run->ktap, c->name, run->skip);
		return;
	}
	if (svm_run_cancelled(run))
		svm_run_fail(run, "ended early");
	if (tally->wrong)
		svm_run_fail(run,
			     "%llu wrong values; the first: %s at 0x%x: expected 0x%llx, got 0x%llx",
			     tally->wrong, tally->first.op, tally->first.offset,
			     tally->first.expected, tally->first.got);
	svm_run_note(run, "accesses=%llu", tally->accesses);
	if (run->failures)
		svm_ktap_not_ok(run->ktap, c->name);
	else
		svm_ktap_ok(run->ktap, c->name);
}

/* "threads=8": the number behind @key, of 1 to @most. */
static bool parse_setting(const char *word, const char *key, unsigned int most, unsigned int *to)
{
	return str_has_prefix(word, key) && !kstrtouint(word + strlen(key), 0, to) &&
	       *to && *to <= most;
}

/* "threads=8 secs=10", in any order; what is not given keeps its default. */
static bool parse_stress_arguments(struct svm_run *run, char *arguments)
{
	char *word;

	while ((word = svm_next_word(&arguments)))
		if (!parse_setting(word, "threads=", STRESS_MAX_THREADS, &run->threads) &&
		    !parse_setting(word, "secs=", STRESS_MAX_SECS, &run->secs))
			return false;
	return true;
}

/* Finds the cases that @command asks for: [*first, *end) of the table. */
static int parse_command(struct svm_run *run, char *command,
			 const struct svm_case **first, const struct svm_case **end)
{
	const struct svm_case *c;
	const char *name = svm_next_word(&command) ?: "";

	if (!strcmp(name, "all")) {
		*first = cases;
		*end = cases + ARRAY_SIZE(cases);
	} else {
		for (c = cases; c < cases + ARRAY_SIZE(cases); c++)
			if (!strcmp(name, c->name))
				break;
		if (c == cases + ARRAY_SIZE(cases)) {
			svm_bar_notice(run->bar,
				       "there is no case \"%s\": read this file for those there are",
				       name);
			return -EINVAL;
		}
		*first = c;
		*end = c + 1;
		if (c->run == svm_case_stress) {
			if (parse_stress_arguments(run, command))
				return 0;
			svm_bar_notice(run->bar, "not understood: write \"stress threads=8 secs=10\", with 1 to %u threads and 1 to %u seconds",
				       STRESS_MAX_THREADS, STRESS_MAX_SECS);
			return -EINVAL;
		}
	}
	if (svm_next_word(&command)) {
		svm_bar_notice(run->bar, "\"%s\" takes no arguments", name);
		return -EINVAL;
	}
	return 0;
}

/**
 * svm_run() - run what a user asked for
 * @bar: where; bar->running is set by the caller and keeps others out
 * @command: what was written to "run"; changed by parsing
 *
 * Return: the results, which the caller frees, or an error pointer after a
 * message. A run that ends early has "Bail out!" in its results.
 */
struct svm_ktap *svm_run(struct svm_bar *bar, char *command)
{
	struct svm_run run = {
		.bar = bar,
		.threads = min_t(unsigned int, num_online_cpus(), STRESS_MAX_THREADS),
		.secs = STRESS_DEFAULT_SECS,
	};
	const struct svm_case *c, *first, *end;
	int err;

	err = parse_command(&run, command, &first, &end);
	if (err)
		return ERR_PTR(err);
	run.ktap = svm_ktap_alloc();
	if (!run.ktap)
		return ERR_PTR(-ENOMEM);

	svm_ktap_begin(run.ktap, end - first);
	svm_ktap_comment(run.ktap, "%s, backend %s", bar->name,
			 svm_backend_name(svm_backend()));
	for (c = first; c < end; c++) {
		run_case(&run, c);
		if (svm_run_cancelled(&run)) {
			svm_ktap_bail_out(run.ktap, READ_ONCE(bar->gone) ?
					  "the device has gone" : "interrupted");
			return run.ktap;
		}
	}
	svm_ktap_end(run.ktap);
	return run.ktap;
}

/**
 * svm_run_names() - what can be written to "run"
 *
 * Return: the names of the cases, one per line, to be freed with kfree(); NULL
 * without memory.
 */
char *svm_run_names(void)
{
	size_t size = 1, len = 0;
	unsigned int i;
	char *names;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		size += strlen(cases[i].name) + 1;
	names = kmalloc(size, GFP_KERNEL);
	for (i = 0; names && i < ARRAY_SIZE(cases); i++)
		len += scnprintf(names + len, size - len, "%s\n", cases[i].name);
	return names;
}
