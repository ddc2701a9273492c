// SPDX-License-Identifier: GPL-2.0
/*
 * The debugfs files of a BAR: access, run and results.
 *
 * They are created "unsafe", without debugfs' own protection against removal:
 * that would turn every use of a file left open after its device has gone into
 * -EIO, where the user is told -ENODEV. So an open file holds a reference to the
 * BAR, and every operation looks at bar->gone first.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "bar.h"
#include "ktap.h"
#include "run.h"

/* Longer than any valid command. */
#define COMMAND_MAX	128

/* debugfs keeps the entry while open runs, so bar has not been released yet. */
static int bar_open(struct inode *inode, struct file *file)
{
	struct svm_bar *bar = inode->i_private;

	kref_get(&bar->ref);
	file->private_data = bar;
	return 0;
}

static int bar_release(struct inode *inode, struct file *file)
{
	svm_bar_put(file->private_data);
	return 0;
}

/* One write is one command. Gives the command, or an error pointer. */
static char *command_from_user(struct svm_bar *bar, const char __user *from, size_t count)
{
	char *command;

	if (count > COMMAND_MAX) {
		svm_bar_notice(bar, "a command of %zu bytes is longer than any valid one", count);
		return ERR_PTR(-EINVAL);
	}
	command = memdup_user_nul(from, count);
	if (IS_ERR(command))
		return command;
	if (strlen(command) != count) {
		svm_bar_notice(bar, "a command must be text, without a zero byte");
		kfree(command);
		return ERR_PTR(-EINVAL);
	}
	return command;
}

/* The caller holds bar->lock. */
static int bar_state(struct svm_bar *bar)
{
	if (bar->gone) {
		svm_bar_notice(bar, "the device has gone");
		return -ENODEV;
	}
	if (bar->running) {
		svm_bar_notice(bar, "a run is under way: wait for it, or interrupt it");
		return -EBUSY;
	}
	return 0;
}

static ssize_t access_write(struct file *file, const char __user *from, size_t count, loff_t *ppos)
{
	struct svm_bar *bar = file->private_data;
	char *command;
	int err;

	command = command_from_user(bar, from, count);
	if (IS_ERR(command))
		return PTR_ERR(command);

	mutex_lock(&bar->lock);
	err = bar_state(bar);
	if (!err)
		err = svm_access(bar, command);
	mutex_unlock(&bar->lock);
	kfree(command);
	if (err)
		return err;
	*ppos = 0;	/* reading the same open file gives the answer from its start */
	return count;
}

static ssize_t access_read(struct file *file, char __user *to, size_t count, loff_t *ppos)
{
	struct svm_bar *bar = file->private_data;
	char answer[sizeof(bar->answer)];

	mutex_lock(&bar->lock);
	strscpy(answer, bar->answer, sizeof(answer));
	mutex_unlock(&bar->lock);
	return simple_read_from_buffer(to, count, ppos, answer, strlen(answer));
}

static const struct file_operations access_fops = {
	.owner = THIS_MODULE,
	.open = bar_open,
	.release = bar_release,
	.write = access_write,
	.read = access_read,
	.llseek = default_llseek,
};

static ssize_t run_write(struct file *file, const char __user *from, size_t count, loff_t *ppos)
{
	struct svm_bar *bar = file->private_data;
	struct svm_ktap *results;
	char *command;
	int err;

	command = command_from_user(bar, from, count);
	if (IS_ERR(command))
		return PTR_ERR(command);

	mutex_lock(&bar->lock);
	err = bar_state(bar);
	if (!err)
		bar->running = true;
	mutex_unlock(&bar->lock);
	if (err)
		goto out_free;

	results = svm_run(bar, command);

	mutex_lock(&bar->lock);
	if (IS_ERR(results)) {
		err = PTR_ERR(results);
	} else {
		svm_ktap_free(bar->results);
		bar->results = results;
		if (bar->gone)
			err = -ENODEV;
		else if (signal_pending(current))
			err = -EINTR;
	}
	bar->running = false;
	wake_up_all(&bar->changed);
	mutex_unlock(&bar->lock);
out_free:
	kfree(command);
	if (err)
		return err;
	*ppos = 0;
	return count;
}

static ssize_t run_read(struct file *file, char __user *to, size_t count, loff_t *ppos)
{
	char *names = svm_run_names();
	ssize_t len;

	if (!names)
		return -ENOMEM;
	len = simple_read_from_buffer(to, count, ppos, names, strlen(names));
	kfree(names);
	return len;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = bar_open,
	.release = bar_release,
	.write = run_write,
	.read = run_read,
	.llseek = default_llseek,
};

static ssize_t results_read(struct file *file, char __user *to, size_t count, loff_t *ppos)
{
	static const char none[] =
		"KTAP version 1\n1..0 # SKIP nothing has run yet: write a case, or all, to run\n";
	struct svm_bar *bar = file->private_data;
	ssize_t len;

	mutex_lock(&bar->lock);
	if (bar->results)
		len = simple_read_from_buffer(to, count, ppos, bar->results->text,
					      bar->results->len);
	else
		len = simple_read_from_buffer(to, count, ppos, none, strlen(none));
	mutex_unlock(&bar->lock);
	return len;
}

static const struct file_operations results_fops = {
	.owner = THIS_MODULE,
	.open = bar_open,
	.release = bar_release,
	.read = results_read,
	.llseek = default_llseek,
};

/**
 * svm_bar_add_files() - make the directory of a BAR
 * @bar: the BAR, ready for use
 * @parent: directory of its device
 * @name: of the new directory
 */
void svm_bar_add_files(struct svm_bar *bar, struct dentry *parent, const char *name)
{
	bar->dir = debugfs_create_dir(name, parent);
	debugfs_create_file_unsafe("access", 0600, bar->dir, bar, &access_fops);
	debugfs_create_file_unsafe("run", 0600, bar->dir, bar, &run_fops);
	debugfs_create_file_unsafe("results", 0400, bar->dir, bar, &results_fops);
}

/**
 * svm_bar_remove_files() - remove the directory; files that are open stay usable
 * @bar: the BAR
 */
void svm_bar_remove_files(struct svm_bar *bar)
{
	debugfs_remove(bar->dir);
}
