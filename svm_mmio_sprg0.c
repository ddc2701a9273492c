// SPDX-License-Identifier: GPL-2.0
/*
 * Backend "sprg0": every access is made in a capture window (svm_mmio_window.h).
 *
 * These functions are what the accessors of svm_mmio.h call when the static key
 * is on. They can be neither traced nor probed: a probe on the access would
 * execute it from elsewhere, with other registers, while SPRG0 names ours.
 */
#include <linux/export.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/pci.h>	/* asm/eeh.h needs it where CONFIG_EEH is not set */
#include <linux/swab.h>
#include <asm/eeh.h>

#include "svm_mmio.h"
#include "svm_mmio_window.h"

/*
 * raw: lockdep and the irqsoff tracer have nothing to learn from a window of a
 * few instructions, and tracing code must not run inside it.
 */
#define SPRG0_EXPORT(symbol)						\
NOKPROBE_SYMBOL(symbol);						\
EXPORT_SYMBOL_GPL(symbol)

#define DEF_SPRG0_IN(name, type, insn)					\
notrace type __svm_##name(const volatile void __iomem *addr)		\
{									\
	unsigned long flags;						\
	type val;							\
									\
	raw_local_irq_pmu_save(flags);					\
	val = svm_window_##insn(addr);					\
	raw_local_irq_pmu_restore(flags);				\
	return val;							\
}									\
SPRG0_EXPORT(__svm_##name)

/* As DEF_SPRG0_IN, plus what eeh_read*() in asm/eeh.h does about all ones. */
#define DEF_SPRG0_READ(name, type, insn)				\
notrace type __svm_##name(const volatile void __iomem *addr)		\
{									\
	unsigned long flags;						\
	type val;							\
									\
	raw_local_irq_pmu_save(flags);					\
	val = svm_window_##insn(addr);					\
	raw_local_irq_pmu_restore(flags);				\
	if (EEH_POSSIBLE_ERROR(val, type))				\
		eeh_check_failure(addr);				\
	return val;							\
}									\
SPRG0_EXPORT(__svm_##name)

#define DEF_SPRG0_OUT(name, type, insn)					\
notrace void __svm_##name(volatile void __iomem *addr, type val)	\
{									\
	unsigned long flags;						\
									\
	raw_local_irq_pmu_save(flags);					\
	svm_window_##insn(addr, val);					\
	raw_local_irq_pmu_restore(flags);				\
	mmiowb_set_pending();						\
}									\
SPRG0_EXPORT(__svm_##name)

#define DEF_SPRG0_WRITE(name, type, insn)				\
notrace void __svm_##name(type val, volatile void __iomem *addr)	\
{									\
	unsigned long flags;						\
									\
	raw_local_irq_pmu_save(flags);					\
	svm_window_##insn(addr, val);					\
	raw_local_irq_pmu_restore(flags);				\
	mmiowb_set_pending();						\
}									\
SPRG0_EXPORT(__svm_##name)

DEF_SPRG0_READ(readb, u8, lbz);
DEF_SPRG0_READ(readw, u16, lhz);
DEF_SPRG0_READ(readl, u32, lwz);
DEF_SPRG0_READ(readq, u64, ld);

DEF_SPRG0_WRITE(writeb, u8, stb);
DEF_SPRG0_WRITE(writew, u16, sth);
DEF_SPRG0_WRITE(writel, u32, stw);
DEF_SPRG0_WRITE(writeq, u64, std);

DEF_SPRG0_IN(in_8, u8, lbz);
DEF_SPRG0_IN(in_le16, u16, lhz);
DEF_SPRG0_IN(in_be16, u16, lhbrx);
DEF_SPRG0_IN(in_le32, u32, lwz);
DEF_SPRG0_IN(in_be32, u32, lwbrx);
DEF_SPRG0_IN(in_le64, u64, ld);

DEF_SPRG0_OUT(out_8, u8, stb);
DEF_SPRG0_OUT(out_le16, u16, sth);
DEF_SPRG0_OUT(out_be16, u16, sthbrx);
DEF_SPRG0_OUT(out_le32, u32, stw);
DEF_SPRG0_OUT(out_be32, u32, stwbrx);
DEF_SPRG0_OUT(out_le64, u64, std);

/*
 * As in the kernel there is no byte-reversed 64-bit access: the value is swapped in a
 * register. Out of line all the same, to keep the swap out of the caller's cold path,
 * where it would disturb the register allocation of the direct one.
 */
notrace u64 __svm_in_be64(const volatile void __iomem *addr)
{
	return swab64(__svm_in_le64(addr));
}
EXPORT_SYMBOL_GPL(__svm_in_be64);

notrace void __svm_out_be64(volatile void __iomem *addr, u64 val)
{
	__svm_out_le64(addr, swab64(val));
}
EXPORT_SYMBOL_GPL(__svm_out_be64);
