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

#include <asm/io.h>
#include <linux/jump_label.h>
#include <linux/types.h>

#if !defined(CONFIG_PPC64) || !defined(__LITTLE_ENDIAN__)
#error "svm_mmio supports ppc64le (64-bit little-endian) only: check KERNELDIR and CROSS_COMPILE"
#endif

/**
 * DOC: Accessors
 *
 * Each accessor is the kernel's own behind a static key. In a normal guest the key
 * is off and the cost is one nop. With any backend other than "direct" the key is
 * on, before the first driver can call an accessor, and the access is made by a
 * function of svm_mmio.ko, with interrupts soft-disabled (performance-monitor
 * interrupts too) while SPRG0 names it, or, with backend "hcall", by the hypervisor
 * that the function asks (docs/backends.md).
 *
 * Every accessor of the kernel has its counterpart, svm_NAME. The instruction captured,
 * and what orders it:
 *
 * ==================================  =====  ======  ==============  ================
 * accessor                            bits   order   captured        ordering
 * ==================================  =====  ======  ==============  ================
 * readb, in_8, ioread8, inb               8  -       lbz             sync; twi, isync
 * readw, in_le16, ioread16, inw          16  little  lhz             sync; twi, isync
 * readw_be, in_be16, ioread16be          16  big     lhbrx           sync; twi, isync
 * readl, in_le32, ioread32, inl          32  little  lwz             sync; twi, isync
 * readl_be, in_be32, ioread32be          32  big     lwbrx           sync; twi, isync
 * readq, in_le64, ioread64               64  little  ld              sync; twi, isync
 * readq_be, in_be64, ioread64be          64  big     ldbrx           sync; twi, isync
 * writeb, out_8, iowrite8, outb           8  -       stb             sync; mmiowb
 * writew, out_le16, iowrite16, outw      16  little  sth             sync; mmiowb
 * writew_be, out_be16, iowrite16be       16  big     sthbrx          sync; mmiowb
 * writel, out_le32, iowrite32, outl      32  little  stw             sync; mmiowb
 * writel_be, out_be32, iowrite32be       32  big     stwbrx          sync; mmiowb
 * writeq, out_le64, iowrite64            64  little  std             sync; mmiowb
 * writeq_be, out_be64, iowrite64be       64  big     stdbrx          sync; mmiowb
 * read[bwlq]_relaxed                                 as read[bwlq]
 * write[bwlq]_relaxed                                as write[bwlq]
 * __raw_read[bwlq]                     8-64  CPU     lbz...ld        none
 * __raw_write[bwlq]                    8-64  CPU     stb...std       none
 * reads[bwlq], ioread*_rep, ins[bwl]   8-64  CPU     lbz...ld        sync; twi, isync
 * writes[bwlq], iowrite*_rep           8-64  CPU     stb...std       sync; sync
 * outs[bwl]                            8-32  CPU     stb, sth, stw   sync; sync
 * memcpy_fromio                        8,32  CPU     lbz, lwz        sync; sync
 * memcpy_toio, memset_io               8,32  CPU     stb, stw        sync; sync
 * memcpy_fromio64                      8-64  CPU     lbz...ld        sync; sync
 * memcpy_toio64, memset_io64           8-64  CPU     stb...std       sync; sync
 * __ioread32_copy                        32  CPU     lwz             none
 * __iowrite32_copy, __iowrite64_copy  32,64  CPU     stw, std        none
 * ==================================  =====  ======  ==============  ================
 *
 * Ordering is what arch/powerpc/include/asm/io.h has: "sync" before the access,
 * twi and isync after a load to keep later instructions behind it, and mmiowb: the
 * store is ordered before a spinlock that is held is released.
 *
 * Errors: accessors of the read*() and in[bwl]() families, ioread*() and
 * memcpy_fromio() make the kernel's EEH check when what they read is all ones
 * (asm/eeh.h); in_*() and __raw_*() do not, as the kernel's do not.
 *
 * Context: any, including hard interrupt context and with any lock held. Bulk
 * accessors enable interrupts, if they were, after every SVM_WINDOW_RUN (64)
 * accesses.
 *
 * Addresses are what ioremap() or pci_iomap() of a memory BAR returned; ioread*()
 * and iowrite*() take port cookies too. They are naturally aligned for the width,
 * those of copies need not be. Copies make the accesses of the kernel's copies, one
 * for one: of 4 bytes, and of 1 at the ends, or all along where the two sides are not
 * aligned alike. Those with 64 in their names, which the kernel has not, use 8.
 */

