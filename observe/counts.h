/* SPDX-License-Identifier: GPL-2.0 */
/* What the accessors have done, counted on each CPU; "status" shows the sums. */
#ifndef _SVM_OBSERVE_COUNTS_H
#define _SVM_OBSERVE_COUNTS_H

#include <linux/percpu.h>

struct seq_file;

/**
 * enum svm_left - why the guard has left a fault to the kernel
 * @SVM_LEFT_UNMAPPED: nothing is mapped at its address
 * @SVM_LEFT_FOREIGN: what is mapped there is in no window of PCI
 * @SVM_LEFT_REFUSED: the mapping has never allowed the access, or it is not guarded
 * @SVM_LEFT_INSTRUCTION: an instruction that cannot be emulated
 * @SVM_LEFT_REASONS: how many reasons there are
 */
enum svm_left {
	SVM_LEFT_UNMAPPED,
	SVM_LEFT_FOREIGN,
	SVM_LEFT_REFUSED,
	SVM_LEFT_INSTRUCTION,
	SVM_LEFT_REASONS,
};

/**
 * struct svm_counts - one CPU's counts
 * @loads: by accessors of one register: of 8, 16, 32 and 64 bits
 * @stores: likewise
 * @bulk_loads: accesses by string and copy accessors
 * @bulk_stores: likewise
 * @all_ones: loads by accessors that look for it (EEH) that were all ones
 * @hcall_errors: accesses that failed with backend hcall
 * @guard_loads: loads that the guard has made
 * @guard_stores: likewise
 * @guard_kernel: of both, those of instructions of the kernel image
 * @guard_left: faults in the space for I/O that it has left to the kernel
 * @user_loads: loads that it has made for programs
 * @user_stores: likewise
 * @user_refused: accesses of programs that have got a signal instead
 * @user_kernel: accesses by the kernel for a program (read(), futex()) that have failed
 * @user_retried: faults after which a program's instruction was executed again, as locks
 *	were not free or its text was not there
 */
struct svm_counts {
	unsigned long loads[4];
	unsigned long stores[4];
	unsigned long bulk_loads;
	unsigned long bulk_stores;
	unsigned long all_ones;
	unsigned long hcall_errors;
	unsigned long guard_loads;
	unsigned long guard_stores;
	unsigned long guard_kernel;
	unsigned long guard_left[SVM_LEFT_REASONS];
	unsigned long user_loads;
	unsigned long user_stores;
	unsigned long user_refused;
	unsigned long user_kernel;
	unsigned long user_retried;
};

DECLARE_PER_CPU(struct svm_counts, svm_counts);

/* The index of a width, given in bytes, in &svm_counts.loads. */
#define SVM_WIDTH(bytes)	((bytes) == 8 ? 3 : (bytes) / 2)

unsigned long svm_counts_hcall_errors(void);
void svm_counts_show(struct seq_file *m);

#endif /* _SVM_OBSERVE_COUNTS_H */
