/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drop-in: renames the kernel's accessors, so that a driver that is not changed calls
 * those of svm_mmio.h. asm/io.h and linux/io.h of the drop-in include this when they
 * have included the kernel's: docs/dropin.md.
 *
 * The renames are object-like, so that they hold for a function whose address is
 * taken, a member of a structure, and a name that is pasted together. Like the
 * kernel's own "#define readq readq" they answer #ifdef.
 *
 * tests/test_accessor_names.py compares the list with the kernel's headers.
 */
#if defined(SVM_MMIO_AFTER_ASM_IO_H)

#include "../svm_mmio.h"

#undef readb
#define readb			svm_readb
#undef readw
#define readw			svm_readw
#undef readl
#define readl			svm_readl
#undef readq
#define readq			svm_readq
#undef readw_be
#define readw_be		svm_readw_be
#undef readl_be
#define readl_be		svm_readl_be
#undef readq_be
#define readq_be		svm_readq_be
#undef writeb
#define writeb			svm_writeb
#undef writew
#define writew			svm_writew
#undef writel
#define writel			svm_writel
#undef writeq
#define writeq			svm_writeq
#undef writew_be
#define writew_be		svm_writew_be
#undef writel_be
#define writel_be		svm_writel_be
#undef writeq_be
#define writeq_be		svm_writeq_be

#undef readb_relaxed
#define readb_relaxed		svm_readb_relaxed
#undef readw_relaxed
#define readw_relaxed		svm_readw_relaxed
#undef readl_relaxed
#define readl_relaxed		svm_readl_relaxed
#undef readq_relaxed
#define readq_relaxed		svm_readq_relaxed
#undef writeb_relaxed
#define writeb_relaxed		svm_writeb_relaxed
#undef writew_relaxed
#define writew_relaxed		svm_writew_relaxed
#undef writel_relaxed
#define writel_relaxed		svm_writel_relaxed
#undef writeq_relaxed
#define writeq_relaxed		svm_writeq_relaxed

#undef __raw_readb
#define __raw_readb		svm___raw_readb
#undef __raw_readw
#define __raw_readw		svm___raw_readw
#undef __raw_readl
#define __raw_readl		svm___raw_readl
#undef __raw_readq
#define __raw_readq		svm___raw_readq
#undef __raw_writeb
#define __raw_writeb		svm___raw_writeb
#undef __raw_writew
#define __raw_writew		svm___raw_writew
#undef __raw_writel
#define __raw_writel		svm___raw_writel
#undef __raw_writeq
#define __raw_writeq		svm___raw_writeq
#undef __raw_writeq_be
#define __raw_writeq_be		svm___raw_writeq_be

#undef in_8
#define in_8			svm_in_8
#undef in_le16
#define in_le16			svm_in_le16
#undef in_be16
#define in_be16			svm_in_be16
#undef in_le32
#define in_le32			svm_in_le32
#undef in_be32
#define in_be32			svm_in_be32
#undef in_le64
#define in_le64			svm_in_le64
#undef in_be64
#define in_be64			svm_in_be64
#undef out_8
#define out_8			svm_out_8
#undef out_le16
#define out_le16		svm_out_le16
#undef out_be16
#define out_be16		svm_out_be16
#undef out_le32
#define out_le32		svm_out_le32
#undef out_be32
#define out_be32		svm_out_be32
#undef out_le64
#define out_le64		svm_out_le64
#undef out_be64
#define out_be64		svm_out_be64

#undef ioread8
#define ioread8			svm_ioread8
#undef ioread16
#define ioread16		svm_ioread16
#undef ioread16be
#define ioread16be		svm_ioread16be
#undef ioread32
#define ioread32		svm_ioread32
#undef ioread32be
#define ioread32be		svm_ioread32be
#undef iowrite8
#define iowrite8		svm_iowrite8
#undef iowrite16
#define iowrite16		svm_iowrite16
#undef iowrite16be
#define iowrite16be		svm_iowrite16be
#undef iowrite32
#define iowrite32		svm_iowrite32
#undef iowrite32be
#define iowrite32be		svm_iowrite32be

