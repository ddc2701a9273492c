/* SPDX-License-Identifier: GPL-2.0 */
/* A BAR that the self-test has claimed. */
#ifndef _SVM_SELFTEST_BAR_H
#define _SVM_SELFTEST_BAR_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "device.h"
#include "ops.h"

struct dentry;
struct svm_ktap;

/**
 * struct svm_bar - one memory BAR of a claimed device
 * @ref: held by the driver while it is bound, and by every open debugfs file
 * @node: among the BARs of the device
 * @name: "0000:00:01.0 bar0", for messages
 * @index: which BAR of the device
 * @device: what is known of the device
 * @space: memory or ports
 * @big_endian: its registers are
 * @base: the mapping; valid unless @gone
 * @size: of the BAR, in bytes
 * @lock: protects everything below
 * @gone: the device is being, or has been, removed: @base must not be used. A
 *	run reads it without @lock, to stop soon
 * @running: a run is under way; it uses @base without holding @lock
 * @changed: woken when @gone or @running changes
 * @answer: what reading "access" gives
 * @results: KTAP of the last run, or NULL
 * @dir: debugfs directory; used only by files.c
 */
struct svm_bar {
	struct kref ref;
	struct list_head node;
	char name[32];
	int index;
	enum svm_device device;
	enum svm_space space;
	bool big_endian;
	void __iomem *base;
	resource_size_t size;

	struct mutex lock;	/* of what follows */
	bool gone;
	bool running;
	wait_queue_head_t changed;
	char answer[24];
	struct svm_ktap *results;

	struct dentry *dir;
};

void svm_bar_release(struct kref *ref);

static inline void svm_bar_put(struct svm_bar *bar)
{
	kref_put(&bar->ref, svm_bar_release);
}

__printf(2, 3) void svm_bar_notice(const struct svm_bar *bar, const char *fmt, ...);

/* access.c: one access, as text; the caller holds bar->lock and has checked the state. */
int svm_access(struct svm_bar *bar, char *command);

/* files.c */
void svm_bar_add_files(struct svm_bar *bar, struct dentry *parent, const char *name);
void svm_bar_remove_files(struct svm_bar *bar);

#endif /* _SVM_SELFTEST_BAR_H */
