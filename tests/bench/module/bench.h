/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is measured: one function per accessor and variant. Its name tells
 * tests/lab/bench.py what it is:
 *
 *	bench_VARIANT_ACCESSOR		one access
 *	bench_VARIANT_ACCESSOR__BYTES	a bulk accessor that moves so many bytes
 *
 * VARIANT is kernel (the kernel's own), svm (ours) or rfc (rfc.h).
 */
#ifndef _SVM_BENCH_H
#define _SVM_BENCH_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct bench_target - what the accessors are let loose on
 * @io: at least BENCH_BYTES of a device, aligned to as much
 * @port: a port of a device, as inb() takes it
 * @ram: as much memory, aligned likewise
 */
struct bench_target {
	void __iomem *io;
	unsigned long port;
	void *ram;
};

#define BENCH_BYTES	4096

typedef void (*bench_fn)(const struct bench_target *target);

extern const bench_fn bench_scalar[];
extern const unsigned int bench_scalar_count;
extern const bench_fn bench_bulk[];
extern const unsigned int bench_bulk_count;

/*
 * The markers of tests/bench/plugin/recorder.c, around exactly what is measured.
 * The compiler moves nothing across a volatile asm; operands of the first one
 * are in registers before it, those of the second one are computed before it.
 */
#define BENCH_BEGIN(...)	asm volatile("xori 0,0,0" : __VA_ARGS__ : : "memory")
#define BENCH_END(...)		asm volatile("oris 0,0,0" : : __VA_ARGS__ : "memory")

#endif /* _SVM_BENCH_H */
