# SPDX-License-Identifier: GPL-2.0
# What compiles for this kernel, in its configuration: distributions backport, so the version
# does not tell, nor does what a header contains. compat/compat.h supplies what is missing.
svm-compiler = $(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) \
	-include $(srctree)/include/linux/compiler_types.h \
	$(KBUILD_CPPFLAGS) $(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) -w -fsyntax-only -x c
svm-has = $(call try-run,echo '$(2)' | $(svm-compiler) -include $(1) -,-DSVM_HAVE_$(3))

ccflags-y += $(call svm-has,linux/hrtimer.h,void *probe = hrtimer_setup;,HRTIMER_SETUP)
ccflags-y += $(call svm-has,linux/io.h,void *probe = __ioread64_lo_hi;,UNDERSCORE_IOREAD64)
ccflags-y += $(call svm-has,linux/unaligned.h,int probe(int *p) { return get_unaligned(p); },LINUX_UNALIGNED)
ccflags-y += $(call svm-has,linux/align.h,int probe = IS_ALIGNED(8$(comma) 4);,LINUX_ALIGN)
ccflags-y += $(call svm-has,asm/interrupt.h,int probe = INTERRUPT_DATA_STORAGE;,ASM_INTERRUPT)
ccflags-y += $(call svm-has,linux/kprobes.h,ppc_inst_t probe;,PPC_INST_T)
ccflags-y += $(call svm-has,linux/ftrace.h,void *probe = ftrace_get_regs;,FTRACE_GET_REGS)
ccflags-y += $(call svm-has,linux/ftrace.h,void *probe(struct ftrace_regs *r) { return &arch_ftrace_regs(r)->regs; },ARCH_FTRACE_REGS)
ccflags-y += $(call svm-has,linux/ftrace.h,int probe = FTRACE_OPS_FL_RECURSION_SAFE;,RECURSION_SAFE)
ccflags-y += $(call svm-has,linux/mm.h,void *probe = virt_to_ptdesc;,PTDESC)
ccflags-y += $(call svm-has,linux/mm.h,void *probe = zap_special_vma_range;,ZAP_SPECIAL_VMA_RANGE)
ccflags-y += $(call svm-has,linux/mm_types.h,pgprot_t probe(struct mmap_action *a) { return a->remap.pgprot; },MMAP_ACTION)
