// SPDX-License-Identifier: GPL-2.0
/*
 * The bulk accessors of the baseline: the kernel's loops (arch/powerpc/kernel/io.c)
 * with a capture around every access, which is how the RFC's way would extend to
 * them. Like the kernel's they have one sync for all, and an eieio per element.
 */
#include <linux/align.h>

#include "rfc.h"

#define DEF_RFC_LOAD(insn, type)					\
static __always_inline type rfc_##insn(const volatile void __iomem *addr) \
{									\
	unsigned long val, saved, word;					\
									\
	asm volatile(RFC_CAPTURE(#insn " %[val],0(%[addr])")		\
		     : [val] "=r" (val), [saved] "=&r" (saved),		\
		       [word] "=&b" (word)				\
		     : [addr] "b" (addr), [sprg0] "i" (SPRN_SPRG0)	\
		     : "memory");					\
	return val;							\
}

#define DEF_RFC_STORE(insn, type)					\
static __always_inline void rfc_##insn(volatile void __iomem *addr, type val) \
{									\
	unsigned long saved, word;					\
									\
	asm volatile(RFC_CAPTURE(#insn " %[val],0(%[addr])")		\
		     : [saved] "=&r" (saved), [word] "=&b" (word)	\
		     : [addr] "b" (addr), [val] "r" ((unsigned long)val), \
		       [sprg0] "i" (SPRN_SPRG0)				\
		     : "memory");					\
}

DEF_RFC_LOAD(lbz, u8)
DEF_RFC_LOAD(lhz, u16)
DEF_RFC_LOAD(lwz, u32)
DEF_RFC_STORE(stb, u8)
DEF_RFC_STORE(sth, u16)
DEF_RFC_STORE(stw, u32)

static __always_inline void full_sync(void)
{
	/* Where the kernel's loops have it: before the first access, after the last one. */
	mb();
}

/* _insb() and the others */
#define DEF_RFC_READS(name, type, insn)					\
void rfc_##name(const volatile void __iomem *addr, void *buf, unsigned long count) \
{									\
	type *to = buf;							\
	type val;							\
									\
	if (!count)							\
		return;							\
	full_sync();							\
	do {								\
		val = rfc_##insn(addr);					\
		eieio();						\
		*to++ = val;						\
	} while (--count);						\
	asm volatile("twi 0,%0,0; isync" : : "r" (val));		\
}

/* _outsb() and the others */
#define DEF_RFC_WRITES(name, type, insn)				\
void rfc_##name(volatile void __iomem *addr, const void *buf, unsigned long count) \
{									\
	const type *from = buf;						\
									\
	if (!count)							\
		return;							\
	full_sync();							\
	do {								\
		rfc_##insn(addr, *from++);				\
	} while (--count);						\
	full_sync();							\
}

DEF_RFC_READS(readsb, u8, lbz)
DEF_RFC_READS(readsw, u16, lhz)
DEF_RFC_READS(readsl, u32, lwz)
DEF_RFC_WRITES(writesb, u8, stb)
DEF_RFC_WRITES(writesw, u16, sth)
DEF_RFC_WRITES(writesl, u32, stw)

static bool words(const volatile void __iomem *io, const void *ram)
{
	return IS_ALIGNED((__force unsigned long)io | (unsigned long)ram, sizeof(u32));
}

void rfc_memcpy_fromio(void *dest, const volatile void __iomem *src, unsigned long n)
{
	full_sync();
	for (; n && !words(src, dest); src++, dest++, n--) {
		*(u8 *)dest = rfc_lbz(src);
		eieio();
	}
	for (; n >= 4; src += 4, dest += 4, n -= 4) {
		*(u32 *)dest = rfc_lwz(src);
		eieio();
	}
	for (; n; src++, dest++, n--) {
		*(u8 *)dest = rfc_lbz(src);
		eieio();
	}
	full_sync();
}

void rfc_memcpy_toio(volatile void __iomem *dest, const void *src, unsigned long n)
{
	full_sync();
	for (; n && !words(dest, src); src++, dest++, n--)
		rfc_stb(dest, *(const u8 *)src);
	for (; n >= 4; src += 4, dest += 4, n -= 4)
		rfc_stw(dest, *(const u32 *)src);
	for (; n; src++, dest++, n--)
		rfc_stb(dest, *(const u8 *)src);
	full_sync();
}

void rfc_memset_io(volatile void __iomem *addr, int c, unsigned long n)
{
	u32 word = (u8)c * 0x01010101u;

	full_sync();
	for (; n && !words(addr, NULL); addr++, n--)
		rfc_stb(addr, c);
	for (; n >= 4; addr += 4, n -= 4)
		rfc_stw(addr, word);
	for (; n; addr++, n--)
		rfc_stb(addr, c);
	full_sync();
}
