// SPDX-License-Identifier: GPL-2.0
/*
 * The two places of the kernel where the guard is called:
 *
 * - where a mapping of a device is made, whose protection is an argument: by a kprobe;
 * - where the handler of a page fault has found out nothing yet, and so before kprobes
 *   look at it: a kprobe on an access is emulated, and to its fault a handler may say
 *   anything. No kprobe may be there: by ftrace, which PERMANENT keeps on, as the kernel
 *   then refuses kernel.ftrace_enabled=0.
 *
 * The first not by ftrace too: that restores r13 as it was, which is another CPU's once
 * the task was preempted and moved meanwhile. In the handler of a page fault interrupts
 * are masked.
 */
#include <linux/atomic.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
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

static atomic_long_t mappings_made;

/* __ioremap_caller(physical, size, protection, caller) */
static int on_map(struct kprobe *probe, struct pt_regs *entry)
{
	if (svm_guard_is_device(entry->gpr[5]) && svm_alias_covers(entry->gpr[3], entry->gpr[4])) {
		entry->gpr[5] = svm_guard_close(entry->gpr[5]);
		atomic_long_inc(&mappings_made);
	}
	return 0;
}

NOKPROBE_SYMBOL(on_map);

/* A probe with such a handler is not optimized, to code that restores r13, too. */
static void behind_map(struct kprobe *probe, struct pt_regs *entry, unsigned long flags)
{
}

NOKPROBE_SYMBOL(behind_map);

static struct kprobe map_probe = { .pre_handler = on_map, .post_handler = behind_map };

/* ___do_page_fault(regs, address, dsisr) */
static notrace void on_fault(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct ftrace_regs *fregs)
{
	struct pt_regs *entry = svm_ftrace_regs(fregs);
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

static struct ftrace_ops guard_ops = {
	.func = on_fault,
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_RECURSION_SAFE |
		 SVM_FTRACE_FL_REGS,
};

/*
 * Where arguments are still in their registers and nothing is of ftrace's: a probe at the
 * entry would be by ftrace. So it is behind the instruction that ftrace has there.
 */
static int find_map(void)
{
	struct kprobe entry = { .symbol_name = MAP };
	int err;

	err = register_kprobe(&entry);
	if (err)
		return err;
	map_probe.addr = entry.addr;
	if (kprobe_ftrace(&entry))
		map_probe.addr++;
	unregister_kprobe(&entry);
	return 0;
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

	err = ftrace_set_filter(&guard_ops, (unsigned char *)FAULT, strlen(FAULT), 0);
	if (!err)
		err = register_ftrace_function(&guard_ops);
	if (err) {
		*why = err == -EBUSY ?
			"a live patch has " FAULT "(), or kernel.ftrace_enabled is 0" :
			"ftrace cannot be had at " FAULT "()";
		goto err_filter;
	}
	err = find_map();
	if (!err)
		err = register_kprobe(&map_probe);
	if (err) {
		*why = "no kprobe can be had at " MAP "()";
		goto err_ftrace;
	}
	return 0;

err_ftrace:
	unregister_ftrace_function(&guard_ops);
err_filter:
	/* Not ftrace_free_filter(), which older kernels do not export. */
	ftrace_set_filter(&guard_ops, NULL, 0, 1);
	return err;
}

/**
 * svm_guard_unhook_mappings() - guard no new mappings any more
 *
 * Context: process, may sleep.
 */
void svm_guard_unhook_mappings(void)
{
	unregister_kprobe(&map_probe);
}

/**
 * svm_guard_unhook() - emulate nothing any more
 *
 * When it returns no CPU is in what the hook calls. Context: process, may sleep.
 */
void svm_guard_unhook(void)
{
	unregister_ftrace_function(&guard_ops);
	ftrace_set_filter(&guard_ops, NULL, 0, 1);
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