/**
 * DOC: The static key
 *
 * svm_mmio_out_of_line is on for every backend except "direct". It is owned by
 * svm_mmio.ko, which decides once, at load, and never changes it afterwards: drivers
 * must not touch it.
 */
DECLARE_STATIC_KEY_FALSE(svm_mmio_out_of_line);

/*
 * __svm_NAME is the out-of-line half, exported by svm_mmio.ko, and not for drivers.
 * It takes its arguments in the order of its accessor, so that the direct path
 * shuffles no registers for it.
 */
#define DEF_SVM_RET(name, type, parameters, arguments)						\
type __svm_##name parameters;									\
static __always_inline type svm_##name parameters						\
{												\
	if (static_branch_unlikely(&svm_mmio_out_of_line))					\
		return __svm_##name arguments;							\
	return name arguments;									\
}

#define DEF_SVM_VOID(name, parameters, arguments)						\
void __svm_##name parameters;									\
static __always_inline void svm_##name parameters						\
{												\
	if (static_branch_unlikely(&svm_mmio_out_of_line))					\
		__svm_##name arguments;								\
	else											\
		name arguments;									\
}

#define DEF_SVM_READ(name, type)								\
	DEF_SVM_RET(name, type, (const volatile void __iomem *addr), (addr))
#define DEF_SVM_WRITE(name, type)								\
	DEF_SVM_VOID(name, (type val, volatile void __iomem *addr), (val, addr))
#define DEF_SVM_IN(name, type)									\
	DEF_SVM_RET(name, type, (const volatile type __iomem *addr), (addr))
#define DEF_SVM_OUT(name, type)									\
	DEF_SVM_VOID(name, (volatile type __iomem *addr, type val), (addr, val))
#define DEF_SVM_IOREAD(name, type, cookie, memory)						\
unsigned int __svm_##name(const volatile void __iomem *addr);					\
static __always_inline type svm_##name(const cookie addr)					\
{												\
	if (static_branch_unlikely(&svm_mmio_out_of_line))					\
		return svm_is_memory(addr) ? __svm_##memory(addr) : __svm_##name(addr);		\
	return name(addr);									\
}

#define DEF_SVM_IOWRITE(name, type, cookie, memory)						\
void __svm_##name(type val, volatile void __iomem *addr);					\
static __always_inline void svm_##name(type val, cookie addr)					\
{												\
	if (!static_branch_unlikely(&svm_mmio_out_of_line))					\
		name(val, addr);								\
	else if (svm_is_memory(addr))								\
		__svm_##memory(val, addr);							\
	else											\
		__svm_##name(val, addr);							\
}

/**
 * DOC: Registers in memory, as powerpc names them
 *
 * Ordered. They do not look for errors (EEH).
 */
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

/**
 * DOC: Registers in memory
 *
 * Ordered. Those that read look for errors (EEH). powerpc has no weaker form of the
 * relaxed ones: the kernel's are the ordered ones too.
 */
DEF_SVM_READ(readb, u8)
DEF_SVM_READ(readw, u16)
DEF_SVM_READ(readl, u32)
DEF_SVM_READ(readq, u64)
DEF_SVM_READ(readw_be, u16)
DEF_SVM_READ(readl_be, u32)
DEF_SVM_READ(readq_be, u64)

DEF_SVM_WRITE(writeb, u8)
DEF_SVM_WRITE(writew, u16)
DEF_SVM_WRITE(writel, u32)
DEF_SVM_WRITE(writeq, u64)
DEF_SVM_WRITE(writew_be, u16)
DEF_SVM_WRITE(writel_be, u32)
DEF_SVM_WRITE(writeq_be, u64)

