/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The capture window: the only inline assembly of this project, and the only
 * code that writes SPRG0 for an access.
 *
 *	mfspr	saved,SPRG0
 *	li	word,0			(X-form:  lis word,WORD >> 16)
 *	oris	word,word,WORD >> 16	(         ori word,word,WORD & 0xffff)
 *	sync				(ordered accessors only)
 *	mtspr	SPRG0,word
 *	lwz	val,0(addr)		<- may raise HDSI; SPRG0 names it
 *	mtspr	SPRG0,saved
 *	twi	0,val,0			(ordered loads only)
 *	isync				(ordered loads only)
 *
 * WORD is the access instruction itself, computed by the assembler from the
 * registers the compiler chose: GCC and clang print a GPR operand as its bare
 * number on powerpc. Nothing is read from text, so the text need not be readable
 * and POWER9-only instructions (lnia) are not needed.
 *
 * Why this shape:
 * - li and oris give a zero-extended word; lis alone would smear the top bit of a
 *   D-form access (primary opcode >= 32) over the upper half of SPRG0. Its low half is
 *   the displacement, 0. An X-form access (primary opcode 31) has no top bit to smear.
 * - sync stands before the capture, so that waiting for earlier stores does not
 *   lengthen the window. Interrupts are disabled by then: nothing comes between.
 * - capture, access and restore are adjacent. HDSI is precise (Power ISA v3.0B,
 *   Book III, 6.5.16): the restore has not happened when it is taken. This also
 *   lets capture/table.c and tools outside compare instruction by instruction.
 * - only D-form with displacement 0 and X-form with RA=0 are written here, never
 *   an "m" operand: the compiler may turn that into an update or indexed form.
 *
 * A run is a window with a loop in it: one capture serves up to SVM_WINDOW_RUN
 * accesses by the same instruction. Between them stand only the access to the
 * buffer, the step to the next register if there is one, and a bdnz:
 *
 *	mtspr	SPRG0,word
 * 1:	lwz	val,0(addr)		<- SPRG0 names it, every time
 *	eieio
 *	stwu	val,4(buf)
 *	addi	addr,addr,4
 *	bdnz	1b
 *	mtspr	SPRG0,saved
 *
 * Interrupts must be disabled around a window, performance-monitor interrupts
 * too: raw_local_irq_pmu_save(). System reset and machine check may still come;
 * an accessor used by their handlers saves and restores SPRG0 as any does.
 *
 * Every window adds itself to the table in section SVM_WINDOW_SECTION.
 *
 * A trial (SVM_TRIAL) is for backend/probe.c alone: a load that may be refused, or have
 * no end, made while interrupts are enabled.
 */
#ifndef _SVM_CAPTURE_WINDOW_H
#define _SVM_CAPTURE_WINDOW_H

#include <linux/compiler.h>
#include <linux/stringify.h>
#include <linux/types.h>
#include <linux/uaccess.h>	/* EX_TABLE: where it is depends on the kernel */
#include <asm/reg.h>

/* The section of the table. */
#define SVM_WINDOW_SECTION	"__svm_mmio_windows"

/*
 * The most accesses that one run makes with interrupts disabled.
 *
 * In an SVM every access is an exit to the ultravisor and on to the hypervisor,
 * and an interrupt waits for all of a run. 64 is where more would hardly pay: the
 * fixed cost of a run, about 45 instructions, is then less than one for each access.
 */
#define SVM_WINDOW_RUN		64

/**
 * struct svm_window - one capture site, written by the assembler
 * @access: address of the load or store that is captured
 * @word: the 32-bit instruction word put into SPRG0 before it
 * @save: where SPRG0 is saved, in bytes from @access (negative)
 * @restore: where it is restored, in bytes from @access
 */
struct svm_window {
	unsigned long access;
	u32 word;
	s16 save;
	s16 restore;
};

/* The ends of the table: capture/table.lds. */
extern const struct svm_window svm_windows_start[], svm_windows_end[];

#define __SVM_WORD_D(opcode)								\
	"((" __stringify(opcode) " << 26) | (%[val] << 21) | (%[addr] << 16))"
#define __SVM_WORD_X(xo)								\
	"((31 << 26) | (%[val] << 21) | (%[addr] << 11) | (" __stringify(xo) " << 1))"

#define __SVM_BUILD_D(word)								\
	"	li	%[capture],0\n"							\
	"	oris	%[capture],%[capture],(" word " >> 16)\n"
