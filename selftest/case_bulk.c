// SPDX-License-Identifier: GPL-2.0
/* Cases that check string and copy accessors. */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "svm_mmio.h"
#include "capture/window.h"
#include "device.h"
#include "ops.h"
#include "run.h"

/* Around the bound of a run, several runs, and nothing at all. */
static const unsigned int counts[] = {
	0, 1, 2, SVM_WINDOW_RUN - 1, SVM_WINDOW_RUN, SVM_WINDOW_RUN + 1, 3 * SVM_WINDOW_RUN + 5,
};

#define MAX_COUNT	(3 * SVM_WINDOW_RUN + 5)
#define MAX_BYTES	(MAX_COUNT * 8)
#define GUARD		64
#define GUARD_BYTE	0xa5

static void expect_bytes(struct svm_tally *tally, const char *op, unsigned int offset,
			 const u8 *expected, const u8 *got, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (expected[i] != got[i])
			break;
	if (i < n)
		svm_tally_expect(tally, op, offset + i, expected[i], got[i]);
}

static void expect_guard(struct svm_tally *tally, const char *op, const u8 *from, size_t n)
{
	const u8 *changed = memchr_inv(from, GUARD_BYTE, n);

	if (changed)
		svm_tally_expect(tally, op, 0, GUARD_BYTE, *changed);
}

/* Reads @count times the register at @offset, which holds the bytes at @element. */
static void check_in(struct svm_tally *tally, const struct svm_string_op *op, unsigned int offset,
		     const u8 *element, unsigned int count, u8 *buf)
{
	u8 *to = buf + GUARD;
	unsigned int i;

	memset(buf, GUARD_BYTE, GUARD + MAX_BYTES + GUARD);
	svm_tally_in(tally, op, offset, to, count);
	for (i = 0; i < count; i++)
		expect_bytes(tally, op->name, offset, element, to + i * op->bytes, op->bytes);
	expect_guard(tally, op->name, buf, GUARD);
	expect_guard(tally, op->name, to + count * op->bytes, GUARD);
}

/* pci-testdev shows its name, and counts the elements that begin with its byte. */
static void testdev_strings(struct svm_run *run, u8 *buf)
{
	bool ports = run->bar->device == SVM_DEVICE_PORTS;
	struct svm_tally *tally = &run->tally;
	const struct svm_string_op *op;
	unsigned int i, j;

	for_each_string_op(op, run->bar->space) {
		unsigned int target = ports ? ALIGN_DOWN(TESTDEV_PORT_TARGET, op->bytes) :
					      TESTDEV_TARGET(0);
		unsigned int byte = ports ? TESTDEV_PORT_TARGET - target : 0;

		for (i = 0; i < ARRAY_SIZE(counts); i++) {
			u64 name = svm_testdev_value(run->bar->device, 0, 0, TESTDEV_NAME, 8,
						     false);
			unsigned int matching = 0;

			svm_tally_store(tally, svm_store_op_find(1, false, run->bar->space),
					TESTDEV_SELECTOR, 0);
			check_in(tally, op, TESTDEV_NAME, (u8 *)&name, counts[i], buf);

			/* Every third element matches, with the byte nowhere else. */
			memset(buf, 0, MAX_BYTES);
			for (j = 0; j < counts[i]; j += 3, matching++)
				buf[j * op->bytes + byte] = TESTDEV_DATA;
			svm_tally_out(tally, op, target, buf, counts[i]);
			svm_tally_load_expect(tally, svm_load_op_find(4, false, run->bar->space),
					      TESTDEV_COUNT, matching);
		}
	}
}

