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

static char *guard_user = "auto";
module_param(guard_user, charp, 0444);
MODULE_PARM_DESC(guard_user,
		 "and programs that map a BAR: " CHOICES
		 " (default auto: with the guard, on in an SVM; off there: they get SIGBUS)");

static bool is_on, user_is_up;
static const char *user_reason, *user_state = "off";
static const char *reason;
static time64_t since;

static bool is_choice(const char *name, const char *value)
{
	if (!strcmp(value, "auto") || !strcmp(value, "on") || !strcmp(value, "off"))
		return true;
	pr_notice("%s must be one of " CHOICES ", not \"%.40s\"\n", name, value);
	return false;
}

/*
 * Programs: off in an SVM they are guarded too, to get a signal at once, where the access
 * would fault below.
 */
static int user_init(void)
{
	bool wanted = !strcmp(guard_user, "on"), automatic = !strcmp(guard_user, "auto");
	int err;

	if (!is_on) {
		user_reason = "the guard is off";
		if (!wanted)
			return 0;
		pr_notice("no guard for programs: the guard is off: load with guard=on, or without guard_user=on\n");
		return -EINVAL;
	}
	if (!wanted && !svm_guest_is_secure()) {
		user_reason = automatic ? "auto, in a normal guest" :
					  "parameter guard_user says so";
		return 0;
	}
	err = svm_guard_user_up(wanted || automatic, &user_reason);
	if (err && wanted) {
		pr_notice("no guard for programs: %s: load with guard_user=off, or guard_user=auto to go without where it cannot be\n",
			  user_reason);
		return err;
	}
	if (err) {
		pr_warn("no guard for programs: %s: what maps a BAR is not safe in this guest\n",
			user_reason);
		return 0;
	}
	user_is_up = true;
	user_state = wanted || automatic ? "on" : "refuses";
	user_reason = automatic ? "auto, in a secure guest" : "parameter guard_user says so";
	return 0;
}

/* The guard was asked for, and cannot be: @err. */
static int refuse(int err)
{
	pr_notice("no guard: %s: load with guard=off, or guard=auto to go without where it cannot be\n",
		  reason);
	return err;
}

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

	if (!is_choice("guard", guard) || !is_choice("guard_user", guard_user))
		return -EINVAL;
	if (svm_kernel_makes_accesses()) {
		/* An alias would be guarded by the kernel: its faults would have no end. */
		reason = "the kernel itself makes all accesses";
		return wanted ? refuse(-EBUSY) : user_init();
	}
	if (!wanted && !automatic) {
		reason = "parameter guard says so";
		return user_init();
	}
	if (automatic && !svm_guest_is_secure()) {
		reason = "auto, in a normal guest";
		return user_init();
	}
	if (automatic && svm_backend() == SVM_BACKEND_DIRECT) {
		reason = "auto, and backend direct has nothing to make an access by";
		return user_init();
	}

	err = svm_guard_up(&reason);
	if (err && wanted)
		return refuse(err);
	if (err) {
		pr_warn("no guard: %s: drivers that are not rebuilt for svm_mmio are not safe in this guest\n",
			reason);
		return user_init();
	}
	is_on = true;
	since = ktime_get_boottime_seconds();
	reason = wanted ? "parameter guard says so" : "auto, in a secure guest";
	pr_info("guard on: PCI windows: %u, mappings found: %u\n", svm_alias_count(),
		svm_guard_mappings_found());
	err = user_init();
	if (err)
		svm_guard_exit();
	return err;
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

static const char *state(void)
{
	if (is_on)
		return "on";
	return svm_kernel_makes_accesses() ? "the kernel itself" : "off";
}

/**
 * svm_guard_show() - print the state of the guard, one "key: value" line each
 * @m: where to print
 */
void svm_guard_show(struct seq_file *m)
{
	seq_printf(m, "guard: %s\n", state());
	seq_printf(m, "guard_reason: %s\n", reason);
	seq_printf(m, "guard_requested: %s\n", guard);
	seq_printf(m, "guard_user: %s\n", user_state);
	seq_printf(m, "guard_user_reason: %s\n", user_reason);
	seq_printf(m, "guard_user_requested: %s\n", guard_user);
	if (!is_on)
		return;
	seq_printf(m, "guard_since: %lld\n", since);
	seq_printf(m, "guard_windows: %u\n", svm_alias_count());
	svm_guard_order_show(m);
	if (user_is_up)
		svm_guard_user_show(m);
}
