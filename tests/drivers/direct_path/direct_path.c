// SPDX-License-Identifier: GPL-2.0
/*
 * Each scalar accessor twice, the kernel's and ours, in functions that are otherwise
 * the same: tests/test_direct_path.py compares their instructions.
 */
#include <linux/module.h>

#include "svm_mmio.h"

/*
 * What is read goes to a variable: a function that returned it would have to extend it
 * once more, depending on what the compiler knows of where it came from.
 */
#define LOAD(name, type, pointee)					\
static type from_##name;						\
void kernel_##name(const volatile pointee __iomem *addr);		\
void kernel_##name(const volatile pointee __iomem *addr)		\
{									\
	WRITE_ONCE(from_##name, name(addr));				\
}									\
void direct_##name(const volatile pointee __iomem *addr);		\
void direct_##name(const volatile pointee __iomem *addr)		\
{									\
	WRITE_ONCE(from_##name, svm_##name(addr));			\
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

#define PORT_IN(name, type)						\
static type from_##name;						\
void kernel_##name(unsigned long port);					\
void kernel_##name(unsigned long port)					\
{									\
	WRITE_ONCE(from_##name, name(port));				\
}									\
void direct_##name(unsigned long port);					\
void direct_##name(unsigned long port)					\
{									\
	WRITE_ONCE(from_##name, svm_##name(port));			\
}

#define PORT_OUT(name, type)						\
void kernel_##name(type val, unsigned long port);			\
void kernel_##name(type val, unsigned long port)			\
{									\
	name(val, port);						\
}									\
void direct_##name(type val, unsigned long port);			\
void direct_##name(type val, unsigned long port)			\
{									\
	svm_##name(val, port);						\
}

#define IOREAD(name)							\
static unsigned int from_##name;					\
void kernel_##name(const void __iomem *addr);				\
void kernel_##name(const void __iomem *addr)				\
{									\
	WRITE_ONCE(from_##name, name(addr));				\
}									\
void direct_##name(const void __iomem *addr);				\
void direct_##name(const void __iomem *addr)				\
{									\
	WRITE_ONCE(from_##name, svm_##name(addr));			\
}

#define IOWRITE(name, type)						\
void kernel_##name(type val, void __iomem *addr);			\
void kernel_##name(type val, void __iomem *addr)			\
{									\
	name(val, addr);						\
}									\
void direct_##name(type val, void __iomem *addr);			\
void direct_##name(type val, void __iomem *addr)			\
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
LOAD(readw_be, u16, void)
LOAD(readl_be, u32, void)
LOAD(readq_be, u64, void)
WRITE(writeb, u8)
WRITE(writew, u16)
WRITE(writel, u32)
WRITE(writeq, u64)
WRITE(writew_be, u16)
WRITE(writel_be, u32)
WRITE(writeq_be, u64)
LOAD(__raw_readb, u8, void)
LOAD(__raw_readw, u16, void)
LOAD(__raw_readl, u32, void)
LOAD(__raw_readq, u64, void)
WRITE(__raw_writeb, u8)
WRITE(__raw_writew, u16)
WRITE(__raw_writel, u32)
WRITE(__raw_writeq, u64)
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
IOREAD(ioread8)
IOREAD(ioread16)
IOREAD(ioread16be)
IOREAD(ioread32)
IOREAD(ioread32be)
IOWRITE(iowrite8, u8)
IOWRITE(iowrite16, u16)
IOWRITE(iowrite16be, u16)
IOWRITE(iowrite32, u32)
IOWRITE(iowrite32be, u32)
PORT_IN(inb, u8)
PORT_IN(inw, u16)
PORT_IN(inl, u32)
PORT_OUT(outb, u8)
PORT_OUT(outw, u16)
PORT_OUT(outl, u32)

MODULE_DESCRIPTION("Test: what a driver's accesses compile to");
MODULE_LICENSE("GPL");
