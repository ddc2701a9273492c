// SPDX-License-Identifier: GPL-2.0
/* The accessors under test, and the kernel function each is compared with. */
#include <linux/io.h>
#include <linux/kernel.h>

#include "../svm_mmio.h"
#include "../svm_mmio_compat.h"
#include "ops.h"

/*
 * The type of the address differs between the families (void, u8, u16, ...), and
 * so does the order of arguments of the stores: small functions even them out.
 */
#define LOAD(name)							\
static u64 load_##name(const void __iomem *addr)			\
{									\
	return svm_##name(addr);					\
}

#define STORE_VALUE_FIRST(name)						\
static void store_##name(void __iomem *addr, u64 val)			\
{									\
	svm_##name(val, addr);						\
}

#define STORE_ADDRESS_FIRST(name)					\
static void store_##name(void __iomem *addr, u64 val)			\
{									\
	svm_##name(addr, val);						\
}

#define KERNEL_LOAD(name)						\
static u64 kernel_##name(const void __iomem *addr)			\
{									\
	return name(addr);						\
}

#define KERNEL_STORE(name)						\
static void kernel_##name(void __iomem *addr, u64 val)			\
{									\
	name(val, addr);						\
}

LOAD(readb)
LOAD(readw)
LOAD(readl)
LOAD(readq)
LOAD(in_8)
LOAD(in_le16)
LOAD(in_be16)
LOAD(in_le32)
LOAD(in_be32)
LOAD(in_le64)
LOAD(in_be64)

STORE_VALUE_FIRST(writeb)
STORE_VALUE_FIRST(writew)
STORE_VALUE_FIRST(writel)
STORE_VALUE_FIRST(writeq)
STORE_ADDRESS_FIRST(out_8)
STORE_ADDRESS_FIRST(out_le16)
STORE_ADDRESS_FIRST(out_be16)
STORE_ADDRESS_FIRST(out_le32)
STORE_ADDRESS_FIRST(out_be32)
STORE_ADDRESS_FIRST(out_le64)
STORE_ADDRESS_FIRST(out_be64)

/* Out of line in the kernel image on ppc64 (lib/iomap.c); one access each. */
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

#define LOAD_OP(name, bytes, be, kernel) { #name, bytes, be, load_##name, kernel_##kernel }
#define STORE_OP(name, bytes, be, kernel) { #name, bytes, be, store_##name, kernel_##kernel }

/* svm_load_op_find() gives the first that fits: the driver API before the low-level one. */
const struct svm_load_op svm_load_ops[] = {
	LOAD_OP(readb, 1, false, ioread8),
	LOAD_OP(readw, 2, false, ioread16),
	LOAD_OP(readl, 4, false, ioread32),
	LOAD_OP(readq, 8, false, __ioread64_lo_hi),
	LOAD_OP(in_8, 1, false, ioread8),
	LOAD_OP(in_le16, 2, false, ioread16),
	LOAD_OP(in_be16, 2, true, ioread16be),
	LOAD_OP(in_le32, 4, false, ioread32),
	LOAD_OP(in_be32, 4, true, ioread32be),
	LOAD_OP(in_le64, 8, false, __ioread64_lo_hi),
	LOAD_OP(in_be64, 8, true, __ioread64be_lo_hi),
};

const unsigned int svm_load_op_count = ARRAY_SIZE(svm_load_ops);

const struct svm_store_op svm_store_ops[] = {
	STORE_OP(writeb, 1, false, iowrite8),
	STORE_OP(writew, 2, false, iowrite16),
	STORE_OP(writel, 4, false, iowrite32),
	STORE_OP(writeq, 8, false, __iowrite64_lo_hi),
	STORE_OP(out_8, 1, false, iowrite8),
	STORE_OP(out_le16, 2, false, iowrite16),
	STORE_OP(out_be16, 2, true, iowrite16be),
	STORE_OP(out_le32, 4, false, iowrite32),
	STORE_OP(out_be32, 4, true, iowrite32be),
	STORE_OP(out_le64, 8, false, __iowrite64_lo_hi),
	STORE_OP(out_be64, 8, true, __iowrite64be_lo_hi),
};

const unsigned int svm_store_op_count = ARRAY_SIZE(svm_store_ops);

/* A single byte has no order: either is the same accessor. */
const struct svm_load_op *svm_load_op_find(unsigned int bytes, bool big_endian)
{
	const struct svm_load_op *op;

	for_each_load_op(op)
		if (op->bytes == bytes && (op->big_endian == big_endian || bytes == 1))
			return op;
	return NULL;
}

const struct svm_store_op *svm_store_op_find(unsigned int bytes, bool big_endian)
{
	const struct svm_store_op *op;

	for_each_store_op(op)
		if (op->bytes == bytes && (op->big_endian == big_endian || bytes == 1))
			return op;
	return NULL;
}
