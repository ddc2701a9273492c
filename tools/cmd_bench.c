// SPDX-License-Identifier: GPL-2.0
/*
 * svm-mmio bench: how long a load takes, by width, with the backend that is loaded.
 *
 * Each sample is one write to the file "access": a system call, the parsing of the command
 * and the access. Where an access is an exit to a hypervisor, that is nearly all of it; a
 * backend's few instructions are not seen this way (docs/benchmarks.md has those).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "guest.h"
#include "json.h"
#include "util.h"

#define DEFAULT_COUNT	1000
#define MAX_COUNT	1000000
#define BAR_WIDTH	50

/* Four buckets to each doubling, from 2^8 ns to 2^32 ns. */
#define FIRST_BIT	8
#define BUCKETS		(4 * (32 - FIRST_BIT))

struct width {
	const char *op;
	unsigned int bits;
};

/**
 * struct series - the samples of one width on one BAR
 * @bar: the BAR
 * @width: the width
 * @ns: the samples, sorted when they are complete
 * @count: how many
 */
struct series {
	const struct bar *bar;
	const struct width *width;
	uint64_t *ns;
	size_t count;
};

/* What is harmless to read: of a device that is not known, 32 bits at offset 0. */
static const struct {
	const char *kind;
	struct width widths[4];
} harmless[] = {
	{ "pci-testdev", {
		{ "r8 0x0", 8 }, { "r16 0x0", 16 }, { "r32 0x0", 32 }, { "r64 0x0", 64 } } },
	{ "edu", { { "r32 0x0", 32 }, { "r64 0x80", 64 } } },
	{ NULL, { { "r32 0x0", 32 } } },
};

