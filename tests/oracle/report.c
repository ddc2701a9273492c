// SPDX-License-Identifier: GPL-2.0-or-later
/* The report at the end of the run, as JSON. */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "report.h"
#include "site.h"

static const char *path;
static char *temporary;
static FILE *out;

bool report_prepare(const char *to)
{
	path = to;
	temporary = g_strdup_printf("%s.tmp", path);
	out = fopen(temporary, "we");
	if (!out) {
		complain("cannot write a report to %s: %s: give report= a file "
			 "in a directory that QEMU may write to", temporary, strerror(errno));
		return false;
	}
	if (unlink(path) && errno != ENOENT) {
		complain("cannot remove the old report %s: %s", path, strerror(errno));
		return false;
	}
	return true;
}

static uint64_t get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* [0] counts loads and [1] stores, as in the control file. */
struct sums {
	uint64_t verdict[NR_VERDICTS][2];
	uint64_t unresolved;
};

static void add_slot(const struct control *control, unsigned int slot, struct sums *sums)
{
	for (unsigned int v = 0; v < control->vcpus; v++) {
		const struct control_counters *c = &control->vcpu[v].slot[slot];

		for (int i = 0; i < NR_VERDICTS; i++)
			for (int store = 0; store < 2; store++)
				sums->verdict[i][store] += get(&c->verdict[i][store]);
		sums->unresolved += get(&c->unresolved);
	}
}

static uint64_t both(const uint64_t *verdict)
{
	return verdict[0] + verdict[1];
}

static void write_sums(const struct sums *s)
{
	uint64_t loads = 0, stores = 0;

	for (int i = 0; i < NR_VERDICTS; i++) {
		loads += s->verdict[i][0];
		stores += s->verdict[i][1];
	}
	fprintf(out, "\"matched\": %" PRIu64 ", \"mismatched\": %" PRIu64
		", \"unacceptable\": %" PRIu64 ", \"unresolved\": %" PRIu64
		", \"loads\": %" PRIu64 ", \"stores\": %" PRIu64,
		both(s->verdict[MATCHED]), both(s->verdict[MISMATCHED]),
		both(s->verdict[UNACCEPTABLE]), s->unresolved, loads, stores);
}

static void write_totals(const struct control *control)
{
	uint64_t outside = 0, outside_unresolved = 0;
	struct sums sums = { 0 };

	for (unsigned int slot = 0; slot < CONTROL_SLOTS; slot++)
		add_slot(control, slot, &sums);
	for (unsigned int v = 0; v < control->vcpus; v++) {
		outside += both(control->vcpu[v].outside);
		outside_unresolved += get(&control->vcpu[v].outside_unresolved);
	}
	fputs("\"totals\": {", out);
	write_sums(&sums);
	fprintf(out, ",\n  \"outside\": %" PRIu64 ", \"outside_unresolved\": %" PRIu64 "}",
		outside, outside_unresolved);
}

static void write_slots(const struct control *control)
{
	bool first = true;

	fputs("\"slots\": [", out);
	for (unsigned int slot = 0; slot < CONTROL_SLOTS; slot++) {
		struct sums sums = { 0 }, none = { 0 };

		add_slot(control, slot, &sums);
		if (!memcmp(&sums, &none, sizeof(sums)))
			continue;
		fprintf(out, "%s\n  {\"slot\": %u, ", first ? "" : ",", slot);
		write_sums(&sums);
		fputs("}", out);
		first = false;
	}
	fputs("]", out);
}

static void write_ranges(const struct view *view)
{
	fputs("\"ranges\": [", out);
	for (unsigned int i = 0; i < view->count; i++)
		fprintf(out, "%s\n  {\"slot\": %" PRIu64 ", \"start\": \"%#" PRIx64
			"\", \"end\": \"%#" PRIx64 "\"}", i ? "," : "",
			view->range[i].slot, view->range[i].start, view->range[i].end);
	fputs("]", out);
}

/* Names of devices are the only text that comes from elsewhere. */
static void write_string(const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void write_site(const struct tally *t)
{
	const struct site *s = t->site;

	fputs("  {", out);
	if (t->slot == OUTSIDE_SLOT)
		fputs("\"slot\": null, \"offset\": null", out);
	else
		fprintf(out, "\"slot\": %" PRIu64 ", \"offset\": \"%#" PRIx64 "\"",
			t->slot, s->vaddr - t->start);
	fprintf(out, ", \"address\": \"%#" PRIx64 "\", \"instruction\": \"0x%08" PRIx32
		"\", \"device\": ", s->vaddr, s->word);
	write_string(t->device ? t->device : "");
	fputs(", ", out);
	fprintf(out, "\"matched\": %" PRIu64 ", \"mismatched\": %" PRIu64
		", \"unacceptable\": %" PRIu64, get(&t->verdict[MATCHED]),
		get(&t->verdict[MISMATCHED]), get(&t->verdict[UNACCEPTABLE]));
	if (get(&t->wrong))
		fprintf(out, ",\n   \"wrong\": %" PRIu64 ", \"first_wrong\": {\"sprg0\": \"0x%016"
			PRIx64 "\", \"vcpu\": %u, \"target\": \"%#" PRIx64
			"\"}, \"last_wrong_sprg0\": \"0x%016" PRIx64 "\"", get(&t->wrong),
			t->first_wrong.sprg0, t->first_wrong.vcpu, t->first_wrong.vaddr,
			get(&t->last_wrong_sprg0));
	fputs("}", out);
}

static void write_sites(void)
{
	GPtrArray *all = site_all_tallies();

	fputs("\"sites\": [", out);
	for (guint i = 0; i < all->len; i++) {
		fputs(i ? ",\n" : "\n", out);
		write_site(all->pdata[i]);
	}
	fputs("]", out);
	g_ptr_array_unref(all);
}

void report_write(struct control *control)
{
	bool bad;

	fprintf(out, "{\"version\": %d, \"watched\": %u,\n", REPORT_VERSION, site_number());
	write_totals(control);
	fputs(",\n", out);
	write_slots(control);
	fputs(",\n", out);
	write_ranges(control_view(control));
	fputs(",\n", out);
	write_sites();
	fputs("}\n", out);

	bad = ferror(out);
	if (fclose(out) || bad || rename(temporary, path))
		complain("cannot write the report %s: %s: is the disk full?", path,
			 strerror(errno));
}
