// SPDX-License-Identifier: GPL-2.0
/* Cases that check values: what a load returns, what a store leaves in the device. */
#include <linux/kernel.h>

#include "device.h"
#include "ops.h"
#include "run.h"

/* Different in every byte, with both values of the top bit of each width. */
static const u64 patterns[] = {
	0x0123456789abcdefULL, 0xfedcba9876543210ULL, 0x8081828384858687ULL, 0, ~0ULL,
};

/* The value of a register of either byte order as an accessor of either order has it. */
static u64 in_order(u64 val, unsigned int bytes, bool accessor_is_big, bool register_is_big)
{
	return accessor_is_big == register_is_big ? val : svm_swab(val, bytes);
}

/* Puts @byte at the lowest address of a store, @other into all its other bytes. */
static u64 value_with_first_byte(const struct svm_store_op *op, u8 byte, u8 other)
{
	u64 val = 0x0101010101010101ULL * other;

	val = (val & ~0xffULL) | byte;
	val &= svm_width_mask(op->bytes);
	return op->big_endian ? svm_swab(val, op->bytes) : val;
}

static void testdev_select(struct svm_tally *tally, unsigned int test)
{
	svm_tally_store(tally, svm_store_op_find(1, false, SVM_MEMORY), TESTDEV_SELECTOR, test);
}

/* @op reads of the header what it must be. */
static void testdev_expect(struct svm_tally *tally, const struct svm_load_op *op,
			   unsigned int offset, u32 count)
{
	u64 val = svm_testdev_value(SVM_DEVICE_TESTDEV, 0, count, offset, op->bytes,
				    op->big_endian);

	svm_tally_load_expect(tally, op, offset, val);
}

/* The count, read with each load accessor of its width. */
static void testdev_expect_count(struct svm_tally *tally, u32 count)
{
	const struct svm_load_op *op;

	for_each_load_op(op, SVM_MEMORY)
		if (op->bytes == 4)
			testdev_expect(tally, op, TESTDEV_COUNT, count);
}

static void testdev_load_values(struct svm_tally *tally)
{
	const struct svm_load_op *op;
	unsigned int offset;

	testdev_select(tally, 0);
	for_each_load_op(op, SVM_MEMORY)
		for (offset = 0; offset < TESTDEV_HEADER_SIZE; offset += op->bytes)
			testdev_expect(tally, op, offset, 0);
}

static void edu_load_values(struct svm_tally *tally, bool big_endian)
{
	const struct svm_store_op *writeq = svm_store_op_find(8, false, SVM_MEMORY);
	const struct svm_load_op *op;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		svm_tally_store(tally, writeq, EDU_DMA_SOURCE,
				in_order(patterns[i], 8, writeq->big_endian, big_endian));
		for_each_load_op(op, SVM_MEMORY) {
			u64 val = op->bytes == 8 ? patterns[i] : EDU_ID_VALUE;

			if (op->bytes < 4)
				continue;
			svm_tally_load_expect(tally, op,
					      op->bytes == 8 ? EDU_DMA_SOURCE : EDU_ID,
					      in_order(val, op->bytes, op->big_endian, big_endian));
		}
	}
}

/* Every load accessor gives the right value, at every offset it can be used at. */
void svm_case_load_values(struct svm_run *run)
{
	if (run->bar->device == SVM_DEVICE_TESTDEV)
		testdev_load_values(&run->tally);
	else
		edu_load_values(&run->tally, run->bar->big_endian);
}

/* Every load accessor of at least 32 bits sees @reg in the register at @offset. */
static void edu_expect(struct svm_run *run, unsigned int offset, u64 reg)
{
	const struct svm_load_op *op;

	for_each_load_op(op, SVM_MEMORY) {
		u64 val = reg & svm_width_mask(op->bytes);

		if (op->bytes < 4 || (op->bytes == 8 && offset < EDU_DMA_SOURCE))
			continue;
		svm_tally_load_expect(&run->tally, op, offset,
				      in_order(val, op->bytes, op->big_endian,
					       run->bar->big_endian));
	}
}

