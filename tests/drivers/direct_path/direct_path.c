// SPDX-License-Identifier: GPL-2.0
/*
 * Each scalar accessor twice, the kernel's and ours, in functions that are otherwise
 * the same: tests/test_direct_path.py compares their instructions.
 */
#include <linux/module.h>

#include "svm_mmio.h"

#define LOAD(name, type, pointee)					\
type kernel_##name(const volatile pointee __iomem *addr);		\
type kernel_##name(const volatile pointee __iomem *addr)		\
{									\
	return name(addr);						\
}									\
type direct_##name(const volatile pointee __iomem *addr);		\
type direct_##name(const volatile pointee __iomem *addr)		\
{									\
	return svm_##name(addr);					\
}

#define WRITE(name, type)						\
void kernel_##name(type val, volatile void __iomem *addr);		\
void kernel_##name(type val, volatile void __iomem *addr)		\
{									\
	name(val, addr);						\
}									\
void direct_##name(type val, volatile void __iomem *addr);		\
void direct_##name(type val, volatile void __iomem *addr)		\
{									\
	svm_##name(val, addr);						\
}

#define OUT(name, type)							\
void kernel_##name(volatile type __iomem *addr, type val);		\
void kernel_##name(volatile type __iomem *addr, type val)		\
{									\
	name(addr, val);						\
}									\
void direct_##name(volatile type __iomem *addr, type val);		\
void direct_##name(volatile type __iomem *addr, type val)		\
{									\
	svm_##name(addr, val);						\
}

LOAD(readb, u8, void)
LOAD(readw, u16, void)
LOAD(readl, u32, void)
LOAD(readq, u64, void)
WRITE(writeb, u8)
WRITE(writew, u16)
WRITE(writel, u32)
WRITE(writeq, u64)
LOAD(in_8, u8, u8)
LOAD(in_le16, u16, u16)
LOAD(in_be16, u16, u16)
LOAD(in_le32, u32, u32)
LOAD(in_be32, u32, u32)
LOAD(in_le64, u64, u64)
LOAD(in_be64, u64, u64)
OUT(out_8, u8)
OUT(out_le16, u16)
OUT(out_be16, u16)
OUT(out_le32, u32)
OUT(out_be32, u32)
OUT(out_le64, u64)
OUT(out_be64, u64)

MODULE_DESCRIPTION("Test: what a driver's accesses compile to");
MODULE_LICENSE("GPL");
