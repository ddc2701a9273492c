// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own page tables: from an address to what is mapped there.
 *
 * __find_linux_pte() is exported and knows huge leaves in every kernel, which
 * vmalloc_to_page() does since 5.13 only; a large BAR is mapped by huge leaves where the
 * MMU is radix. It has to be told the tables, init_mm's, and init_mm is not exported: it
 * is learnt from the function that writes an entry, when this module has a page mapped.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/sched.h>

#include "tables.h"

/*
 * What is mapped to learn from: neither memory nor a device of a guest is here, and
 * nothing accesses it.
 */
#define NOWHERE		BIT(50)

struct mm_struct *svm_kernel_mm;
static struct task_struct *learner;

/* void set_ptes(struct mm_struct *mm, ...) */
static int learn(struct kprobe *probe, struct pt_regs *regs)
{
	if (current == learner && !svm_kernel_mm)
		svm_kernel_mm = (struct mm_struct *)regs->gpr[3];
	return 0;
}

static int map_and_learn(void)
{
	unsigned long physical;
	void __iomem *addr;
	int err = 0;

	addr = ioremap(NOWHERE, PAGE_SIZE);
	if (!addr)
		return -ENOMEM;
	/* Whatever was learnt, it has to lead where the page is. */
	if (!svm_kernel_mm || !svm_kernel_entry((__force unsigned long)addr, &physical) ||
	    physical != NOWHERE) {
		svm_kernel_mm = NULL;
		err = -EOPNOTSUPP;
	}
	iounmap(addr);
	return err;
}

/**
 * svm_tables_init() - find the kernel's page tables
 *
 * Called again it does nothing. Context: process, may sleep, at load.
 *
 * Return: 0; -EOPNOTSUPP if the kernel offers no way (it needs CONFIG_KPROBES, and that
 * kprobes and ftrace are on: a probe at a function's entry is by ftrace); -ENOMEM.
 */
int svm_tables_init(void)
{
	/* The first is of kernels from 6.7 on. */
	static const char * const writers[] = { "set_ptes", "set_pte_at" };
	unsigned int i;

	if (svm_kernel_mm)
		return 0;
	learner = current;
	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		struct kprobe probe = { .symbol_name = writers[i], .pre_handler = learn };
		int err;

		if (register_kprobe(&probe))
			continue;
		err = map_and_learn();
		unregister_kprobe(&probe);
		return err;
	}
	return -EOPNOTSUPP;
}

/**
 * svm_kernel_entry() - the entry of the kernel's page tables for an address
 * @addr: the address
 * @physical: set to the guest-physical address that it leads to, if there is one
 *
 * Context: any; takes no lock.
 *
 * Return: the bits of the entry, _PAGE_PRESENT among them; 0 if nothing is mapped there.
 */
notrace unsigned long svm_kernel_entry(unsigned long addr, unsigned long *physical)
{
	unsigned long mask;
	unsigned int shift;
	pte_t *ptep, pte;

	ptep = svm_kernel_leaf(addr, &shift);
	if (!ptep)
		return 0;
	pte = READ_ONCE(*ptep);
	if (!pte_present(pte))
		return 0;
	mask = (1UL << shift) - 1;
	*physical = (PFN_PHYS(pte_pfn(pte)) & ~mask) | (addr & mask);
	return pte_val(pte);
}

NOKPROBE_SYMBOL(svm_kernel_entry);
