// SPDX-License-Identifier: GPL-2.0
/*
 * Test: a driver that reads the ID register of QEMU's edu device over and over,
 * with the kernel's readl() or with svm_readl(). In /sys/kernel/debug/mmio_reads/:
 *
 *	run	write "kernel 1000" or "svm 1000"
 *	result	"DONE RIGHT NANOSECONDS" of the last run, or of how far it got
 *
 * A run may end in an oops, which is what some tests are about. So no lock is held
 * and no file is open in a way that would keep the module from being unloaded then.
 */
#include <linux/debugfs.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/uaccess.h>

#include "svm_mmio.h"

#define EDU_ID		0x00
#define EDU_ID_VALUE	0x010000ed

static void __iomem *base;
/* What the register reads as, little-endian: edu is big-endian in some QEMUs. */
static u32 id;
static struct dentry *dir;

static u64 done, right, nanoseconds;

static noinline u32 read_kernel(void)
{
	return readl(base + EDU_ID);
}

static noinline u32 read_svm(void)
{
	return svm_readl(base + EDU_ID);
}

static ssize_t run_write(struct file *file, const char __user *from, size_t count, loff_t *ppos)
{
	unsigned int reads, i;
	char command[32];
	u32 (*read)(void);
	ktime_t start;

	if (count >= sizeof(command))
		return -EINVAL;
	if (copy_from_user(command, from, count))
		return -EFAULT;
	command[count] = 0;
	if (sscanf(command, "kernel %u", &reads) == 1)
		read = read_kernel;
	else if (sscanf(command, "svm %u", &reads) == 1)
		read = read_svm;
	else
		return -EINVAL;

	done = 0;
	right = 0;
	nanoseconds = 0;
	start = ktime_get();
	for (i = 0; i < reads; i++) {
		right += read() == id;
		WRITE_ONCE(done, done + 1);
	}
	nanoseconds = ktime_to_ns(ktime_sub(ktime_get(), start));
	return count;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.write = run_write,
};

static ssize_t result_read(struct file *file, char __user *to, size_t count, loff_t *ppos)
{
	char text[64];
	int len = scnprintf(text, sizeof(text), "%llu %llu %llu\n", READ_ONCE(done), right,
			    nanoseconds);

	return simple_read_from_buffer(to, count, ppos, text, len);
}

static const struct file_operations result_fops = {
	.owner = THIS_MODULE,
	.read = result_read,
};

static int mmio_reads_probe(struct pci_dev *pdev, const struct pci_device_id *ids)
{
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	base = pcim_iomap(pdev, 0, 0);
	if (!base)
		return -ENOMEM;
	/* Out of line: the kernel image makes this access, not a module. */
	id = ioread32(base + EDU_ID);
	if (id != EDU_ID_VALUE && id != swab32(EDU_ID_VALUE)) {
		dev_err(&pdev->dev, "reads as 0x%08x, which is no edu\n", id);
		return -ENODEV;
	}
	dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file_unsafe("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file_unsafe("result", 0400, dir, NULL, &result_fops);
	return 0;
}

static void mmio_reads_remove(struct pci_dev *pdev)
{
	debugfs_remove(dir);
}

static const struct pci_device_id mmio_reads_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};

static struct pci_driver mmio_reads_driver = {
	.name = KBUILD_MODNAME,
	.id_table = mmio_reads_ids,
	.probe = mmio_reads_probe,
	.remove = mmio_reads_remove,
};
module_pci_driver(mmio_reads_driver);

MODULE_DESCRIPTION("Test: reads of one register, with the kernel's accessor or with ours");
MODULE_LICENSE("GPL");
