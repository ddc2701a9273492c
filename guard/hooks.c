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
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/signal.h>
#include <linux/string.h>
#include <asm/ptrace.h>

#include "emulate.h"
#include "hooks.h"
#include "pages.h"
#include "stubs.h"
#include "user.h"
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
static void behind(struct kprobe *probe, struct pt_regs *entry, unsigned long flags)
{
}

NOKPROBE_SYMBOL(behind);

static struct kprobe map_probe = { .pre_handler = on_map };

/*
 * Where a program's entry that is there is set anew, its lock held: ftrace may hook it, as
 * nothing is preempted there. The entry is an argument, as it is in memory: big-endian.
 */
static struct {
	const char *name;
	unsigned int argument;	/* the register */
	unsigned long addr;
} entries[] = {
	{ "ptep_modify_prot_commit", 7 },
	{ "ptep_set_access_flags", 6 },
};

static notrace bool on_entry(unsigned long ip, struct pt_regs *entry)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		if (ip - entries[i].addr < 4 * sizeof(u32)) {
			unsigned long *argument = &entry->gpr[entries[i].argument];
			unsigned long pte = be64_to_cpu((__force __be64)*argument);

			*argument = (__force unsigned long)cpu_to_be64(svm_user_closed(pte));
			return true;
		}
	}
	return false;
}

NOKPROBE_SYMBOL(on_entry);

/*
 * What a program has mapped, accessed by itself or by the kernel for it; or an entry that
 * is set anew. Apart, so that what is none of the guard's is left without even a frame.
 */
static notrace noinline void on_user(unsigned long ip, struct pt_regs *entry)
{
	struct pt_regs *regs = (struct pt_regs *)entry->gpr[3];
	enum svm_user answer;

	if (on_entry(ip, entry))
		return;
	if (TRAP(regs) != INTERRUPT_DATA_STORAGE && TRAP(regs) != INTERRUPT_INST_STORAGE)
		return;
	answer = svm_user_fault(regs, entry, entry->gpr[4], entry->gpr[5]);
	if (answer == SVM_USER_LEFT)
		return;
	entry->gpr[3] = answer == SVM_USER_FAILED ? SIGSEGV : 0;
	regs_set_return_ip(entry, (unsigned long)svm_guard_return);
}

NOKPROBE_SYMBOL(on_user);

static notrace noinline void on_kernel(struct pt_regs *entry)
{
	struct pt_regs *regs = (struct pt_regs *)entry->gpr[3];

	if (TRAP(regs) != INTERRUPT_DATA_STORAGE || user_mode(regs) ||
	    !svm_guard_emulate(regs, entry, entry->gpr[4], entry->gpr[5]))
		return;
	entry->gpr[3] = 0;	/* handled */
	regs_set_return_ip(entry, (unsigned long)svm_guard_return);
}

NOKPROBE_SYMBOL(on_kernel);

/*
 * ___do_page_fault(regs, address, dsisr). All that sets an entry of a program anew has its
 * address there, too: see entries.
 */
static notrace void on_fault(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct ftrace_regs *fregs)
{
	struct pt_regs *entry = svm_ftrace_regs(fregs);
	unsigned long addr = entry->gpr[4];

	if (addr < TASK_SIZE_USER64) {
		if (unlikely(READ_ONCE(svm_user_seen)))
			on_user(ip, entry);
	} else if (addr >= RADIX_KERN_IO_START && addr < RADIX_KERN_IO_END) {
		on_kernel(entry);
	}
}

NOKPROBE_SYMBOL(on_fault);

static struct ftrace_ops guard_ops = {
	.func = on_fault,
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_RECURSION_SAFE |
		 SVM_FTRACE_FL_REGS,
};

static int find(const char *name, kprobe_opcode_t **addr, bool *is_ftrace)
{
	struct kprobe entry = { .symbol_name = name };
	int err;

	err = register_kprobe(&entry);
	if (err)
		return err;
	*addr = entry.addr;
	*is_ftrace = kprobe_ftrace(&entry);
	unregister_kprobe(&entry);
	return 0;
}

/**
 * svm_guard_probe() - hook the entry of a function, by what restores no r13
 * @name: the function
 * @probe: to be registered, with its handler: no more of it is set
 *
 * Where arguments are still in their registers and nothing is of ftrace's: a probe at the
 * entry would be by ftrace. So it is behind the instruction that ftrace has there.
 * Context: process, may sleep.
 *
 * Return: 0; -ENOENT if there is no such function; another errno, and @probe->addr is NULL.
 */
int svm_guard_probe(const char *name, struct kprobe *probe)
{
	kprobe_opcode_t *addr;
	bool is_ftrace;
	int err;

	err = find(name, &addr, &is_ftrace);
	if (err)
		return err;
	probe->addr = addr + is_ftrace;
	probe->post_handler = behind;
	probe->flags = 0;
	err = register_kprobe(probe);
	if (err)
		probe->addr = NULL;
	return err;
}

/**
 * svm_guard_hook_entries() - from now on guard entries of programs that are set anew
 * @why: set to the reason if it fails
 *
 * The guard is hooked. Context: process, may sleep.
 *
 * Return: 0 or an errno.
 */
int svm_guard_hook_entries(const char **why)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		const char *name = entries[i].name;
		kprobe_opcode_t *addr;
		bool is_ftrace;

		err = find(name, &addr, &is_ftrace);
		if (!err) {
			entries[i].addr = (unsigned long)addr;
			err = ftrace_set_filter(&guard_ops, (unsigned char *)name, strlen(name),
						0);
		}
		if (err) {
			svm_guard_unhook_entries();
			*why = "ftrace cannot be had where programs' page tables are changed";
			return err;
		}
	}
	return 0;
}

/**
 * svm_guard_unhook_entries() - guard them no more
 *
 * Context: process, may sleep.
 */
void svm_guard_unhook_entries(void)
{
	ftrace_set_filter(&guard_ops, (unsigned char *)FAULT, strlen(FAULT), 1);
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
	err = svm_guard_probe(MAP, &map_probe);
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
