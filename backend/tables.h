/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's own page tables: from an address to what is mapped there. */
#ifndef _SVM_BACKEND_TABLES_H
#define _SVM_BACKEND_TABLES_H

#include <linux/types.h>
#include <asm/pgtable.h>

struct mm_struct;

int svm_tables_init(void);
struct mm_struct *svm_kernel_tables(void);
pte_t *svm_kernel_leaf(unsigned long addr, unsigned int *shift);
bool svm_physical(unsigned long addr, unsigned long *physical);

#endif /* _SVM_BACKEND_TABLES_H */
