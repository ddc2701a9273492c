// SPDX-License-Identifier: GPL-2.0
/* What is said of an input that did not do what it had to. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* So many are told; the first is what matters. */
#define MAX_FAILURES	3

uint64_t seed;
const char *phase_name = "start";
uint64_t input_number;

static unsigned int failure_count;

/* @text as a format of printf(1), shortened: it can be typed to try it again. */
const char *printable(const char *text, size_t len)
{
	static char out[4 * 300 + 40];
	size_t i, used = 0;

	for (i = 0; i < len && i < 300; i++) {
		unsigned char c = text[i];

		if (c >= ' ' && c < 0x7f && !strchr("\\%'", c))
			out[used++] = c;
		else
			used += sprintf(out + used, "\\%03o", c);
	}
	if (i < len)
		sprintf(out + used, "... (%zu bytes)", len);
	else
		out[used] = 0;
	return out;
}

/* What a system call returned: a number, or what it is as an errno. */
const char *error_name(long result)
{
	static char number[2][24];
	static unsigned int which;

	if (result < 0)
		return strerrorname_np(-result);
	which ^= 1;
	sprintf(number[which], "%ld", result);
	return number[which];
}

void failed(const char *fmt, ...)
{
	va_list args;

	printf("FAILED seed 0x%llx %s input %llu: ", (unsigned long long)seed, phase_name,
	       (unsigned long long)input_number);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	if (++failure_count >= MAX_FAILURES)
		exit(1);
}

void die(const char *fmt, ...)
{
	va_list args;

	printf("fuzz cannot go on, %s: ", strerror(errno));
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	exit(2);
}

unsigned int failures(void)
{
	return failure_count;
}
