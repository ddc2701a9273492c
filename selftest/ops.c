// SPDX-License-Identifier: GPL-2.0
/* The accessors under test, and the kernel function each is compared with. */
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/uaccess.h>

#include "compat/compat.h"
#include "svm_mmio.h"
#include "ops.h"

/*
 * The type of the address differs between the families (void, u8, u16, ...), and
 * so does the order of arguments of the stores: small functions even them out.
 */
#define LOAD(name)									\
static u64 load_##name(const void __iomem *addr)					\
{											\
	return svm_##name(addr);							\
}

#define STORE_VALUE_FIRST(name)								\
static void store_##name(void __iomem *addr, u64 val)					\
{											\
	svm_##name(val, addr);								\
}

#define STORE_ADDRESS_FIRST(name)							\
static void store_##name(void __iomem *addr, u64 val)					\
{											\
	svm_##name(addr, val);								\
}

#define KERNEL_LOAD(name)								\
static u64 kernel_##name(const void __iomem *addr)					\
{											\
	return name(addr);								\
}

#define KERNEL_STORE(name)								\
static void kernel_##name(void __iomem *addr, u64 val)					\
{											\
	name(val, addr);								\
}

#define PORT_LOAD(name)									\
static u64 load_##name(const void __iomem *addr)					\
{											\
	return svm_##name(svm_port_number(addr));					\
}

#define PORT_STORE(name)								\
static void store_##name(void __iomem *addr, u64 val)					\
{											\
	svm_##name(val, svm_port_number(addr));						\
}

#define STRING(in_name, out_name)							\
static void in_##in_name(const void __iomem *addr, void *buf, unsigned int count)	\
{											\
	svm_##in_name(addr, buf, count);						\
}											\
											\
static void out_##in_name(void __iomem *addr, const void *buf, unsigned int count)	\
{											\
	svm_##out_name(addr, buf, count);						\
}

#define PORT_STRING(in_name, out_name)							\
static void in_##in_name(const void __iomem *addr, void *buf, unsigned int count)	\
{											\
	svm_##in_name(svm_port_number(addr), buf, count);				\
}											\
											\
static void out_##in_name(void __iomem *addr, const void *buf, unsigned int count)	\
{											\
	svm_##out_name(svm_port_number(addr), buf, count);				\
}

LOAD(readb)
LOAD(readw)
LOAD(readl)
LOAD(readq)
LOAD(readw_be)
LOAD(readl_be)
LOAD(readq_be)
LOAD(readb_relaxed)
LOAD(readw_relaxed)
LOAD(readl_relaxed)
LOAD(readq_relaxed)
LOAD(in_8)
LOAD(in_le16)
LOAD(in_be16)
LOAD(in_le32)
LOAD(in_be32)
LOAD(in_le64)
LOAD(in_be64)
LOAD(__raw_readb)
LOAD(__raw_readw)
LOAD(__raw_readl)
LOAD(__raw_readq)
LOAD(ioread8)
LOAD(ioread16)
LOAD(ioread16be)
LOAD(ioread32)
LOAD(ioread32be)
LOAD(ioread64_lo_hi)
LOAD(ioread64_hi_lo)
LOAD(ioread64be_lo_hi)
LOAD(ioread64be_hi_lo)
LOAD(ioread64)
LOAD(ioread64be)
PORT_LOAD(inb)
PORT_LOAD(inw)
PORT_LOAD(inl)
PORT_LOAD(inb_p)
PORT_LOAD(inw_p)
PORT_LOAD(inl_p)

