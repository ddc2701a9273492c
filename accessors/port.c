// SPDX-License-Identifier: GPL-2.0
/*
 * What is left of port accessors, and of those that take a cookie for either memory or
 * a port, once svm_mmio.h has sent accesses of one register in memory their own way.
 */
#include <linux/export.h>
#include <linux/io.h>
#include <linux/swab.h>

#include "compat/compat.h"
#include "svm_mmio.h"

#define DEF_PORT_INS(name, reads)						\
void __svm_##name(unsigned long port, void *buf, unsigned long count)		\
{										\
	if (unlikely(__svm_port_hook(name)))					\
		__svm_port_hook(name)(port, buf, count);			\
	else									\
		__svm_##reads(svm_port_address(port), buf, count);		\
}										\
EXPORT_SYMBOL_GPL(__svm_##name)

#define DEF_PORT_OUTS(name, writes)						\
void __svm_##name(unsigned long port, const void *buf, unsigned long count)	\
{										\
	if (unlikely(__svm_port_hook(name)))					\
		__svm_port_hook(name)(port, buf, count);			\
	else									\
		__svm_##writes(svm_port_address(port), buf, count);		\
}										\
EXPORT_SYMBOL_GPL(__svm_##name)

DEF_PORT_INS(insb, readsb);
DEF_PORT_INS(insw, readsw);
DEF_PORT_INS(insl, readsl);
DEF_PORT_OUTS(outsb, writesb);
DEF_PORT_OUTS(outsw, writesw);
DEF_PORT_OUTS(outsl, writesl);

/* What is neither memory nor a port, the kernel's own accessor complains of. */
static bool is_port(const volatile void __iomem *addr)
{
	return !svm_is_memory(addr) && (__force unsigned long)addr > PIO_OFFSET;
}

static unsigned long port_of(const volatile void __iomem *addr)
{
	return (__force unsigned long)addr & PIO_MASK;
}

#define DEF_IOREAD(name, type, port, kernel)					\
type __svm_##name(const volatile void __iomem *addr)				\
{										\
	if (is_port(addr))							\
		return port;							\
	return kernel((const void __iomem *)addr);				\
}										\
EXPORT_SYMBOL_GPL(__svm_##name)

#define DEF_IOWRITE(name, type, port, kernel)					\
void __svm_##name(type val, volatile void __iomem *addr)			\
{										\
	if (is_port(addr))							\
		port;								\
	else									\
		kernel(val, (void __iomem *)addr);				\
}										\
EXPORT_SYMBOL_GPL(__svm_##name)

DEF_IOREAD(ioread8, unsigned int, svm_inb(port_of(addr)), ioread8);
DEF_IOREAD(ioread16, unsigned int, svm_inw(port_of(addr)), ioread16);
DEF_IOREAD(ioread16be, unsigned int, swab16(svm_inw(port_of(addr))), ioread16be);
DEF_IOREAD(ioread32, unsigned int, svm_inl(port_of(addr)), ioread32);
DEF_IOREAD(ioread32be, unsigned int, swab32(svm_inl(port_of(addr))), ioread32be);

DEF_IOWRITE(iowrite8, u8, svm_outb(val, port_of(addr)), iowrite8);
DEF_IOWRITE(iowrite16, u16, svm_outw(val, port_of(addr)), iowrite16);
DEF_IOWRITE(iowrite16be, u16, svm_outw(swab16(val), port_of(addr)), iowrite16be);
DEF_IOWRITE(iowrite32, u32, svm_outl(val, port_of(addr)), iowrite32);
DEF_IOWRITE(iowrite32be, u32, svm_outl(swab32(val), port_of(addr)), iowrite32be);

/* A port has 32 bits at most: two accesses, in the order that the name says. */
static u64 port_read64(unsigned long port, bool low_first)
{
	u64 low, high;

	if (low_first) {
		low = svm_inl(port);
		high = svm_inl(port + 4);
	} else {
		high = svm_inl(port + 4);
		low = svm_inl(port);
	}
	return low | high << 32;
}

/* Big-endian: the low half is at the higher port. */
static u64 port_read64be(unsigned long port, bool low_first)
{
	return swab64(port_read64(port, !low_first));
}

static void port_write64(u64 val, unsigned long port, bool low_first)
{
	if (low_first) {
		svm_outl(val, port);
		svm_outl(val >> 32, port + 4);
	} else {
		svm_outl(val >> 32, port + 4);
		svm_outl(val, port);
	}
}

static void port_write64be(u64 val, unsigned long port, bool low_first)
{
	port_write64(swab64(val), port, !low_first);
}

/* No kernel has all of these; what it says of a bad cookie does not depend on the width. */
static u64 bad_read64(const void __iomem *addr)
{
	ioread32(addr);
	return ~0ULL;
}

DEF_IOREAD(ioread64_lo_hi, u64, port_read64(port_of(addr), true), bad_read64);
DEF_IOREAD(ioread64_hi_lo, u64, port_read64(port_of(addr), false), bad_read64);
DEF_IOREAD(ioread64be_lo_hi, u64, port_read64be(port_of(addr), true), bad_read64);
DEF_IOREAD(ioread64be_hi_lo, u64, port_read64be(port_of(addr), false), bad_read64);

DEF_IOWRITE(iowrite64_lo_hi, u64, port_write64(val, port_of(addr), true), iowrite32);
DEF_IOWRITE(iowrite64_hi_lo, u64, port_write64(val, port_of(addr), false), iowrite32);
DEF_IOWRITE(iowrite64be_lo_hi, u64, port_write64be(val, port_of(addr), true), iowrite32);
DEF_IOWRITE(iowrite64be_hi_lo, u64, port_write64be(val, port_of(addr), false), iowrite32);

#define DEF_IOREAD_REP(name, reads, ins)					\
void __svm_##name(const volatile void __iomem *addr, void *buf,			\
		  unsigned long count)						\
{										\
	if (svm_is_memory(addr))						\
		__svm_##reads(addr, buf, count);				\
	else if (is_port(addr))							\
		__svm_##ins(port_of(addr), buf, count);				\
	else									\
		name((const void __iomem *)addr, buf, count);			\
}										\
EXPORT_SYMBOL_GPL(__svm_##name)

#define DEF_IOWRITE_REP(name, writes, outs)					\
void __svm_##name(volatile void __iomem *addr, const void *buf,		\
		  unsigned long count)						\
{										\
	if (svm_is_memory(addr))						\
		__svm_##writes(addr, buf, count);				\
	else if (is_port(addr))							\
		__svm_##outs(port_of(addr), buf, count);			\
	else									\
		name((void __iomem *)addr, buf, count);				\
}										\
EXPORT_SYMBOL_GPL(__svm_##name)

DEF_IOREAD_REP(ioread8_rep, readsb, insb);
DEF_IOREAD_REP(ioread16_rep, readsw, insw);
DEF_IOREAD_REP(ioread32_rep, readsl, insl);
DEF_IOWRITE_REP(iowrite8_rep, writesb, outsb);
DEF_IOWRITE_REP(iowrite16_rep, writesw, outsw);
DEF_IOWRITE_REP(iowrite32_rep, writesl, outsl);
