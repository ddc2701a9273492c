// SPDX-License-Identifier: GPL-2.0
/*
 * Sample: a driver for QEMU's edu device that is correct in an SVM.
 *
 * The device computes factorials. Write a number to the attribute "factorial" of the
 * PCI device, read the result. All there is to see is svm_ before the accessors' names;
 * everything else is an ordinary driver.
 */
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>

#include "svm_mmio.h"

#define EDU_ID			0x00
#define EDU_FACTORIAL		0x08
#define EDU_STATUS		0x20
#define EDU_STATUS_IRQ		0x80	/* interrupt when done */
#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_ACKNOWLEDGE	0x64

#define EDU_ID_MASK		0xffff
#define EDU_ID_MAGIC		0x00ed

/* 13! does not fit in the 32 bits of the register. */
#define EDU_LARGEST		12

struct edu {
	void __iomem *base;
	bool big_endian;	/* its registers are, in some versions of QEMU */
	struct mutex lock;	/* one computation at a time */
	struct completion done;
	u32 result;
};

static u32 edu_read(struct edu *edu, unsigned int offset)
{
	if (edu->big_endian)
		return svm_ioread32be(edu->base + offset);
	return svm_ioread32(edu->base + offset);
}

static void edu_write(struct edu *edu, u32 val, unsigned int offset)
{
	if (edu->big_endian)
		svm_iowrite32be(val, edu->base + offset);
	else
		svm_iowrite32(val, edu->base + offset);
}

static irqreturn_t edu_interrupt(int irq, void *data)
{
	struct edu *edu = data;
	u32 status = edu_read(edu, EDU_IRQ_STATUS);

	if (!status)
		return IRQ_NONE;
	edu_write(edu, status, EDU_IRQ_ACKNOWLEDGE);
	complete(&edu->done);
	return IRQ_HANDLED;
}

static ssize_t factorial_store(struct device *dev, struct device_attribute *attr,
			       const char *buf, size_t count)
{
	struct edu *edu = dev_get_drvdata(dev);
	unsigned int n;
	int err;

	err = kstrtouint(buf, 0, &n);
	if (err)
		return err;
	if (n > EDU_LARGEST)
		return -ERANGE;

	mutex_lock(&edu->lock);
	reinit_completion(&edu->done);
	edu_write(edu, EDU_STATUS_IRQ, EDU_STATUS);
	edu_write(edu, n, EDU_FACTORIAL);
	if (wait_for_completion_timeout(&edu->done, 10 * HZ))
		edu->result = edu_read(edu, EDU_FACTORIAL);
	else
		err = -ETIMEDOUT;
	mutex_unlock(&edu->lock);
	return err ? err : count;
}

static ssize_t factorial_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct edu *edu = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(edu->result));
}
static DEVICE_ATTR_RW(factorial);

static struct attribute *edu_attrs[] = {
	&dev_attr_factorial.attr,
	NULL
};
ATTRIBUTE_GROUPS(edu);

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu;
	int err;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	mutex_init(&edu->lock);
	init_completion(&edu->done);
	pci_set_drvdata(pdev, edu);

	err = pci_enable_device_mem(pdev);
	if (err)
		return err;
	pci_set_master(pdev);
	err = pci_request_region(pdev, 0, KBUILD_MODNAME);
	if (err)
		goto err_disable;
	edu->base = pci_iomap(pdev, 0, 0);
	if (!edu->base) {
		err = -ENOMEM;
		goto err_region;
	}

	edu->big_endian = (svm_ioread32be(edu->base + EDU_ID) & EDU_ID_MASK) == EDU_ID_MAGIC;
	if ((edu_read(edu, EDU_ID) & EDU_ID_MASK) != EDU_ID_MAGIC) {
		dev_err(&pdev->dev, "is no edu device\n");
		err = -ENODEV;
		goto err_unmap;
	}

	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (err < 0)
		goto err_unmap;
	err = request_irq(pci_irq_vector(pdev, 0), edu_interrupt, 0, KBUILD_MODNAME, edu);
	if (err)
		goto err_vectors;
	return 0;

err_vectors:
	pci_free_irq_vectors(pdev);
err_unmap:
	pci_iounmap(pdev, edu->base);
err_region:
	pci_release_region(pdev, 0);
err_disable:
	pci_disable_device(pdev);
	return err;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	free_irq(pci_irq_vector(pdev, 0), edu);
	pci_free_irq_vectors(pdev);
	pci_iounmap(pdev, edu->base);
	pci_release_region(pdev, 0);
	pci_disable_device(pdev);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = KBUILD_MODNAME,
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
	.dev_groups = edu_groups,
};
module_pci_driver(edu_driver);

/* modprobe loads svm_mmio first for its symbols; this also orders the two in an initramfs. */
MODULE_SOFTDEP("pre: svm_mmio");
MODULE_DESCRIPTION("Sample: a driver that uses svm_mmio");
MODULE_LICENSE("GPL");
