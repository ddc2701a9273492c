// SPDX-License-Identifier: GPL-2.0
/*
 * A stock driver that never rests, of QEMU's edu: on each CPU a thread reads and writes
 * registers, partly with interrupts disabled; hard timers read too; one more thread maps
 * the BAR, reads, and unmaps it. What is read has to be right, always.
 *
 * It knows nothing of svm_mmio, which may come and go meanwhile. It runs from insmod to
 * rmmod; "result" says how far it is.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "compat.h"

#define ID	0x00		/* 32 bits: always the same */
#define INVERTS	0x04		/* 32 bits: what was written, inverted */
#define IDENTITY	0x010000edU	/* in which byte order depends on the QEMU */
#define MAX_THREADS	8

static unsigned int threads = 4;
module_param(threads, uint, 0444);
MODULE_PARM_DESC(threads, "how many, 8 at most");

static void __iomem *base;
static phys_addr_t bar;
static u32 identity;
module_param(identity, uint, 0444);
MODULE_PARM_DESC(identity, "what the device's first register was read as");
static struct task_struct *workers[MAX_THREADS], *mapper;
static struct hrtimer timers[MAX_THREADS];
static atomic_long_t reads, wrong, ticks, maps;

static int result_get(char *buf, const struct kernel_param *kp)
{
	return scnprintf(buf, PAGE_SIZE, "reads=%ld wrong=%ld ticks=%ld maps=%ld\n",
			 atomic_long_read(&reads), atomic_long_read(&wrong),
			 atomic_long_read(&ticks), atomic_long_read(&maps));
}

static const struct kernel_param_ops result_ops = { .get = result_get };
module_param_cb(result, &result_ops, NULL, 0444);
MODULE_PARM_DESC(result, "accesses so far");

static void check(bool right)
{
	atomic_long_inc(&reads);
	if (!right)
		atomic_long_inc(&wrong);
}

/* The first one only writes too: the register is there once. */
static int work(void *arg)
{
	unsigned long number = (unsigned long)arg, flags;
	u32 val = 0x12345678;

	while (!kthread_should_stop()) {
		check(readl(base + ID) == identity);
		local_irq_save(flags);
		check(ioread32be(base + ID) == swab32(identity));
		check(*(volatile u32 __force *)(base + ID) == identity);
		local_irq_restore(flags);
		if (!number) {
			val = val * 1664525 + 1013904223;
			writel(val, base + INVERTS);
			check(readl(base + INVERTS) == ~val);
		}
		cond_resched_tasks_rcu_qs();
	}
	return 0;
}

static int map(void *unused)
{
	while (!kthread_should_stop()) {
		void __iomem *addr = ioremap(bar, PAGE_SIZE);

		if (addr) {
			check(readl(addr + ID) == identity);
			iounmap(addr);
			atomic_long_inc(&maps);
		}
		cond_resched_tasks_rcu_qs();
	}
	return 0;
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	check(readl(base + ID) == identity);
	atomic_long_inc(&ticks);
	hrtimer_forward_now(timer, ms_to_ktime(2));
	return HRTIMER_RESTART;
}

static void start_timer(struct hrtimer *timer)
{
	hrtimer_setup(timer, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(timer, ms_to_ktime(2), HRTIMER_MODE_REL_HARD);
}

static int stress_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	unsigned long i;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	bar = pci_resource_start(pdev, 0);
	base = pcim_iomap(pdev, 0, 0);
	if (!base)
		return -ENOMEM;
	identity = readl(base + ID);
	if (identity != IDENTITY && identity != swab32(IDENTITY))
		return -ENXIO;
	for (i = 0; i < min_t(unsigned int, threads, MAX_THREADS); i++) {
		workers[i] = kthread_run(work, (void *)i, "guard_stress/%lu", i);
		if (IS_ERR(workers[i]))
			return PTR_ERR(workers[i]);
		start_timer(&timers[i]);
	}
	mapper = kthread_run(map, NULL, "guard_stress/map");
	return PTR_ERR_OR_ZERO(mapper);
}

static void stress_remove(struct pci_dev *pdev)
{
	unsigned int i;

	kthread_stop(mapper);
	for (i = 0; i < min_t(unsigned int, threads, MAX_THREADS); i++) {
		hrtimer_cancel(&timers[i]);
		kthread_stop(workers[i]);
	}
}

static const struct pci_device_id ids[] = { { PCI_DEVICE(0x1234, 0x11e8) }, { } };

static struct pci_driver stress_driver = {
	.name = "guard_stress",
	.id_table = ids,
	.probe = stress_probe,
	.remove = stress_remove,
};
module_pci_driver(stress_driver);

MODULE_DESCRIPTION("A stock driver under load");
MODULE_LICENSE("GPL");
