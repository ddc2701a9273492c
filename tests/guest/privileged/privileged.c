// SPDX-License-Identifier: GPL-2.0
/*
 * Test: executes mfmsr, which a program may not. It is to die of that: an exit in
 * good order says that it learnt what the register holds.
 */
#include <stdio.h>

int main(void)
{
	unsigned long msr;

	asm volatile("mfmsr %0" : "=r" (msr));
	printf("%#lx\n", msr);
	return 0;
}