#define __SVM_BUILD_X(word)								\
	"	lis	%[capture],(" word " >> 16)\n"					\
	"	ori	%[capture],%[capture],(" word " & 0xffff)\n"

#define __SVM_SYNC	"	sync\n"
#define __SVM_ISYNC	"	twi	0,%[val],0\n	isync\n"

/* @before and @after are what a run has around the access, inside its loop. */
#define __SVM_WINDOW(build, sync, before, insn, after, word)				\
	"70:	mfspr	%[saved],%[sprg0]\n"						\
	build										\
	sync										\
	"	mtspr	%[sprg0],%[capture]\n"						\
	before										\
	"77:	" insn "\n"								\
	after										\
	"78:	mtspr	%[sprg0],%[saved]\n"						\
	"	.pushsection " SVM_WINDOW_SECTION ",\"a\"\n"				\
	"	.balign	8\n"								\
	"	.quad	77b\n"								\
	"	.long	" word "\n"							\
	"	.short	70b-77b, 78b-77b\n"						\
	"	.popsection\n"

/* @saved and @capture are written before @addr and @val are last used. */
#define __SVM_WINDOW_LOAD(name, build, sync, insn, isync, word)				\
static __always_inline unsigned long							\
svm_window_##name(const volatile void __iomem *addr)					\
{											\
	unsigned long val, saved, capture;						\
											\
	asm volatile(__SVM_WINDOW(build, sync, "", insn, "", word)			\
		     isync								\
		     : [val] "=r" (val), [saved] "=&r" (saved),				\
		       [capture] "=&r" (capture)					\
		     : [addr] "b" (addr), [sprg0] "i" (SPRN_SPRG0)			\
		     : "memory");							\
	return val;									\
}

#define __SVM_WINDOW_STORE(name, build, sync, insn, word)				\
static __always_inline void								\
svm_window_##name(volatile void __iomem *addr, unsigned long val)			\
{											\
	unsigned long saved, capture;							\
											\
	asm volatile(__SVM_WINDOW(build, sync, "", insn, "", word)			\
		     : [saved] "=&r" (saved), [capture] "=&r" (capture)			\
		     : [addr] "b" (addr), [val] "r" (val),				\
		       [sprg0] "i" (SPRN_SPRG0)						\
		     : "memory");							\
}