#define svm_readb_relaxed(addr)		svm_readb(addr)
#define svm_readw_relaxed(addr)		svm_readw(addr)
#define svm_readl_relaxed(addr)		svm_readl(addr)
#define svm_readq_relaxed(addr)		svm_readq(addr)
#define svm_writeb_relaxed(val, addr)	svm_writeb(val, addr)
#define svm_writew_relaxed(val, addr)	svm_writew(val, addr)
#define svm_writel_relaxed(val, addr)	svm_writel(val, addr)
#define svm_writeq_relaxed(val, addr)	svm_writeq(val, addr)

/**
 * DOC: Registers in memory, raw
 *
 * In the byte order of the CPU, if the name does not say otherwise, and without any
 * ordering. They do not look for errors (EEH).
 */
DEF_SVM_READ(__raw_readb, unsigned char)
DEF_SVM_READ(__raw_readw, unsigned short)
DEF_SVM_READ(__raw_readl, unsigned int)
DEF_SVM_READ(__raw_readq, unsigned long)
DEF_SVM_WRITE(__raw_writeb, unsigned char)
DEF_SVM_WRITE(__raw_writew, unsigned short)
DEF_SVM_WRITE(__raw_writel, unsigned int)
DEF_SVM_WRITE(__raw_writeq, unsigned long)

static __always_inline void svm___raw_writeq_be(unsigned long val, volatile void __iomem *addr)
{
	svm___raw_writeq((__force unsigned long)cpu_to_be64(val), addr);
}

/*
 * A cookie is an address in memory or a port; as IO_COND() in lib/iomap.c. The
 * out-of-line halves of these are for all that is not memory.
 */
static __always_inline bool svm_is_memory(const volatile void __iomem *addr)
{
	return (__force unsigned long)addr >= PIO_RESERVED;
}

/**
 * DOC: Registers in memory or ports, by cookie
 *
 * What pci_iomap() or ioport_map() returned. Ordered. Those that read look for errors
 * (EEH). 64 bits are one access to memory, and two of 32 bits to ports, in the order
 * that the name says; low first if it says nothing.
 */
#ifndef ioread8
DEF_SVM_IOREAD(ioread8, unsigned int, void __iomem *, readb)
DEF_SVM_IOREAD(ioread16, unsigned int, void __iomem *, readw)
DEF_SVM_IOREAD(ioread32, unsigned int, void __iomem *, readl)
DEF_SVM_IOWRITE(iowrite8, u8, void __iomem *, writeb)
DEF_SVM_IOWRITE(iowrite16, u16, void __iomem *, writew)
DEF_SVM_IOWRITE(iowrite32, u32, void __iomem *, writel)
#else /* inline functions of asm-generic/io.h, which says so by macros, with types of its own */
DEF_SVM_IOREAD(ioread8, u8, volatile void __iomem *, readb)
DEF_SVM_IOREAD(ioread16, u16, volatile void __iomem *, readw)
DEF_SVM_IOREAD(ioread32, u32, volatile void __iomem *, readl)
DEF_SVM_IOWRITE(iowrite8, u8, volatile void __iomem *, writeb)
DEF_SVM_IOWRITE(iowrite16, u16, volatile void __iomem *, writew)
DEF_SVM_IOWRITE(iowrite32, u32, volatile void __iomem *, writel)
#endif
DEF_SVM_IOREAD(ioread16be, unsigned int, void __iomem *, readw_be)
DEF_SVM_IOREAD(ioread32be, unsigned int, void __iomem *, readl_be)
DEF_SVM_IOWRITE(iowrite16be, u16, void __iomem *, writew_be)
DEF_SVM_IOWRITE(iowrite32be, u32, void __iomem *, writel_be)

/*
 * Under which names the kernel has these, and whether at all, differs with its age, its
 * configuration and the headers that a driver includes (linux/io-64-nonatomic-*.h). So none
 * is called here: what is a port goes out of line, whatever the backend.
 */
#define DEF_SVM_IOREAD64(name, memory)								\
u64 __svm_##name(const volatile void __iomem *addr);						\
static __always_inline u64 svm_##name(const void __iomem *addr)					\
{												\
	return svm_is_memory(addr) ? svm_##memory(addr) : __svm_##name(addr);			\
}