STORE_VALUE_FIRST(writeb)
STORE_VALUE_FIRST(writew)
STORE_VALUE_FIRST(writel)
STORE_VALUE_FIRST(writeq)
STORE_VALUE_FIRST(writew_be)
STORE_VALUE_FIRST(writel_be)
STORE_VALUE_FIRST(writeq_be)
STORE_VALUE_FIRST(writeb_relaxed)
STORE_VALUE_FIRST(writew_relaxed)
STORE_VALUE_FIRST(writel_relaxed)
STORE_VALUE_FIRST(writeq_relaxed)
STORE_ADDRESS_FIRST(out_8)
STORE_ADDRESS_FIRST(out_le16)
STORE_ADDRESS_FIRST(out_be16)
STORE_ADDRESS_FIRST(out_le32)
STORE_ADDRESS_FIRST(out_be32)
STORE_ADDRESS_FIRST(out_le64)
STORE_ADDRESS_FIRST(out_be64)
STORE_VALUE_FIRST(__raw_writeb)
STORE_VALUE_FIRST(__raw_writew)
STORE_VALUE_FIRST(__raw_writel)
STORE_VALUE_FIRST(__raw_writeq)
STORE_VALUE_FIRST(__raw_writeq_be)
STORE_VALUE_FIRST(iowrite8)
STORE_VALUE_FIRST(iowrite16)
STORE_VALUE_FIRST(iowrite16be)
STORE_VALUE_FIRST(iowrite32)
STORE_VALUE_FIRST(iowrite32be)
STORE_VALUE_FIRST(iowrite64_lo_hi)
STORE_VALUE_FIRST(iowrite64_hi_lo)
STORE_VALUE_FIRST(iowrite64be_lo_hi)
STORE_VALUE_FIRST(iowrite64be_hi_lo)
STORE_VALUE_FIRST(iowrite64)
STORE_VALUE_FIRST(iowrite64be)
PORT_STORE(outb)
PORT_STORE(outw)
PORT_STORE(outl)
PORT_STORE(outb_p)
PORT_STORE(outw_p)
PORT_STORE(outl_p)

STRING(readsb, writesb)
STRING(readsw, writesw)
STRING(readsl, writesl)
STRING(readsq, writesq)
STRING(ioread8_rep, iowrite8_rep)
STRING(ioread16_rep, iowrite16_rep)
STRING(ioread32_rep, iowrite32_rep)
PORT_STRING(insb, outsb)
PORT_STRING(insw, outsw)
PORT_STRING(insl, outsl)

/* What each is compared with: functions of the kernel image, which make one access each. */
#ifndef ioread8
KERNEL_LOAD(ioread8)
KERNEL_LOAD(ioread16)
KERNEL_LOAD(ioread16be)
KERNEL_LOAD(ioread32)
KERNEL_LOAD(ioread32be)
KERNEL_LOAD(__ioread64_lo_hi)
KERNEL_LOAD(__ioread64be_lo_hi)

KERNEL_STORE(iowrite8)
KERNEL_STORE(iowrite16)
KERNEL_STORE(iowrite16be)
KERNEL_STORE(iowrite32)
KERNEL_STORE(iowrite32be)
KERNEL_STORE(__iowrite64_lo_hi)
KERNEL_STORE(__iowrite64be_lo_hi)
#else
/*
 * Here those are inline, so the access would be one of this module's text. The image has
 * these, for one element or more.
 */
#define KERNEL_INS(name, type, ins)							\
static u64 kernel_##name(const void __iomem *addr)					\
{											\
	type val;									\
											\
	ins(addr, &val, 1);								\
	return val;									\
}

#define KERNEL_OUTS(name, type, outs)							\
static void kernel_##name(void __iomem *addr, u64 val)					\
{											\
	type element = val;								\
											\
	outs(addr, &element, 1);							\
}

