// SPDX-License-Identifier: GPL-2.0
/*
 * The guard: whether it is on, and what there is to say of it.
 *
 * Mappings of PCI windows stay, but lose their rights. So an access by whatever
 * instruction of whatever code faults in the guest, before it can fault below. There it
 * is emulated: made by the backend, at an alias of the window.
 */
#include <linux/errno.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "guard.h"
#include "order.h"
#include "backend/alias.h"
#include "backend/choice.h"

#define CHOICES		"auto, on, off"

static char *guard = "auto";
module_param(guard, charp, 0444);
MODULE_PARM_DESC(guard,
		 "make drivers safe that are not rebuilt for it: " CHOICES
		 " (default auto: on in an SVM, off in a normal guest)");

static bool is_on;
static const char *reason;
static time64_t since;

/**
 * svm_guard_init() - switch the guard on if it is to be
 *
 * The backend has to be chosen. Context: process, may sleep.
 *
 * Return: 0; -EINVAL after a message that lists what can be chosen; another errno after
 * one that says why the guard, which was asked for, cannot be.
 */
int svm_guard_init(void)
{
	bool wanted = !strcmp(guard, "on"), automatic = !strcmp(guard, "auto");
	int err;

	if (!wanted && !automatic && strcmp(guard, "off")) {
		pr_notice("guard must be one of " CHOICES ", not \"%.40s\"\n", guard);
		return -EINVAL;
	}
	if (!wanted && !automatic) {
		reason = "parameter guard says so";
		return 0;
	}
	if (automatic && !svm_guest_is_secure()) {
		reason = "auto, in a normal guest";
		return 0;
	}
	if (automatic && svm_backend() == SVM_BACKEND_DIRECT) {
		reason = "auto, and backend direct has nothing to make an access by";
		return 0;
	}

	err = svm_guard_up(&reason);
	if (err && wanted) {
		pr_notice("no guard: %s: load with guard=off, or guard=auto to go without where it cannot be\n",
			  reason);
		return err;
	}
	if (err) {
		pr_warn("no guard: %s: drivers that are not rebuilt for svm_mmio are not safe in this guest\n",
			reason);
		return 0;
	}
	is_on = true;
	since = ktime_get_boottime_seconds();
	reason = wanted ? "parameter guard says so" : "auto, in a secure guest";
	pr_info("guard on: %u PCI windows, %u mappings that there were\n", svm_alias_count(),
		svm_guard_mappings_found());
	return 0;
}

/**
 * svm_guard_exit() - give all mappings their rights again, and go
 *
 * Context: process, may sleep.
 */
void svm_guard_exit(void)
{
	if (is_on)
		svm_guard_down();
}

/**
 * svm_guard_show() - print the state of the guard, one "key: value" line each
 * @m: where to print
 */
void svm_guard_show(struct seq_file *m)
{
	seq_printf(m, "guard: %s\n", is_on ? "on" : "off");
	seq_printf(m, "guard_reason: %s\n", reason);
	seq_printf(m, "guard_requested: %s\n", guard);
	if (!is_on)
		return;
	seq_printf(m, "guard_since: %lld\n", since);
	seq_printf(m, "guard_windows: %u\n", svm_alias_count());
	svm_guard_order_show(m);
}
