/* SPDX-License-Identifier: GPL-2.0 */
/* The guard as a whole: up and down. Not every kernel can have it: Kbuild. */
#ifndef _SVM_GUARD_ORDER_H
#define _SVM_GUARD_ORDER_H

#include <linux/errno.h>
#include <linux/types.h>

struct seq_file;

#ifdef SVM_MMIO_GUARD
int svm_guard_up(const char **why);
int svm_guard_user_up(bool emulate, const char **why);
void svm_guard_down(void);
unsigned int svm_guard_mappings_found(void);
void svm_guard_order_show(struct seq_file *m);
void svm_guard_user_show(struct seq_file *m);
#else
static inline int svm_guard_up(const char **why)
{
	*why = "this kernel lacks CONFIG_DYNAMIC_FTRACE_WITH_REGS or CONFIG_PPC_RADIX_MMU";
	return -EOPNOTSUPP;
}

static inline int svm_guard_user_up(bool emulate, const char **why)
{
	return -EOPNOTSUPP;
}

static inline void svm_guard_down(void)
{
}

static inline unsigned int svm_guard_mappings_found(void)
{
	return 0;
}

static inline void svm_guard_order_show(struct seq_file *m)
{
}

static inline void svm_guard_user_show(struct seq_file *m)
{
}
#endif

#endif /* _SVM_GUARD_ORDER_H */