#define KERNEL_BIG_LOAD(name, swab, little)						\
static u64 kernel_##name(const void __iomem *addr)					\
{											\
	return swab(kernel_##little(addr));						\
}

#define KERNEL_BIG_STORE(name, swab, little)						\
static void kernel_##name(void __iomem *addr, u64 val)					\
{											\
	kernel_##little(addr, swab(val));						\
}

/* The only function that makes a single load of 64 bits. */
static void ins_64(const void __iomem *addr, u64 *val, int one)
{
	if (copy_from_kernel_nofault(val, (__force const void *)addr, sizeof(*val)))
		*val = ~0ULL;
}

KERNEL_INS(ioread8, u8, _insb)
KERNEL_INS(ioread16, u16, _insw)
KERNEL_INS(ioread32, u32, _insl)
KERNEL_INS(__ioread64_lo_hi, u64, ins_64)
KERNEL_BIG_LOAD(ioread16be, swab16, ioread16)
KERNEL_BIG_LOAD(ioread32be, swab32, ioread32)
KERNEL_BIG_LOAD(__ioread64be_lo_hi, swab64, __ioread64_lo_hi)

KERNEL_OUTS(iowrite8, u8, _outsb)
KERNEL_OUTS(iowrite16, u16, _outsw)
KERNEL_OUTS(iowrite32, u32, _outsl)
KERNEL_OUTS(__iowrite64_lo_hi, u64, __iowrite64_copy)
KERNEL_BIG_STORE(iowrite16be, swab16, iowrite16)
KERNEL_BIG_STORE(iowrite32be, swab32, iowrite32)
KERNEL_BIG_STORE(__iowrite64be_lo_hi, swab64, __iowrite64_lo_hi)
#endif

#define LOAD_OP(name, spaces, bytes, be, kernel)					\
	{ #name, spaces, bytes, be, load_##name, kernel_##kernel }
#define STORE_OP(name, spaces, bytes, be, kernel)					\
	{ #name, spaces, bytes, be, false, store_##name, kernel_##kernel }
#define RAW_STORE_OP(name, bytes, be, kernel)						\
	{ #name, SVM_MEMORY, bytes, be, true, store_##name, kernel_##kernel }
#define STRING_OP(name, spaces, bytes)	{ #name, spaces, bytes, in_##name, out_##name }

/* Accessors in each table that work only on ports; they come last. */
#define PORT_ONLY	6

/*
 * svm_load_op_find() gives the first that fits: the driver API before the low-level
 * one. A 64-bit accessor makes two accesses to a port: tested in case_values.c only
 * where it makes one.
 */
const struct svm_load_op svm_load_ops[] = {
	LOAD_OP(readb, SVM_MEMORY, 1, false, ioread8),
	LOAD_OP(readw, SVM_MEMORY, 2, false, ioread16),
	LOAD_OP(readl, SVM_MEMORY, 4, false, ioread32),
	LOAD_OP(readq, SVM_MEMORY, 8, false, __ioread64_lo_hi),
	LOAD_OP(readw_be, SVM_MEMORY, 2, true, ioread16be),
	LOAD_OP(readl_be, SVM_MEMORY, 4, true, ioread32be),
	LOAD_OP(readq_be, SVM_MEMORY, 8, true, __ioread64be_lo_hi),
	LOAD_OP(readb_relaxed, SVM_MEMORY, 1, false, ioread8),
	LOAD_OP(readw_relaxed, SVM_MEMORY, 2, false, ioread16),
	LOAD_OP(readl_relaxed, SVM_MEMORY, 4, false, ioread32),
	LOAD_OP(readq_relaxed, SVM_MEMORY, 8, false, __ioread64_lo_hi),
	LOAD_OP(in_8, SVM_MEMORY, 1, false, ioread8),
	LOAD_OP(in_le16, SVM_MEMORY, 2, false, ioread16),
	LOAD_OP(in_be16, SVM_MEMORY, 2, true, ioread16be),
	LOAD_OP(in_le32, SVM_MEMORY, 4, false, ioread32),
	LOAD_OP(in_be32, SVM_MEMORY, 4, true, ioread32be),
	LOAD_OP(in_le64, SVM_MEMORY, 8, false, __ioread64_lo_hi),
	LOAD_OP(in_be64, SVM_MEMORY, 8, true, __ioread64be_lo_hi),
	LOAD_OP(__raw_readb, SVM_MEMORY, 1, false, ioread8),
	LOAD_OP(__raw_readw, SVM_MEMORY, 2, false, ioread16),
	LOAD_OP(__raw_readl, SVM_MEMORY, 4, false, ioread32),
	LOAD_OP(__raw_readq, SVM_MEMORY, 8, false, __ioread64_lo_hi),
	LOAD_OP(ioread8, SVM_BOTH, 1, false, ioread8),
	LOAD_OP(ioread16, SVM_BOTH, 2, false, ioread16),
	LOAD_OP(ioread16be, SVM_BOTH, 2, true, ioread16be),
	LOAD_OP(ioread32, SVM_BOTH, 4, false, ioread32),
	LOAD_OP(ioread32be, SVM_BOTH, 4, true, ioread32be),
	LOAD_OP(ioread64_lo_hi, SVM_MEMORY, 8, false, __ioread64_lo_hi),
	LOAD_OP(ioread64_hi_lo, SVM_MEMORY, 8, false, __ioread64_lo_hi),
	LOAD_OP(ioread64be_lo_hi, SVM_MEMORY, 8, true, __ioread64be_lo_hi),
	LOAD_OP(ioread64be_hi_lo, SVM_MEMORY, 8, true, __ioread64be_lo_hi),
	LOAD_OP(ioread64, SVM_MEMORY, 8, false, __ioread64_lo_hi),
	LOAD_OP(ioread64be, SVM_MEMORY, 8, true, __ioread64be_lo_hi),
	LOAD_OP(inb, SVM_PORT, 1, false, ioread8),
	LOAD_OP(inw, SVM_PORT, 2, false, ioread16),
	LOAD_OP(inl, SVM_PORT, 4, false, ioread32),
	LOAD_OP(inb_p, SVM_PORT, 1, false, ioread8),
	LOAD_OP(inw_p, SVM_PORT, 2, false, ioread16),
	LOAD_OP(inl_p, SVM_PORT, 4, false, ioread32),
};

const unsigned int svm_load_op_count = ARRAY_SIZE(svm_load_ops);
const unsigned int svm_memory_load_op_count = ARRAY_SIZE(svm_load_ops) - PORT_ONLY;

const struct svm_store_op svm_store_ops[] = {
	STORE_OP(writeb, SVM_MEMORY, 1, false, iowrite8),
	STORE_OP(writew, SVM_MEMORY, 2, false, iowrite16),
	STORE_OP(writel, SVM_MEMORY, 4, false, iowrite32),
	STORE_OP(writeq, SVM_MEMORY, 8, false, __iowrite64_lo_hi),
	STORE_OP(writew_be, SVM_MEMORY, 2, true, iowrite16be),
	STORE_OP(writel_be, SVM_MEMORY, 4, true, iowrite32be),
	STORE_OP(writeq_be, SVM_MEMORY, 8, true, __iowrite64be_lo_hi),
	STORE_OP(writeb_relaxed, SVM_MEMORY, 1, false, iowrite8),
	STORE_OP(writew_relaxed, SVM_MEMORY, 2, false, iowrite16),
	STORE_OP(writel_relaxed, SVM_MEMORY, 4, false, iowrite32),
	STORE_OP(writeq_relaxed, SVM_MEMORY, 8, false, __iowrite64_lo_hi),
	STORE_OP(out_8, SVM_MEMORY, 1, false, iowrite8),
	STORE_OP(out_le16, SVM_MEMORY, 2, false, iowrite16),
	STORE_OP(out_be16, SVM_MEMORY, 2, true, iowrite16be),
	STORE_OP(out_le32, SVM_MEMORY, 4, false, iowrite32),
	STORE_OP(out_be32, SVM_MEMORY, 4, true, iowrite32be),
	STORE_OP(out_le64, SVM_MEMORY, 8, false, __iowrite64_lo_hi),
	STORE_OP(out_be64, SVM_MEMORY, 8, true, __iowrite64be_lo_hi),
	RAW_STORE_OP(__raw_writeb, 1, false, iowrite8),
	RAW_STORE_OP(__raw_writew, 2, false, iowrite16),
	RAW_STORE_OP(__raw_writel, 4, false, iowrite32),
	RAW_STORE_OP(__raw_writeq, 8, false, __iowrite64_lo_hi),
	RAW_STORE_OP(__raw_writeq_be, 8, true, __iowrite64be_lo_hi),
	STORE_OP(iowrite8, SVM_BOTH, 1, false, iowrite8),
	STORE_OP(iowrite16, SVM_BOTH, 2, false, iowrite16),
	STORE_OP(iowrite16be, SVM_BOTH, 2, true, iowrite16be),
	STORE_OP(iowrite32, SVM_BOTH, 4, false, iowrite32),
	STORE_OP(iowrite32be, SVM_BOTH, 4, true, iowrite32be),
	STORE_OP(iowrite64_lo_hi, SVM_MEMORY, 8, false, __iowrite64_lo_hi),
	STORE_OP(iowrite64_hi_lo, SVM_MEMORY, 8, false, __iowrite64_lo_hi),
	STORE_OP(iowrite64be_lo_hi, SVM_MEMORY, 8, true, __iowrite64be_lo_hi),
	STORE_OP(iowrite64be_hi_lo, SVM_MEMORY, 8, true, __iowrite64be_lo_hi),
	STORE_OP(iowrite64, SVM_MEMORY, 8, false, __iowrite64_lo_hi),
	STORE_OP(iowrite64be, SVM_MEMORY, 8, true, __iowrite64be_lo_hi),
	STORE_OP(outb, SVM_PORT, 1, false, iowrite8),
	STORE_OP(outw, SVM_PORT, 2, false, iowrite16),
	STORE_OP(outl, SVM_PORT, 4, false, iowrite32),
	STORE_OP(outb_p, SVM_PORT, 1, false, iowrite8),
	STORE_OP(outw_p, SVM_PORT, 2, false, iowrite16),
	STORE_OP(outl_p, SVM_PORT, 4, false, iowrite32),
};

const unsigned int svm_store_op_count = ARRAY_SIZE(svm_store_ops);
const unsigned int svm_memory_store_op_count = ARRAY_SIZE(svm_store_ops) - PORT_ONLY;

const struct svm_string_op svm_string_ops[] = {
	STRING_OP(readsb, SVM_MEMORY, 1),
	STRING_OP(readsw, SVM_MEMORY, 2),
	STRING_OP(readsl, SVM_MEMORY, 4),
	STRING_OP(readsq, SVM_MEMORY, 8),
	STRING_OP(ioread8_rep, SVM_BOTH, 1),
	STRING_OP(ioread16_rep, SVM_BOTH, 2),
	STRING_OP(ioread32_rep, SVM_BOTH, 4),
	STRING_OP(insb, SVM_PORT, 1),
	STRING_OP(insw, SVM_PORT, 2),
	STRING_OP(insl, SVM_PORT, 4),
};

const unsigned int svm_string_op_count = ARRAY_SIZE(svm_string_ops);

/* A single byte has no order: either is the same accessor. */
const struct svm_load_op *svm_load_op_find(unsigned int bytes, bool big_endian,
					   enum svm_space space)
{
	const struct svm_load_op *op;

	for_each_load_op(op, space)
		if (op->bytes == bytes && (op->big_endian == big_endian || bytes == 1))
			return op;
	return NULL;
}

const struct svm_store_op *svm_store_op_find(unsigned int bytes, bool big_endian,
					     enum svm_space space)
{
	const struct svm_store_op *op;

	for_each_store_op(op, space)
		if (op->bytes == bytes && (op->big_endian == big_endian || bytes == 1))
			return op;
	return NULL;
}
