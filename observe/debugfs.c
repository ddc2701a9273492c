// SPDX-License-Identifier: GPL-2.0
/*
 * What the module says of itself: debugfs files "status" and "windows".
 *
 * Both are read-only, so that they stay readable under kernel lockdown
 * (integrity). A kernel without debugfs loses these files and nothing else.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "backend/choice.h"
#include "counts.h"
#include "debugfs.h"
#include "svm_mmio_version.h"
#include "capture/table.h"

static struct dentry *root;

static int status_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "version: %s\n", SVM_MMIO_VERSION);
	seq_printf(m, "secure: %s\n", svm_guest_is_secure() ? "yes" : "no");
	seq_puts(m, "secure_by: MSR[S], bit 41\n");
	seq_printf(m, "backend: %s\n", svm_backend_name());
	seq_printf(m, "reason: %s\n", svm_backend_reason());
	seq_printf(m, "requested: %s\n", svm_backend_requested());
	seq_printf(m, "windows: %u\n", svm_windows_count());
	svm_counts_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(status);

static int windows_show(struct seq_file *m, void *unused)
{
	svm_windows_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(windows);

/**
 * svm_debugfs_init() - make the module's debugfs directory
 *
 * Return: the directory, for others to add to; an error pointer, which debugfs
 * functions accept as a parent, if there is none.
 */
struct dentry *svm_debugfs_init(void)
{
	root = debugfs_create_dir("svm_mmio", NULL);
	debugfs_create_file("status", 0444, root, NULL, &status_fops);
	debugfs_create_file("windows", 0444, root, NULL, &windows_fops);
	return root;
}

/**
 * svm_debugfs_exit() - remove the directory and all that is left in it
 */
void svm_debugfs_exit(void)
{
	debugfs_remove(root);
}
