// SPDX-License-Identifier: GPL-2.0
/*
 * Backend "sprg0", accessors of many elements: string and copy functions. One
 * capture serves a run of accesses by the same instruction; see capture/window.h.
 */
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/pci.h>	/* asm/eeh.h needs it where CONFIG_EEH is not set */
#include <asm/barrier.h>
#include <asm/eeh.h>

#include "compat/compat.h"
#include "backend/detour.h"
#include "capture/window.h"
#include "observe/counts.h"
#include "observe/trace.h"
#include "svm_mmio.h"

/*
 * Runs over any number of elements: bounded pieces, interrupts enabled in between.
 * @step is by how much the register moves on with every element; @count is not 0.
 */
#define DEF_RUN_IN(kind, bytes, step)							\
static noinline notrace unsigned long							\
run_##kind##_##bytes(const volatile void __iomem *addr, void *buf, unsigned long count)	\
{											\
	unsigned long flags, val, n;							\
											\
	do {										\
		n = min_t(unsigned long, count, SVM_WINDOW_RUN);			\
		raw_local_irq_pmu_save(flags);						\
		val = svm_run_##kind##_##bytes(addr, buf, n);				\
		raw_cpu_add(svm_counts.bulk_loads, n);					\
		raw_local_irq_pmu_restore(flags);					\
		addr += n * (step);							\
		buf += n * (bytes);							\
		count -= n;								\
	} while (count);								\
	return val;									\
}											\
NOKPROBE_SYMBOL(run_##kind##_##bytes)

#define DEF_RUN_OUT(kind, bytes, step)							\
static noinline notrace void								\
run_##kind##_##bytes(volatile void __iomem *addr, const void *buf, unsigned long count)	\
{											\
	unsigned long flags, n;								\
											\
	do {										\
		n = min_t(unsigned long, count, SVM_WINDOW_RUN);			\
		raw_local_irq_pmu_save(flags);						\
		svm_run_##kind##_##bytes(addr, buf, n);					\
		raw_cpu_add(svm_counts.bulk_stores, n);					\
		raw_local_irq_pmu_restore(flags);					\
		addr += n * (step);							\
		buf += n * (bytes);							\
		count -= n;								\
	} while (count);								\
}											\
NOKPROBE_SYMBOL(run_##kind##_##bytes)

#define DEF_RUN_SET(bytes)								\
static noinline notrace void								\
run_set_##bytes(volatile void __iomem *addr, unsigned long val, unsigned long count)	\
{											\
	unsigned long flags, n;								\
											\
	do {										\
		n = min_t(unsigned long, count, SVM_WINDOW_RUN);			\
		raw_local_irq_pmu_save(flags);						\
		svm_run_set_##bytes(addr, val, n);					\
		raw_cpu_add(svm_counts.bulk_stores, n);					\
		raw_local_irq_pmu_restore(flags);					\
		addr += n * (bytes);							\
		count -= n;								\
	} while (count);								\
}											\
NOKPROBE_SYMBOL(run_set_##bytes)

#define DEF_RUNS(bytes)									\
DEF_RUN_IN(ins, bytes, 0);								\
DEF_RUN_IN(in, bytes, bytes);								\
DEF_RUN_OUT(outs, bytes, 0);								\
DEF_RUN_OUT(out, bytes, bytes);								\
DEF_RUN_SET(bytes)

DEF_RUNS(1);
DEF_RUNS(2);
DEF_RUNS(4);
DEF_RUNS(8);

/* The sync that the kernel's string and copy functions begin and end with. */
static __always_inline void sync_device(void)
{
	mb();	/* orders accesses to memory and to the device against each other */
}

/*
 * As _insb() and eeh_readsb() of the kernel, for each width. They take the count as a
 * signed number, an int where they read, and do nothing where it is negative: a driver's
 * "int left" may be. readsq() and writesq() have an unsigned one.
 */
#define DEF_READS(name, type, bytes, number, signed_number)				\
notrace void __svm_##name(const volatile void __iomem *addr, void *buf, number count)	\
{											\
	type last;									\
											\
	if ((signed_number)count <= 0)							\
		return;									\
	sync_device();									\
	if (static_branch_unlikely(&svm_mmio_detour))					\
		last = svm_detour_in(addr, buf, bytes, 0, count, _RET_IP_);		\
	else										\
		last = run_ins_##bytes(addr, buf, count);				\
	svm_window_wait(last);								\
	if (unlikely(last == (type)~0))							\
		this_cpu_inc(svm_counts.all_ones);					\
	if (EEH_POSSIBLE_ERROR(last, type))						\
		eeh_check_failure(addr);						\
}											\
EXPORT_SYMBOL_GPL(__svm_##name)

/* As _outsb() of the kernel, for each width. */
#define DEF_WRITES(name, bytes, number, signed_number)					\
notrace void __svm_##name(volatile void __iomem *addr, const void *buf, number count)	\
{											\
	if ((signed_number)count <= 0)							\
		return;									\
	sync_device();									\
	if (static_branch_unlikely(&svm_mmio_detour))					\
		svm_detour_out(addr, buf, bytes, 0, count, _RET_IP_);			\
	else										\
		run_outs_##bytes(addr, buf, count);					\
	sync_device();									\
}											\
EXPORT_SYMBOL_GPL(__svm_##name)

DEF_READS(readsb, u8, 1, unsigned long, int);
DEF_READS(readsw, u16, 2, unsigned long, int);
DEF_READS(readsl, u32, 4, unsigned long, int);
DEF_READS(readsq, u64, 8, unsigned int, s64);
DEF_WRITES(writesb, 1, unsigned long, long);
DEF_WRITES(writesw, 2, unsigned long, long);
DEF_WRITES(writesl, 4, unsigned long, long);
DEF_WRITES(writesq, 8, unsigned int, s64);

/*
 * How many accesses the kernel's own copy makes next, and of how many @bytes each: 4 once
 * both sides are aligned for it, 1 before and after, and all along if they never are
 * (_memcpy_fromio() in arch/powerpc/kernel/io.c). A device need not take any other width.
 */
static unsigned long as_the_kernel(const volatile void __iomem *addr, const void *memory,
				   unsigned long n, unsigned int *bytes)
{
	unsigned long device = (__force unsigned long)addr;

	*bytes = 1;
	if ((device ^ (unsigned long)memory) % 4)
		return n;
	if (device % 4)
		return min(n, 4 - device % 4);
	if (n < 4)
		return n;
	*bytes = 4;
	return n / 4;
}

/*
 * The fewest accesses there can be: all of 8 bytes, one narrower at a time before and
 * after. Only the device's side has to be aligned: memory may be accessed unaligned at
 * no cost.
 */
static unsigned long as_few(const volatile void __iomem *addr, unsigned long n,
			    unsigned int *bytes)
{
	*bytes = 1u << min(__ffs((__force unsigned long)addr | 8), __fls(n));
	return *bytes == 8 ? n / 8 : 1;
}

static __always_inline void copy_from(void *to, const volatile void __iomem *from,
				      unsigned long n, bool few, unsigned long caller)
{
	const volatile void __iomem *addr = from;
	unsigned long left = n;

	sync_device();
	while (left) {
		unsigned int bytes;
		unsigned long count = few ? as_few(addr, left, &bytes) :
					    as_the_kernel(addr, to, left, &bytes);

		if (static_branch_unlikely(&svm_mmio_detour))
			svm_detour_in(addr, to, bytes, bytes, count, caller);
		else if (bytes == 8)
			run_in_8(addr, to, count);
		else if (bytes == 4)
			run_in_4(addr, to, count);
		else if (bytes == 2)
			run_in_2(addr, to, count);
		else
			run_in_1(addr, to, count);
		addr += count * bytes;
		to += count * bytes;
		left -= count * bytes;
	}
	sync_device();

	/* As eeh_memcpy_fromio(): are the last four bytes all ones? */
	if (n >= 4 && get_unaligned((u32 *)(to - 4)) == ~0U)
		this_cpu_inc(svm_counts.all_ones);
	if (n >= 4 && EEH_POSSIBLE_ERROR(get_unaligned((u32 *)(to - 4)), u32))
		eeh_check_failure(from);
}

static __always_inline void copy_to(volatile void __iomem *to, const void *from,
				    unsigned long n, bool few, unsigned long caller)
{
	sync_device();
	while (n) {
		unsigned int bytes;
		unsigned long count = few ? as_few(to, n, &bytes) :
					    as_the_kernel(to, from, n, &bytes);

		if (static_branch_unlikely(&svm_mmio_detour))
			svm_detour_out(to, from, bytes, bytes, count, caller);
		else if (bytes == 8)
			run_out_8(to, from, count);
		else if (bytes == 4)
			run_out_4(to, from, count);
		else if (bytes == 2)
			run_out_2(to, from, count);
		else
			run_out_1(to, from, count);
		to += count * bytes;
		from += count * bytes;
		n -= count * bytes;
	}
	sync_device();
}

static __always_inline void set(volatile void __iomem *addr, int c, unsigned long n, bool few,
				unsigned long caller)
{
	unsigned long val = 0x0101010101010101UL * (u8)c;

	sync_device();
	while (n) {
		unsigned int bytes;
		/* There is no other side that would have to be aligned. */
		unsigned long count = few ? as_few(addr, n, &bytes) :
			as_the_kernel(addr, (__force const void *)addr, n, &bytes);

		if (static_branch_unlikely(&svm_mmio_detour))
			svm_detour_set(addr, val, bytes, count, caller);
		else if (bytes == 8)
			run_set_8(addr, val, count);
		else if (bytes == 4)
			run_set_4(addr, val, count);
		else if (bytes == 2)
			run_set_2(addr, val, count);
		else
			run_set_1(addr, val, count);
		addr += count * bytes;
		n -= count * bytes;
	}
	sync_device();
}

notrace void __svm_memcpy_fromio(void *to, const volatile void __iomem *from, unsigned long n)
{
	copy_from(to, from, n, false, _RET_IP_);
}
EXPORT_SYMBOL_GPL(__svm_memcpy_fromio);

notrace void __svm_memcpy_toio(volatile void __iomem *to, const void *from, unsigned long n)
{
	copy_to(to, from, n, false, _RET_IP_);
}
EXPORT_SYMBOL_GPL(__svm_memcpy_toio);

notrace void __svm_memset_io(volatile void __iomem *addr, int c, unsigned long n)
{
	set(addr, c, n, false, _RET_IP_);
}
EXPORT_SYMBOL_GPL(__svm_memset_io);

notrace void __svm_memcpy_fromio64(void *to, const volatile void __iomem *from, unsigned long n)
{
	copy_from(to, from, n, true, _RET_IP_);
}
EXPORT_SYMBOL_GPL(__svm_memcpy_fromio64);

notrace void __svm_memcpy_toio64(volatile void __iomem *to, const void *from, unsigned long n)
{
	copy_to(to, from, n, true, _RET_IP_);
}
EXPORT_SYMBOL_GPL(__svm_memcpy_toio64);

notrace void __svm_memset_io64(volatile void __iomem *addr, int c, unsigned long n)
{
	set(addr, c, n, true, _RET_IP_);
}
EXPORT_SYMBOL_GPL(__svm_memset_io64);

/* Without ordering, as lib/iomap_copy.c. */
notrace void __svm___ioread32_copy(void *to, const void __iomem *from, size_t count)
{
	if (!count)
		return;
	if (static_branch_unlikely(&svm_mmio_detour))
		svm_detour_in(from, to, 4, 4, count, _RET_IP_);
	else
		run_in_4(from, to, count);
}
EXPORT_SYMBOL_GPL(__svm___ioread32_copy);

notrace void __svm___iowrite32_copy(void __iomem *to, const void *from, size_t count)
{
	if (!count)
		return;
	if (static_branch_unlikely(&svm_mmio_detour))
		svm_detour_out(to, from, 4, 4, count, _RET_IP_);
	else
		run_out_4(to, from, count);
}
EXPORT_SYMBOL_GPL(__svm___iowrite32_copy);

notrace void __svm___iowrite64_copy(void __iomem *to, const void *from, size_t count)
{
	if (!count)
		return;
	if (static_branch_unlikely(&svm_mmio_detour))
		svm_detour_out(to, from, 8, 8, count, _RET_IP_);
	else
		run_out_8(to, from, count);
}
EXPORT_SYMBOL_GPL(__svm___iowrite64_copy);
