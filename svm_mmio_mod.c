// SPDX-License-Identifier: GPL-2.0
/*
 * svm_mmio.ko: bring the parts up in order, take them down in reverse.
 */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/seq_file.h>

#include "backend/choice.h"
#include "backend/trials.h"
#include "capture/table.h"
#include "guard/guard.h"
#include "observe/counts.h"
#include "observe/debugfs.h"
#include "selftest/selftest.h"
#include "svm_mmio_version.h"

/* For who loads it at every boot, on whatever machine: nobody but the module can tell. */
static bool svm_only;
module_param(svm_only, bool, 0444);
MODULE_PARM_DESC(svm_only, "refuse to be loaded in a guest that is no SVM (default N)");

/* What each part says of itself. */
static void show_status(struct seq_file *m)
{
	seq_printf(m, "version: %s\n", SVM_MMIO_VERSION);
	svm_backend_show(m);
	svm_guard_show(m);
	seq_printf(m, "windows: %u\n", svm_windows_count());
	svm_counts_show(m);
}

static const struct svm_shown files[] = {
	{ "status", show_status },
	{ "windows", svm_windows_show },
	{ }
};

static int __init svm_mmio_init(void)
{
	struct dentry *debugfs;
	int err;

	if (svm_only && !svm_guest_is_secure()) {
		pr_info("not loaded, as svm_only asks: this guest is no SVM\n");
		return -ENODEV;
	}

	err = svm_windows_verify();
	if (err)
		return err;

	err = svm_backend_init();
	if (err)
		return err;
	err = svm_guard_init();
	if (err)
		goto err_backend;
	debugfs = svm_debugfs_init(files);
	svm_trials_init(debugfs);

	err = svm_selftest_init(debugfs);
	if (err)
		goto err_debugfs;

	pr_info("version %s, backend %s, %u capture windows verified\n",
		SVM_MMIO_VERSION, svm_backend_name(svm_backend()), svm_windows_count());
	return 0;

err_debugfs:
	svm_debugfs_exit();
	svm_guard_exit();
err_backend:
	svm_backend_exit();
	return err;
}

static void __exit svm_mmio_exit(void)
{
	svm_selftest_exit();
	svm_debugfs_exit();
	svm_guard_exit();
	svm_backend_exit();
}

module_init(svm_mmio_init);
module_exit(svm_mmio_exit);

MODULE_DESCRIPTION("MMIO accessors for drivers in a POWER9 Secure Virtual Machine");
MODULE_AUTHOR("The svm-mmio authors");
MODULE_VERSION(SVM_MMIO_VERSION);
MODULE_LICENSE("GPL");
