/* SPDX-License-Identifier: GPL-2.0 */
/* Programs that have mapped a BAR: what becomes of their accesses. */
#ifndef _SVM_GUARD_USER_H
#define _SVM_GUARD_USER_H

#include <linux/mm.h>
#include <linux/types.h>

struct pt_regs;

/**
 * enum svm_user - what becomes of a fault at a program's address
 * @SVM_USER_LEFT: none of the guard's: the kernel is to see to it
 * @SVM_USER_HANDLED: what is in the registers is to be gone on with
 * @SVM_USER_FAILED: the kernel made it for a program, and is to be told that it cannot be
 */
enum svm_user {
	SVM_USER_LEFT,
	SVM_USER_HANDLED,
	SVM_USER_FAILED,
};

/* Is this a mapping that would be copied on write? One of a file only to be read is none. */
static inline bool svm_user_is_private(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

extern bool svm_user_seen;

enum svm_user svm_user_fault(struct pt_regs *regs, struct pt_regs *entry, unsigned long addr,
			     unsigned long dsisr);
pte_t *svm_user_leaf(struct mm_struct *mm, unsigned long addr, spinlock_t **lock);
bool svm_user_is_guarded(struct mm_struct *mm, unsigned long addr);
unsigned long svm_user_closed(unsigned long pte);
void svm_user_emulate(bool emulate);

#endif /* _SVM_GUARD_USER_H */
