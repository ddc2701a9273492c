/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of the devices that the self-test drives. */
#ifndef _SVM_SELFTEST_DEVICE_H
#define _SVM_SELFTEST_DEVICE_H

#include <linux/bits.h>
#include <linux/mod_devicetable.h>
#include <linux/types.h>

struct pci_dev;

/**
 * enum svm_device - kinds of BAR; bits, so that a case can name several
 * @SVM_DEVICE_TESTDEV: memory BAR of QEMU's pci-testdev
 * @SVM_DEVICE_PORTS: its I/O BAR
 * @SVM_DEVICE_EDU: QEMU's edu
 * @SVM_DEVICE_BUFFER: controller memory buffer of QEMU's nvme: reads back what was
 *	written, in any width, and is no RAM: each access is emulated. Never claimed
 *	by itself, only handed over, since other devices of that kind are disks
 * @SVM_DEVICE_OTHER: one that an administrator handed over: nothing is known
 */
enum svm_device {
	SVM_DEVICE_TESTDEV	= BIT(0),
	SVM_DEVICE_PORTS	= BIT(1),
	SVM_DEVICE_EDU		= BIT(2),
	SVM_DEVICE_BUFFER	= BIT(3),
	SVM_DEVICE_OTHER	= BIT(4),
};

/*
 * pci-testdev (QEMU hw/misc/pci-testdev.c). A byte store to the selector starts one of
 * three tests and clears its count. The header of the test then reads back from offset
 * 0, in any width. A byte that arrives at the offset the header names, alone or as part
 * of a wider store, adds one to the count:
 *
 *	        memory  ports
 *	test 0  0x800   0x83	if it is 0xfa
 *	test 1  0x801   0x84	whatever it is
 *	test 2  0x802   0x85	if it is 0xfa
 *
 * Tests 1 and 2 hand a single-byte store to an event descriptor instead, and do
 * not count it.
 */
#define TESTDEV_SELECTOR	0x00
#define TESTDEV_OFFSET		0x04
#define TESTDEV_COUNT		0x0c
#define TESTDEV_NAME		0x10
#define TESTDEV_HEADER_SIZE	0x20
#define TESTDEV_TESTS		3
#define TESTDEV_TARGET(test)	(0x800 + (test))
#define TESTDEV_UNUSED		0x900
#define TESTDEV_PORT_TARGET	0x83
#define TESTDEV_PORT_UNUSED	0xf0
#define TESTDEV_DATA		0xfa

u8 svm_testdev_header(enum svm_device device, unsigned int test, u32 count, unsigned int offset);
u64 svm_testdev_value(enum svm_device device, unsigned int test, u32 count, unsigned int offset,
		      unsigned int bytes, bool big_endian);

/*
 * edu, BAR 0 (QEMU docs/specs/edu.rst). 32-bit accesses below 0x80, 32- or 64-bit
 * above. What is written to LIVENESS reads back inverted; the DMA registers read
 * back what was written while no transfer runs. Elsewhere it reads all ones. Its
 * registers have the byte order of QEMU's target, big-endian for ppc64, in some
 * versions and are little-endian in others: ID tells which.
 */
#define EDU_ID			0x00
#define EDU_ID_VALUE		0x010000ed
#define EDU_LIVENESS		0x04
#define EDU_ALL_ONES_32		0x40
#define EDU_DMA_SOURCE		0x80
#define EDU_DMA_DESTINATION	0x88
#define EDU_DMA_COUNT		0x90
#define EDU_ALL_ONES_64		0xa0

/* Of the buffer, this much is used. */
#define BUFFER_SIZE		0x1000

extern const struct pci_device_id svm_device_ids[];

enum svm_device svm_device_of(struct pci_dev *pdev, int index);
bool svm_device_is_big_endian(enum svm_device device, const void __iomem *base);
const char *svm_device_refuses(enum svm_device device, u64 offset, unsigned int bytes);

#endif /* _SVM_SELFTEST_DEVICE_H */
