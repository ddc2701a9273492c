/* SPDX-License-Identifier: GPL-2.0 */
/* What all parts of the command share. */
#ifndef SVM_TOOL_UTIL_H
#define SVM_TOOL_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(n) __attribute__((format(printf, n, (n) + 1)))

/* Exit codes; svm-mmio(8) lists them. */
enum {
	EXIT_OK = 0,
	EXIT_BAD = 1,		/* a test failed, an unsafe module was found */
	EXIT_USAGE = 2,
	EXIT_CANNOT = 3,	/* what was asked for cannot be done here, now */
	EXIT_SKIPPED = 4,	/* no case of the self-test is for the devices there are */
};

/* What may be asked of every subcommand. */
struct options {
	bool json;
	bool colour;
};

extern struct options options;

/* Text in memory that the caller frees; they end the program when there is none left. */
PRINTF(1) char *format(const char *fmt, ...);
char *copy(const char *text);
void *resize(void *old, size_t count, size_t size);
void *zeroed(size_t count, size_t size);

/* "svm-mmio: ..." on stderr. What to do next belongs in it. */
PRINTF(1) void complain(const char *fmt, ...);
PRINTF(1) int usage_error(const char *fmt, ...);

/* Colours, empty strings where the output is no terminal. */
const char *red(void);
const char *green(void);
const char *yellow(void);
const char *bold(void);
const char *plain(void);

/* A bar on stderr if that is a terminal, else nothing. */
void progress(const char *what, size_t done, size_t total);
void progress_end(void);

/* qsort(), which may not be given NULL even for nothing. */
void sort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

/* Of a clock that only goes forward. */
uint64_t now_ns(void);

#endif /* SVM_TOOL_UTIL_H */
