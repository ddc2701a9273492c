// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses a large BAR, which the kernel maps by huge leaves where it can, by the
 * functions of svm_mmio and by the kernel's own in turn: each has to see what the other
 * has stored. The BAR is memory (QEMU's ivshmem), so the kernel's own accesses do not
 * fault, whatever is below. Also: string accessors with a negative count.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "svm_mmio.h"

#define PLACES	128

static unsigned int wrong;

static void expect(const char *what, unsigned long offset, u64 expected, u64 got)
{
	if (expected == got)
		return;
	if (wrong++ < 4)
		pr_info("%s at 0x%lx: expected 0x%llx, got 0x%llx\n", what, offset, expected, got);
}

/* Everywhere in the BAR, at its ends, and at both sides of where a huge leaf may end. */
static unsigned long place(unsigned long size, unsigned int i)
{
	unsigned long at = i / 2 * (size / (PLACES / 2));

	return i & 1 ? at + size / (PLACES / 2) - 8 : at;
}

static void try_one(void __iomem *io, unsigned long offset)
{
	u64 val = 0x1122334455667788ULL ^ offset * 0x9e3779b97f4a7c15ULL;

	svm_writeq(val, io + offset);
	expect("svm_writeq", offset, val, readq(io + offset));
	writeq(~val, io + offset);
	expect("svm_readq", offset, ~val, svm_readq(io + offset));
	svm_writel(val, io + offset + 4);
	expect("svm_writel", offset + 4, (u32)val, readl(io + offset + 4));
	expect("svm_readw", offset + 4, (u16)val, svm_readw(io + offset + 4));
	svm_writeb(0x5a, io + offset + 1);
	expect("svm_writeb", offset + 1, 0x5a, readb(io + offset + 1));
}

/*
 * A driver's "int left" may be negative. Nothing is moved then, by the kernel's either. But
 * where iowrite8_rep() is a macro, and so asm-generic/io.h's, it makes 4 G of it.
 */
static void try_negative_counts(void __iomem *io)
{
	u8 buf[64];
	int count;

	for (count = -1; count > -3; count--) {
		memset(buf, 0x3c, sizeof(buf));
		writeq(0x0102030405060708ULL, io);
		svm_readsb(io, buf + 32, count);
		svm_readsw(io, buf + 32, count);
		svm_readsl(io, buf + 32, count);
		svm_ioread8_rep(io, buf + 32, count);
		svm_ioread16_rep(io, buf + 32, count);
		svm_ioread32_rep(io, buf + 32, count);
		svm_writesb(io, buf + 32, count);
		svm_writesw(io, buf + 32, count);
		svm_writesl(io, buf + 32, count);
#ifndef iowrite8_rep
		svm_iowrite8_rep(io, buf + 32, count);
		svm_iowrite16_rep(io, buf + 32, count);
		svm_iowrite32_rep(io, buf + 32, count);
#endif
		expect("negative count: memory", 0, (unsigned long)NULL,
		       (unsigned long)memchr_inv(buf, 0x3c, sizeof(buf)));
		expect("negative count: device", 0, 0x0102030405060708ULL, readq(io));
	}
}

static void try_device(struct pci_dev *pdev)
{
	unsigned long size = pci_resource_len(pdev, 2);
	void __iomem *io = NULL;
	unsigned int i;

	if (!pci_enable_device_mem(pdev))
		io = pci_iomap(pdev, 2, 0);
	if (!io) {
		pr_info("%s cannot be mapped\n", pci_name(pdev));
		return;
	}
	wrong = 0;
	for (i = 0; i < PLACES; i++)
		try_one(io, place(size, i));
	try_negative_counts(io);
	pr_info("%lu MiB, %u places: %u wrong\n", size / SZ_1M, PLACES, wrong);
	pci_iounmap(pdev, io);
}

static int __init big_bar_init(void)
{
	struct pci_dev *pdev = NULL;

	while ((pdev = pci_get_device(0x1af4, 0x1110, pdev)))
		try_device(pdev);
	return 0;
}

static void __exit big_bar_exit(void)
{
}

module_init(big_bar_init);
module_exit(big_bar_exit);

MODULE_DESCRIPTION("Accesses a large BAR, to test svm_mmio");
MODULE_LICENSE("GPL");
