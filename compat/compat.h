/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The code is written for the newest kernel; this supplies to older ones what
 * they lack. compat.mk finds out what that is.
 */
#ifndef _SVM_COMPAT_H
#define _SVM_COMPAT_H

#ifdef SVM_HAVE_LINUX_ALIGN
#include <linux/align.h>
#else
#include <linux/kernel.h>
#endif
#include <linux/hrtimer.h>
#include <linux/io.h>
#include <linux/ptrace.h>
#ifdef SVM_HAVE_LINUX_UNALIGNED
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#ifndef SVM_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

/*
 * What a callback of ftrace is given: once the registers themselves, later something that
 * has them, in which those of the arguments are even if it does not ask for all.
 */
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#ifdef SVM_HAVE_ARCH_FTRACE_REGS
#define svm_ftrace_regs(fregs)	(&arch_ftrace_regs(fregs)->regs)
#else
#define svm_ftrace_regs(fregs)	(&(fregs)->regs)
#endif
#define SVM_FTRACE_FL_REGS	0
#else
#ifndef SVM_HAVE_FTRACE_GET_REGS
#define ftrace_regs pt_regs
#define ftrace_get_regs(regs)	(regs)
#endif
#define svm_ftrace_regs(fregs)	ftrace_get_regs(fregs)
#define SVM_FTRACE_FL_REGS	FTRACE_OPS_FL_SAVE_REGS
#endif

/* Since ftrace has left recursion to its callbacks there is no flag to say so. */
#ifndef SVM_HAVE_RECURSION_SAFE
#define FTRACE_OPS_FL_RECURSION_SAFE	0
#endif

/* Interrupts had numbers, and no functions to move on, before they had handlers in C. */
#ifdef SVM_HAVE_ASM_INTERRUPT
#include <asm/interrupt.h>
#else
#define INTERRUPT_DATA_STORAGE		0x300
#define INTERRUPT_INST_STORAGE		0x400
#define regs_set_return_ip(regs, ip)	((void)((regs)->nip = (ip)))
#define regs_add_return_ip(regs, by)	((void)((regs)->nip += (by)))
#define regs_set_return_msr(regs, to)	((void)((regs)->msr = (to)))
#endif

/* Where pt_regs are in the frame of an interrupt. */
#ifndef STACK_INT_FRAME_REGS
#define STACK_INT_FRAME_REGS		STACK_FRAME_OVERHEAD
#endif

/* What has the lock of a table of entries, which is at @table. */
#ifdef SVM_HAVE_PTDESC
#define svm_table_lock(table)		ptlock_ptr(virt_to_ptdesc(table))
#else
#define svm_table_lock(table)		ptlock_ptr(virt_to_page(table))
#endif

/* What zaps a mapping of a device once had another name. */
#ifndef SVM_HAVE_ZAP_SPECIAL_VMA_RANGE
#define zap_special_vma_range(vma, start, size)	zap_vma_ptes(vma, start, size)
#endif

/* An instruction had a type of its own before the pointer to it was one to words. */
#ifdef SVM_HAVE_PPC_INST_T
#define svm_inst_read(address)		ppc_inst_read((const u32 *)(address))
#else
#define ppc_inst_t			struct ppc_inst
#define svm_inst_read(address)		ppc_inst_read((const struct ppc_inst *)(address))
#endif

/* The 64-bit functions of the kernel image once had no underscores. */
#ifndef SVM_HAVE_UNDERSCORE_IOREAD64
#define __ioread64_lo_hi	ioread64_lo_hi
#define __ioread64be_lo_hi	ioread64be_lo_hi
#define __iowrite64_lo_hi	iowrite64_lo_hi
#define __iowrite64be_lo_hi	iowrite64be_lo_hi
#endif

/*
 * The number of a port that pci_iomap() has mapped. A kernel for pseries alone, without
 * CONFIG_PPC_INDIRECT_PIO, gives its address instead of a cookie.
 */
static inline unsigned long svm_port_number(const void __iomem *addr)
{
	unsigned long cookie = (__force unsigned long)addr;

	return cookie < PIO_RESERVED ? cookie : cookie - _IO_BASE;
}

/* As asm-generic/io.h has them. svm_mmio.h looks for these: this header goes before it. */
#ifndef readsq
static inline void readsq(const volatile void __iomem *addr, void *buf, unsigned int count)
{
	u64 *to = buf;

	while (count--)
		*to++ = __raw_readq(addr);
}

static inline void writesq(volatile void __iomem *addr, const void *buf, unsigned int count)
{
	const u64 *from = buf;

	while (count--)
		__raw_writeq(*from++, addr);
}

#define readsq	readsq
#define writesq	writesq
#endif

#endif /* _SVM_COMPAT_H */
