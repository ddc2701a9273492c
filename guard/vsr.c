// SPDX-License-Identifier: GPL-2.0
/*
 * Loads and stores of vector-scalar and floating-point registers: memcpy() of the C
 * library uses the former, a double that is behind a pointer the latter. The kernel
 * itself uses neither, so they are of programs only.
 *
 * The registers are the program's own, live in this CPU.
 */
#include <linux/bitops.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/swab.h>
#include <asm/reg.h>
#include <asm/sstep.h>

#include "stubs.h"
#include "vsr.h"
#include "backend/alias.h"
#include "backend/detour.h"

static __always_inline bool is_floating(const struct instruction_op *op)
{
	return GETTYPE(op->type) == LOAD_FP || GETTYPE(op->type) == STORE_FP;
}

static __always_inline bool is_load(const struct instruction_op *op)
{
	return GETTYPE(op->type) == LOAD_FP || GETTYPE(op->type) == LOAD_VSX;
}

/**
 * svm_vsr_can() - can this instruction's access be made?
 * @op: the instruction
 *
 * Context: any.
 *
 * Return: true for lfd and stfd with their variants, and for what loads or stores 16 bytes
 * of a vector-scalar register; false for what converts, splats or has another width.
 */
notrace bool svm_vsr_can(const struct instruction_op *op)
{
	switch (GETTYPE(op->type)) {
	case LOAD_FP:
	case STORE_FP:
		return GETSIZE(op->type) == 8 && !(op->type & FPCONV) && op->reg >= 0 &&
		       op->reg < 32;
	case LOAD_VSX:
	case STORE_VSX:
		return GETSIZE(op->type) == 16 && !(op->vsx_flags & ~VSX_CHECK_VEC) &&
		       is_power_of_2(op->element_size) && op->element_size <= 16 &&
		       op->reg >= 0 && op->reg < 64;
	default:
		return false;
	}
}

NOKPROBE_SYMBOL(svm_vsr_can);

/**
 * svm_vsr_facility() - what the program's MSR has if the register is live
 * @op: the instruction
 *
 * Context: any.
 *
 * Return: the bit of the MSR.
 */
notrace unsigned long svm_vsr_facility(const struct instruction_op *op)
{
	return op->reg < 32 ? MSR_FP : MSR_VEC;
}

NOKPROBE_SYMBOL(svm_vsr_facility);

/*
 * From the doublewords of a register to those of memory, or back, in little-endian: the
 * first element is the leftmost of the register, and has the lowest address.
 */
static notrace void turn(struct svm_vector *vector, unsigned int element)
{
	unsigned int i;
	u64 half;

	if (element == 16) {
		swap(vector->half[0], vector->half[1]);
		return;
	}
	for (i = 0; i < 2; i++) {
		half = vector->half[i];
		if (element == 1)
			half = swab64(half);
		else if (element == 2)
			half = swahw32(half >> 32) | (u64)swahw32(half) << 32;
		else if (element == 4)
			half = ror64(half, 32);
		vector->half[i] = half;
	}
}

NOKPROBE_SYMBOL(turn);

/* An access that is not aligned is made of bytes. */
static notrace u64 load(struct svm_place place, unsigned long caller)
{
	unsigned int i;
	u64 val = 0;

	if (!(place.physical & 7))
		return svm_place_load(&place, 8, caller);
	for (i = 0; i < 8; i++) {
		val |= svm_place_load(&place, 1, caller) << 8 * i;
		place.physical++;
		place.alias++;
	}
	return val;
}

NOKPROBE_SYMBOL(load);

static notrace void store(struct svm_place place, u64 val, unsigned long caller)
{
	unsigned int i;

	if (!(place.physical & 7)) {
		svm_place_store(&place, 8, val, caller);
		return;
	}
	for (i = 0; i < 8; i++) {
		svm_place_store(&place, 1, val >> 8 * i & 0xff, caller);
		place.physical++;
		place.alias++;
	}
}

NOKPROBE_SYMBOL(store);

/**
 * svm_vsr_perform() - make the access of such an instruction
 * @op: an instruction of which svm_vsr_can() says that it can be made
 * @place: where it leads, all of it
 * @caller: the instruction's address
 *
 * 16 bytes are two accesses of 8. Context: the handler of a data storage interrupt; the
 * register is live in this CPU.
 */
notrace void svm_vsr_perform(const struct instruction_op *op, const struct svm_place *place,
			     unsigned long caller)
{
	struct svm_place second = { place->physical + 8, place->alias + 8 };
	unsigned long msr = mfmsr();
	struct svm_vector vector;

	mtmsr(msr | MSR_FP | MSR_VEC | MSR_VSX);
	if (is_load(op)) {
		vector.half[0] = load(*place, caller);
		/* What a floating-point register is not becomes 0, as the CPU has it. */
		vector.half[1] = 0;
		if (!is_floating(op)) {
			vector.half[1] = load(second, caller);
			turn(&vector, op->element_size);
		}
		svm_guard_put_vsr(op->reg, &vector);
	} else {
		svm_guard_get_vsr(op->reg, &vector);
		if (!is_floating(op))
			turn(&vector, op->element_size);
		store(*place, vector.half[0], caller);
		if (!is_floating(op))
			store(second, vector.half[1], caller);
	}
	mtmsr(msr);
}

NOKPROBE_SYMBOL(svm_vsr_perform);
