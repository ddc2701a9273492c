// SPDX-License-Identifier: GPL-2.0
/*
 * Loads and stores of vector-scalar and floating-point registers: memcpy() of the C
 * library uses the former, a double that is behind a pointer the latter. The kernel
 * itself uses neither, so they are of programs only. The access is made in emulate.c.
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

static __always_inline bool is_floating(const struct instruction_op *op)
{
	return GETTYPE(op->type) == LOAD_FP || GETTYPE(op->type) == STORE_FP;
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

/**
 * svm_vsr_get() - what such an instruction stores
 * @op: an instruction that can be made: see svm_vsr_can()
 * @to: set to the doublewords as memory has them, in little-endian; a floating-point
 *	register is the first
 *
 * Context: interrupts are masked; the register is live in this CPU.
 */
notrace void svm_vsr_get(const struct instruction_op *op, struct svm_vector *to)
{
	unsigned long msr = mfmsr();

	mtmsr(msr | MSR_FP | MSR_VEC | MSR_VSX);
	svm_guard_get_vsr(op->reg, to);
	mtmsr(msr);
	if (!is_floating(op))
		turn(to, op->element_size);
}

NOKPROBE_SYMBOL(svm_vsr_get);

/**
 * svm_vsr_put() - set the register that such an instruction loads
 * @op: an instruction that can be made: see svm_vsr_can()
 * @from: the doublewords that were loaded. What a floating-point register is not becomes
 *	the second, which the CPU has as 0
 *
 * Context: interrupts are masked; the register is live in this CPU.
 */
notrace void svm_vsr_put(const struct instruction_op *op, const struct svm_vector *from)
{
	struct svm_vector vector = *from;
	unsigned long msr = mfmsr();

	if (!is_floating(op))
		turn(&vector, op->element_size);
	mtmsr(msr | MSR_FP | MSR_VEC | MSR_VSX);
	svm_guard_put_vsr(op->reg, &vector);
	mtmsr(msr);
}

NOKPROBE_SYMBOL(svm_vsr_put);