#define DEF_SVM_IOWRITE64(name, memory)								\
void __svm_##name(u64 val, volatile void __iomem *addr);					\
static __always_inline void svm_##name(u64 val, void __iomem *addr)				\
{												\
	if (svm_is_memory(addr))								\
		svm_##memory(val, addr);							\
	else											\
		__svm_##name(val, addr);							\
}

DEF_SVM_IOREAD64(ioread64_lo_hi, readq)
DEF_SVM_IOREAD64(ioread64_hi_lo, readq)
DEF_SVM_IOREAD64(ioread64be_lo_hi, readq_be)
DEF_SVM_IOREAD64(ioread64be_hi_lo, readq_be)
DEF_SVM_IOWRITE64(iowrite64_lo_hi, writeq)
DEF_SVM_IOWRITE64(iowrite64_hi_lo, writeq)
DEF_SVM_IOWRITE64(iowrite64be_lo_hi, writeq_be)
DEF_SVM_IOWRITE64(iowrite64be_hi_lo, writeq_be)

#ifndef ioread8
#define svm_ioread64		svm_ioread64_lo_hi
#define svm_iowrite64		svm_iowrite64_lo_hi
#else /* the types of asm-generic/io.h, as above */
#define svm_ioread64		svm_readq
#define svm_iowrite64		svm_writeq
#endif
#define svm_ioread64be		svm_ioread64be_lo_hi
#define svm_iowrite64be		svm_iowrite64be_lo_hi

/*
 * On ppc64 ports are memory-mapped: an access to one faults as any other. The exceptions
 * are platforms that hook the port accessors (powernv, with its ports behind firmware):
 * there the hook is called, as in the kernel's accessor, and no MMIO is made.
 */
#ifdef CONFIG_PPC_INDIRECT_PIO
#define __svm_port_hook(name)	(ppc_pci_io.name)
#else
#define __svm_port_hook(name)	((typeof(ppc_pci_io.name))NULL)
#endif

static __always_inline volatile void __iomem *svm_port_address(unsigned long port)
{
	return (volatile void __iomem *)(_IO_BASE + port);
}

#define DEF_SVM_PORT_IN(name, type, memory)							\
static __always_inline type svm_##name(unsigned long port)					\
{												\
	if (!static_branch_unlikely(&svm_mmio_out_of_line))					\
		return name(port);								\
	if (unlikely(__svm_port_hook(name)))							\
		return __svm_port_hook(name)(port);						\
	return __svm_##memory(svm_port_address(port));						\
}

#define DEF_SVM_PORT_OUT(name, type, memory)							\
static __always_inline void svm_##name(type val, unsigned long port)				\
{												\
	if (!static_branch_unlikely(&svm_mmio_out_of_line))					\
		name(val, port);								\
	else if (unlikely(__svm_port_hook(name)))						\
		__svm_port_hook(name)(val, port);						\
	else											\
		__svm_##memory(val, svm_port_address(port));					\
}

/**
 * DOC: Ports
 *
 * By number. Ordered. Those that read look for errors (EEH).
 */
DEF_SVM_PORT_IN(inb, u8, readb)
DEF_SVM_PORT_IN(inw, u16, readw)
DEF_SVM_PORT_IN(inl, u32, readl)
DEF_SVM_PORT_OUT(outb, u8, writeb)
DEF_SVM_PORT_OUT(outw, u16, writew)
DEF_SVM_PORT_OUT(outl, u32, writel)

#define svm_inb_p(port)			svm_inb(port)
#define svm_inw_p(port)			svm_inw(port)
#define svm_inl_p(port)			svm_inl(port)
#define svm_outb_p(val, port)		(udelay(1), svm_outb((val), (port)))
#define svm_outw_p(val, port)		(udelay(1), svm_outw((val), (port)))
#define svm_outl_p(val, port)		(udelay(1), svm_outl((val), (port)))
#define svm_insb_p(port, buf, count)	svm_insb(port, buf, count)
#define svm_insw_p(port, buf, count)	svm_insw(port, buf, count)
#define svm_insl_p(port, buf, count)	svm_insl(port, buf, count)
#define svm_outsb_p(port, buf, count)	svm_outsb(port, buf, count)
#define svm_outsw_p(port, buf, count)	svm_outsw(port, buf, count)
#define svm_outsl_p(port, buf, count)	svm_outsl(port, buf, count)

