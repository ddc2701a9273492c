// SPDX-License-Identifier: GPL-2.0
/*
 * The detour: one function for every load and one for every store, whatever accessor
 * it was. Accesses are counted, traced, and made by the backend.
 *
 * Ordering is that of the accessors of backend "sprg0"; an hcall returns when its
 * access is made. A traced access is captured in the CPU's byte order and swapped
 * afterwards: the device sees no difference.
 */
#include <linux/compiler.h>
#include <linux/io.h>
#include <linux/pci.h>	/* asm/eeh.h needs it where CONFIG_EEH is not set */
#include <linux/string.h>
#include <linux/swab.h>
#include <asm/barrier.h>
#include <asm/eeh.h>
#include <asm/mmiowb.h>

#include "alias.h"
#include "choice.h"
#include "detour.h"
#include "hcall.h"
#include "capture/access.h"
#include "capture/window.h"
#include "observe/counts.h"
#include "observe/trace.h"

/**
 * svm_place_load() - one load in the CPU's byte order, made by the backend
 * @place: where from, naturally aligned
 * @bytes: 1, 2, 4 or 8
 * @caller: whom to name if it fails
 *
 * Not counted, not traced, without ordering. Context: any.
 *
 * Return: the value, zero-extended.
 */
notrace u64 svm_place_load(const struct svm_place *place, unsigned int bytes, unsigned long caller)
{
	enum svm_backend backend = svm_backend();

	if (backend == SVM_BACKEND_SPRG0)
		return svm_sprg0_load(place->alias, bytes);
	if (backend == SVM_BACKEND_HCALL)
		return svm_hcall_load_physical(place->physical, bytes, caller);
	switch (bytes) {
	case 1:
		return __raw_readb(place->alias);
	case 2:
		return __raw_readw(place->alias);
	case 4:
		return __raw_readl(place->alias);
	default:
		return __raw_readq(place->alias);
	}
}

/**
 * svm_place_store() - one store in the CPU's byte order, made by the backend
 * @place: where to, naturally aligned
 * @bytes: 1, 2, 4 or 8
 * @val: the value, in the low bits
 * @caller: whom to name if it fails
 *
 * Not counted, not traced, without ordering. Context: any.
 */
notrace void svm_place_store(const struct svm_place *place, unsigned int bytes, u64 val,
			     unsigned long caller)
{
	enum svm_backend backend = svm_backend();

	if (backend == SVM_BACKEND_SPRG0) {
		svm_sprg0_store(place->alias, bytes, val);
		return;
	}
	if (backend == SVM_BACKEND_HCALL) {
		svm_hcall_store_physical(place->physical, bytes, val, caller);
		return;
	}
	switch (bytes) {
	case 1:
		__raw_writeb(val, place->alias);
		break;
	case 2:
		__raw_writew(val, place->alias);
		break;
	case 4:
		__raw_writel(val, place->alias);
		break;
	default:
		__raw_writeq(val, place->alias);
	}
}

static u64 load(const volatile void __iomem *addr, unsigned int bytes, unsigned long caller)
{
	struct svm_place place;

	/* Never through a mapping that the guard guards: in an NMI nothing would catch that. */
	if (static_branch_unlikely(&svm_mmio_aliased) &&
	    svm_alias_find((__force unsigned long)addr, &place))
		return svm_place_load(&place, bytes, caller);
	if (svm_backend() == SVM_BACKEND_HCALL)
		return svm_hcall_load(addr, bytes, caller);
	return svm_sprg0_load(addr, bytes);
}

static void store(volatile void __iomem *addr, unsigned int bytes, u64 val,
		  unsigned long caller)
{
	struct svm_place place;

	if (static_branch_unlikely(&svm_mmio_aliased) &&
	    svm_alias_find((__force unsigned long)addr, &place)) {
		svm_place_store(&place, bytes, val, caller);
		return;
	}
	if (svm_backend() == SVM_BACKEND_HCALL)
		svm_hcall_store(addr, bytes, val, caller);
	else
		svm_sprg0_store(addr, bytes, val);
}

static u64 in_order(u64 val, unsigned int how)
{
	return how & SVM_BIG ? swab64(val) >> (64 - 8 * (how & SVM_BYTES)) : val;
}

