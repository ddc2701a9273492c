// SPDX-License-Identifier: GPL-2.0
/*
 * Backend "sprg0", accessors of one register: each access in a capture window of
 * its own (svm_mmio_window.h).
 *
 * These functions are what the accessors of svm_mmio.h call when the static key
 * is on. They can be neither traced nor probed: a probe on the access would
 * execute it from elsewhere, with other registers, while SPRG0 names ours.
 */
#include <linux/export.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/pci.h>	/* asm/eeh.h needs it where CONFIG_EEH is not set */
#include <asm/eeh.h>

#include "svm_mmio.h"
#include "svm_mmio_window.h"

#define SPRG0_EXPORT(symbol)						\
NOKPROBE_SYMBOL(symbol);						\
EXPORT_SYMBOL_GPL(symbol)

/*
 * raw: lockdep and the irqsoff tracer have nothing to learn from a window of a
 * few instructions, and tracing code must not run inside it.
 */
#define DEF_SPRG0_IN(name, type, pointee, insn)				\
notrace type __svm_##name(const volatile pointee __iomem *addr)		\
{									\
	unsigned long flags, val;					\
									\
	raw_local_irq_pmu_save(flags);					\
	val = svm_window_##insn(addr);					\
	raw_local_irq_pmu_restore(flags);				\
	return val;							\
}									\
SPRG0_EXPORT(__svm_##name)

/* One instruction to compare, for each width: @val is zero-extended. */
#define is_all_ones(val, type) \
	(sizeof(type) < 4 ? (val) > (type)~1 : (type)(val) == (type)~0)

/*
 * As DEF_SPRG0_IN, and then what eeh_read*() in asm/eeh.h does about all ones. Looking
 * at the value before interrupts are enabled leaves nothing but the value to keep until
 * after; the address, which only the rare case needs, it keeps in memory.
 */
#define DEF_SPRG0_READ(name, type, insn)				\
notrace type __svm_##name(const volatile void __iomem *addr)		\
{									\
	unsigned long flags, val;					\
									\
	raw_local_irq_pmu_save(flags);					\
	val = svm_window_##insn(addr);					\
	if (unlikely(is_all_ones(val, type))) {				\
		const volatile void __iomem * volatile accessed = addr;	\
									\
		raw_local_irq_pmu_restore(flags);			\
		if (EEH_POSSIBLE_ERROR((type)val, type))		\
			eeh_check_failure(accessed);			\
		return val;						\
	}								\
	raw_local_irq_pmu_restore(flags);				\
	return val;							\
}									\
SPRG0_EXPORT(__svm_##name)

#define DEF_SPRG0_STORE(name, parameters, insn, after)			\
notrace void __svm_##name parameters					\
{									\
	unsigned long flags;						\
									\
	raw_local_irq_pmu_save(flags);					\
	svm_window_##insn(addr, val);					\
	raw_local_irq_pmu_restore(flags);				\
	after;								\
}									\
SPRG0_EXPORT(__svm_##name)

#define no_more()	do { } while (0)

#define DEF_SPRG0_RAW_READ(name, type, insn) \
	DEF_SPRG0_IN(name, type, void, raw_##insn)
#define DEF_SPRG0_WRITE(name, type, insn) \
	DEF_SPRG0_STORE(name, (type val, volatile void __iomem *addr), insn, mmiowb_set_pending())
#define DEF_SPRG0_OUT(name, type, insn) \
	DEF_SPRG0_STORE(name, (volatile type __iomem *addr, type val), insn, mmiowb_set_pending())
#define DEF_SPRG0_RAW_WRITE(name, type, insn) \
	DEF_SPRG0_STORE(name, (type val, volatile void __iomem *addr), raw_##insn, no_more())

DEF_SPRG0_READ(readb, u8, lbz);
DEF_SPRG0_READ(readw, u16, lhz);
DEF_SPRG0_READ(readl, u32, lwz);
DEF_SPRG0_READ(readq, u64, ld);
DEF_SPRG0_READ(readw_be, u16, lhbrx);
DEF_SPRG0_READ(readl_be, u32, lwbrx);
DEF_SPRG0_READ(readq_be, u64, ldbrx);

DEF_SPRG0_WRITE(writeb, u8, stb);
DEF_SPRG0_WRITE(writew, u16, sth);
DEF_SPRG0_WRITE(writel, u32, stw);
DEF_SPRG0_WRITE(writeq, u64, std);
DEF_SPRG0_WRITE(writew_be, u16, sthbrx);
DEF_SPRG0_WRITE(writel_be, u32, stwbrx);
DEF_SPRG0_WRITE(writeq_be, u64, stdbrx);

DEF_SPRG0_IN(in_8, u8, u8, lbz);
DEF_SPRG0_IN(in_le16, u16, u16, lhz);
DEF_SPRG0_IN(in_be16, u16, u16, lhbrx);
DEF_SPRG0_IN(in_le32, u32, u32, lwz);
DEF_SPRG0_IN(in_be32, u32, u32, lwbrx);
DEF_SPRG0_IN(in_le64, u64, u64, ld);
DEF_SPRG0_IN(in_be64, u64, u64, ldbrx);

DEF_SPRG0_OUT(out_8, u8, stb);
DEF_SPRG0_OUT(out_le16, u16, sth);
DEF_SPRG0_OUT(out_be16, u16, sthbrx);
DEF_SPRG0_OUT(out_le32, u32, stw);
DEF_SPRG0_OUT(out_be32, u32, stwbrx);
DEF_SPRG0_OUT(out_le64, u64, std);
DEF_SPRG0_OUT(out_be64, u64, stdbrx);

DEF_SPRG0_RAW_READ(__raw_readb, unsigned char, lbz);
DEF_SPRG0_RAW_READ(__raw_readw, unsigned short, lhz);
DEF_SPRG0_RAW_READ(__raw_readl, unsigned int, lwz);
DEF_SPRG0_RAW_READ(__raw_readq, unsigned long, ld);

DEF_SPRG0_RAW_WRITE(__raw_writeb, unsigned char, stb);
DEF_SPRG0_RAW_WRITE(__raw_writew, unsigned short, sth);
DEF_SPRG0_RAW_WRITE(__raw_writel, unsigned int, stw);
DEF_SPRG0_RAW_WRITE(__raw_writeq, unsigned long, std);
