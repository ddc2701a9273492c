// SPDX-License-Identifier: GPL-2.0
/*
 * The module's directory in debugfs, and files that say something of it.
 *
 * These are read-only, so that they stay readable under kernel lockdown
 * (integrity). A kernel without debugfs loses them and nothing else. What they say
 * is known to others, who hand over how to print it: this needs none of them.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "debugfs.h"

static struct dentry *root;

static int shown_show(struct seq_file *m, void *unused)
{
	const struct svm_shown *shown = m->private;

	shown->show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(shown);

/**
 * svm_debugfs_init() - make the module's debugfs directory
 * @files: the files in it, up to one without a name; they have to stay
 *
 * Return: the directory, for others to add to; an error pointer, which debugfs
 * functions accept as a parent, if there is none.
 */
struct dentry *svm_debugfs_init(const struct svm_shown *files)
{
	const struct svm_shown *file;

	root = debugfs_create_dir("svm_mmio", NULL);
	for (file = files; file->name; file++)
		debugfs_create_file(file->name, 0444, root, (void *)file, &shown_fops);
	return root;
}

/**
 * svm_debugfs_exit() - remove the directory and all that is left in it
 */
void svm_debugfs_exit(void)
{
	debugfs_remove(root);
}
