/* SPDX-License-Identifier: GPL-2.0 */
/* A guarded access that has faulted: made as its instruction asks. */
#ifndef _SVM_GUARD_EMULATE_H
#define _SVM_GUARD_EMULATE_H

#include <linux/types.h>

struct instruction_op;
struct pt_regs;
struct svm_place;

bool svm_guard_emulate(struct pt_regs *regs, struct pt_regs *entry, unsigned long addr,
		       unsigned long dsisr);
void svm_guard_get_registers(struct pt_regs *regs, struct pt_regs *entry);
bool svm_guard_can_put(struct pt_regs *regs, struct pt_regs *entry);
void svm_guard_perform(struct pt_regs *regs, struct pt_regs *entry, unsigned long addr,
		       const struct svm_place *place, const struct instruction_op *op);

#endif /* _SVM_GUARD_EMULATE_H */
