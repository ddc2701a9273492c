/* SPDX-License-Identifier: GPL-2.0 */
/* The same load twice: a kprobe is on the second, which may fault. */
#include <asm/asm-compat.h>
#include <asm/extable.h>
#include <asm/ppc_asm.h>

	.text
	.balign	4
	.globl	load_here
load_here:
	lwz	r3,0(r3)
	blr

	.globl	load_there
load_there:
	lwz	r3,0(r3)
	blr
1:	li	r3,0
	blr
	EX_TABLE(load_there, 1b)