/**
 * svm_detour_load() - what an accessor that loads does, by the long way
 * @addr: where from
 * @how: its width in bytes, and of SVM_BIG, SVM_ORDERED and SVM_EEH what applies
 * @caller: who called the accessor, for the trace
 *
 * Context: any.
 *
 * Return: the value, zero-extended.
 */
u64 svm_detour_load(const volatile void __iomem *addr, unsigned int how, unsigned long caller)
{
	unsigned int bytes = how & SVM_BYTES;
	u64 val;

	if (how & SVM_ORDERED)
		mb();	/* as the sync before the kernel's own load */
	val = in_order(load(addr, bytes, caller), how);
	if (how & SVM_ORDERED)
		svm_window_wait(val);
	this_cpu_inc(svm_counts.loads[SVM_WIDTH(bytes)]);
	trace_svm_mmio_read(caller, svm_backend(), bytes, addr, val);
	if ((how & SVM_EEH) && unlikely(val == ~0ULL >> (64 - 8 * bytes))) {
		this_cpu_inc(svm_counts.all_ones);
		if (eeh_enabled())
			eeh_check_failure(addr);
	}
	return val;
}

/**
 * svm_detour_store() - what an accessor that stores does, by the long way
 * @addr: where to
 * @val: the value
 * @how: its width in bytes, and of SVM_BIG, SVM_ORDERED and SVM_EEH what applies
 * @caller: who called the accessor, for the trace
 *
 * Context: any.
 */
void svm_detour_store(volatile void __iomem *addr, u64 val, unsigned int how,
		      unsigned long caller)
{
	unsigned int bytes = how & SVM_BYTES;

	trace_svm_mmio_write(caller, svm_backend(), bytes, addr, val);
	if (how & SVM_ORDERED)
		mb();	/* as the sync before the kernel's own store */
	store(addr, bytes, in_order(val, how), caller);
	this_cpu_inc(svm_counts.stores[SVM_WIDTH(bytes)]);
	if (how & SVM_ORDERED)
		mmiowb_set_pending();
}

/**
 * svm_detour_in() - loads of a bulk accessor; each is an event of its own
 * @addr: where from
 * @buf: where to, in memory
 * @bytes: width of an element
 * @step: by how much @addr moves on with every element
 * @count: number of elements, not 0
 * @caller: who called the accessor
 *
 * Return: the last element.
 */
u64 svm_detour_in(const volatile void __iomem *addr, void *buf, unsigned int bytes,
		  unsigned int step, unsigned long count, unsigned long caller)
{
	u64 val;

	this_cpu_add(svm_counts.bulk_loads, count);
	do {
		val = load(addr, bytes, caller);
		memcpy(buf, &val, bytes);	/* little-endian: the low bytes come first */
		trace_svm_mmio_read(caller, svm_backend(), bytes, addr, val);
		addr += step;
		buf += bytes;
	} while (--count);
	return val;
}

/**
 * svm_detour_out() - stores of a bulk accessor; each is an event of its own
 * @addr: where to
 * @buf: where from, in memory
 * @bytes: width of an element
 * @step: by how much @addr moves on with every element
 * @count: number of elements, not 0
 * @caller: who called the accessor
 */
void svm_detour_out(volatile void __iomem *addr, const void *buf, unsigned int bytes,
		    unsigned int step, unsigned long count, unsigned long caller)
{
	this_cpu_add(svm_counts.bulk_stores, count);
	do {
		u64 val = 0;

		memcpy(&val, buf, bytes);
		trace_svm_mmio_write(caller, svm_backend(), bytes, addr, val);
		store(addr, bytes, val, caller);
		addr += step;
		buf += bytes;
	} while (--count);
}

/**
 * svm_detour_set() - stores of memset_io(); each is an event of its own
 * @addr: where to
 * @val: what, repeated in all bytes
 * @bytes: width of an access
 * @count: number of accesses, not 0
 * @caller: who called the accessor
 */
void svm_detour_set(volatile void __iomem *addr, u64 val, unsigned int bytes,
		    unsigned long count, unsigned long caller)
{
	val >>= 64 - 8 * bytes;
	this_cpu_add(svm_counts.bulk_stores, count);
	do {
		trace_svm_mmio_write(caller, svm_backend(), bytes, addr, val);
		store(addr, bytes, val, caller);
		addr += bytes;
	} while (--count);
}