/* The register keeps the last element; its neighbours keep what they had. */
static void buffer_strings(struct svm_run *run, u8 *buf)
{
	const struct svm_load_op *readq = svm_load_op_find(8, false, SVM_MEMORY);
	const struct svm_store_op *writeq = svm_store_op_find(8, false, SVM_MEMORY);
	struct svm_tally *tally = &run->tally;
	const struct svm_string_op *op;
	unsigned int i, j;

	for_each_string_op(op, SVM_MEMORY) {
		for (i = 1; i < ARRAY_SIZE(counts); i++) {
			u64 last = 0;

			for (j = 0; j < counts[i] * op->bytes; j++)
				buf[j] = 7 * j + i;
			memcpy(&last, buf + (counts[i] - 1) * op->bytes, op->bytes);
			svm_tally_store(tally, writeq, 0, 0);
			svm_tally_out(tally, op, 0, buf, counts[i]);
			svm_tally_load_expect(tally, readq, 0, last);
			check_in(tally, op, 0, (u8 *)&last, counts[i], buf);
		}
	}
}

/* String accessors move every element, once, and touch nothing else. */
void svm_case_string_values(struct svm_run *run)
{
	u8 *buf = kmalloc(GUARD + MAX_BYTES + GUARD, GFP_KERNEL);

	if (!buf) {
		svm_run_fail(run, "no memory");
		return;
	}
	if (run->bar->device == SVM_DEVICE_BUFFER)
		buffer_strings(run, buf);
	else
		testdev_strings(run, buf);
	kfree(buf);
}

/* xorshift64, from a fixed seed: every run tries the same. */
#define FUZZ_SEED	0x2545f4914f6cdd1dULL
#define FUZZ_CASES	12000

static unsigned int next_random(u64 *state, unsigned int below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 32) % below;
}

/* How many accesses the kernel's copy of @n bytes makes, with memory at @align. */
static unsigned int kernels_accesses(unsigned int offset, unsigned int align, unsigned int n)
{
	unsigned int accesses = 0;

	while (n) {
		unsigned int bytes = n >= 4 && !(offset % 4) && !(align % 4) ? 4 : 1;

		offset += bytes;
		align += bytes;
		n -= bytes;
		accesses++;
	}
	return accesses;
}

/* How many a copy of @n bytes at @offset has to make: the fewest there can be. */
static unsigned int fewest_accesses(unsigned int offset, unsigned int n)
{
	unsigned int accesses = 0;

	while (n) {
		unsigned int bytes = 8;

		while (offset % bytes || bytes > n)
			bytes /= 2;
		offset += bytes;
		n -= bytes;
		accesses++;
	}
	return accesses;
}

/* Those from IOREAD32_COPY on want both sides aligned. */
enum copy {
	MEMSET_IO, MEMCPY_TOIO, MEMCPY_FROMIO, MEMSET_IO64, MEMCPY_TOIO64, MEMCPY_FROMIO64,
	IOREAD32_COPY, IOWRITE32_COPY, IOWRITE64_COPY, COPIES,
};

static const char * const copies[COPIES] = {
	"memset_io", "memcpy_toio", "memcpy_fromio",
	"memset_io64", "memcpy_toio64", "memcpy_fromio64",
	"__ioread32_copy", "__iowrite32_copy", "__iowrite64_copy",
};

struct fuzz {
	struct svm_run *run;
	u64 random;
	u8 *shadow;	/* what the device must hold */
	u8 *memory;	/* the other side */
	u8 *seen;
};

