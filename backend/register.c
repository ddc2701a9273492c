// SPDX-License-Identifier: GPL-2.0
/*
 * Finds a register that is harmless to read, whatever driver has its device: the vector
 * control word of the first entry of an MSI-X table, which PCI defines and which nothing
 * happens to when it is read (PCI Local Bus Specification 3.0, 6.8.2.9); or one of QEMU's
 * test devices.
 *
 * While it is held its device's lock is too, so that no driver comes or goes, and the
 * device stays where it is.
 */
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/string.h>

#include "alias.h"
#include "register.h"

/* QEMU's docs/specs: pci-testdev has a header at 0, edu its identification. */
static const struct {
	u16 vendor;
	u16 device;
	const char *what;
} test_devices[] = {
	{ 0x1b36, 0x0005, "header of pci-testdev" },
	{ 0x1234, 0x11e8, "identification of edu" },
};

static bool is_test_device(const struct pci_dev *pdev, struct svm_register *reg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(test_devices); i++) {
		if (pdev->vendor == test_devices[i].vendor &&
		    pdev->device == test_devices[i].device) {
			reg->bar = 0;
			reg->offset = 0;
			reg->what = test_devices[i].what;
			return true;
		}
	}
	return false;
}

static bool has_vectors(struct pci_dev *pdev, struct svm_register *reg)
{
	int capability = pci_find_capability(pdev, PCI_CAP_ID_MSIX);
	u32 table;

	if (!capability || pci_read_config_dword(pdev, capability + PCI_MSIX_TABLE, &table))
		return false;
	reg->bar = table & PCI_MSIX_TABLE_BIR;
	reg->offset = (table & PCI_MSIX_TABLE_OFFSET) + PCI_MSIX_ENTRY_VECTOR_CTRL;
	reg->what = "vector control of MSI-X";
	return true;
}

static bool is_in_memory(struct pci_dev *pdev, const struct svm_register *reg)
{
	unsigned long flags;

	if (reg->bar >= PCI_STD_NUM_BARS)
		return false;
	flags = pci_resource_flags(pdev, reg->bar);
	return flags & IORESOURCE_MEM && !(flags & IORESOURCE_UNSET) &&
	       pci_resource_len(pdev, reg->bar) >= reg->offset + sizeof(u32);
}

/* Only a device of nobody's, and one that is known: others may do things when woken. */
static bool may_be_woken(const struct pci_dev *pdev, bool test_device)
{
	return test_device && !pdev->dev.driver;
}

/* With the device's lock held. */
static int take(struct pci_dev *pdev, struct svm_register *reg)
{
	bool test_device = is_test_device(pdev, reg);
	struct svm_place place;

	if (!test_device && !has_vectors(pdev, reg))
		return -ENXIO;
	if (!is_in_memory(pdev, reg) || pci_channel_offline(pdev) ||
	    (pdev->current_state != PCI_D0 && pdev->current_state != PCI_UNKNOWN) ||
	    pci_read_config_word(pdev, PCI_COMMAND, &reg->command))
		return -ENXIO;
	reg->woken = !(reg->command & PCI_COMMAND_MEMORY);
	if (reg->woken && !may_be_woken(pdev, test_device))
		return -ENXIO;
	reg->physical = pci_resource_start(pdev, reg->bar) + reg->offset;
	/* With the guard on, a mapping of its own would be guarded too. */
	reg->mapping = NULL;
	if (svm_alias_of(reg->physical, &place)) {
		reg->addr = place.alias;
	} else {
		reg->mapping = ioremap(reg->physical, sizeof(u32));
		if (!reg->mapping)
			return -ENOMEM;
		reg->addr = reg->mapping;
	}
	if (reg->woken)
		pci_write_config_word(pdev, PCI_COMMAND, reg->command | PCI_COMMAND_MEMORY);
	reg->pdev = pdev;
	return 0;
}

/**
 * svm_register_find() - find a register that is harmless to read, and hold it
 * @name: of the PCI function that is to have it, as "0000:00:01.0"; NULL for any
 * @reg: filled in; release it with svm_register_release()
 *
 * A device whose driver is just coming or going is passed over and not waited for: that
 * driver may be waiting for this module to be loaded.
 *
 * Context: process, may sleep.
 *
 * Return: 0; -ENODEV if there is no such function, -EBUSY if its driver is coming or
 * going, -ENOMEM, or -ENXIO if it has no such register; for any -ENXIO alone.
 */
int svm_register_find(const char *name, struct svm_register *reg)
{
	struct pci_dev *pdev = NULL;
	int err = -ENODEV;

	for_each_pci_dev(pdev) {
		if (name && strcmp(name, pci_name(pdev)))
			continue;
		if (device_trylock(&pdev->dev)) {
			err = take(pdev, reg);
			if (!err)
				return 0;	/* with the loop's reference to it */
			device_unlock(&pdev->dev);
		} else {
			err = -EBUSY;
		}
	}
	return name ? err : -ENXIO;
}

/**
 * svm_register_release() - give it back, and its device as it was
 * @reg: what svm_register_find() has filled in
 */
void svm_register_release(struct svm_register *reg)
{
	if (reg->woken)
		pci_write_config_word(reg->pdev, PCI_COMMAND, reg->command);
	if (reg->mapping)
		iounmap(reg->mapping);
	device_unlock(&reg->pdev->dev);
	pci_dev_put(reg->pdev);
}

/**
 * svm_register_print() - say which register it is
 * @reg: the register
 * @text: where to print
 * @size: room there
 *
 * Return: as of scnprintf().
 */
int svm_register_print(const struct svm_register *reg, char *text, size_t size)
{
	return scnprintf(text, size, "%s BAR %d + 0x%x, %s", pci_name(reg->pdev), reg->bar,
			 reg->offset, reg->what);
}
