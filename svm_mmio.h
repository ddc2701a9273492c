/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MMIO accessors that are correct inside a Secure Virtual Machine (SVM).
 *
 * In an SVM on POWER9's Protected Execution Facility a device access raises a
 * hypervisor data storage interrupt (HDSI) that the ultravisor takes, and the
 * ultravisor has no correct way to fetch the instruction that caused it. These
 * accessors hand it over: see docs/abi.md for the contract.
 *
 * A driver includes this file and puts "svm_" before the name of the kernel
 * accessor it uses. Arguments, types, byte order and ordering are those of the
 * kernel's accessor of that name.
 */
#ifndef _SVM_MMIO_H
#define _SVM_MMIO_H

#include <linux/io.h>
#include <linux/jump_label.h>
#include <linux/types.h>

#if !defined(CONFIG_PPC64) || !defined(__LITTLE_ENDIAN__)
#error "svm_mmio supports ppc64le (64-bit little-endian) only: check KERNELDIR and CROSS_COMPILE"
#endif

/**
 * DOC: Accessors
 *
 * Each accessor is the kernel's own inline accessor behind a static key. In a
 * normal guest the key is off and the cost is one nop. With any backend other
 * than "direct" the key is on, before the first driver can call an accessor,
 * and the access is made by a function of svm_mmio.ko, with interrupts
 * soft-disabled (performance-monitor interrupts too) while SPRG0 names it.
 *
 * ============================  =====  =======  =========  ====================
 * accessor                      bits   order    captured   after a load / store
 * ============================  =====  =======  =========  ====================
 * svm_readb, svm_in_8            8     -        lbz        twi, isync
 * svm_readw, svm_in_le16        16     little   lhz        twi, isync
 * svm_in_be16                   16     big      lhbrx      twi, isync
 * svm_readl, svm_in_le32        32     little   lwz        twi, isync
 * svm_in_be32                   32     big      lwbrx      twi, isync
 * svm_readq, svm_in_le64        64     little   ld         twi, isync
 * svm_in_be64                   64     big      ld         twi, isync, then swab
 * svm_writeb, svm_out_8          8     -        stb        mmiowb_set_pending()
 * svm_writew, svm_out_le16      16     little   sth        mmiowb_set_pending()
 * svm_out_be16                  16     big      sthbrx     mmiowb_set_pending()
 * svm_writel, svm_out_le32      32     little   stw        mmiowb_set_pending()
 * svm_out_be32                  32     big      stwbrx     mmiowb_set_pending()
 * svm_writeq, svm_out_le64      64     little   std        mmiowb_set_pending()
 * svm_out_be64                  64     big      std        mmiowb_set_pending()
 * ============================  =====  =======  =========  ====================
 *
 * Ordering: a sync comes before every access, as in arch/powerpc/include/asm/io.h.
 * The twi and isync after a load keep later instructions behind it.
 *
 * Errors: svm_read{b,w,l,q} make the kernel's EEH check when the value read is
 * all ones (asm/eeh.h); svm_in_* do not, as the kernel's do not.
 *
 * Context: any, including hard interrupt context and with any lock held.
 *
 * @addr is what ioremap() or pci_iomap() of a memory BAR returned, naturally
 * aligned for the width. The value is in CPU byte order.
 */

/*
 * On for every backend except "direct". Owned by svm_mmio.ko, which decides once,
 * at load, and never changes it afterwards: drivers must not touch it.
 */
DECLARE_STATIC_KEY_FALSE(svm_mmio_out_of_line);

/*
 * The out-of-line halves, exported by svm_mmio.ko (svm_mmio_sprg0.c). Not for
 * drivers: call svm_readl() and the others below. Each takes its arguments in the
 * order of its accessor, so that the direct path shuffles no registers for it.
 */
u8 __svm_readb(const volatile void __iomem *addr);
u16 __svm_readw(const volatile void __iomem *addr);
u32 __svm_readl(const volatile void __iomem *addr);
u64 __svm_readq(const volatile void __iomem *addr);
void __svm_writeb(u8 val, volatile void __iomem *addr);
void __svm_writew(u16 val, volatile void __iomem *addr);
void __svm_writel(u32 val, volatile void __iomem *addr);
void __svm_writeq(u64 val, volatile void __iomem *addr);
u8 __svm_in_8(const volatile void __iomem *addr);
u16 __svm_in_le16(const volatile void __iomem *addr);
u16 __svm_in_be16(const volatile void __iomem *addr);
u32 __svm_in_le32(const volatile void __iomem *addr);
u32 __svm_in_be32(const volatile void __iomem *addr);
u64 __svm_in_le64(const volatile void __iomem *addr);
u64 __svm_in_be64(const volatile void __iomem *addr);
void __svm_out_8(volatile void __iomem *addr, u8 val);
void __svm_out_le16(volatile void __iomem *addr, u16 val);
void __svm_out_be16(volatile void __iomem *addr, u16 val);
void __svm_out_le32(volatile void __iomem *addr, u32 val);
void __svm_out_be32(volatile void __iomem *addr, u32 val);
void __svm_out_le64(volatile void __iomem *addr, u64 val);
void __svm_out_be64(volatile void __iomem *addr, u64 val);

#define DEF_SVM_READ(name, type)					\
static __always_inline type svm_##name(const volatile void __iomem *addr) \
{									\
	if (static_branch_unlikely(&svm_mmio_out_of_line))		\
		return __svm_##name(addr);				\
	return name(addr);						\
}

#define DEF_SVM_WRITE(name, type)					\
static __always_inline void svm_##name(type val, volatile void __iomem *addr) \
{									\
	if (static_branch_unlikely(&svm_mmio_out_of_line))		\
		__svm_##name(val, addr);				\
	else								\
		name(val, addr);					\
}

#define DEF_SVM_IN(name, type)						\
static __always_inline type svm_##name(const volatile type __iomem *addr) \
{									\
	if (static_branch_unlikely(&svm_mmio_out_of_line))		\
		return __svm_##name(addr);				\
	return name(addr);						\
}

#define DEF_SVM_OUT(name, type)						\
static __always_inline void svm_##name(volatile type __iomem *addr, type val) \
{									\
	if (static_branch_unlikely(&svm_mmio_out_of_line))		\
		__svm_##name(addr, val);				\
	else								\
		name(addr, val);					\
}

DEF_SVM_READ(readb, u8)
DEF_SVM_READ(readw, u16)
DEF_SVM_READ(readl, u32)
DEF_SVM_READ(readq, u64)

DEF_SVM_WRITE(writeb, u8)
DEF_SVM_WRITE(writew, u16)
DEF_SVM_WRITE(writel, u32)
DEF_SVM_WRITE(writeq, u64)

DEF_SVM_IN(in_8, u8)
DEF_SVM_IN(in_le16, u16)
DEF_SVM_IN(in_be16, u16)
DEF_SVM_IN(in_le32, u32)
DEF_SVM_IN(in_be32, u32)
DEF_SVM_IN(in_le64, u64)
DEF_SVM_IN(in_be64, u64)

DEF_SVM_OUT(out_8, u8)
DEF_SVM_OUT(out_le16, u16)
DEF_SVM_OUT(out_be16, u16)
DEF_SVM_OUT(out_le32, u32)
DEF_SVM_OUT(out_be32, u32)
DEF_SVM_OUT(out_le64, u64)
DEF_SVM_OUT(out_be64, u64)

#undef DEF_SVM_READ
#undef DEF_SVM_WRITE
#undef DEF_SVM_IN
#undef DEF_SVM_OUT

#endif /* _SVM_MMIO_H */
