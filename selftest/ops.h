/* SPDX-License-Identifier: GPL-2.0 */
/* The accessors under test, as tables that a loop can walk. */
#ifndef _SVM_SELFTEST_OPS_H
#define _SVM_SELFTEST_OPS_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/swab.h>
#include <linux/types.h>

/**
 * enum svm_space - where a BAR is, and where an accessor works; bits
 * @SVM_MEMORY: memory space
 * @SVM_PORT: I/O space; addresses are cookies of ioport_map(), which on ppc64 are the
 *	port numbers themselves
 * @SVM_BOTH: either
 */
enum svm_space {
	SVM_MEMORY	= BIT(0),
	SVM_PORT	= BIT(1),
	SVM_BOTH	= SVM_MEMORY | SVM_PORT,
};

/**
 * struct svm_load_op - one load accessor
 * @name: its name, without "svm_"
 * @spaces: where it works
 * @bytes: width
 * @big_endian: the register is read as big-endian
 * @load: calls the accessor
 * @kernel: does the same through a function of the kernel image, so that the
 *	comparison also holds where module text cannot make a plain access
 */
struct svm_load_op {
	const char *name;
	enum svm_space spaces;
	u8 bytes;
	bool big_endian;
	u64 (*load)(const void __iomem *addr);
	u64 (*kernel)(const void __iomem *addr);
};

/**
 * struct svm_store_op - one store accessor
 * @name: its name, without "svm_"
 * @spaces: where it works
 * @bytes: width
 * @big_endian: the register is written as big-endian
 * @raw: without ordering: a spinlock's release does not wait for it
 * @store: calls the accessor
 * @kernel: as in &struct svm_load_op
 */
struct svm_store_op {
	const char *name;
	enum svm_space spaces;
	u8 bytes;
	bool big_endian;
	bool raw;
	void (*store)(void __iomem *addr, u64 val);
	void (*kernel)(void __iomem *addr, u64 val);
};

/**
 * struct svm_string_op - a pair of string accessors: many elements, one register
 * @name: name of the one that reads, without "svm_"
 * @spaces: where they work
 * @bytes: width of an element
 * @in: reads @count elements
 * @out: writes @count elements
 */
struct svm_string_op {
	const char *name;
	enum svm_space spaces;
	u8 bytes;
	void (*in)(const void __iomem *addr, void *buf, unsigned int count);
	void (*out)(void __iomem *addr, const void *buf, unsigned int count);
};

extern const struct svm_load_op svm_load_ops[];
extern const unsigned int svm_load_op_count;
extern const struct svm_store_op svm_store_ops[];
extern const unsigned int svm_store_op_count;
extern const struct svm_string_op svm_string_ops[];
extern const unsigned int svm_string_op_count;

/* Those that work only on ports come last in the tables: so many are before them. */
extern const unsigned int svm_memory_load_op_count;
extern const unsigned int svm_memory_store_op_count;

#define for_each_op(op, table, count, space)				\
	for ((op) = (table); (op) < (table) + (count); (op)++)		\
		if ((op)->spaces & (space))
#define for_each_load_op(op, space)					\
	for_each_op(op, svm_load_ops, svm_load_op_count, space)
#define for_each_store_op(op, space)					\
	for_each_op(op, svm_store_ops, svm_store_op_count, space)
#define for_each_string_op(op, space)					\
	for_each_op(op, svm_string_ops, svm_string_op_count, space)

const struct svm_load_op *svm_load_op_find(unsigned int bytes, bool big_endian,
					   enum svm_space space);
const struct svm_store_op *svm_store_op_find(unsigned int bytes, bool big_endian,
					     enum svm_space space);

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