/* Bulk accessors: many elements from or to one register, and copies. */
#define DEF_SVM_READS(name)									\
	DEF_SVM_VOID(name,									\
		     (const volatile void __iomem *addr, void *buf, unsigned long count),	\
		     (addr, buf, count))
#define DEF_SVM_WRITES(name)									\
	DEF_SVM_VOID(name,									\
		     (volatile void __iomem *addr, const void *buf, unsigned long count),	\
		     (addr, buf, count))
#define DEF_SVM_IOREAD_REP(name, cookie, number)						\
void __svm_##name(const volatile void __iomem *addr, void *buf, unsigned long count);		\
static __always_inline void svm_##name(const cookie addr, void *buf, number count)		\
{												\
	if (static_branch_unlikely(&svm_mmio_out_of_line))					\
		__svm_##name(addr, buf, count);							\
	else											\
		name(addr, buf, count);								\
}

#define DEF_SVM_IOWRITE_REP(name, cookie, number)						\
void __svm_##name(volatile void __iomem *addr, const void *buf, unsigned long count);		\
static __always_inline void svm_##name(cookie addr, const void *buf, number count)		\
{												\
	if (static_branch_unlikely(&svm_mmio_out_of_line))					\
		__svm_##name(addr, buf, count);							\
	else											\
		name(addr, buf, count);								\
}

#define DEF_SVM_INS(name)									\
	DEF_SVM_VOID(name,									\
		     (unsigned long port, void *buf, unsigned long count),			\
		     (port, buf, count))
#define DEF_SVM_OUTS(name)									\
	DEF_SVM_VOID(name,									\
		     (unsigned long port, const void *buf, unsigned long count),		\
		     (port, buf, count))

/**
 * DOC: Many elements from or to one register
 *
 * By address, cookie or port. @count is in elements, which go in the byte order of the
 * CPU. Ordered as a whole: before the first, and after the last. Those that read look
 * for errors (EEH) in the last element. Interrupts are let in after every
 * SVM_WINDOW_RUN (64).
 */
DEF_SVM_READS(readsb)
DEF_SVM_READS(readsw)
DEF_SVM_READS(readsl)
DEF_SVM_WRITES(writesb)
DEF_SVM_WRITES(writesw)
DEF_SVM_WRITES(writesl)

/* Here the kernel's count is an unsigned int. Kernels of once, such as 5.10, lack these two. */
#ifdef readsq
DEF_SVM_VOID(readsq, (const volatile void __iomem *addr, void *buf, unsigned int count),
	     (addr, buf, count))
DEF_SVM_VOID(writesq, (volatile void __iomem *addr, const void *buf, unsigned int count),
	     (addr, buf, count))
#endif

#ifndef ioread8_rep
DEF_SVM_IOREAD_REP(ioread8_rep, void __iomem *, unsigned long)
DEF_SVM_IOREAD_REP(ioread16_rep, void __iomem *, unsigned long)
DEF_SVM_IOREAD_REP(ioread32_rep, void __iomem *, unsigned long)
DEF_SVM_IOWRITE_REP(iowrite8_rep, void __iomem *, unsigned long)
DEF_SVM_IOWRITE_REP(iowrite16_rep, void __iomem *, unsigned long)
DEF_SVM_IOWRITE_REP(iowrite32_rep, void __iomem *, unsigned long)
#else /* asm-generic/io.h, as above */
DEF_SVM_IOREAD_REP(ioread8_rep, volatile void __iomem *, unsigned int)
DEF_SVM_IOREAD_REP(ioread16_rep, volatile void __iomem *, unsigned int)
DEF_SVM_IOREAD_REP(ioread32_rep, volatile void __iomem *, unsigned int)
DEF_SVM_IOWRITE_REP(iowrite8_rep, volatile void __iomem *, unsigned int)
DEF_SVM_IOWRITE_REP(iowrite16_rep, volatile void __iomem *, unsigned int)
DEF_SVM_IOWRITE_REP(iowrite32_rep, volatile void __iomem *, unsigned int)
#endif
#ifdef ioread64_rep
#define svm_ioread64_rep	svm_readsq
#define svm_iowrite64_rep	svm_writesq
#endif

