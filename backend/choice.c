// SPDX-License-Identifier: GPL-2.0
/*
 * The choice of backend: parameter "backend", the state of the guest, what is found out
 * of who emulates its accesses, and the static key that the accessors of svm_mmio.h test.
 */
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <asm/reg.h>

#include "choice.h"
#include "hcall.h"
#include "search.h"
#include "observe/trace.h"
#include "svm_mmio.h"

static const char * const backend_names[] = {
	[SVM_BACKEND_DIRECT] = "direct",
	[SVM_BACKEND_SPRG0] = "sprg0",
	[SVM_BACKEND_HCALL] = "hcall",
};

#define SVM_BACKEND_CHOICES	"auto, probe, direct, sprg0, hcall"

static char *backend = "auto";
module_param(backend, charp, 0444);
MODULE_PARM_DESC(backend,
		 "how accesses are made: " SVM_BACKEND_CHOICES
		 " (default auto: direct in a normal guest, as with probe in an SVM;"
		 " probe: sprg0 or hcall, whichever is found to work)");

static enum svm_backend chosen __ro_after_init;
/* What was found out to choose it, if that had to be. */
static const char *found __ro_after_init;

DEFINE_STATIC_KEY_FALSE(svm_mmio_out_of_line);
EXPORT_SYMBOL_GPL(svm_mmio_out_of_line);

/**
 * svm_guest_is_secure() - is this guest a Secure Virtual Machine?
 *
 * is_secure_guest() is constant false in kernels without CONFIG_PPC_SVM, which
 * run in an SVM all the same: ask the machine state register. MSR[S] is bit 41,
 * Power ISA v3.0C, Book III, 4.2.1. It cannot change while a guest runs modules.
 *
 * Return: whether it is.
 */
bool svm_guest_is_secure(void)
{
	return mfmsr() & MSR_S;
}

/**
 * svm_kernel_makes_accesses() - does this kernel itself make the accesses of all drivers?
 *
 * One with the series of upstream/ does, in an SVM: whatever accesses a device faults, and
 * the kernel makes the access in its place.
 *
 * Return: whether it does; it cannot change while a guest runs modules.
 */
bool svm_kernel_makes_accesses(void)
{
	return &svm_mmio_key && static_key_enabled(&svm_mmio_key);
}

/* Takes the backend that the parameter names, and direct for auto. */
static int take_named(void)
{
	int named = SVM_BACKEND_DIRECT;

	if (strcmp(backend, "auto")) {
		named = match_string(backend_names, ARRAY_SIZE(backend_names), backend);
		if (named < 0) {
			pr_notice("backend must be one of " SVM_BACKEND_CHOICES ", not \"%.40s\"\n",
				  backend);
			return -EINVAL;
		}
	}
	chosen = named;
	return chosen == SVM_BACKEND_HCALL ? svm_hcall_init() : 0;
}

/**
 * svm_backend_init() - choose the backend and switch the accessors to it
 *
 * Return: 0; -EINVAL after a message that lists what can be chosen; -EOPNOTSUPP after
 * one that says why the backend asked for, or any, cannot be used.
 */
int svm_backend_init(void)
{
	bool automatic = !strcmp(backend, "auto"), by_kernel = svm_kernel_makes_accesses();
	bool find = !strcmp(backend, "probe") ||
		    (automatic && !by_kernel && svm_guest_is_secure());
	int err;

	err = find ? svm_search(&chosen, &found) : take_named();
	if (err)
		return err;
	if (find)
		svm_search_log(svm_backend_name(chosen));
	if (automatic && by_kernel)
		found = "the kernel itself makes all accesses";

	if (chosen == SVM_BACKEND_HCALL)
		static_branch_inc(&svm_mmio_detour);
	if (chosen == SVM_BACKEND_DIRECT && svm_guest_is_secure() && !by_kernel)
		pr_warn("backend=direct in a secure guest: device accesses will not be emulated; load with backend=sprg0 or backend=hcall\n");
	if (chosen != SVM_BACKEND_DIRECT)
		static_branch_enable(&svm_mmio_out_of_line);
	return 0;
}

/**
 * svm_backend() - the backend in use
 *
 * Return: the backend; it never changes once the module is loaded.
 */
enum svm_backend svm_backend(void)
{
	return chosen;
}

/**
 * svm_backend_name() - the name of a backend
 * @which: the backend
 *
 * Return: its name, as the parameter spells it.
 */
const char *svm_backend_name(enum svm_backend which)
{
	return backend_names[which];
}

static const char *reason(void)
{
	if (!strcmp(backend, "probe"))
		return "probe";
	if (strcmp(backend, "auto"))
		return "parameter backend names it";
	return svm_guest_is_secure() ? "auto, in a secure guest" : "auto, in a normal guest";
}

/**
 * svm_backend_show() - print what was chosen and why, one "key: value" line each
 * @m: where to print
 */
void svm_backend_show(struct seq_file *m)
{
	seq_printf(m, "secure: %s\n", svm_guest_is_secure() ? "yes" : "no");
	seq_puts(m, "secure_by: MSR[S], bit 41\n");
	seq_printf(m, "backend: %s\n", svm_backend_name(chosen));
	seq_printf(m, "reason: %s%s%s\n", reason(), found ? ": " : "", found ?: "");
	seq_printf(m, "requested: %s\n", backend);
	svm_search_show(m);
}

/**
 * svm_backend_exit() - wait until the backend has nothing left to do
 *
 * No accessor is called any more: its driver would hold the module.
 */
void svm_backend_exit(void)
{
	svm_hcall_exit();
}
