# SPDX-License-Identifier: GPL-2.0
# What the kernel's headers offer. Distributions backport, so its version does
# not tell: the headers are asked. compat/compat.h supplies what is missing.
svm-header-has = $(shell grep -qsw $(2) $(srctree)/include/$(1) && echo -DSVM_HAVE_$(3))

ccflags-y += $(call svm-header-has,linux/hrtimer.h,hrtimer_setup,HRTIMER_SETUP)
ccflags-y += $(call svm-header-has,asm-generic/iomap.h,__ioread64_lo_hi,UNDERSCORE_IOREAD64)
ccflags-y += $(call svm-header-has,linux/unaligned.h,get_unaligned,LINUX_UNALIGNED)
ccflags-y += $(call svm-header-has,linux/align.h,IS_ALIGNED,LINUX_ALIGN)