static const struct width *widths_of(const struct bar *bar)
{
	size_t i;

	for (i = 0; harmless[i].kind; i++)
		if (!strcmp(harmless[i].kind, bar->kind))
			break;
	return harmless[i].widths;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Fills in the samples; a negative errno if the module refuses. */
static int measure(struct series *s, size_t count)
{
	char *path = format("%s/access", s->bar->dir);
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = fd < 0 ? -errno : 0;

	free(path);
	s->ns = resize(NULL, count, sizeof(*s->ns));
	while (!err && s->count < count) {
		uint64_t start = now_ns();

		if (write(fd, s->width->op, strlen(s->width->op)) < 0)
			err = -errno;
		else
			s->ns[s->count++] = now_ns() - start;
	}
	if (fd >= 0)
		close(fd);
	sort(s->ns, s->count, sizeof(*s->ns), compare);
	return err;
}

static int bucket_of(uint64_t ns)
{
	int bit = ns ? 63 - __builtin_clzll(ns) : 0;
	int bucket;

	if (bit < FIRST_BIT)
		return 0;
	bucket = 4 * (bit - FIRST_BIT) + (ns >> (bit - 2) & 3);
	return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static uint64_t bucket_start(int bucket)
{
	return (4ull + bucket % 4) << (bucket / 4 + FIRST_BIT - 2);
}

static void print_time(uint64_t ns)
{
	if (ns < 10000)
		printf("%6llu ns", (unsigned long long)ns);
	else if (ns < 10000000)
		printf("%6.1f us", ns / 1e3);
	else
		printf("%6.1f ms", ns / 1e6);
}

static uint64_t percentile(const struct series *s, unsigned int percent)
{
	return s->ns[(s->count - 1) * percent / 100];
}

static void print_histogram(const struct series *s, const char *backend)
{
	size_t in[BUCKETS] = { 0 }, most = 0, i;
	int first = BUCKETS, last = 0, b, k;

	for (i = 0; i < s->count; i++) {
		b = bucket_of(s->ns[i]);
		in[b]++;
		most = in[b] > most ? in[b] : most;
		first = b < first ? b : first;
		last = b > last ? b : last;
	}
	printf("%s%s (%s), %u bits, backend %s%s: median ", bold(), s->bar->name, s->bar->kind,
	       s->width->bits, backend, plain());
	print_time(percentile(s, 50));
	printf(", 99 %% ");
	print_time(percentile(s, 99));
	putchar('\n');
	for (b = first; b <= last; b++) {
		printf("  from ");
		print_time(bucket_start(b));
		printf(" %7zu ", in[b]);
		for (k = 0; k < (int)((in[b] * BAR_WIDTH + most - 1) / most); k++)
			putchar('#');
		putchar('\n');
	}
}

static void print_csv(const struct series *s, const char *backend)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		printf("%s,%s,%s,%u,%llu\n", backend, s->bar->name, s->bar->kind, s->width->bits,
		       (unsigned long long)s->ns[i]);
}

static void print_json(const struct series *s, const char *backend)
{
	json_object(NULL);
	json_string("bar", s->bar->name);
	json_string("kind", s->bar->kind);
	json_string("backend", backend);
	json_number("bits", s->width->bits);
	json_number("count", s->count);
	json_number("min_ns", s->ns[0]);
	json_number("median_ns", percentile(s, 50));
	json_number("p99_ns", percentile(s, 99));
	json_number("max_ns", s->ns[s->count - 1]);
	json_end();
}

static char *backend_name(const char *debugfs)
{
	char *path = format("%s/status", debugfs), *text = guest_read(path);
	char *backend = text ? guest_value(text, "backend") : NULL;

	free(text);
	free(path);
	return backend ? backend : copy("?");
}

static int bench(const struct bar *bar, const char *backend, size_t count, bool csv)
{
	const struct width *widths = widths_of(bar);
	int i, err;

	for (i = 0; i < 4 && widths[i].op; i++) {
		struct series s = { .bar = bar, .width = &widths[i] };

		if (bar->ports && widths[i].bits == 64)
			continue;
		progress(bar->name, i, 4);
		err = measure(&s, count);
		progress_end();
		if (err || !s.count) {
			complain("%s, %s: %s", bar->name, widths[i].op, guest_explain(-err));
			free(s.ns);
			return EXIT_CANNOT;
		}
		if (options.json)
			print_json(&s, backend);
		else if (csv)
			print_csv(&s, backend);
		else
			print_histogram(&s, backend);
		free(s.ns);
	}
	return EXIT_OK;
}

int cmd_bench(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "csv", no_argument, NULL, 'c' },
		{ "count", required_argument, NULL, 'n' },
		{ 0 }
	};
	long count = DEFAULT_COUNT;
	int option, code = EXIT_OK;
	char *bdf = NULL, *backend, *end;
	const char *debugfs;
	struct bar *bars;
	bool csv = false;
	size_t found, i;

	while ((option = getopt_long(argc, argv, "cn:", longopts, NULL)) != -1) {
		if (option == 'c') {
			csv = true;
		} else if (option == 'n') {
			count = strtol(optarg, &end, 10);
			if (*end || count < 1 || count > MAX_COUNT)
				return usage_error("--count is 1 to %d", MAX_COUNT);
		} else {
			return usage_error("bench takes --csv and --count N");
		}
	}
	if (optind < argc) {
		bdf = guest_bdf(argv[optind]);
		if (!bdf || optind + 1 < argc)
			return usage_error("bench takes one PCI device: svm-mmio devices lists "
					   "them");
	}
	debugfs = guest_need_debugfs();
	if (!debugfs)
		return EXIT_CANNOT;
	found = guest_bars(debugfs, bdf, &bars);
	if (!found) {
		complain("the self-test holds no such device. Next: svm-mmio devices tells how "
			 "it gets one");
		return EXIT_CANNOT;
	}
	backend = backend_name(debugfs);
	if (options.json)
		json_list(NULL);
	else if (csv)
		puts("backend,bar,kind,bits,ns");
	for (i = 0; i < found && code == EXIT_OK; i++)
		code = bench(&bars[i], backend, count, csv);
	if (options.json)
		json_end();
	free(backend);
	free(bdf);
	return code;
}
