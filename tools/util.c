// SPDX-License-Identifier: GPL-2.0
/* Memory, messages, colours, progress. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#define BAR_WIDTH	30

struct options options;

static void *or_die(void *memory)
{
	if (!memory) {
		fputs("svm-mmio: out of memory\n", stderr);
		exit(EXIT_CANNOT);
	}
	return memory;
}

char *format(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return or_die(text);
}

char *copy(const char *text)
{
	return or_die(strdup(text));
}

void *resize(void *old, size_t count, size_t size)
{
	return or_die(reallocarray(old, count ? count : 1, size));
}

void *zeroed(size_t count, size_t size)
{
	return or_die(calloc(count ? count : 1, size));
}

static void vcomplain(const char *fmt, va_list args)
{
	fflush(stdout);
	fputs("svm-mmio: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void complain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vcomplain(fmt, args);
	va_end(args);
}

int usage_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vcomplain(fmt, args);
	va_end(args);
	fputs("svm-mmio --help lists the commands and their options.\n", stderr);
	return EXIT_USAGE;
}

const char *red(void)
{
	return options.colour ? "\033[31m" : "";
}

const char *green(void)
{
	return options.colour ? "\033[32m" : "";
}

const char *yellow(void)
{
	return options.colour ? "\033[33m" : "";
}

const char *bold(void)
{
	return options.colour ? "\033[1m" : "";
}

const char *plain(void)
{
	return options.colour ? "\033[0m" : "";
}

void progress(const char *what, size_t done, size_t total)
{
	size_t filled = total ? done * BAR_WIDTH / total : 0;
	size_t i;

	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%s [", what);
	for (i = 0; i < BAR_WIDTH; i++)
		fputc(i < filled ? '#' : '.', stderr);
	fprintf(stderr, "] %zu/%zu\033[K", done, total);
	fflush(stderr);
}

void progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

void sort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	if (count)
		qsort(base, count, size, compare);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}
