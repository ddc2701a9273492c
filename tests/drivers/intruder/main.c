// SPDX-License-Identifier: GPL-2.0
/*
 * Test: accesses a device in interrupts that a soft mask does not stop, or not the one
 * of local_irq_save(): by="pmi", performance monitor, or by="nmi", system reset.
 *
 * Parameters: the bus address of a register of 32 bits, what it reads as, and text to
 * look at. In /sys/kernel/debug/intruder/: how often it came, how often the register
 * was read wrong, and "found": at which instructions of the text it came, and how often
 * (OFFSET COUNT).
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "intruder.h"
#include "svm_mmio.h"

static char *by = "pmi";
static ulong address, text, text_size;
static uint value;
module_param(by, charp, 0);
module_param(address, ulong, 0);
module_param(value, uint, 0);
module_param(text, ulong, 0);
module_param(text_size, ulong, 0);

static void __iomem *reg;
static atomic_t *found;		/* one for each instruction of the text */
static atomic_t intrusions, wrong;
static struct dentry *dir;
static bool nmi;

void intrude(struct pt_regs *regs)
{
	unsigned long offset = instruction_pointer(regs) - text;

	if (offset < text_size)
		atomic_inc(&found[offset / sizeof(u32)]);
	if (svm_readl(reg) != value)
		atomic_inc(&wrong);
	atomic_inc(&intrusions);
}

static int found_show(struct seq_file *m, void *unused)
{
	unsigned long i;

	for (i = 0; i < text_size / sizeof(u32); i++)
		if (atomic_read(&found[i]))
			seq_printf(m, "0x%lx %d\n", i * sizeof(u32), atomic_read(&found[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(found);

static int __init intruder_init(void)
{
	int err = -ENOMEM;

	nmi = !strcmp(by, "nmi");
	found = vzalloc(text_size / sizeof(u32) * sizeof(*found));
	if (!found)
		return err;
	reg = ioremap(address, sizeof(u32));
	if (!reg)
		goto out_found;
	err = nmi ? nmi_start() : pmi_start();
	if (err)
		goto out_reg;
	dir = debugfs_create_dir("intruder", NULL);
	debugfs_create_atomic_t("intrusions", 0400, dir, &intrusions);
	debugfs_create_atomic_t("wrong", 0400, dir, &wrong);
	debugfs_create_file("found", 0400, dir, NULL, &found_fops);
	return 0;

out_reg:
	iounmap(reg);
out_found:
	vfree(found);
	return err;
}

static void __exit intruder_exit(void)
{
	debugfs_remove(dir);
	if (nmi)
		nmi_stop();
	else
		pmi_stop();
	iounmap(reg);
	vfree(found);
}

module_init(intruder_init);
module_exit(intruder_exit);

MODULE_DESCRIPTION("Accesses a device in interrupts that are hard to stop, to test svm_mmio");
MODULE_LICENSE("GPL");
