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

/* Each width in turn, to the middle one of three words: the others stay as they are. */
static bool keeps_to_its_width(u64 *words)
{
	void __iomem *middle = (void __force __iomem *)&words[1];

	memset(words, 0x55, 3 * sizeof(*words));
	svm_writeb(0xff, middle);
	if (words[1] != 0x55555555555555ffULL)
		return false;
	svm_writew(0x1234, middle);
	if (words[1] != 0x5555555555551234ULL)
		return false;
	svm_writel(0x89abcdef, middle);
	if (words[1] != 0x5555555589abcdefULL)
		return false;
	svm_writeq(0x0123456789abcdefULL, middle);
	return words[0] == 0x5555555555555555ULL && words[1] == 0x0123456789abcdefULL &&
	       words[2] == words[0] && svm_readb(middle) == 0xef && svm_readw(middle) == 0xcdef &&
	       svm_readl(middle) == 0x89abcdef && svm_readq(middle) == words[1];
}

static int __init unmapped_init(void)
{
	struct pci_dev *pdev = pci_get_device(0x1b36, 0x0005, NULL);
	unsigned long flags;
	void __iomem *io;
	unsigned int i;
	u32 string[2] = {};
	u64 *memory;
	u32 val;

	if (!pdev)
		return -ENODEV;
	if (pci_enable_device_mem(pdev))
		goto out;
	io = pci_iomap(pdev, 0, 0);
	memory = vmalloc(3 * sizeof(*memory));
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
	pr_info("after iounmap: load 0x%x, memory 0x%x\n", val, *(u32 *)memory);
	pr_info("memory beside what was stored is as it was: %u\n", keeps_to_its_width(memory));
	svm_readsl(io + TESTDEV_COUNT, string, ARRAY_SIZE(string));
	pr_info("a string is all ones: %u\n", !~string[0] && !~string[1]);
	memset(string, 0, sizeof(string));
	svm_memcpy_fromio(string, io + TESTDEV_COUNT, sizeof(*string));
	pr_info("a copy is all ones: %u\n", !~string[0] && !string[1]);

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
