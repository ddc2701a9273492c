// SPDX-License-Identifier: GPL-2.0
/*
 * Copies from and to a device, and sets it: every alignment of both sides, every length
 * up to LENGTHS, by the kernel's functions or by those of svm_mmio. Whoever watches the
 * device compares the two lists of accesses. Before each copy a store to MARK says which
 * one it is.
 *
 * It takes the controller memory buffer of QEMU's nvme, which takes all widths.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>

#include "svm_mmio.h"

#define ALIGNMENTS	8
#define LENGTHS		64
#define MARK		0x1000
#define COPY		0x2000

static bool by_svm;
module_param(by_svm, bool, 0444);

static u8 memory[ALIGNMENTS + LENGTHS] __aligned(ALIGNMENTS);

static void one(void __iomem *io, unsigned int kind, unsigned int device, unsigned int align,
		unsigned int n)
{
	void __iomem *addr = io + COPY + device;
	u8 *buf = memory + align;

	__raw_writew(kind << 12 | device << 9 | align << 6 | n, io + MARK);
	switch (kind << 1 | by_svm) {
	case 0:
		memcpy_fromio(buf, addr, n);
		break;
	case 1:
		svm_memcpy_fromio(buf, addr, n);
		break;
	case 2:
		memcpy_toio(addr, buf, n);
		break;
	case 3:
		svm_memcpy_toio(addr, buf, n);
		break;
	case 4:
		memset_io(addr, 0x1a5, n);
		break;
	default:
		svm_memset_io(addr, 0x1a5, n);
	}
}

static int __init copies_init(void)
{
	struct pci_dev *pdev = pci_get_device(0x1b36, 0x0010, NULL);
	unsigned int device, align, n, kind;
	void __iomem *io = NULL;
	int err = -ENODEV;

	if (!pdev || pci_enable_device_mem(pdev))
		goto out;
	io = pci_iomap(pdev, 2, 0);
	if (!io)
		goto out;
	for (kind = 0; kind < 3; kind++)
		for (device = 0; device < ALIGNMENTS; device++)
			for (align = 0; align < ALIGNMENTS; align++) {
				for (n = 0; n < LENGTHS; n++)
					one(io, kind, device, align, n);
				cond_resched();
			}
	pci_iounmap(pdev, io);
	err = 0;
out:
	pci_dev_put(pdev);
	return err;
}

static void __exit copies_exit(void)
{
}

module_init(copies_init);
module_exit(copies_exit);

MODULE_DESCRIPTION("Copies from and to a device, for whoever watches the device");
MODULE_LICENSE("GPL");
