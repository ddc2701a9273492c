// SPDX-License-Identifier: GPL-2.0
/* The case that checks port accessors, on the I/O BAR of pci-testdev. */
#include <linux/io.h>

#include "svm_mmio.h"
#include "compat/compat.h"
#include "device.h"
#include "ops.h"
#include "run.h"

static void select_test(struct svm_tally *tally)
{
	svm_tally_store(tally, svm_store_op_find(1, false, SVM_PORT), TESTDEV_SELECTOR, 0);
}

static void expect_count(struct svm_tally *tally, u32 count)
{
	svm_tally_load_expect(tally, svm_load_op_find(4, false, SVM_PORT), TESTDEV_COUNT, count);
}

static void check_loads(struct svm_tally *tally)
{
	const struct svm_load_op *op;
	unsigned int offset;

	select_test(tally);
	for_each_load_op(op, SVM_PORT) {
		for (offset = 0; offset < TESTDEV_HEADER_SIZE; offset += op->bytes) {
			svm_tally_load_expect(tally, op, offset,
					      svm_testdev_value(SVM_DEVICE_PORTS, 0, 0, offset,
								op->bytes, op->big_endian));
			svm_tally_load_expect(tally, op, offset, op->kernel(tally->base + offset));
		}
	}
}

/* The byte that counts, in its place within a wider store, and in the wrong one. */
static void check_stores(struct svm_tally *tally)
{
	const struct svm_store_op *op;

	for_each_store_op(op, SVM_PORT) {
		unsigned int offset = ALIGN_DOWN(TESTDEV_PORT_TARGET, op->bytes);
		unsigned int byte = TESTDEV_PORT_TARGET - offset;
		u64 right = (u64)TESTDEV_DATA << 8 * byte;

		if (op->big_endian)
			right = svm_swab(right, op->bytes);
		select_test(tally);
		svm_tally_store(tally, op, offset, right);
		expect_count(tally, 1);
		svm_tally_store(tally, op, offset, right ^ svm_width_mask(op->bytes));
		expect_count(tally, 1);
		op->kernel(tally->base + offset, right);
		expect_count(tally, 2);
	}
}

/*
 * 64 bits of a port are two accesses, of which either may come first; where the kernel takes
 * a mapped port for memory (svm_port_number()) they are one.
 */
static void check_64_bits(struct svm_tally *tally)
{
	void __iomem *name = tally->base + TESTDEV_NAME;
	const u64 little = svm_testdev_value(SVM_DEVICE_PORTS, 0, 0, TESTDEV_NAME, 8, false);
	const u64 match = (u64)TESTDEV_DATA << 24;
	void __iomem *target = tally->base + ALIGN_DOWN(TESTDEV_PORT_TARGET, 8);
	unsigned int parts = svm_is_memory(tally->base) ? 1 : 2;

	select_test(tally);
	svm_tally_expect(tally, "ioread64_lo_hi", TESTDEV_NAME, little, svm_ioread64_lo_hi(name));
	svm_tally_expect(tally, "ioread64_hi_lo", TESTDEV_NAME, little, svm_ioread64_hi_lo(name));
	svm_tally_expect(tally, "ioread64be_lo_hi", TESTDEV_NAME, swab64(little),
			 svm_ioread64be_lo_hi(name));
	svm_tally_expect(tally, "ioread64be_hi_lo", TESTDEV_NAME, swab64(little),
			 svm_ioread64be_hi_lo(name));
	svm_tally_expect(tally, "ioread64_lo_hi", TESTDEV_NAME,
			 svm_load_op_find(8, false, SVM_MEMORY)->kernel(name), little);
	tally->accesses += 4 * parts;

	svm_iowrite64_lo_hi(match, target);
	expect_count(tally, 1);
	svm_iowrite64_hi_lo(match, target);
	expect_count(tally, 2);
	svm_iowrite64be_lo_hi(swab64(match), target);
	expect_count(tally, 3);
	svm_iowrite64be_hi_lo(swab64(match), target);
	expect_count(tally, 4);
	svm_iowrite64_lo_hi(match << 32, target);
	expect_count(tally, 4);
	tally->accesses += 5 * parts;
}

/* Every port accessor reads and writes what it should, as the kernel's does. */
void svm_case_port_values(struct svm_run *run)
{
	check_loads(&run->tally);
	check_stores(&run->tally);
	check_64_bits(&run->tally);
}
