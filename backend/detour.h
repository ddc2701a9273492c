/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The detour: where accesses go that are not simply captured, because the backend is
 * "hcall", because they are traced, or because a driver's mapping is guarded: while
 * svm_mmio_detour (observe/trace.h) is on.
 */
#ifndef _SVM_BACKEND_DETOUR_H
#define _SVM_BACKEND_DETOUR_H

#include <linux/bits.h>
#include <linux/types.h>

struct svm_place;

/* What an accessor does besides: bits, beside its width in bytes. */
#define SVM_BYTES	0x0f
#define SVM_BIG		BIT(4)	/* the register is big-endian */
#define SVM_ORDERED	BIT(5)	/* as readl() and writel() are */
#define SVM_EEH		BIT(6)	/* all ones are looked into */

u64 svm_detour_load(const volatile void __iomem *addr, unsigned int how, unsigned long caller);
void svm_detour_store(volatile void __iomem *addr, u64 val, unsigned int how,
		      unsigned long caller);
u64 svm_detour_in(const volatile void __iomem *addr, void *buf, unsigned int bytes,
		  unsigned int step, unsigned long count, unsigned long caller);
void svm_detour_out(volatile void __iomem *addr, const void *buf, unsigned int bytes,
		    unsigned int step, unsigned long count, unsigned long caller);
void svm_detour_set(volatile void __iomem *addr, u64 val, unsigned int bytes,
		    unsigned long count, unsigned long caller);

u64 svm_place_load(const struct svm_place *place, unsigned int bytes, unsigned long caller);
void svm_place_store(const struct svm_place *place, unsigned int bytes, u64 val,
		     unsigned long caller);

#endif /* _SVM_BACKEND_DETOUR_H */
