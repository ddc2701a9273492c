// SPDX-License-Identifier: GPL-2.0
/*
 * The driver that "make bench" loads: calls every function of scalar.c and bulk.c
 * with QEMU's pci-testdev, while tests/bench/plugin/recorder.c looks on.
 */
#include <linux/gfp.h>
#include <linux/hardirq.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/preempt.h>
#include <asm/hw_irq.h>
#include <asm/paca.h>

#include "bench.h"

static unsigned int repeats = 4;
module_param(repeats, uint, 0444);
MODULE_PARM_DESC(repeats, "how often each is measured (default 4); all must be equal");

/* By its displacement from r13 the host knows the store that masks interrupts. */
static unsigned int soft_mask_offset = offsetof(struct paca_struct, irq_soft_mask);
module_param(soft_mask_offset, uint, 0444);
MODULE_PARM_DESC(soft_mask_offset, "for reading: of the soft mask, in the PACA");

/*
 * No interrupt must come while it is counted what an accessor takes. They are
 * held back in the MSR alone, and only there: to the kernel they are enabled, so
 * arch_local_irq_restore() does what it does in a driver that has them enabled.
 * The kernel would not cope with that state for long, or with an interrupt that
 * is already recorded as pending; none is while they are enabled.
 */
static void measure(bench_fn fn, const struct bench_target *target)
{
	preempt_disable();
	__hard_irq_disable();
	fn(target);
	__hard_irq_enable();
	preempt_enable();
}

static void measure_all(const struct bench_target *target)
{
	unsigned int i, n;

	for (n = 0; n < repeats; n++) {
		for (i = 0; i < bench_scalar_count; i++)
			measure(bench_scalar[i], target);
		for (i = 0; i < bench_bulk_count; i++)
			measure(bench_bulk[i], target);
		cond_resched();
	}
}

static int svm_bench_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct bench_target target;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	if (pci_resource_len(pdev, 0) < BENCH_BYTES) {
		dev_err(&pdev->dev, "BAR 0 has %llu bytes, %u are needed\n",
			(u64)pci_resource_len(pdev, 0), BENCH_BYTES);
		return -ENODEV;
	}
	target.io = pcim_iomap(pdev, 0, 0);
	target.port = pci_resource_start(pdev, 1);
	target.ram = (void *)devm_get_free_pages(&pdev->dev, GFP_KERNEL | __GFP_ZERO,
						 get_order(BENCH_BYTES));
	if (!target.io || !target.ram)
		return -ENOMEM;
	measure_all(&target);
	return 0;
}

static const struct pci_device_id svm_bench_ids[] = {
	{ PCI_DEVICE(0x1b36, 0x0005) },
	{ }
};

static struct pci_driver svm_bench_driver = {
	.name = KBUILD_MODNAME,
	.id_table = svm_bench_ids,
	.probe = svm_bench_probe,
};
module_pci_driver(svm_bench_driver);

MODULE_DESCRIPTION("Test: what accesses cost");
MODULE_LICENSE("GPL");
