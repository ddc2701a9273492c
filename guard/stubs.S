/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only assembly besides capture/window.h: places that the kernel's own entry code is
 * sent to, and vector registers by number.
 */
#include <asm/asm-offsets.h>
#include <asm/ppc_asm.h>

	.text
	.balign	4

/*
 * A hooked function that is to return at once comes here in place of its body. r3 is
 * what it returns. ftrace has put everything back as it was at the entry; but where its
 * code is out of line the branch here is by LR, and r0 has what LR was. With livepatch
 * LR leads back into ftrace, which returns to the caller.
 */
	.globl	svm_guard_return
svm_guard_return:
#if defined(CONFIG_PPC_FTRACE_OUT_OF_LINE) && !defined(CONFIG_LIVEPATCH_64)
	mtlr	r0
#endif
	blr

#ifndef CONFIG_INTERRUPT_SANITIZE_REGISTERS
/*
 * The C code of a data storage interrupt returns to here in place of the kernel's
 * assembly, which restores r0 to r13 only: r1 is the interrupt's frame, with the
 * pt_regs, and the result of no system call, but the address where to go on.
 */
	.globl	svm_guard_restore
svm_guard_restore:
	ld	r12,RESULT(r1)
	li	r0,0
	std	r0,RESULT(r1)
	mtctr	r12
	REST_NVGPRS(r1)
	bctr
#endif

/*
 * One instruction for each vector register, with its own return: r3 says which. lvx and
 * stvx, as they keep the order of memory whatever the byte order is; the doublewords of a
 * vector-scalar register are stored as such, the first before the second.
 */
	.macro	vectors name insn count
	.globl	\name
\name:
	mflr	r0
	bcl	20,31,1f
1:	mflr	r5
	mtlr	r0
	sldi	r3,r3,3
	add	r5,r5,r3
	addi	r5,r5,2f-1b
	mtctr	r5
	bctr
2:
	.set	i,0
	.rept	\count
	\insn	i,0,r4
	blr
	.set	i,i+1
	.endr
	.endm

	vectors	svm_guard_get_vector stvx 32
	vectors	svm_guard_put_vector lvx 32
	vectors	svm_guard_get_vsr stxvd2x 64
	vectors	svm_guard_put_vsr lxvd2x 64