/* One copy, of random kind, length and alignment of both sides; the shadow follows. */
static void fuzz_one(struct fuzz *f)
{
	struct svm_tally *tally = &f->run->tally;
	/* Mostly short, where the ends are all there is; sometimes many runs. */
	unsigned int n = next_random(&f->random, next_random(&f->random, 16) ? 80 : 1500);
	unsigned int offset = next_random(&f->random, BUFFER_SIZE - n);
	unsigned int align = GUARD + next_random(&f->random, 16);
	unsigned int low = offset - min(offset, 16u);
	unsigned int high = min(offset + n + 16u, (unsigned int)BUFFER_SIZE);
	void __iomem *device = tally->base + offset;
	u8 *memory = f->memory + align;
	enum copy kind = next_random(&f->random, COPIES);
	unsigned int i;
	int c;

	if (kind >= IOREAD32_COPY) {
		offset = ALIGN_DOWN(offset, 8);
		n = ALIGN_DOWN(n, 8);
		device = tally->base + offset;
	}
	for (i = 0; i < n; i++)
		memory[i] = next_random(&f->random, 256);
	/* A driver may well say -1. Of other negative numbers the kernel's makes no byte. */
	c = memory[0] == 0xff ? -1 : memory[0];

	switch (kind) {
	case MEMSET_IO:
	case MEMSET_IO64:
		memset(f->shadow + offset, memory[0], n);
		break;
	case MEMCPY_FROMIO:
	case MEMCPY_FROMIO64:
	case IOREAD32_COPY:
		memset(f->memory, GUARD_BYTE, align + n + GUARD);
		break;
	default:
		memcpy(f->shadow + offset, memory, n);
	}

	switch (kind) {
	case MEMSET_IO:
		tally->accesses += kernels_accesses(offset, offset, n);
		svm_memset_io(device, c, n);
		break;
	case MEMCPY_TOIO:
		tally->accesses += kernels_accesses(offset, align, n);
		svm_memcpy_toio(device, memory, n);
		break;
	case MEMCPY_FROMIO:
		tally->accesses += kernels_accesses(offset, align, n);
		svm_memcpy_fromio(memory, device, n);
		break;
	case MEMSET_IO64:
		tally->accesses += fewest_accesses(offset, n);
		svm_memset_io64(device, c, n);
		break;
	case MEMCPY_TOIO64:
		tally->accesses += fewest_accesses(offset, n);
		svm_memcpy_toio64(device, memory, n);
		break;
	case MEMCPY_FROMIO64:
		tally->accesses += fewest_accesses(offset, n);
		svm_memcpy_fromio64(memory, device, n);
		break;
	case IOREAD32_COPY:
		tally->accesses += n / 4;
		svm___ioread32_copy(memory, device, n / 4);
		break;
	case IOWRITE32_COPY:
		tally->accesses += n / 4;
		svm___iowrite32_copy(device, memory, n / 4);
		break;
	default:
		tally->accesses += n / 8;
		svm___iowrite64_copy(device, memory, n / 8);
	}

	if (kind == MEMCPY_FROMIO || kind == MEMCPY_FROMIO64 || kind == IOREAD32_COPY) {
		expect_bytes(tally, copies[kind], offset, f->shadow + offset, memory, n);
		expect_guard(tally, copies[kind], f->memory, align);
		expect_guard(tally, copies[kind], memory + n, GUARD);
	}

	/* The kernel's own function reads back what is there now, and around it. */
	memcpy_fromio(f->seen, tally->base + low, high - low);
	expect_bytes(tally, copies[kind], low, f->shadow + low, f->seen, high - low);
}

/* Copies of every kind and alignment: right bytes, no others, in the accesses due to each. */
void svm_case_copy_fuzz(struct svm_run *run)
{
	struct fuzz f = { .run = run, .random = FUZZ_SEED };
	unsigned int i;

	f.shadow = kzalloc(BUFFER_SIZE, GFP_KERNEL);
	f.memory = kmalloc(BUFFER_SIZE, GFP_KERNEL);
	f.seen = kmalloc(BUFFER_SIZE, GFP_KERNEL);
	if (f.shadow && f.memory && f.seen) {
		memset_io(run->tally.base, 0, BUFFER_SIZE);
		for (i = 0; i < FUZZ_CASES && !svm_run_cancelled(run); i++) {
			fuzz_one(&f);
			cond_resched();
		}
		svm_run_note(run, "copies=%u seed=0x%llx", i, FUZZ_SEED);
	} else {
		svm_run_fail(run, "no memory");
	}
	kfree(f.seen);
	kfree(f.memory);
	kfree(f.shadow);
}
