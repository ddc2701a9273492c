// SPDX-License-Identifier: GPL-2.0
/* What is known of the devices that the self-test drives. */
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/string.h>

#include "device.h"

/*
 * Not a MODULE_DEVICE_TABLE: nobody wants the module loaded, and the device
 * taken, because a guest happens to have one.
 */
const struct pci_device_id svm_device_ids[] = {
	{ PCI_DEVICE(0x1b36, 0x0005), .driver_data = SVM_DEVICE_TESTDEV },
	{ PCI_DEVICE(0x1234, 0x11e8), .driver_data = SVM_DEVICE_EDU },
	{ }
};

/* With driver_override the id that probe gets is empty: look again. */
enum svm_device svm_device_of(struct pci_dev *pdev)
{
	const struct pci_device_id *id = pci_match_id(svm_device_ids, pdev);

	return id ? id->driver_data : SVM_DEVICE_OTHER;
}

/**
 * svm_device_is_big_endian() - the byte order of the device's registers
 * @device: its kind
 * @base: start of BAR 0
 *
 * Return: true if they are big-endian.
 */
bool svm_device_is_big_endian(enum svm_device device, const void __iomem *base)
{
	return device == SVM_DEVICE_EDU && ioread32be(base + EDU_ID) == EDU_ID_VALUE;
}

/**
 * svm_device_refuses() - would the device answer such an access with an error?
 * @device: its kind
 * @offset: from the start of BAR 0, in bytes
 * @bytes: width
 *
 * A width that a device does not accept is a machine check in the guest.
 *
 * Return: why it refuses, or NULL as far as is known.
 */
const char *svm_device_refuses(enum svm_device device, u64 offset, unsigned int bytes)
{
	if (device != SVM_DEVICE_EDU)
		return NULL;
	if (offset < EDU_DMA_SOURCE && bytes != 4)
		return "edu takes only 32-bit accesses below 0x80";
	if (bytes < 4)
		return "edu takes only 32- and 64-bit accesses";
	return NULL;
}

/**
 * svm_testdev_header() - one byte of the header that pci-testdev shows
 * @test: the test that is selected, below TESTDEV_TESTS
 * @count: matching stores since it was selected
 * @offset: below TESTDEV_HEADER_SIZE
 *
 * Return: the byte that reads back at @offset.
 */
u8 svm_testdev_header(unsigned int test, u32 count, unsigned int offset)
{
	static const char * const names[TESTDEV_TESTS] = {
		"mmio-no-eventfd", "mmio-wildcard-eventfd", "mmio-datamatch-eventfd",
	};
	static const u8 data[TESTDEV_TESTS] = { TESTDEV_DATA, 0xce, TESTDEV_DATA };
	const char *name = names[test];

	switch (offset) {
	case 0x00:
		return test;
	case 0x01:
		return 1;	/* width of the test's own access */
	case 0x04 ... 0x07:
		return TESTDEV_TARGET(test) >> 8 * (offset - 0x04);
	case 0x08:
		return data[test];
	case TESTDEV_COUNT ... TESTDEV_COUNT + 3:
		return count >> 8 * (offset - TESTDEV_COUNT);
	case 0x10 ... TESTDEV_HEADER_SIZE - 1:
		return offset - 0x10 < strlen(name) ? name[offset - 0x10] : 0;
	default:
		return 0;
	}
}
