// SPDX-License-Identifier: GPL-2.0
/* A BAR that the self-test has claimed: what all its users share. */
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "bar.h"
#include "ktap.h"
#include "observe/limit.h"

static DEFINE_SVM_LIMIT(notices);

/* Tells the user what was wrong with the input; the errno alone does not. */
void svm_bar_notice(const struct svm_bar *bar, const char *fmt, ...)
{
	struct va_format text = { .fmt = fmt };
	va_list args;

	if (!__ratelimit(&notices))
		return;
	va_start(args, fmt);
	text.va = &args;
	pr_notice("%s: %pV\n", bar->name, &text);
	va_end(args);
}

void svm_bar_release(struct kref *ref)
{
	struct svm_bar *bar = container_of(ref, struct svm_bar, ref);

	svm_ktap_free(bar->results);
	mutex_destroy(&bar->lock);
	kfree(bar);
}