#undef ioread8_rep
#define ioread8_rep		svm_ioread8_rep
#undef ioread16_rep
#define ioread16_rep		svm_ioread16_rep
#undef ioread32_rep
#define ioread32_rep		svm_ioread32_rep
#undef iowrite8_rep
#define iowrite8_rep		svm_iowrite8_rep
#undef iowrite16_rep
#define iowrite16_rep		svm_iowrite16_rep
#undef iowrite32_rep
#define iowrite32_rep		svm_iowrite32_rep

#undef readsb
#define readsb			svm_readsb
#undef readsw
#define readsw			svm_readsw
#undef readsl
#define readsl			svm_readsl
#undef readsq
#define readsq			svm_readsq
#undef writesb
#define writesb			svm_writesb
#undef writesw
#define writesw			svm_writesw
#undef writesl
#define writesl			svm_writesl
#undef writesq
#define writesq			svm_writesq

#undef memcpy_fromio
#define memcpy_fromio		svm_memcpy_fromio
#undef memcpy_toio
#define memcpy_toio		svm_memcpy_toio
#undef memset_io
#define memset_io		svm_memset_io

#undef inb
#define inb			svm_inb
#undef inw
#define inw			svm_inw
#undef inl
#define inl			svm_inl
#undef outb
#define outb			svm_outb
#undef outw
#define outw			svm_outw
#undef outl
#define outl			svm_outl
#undef inb_p
#define inb_p			svm_inb_p
#undef inw_p
#define inw_p			svm_inw_p
#undef inl_p
#define inl_p			svm_inl_p
#undef outb_p
#define outb_p			svm_outb_p
#undef outw_p
#define outw_p			svm_outw_p
#undef outl_p
#define outl_p			svm_outl_p

#undef insb
#define insb			svm_insb
#undef insw
#define insw			svm_insw
#undef insl
#define insl			svm_insl
#undef outsb
#define outsb			svm_outsb
#undef outsw
#define outsw			svm_outsw
#undef outsl
#define outsl			svm_outsl
#undef insb_p
#define insb_p			svm_insb_p
#undef insw_p
#define insw_p			svm_insw_p
#undef insl_p
#define insl_p			svm_insl_p
#undef outsb_p
#define outsb_p			svm_outsb_p
#undef outsw_p
#define outsw_p			svm_outsw_p
#undef outsl_p
#define outsl_p			svm_outsl_p

/* What powerpc builds the ones above from. */
#undef _insb
#define _insb			svm__insb
#undef _insw
#define _insw			svm__insw
#undef _insl
#define _insl			svm__insl
#undef _insw_ns
#define _insw_ns		svm__insw_ns
#undef _insl_ns
#define _insl_ns		svm__insl_ns
#undef _outsb
#define _outsb			svm__outsb
#undef _outsw
#define _outsw			svm__outsw
#undef _outsl
#define _outsl			svm__outsl
#undef _outsw_ns
#define _outsw_ns		svm__outsw_ns
#undef _outsl_ns
#define _outsl_ns		svm__outsl_ns
#undef _memset_io
#define _memset_io		svm__memset_io
#undef _memcpy_fromio
#define _memcpy_fromio		svm__memcpy_fromio
#undef _memcpy_toio
#define _memcpy_toio		svm__memcpy_toio
#undef eeh_readb
#define eeh_readb		svm_eeh_readb
#undef eeh_readw
#define eeh_readw		svm_eeh_readw
#undef eeh_readl
#define eeh_readl		svm_eeh_readl
#undef eeh_readq
#define eeh_readq		svm_eeh_readq
#undef eeh_readw_be
#define eeh_readw_be		svm_eeh_readw_be
#undef eeh_readl_be
#define eeh_readl_be		svm_eeh_readl_be
#undef eeh_readq_be
#define eeh_readq_be		svm_eeh_readq_be
#undef eeh_readsb
#define eeh_readsb		svm_eeh_readsb
#undef eeh_readsw
#define eeh_readsw		svm_eeh_readsw
#undef eeh_readsl
#define eeh_readsl		svm_eeh_readsl
#undef eeh_memcpy_fromio
#define eeh_memcpy_fromio	svm_eeh_memcpy_fromio

