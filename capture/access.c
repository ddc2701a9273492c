// SPDX-License-Identifier: GPL-2.0
/*
 * One captured access, whose width is an argument. The accessors have windows of
 * their own, inlined; this is for the long way (backend/detour.c).
 *
 * Neither function may be traced or probed: see accessors/single.c.
 */
#include <linux/irqflags.h>
#include <linux/kprobes.h>

#include "access.h"
#include "window.h"

/**
 * svm_sprg0_load() - load from a device, captured in SPRG0
 * @addr: mapped address, naturally aligned
 * @bytes: 1, 2, 4 or 8
 *
 * No ordering of its own. Context: any.
 *
 * Return: the value in the CPU's byte order, zero-extended.
 */
notrace u64 svm_sprg0_load(const volatile void __iomem *addr, unsigned int bytes)
{
	unsigned long flags;
	u64 val;

	raw_local_irq_pmu_save(flags);
	switch (bytes) {
	case 1:
		val = svm_window_raw_lbz(addr);
		break;
	case 2:
		val = svm_window_raw_lhz(addr);
		break;
	case 4:
		val = svm_window_raw_lwz(addr);
		break;
	default:
		val = svm_window_raw_ld(addr);
	}
	raw_local_irq_pmu_restore(flags);
	return val;
}

NOKPROBE_SYMBOL(svm_sprg0_load);

/**
 * svm_sprg0_store() - store to a device, captured in SPRG0
 * @addr: mapped address, naturally aligned
 * @bytes: 1, 2, 4 or 8
 * @val: the value in the CPU's byte order, in the low bits
 *
 * No ordering of its own. Context: any.
 */
notrace void svm_sprg0_store(volatile void __iomem *addr, unsigned int bytes, u64 val)
{
	unsigned long flags;

	raw_local_irq_pmu_save(flags);
	switch (bytes) {
	case 1:
		svm_window_raw_stb(addr, val);
		break;
	case 2:
		svm_window_raw_sth(addr, val);
		break;
	case 4:
		svm_window_raw_stw(addr, val);
		break;
	default:
		svm_window_raw_std(addr, val);
	}
	raw_local_irq_pmu_restore(flags);
}

NOKPROBE_SYMBOL(svm_sprg0_store);
