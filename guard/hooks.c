// SPDX-License-Identifier: GPL-2.0
/*
 * The two places of the kernel where the guard is called, by ftrace:
 *
 * - where a mapping of a device is made, whose protection is an argument;
 * - where the handler of a page fault has found out nothing yet, and so before kprobes
 *   look at it: a kprobe on an access is emulated, and to its fault a handler may say
 *   anything.
 *
 * ftrace, as neither place can be had by an exported function, and the second by no
 * kprobe. It is one ftrace_ops for both, as two would cost more at each fault. PERMANENT
 * makes the kernel refuse kernel.ftrace_enabled=0, which would switch the guard off.
 *
 * Which of the two has called is told by its address, and that of the first is learnt from
 * a mapping of this module's own: no symbol tells it.
 */
#include <linux/atomic.h>
#include <linux/ftrace.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/ptrace.h>

#include "emulate.h"
#include "hooks.h"
#include "pages.h"
#include "stubs.h"
#include "backend/alias.h"
#include "compat/compat.h"

#define MAP	"__ioremap_caller"

/* Before the handlers of interrupts were wrapped in C, assembly called this one. */
#ifdef SVM_HAVE_ASM_INTERRUPT
#define FAULT	"___do_page_fault"
#else
#define FAULT	"do_page_fault"
#endif

static unsigned long map_ip;		/* the first of the two places */
static struct task_struct *learner;
static bool guard_mappings;		/* new ones */
static atomic_long_t mappings_made;

/* __ioremap_caller(physical, size, protection, caller) */
static notrace void on_map(struct pt_regs *entry)
{
	if (!READ_ONCE(guard_mappings) || !svm_guard_is_device(entry->gpr[5]) ||
	    !svm_alias_covers(entry->gpr[3], entry->gpr[4]))
		return;
	entry->gpr[5] = svm_guard_close(entry->gpr[5]);
	atomic_long_inc(&mappings_made);
}

NOKPROBE_SYMBOL(on_map);

/* ___do_page_fault(regs, address, dsisr) */
static notrace void on_fault(struct pt_regs *entry)
{
	struct pt_regs *regs = (struct pt_regs *)entry->gpr[3];
	unsigned long addr = entry->gpr[4];

	if (addr < RADIX_KERN_IO_START || addr >= RADIX_KERN_IO_END ||
	    TRAP(regs) != INTERRUPT_DATA_STORAGE || user_mode(regs))
		return;
	if (svm_guard_emulate(regs, entry, addr, entry->gpr[5])) {
		entry->gpr[3] = 0;	/* handled */
		regs_set_return_ip(entry, (unsigned long)svm_guard_return);
	}
}

NOKPROBE_SYMBOL(on_fault);

static notrace void hooked(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			   struct ftrace_regs *fregs)
{
	if (unlikely(!map_ip)) {
		if (READ_ONCE(learner) == current)
			map_ip = ip;
		return;
	}
	if (ip == map_ip)
		on_map(ftrace_get_regs(fregs));
	else
		on_fault(ftrace_get_regs(fregs));
}

NOKPROBE_SYMBOL(hooked);

static struct ftrace_ops guard_ops = {
	.func = hooked,
	.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT |
		 FTRACE_OPS_FL_RECURSION_SAFE,
};

static int add_function(struct ftrace_ops *ops, const char *name)
{
	return ftrace_set_filter(ops, (unsigned char *)name, strlen(name), 0);
}

/* Not ftrace_free_filter(), which older kernels do not export. */
static void forget_functions(struct ftrace_ops *ops)
{
	ftrace_set_filter(ops, NULL, 0, 1);
}

/* Map a page of PCI, which is not accessed: the first call that this task makes is of MAP. */
static bool learn_map_ip(void)
{
	void __iomem *addr;

	WRITE_ONCE(learner, current);
	addr = ioremap(svm_guard_first_page(), PAGE_SIZE);
	WRITE_ONCE(learner, NULL);
	if (addr)
		iounmap(addr);
	return map_ip;
}

/**
 * svm_guard_unhook() - emulate nothing any more
 *
 * When it returns no CPU is in what the hooks call. Context: process, may sleep.
 */
void svm_guard_unhook(void)
{
	unregister_ftrace_function(&guard_ops);
	forget_functions(&guard_ops);
}

/**
 * svm_guard_hook() - from now on guard what is mapped, and emulate what faults
 * @why: set to the reason if it fails
 *
 * Context: process, may sleep.
 *
 * Return: 0 or an errno.
 */
int svm_guard_hook(const char **why)
{
	int err;

	err = add_function(&guard_ops, FAULT);
	if (!err)
		err = add_function(&guard_ops, MAP);
	if (!err)
		err = register_ftrace_function(&guard_ops);
	if (err) {
		forget_functions(&guard_ops);
		*why = err == -EBUSY ?
			"a live patch has " FAULT "() or " MAP "(), or kernel.ftrace_enabled is 0" :
			"ftrace cannot be had at " FAULT "() and " MAP "()";
		return err;
	}
	if (!learn_map_ip()) {
		svm_guard_unhook();
		*why = MAP "() was not called for a mapping";
		return -EOPNOTSUPP;
	}
	WRITE_ONCE(guard_mappings, true);
	return 0;
}

/**
 * svm_guard_unhook_mappings() - guard no new mappings any more
 */
void svm_guard_unhook_mappings(void)
{
	WRITE_ONCE(guard_mappings, false);
}

/**
 * svm_guard_mappings_made() - how many mappings were guarded when they were made
 *
 * Return: the number.
 */
unsigned long svm_guard_mappings_made(void)
{
	return atomic_long_read(&mappings_made);
}