/*
 * With GENERIC_IOMAP linux/io-64-nonatomic-*.h decides what ioread64() is, by what it
 * finds defined: one of these. Older kernels have them without underscores, newer ones
 * with. Without GENERIC_IOMAP ioread64() is a function, one access.
 */
#ifdef ioread64_lo_hi
#undef ioread64_lo_hi
#define ioread64_lo_hi		svm_ioread64_lo_hi
#undef ioread64_hi_lo
#define ioread64_hi_lo		svm_ioread64_hi_lo
#undef ioread64be_lo_hi
#define ioread64be_lo_hi	svm_ioread64be_lo_hi
#undef ioread64be_hi_lo
#define ioread64be_hi_lo	svm_ioread64be_hi_lo
#undef iowrite64_lo_hi
#define iowrite64_lo_hi		svm_iowrite64_lo_hi
#undef iowrite64_hi_lo
#define iowrite64_hi_lo		svm_iowrite64_hi_lo
#undef iowrite64be_lo_hi
#define iowrite64be_lo_hi	svm_iowrite64be_lo_hi
#undef iowrite64be_hi_lo
#define iowrite64be_hi_lo	svm_iowrite64be_hi_lo
#elif defined(CONFIG_GENERIC_IOMAP)
#undef __ioread64_lo_hi
#define __ioread64_lo_hi	svm_ioread64_lo_hi
#undef __ioread64_hi_lo
#define __ioread64_hi_lo	svm_ioread64_hi_lo
#undef __ioread64be_lo_hi
#define __ioread64be_lo_hi	svm_ioread64be_lo_hi
#undef __ioread64be_hi_lo
#define __ioread64be_hi_lo	svm_ioread64be_hi_lo
#undef __iowrite64_lo_hi
#define __iowrite64_lo_hi	svm_iowrite64_lo_hi
#undef __iowrite64_hi_lo
#define __iowrite64_hi_lo	svm_iowrite64_hi_lo
#undef __iowrite64be_lo_hi
#define __iowrite64be_lo_hi	svm_iowrite64be_lo_hi
#undef __iowrite64be_hi_lo
#define __iowrite64be_hi_lo	svm_iowrite64be_hi_lo
#endif

#ifndef CONFIG_GENERIC_IOMAP
#undef ioread64
#define ioread64		svm_ioread64
#undef ioread64be
#define ioread64be		svm_ioread64be
#undef iowrite64
#define iowrite64		svm_iowrite64
#undef iowrite64be
#define iowrite64be		svm_iowrite64be
#endif

#ifdef ioread64_rep
#undef ioread64_rep
#define ioread64_rep		svm_ioread64_rep
#undef iowrite64_rep
#define iowrite64_rep		svm_iowrite64_rep
#endif

#elif defined(SVM_MMIO_AFTER_LINUX_IO_H)

#undef __ioread32_copy
#define __ioread32_copy		svm___ioread32_copy
#undef __iowrite32_copy
#define __iowrite32_copy	svm___iowrite32_copy
#undef __iowrite64_copy
#define __iowrite64_copy	svm___iowrite64_copy

#elif __has_include_next("override.h")

/* This directory is on the driver's include path, and the driver has a header of that name. */
#include_next "override.h"

#else
#error "svm-mmio: override.h is for the drop-in alone: include dropin.mk in the driver's Kbuild"
#endif