/* Numbers are primary opcodes (D, DS) and extended opcodes (X), Power ISA Book I. */
#define SVM_WINDOW_LOAD_D(insn, opcode)							\
	__SVM_WINDOW_LOAD(insn, __SVM_BUILD_D(__SVM_WORD_D(opcode)), __SVM_SYNC,	\
			  #insn " %[val],0(%[addr])", __SVM_ISYNC, __SVM_WORD_D(opcode))
#define SVM_WINDOW_LOAD_X(insn, xo)							\
	__SVM_WINDOW_LOAD(insn, __SVM_BUILD_X(__SVM_WORD_X(xo)), __SVM_SYNC,		\
			  #insn " %[val],0,%[addr]", __SVM_ISYNC, __SVM_WORD_X(xo))
#define SVM_WINDOW_LOAD_RAW(insn, opcode)						\
	__SVM_WINDOW_LOAD(raw_##insn, __SVM_BUILD_D(__SVM_WORD_D(opcode)), "",		\
			  #insn " %[val],0(%[addr])", "", __SVM_WORD_D(opcode))
#define SVM_WINDOW_STORE_D(insn, opcode)						\
	__SVM_WINDOW_STORE(insn, __SVM_BUILD_D(__SVM_WORD_D(opcode)), __SVM_SYNC,	\
			   #insn " %[val],0(%[addr])", __SVM_WORD_D(opcode))
#define SVM_WINDOW_STORE_X(insn, xo)							\
	__SVM_WINDOW_STORE(insn, __SVM_BUILD_X(__SVM_WORD_X(xo)), __SVM_SYNC,		\
			   #insn " %[val],0,%[addr]", __SVM_WORD_X(xo))
#define SVM_WINDOW_STORE_RAW(insn, opcode)						\
	__SVM_WINDOW_STORE(raw_##insn, __SVM_BUILD_D(__SVM_WORD_D(opcode)), "",		\
			   #insn " %[val],0(%[addr])", __SVM_WORD_D(opcode))

/* A load gives its value zero-extended; a store uses the low bits of @val. */
SVM_WINDOW_LOAD_D(lbz, 34)
SVM_WINDOW_LOAD_D(lhz, 40)
SVM_WINDOW_LOAD_D(lwz, 32)
SVM_WINDOW_LOAD_D(ld, 58)
SVM_WINDOW_LOAD_X(lhbrx, 790)
SVM_WINDOW_LOAD_X(lwbrx, 534)
SVM_WINDOW_LOAD_X(ldbrx, 532)
SVM_WINDOW_STORE_D(stb, 38)
SVM_WINDOW_STORE_D(sth, 44)
SVM_WINDOW_STORE_D(stw, 36)
SVM_WINDOW_STORE_D(std, 62)
SVM_WINDOW_STORE_X(sthbrx, 918)
SVM_WINDOW_STORE_X(stwbrx, 662)
SVM_WINDOW_STORE_X(stdbrx, 660)

/* Without any ordering: svm_window_raw_lbz() and so on. */
SVM_WINDOW_LOAD_RAW(lbz, 34)
SVM_WINDOW_LOAD_RAW(lhz, 40)
SVM_WINDOW_LOAD_RAW(lwz, 32)
SVM_WINDOW_LOAD_RAW(ld, 58)
SVM_WINDOW_STORE_RAW(stb, 38)
SVM_WINDOW_STORE_RAW(sth, 44)
SVM_WINDOW_STORE_RAW(stw, 36)
SVM_WINDOW_STORE_RAW(std, 62)

/*
 * Runs. @count is 1 to SVM_WINDOW_RUN. The buffer is accessed with an update form
 * that adds first: it starts one element early. eieio between loads, as in the
 * kernel's _insl() and _memcpy_fromio(); a run has no other ordering, its callers
 * add what the kernel's functions have.
 *
 * __SVM_RUN_IN returns the last element, for the all-ones check and as something
 * to wait for (svm_window_wait()).
 */
#define __SVM_RUN_IN(name, insn, opcode, update, bytes, advance)			\
static __always_inline unsigned long							\
svm_run_##name(const volatile void __iomem *addr, void *buf, unsigned long count)	\
{											\
	unsigned long val, saved, capture;						\
											\
	buf -= (bytes);									\
	asm volatile("	mtctr	%[count]\n"						\
		     __SVM_WINDOW(__SVM_BUILD_D(__SVM_WORD_D(opcode)),			\
				  "", "", #insn " %[val],0(%[addr])",			\
				  "	eieio\n"					\
				  "	" #update " %[val]," #bytes "(%[buf])\n"	\
				  advance						\
				  "	bdnz	77b\n",					\
				  __SVM_WORD_D(opcode))					\
		     : [val] "=&r" (val), [saved] "=&r" (saved),			\
		       [capture] "=&r" (capture), [addr] "+&b" (addr),			\
		       [buf] "+&b" (buf)						\
		     : [count] "r" (count), [sprg0] "i" (SPRN_SPRG0)			\
		     : "ctr", "memory");						\
	return val;									\
}

#define __SVM_RUN_OUT(name, insn, opcode, update, bytes, advance)			\
static __always_inline void								\
svm_run_##name(volatile void __iomem *addr, const void *buf, unsigned long count)	\
{											\
	unsigned long val, saved, capture;						\
											\
	buf -= (bytes);									\
	asm volatile("	mtctr	%[count]\n"						\
		     __SVM_WINDOW(__SVM_BUILD_D(__SVM_WORD_D(opcode)), "",		\
				  "76:	" #update " %[val]," #bytes "(%[buf])\n",	\
				  #insn " %[val],0(%[addr])",				\
				  advance						\
				  "	bdnz	76b\n",					\
				  __SVM_WORD_D(opcode))					\
		     : [val] "=&r" (val), [saved] "=&r" (saved),			\
		       [capture] "=&r" (capture), [addr] "+&b" (addr),			\
		       [buf] "+&b" (buf)						\
		     : [count] "r" (count), [sprg0] "i" (SPRN_SPRG0)			\
		     : "ctr", "memory");						\
}

#define __SVM_RUN_SET(name, insn, opcode, bytes)					\
static __always_inline void								\
svm_run_##name(volatile void __iomem *addr, unsigned long val, unsigned long count)	\
{											\
	unsigned long saved, capture;							\
											\
	asm volatile("	mtctr	%[count]\n"						\
		     __SVM_WINDOW(__SVM_BUILD_D(__SVM_WORD_D(opcode)),			\
				  "", "", #insn " %[val],0(%[addr])",			\
				  "	addi	%[addr],%[addr]," #bytes "\n"		\
				  "	bdnz	77b\n",					\
				  __SVM_WORD_D(opcode))					\
		     : [saved] "=&r" (saved), [capture] "=&r" (capture),		\
		       [addr] "+&b" (addr)						\
		     : [count] "r" (count), [val] "r" (val),				\
		       [sprg0] "i" (SPRN_SPRG0)						\
		     : "ctr", "memory");						\
}

/* ins: one register, many times; in: consecutive registers. Likewise outs and out. */
#define SVM_RUNS(insn, opcode, lu, store, store_opcode, su, bytes)			\
__SVM_RUN_IN(ins_##bytes, insn, opcode, su, bytes, "")					\
__SVM_RUN_IN(in_##bytes, insn, opcode, su, bytes,					\
	     "	addi	%[addr],%[addr]," #bytes "\n")					\
__SVM_RUN_OUT(outs_##bytes, store, store_opcode, lu, bytes, "")				\
__SVM_RUN_OUT(out_##bytes, store, store_opcode, lu, bytes,				\
	      "	addi	%[addr],%[addr]," #bytes "\n")					\
__SVM_RUN_SET(set_##bytes, store, store_opcode, bytes)

SVM_RUNS(lbz, 34, lbzu, stb, 38, stbu, 1)
SVM_RUNS(lhz, 40, lhzu, sth, 44, sthu, 2)
SVM_RUNS(lwz, 32, lwzu, stw, 36, stwu, 4)
SVM_RUNS(ld, 58, ldu, std, 62, stdu, 8)

/*
 * A load that can be given up, whoever takes its fault, and whatever they do:
 *
 *	li	refused,0
 *	...				as around any access, or nothing
 * 1:	lwz	val,0(addr)		<- refused: an exception, whose table leads to 3
 * 2:	mtspr	SPRG0,saved		<- where an interrupt sends what has no end
 *	b	4f
 * 3:	li	refused,1
 *	b	2b
 * 4:
 *
 * All three ways lead by 2. Interrupts have to be enabled, or none could put an end to
 * it, and preemption disabled, as SPRG0 belongs to a CPU. An interrupt that comes
 * between the capture and the access does no harm: an accessor in its handler gives
 * SPRG0 back.
 *
 * The labels are local to the assembler. As symbols they would end the function for who
 * asks kallsyms for its size, and so what NOKPROBE_SYMBOL() keeps kprobes from.
 *
 * Return: whether it was refused. @val is as it was before, unless the load was made.
 */
#define SVM_TRIAL(name, attempt)							\
extern const char svm_trial_##name##_access[] asm(".Lsvm_trial_" #name "_access");	\
extern const char svm_trial_##name##_after[] asm(".Lsvm_trial_" #name "_after");	\
static __always_inline bool								\
svm_trial_##name(const volatile void __iomem *addr, unsigned long *val)			\
{											\
	unsigned long refused, saved, capture;						\
											\
	asm volatile("	li	%[refused],0\n"					\
		     attempt								\
		     "	b	80f\n"							\
		     "79:	li	%[refused],1\n"				\
		     "	b	78b\n"							\
		     "80:\n"								\
		     "	.set	.Lsvm_trial_" #name "_access,77b\n"			\
		     "	.set	.Lsvm_trial_" #name "_after,78b\n"			\
		     EX_TABLE(77b, 79b)							\
		     : [val] "+&r" (*val), [refused] "=&r" (refused),			\
		       [saved] "=&r" (saved), [capture] "=&r" (capture)			\
		     : [addr] "b" (addr), [sprg0] "i" (SPRN_SPRG0)			\
		     : "memory");							\
	return refused;									\
}

SVM_TRIAL(sprg0, __SVM_WINDOW(__SVM_BUILD_D(__SVM_WORD_D(32)), "", "",
			      "lwz %[val],0(%[addr])", "", __SVM_WORD_D(32)))
SVM_TRIAL(direct, "77:	lwz	%[val],0(%[addr])\n78:\n")

/* Later instructions wait for the load that gave @val, as after the kernel's _insl(). */
static __always_inline void svm_window_wait(unsigned long val)
{
	asm volatile("twi 0,%0,0\n\tisync" : : "r" (val) : "memory");
}

#endif /* _SVM_CAPTURE_WINDOW_H */
