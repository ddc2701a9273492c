// SPDX-License-Identifier: GPL-2.0
/*
 * Uses a mapping after iounmap(), on purpose, with backend hcall: no hcall may be made.
 * It takes QEMU's pci-testdev, whose count of stores tells what has reached it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "svm_mmio.h"

#define TESTDEV_COUNT	0x0c
#define TESTDEV_TARGET	0x800
#define TESTDEV_DATA	0xfa
#define STORES		100

static DEFINE_SPINLOCK(lock);

static int __init unmapped_init(void)
{
	struct pci_dev *pdev = pci_get_device(0x1b36, 0x0005, NULL);
	unsigned long flags;
	void __iomem *io;
	unsigned int i;
	u32 *memory;
	u32 val;

	if (!pdev)
		return -ENODEV;
	if (pci_enable_device_mem(pdev))
		goto out;
	io = pci_iomap(pdev, 0, 0);
	memory = vmalloc(sizeof(*memory));
	if (!io || !memory)
		goto out_free;
	svm_writeb(0, io);
	svm_writeb(TESTDEV_DATA, io + TESTDEV_TARGET);
	pr_info("mapped: 0x%x counted %u\n", TESTDEV_DATA, svm_readl(io + TESTDEV_COUNT));
	pci_iounmap(pdev, io);
	/* Frees what iounmap() may have left for later. */
	vfree(vmalloc(PAGE_SIZE));

	spin_lock_irqsave(&lock, flags);
	for (i = 0; i < STORES; i++)
		svm_writeb(TESTDEV_DATA, io + TESTDEV_TARGET);
	val = svm_readl(io + TESTDEV_COUNT);
	spin_unlock_irqrestore(&lock, flags);
	/* Memory is accessed as memory. */
	svm_writel(0x12345678, (void __force __iomem *)memory);
	pr_info("after iounmap: load 0x%x, memory 0x%x\n", val, *memory);

	io = pci_iomap(pdev, 0, 0);
	if (io)
		pr_info("mapped again: counted %u\n", svm_readl(io + TESTDEV_COUNT));
out_free:
	vfree(memory);
	if (io)
		pci_iounmap(pdev, io);
	pci_disable_device(pdev);
out:
	pci_dev_put(pdev);
	return 0;
}

static void __exit unmapped_exit(void)
{
}

module_init(unmapped_init);
module_exit(unmapped_exit);

MODULE_DESCRIPTION("Uses a mapping that is gone, to test backend hcall of svm_mmio");
MODULE_LICENSE("GPL");
