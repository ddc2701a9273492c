/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The capture window: the only inline assembly of this project, and the only
 * code that writes SPRG0 for an access.
 *
 *	mfspr	saved,SPRG0
 *	li	word,0
 *	oris	word,word,WORD >> 16
 *	ori	word,word,WORD & 0xffff
 *	sync
 *	mtspr	SPRG0,word
 *	lwz	val,0(addr)		<- may raise HDSI; SPRG0 names it
 *	mtspr	SPRG0,saved
 *	twi	0,val,0
 *	isync
 *
 * WORD is the access instruction itself, computed by the assembler from the
 * registers the compiler chose: GCC and clang print a GPR operand as its bare
 * number on powerpc. Nothing is read from text, so the text need not be readable
 * and POWER9-only instructions (lnia) are not needed.
 *
 * Why this shape:
 * - li, oris and ori give a zero-extended word; lis would smear the top bit of
 *   every D-form access (primary opcode >= 32) over the upper half of SPRG0.
 * - sync stands before the capture, so that waiting for earlier stores does not
 *   lengthen the window. Interrupts are disabled by then: nothing comes between.
 * - capture, access and restore are adjacent. HDSI is precise (Power ISA v3.0B,
 *   Book III, 6.5.16): the restore has not happened when it is taken. This also
 *   lets svm_mmio_windows.c and tools outside compare instruction by instruction.
 * - only D-form with displacement 0 and X-form with RA=0 are written here, never
 *   an "m" operand: the compiler may turn that into an update or indexed form.
 *
 * Interrupts must be disabled around a window, performance-monitor interrupts
 * too: raw_local_irq_pmu_save(). System reset and machine check may still come;
 * an accessor used by their handlers saves and restores SPRG0 as any does.
 *
 * Every window adds itself to the table in section SVM_WINDOW_SECTION.
 */
#ifndef _SVM_MMIO_WINDOW_H
#define _SVM_MMIO_WINDOW_H

#include <linux/compiler.h>
#include <linux/stringify.h>
#include <linux/types.h>
#include <asm/reg.h>

/* The section of the table. */
#define SVM_WINDOW_SECTION	"__svm_mmio_windows"

/**
 * struct svm_window - one capture site, written by the assembler
 * @access: address of the load or store that is captured
 * @word: the 32-bit instruction word put into SPRG0 before it
 */
struct svm_window {
	unsigned long access;
	u32 word;
};

/* The ends of the table: svm_mmio.lds collects SVM_WINDOW_SECTION and marks them. */
extern const struct svm_window svm_windows_start[], svm_windows_end[];

/* Index of each instruction, relative to the access. */
#define SVM_WINDOW_SAVE		(-6)
#define SVM_WINDOW_ZERO		(-5)
#define SVM_WINDOW_HIGH		(-4)
#define SVM_WINDOW_LOW		(-3)
#define SVM_WINDOW_SYNC		(-2)
#define SVM_WINDOW_CAPTURE	(-1)
#define SVM_WINDOW_RESTORE	1

#define __SVM_WORD_D(opcode)						\
	"((" __stringify(opcode) " << 26) | (%[val] << 21) | (%[addr] << 16))"
#define __SVM_WORD_X(xo)						\
	"((31 << 26) | (%[val] << 21) | (%[addr] << 11) | (" __stringify(xo) " << 1))"

#define __SVM_WINDOW(insn, word)					\
	"	mfspr	%[saved],%[sprg0]\n"				\
	"	li	%[capture],0\n"					\
	"	oris	%[capture],%[capture],(" word " >> 16)\n"	\
	"	ori	%[capture],%[capture],(" word " & 0xffff)\n"	\
	"	sync\n"							\
	"	mtspr	%[sprg0],%[capture]\n"				\
	"77:	" insn "\n"						\
	"	mtspr	%[sprg0],%[saved]\n"				\
	"	.pushsection " SVM_WINDOW_SECTION ",\"a\"\n"		\
	"	.balign	8\n"						\
	"	.quad	77b\n"						\
	"	.long	" word ", 0\n"					\
	"	.popsection\n"

/* @saved and @capture are written before @addr and @val are last used. */
#define __SVM_WINDOW_LOAD(name, insn, word)				\
static __always_inline unsigned long					\
svm_window_##name(const volatile void __iomem *addr)			\
{									\
	unsigned long val, saved, capture;				\
									\
	asm volatile(__SVM_WINDOW(insn, word)				\
		     "	twi	0,%[val],0\n"				\
		     "	isync\n"					\
		     : [val] "=r" (val), [saved] "=&r" (saved),		\
		       [capture] "=&r" (capture)			\
		     : [addr] "b" (addr), [sprg0] "i" (SPRN_SPRG0)	\
		     : "memory");					\
	return val;							\
}

#define __SVM_WINDOW_STORE(name, insn, word)				\
static __always_inline void						\
svm_window_##name(volatile void __iomem *addr, unsigned long val)	\
{									\
	unsigned long saved, capture;					\
									\
	asm volatile(__SVM_WINDOW(insn, word)				\
		     : [saved] "=&r" (saved), [capture] "=&r" (capture)	\
		     : [addr] "b" (addr), [val] "r" (val),		\
		       [sprg0] "i" (SPRN_SPRG0)				\
		     : "memory");					\
}

/* Numbers are primary opcodes (D, DS) and extended opcodes (X), Power ISA Book I. */
#define SVM_WINDOW_LOAD_D(insn, opcode)					\
	__SVM_WINDOW_LOAD(insn, #insn " %[val],0(%[addr])", __SVM_WORD_D(opcode))
#define SVM_WINDOW_LOAD_X(insn, xo)					\
	__SVM_WINDOW_LOAD(insn, #insn " %[val],0,%[addr]", __SVM_WORD_X(xo))
#define SVM_WINDOW_STORE_D(insn, opcode)				\
	__SVM_WINDOW_STORE(insn, #insn " %[val],0(%[addr])", __SVM_WORD_D(opcode))
#define SVM_WINDOW_STORE_X(insn, xo)					\
	__SVM_WINDOW_STORE(insn, #insn " %[val],0,%[addr]", __SVM_WORD_X(xo))

/* A load gives its value zero-extended; a store uses the low bits of @val. */
SVM_WINDOW_LOAD_D(lbz, 34)
SVM_WINDOW_LOAD_D(lhz, 40)
SVM_WINDOW_LOAD_D(lwz, 32)
SVM_WINDOW_LOAD_D(ld, 58)
SVM_WINDOW_LOAD_X(lhbrx, 790)
SVM_WINDOW_LOAD_X(lwbrx, 534)
SVM_WINDOW_STORE_D(stb, 38)
SVM_WINDOW_STORE_D(sth, 44)
SVM_WINDOW_STORE_D(stw, 36)
SVM_WINDOW_STORE_D(std, 62)
SVM_WINDOW_STORE_X(sthbrx, 918)
SVM_WINDOW_STORE_X(stwbrx, 662)

#endif /* _SVM_MMIO_WINDOW_H */
