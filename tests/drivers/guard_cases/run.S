/* SPDX-License-Identifier: GPL-2.0 */
#include <asm/ppc_asm.h>

#include "run.h"

	.text

/* What r1 will be in the slot, if the caller calls run_slot() next. */
	.globl	run_stack
run_stack:
	addi	r3,r1,-RUN_FRAME
	blr

	.globl	run_slot
run_slot:
	mflr	r0
	std	r0,16(r1)
	stdu	r1,-RUN_FRAME(r1)
	mfcr	r0
	std	r0,96(r1)
	.set	i,14
	.rept	18
	std	i,112+(i-14)*8(r1)
	.set	i,i+1
	.endr
	std	r1,RUN_HOST(r3)
	std	r2,RUN_HOST+8(r3)

	/* LR leads back to the registers: the instruction knows nothing of it. */
	mtlr	r3
	ld	r4,RUN_CR(r3)
	mtcr	r4
	ld	r4,RUN_XER(r3)
	mtxer	r4
	ld	r0,0(r3)
	ld	r2,16(r3)
	.set	i,4
	.rept	28
	.if	i - 13
	ld	i,i*8(r3)
	.endif
	.set	i,i+1
	.endr
	ld	r3,24(r3)
	b	slot

	.balign	64
	.globl	slot
slot:
	nop
	nop
	b	1f

/* The kernel has not handled the fault: it comes here, registers as they were. */
2:	mtctr	r31
	mflr	r31
	std	r30,240(r31)
	li	r30,1
	std	r30,RUN_FAULTED(r31)
	ld	r30,240(r31)
	b	3f

1:	mtctr	r31
	mflr	r31
3:	.set	i,0
	.rept	31
	std	i,i*8(r31)
	.set	i,i+1
	.endr
	mfctr	r30
	std	r30,248(r31)
	mfcr	r30
	std	r30,RUN_CR(r31)
	mfxer	r30
	std	r30,RUN_XER(r31)

	ld	r1,RUN_HOST(r31)
	ld	r2,RUN_HOST+8(r31)
	ld	r0,96(r1)
	mtcr	r0
	.set	i,14
	.rept	18
	ld	i,112+(i-14)*8(r1)
	.set	i,i+1
	.endr
	addi	r1,r1,RUN_FRAME
	ld	r0,16(r1)
	mtlr	r0
	blr

	.section __ex_table,"a"
	.balign	4
	.long	slot - .
	.long	2b - .
	.previous
