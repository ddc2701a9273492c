// SPDX-License-Identifier: GPL-2.0
/*
 * Finds out which backend works here: whether an access that SPRG0 names is emulated,
 * and whether the hypervisor answers the hcalls. Nothing tells a guest, so it tries.
 */
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/seq_file.h>

#include "hcall.h"
#include "probe.h"
#include "register.h"
#include "search.h"

/* What was tried, for the log and for status. */
static struct svm_trial sprg0;
static const char *hcall = "not tried";
static char where[SVM_REGISTER_TEXT] = "-";

static void try_sprg0(void)
{
	struct svm_register reg;

	if (svm_register_find(NULL, &reg)) {
		scnprintf(where, sizeof(where), "none found");
		return;
	}
	svm_register_print(&reg, where, sizeof(where));
	svm_probe(reg.addr, true, &sprg0);
	svm_register_release(&reg);
}

/**
 * svm_search() - find the backend that works
 * @found: set to it
 * @why: set to what was found out
 *
 * sprg0 comes first, as it costs less, where it is seen to work; else hcall, which works
 * with every ultravisor known. If neither can be seen to work, but there was nothing to
 * try sprg0 on, it may.
 *
 * Context: process, may sleep.
 *
 * Return: 0, and the backend is ready to be used; or an errno as of svm_hcall_init(),
 * after a message that says what was tried.
 */
int svm_search(enum svm_backend *found, const char **why)
{
	char text[SVM_TRIAL_TEXT];
	int err;

	try_sprg0();
	if (sprg0.outcome == SVM_WORKS) {
		*found = SVM_BACKEND_SPRG0;
		*why = "SPRG0 is read";
		return 0;
	}

	hcall = "works";
	err = svm_hcall_init();
	if (!err) {
		*found = SVM_BACKEND_HCALL;
		*why = sprg0.outcome == SVM_NOT_TRIED ?
		       "nothing to try SPRG0 on, the hypervisor answers hcalls" :
		       "SPRG0 is not read, the hypervisor answers hcalls";
		return 0;
	}

	hcall = "refused";
	if (sprg0.outcome == SVM_NOT_TRIED) {
		*found = SVM_BACKEND_SPRG0;
		*why = "nothing to try SPRG0 on, and hcalls are refused";
		return 0;
	}
	svm_trial_print(&sprg0, text, sizeof(text));
	pr_notice("refusing to load: no backend works here: sprg0: %s, on %s; hcall: see above. Use an ultravisor that reads SPRG0 or passes these hcalls on, or name a backend if you know better\n",
		  text, where);
	return err;
}

/**
 * svm_search_log() - say in the log what was found out
 * @found: name of the backend
 */
void svm_search_log(const char *found)
{
	char text[SVM_TRIAL_TEXT];

	svm_trial_print(&sprg0, text, sizeof(text));
	pr_info("found out which backend works: sprg0: %s; hcall: %s; register: %s: taking %s\n",
		text, hcall, where, found);
}

/**
 * svm_search_show() - print what was tried, one "key: value" line each
 * @m: where to print
 */
void svm_search_show(struct seq_file *m)
{
	char text[SVM_TRIAL_TEXT];

	svm_trial_print(&sprg0, text, sizeof(text));
	seq_printf(m, "probe_register: %s\n", where);
	seq_printf(m, "probe_sprg0: %s\n", text);
	seq_printf(m, "probe_hcall: %s\n", hcall);
}