DEF_SVM_INS(insb)
DEF_SVM_INS(insw)
DEF_SVM_INS(insl)
DEF_SVM_OUTS(outsb)
DEF_SVM_OUTS(outsw)
DEF_SVM_OUTS(outsl)

/* The kernel has no wider one of its own: in a normal guest it is the one it has. */
#define DEF_SVM_COPY64(name, parameters, arguments)						\
void __svm_##name##64 parameters;								\
static __always_inline void svm_##name##64 parameters						\
{												\
	if (static_branch_unlikely(&svm_mmio_out_of_line))					\
		__svm_##name##64 arguments;							\
	else											\
		name arguments;									\
}

/**
 * DOC: Copies
 *
 * @n is in bytes, @count in elements of the width in the name.
 *
 * memcpy_fromio(), memcpy_toio() and memset_io() make the accesses that the kernel's own
 * make, of 32 and 8 bits, in its order. They are ordered as a whole; memcpy_fromio()
 * looks for errors (EEH) in the last four bytes. memcpy_fromio64(), memcpy_toio64() and
 * memset_io64() do the same in the fewest accesses there can be: 64 bits each, and
 * narrower ones, 16 bits too, at the ends of what is not aligned. They are for a driver
 * that knows its device to take all of these widths: one that does not may give zeros
 * and lose stores, without a word. In a normal guest (backend "direct") they are the
 * kernel's functions, with its widths.
 *
 * The last three are not ordered, as the kernel's are not. Interrupts are let in after
 * every SVM_WINDOW_RUN (64) accesses.
 */
DEF_SVM_VOID(memcpy_fromio, (void *to, const volatile void __iomem *from, unsigned long n),
	     (to, from, n))
DEF_SVM_VOID(memcpy_toio, (volatile void __iomem *to, const void *from, unsigned long n),
	     (to, from, n))
DEF_SVM_VOID(memset_io, (volatile void __iomem *addr, int c, unsigned long n), (addr, c, n))

DEF_SVM_COPY64(memcpy_fromio, (void *to, const volatile void __iomem *from, unsigned long n),
	       (to, from, n))
DEF_SVM_COPY64(memcpy_toio, (volatile void __iomem *to, const void *from, unsigned long n),
	       (to, from, n))
DEF_SVM_COPY64(memset_io, (volatile void __iomem *addr, int c, unsigned long n), (addr, c, n))

/* linux/io.h declares these after it has included asm/io.h, which may have included this. */
void __ioread32_copy(void *to, const void __iomem *from, size_t count);
void __iowrite32_copy(void __iomem *to, const void *from, size_t count);
void __iowrite64_copy(void __iomem *to, const void *from, size_t count);

DEF_SVM_VOID(__ioread32_copy, (void *to, const void __iomem *from, size_t count),
	     (to, from, count))
DEF_SVM_VOID(__iowrite32_copy, (void __iomem *to, const void *from, size_t count),
	     (to, from, count))
DEF_SVM_VOID(__iowrite64_copy, (void __iomem *to, const void *from, size_t count),
	     (to, from, count))

/**
 * DOC: Other names
 *
 * What powerpc builds its accessors from, for the drivers that call it by name. These
 * make the EEH check of the accessors above as well.
 */