/* All bytes of the value, at the addresses that its order says; the bytes beside it kept. */
static void buffer_store_readback(struct svm_tally *tally)
{
	const struct svm_store_op *store;
	const struct svm_load_op *load;
	unsigned int i, offset;
	const u64 filler = 0x5a;

	for_each_store_op(store, SVM_MEMORY) {
		for (i = 0; i < ARRAY_SIZE(patterns); i++) {
			u64 val = patterns[i] & svm_width_mask(store->bytes);
			u64 memory = store->big_endian ? svm_swab(val, store->bytes) : val;

			/* 8 bytes: the value, and after it as many others as it leaves. */
			svm_tally_store(tally, svm_store_op_find(8, false, SVM_MEMORY), 0,
					filler * 0x0101010101010101ULL);
			svm_tally_store(tally, store, 0, val);
			for_each_load_op(load, SVM_MEMORY) {
				for (offset = 0; offset < 8; offset += load->bytes) {
					u64 expected = filler * 0x0101010101010101ULL;

					expected &= ~svm_width_mask(store->bytes);
					expected |= memory;
					expected >>= 8 * offset;
					expected &= svm_width_mask(load->bytes);
					svm_tally_load_expect(tally, load, offset,
							      in_order(expected, load->bytes,
								       load->big_endian, false));
				}
			}
		}
	}
}

static void edu_store_readback(struct svm_run *run)
{
	static const unsigned int dma[] = { EDU_DMA_SOURCE, EDU_DMA_DESTINATION, EDU_DMA_COUNT };
	const struct svm_store_op *op;
	unsigned int i, j;

	for_each_store_op(op, SVM_MEMORY) {
		if (op->bytes < 4)
			continue;
		for (i = 0; i < ARRAY_SIZE(patterns); i++) {
			u64 val = patterns[i] & svm_width_mask(op->bytes);
			u64 reg = in_order(val, op->bytes, op->big_endian, run->bar->big_endian);

			for (j = 0; j < ARRAY_SIZE(dma); j++) {
				svm_tally_store(&run->tally, op, dma[j], val);
				edu_expect(run, dma[j], reg);
			}
			if (op->bytes == 4) {
				svm_tally_store(&run->tally, op, EDU_LIVENESS, val);
				edu_expect(run, EDU_LIVENESS, ~reg);
			}
		}
	}
}

/* What each store accessor writes, each load accessor reads back. */
void svm_case_store_readback(struct svm_run *run)
{
	if (run->bar->device == SVM_DEVICE_BUFFER)
		buffer_store_readback(&run->tally);
	else
		edu_store_readback(run);
}

/*
 * The device counts the stores it had to, and no others: the byte it looks for in
 * the right place, in the wrong place, absent, and at another address.
 */
void svm_case_store_match(struct svm_run *run)
{
	struct svm_tally *tally = &run->tally;
	const u8 match = TESTDEV_DATA, other = TESTDEV_DATA ^ 0xff;
	const struct svm_store_op *op;

	for_each_store_op(op, SVM_MEMORY) {
		u64 right = value_with_first_byte(op, match, other);
		u64 wrong = value_with_first_byte(op, other, match);

		testdev_select(tally, 0);
		svm_tally_store(tally, op, TESTDEV_TARGET(0), right);
		testdev_expect_count(tally, 1);
		svm_tally_store(tally, op, TESTDEV_TARGET(0), wrong);
		testdev_expect_count(tally, 1);
		svm_tally_store(tally, op, TESTDEV_UNUSED, right);
		testdev_expect_count(tally, 1);
		svm_tally_store(tally, op, TESTDEV_TARGET(0), right);
		testdev_expect_count(tally, 2);

		/* Test 2 looks at the third byte of wider stores to the same address. */
		if (op->bytes < 4)
			continue;
		testdev_select(tally, 2);
		right = (u64)match << 16;
		svm_tally_store(tally, op, TESTDEV_TARGET(0),
				op->big_endian ? svm_swab(right, op->bytes) : right);
		testdev_expect_count(tally, 1);
		svm_tally_store(tally, op, TESTDEV_TARGET(0),
				op->big_endian ? svm_swab(right << 8, op->bytes) : right << 8);
		testdev_expect_count(tally, 1);
	}
}

