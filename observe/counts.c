// SPDX-License-Identifier: GPL-2.0
/*
 * The counts. Where interrupts are masked anyway a plain increment will do; a system
 * reset or machine check whose handler makes accesses may make it lose one.
 */
#include <linux/cpumask.h>
#include <linux/seq_file.h>

#include "counts.h"

DEFINE_PER_CPU(struct svm_counts, svm_counts);

/* The sum over all CPUs of what is at @offset, in bytes, in &struct svm_counts. */
static unsigned long sum(size_t offset)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		void *counts = per_cpu_ptr(&svm_counts, cpu);

		sum += READ_ONCE(*(unsigned long *)(counts + offset));
	}
	return sum;
}

/**
 * svm_counts_hcall_errors() - how many accesses have failed with backend hcall
 *
 * Return: the sum over all CPUs.
 */
unsigned long svm_counts_hcall_errors(void)
{
	return sum(offsetof(struct svm_counts, hcall_errors));
}

/**
 * svm_counts_show() - print the sums over all CPUs, one "key: value" line each
 * @m: where to print
 */
void svm_counts_show(struct seq_file *m)
{
	static const char * const names[] = {
		"loads_8", "loads_16", "loads_32", "loads_64",
		"stores_8", "stores_16", "stores_32", "stores_64",
		"bulk_loads", "bulk_stores", "all_ones", "hcall_errors",
		"guard_loads", "guard_stores", "guard_kernel", "guard_left_unmapped",
		"guard_left_foreign", "guard_left_refused", "guard_left_instruction",
		"guard_user_loads", "guard_user_stores", "guard_user_refused",
		"guard_user_kernel", "guard_user_retried",
	};
	unsigned int i;

	BUILD_BUG_ON(sizeof(struct svm_counts) != ARRAY_SIZE(names) * sizeof(unsigned long));
	for (i = 0; i < ARRAY_SIZE(names); i++)
		seq_printf(m, "%s: %lu\n", names[i], sum(i * sizeof(unsigned long)));
}
