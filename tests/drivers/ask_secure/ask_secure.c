// SPDX-License-Identifier: GPL-2.0
/*
 * Test: asks what a secure guest can ask. When it is loaded it reads the MSR into
 * every register that C code can spare, and makes one ultracall, and says what
 * came of both.
 *
 *	ultracall	the number of that call
 *	page		its first argument
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <asm/reg.h>

/* What the MSR of kernel code always is. */
#define ALWAYS		(MSR_SF | MSR_ME | MSR_IR | MSR_DR | MSR_RI | MSR_LE)
#define NEVER		(MSR_PR)

static ulong ultracall;
module_param(ultracall, ulong, 0);

static ulong page;
module_param(page, ulong, 0);

#define DEFINE_READ(n)							\
static unsigned long read_into_r##n(void)				\
{									\
	unsigned long msr;						\
									\
	asm volatile("mfmsr	" #n "\n\tmr	%0," #n			\
		     : "=r" (msr) : : "r" #n);				\
	return msr;							\
}

/* Not the stack, the TOC, the PACA. */
#define FOR_EACH_REGISTER(what)						\
	what(0) what(3) what(4) what(5) what(6) what(7) what(8)		\
	what(9) what(10) what(11) what(12) what(14) what(15) what(16)	\
	what(17) what(18) what(19) what(20) what(21) what(22) what(23)	\
	what(24) what(25) what(26) what(27) what(28) what(29) what(30)	\
	what(31)

FOR_EACH_REGISTER(DEFINE_READ)

#define NAME_READ(n)	read_into_r##n,

static unsigned long (*const reads[])(void) = { FOR_EACH_REGISTER(NAME_READ) };

/* As any hcall it may change the volatile registers. */
static noinline long make_ultracall(unsigned long number, unsigned long first,
				    unsigned long second)
{
	register unsigned long r3 asm("r3") = number;
	register unsigned long r4 asm("r4") = first;
	register unsigned long r5 asm("r5") = second;

	asm volatile("sc	2"
		     : "+r" (r3), "+r" (r4), "+r" (r5)
		     : : "r0", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "cr0", "ctr", "xer",
		     "memory");
	return r3;
}

static int __init ask_secure_init(void)
{
	unsigned int i, secure = 0, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(reads); i++) {
		unsigned long msr = reads[i]();

		secure += !!(msr & MSR_S);
		wrong += (msr & (ALWAYS | NEVER)) != ALWAYS;
	}
	pr_info("%u reads, %u secure, %u wrong\n", i, secure, wrong);
	if (ultracall)
		pr_info("ultracall %#lx gave %ld\n", ultracall, make_ultracall(ultracall, page, 1));
	return 0;
}
module_init(ask_secure_init);

static void __exit ask_secure_exit(void)
{
}
module_exit(ask_secure_exit);

MODULE_DESCRIPTION("Test: what a guest learns of its security");
MODULE_LICENSE("GPL");