/* Every store accessor can select a test, and the header of that test reads back. */
void svm_case_test_selector(struct svm_run *run)
{
	struct svm_tally *tally = &run->tally;
	const struct svm_load_op *readb = svm_load_op_find(1, false, SVM_MEMORY);
	const struct svm_store_op *op;
	unsigned int test, offset;

	for_each_store_op(op, SVM_MEMORY) {
		for (test = 0; test < TESTDEV_TESTS; test++) {
			svm_tally_store(tally, op, TESTDEV_SELECTOR,
					value_with_first_byte(op, test, 0));
			for (offset = 0; offset < TESTDEV_HEADER_SIZE; offset++) {
				u8 byte = svm_testdev_header(SVM_DEVICE_TESTDEV, test, 0, offset);

				svm_tally_load_expect(tally, readb, offset, byte);
			}
			/* A store to the target counts, in a test that has just begun. */
			if (op->bytes == 1 && test)
				continue;
			if (!IS_ALIGNED(TESTDEV_TARGET(test), op->bytes))
				continue;
			svm_tally_store(tally, op, TESTDEV_TARGET(test),
					value_with_first_byte(op, TESTDEV_DATA, 0));
			testdev_expect_count(tally, 1);
		}
		/* No such test: nothing is selected, all reads as zero. */
		svm_tally_store(tally, op, TESTDEV_SELECTOR,
				value_with_first_byte(op, TESTDEV_TESTS, 0));
		svm_tally_load_expect(tally, readb, TESTDEV_OFFSET + 1, 0);
	}
}

static void testdev_same_as_kernel(struct svm_tally *tally)
{
	const struct svm_store_op *store;
	const struct svm_load_op *load;
	unsigned int offset;

	testdev_select(tally, 0);
	for_each_load_op(load, SVM_MEMORY)
		for (offset = 0; offset < TESTDEV_HEADER_SIZE; offset += load->bytes)
			svm_tally_load_expect(tally, load, offset,
					      load->kernel(tally->base + offset));

	for_each_store_op(store, SVM_MEMORY) {
		u64 val = value_with_first_byte(store, TESTDEV_DATA, 0);

		testdev_select(tally, 0);
		store->kernel(tally->base + TESTDEV_TARGET(0), val);
		testdev_expect_count(tally, 1);
		svm_tally_store(tally, store, TESTDEV_TARGET(0), val);
		testdev_expect_count(tally, 2);
	}
}

static void edu_same_as_kernel(struct svm_tally *tally)
{
	const struct svm_store_op *store;
	const struct svm_load_op *load;
	unsigned int i;

	for_each_store_op(store, SVM_MEMORY) {
		if (store->bytes < 4)
			continue;
		for (i = 0; i < ARRAY_SIZE(patterns); i++) {
			u64 val = patterns[i] & svm_width_mask(store->bytes);

			store->kernel(tally->base + EDU_DMA_SOURCE, val);
			svm_tally_store(tally, store, EDU_DMA_DESTINATION, val);
			for_each_load_op(load, SVM_MEMORY) {
				if (load->bytes < 4)
					continue;
				/* Ours reads what the kernel wrote, and the other way round. */
				svm_tally_load_expect(tally, load, EDU_DMA_SOURCE,
						      load->kernel(tally->base + EDU_DMA_SOURCE));
				svm_tally_expect(tally, load->name, EDU_DMA_DESTINATION,
						 load->kernel(tally->base + EDU_DMA_SOURCE),
						 load->kernel(tally->base + EDU_DMA_DESTINATION));
			}
		}
	}
}

/* Each accessor gives and leaves what the kernel's own does on the same register. */
void svm_case_same_as_kernel(struct svm_run *run)
{
	if (run->bar->device == SVM_DEVICE_TESTDEV)
		testdev_same_as_kernel(&run->tally);
	else
		edu_same_as_kernel(&run->tally);
}

/* All ones is a value like another, and the EEH check that it triggers does no harm. */
void svm_case_all_ones(struct svm_run *run)
{
	const struct svm_load_op *op;

	for_each_load_op(op, SVM_MEMORY)
		if (op->bytes >= 4)
			svm_tally_load_expect(&run->tally, op,
					      op->bytes == 4 ? EDU_ALL_ONES_32 : EDU_ALL_ONES_64,
					      svm_width_mask(op->bytes));
}
