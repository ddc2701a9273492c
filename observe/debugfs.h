/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/debug/svm_mmio */
#ifndef _SVM_OBSERVE_DEBUGFS_H
#define _SVM_OBSERVE_DEBUGFS_H

struct dentry;
struct seq_file;

/**
 * struct svm_shown - a file that can be read
 * @name: its name
 * @show: prints it
 */
struct svm_shown {
	const char *name;
	void (*show)(struct seq_file *m);
};

struct dentry *svm_debugfs_init(const struct svm_shown *files);
void svm_debugfs_exit(void);

#endif /* _SVM_OBSERVE_DEBUGFS_H */
