/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/debug/svm_mmio */
#ifndef _SVM_MMIO_DEBUGFS_H
#define _SVM_MMIO_DEBUGFS_H

struct dentry;

struct dentry *svm_debugfs_init(void);
void svm_debugfs_exit(void);

#endif /* _SVM_MMIO_DEBUGFS_H */
