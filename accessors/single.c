// SPDX-License-Identifier: GPL-2.0
/*
 * Backend "sprg0", accessors of one register: each access in a capture window of
 * its own (capture/window.h).
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

#include "backend/detour.h"
#include "capture/window.h"
#include "observe/counts.h"
#include "observe/trace.h"
#include "svm_mmio.h"

#define SPRG0_EXPORT(symbol)							\
NOKPROBE_SYMBOL(symbol);							\
EXPORT_SYMBOL_GPL(symbol)

/*
 * raw: lockdep and the irqsoff tracer have nothing to learn from a window of a
 * few instructions, and tracing code must not run inside it.
 */
#define DEF_SPRG0_IN(name, type, pointee, insn, how)				\
notrace type __svm_##name(const volatile pointee __iomem *addr)			\
{										\
	unsigned long flags, val;						\
										\
	if (static_branch_unlikely(&svm_mmio_detour))				\
		return svm_detour_load(addr, sizeof(type) | (how), _RET_IP_);	\
	raw_local_irq_pmu_save(flags);						\
	val = svm_window_##insn(addr);						\
	raw_cpu_inc(svm_counts.loads[SVM_WIDTH(sizeof(type))]);			\
	raw_local_irq_pmu_restore(flags);					\
	return val;								\
}										\
SPRG0_EXPORT(__svm_##name)

/* One instruction to compare, for each width: @val is zero-extended. */
#define is_all_ones(val, type)							\
	(sizeof(type) < 4 ? (val) > (type)~1 : (type)(val) == (type)~0)

/*
 * As DEF_SPRG0_IN, and then what eeh_read*() in asm/eeh.h does about all ones. Looking
 * at the value before interrupts are enabled leaves nothing but the value to keep until
 * after; the address, which only the rare case needs, it keeps in memory.
 */
#define DEF_SPRG0_READ(name, type, insn, how)					\
notrace type __svm_##name(const volatile void __iomem *addr)			\
{										\
	unsigned long flags, val;						\
										\
	if (static_branch_unlikely(&svm_mmio_detour))				\
		return svm_detour_load(addr, sizeof(type) | (how), _RET_IP_);	\
	raw_local_irq_pmu_save(flags);						\
	val = svm_window_##insn(addr);						\
	raw_cpu_inc(svm_counts.loads[SVM_WIDTH(sizeof(type))]);			\
	if (unlikely(is_all_ones(val, type))) {					\
		const volatile void __iomem * volatile accessed = addr;		\
										\
		raw_cpu_inc(svm_counts.all_ones);				\
		raw_local_irq_pmu_restore(flags);				\
		if (EEH_POSSIBLE_ERROR((type)val, type))			\
			eeh_check_failure(accessed);				\
		return val;							\
	}									\
	raw_local_irq_pmu_restore(flags);					\
	return val;								\
}										\
SPRG0_EXPORT(__svm_##name)

#define DEF_SPRG0_STORE(name, type, parameters, insn, how, after)		\
notrace void __svm_##name parameters						\
{										\
	unsigned long flags;							\
										\
	if (static_branch_unlikely(&svm_mmio_detour)) {				\
		svm_detour_store(addr, val, sizeof(type) | (how), _RET_IP_);	\
		return;								\
	}									\
	raw_local_irq_pmu_save(flags);						\
	svm_window_##insn(addr, val);						\
	raw_cpu_inc(svm_counts.stores[SVM_WIDTH(sizeof(type))]);		\
	raw_local_irq_pmu_restore(flags);					\
	after;									\
}										\
SPRG0_EXPORT(__svm_##name)

#define no_more()	do { } while (0)

#define DEF_SPRG0_RAW_READ(name, type, insn)					\
	DEF_SPRG0_IN(name, type, void, raw_##insn, 0)
#define DEF_SPRG0_WRITE(name, type, insn, how)					\
	DEF_SPRG0_STORE(name, type, (type val, volatile void __iomem *addr),	\
			insn, how, mmiowb_set_pending())
#define DEF_SPRG0_OUT(name, type, insn, how)					\
	DEF_SPRG0_STORE(name, type, (volatile type __iomem *addr, type val),	\
			insn, how, mmiowb_set_pending())
#define DEF_SPRG0_RAW_WRITE(name, type, insn)					\
	DEF_SPRG0_STORE(name, type, (type val, volatile void __iomem *addr),	\
			raw_##insn, 0, no_more())

DEF_SPRG0_READ(readb, u8, lbz, SVM_ORDERED | SVM_EEH);
DEF_SPRG0_READ(readw, u16, lhz, SVM_ORDERED | SVM_EEH);
DEF_SPRG0_READ(readl, u32, lwz, SVM_ORDERED | SVM_EEH);
DEF_SPRG0_READ(readq, u64, ld, SVM_ORDERED | SVM_EEH);
DEF_SPRG0_READ(readw_be, u16, lhbrx, SVM_ORDERED | SVM_EEH | SVM_BIG);
DEF_SPRG0_READ(readl_be, u32, lwbrx, SVM_ORDERED | SVM_EEH | SVM_BIG);
DEF_SPRG0_READ(readq_be, u64, ldbrx, SVM_ORDERED | SVM_EEH | SVM_BIG);

DEF_SPRG0_WRITE(writeb, u8, stb, SVM_ORDERED);
DEF_SPRG0_WRITE(writew, u16, sth, SVM_ORDERED);
DEF_SPRG0_WRITE(writel, u32, stw, SVM_ORDERED);
DEF_SPRG0_WRITE(writeq, u64, std, SVM_ORDERED);
DEF_SPRG0_WRITE(writew_be, u16, sthbrx, SVM_ORDERED | SVM_BIG);
DEF_SPRG0_WRITE(writel_be, u32, stwbrx, SVM_ORDERED | SVM_BIG);
DEF_SPRG0_WRITE(writeq_be, u64, stdbrx, SVM_ORDERED | SVM_BIG);

DEF_SPRG0_IN(in_8, u8, u8, lbz, SVM_ORDERED);
DEF_SPRG0_IN(in_le16, u16, u16, lhz, SVM_ORDERED);
DEF_SPRG0_IN(in_be16, u16, u16, lhbrx, SVM_ORDERED | SVM_BIG);
DEF_SPRG0_IN(in_le32, u32, u32, lwz, SVM_ORDERED);
DEF_SPRG0_IN(in_be32, u32, u32, lwbrx, SVM_ORDERED | SVM_BIG);
DEF_SPRG0_IN(in_le64, u64, u64, ld, SVM_ORDERED);
DEF_SPRG0_IN(in_be64, u64, u64, ldbrx, SVM_ORDERED | SVM_BIG);

DEF_SPRG0_OUT(out_8, u8, stb, SVM_ORDERED);
DEF_SPRG0_OUT(out_le16, u16, sth, SVM_ORDERED);
DEF_SPRG0_OUT(out_be16, u16, sthbrx, SVM_ORDERED | SVM_BIG);
DEF_SPRG0_OUT(out_le32, u32, stw, SVM_ORDERED);
DEF_SPRG0_OUT(out_be32, u32, stwbrx, SVM_ORDERED | SVM_BIG);
DEF_SPRG0_OUT(out_le64, u64, std, SVM_ORDERED);
DEF_SPRG0_OUT(out_be64, u64, stdbrx, SVM_ORDERED | SVM_BIG);

DEF_SPRG0_RAW_READ(__raw_readb, unsigned char, lbz);
DEF_SPRG0_RAW_READ(__raw_readw, unsigned short, lhz);
DEF_SPRG0_RAW_READ(__raw_readl, unsigned int, lwz);
DEF_SPRG0_RAW_READ(__raw_readq, unsigned long, ld);

DEF_SPRG0_RAW_WRITE(__raw_writeb, unsigned char, stb);
DEF_SPRG0_RAW_WRITE(__raw_writew, unsigned short, sth);
DEF_SPRG0_RAW_WRITE(__raw_writel, unsigned int, stw);
DEF_SPRG0_RAW_WRITE(__raw_writeq, unsigned long, std);
