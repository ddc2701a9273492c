/* SPDX-License-Identifier: GPL-2.0 */
/* Accesses made and checked, counted where they are made. */
#ifndef _SVM_SELFTEST_TALLY_H
#define _SVM_SELFTEST_TALLY_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "ops.h"

/**
 * struct svm_tally - accesses made by one context (a task, a timer, an IPI)
 * @base: start of the BAR
 * @accesses: loads and stores made through svm_ accessors
 * @matching: stores that pci-testdev has to count
 * @wrong: values that were not what they had to be
 * @first: the first of them
 *
 * Each context has its own, so that counting needs no atomics; they are added
 * up when all of them are quiet.
 */
struct svm_tally {
	void __iomem *base;
	u64 accesses;
	u64 matching;
	u64 wrong;
	struct {
		const char *op;
		unsigned int offset;
		u64 expected;
		u64 got;
	} first;
};

u64 svm_tally_load(struct svm_tally *tally, const struct svm_load_op *op, unsigned int offset);
void svm_tally_store(struct svm_tally *tally, const struct svm_store_op *op,
		     unsigned int offset, u64 val);
void svm_tally_expect(struct svm_tally *tally, const char *op, unsigned int offset,
		      u64 expected, u64 got);
void svm_tally_load_expect(struct svm_tally *tally, const struct svm_load_op *op,
			   unsigned int offset, u64 expected);
void svm_tally_in(struct svm_tally *tally, const struct svm_string_op *op, unsigned int offset,
		  void *buf, unsigned int count);
void svm_tally_out(struct svm_tally *tally, const struct svm_string_op *op, unsigned int offset,
		   const void *buf, unsigned int count);
void svm_tally_add(struct svm_tally *sum, const struct svm_tally *part);

#endif /* _SVM_SELFTEST_TALLY_H */
