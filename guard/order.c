// SPDX-License-Identifier: GPL-2.0
/*
 * The order in which the parts of the guard come up and go down.
 *
 * Up: aliases; hooks, so that no mapping is missed; who holds the module; accessors, so
 * that theirs do not fault; mappings that there are. Down: in reverse, but that mappings
 * have their rights again before anything else is undone.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/seq_file.h>
#include <asm/mmu.h>

#include "holders.h"
#include "hooks.h"
#include "order.h"
#include "pages.h"
#include "user.h"
#include "user_map.h"
#include "backend/alias.h"
#include "backend/choice.h"
#include "backend/tables.h"
#include "observe/trace.h"

static unsigned int mappings_found, user_found;
static bool user_is_up;

/* Milliseconds: no ioremap() takes as long between its entry and its entries' being there. */
#define UNDER_WAY	50

/* An ioremap() that was under way when the hook changed ends as it has begun: look twice. */
static unsigned int change_all(unsigned int (*change)(void))
{
	unsigned int mappings = change();

	msleep(UNDER_WAY);
	return mappings + change();
}

/**
 * svm_guard_up() - bring all parts up: from now on accesses are guarded
 * @why: set to the reason if it cannot be
 *
 * Context: process, may sleep.
 *
 * Return: 0 or an errno; then all is as it was.
 */
int svm_guard_up(const char **why)
{
	int err;

	if (!radix_enabled()) {
		*why = "the MMU is in hash mode: boot without disable_radix";
		return -EOPNOTSUPP;
	}
	err = svm_tables_init();
	if (err) {
		*why = "page tables not found: that takes kprobes, and kernel.ftrace_enabled";
		return err;
	}
	err = svm_guard_alias_windows(why);
	if (err)
		return err;
	err = svm_guard_hook(why);
	if (err)
		goto err_alias;
	if (svm_guest_is_secure()) {
		err = svm_guard_hold();
		if (err) {
			*why = "there was no memory to note who would not survive its going";
			goto err_hook;
		}
	}
	/* Accessors before mappings: theirs must not fault. */
	static_branch_enable(&svm_mmio_aliased);
	static_branch_inc(&svm_mmio_detour);
	mappings_found = change_all(svm_guard_close_all);
	return 0;

err_hook:
	svm_guard_unhook_mappings();
	change_all(svm_guard_open_all);
	svm_guard_unhook();
err_alias:
	svm_alias_remove_all();
	return err;
}

/**
 * svm_guard_user_up() - guard programs that map a BAR, too
 * @emulate: whether their accesses are made, or they get a signal
 * @why: set to the reason if it cannot be
 *
 * The guard is up. Context: process, may sleep.
 *
 * Return: 0 or an errno; then all is as it was.
 */
int svm_guard_user_up(bool emulate, const char **why)
{
	int err;

	/* The lock of an entry may sleep there. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		*why = "this kernel has CONFIG_PREEMPT_RT";
		return -EOPNOTSUPP;
	}
	svm_user_emulate(emulate);
	err = svm_user_map_hook(why);
	if (err)
		return err;
	user_is_up = true;
	user_found = change_all(svm_user_close_all);
	return 0;
}

/**
 * svm_guard_down() - undo what svm_guard_up() has done
 *
 * Context: process, may sleep.
 */
void svm_guard_down(void)
{
	svm_guard_let_go();
	if (user_is_up) {
		svm_user_map_unhook();
		change_all(svm_user_open_all);
	}
	svm_guard_unhook_mappings();
	change_all(svm_guard_open_all);
	static_branch_dec(&svm_mmio_detour);
	static_branch_disable(&svm_mmio_aliased);
	svm_guard_unhook();
	svm_alias_remove_all();
}

/**
 * svm_guard_mappings_found() - how many mappings there were before it came up
 *
 * Return: the number.
 */
unsigned int svm_guard_mappings_found(void)
{
	return mappings_found;
}

/**
 * svm_guard_order_show() - print what is guarded, and who holds the module
 * @m: where to print
 */
void svm_guard_order_show(struct seq_file *m)
{
	seq_printf(m, "guard_mappings_found: %u\n", mappings_found);
	seq_printf(m, "guard_ports_found: %u\n", svm_guard_ports_found());
	seq_printf(m, "guard_mappings_made: %lu\n", svm_guard_mappings_made());
	svm_guard_holders_show(m);
}

/**
 * svm_guard_user_show() - print what of programs is guarded
 * @m: where to print
 */
void svm_guard_user_show(struct seq_file *m)
{
	seq_printf(m, "guard_user_mappings_found: %u\n", user_found);
	seq_printf(m, "guard_user_mappings_made: %lu\n", svm_user_map_made());
}
