/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The code is written for the newest kernel; this supplies to older ones what
 * they lack. compat.mk finds out what that is.
 */
#ifndef _SVM_MMIO_COMPAT_H
#define _SVM_MMIO_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/io.h>
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

/* The 64-bit functions of the kernel image once had no underscores. */
#ifndef SVM_HAVE_UNDERSCORE_IOREAD64
#define __ioread64_lo_hi	ioread64_lo_hi
#define __ioread64_hi_lo	ioread64_hi_lo
#define __ioread64be_lo_hi	ioread64be_lo_hi
#define __ioread64be_hi_lo	ioread64be_hi_lo
#define __iowrite64_lo_hi	iowrite64_lo_hi
#define __iowrite64_hi_lo	iowrite64_hi_lo
#define __iowrite64be_lo_hi	iowrite64be_lo_hi
#define __iowrite64be_hi_lo	iowrite64be_hi_lo
#endif

#endif /* _SVM_MMIO_COMPAT_H */
