// SPDX-License-Identifier: GPL-2.0
/* What was found, for people and as JSON. */
#include <stdio.h>

#include "../json.h"
#include "../util.h"
#include "audit.h"

static const char * const verdict_names[VERDICTS] = {
	[VERDICT_NONE] = "no MMIO",
	[VERDICT_MAPS] = "maps a device",
	[VERDICT_SAFE] = "safe",
	[VERDICT_UNSAFE] = "unsafe",
	[VERDICT_ERROR] = "error",
};

static const char * const kind_names[] = {
	[KIND_WINDOW] = "window",
	[KIND_INLINE] = "inline",
	[KIND_CALL] = "call",
	[KIND_ADDRESS] = "address",
	[KIND_SAFE_CALL] = "safe call",
	[KIND_OWN_CALL] = "own call",
	[KIND_HELPER] = "helper",
	[KIND_PLAIN] = "plain",
	[KIND_MAPPING] = "mapping",
};

/**
 * audit_verdict() - the verdict on a module, in words
 * @m: the module
 *
 * JSON, and the totals, have one word for all that is unsafe. The guard makes accesses that
 * nothing captures. A capture that is wrong is svm_mmio's own, and nobody's to mend.
 *
 * Return: the words.
 */
const char *audit_verdict(const struct module *m)
{
	if (m->verdict == VERDICT_UNSAFE && !m->bad_windows)
		return "unsafe without the guard";
	return verdict_names[m->verdict];
}

static const char *colour_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_SAFE:
		return green();
	case VERDICT_UNSAFE:
		return red();
	case VERDICT_MAPS:
	case VERDICT_ERROR:
		return yellow();
	default:
		return "";
	}
}

/* Why a finding may be no access. */
static const char *doubt_of(const struct finding *f)
{
	if (f->kind == KIND_INLINE)
		return " (if it is an access: a barrier and a store look the same)";
	return " (if it is an access: its address comes from where one of a device is put)";
}

static void print_finding(const struct finding *f)
{
	printf("  %-8s %-24s %s", kind_names[f->kind], f->what, f->where);
	if (f->source)
		printf("  %s", f->source);
	putchar('\n');
	if (f->fault)
		printf("           %s%s%s\n", red(), f->fault, plain());
	if (f->advice)
		printf("           %s%s\n", f->advice, f->unsure ? doubt_of(f) : "");
}

/* What there is, in one line: "12 accesses not captured, 3 safe calls". */
static void print_counts(const struct module *m)
{
	const char *separator = ": ";
	const struct {
		unsigned int count;
		const char *what;
	} counts[] = {
		{ m->accesses, "not captured" },
		{ m->bad_windows, "wrong capture windows" },
		{ m->windows - m->bad_windows, "capture windows" },
		{ m->safe_calls, "calls of svm_mmio" },
		{ m->guarded, "for backend direct" },
		{ m->own_calls, "calls of the kernel's, to compare with" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++)
		if (counts[i].count) {
			printf("%s%u %s", separator, counts[i].count, counts[i].what);
			separator = ", ";
		}
	if (m->verdict == VERDICT_MAPS)
		printf(", and no access to it was seen: look into its source");
	putchar('\n');
}

/**
 * audit_report_module() - print what was found in one module
 * @m: the module
 * @list: each access as well
 * @all: what needs nothing done about it as well
 */
void audit_report_module(const struct module *m, bool list, bool all)
{
	size_t i;

	if (m->verdict == VERDICT_ERROR) {
		complain("%s: %s", m->path, m->error);
		return;
	}
	if (m->verdict != VERDICT_UNSAFE && m->verdict != VERDICT_MAPS && !list && !all)
		return;
	printf("%s: %s%s%s", m->path, colour_of(m->verdict), audit_verdict(m), plain());
	print_counts(m);
	for (i = 0; list && i < m->finding_count; i++)
		if (all || m->findings[i].advice ||
		    (m->verdict == VERDICT_MAPS && m->findings[i].kind == KIND_MAPPING))
			print_finding(&m->findings[i]);
}

void audit_report_totals(const struct audit_totals *t)
{
	int verdict;

	printf("%s%u modules%s in %.1f s:", bold(), t->modules, plain(), t->seconds);
	for (verdict = 0; verdict < VERDICTS; verdict++)
		if (t->by_verdict[verdict] || verdict != VERDICT_ERROR)
			printf("%s %u %s%s%s", verdict ? "," : "", t->by_verdict[verdict],
			       colour_of(verdict), verdict_names[verdict], plain());
	printf(" (%u accesses that only the guard makes safe)\n", t->accesses);
}

static void json_finding(const struct finding *f)
{
	json_object(NULL);
	json_string("kind", kind_names[f->kind]);
	json_string("where", f->where);
	json_string("what", f->what);
	if (f->bytes)
		json_number("bytes", f->bytes);
	if (f->kind != KIND_SAFE_CALL && f->kind != KIND_HELPER && f->kind != KIND_MAPPING)
		json_string("direction", f->store ? "store" : "load");
	if (f->kind == KIND_WINDOW)
		json_string("fault", f->fault);
	else
		json_bool("direct_only", f->guarded);
	if (f->unsure)
		json_bool("unsure", true);
	json_string("source", f->source);
	json_string("advice", f->advice);
	json_end();
}

void audit_report_json(struct module **modules, size_t count, const struct audit_totals *t)
{
	size_t i, k;

	json_object(NULL);
	json_list("modules");
	for (i = 0; i < count; i++) {
		const struct module *m = modules[i];

		json_object(NULL);
		json_string("file", m->path);
		json_string("verdict", verdict_names[m->verdict]);
		json_string("error", m->error);
		json_number("not_captured", m->accesses);
		json_number("windows", m->windows);
		json_number("bad_windows", m->bad_windows);
		json_number("safe_calls", m->safe_calls);
		json_number("mappings", m->mappings);
		json_number("direct_only", m->guarded);
		json_list("findings");
		for (k = 0; k < m->finding_count; k++)
			json_finding(&m->findings[k]);
		json_end();
		json_end();
	}
	json_end();
	json_object("totals");
	json_number("modules", t->modules);
	for (i = 0; i < VERDICTS; i++)
		json_number(verdict_names[i], t->by_verdict[i]);
	json_number("not_captured", t->accesses);
	json_number("windows", t->windows);
	json_number("safe_calls", t->safe_calls);
	json_end();
	json_end();
}
