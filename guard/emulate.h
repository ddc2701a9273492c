/* SPDX-License-Identifier: GPL-2.0 */
/* A guarded access that has faulted: made as its instruction asks. */
#ifndef _SVM_GUARD_EMULATE_H
#define _SVM_GUARD_EMULATE_H

#include <linux/types.h>

struct pt_regs;

bool svm_guard_emulate(struct pt_regs *regs, struct pt_regs *entry, unsigned long addr,
		       unsigned long dsisr);

#endif /* _SVM_GUARD_EMULATE_H */
