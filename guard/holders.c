// SPDX-License-Identifier: GPL-2.0
/*
 * In a secure guest a stock driver dies at its first access that nothing captures. So
 * there each PCI device that has a driver holds this module, and rmmod is refused until
 * the last is unbound. Which they are "status" says.
 *
 * By devices, not by mappings: ports are mapped once, by the kernel, for all of them.
 */
#include <linux/device.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "holders.h"

struct holder {
	struct list_head list;
	struct device *dev;
	bool before;	/* it had its driver before the guard was on */
};

static LIST_HEAD(holders);
static DEFINE_MUTEX(lock);
static bool holding;

static struct holder *find(struct device *dev)
{
	struct holder *holder;

	list_for_each_entry(holder, &holders, list)
		if (holder->dev == dev)
			return holder;
	return NULL;
}

static int hold(struct device *dev, bool before)
{
	struct holder *holder;

	/* The self-test's own go with the module. */
	if (!dev->driver || dev->driver->owner == THIS_MODULE || find(dev))
		return 0;
	holder = kmalloc(sizeof(*holder), GFP_KERNEL);
	if (!holder || !try_module_get(THIS_MODULE)) {
		kfree(holder);
		return -ENOMEM;
	}
	holder->dev = get_device(dev);
	holder->before = before;
	list_add_tail(&holder->list, &holders);
	return 0;
}

static void let_go(struct holder *holder)
{
	list_del(&holder->list);
	put_device(holder->dev);
	kfree(holder);
	module_put(THIS_MODULE);
}

static int on_bus(struct notifier_block *nb, unsigned long action, void *data)
{
	struct device *dev = data;
	struct holder *holder;

	mutex_lock(&lock);
	switch (action) {
	case BUS_NOTIFY_BIND_DRIVER:
		if (hold(dev, false))
			dev_warn(dev, "its driver needs svm_mmio, which does not know: do not unload it\n");
		break;
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
	case BUS_NOTIFY_UNBOUND_DRIVER:
		holder = find(dev);
		if (holder)
			let_go(holder);
		break;
	}
	mutex_unlock(&lock);
	return NOTIFY_DONE;
}

static struct notifier_block bus_block = { .notifier_call = on_bus };

/**
 * svm_guard_hold() - let each device that has a driver, or gets one, hold the module
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int svm_guard_hold(void)
{
	struct pci_dev *pdev = NULL;
	int err;

	err = bus_register_notifier(&pci_bus_type, &bus_block);
	if (err)
		return err;
	holding = true;
	for_each_pci_dev(pdev) {
		mutex_lock(&lock);
		err = hold(&pdev->dev, true);
		mutex_unlock(&lock);
		if (err) {
			pci_dev_put(pdev);
			svm_guard_let_go();
			return err;
		}
	}
	return 0;
}

/**
 * svm_guard_let_go() - hold the module no more
 *
 * When the module is unloaded nothing does. Context: process, may sleep.
 */
void svm_guard_let_go(void)
{
	struct holder *holder, *next;

	if (!holding)
		return;
	bus_unregister_notifier(&pci_bus_type, &bus_block);
	holding = false;
	list_for_each_entry_safe(holder, next, &holders, list)
		let_go(holder);
}

/* One line: all of them, or those that had their driver before the guard was on. */
static void show(struct seq_file *m, const char *key, bool all)
{
	struct holder *holder;
	bool any = false;

	seq_printf(m, "%s:", key);
	list_for_each_entry(holder, &holders, list)
		if (all || holder->before) {
			seq_printf(m, " %s(%s)", dev_name(holder->dev),
				   dev_driver_string(holder->dev));
			any = true;
		}
	seq_puts(m, any ? "\n" : " -\n");
}

/**
 * svm_guard_holders_show() - print who holds the module, one "key: value" line each
 * @m: where to print
 */
void svm_guard_holders_show(struct seq_file *m)
{
	mutex_lock(&lock);
	show(m, "guard_bound_before", false);
	show(m, "guard_held_by", true);
	mutex_unlock(&lock);
}
