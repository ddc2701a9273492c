/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A baseline to compare with, for measurements only: the capture as the RFC of
 * July 2020 had it. It reads the instruction word from text, relative to the
 * program counter (lnia, which needs POWER9), and gives SPRG0 back, but does not
 * disable interrupts: it is wrong whenever one comes in between.
 *
 * Where there was a choice it is the cheaper one: the RFC's question to the MSR,
 * at every access, whether the guest is secure is left out, and so is, as in the
 * RFC, mmiowb_set_pending() after a store.
 */
#ifndef _SVM_BENCH_RFC_H
#define _SVM_BENCH_RFC_H

#include <linux/io.h>
#include <linux/swab.h>
#include <asm/eeh.h>
#include <asm/reg.h>

/* @sync stands where the kernel's accessor has a sync. */
#define __RFC_CAPTURE(sync, insn, distance)				\
	"	mfspr	%[saved],%[sprg0]\n"				\
	"	.machine push\n"					\
	"	.machine power9\n"					\
	"	lnia	%[word]\n"					\
	"	.machine pop\n"						\
	"	lwz	%[word]," distance "(%[word])\n"		\
	"	mtspr	%[sprg0],%[word]\n"				\
	sync								\
	"	" insn "\n"						\
	"	mtspr	%[sprg0],%[saved]\n"

#define RFC_CAPTURE(insn)	__RFC_CAPTURE("", insn, "8")
#define RFC_SYNC_CAPTURE(insn)	__RFC_CAPTURE("	sync\n", insn, "12")

#define DEF_RFC_IN(name, type, insn, operand)				\
static __always_inline type rfc_##name(const volatile void __iomem *addr) \
{									\
	unsigned long val, saved, word;					\
									\
	asm volatile(RFC_SYNC_CAPTURE(#insn " %[val]," operand)		\
		     "	twi	0,%[val],0\n"				\
		     "	isync\n"					\
		     : [val] "=r" (val), [saved] "=&r" (saved),		\
		       [word] "=&b" (word)				\
		     : [addr] "b" (addr), [sprg0] "i" (SPRN_SPRG0)	\
		     : "memory");					\
	return val;							\
}

#define DEF_RFC_OUT(name, type, insn, operand)				\
static __always_inline void rfc_##name(volatile void __iomem *addr, type val) \
{									\
	unsigned long saved, word;					\
									\
	asm volatile(RFC_SYNC_CAPTURE(#insn " %[val]," operand)		\
		     : [saved] "=&r" (saved), [word] "=&b" (word)	\
		     : [addr] "b" (addr), [val] "r" ((unsigned long)val), \
		       [sprg0] "i" (SPRN_SPRG0)				\
		     : "memory");					\
}

#define RFC_D	"0(%[addr])"
#define RFC_X	"0,%[addr]"

DEF_RFC_IN(in_8, u8, lbz, RFC_D)
DEF_RFC_IN(in_le16, u16, lhz, RFC_D)
DEF_RFC_IN(in_be16, u16, lhbrx, RFC_X)
DEF_RFC_IN(in_le32, u32, lwz, RFC_D)
DEF_RFC_IN(in_be32, u32, lwbrx, RFC_X)
DEF_RFC_IN(in_le64, u64, ld, RFC_D)

DEF_RFC_OUT(out_8, u8, stb, RFC_D)
DEF_RFC_OUT(out_le16, u16, sth, RFC_D)
DEF_RFC_OUT(out_be16, u16, sthbrx, RFC_X)
DEF_RFC_OUT(out_le32, u32, stw, RFC_D)
DEF_RFC_OUT(out_be32, u32, stwbrx, RFC_X)
DEF_RFC_OUT(out_le64, u64, std, RFC_D)

static __always_inline u64 rfc_in_be64(const volatile void __iomem *addr)
{
	return swab64(rfc_in_le64(addr));
}

static __always_inline void rfc_out_be64(volatile void __iomem *addr, u64 val)
{
	rfc_out_le64(addr, swab64(val));
}

/* As eeh_readb() and the others, and as writeb() and the others, are built on these. */
#define DEF_RFC_READ(name, in, type)					\
static __always_inline type rfc_##name(const volatile void __iomem *addr) \
{									\
	type val = rfc_##in(addr);					\
									\
	if (EEH_POSSIBLE_ERROR(val, type))				\
		eeh_check_failure(addr);				\
	return val;							\
}

#define DEF_RFC_WRITE(name, out, type)					\
static __always_inline void rfc_##name(type val, volatile void __iomem *addr) \
{									\
	rfc_##out(addr, val);						\
}

DEF_RFC_READ(readb, in_8, u8)
DEF_RFC_READ(readw, in_le16, u16)
DEF_RFC_READ(readl, in_le32, u32)
DEF_RFC_READ(readq, in_le64, u64)
DEF_RFC_READ(readw_be, in_be16, u16)
DEF_RFC_READ(readl_be, in_be32, u32)
DEF_RFC_READ(readq_be, in_be64, u64)

DEF_RFC_WRITE(writeb, out_8, u8)
DEF_RFC_WRITE(writew, out_le16, u16)
DEF_RFC_WRITE(writel, out_le32, u32)
DEF_RFC_WRITE(writeq, out_le64, u64)
DEF_RFC_WRITE(writew_be, out_be16, u16)
DEF_RFC_WRITE(writel_be, out_be32, u32)
DEF_RFC_WRITE(writeq_be, out_be64, u64)

#define rfc_port(port)		((void __iomem *)(_IO_BASE + (port)))
#define rfc_inb(port)		rfc_readb(rfc_port(port))
#define rfc_inw(port)		rfc_readw(rfc_port(port))
#define rfc_inl(port)		rfc_readl(rfc_port(port))
#define rfc_outb(val, port)	rfc_writeb(val, rfc_port(port))
#define rfc_outw(val, port)	rfc_writew(val, rfc_port(port))
#define rfc_outl(val, port)	rfc_writel(val, rfc_port(port))

/* rfc.c */
void rfc_readsb(const volatile void __iomem *addr, void *buf, unsigned long count);
void rfc_readsw(const volatile void __iomem *addr, void *buf, unsigned long count);
void rfc_readsl(const volatile void __iomem *addr, void *buf, unsigned long count);
void rfc_writesb(volatile void __iomem *addr, const void *buf, unsigned long count);
void rfc_writesw(volatile void __iomem *addr, const void *buf, unsigned long count);
void rfc_writesl(volatile void __iomem *addr, const void *buf, unsigned long count);
void rfc_memcpy_fromio(void *dest, const volatile void __iomem *src, unsigned long n);
void rfc_memcpy_toio(volatile void __iomem *dest, const void *src, unsigned long n);
void rfc_memset_io(volatile void __iomem *addr, int c, unsigned long n);

#endif /* _SVM_BENCH_RFC_H */
