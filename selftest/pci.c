// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI driver of the self-test: claims the BARs of QEMU's test devices,
 * and of any device an administrator hands over:
 *
 *	echo svm_mmio > /sys/bus/pci/devices/BDF/driver_override
 *	echo BDF > /sys/bus/pci/drivers_probe
 *
 * Only BARs claimed here are ever touched.
 */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "bar.h"
#include "selftest.h"

struct svm_claim {
	struct list_head bars;
	struct dentry *dir;
};

static struct dentry *debugfs_parent;

static int claim_bar(struct pci_dev *pdev, struct svm_claim *claim, int index)
{
	struct svm_bar *bar;
	char name[8];
	int err;

	bar = kzalloc(sizeof(*bar), GFP_KERNEL);
	if (!bar)
		return -ENOMEM;
	kref_init(&bar->ref);
	mutex_init(&bar->lock);
	init_waitqueue_head(&bar->changed);
	snprintf(name, sizeof(name), "bar%d", index);
	snprintf(bar->name, sizeof(bar->name), "%s %s", pci_name(pdev), name);
	bar->index = index;
	bar->device = svm_device_of(pdev, index);
	bar->space = pci_resource_flags(pdev, index) & IORESOURCE_MEM ? SVM_MEMORY : SVM_PORT;
	bar->size = pci_resource_len(pdev, index);

	err = pci_request_region(pdev, index, KBUILD_MODNAME);
	if (err)
		goto err_put;
	bar->base = pci_iomap(pdev, index, 0);
	if (!bar->base) {
		err = -ENOMEM;
		goto err_region;
	}
	bar->big_endian = svm_device_is_big_endian(bar->device, bar->base);
	svm_bar_add_files(bar, claim->dir, name);
	list_add_tail(&bar->node, &claim->bars);
	return 0;

err_region:
	pci_release_region(pdev, index);
err_put:
	svm_bar_put(bar);
	return err;
}

/*
 * Once @gone is set under the lock no access and no run can start: wait for the
 * run that is under way, which looks at @gone and ends soon.
 */
static void release_bar(struct pci_dev *pdev, struct svm_bar *bar)
{
	mutex_lock(&bar->lock);
	WRITE_ONCE(bar->gone, true);
	mutex_unlock(&bar->lock);
	wake_up_all(&bar->changed);
	wait_event(bar->changed, !READ_ONCE(bar->running));

	svm_bar_remove_files(bar);
	pci_iounmap(pdev, bar->base);
	pci_release_region(pdev, bar->index);
	list_del(&bar->node);
	svm_bar_put(bar);
}

static void release_all(struct pci_dev *pdev, struct svm_claim *claim)
{
	struct svm_bar *bar, *next;

	list_for_each_entry_safe(bar, next, &claim->bars, node)
		release_bar(pdev, bar);
	debugfs_remove(claim->dir);
	pci_disable_device(pdev);
	kfree(claim);
}

static int svm_selftest_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct svm_claim *claim;
	int index, err;

	claim = kzalloc(sizeof(*claim), GFP_KERNEL);
	if (!claim)
		return -ENOMEM;
	INIT_LIST_HEAD(&claim->bars);

	err = pci_enable_device(pdev);
	if (err) {
		kfree(claim);
		return err;
	}
	claim->dir = debugfs_create_dir(pci_name(pdev), debugfs_parent);

	for (index = 0; index < PCI_STD_NUM_BARS; index++) {
		/* The upper half of a 64-bit BAR has no length. */
		if (!pci_resource_len(pdev, index))
			continue;
		err = claim_bar(pdev, claim, index);
		if (err) {
			dev_err(&pdev->dev, "cannot claim BAR %d: error %d\n", index, err);
			goto err_release;
		}
	}
	if (list_empty(&claim->bars)) {
		dev_err(&pdev->dev, "has no BAR to test\n");
		err = -ENODEV;
		goto err_release;
	}
	pci_set_drvdata(pdev, claim);
	return 0;

err_release:
	release_all(pdev, claim);
	return err;
}

static void svm_selftest_remove(struct pci_dev *pdev)
{
	release_all(pdev, pci_get_drvdata(pdev));
}

static struct pci_driver svm_selftest_driver = {
	.name = KBUILD_MODNAME,
	.id_table = svm_device_ids,
	.probe = svm_selftest_probe,
	.remove = svm_selftest_remove,
};

/**
 * svm_selftest_init() - start claiming devices
 * @debugfs: the module's directory
 *
 * Return: 0 or a negative errno.
 */
int svm_selftest_init(struct dentry *debugfs)
{
	debugfs_parent = debugfs;
	return pci_register_driver(&svm_selftest_driver);
}

/**
 * svm_selftest_exit() - give all devices back
 */
void svm_selftest_exit(void)
{
	pci_unregister_driver(&svm_selftest_driver);
}
