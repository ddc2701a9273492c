/* SPDX-License-Identifier: GPL-2.0 */
/* The self-test, as the rest of the module sees it. */
#ifndef _SVM_SELFTEST_H
#define _SVM_SELFTEST_H

struct dentry;

#ifdef SVM_MMIO_SELFTEST
int svm_selftest_init(struct dentry *debugfs);
void svm_selftest_exit(void);
#else
static inline int svm_selftest_init(struct dentry *debugfs)
{
	return 0;
}

static inline void svm_selftest_exit(void)
{
}
#endif

#endif /* _SVM_SELFTEST_H */
