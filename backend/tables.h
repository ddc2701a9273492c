/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's own page tables: from an address to what is mapped there. */
#ifndef _SVM_BACKEND_TABLES_H
#define _SVM_BACKEND_TABLES_H

#include <linux/mm_types.h>
#include <linux/types.h>
#include <asm/pgtable.h>
#include <asm/pte-walk.h>

/* What the kernel's own page tables belong to, init_mm; NULL if it is not known. */
extern struct mm_struct *svm_kernel_mm;

/**
 * svm_kernel_leaf() - the last entry of the kernel's page tables for an address
 * @addr: the address
 * @shift: set to the base-2 logarithm of the size that the entry maps
 *
 * Context: any; takes no lock.
 *
 * Return: the entry, which need not be present; NULL if there is none.
 */
static __always_inline pte_t *svm_kernel_leaf(unsigned long addr, unsigned int *shift)
{
	unsigned int huge = 0;
	pte_t *ptep = __find_linux_pte(svm_kernel_mm->pgd, addr, NULL, &huge);

	*shift = huge ?: PAGE_SHIFT;
	return ptep;
}

int svm_tables_init(void);
unsigned long svm_kernel_entry(unsigned long addr, unsigned long *physical);

#endif /* _SVM_BACKEND_TABLES_H */