#define svm__insb(addr, buf, count)	svm_readsb(addr, buf, count)
#define svm__insw(addr, buf, count)	svm_readsw(addr, buf, count)
#define svm__insl(addr, buf, count)	svm_readsl(addr, buf, count)
#define svm__insw_ns(addr, buf, count)	svm_readsw(addr, buf, count)
#define svm__insl_ns(addr, buf, count)	svm_readsl(addr, buf, count)
#define svm__outsb(addr, buf, count)	svm_writesb(addr, buf, count)
#define svm__outsw(addr, buf, count)	svm_writesw(addr, buf, count)
#define svm__outsl(addr, buf, count)	svm_writesl(addr, buf, count)
#define svm__outsw_ns(addr, buf, count)	svm_writesw(addr, buf, count)
#define svm__outsl_ns(addr, buf, count)	svm_writesl(addr, buf, count)
#define svm__memset_io(addr, c, n)	svm_memset_io(addr, c, n)
#define svm__memcpy_fromio(to, from, n)	svm_memcpy_fromio(to, from, n)
#define svm__memcpy_toio(to, from, n)	svm_memcpy_toio(to, from, n)
#define svm_eeh_readb(addr)		svm_readb(addr)
#define svm_eeh_readw(addr)		svm_readw(addr)
#define svm_eeh_readl(addr)		svm_readl(addr)
#define svm_eeh_readq(addr)		svm_readq(addr)
#define svm_eeh_readw_be(addr)		svm_readw_be(addr)
#define svm_eeh_readl_be(addr)		svm_readl_be(addr)
#define svm_eeh_readq_be(addr)		svm_readq_be(addr)
#define svm_eeh_readsb(addr, buf, count)	svm_readsb(addr, buf, count)
#define svm_eeh_readsw(addr, buf, count)	svm_readsw(addr, buf, count)
#define svm_eeh_readsl(addr, buf, count)	svm_readsl(addr, buf, count)
#define svm_eeh_memcpy_fromio(to, from, n)	svm_memcpy_fromio(to, from, n)

/**
 * DOC: Setting and clearing bits
 *
 * Read, change and write back: not atomic, as the kernel's are not.
 */
#define svm_clrsetbits(type, addr, clear, set)							\
	svm_out_##type((addr), (svm_in_##type(addr) & ~(clear)) | (set))
#define svm_clrsetbits_be64(addr, clear, set)	svm_clrsetbits(be64, addr, clear, set)
#define svm_clrsetbits_le64(addr, clear, set)	svm_clrsetbits(le64, addr, clear, set)
#define svm_clrsetbits_be32(addr, clear, set)	svm_clrsetbits(be32, addr, clear, set)
#define svm_clrsetbits_le32(addr, clear, set)	svm_clrsetbits(le32, addr, clear, set)
#define svm_clrsetbits_be16(addr, clear, set)	svm_clrsetbits(be16, addr, clear, set)
#define svm_clrsetbits_le16(addr, clear, set)	svm_clrsetbits(le16, addr, clear, set)
#define svm_clrsetbits_8(addr, clear, set)	svm_clrsetbits(8, addr, clear, set)
#define svm_setbits32(addr, set)		svm_clrsetbits(be32, addr, 0, set)
#define svm_clrbits32(addr, clear)		svm_clrsetbits(be32, addr, clear, 0)
#define svm_setbits16(addr, set)		svm_clrsetbits(be16, addr, 0, set)
#define svm_clrbits16(addr, clear)		svm_clrsetbits(be16, addr, clear, 0)
#define svm_setbits8(addr, set)			svm_clrsetbits(8, addr, 0, set)
#define svm_clrbits8(addr, clear)		svm_clrsetbits(8, addr, clear, 0)

#undef DEF_SVM_RET
#undef DEF_SVM_VOID
#undef DEF_SVM_READ
#undef DEF_SVM_WRITE
#undef DEF_SVM_IN
#undef DEF_SVM_OUT
#undef DEF_SVM_IOREAD
#undef DEF_SVM_IOWRITE
#undef DEF_SVM_IOREAD64
#undef DEF_SVM_IOWRITE64
#undef DEF_SVM_PORT_IN
#undef DEF_SVM_PORT_OUT
#undef DEF_SVM_READS
#undef DEF_SVM_WRITES
#undef DEF_SVM_IOREAD_REP
#undef DEF_SVM_IOWRITE_REP
#undef DEF_SVM_INS
#undef DEF_SVM_OUTS
#undef DEF_SVM_COPY64

#endif /* _SVM_MMIO_H */
