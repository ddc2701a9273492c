// SPDX-License-Identifier: GPL-2.0
/*
 * The file "probe" in debugfs: tries all backends on a register, whichever is in use.
 *
 *	write	"0000:00:01.0", or "any" for any PCI function: tries them
 *	read	what came of it the last time
 */
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "choice.h"
#include "hcall.h"
#include "probe.h"
#include "register.h"
#include "trials.h"
#include "observe/limit.h"

/* "0000:00:01.0" has 12 characters; a domain may have eight digits. */
#define NAME_MAX_LEN	32

static DEFINE_MUTEX(lock);	/* protects what follows */
static struct svm_trial trials[SVM_BACKENDS];
static char where[SVM_REGISTER_TEXT] = "-";

static struct svm_trial try_hcall(unsigned long physical)
{
	ktime_t start = ktime_get();
	struct svm_trial trial = { .outcome = svm_hcall_try(physical) ? SVM_WORKS : SVM_REFUSED };

	trial.us = ktime_us_delta(ktime_get(), start);
	return trial;
}

static DEFINE_SVM_LIMIT(limit);

static int complain(const char *name, int err)
{
	if (!__ratelimit(&limit))
		return err;
	switch (err) {
	case -ENODEV:
		pr_notice("probe: there is no PCI function \"%s\": write one as lspci -D has it, or \"any\"\n",
			  name);
		break;
	case -EBUSY:
		pr_notice("probe: a driver of %s is just coming or going: try again\n", name);
		break;
	case -ENXIO:
		pr_notice("probe: %s has no register that is harmless to read: no MSI-X, or its memory is off as no driver has it: try another, or \"any\"\n",
			  name);
		break;
	}
	return err;
}

/* With the lock held. */
static int try_all(const char *name)
{
	struct svm_register reg = { };
	int err;

	err = svm_register_find(name, &reg);
	if (err && name)
		return complain(name, err);
	memset(trials, 0, sizeof(trials));
	if (err) {
		strscpy(where, "none found", sizeof(where));
	} else {
		svm_register_print(&reg, where, sizeof(where));
		svm_probe(reg.addr, false, &trials[SVM_BACKEND_DIRECT]);
		svm_probe(reg.addr, true, &trials[SVM_BACKEND_SPRG0]);
	}
	trials[SVM_BACKEND_HCALL] = try_hcall(reg.physical);
	if (!err)
		svm_register_release(&reg);
	return 0;
}

static ssize_t probe_write(struct file *file, const char __user *from, size_t count, loff_t *ppos)
{
	char text[NAME_MAX_LEN + 1];
	char *name;
	int err;

	if (count > NAME_MAX_LEN) {
		if (__ratelimit(&limit))
			pr_notice("probe: %zu bytes are no name of a PCI function: write one as lspci -D has it, or \"any\"\n",
				  count);
		return -EINVAL;
	}
	if (copy_from_user(text, from, count))
		return -EFAULT;
	text[count] = '\0';
	name = strim(text);

	err = mutex_lock_interruptible(&lock);
	if (err)
		return err;
	err = try_all(strcmp(name, "any") ? name : NULL);
	mutex_unlock(&lock);
	return err ?: count;
}

/* As "backend=auto" and "backend=probe" would choose, and direct in a normal guest. */
static const char *load_with(void)
{
	bool secure = svm_guest_is_secure();

	if (!secure && trials[SVM_BACKEND_DIRECT].outcome == SVM_WORKS)
		return "direct";
	if (trials[SVM_BACKEND_SPRG0].outcome == SVM_WORKS)
		return "sprg0";
	return trials[SVM_BACKEND_HCALL].outcome == SVM_WORKS ? "hcall" : "none";
}

static int probe_show(struct seq_file *m, void *unused)
{
	char text[SVM_TRIAL_TEXT];
	unsigned int i;

	mutex_lock(&lock);
	seq_printf(m, "register: %s\n", where);
	for (i = 0; i < SVM_BACKENDS; i++) {
		svm_trial_print(&trials[i], text, sizeof(text));
		seq_printf(m, "%s: %s\n", svm_backend_name(i), text);
	}
	seq_printf(m, "load_with: %s\n", load_with());
	mutex_unlock(&lock);
	return 0;
}

static int probe_open(struct inode *inode, struct file *file)
{
	return single_open(file, probe_show, NULL);
}

static const struct file_operations probe_fops = {
	.owner = THIS_MODULE,
	.open = probe_open,
	.read = seq_read,
	.write = probe_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * svm_trials_init() - make the file
 * @debugfs: the module's directory, with which it goes
 */
void svm_trials_init(struct dentry *debugfs)
{
	debugfs_create_file("probe", 0600, debugfs, NULL, &probe_fops);
}
