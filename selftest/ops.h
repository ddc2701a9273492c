/* SPDX-License-Identifier: GPL-2.0 */
/* The accessors under test, as tables that a loop can walk. */
#ifndef _SVM_SELFTEST_OPS_H
#define _SVM_SELFTEST_OPS_H

#include <linux/compiler.h>
#include <linux/swab.h>
#include <linux/types.h>

/**
 * struct svm_load_op - one load accessor
 * @name: its name, without "svm_"
 * @bytes: width
 * @big_endian: the register is read as big-endian
 * @load: calls the accessor
 * @kernel: does the same through a function of the kernel image, so that the
 *	comparison also holds where module text cannot make a plain access
 */
struct svm_load_op {
	const char *name;
	u8 bytes;
	bool big_endian;
	u64 (*load)(const void __iomem *addr);
	u64 (*kernel)(const void __iomem *addr);
};

/**
 * struct svm_store_op - one store accessor
 * @name: its name, without "svm_"
 * @bytes: width
 * @big_endian: the register is written as big-endian
 * @store: calls the accessor
 * @kernel: as in &struct svm_load_op
 */
struct svm_store_op {
	const char *name;
	u8 bytes;
	bool big_endian;
	void (*store)(void __iomem *addr, u64 val);
	void (*kernel)(void __iomem *addr, u64 val);
};

extern const struct svm_load_op svm_load_ops[];
extern const unsigned int svm_load_op_count;
extern const struct svm_store_op svm_store_ops[];
extern const unsigned int svm_store_op_count;

#define for_each_load_op(op) \
	for ((op) = svm_load_ops; (op) < svm_load_ops + svm_load_op_count; (op)++)
#define for_each_store_op(op) \
	for ((op) = svm_store_ops; (op) < svm_store_ops + svm_store_op_count; (op)++)

const struct svm_load_op *svm_load_op_find(unsigned int bytes, bool big_endian);
const struct svm_store_op *svm_store_op_find(unsigned int bytes, bool big_endian);

/* Bits of a value that is @bytes wide. */
static inline u64 svm_width_mask(unsigned int bytes)
{
	return ~0ULL >> (64 - 8 * bytes);
}

static inline u64 svm_swab(u64 val, unsigned int bytes)
{
	return swab64(val) >> (64 - 8 * bytes);
}

#endif /* _SVM_SELFTEST_OPS_H */
