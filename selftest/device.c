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

/* Not claimed by itself: see SVM_DEVICE_BUFFER. */
static const struct pci_device_id nvme_id[] = {
	{ PCI_DEVICE(0x1b36, 0x0010) },
	{ }
};

#define NVME_BUFFER_BAR	2

/**
 * svm_device_of() - what is known of a BAR
 * @pdev: the device
 * @index: which of its BARs
 *
 * With driver_override the id that probe gets is empty, so this looks again.
 *
 * Return: its kind.
 */
enum svm_device svm_device_of(struct pci_dev *pdev, int index)
{
	const struct pci_device_id *id = pci_match_id(svm_device_ids, pdev);

	if (id && index == 0)
		return id->driver_data;
	if (id && id->driver_data == SVM_DEVICE_TESTDEV && index == 1)
		return SVM_DEVICE_PORTS;
	if (pci_match_id(nvme_id, pdev) && index == NVME_BUFFER_BAR &&
	    pci_resource_len(pdev, index) >= BUFFER_SIZE)
		return SVM_DEVICE_BUFFER;
	return SVM_DEVICE_OTHER;
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
 * @device: SVM_DEVICE_TESTDEV or SVM_DEVICE_PORTS
 * @test: the test that is selected, below TESTDEV_TESTS
 * @count: matching stores since it was selected
 * @offset: below TESTDEV_HEADER_SIZE
 *
 * Return: the byte that reads back at @offset.
 */
u8 svm_testdev_header(enum svm_device device, unsigned int test, u32 count, unsigned int offset)
{
	static const char * const names[2][TESTDEV_TESTS] = {
		{ "mmio-no-eventfd", "mmio-wildcard-eventfd", "mmio-datamatch-eventfd" },
		{ "portio-no-eventfd", "portio-wildcard-eventfd", "portio-datamatch-eventfd" },
	};
	static const u8 data[TESTDEV_TESTS] = { TESTDEV_DATA, 0xce, TESTDEV_DATA };
	bool ports = device == SVM_DEVICE_PORTS;
	const char *name = names[ports][test];
	u32 target = test + (ports ? TESTDEV_PORT_TARGET : TESTDEV_TARGET(0));

	switch (offset) {
	case TESTDEV_SELECTOR:
		return test + (ports ? TESTDEV_TESTS : 0);
	case 0x01:
		return 1;	/* width of the test's own access */
	case TESTDEV_OFFSET ... TESTDEV_OFFSET + 3:
		return target >> 8 * (offset - TESTDEV_OFFSET);
	case 0x08:
		return data[test];
	case TESTDEV_COUNT ... TESTDEV_COUNT + 3:
		return count >> 8 * (offset - TESTDEV_COUNT);
	case TESTDEV_NAME ... TESTDEV_HEADER_SIZE - 1:
		return offset - TESTDEV_NAME < strlen(name) ? name[offset - TESTDEV_NAME] : 0;
	default:
		return 0;
	}
}

/**
 * svm_testdev_value() - what a load from the header of pci-testdev gives
 * @device: as for svm_testdev_header()
 * @test: ditto
 * @count: ditto
 * @offset: ditto
 * @bytes: width of the load
 * @big_endian: order in which the load reads
 *
 * Return: the value.
 */
u64 svm_testdev_value(enum svm_device device, unsigned int test, u32 count, unsigned int offset,
		      unsigned int bytes, bool big_endian)
{
	u64 val = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++) {
		unsigned int at = offset + (big_endian ? i : bytes - 1 - i);

		val = val << 8 | svm_testdev_header(device, test, count, at);
	}
	return val;
}
