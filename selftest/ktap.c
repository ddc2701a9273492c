// SPDX-License-Identifier: GPL-2.0
/* KTAP text, written into memory. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "ktap.h"

/* Some 20 cases with at most SVM_RUN_MAX_MESSAGES lines each fit four times over. */
#define KTAP_SIZE	(64 * 1024)

struct svm_ktap *svm_ktap_alloc(void)
{
	struct svm_ktap *ktap = kvzalloc(sizeof(*ktap) + KTAP_SIZE, GFP_KERNEL);

	if (ktap) {
		ktap->text = (char *)(ktap + 1);
		ktap->size = KTAP_SIZE;
	}
	return ktap;
}

void svm_ktap_free(struct svm_ktap *ktap)
{
	kvfree(ktap);
}

static __printf(2, 0) void ktap_vprintf(struct svm_ktap *ktap, const char *fmt, va_list args)
{
	ktap->len += vscnprintf(ktap->text + ktap->len, ktap->size - ktap->len, fmt, args);
}

static __printf(2, 3) void ktap_printf(struct svm_ktap *ktap, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ktap_vprintf(ktap, fmt, args);
	va_end(args);
}

void svm_ktap_begin(struct svm_ktap *ktap, unsigned int plan)
{
	ktap_printf(ktap, "KTAP version 1\n1..%u\n", plan);
}

void svm_ktap_comment(struct svm_ktap *ktap, const char *fmt, ...)
{
	va_list args;

	ktap_printf(ktap, "# ");
	va_start(args, fmt);
	ktap_vprintf(ktap, fmt, args);
	va_end(args);
	ktap_printf(ktap, "\n");
}

void svm_ktap_ok(struct svm_ktap *ktap, const char *name)
{
	ktap->passed++;
	ktap_printf(ktap, "ok %u %s\n", ++ktap->number, name);
}

void svm_ktap_not_ok(struct svm_ktap *ktap, const char *name)
{
	ktap->failed++;
	ktap_printf(ktap, "not ok %u %s\n", ++ktap->number, name);
}

void svm_ktap_skip(struct svm_ktap *ktap, const char *name, const char *why)
{
	ktap->skipped++;
	ktap_printf(ktap, "ok %u %s # SKIP %s\n", ++ktap->number, name, why);
}

void svm_ktap_bail_out(struct svm_ktap *ktap, const char *why)
{
	ktap_printf(ktap, "Bail out! %s\n", why);
}

/* The line that kselftest's runner adds up. */
void svm_ktap_end(struct svm_ktap *ktap)
{
	svm_ktap_comment(ktap, "Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0",
			 ktap->passed, ktap->failed, ktap->skipped);
}
