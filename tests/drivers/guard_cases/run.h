/* SPDX-License-Identifier: GPL-2.0 */
/* One instruction executed with all registers given, and what it leaves in them. */
#ifndef _RUN_H
#define _RUN_H

#define RUN_CR		256
#define RUN_XER		264
#define RUN_FAULTED	272
#define RUN_HOST	280
#define RUN_FRAME	256

#ifndef __ASSEMBLY__
#include <linux/types.h>

/**
 * struct run - registers, before and after
 * @gpr: r0 to r31; r1 has to be run_stack(), r13 is left as it is
 * @cr: the condition register
 * @xer: the fixed-point exception register
 * @faulted: 1 if the instruction faulted, and was not emulated
 * @host: r1 and r2 of who calls
 */
struct run {
	u64 gpr[32];
	u64 cr;
	u64 xer;
	u64 faulted;
	u64 host[2];
};

/* Interrupts have to be hard-disabled: r1 and r2 may be anything meanwhile. */
void run_slot(struct run *run);
unsigned long run_stack(void);

/* The instruction: two words, in read-only text. */
extern u32 slot[];
#endif

#endif /* _RUN_H */
