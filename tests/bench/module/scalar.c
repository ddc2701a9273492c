// SPDX-License-Identifier: GPL-2.0
/* One access: each accessor as the kernel's, ours and the baseline. */
#include <linux/kernel.h>

#include "bench.h"
#include "rfc.h"
#include "svm_mmio.h"

/*
 * The accessors, by the order of their arguments: (name, type of the value, what
 * the pointer points to). The *_relaxed are left out: they are the same functions.
 * Those in *_BUT_RFC are not in the baseline: what is out of line in the kernel
 * image cannot be had the RFC's way in a module, and it left out the __raw_*.
 */
#define FOR_EACH_LOAD(X)						\
	X(readb, u8, void)						\
	X(readw, u16, void)						\
	X(readl, u32, void)						\
	X(readq, u64, void)						\
	X(readw_be, u16, void)						\
	X(readl_be, u32, void)						\
	X(readq_be, u64, void)						\
	X(in_8, u8, u8)							\
	X(in_le16, u16, u16)						\
	X(in_be16, u16, u16)						\
	X(in_le32, u32, u32)						\
	X(in_be32, u32, u32)						\
	X(in_le64, u64, u64)						\
	X(in_be64, u64, u64)

#define FOR_EACH_WRITE(X)						\
	X(writeb, u8, void)						\
	X(writew, u16, void)						\
	X(writel, u32, void)						\
	X(writeq, u64, void)						\
	X(writew_be, u16, void)						\
	X(writel_be, u32, void)						\
	X(writeq_be, u64, void)

#define FOR_EACH_OUT(X)							\
	X(out_8, u8, u8)						\
	X(out_le16, u16, u16)						\
	X(out_be16, u16, u16)						\
	X(out_le32, u32, u32)						\
	X(out_be32, u32, u32)						\
	X(out_le64, u64, u64)						\
	X(out_be64, u64, u64)

#define FOR_EACH_PORT_IN(X)						\
	X(inb, u8, void)						\
	X(inw, u16, void)						\
	X(inl, u32, void)

#define FOR_EACH_PORT_OUT(X)						\
	X(outb, u8, void)						\
	X(outw, u16, void)						\
	X(outl, u32, void)

#define FOR_EACH_LOAD_BUT_RFC(X)					\
	X(__raw_readb, u8, void)					\
	X(__raw_readw, u16, void)					\
	X(__raw_readl, u32, void)					\
	X(__raw_readq, u64, void)					\
	X(ioread8, u32, void)						\
	X(ioread16, u32, void)						\
	X(ioread16be, u32, void)					\
	X(ioread32, u32, void)						\
	X(ioread32be, u32, void)					\
	X(ioread64_lo_hi, u64, void)					\
	X(ioread64be_lo_hi, u64, void)

#define FOR_EACH_WRITE_BUT_RFC(X)					\
	X(__raw_writeb, u8, void)					\
	X(__raw_writew, u16, void)					\
	X(__raw_writel, u32, void)					\
	X(__raw_writeq, u64, void)					\
	X(__raw_writeq_be, u64, void)					\
	X(iowrite8, u8, void)						\
	X(iowrite16, u16, void)						\
	X(iowrite16be, u16, void)					\
	X(iowrite32, u32, void)						\
	X(iowrite32be, u32, void)					\
	X(iowrite64_lo_hi, u64, void)					\
	X(iowrite64be_lo_hi, u64, void)

#define DEF_LOAD(variant, accessor, name, type, pointee)		\
static void bench_##variant##_##name(const struct bench_target *target)	\
{									\
	pointee __iomem *addr = target->io;				\
	type val;							\
									\
	BENCH_BEGIN("+b" (addr));					\
	val = accessor(addr);						\
	BENCH_END("r" (val));						\
}

#define DEF_PORT_IN(variant, accessor, name, type, ...)			\
static void bench_##variant##_##name(const struct bench_target *target)	\
{									\
	unsigned long port = target->port;				\
	type val;							\
									\
	BENCH_BEGIN("+r" (port));					\
	val = accessor(port);						\
	BENCH_END("r" (val));						\
}

#define __DEF_STORE(variant, name, type, pointee, call)			\
static void bench_##variant##_##name(const struct bench_target *target)	\
{									\
	pointee __iomem *addr = target->io;				\
	type val = 0;							\
									\
	BENCH_BEGIN("+b" (addr), "+r" (val));				\
	call;								\
	BENCH_END();							\
}

#define DEF_WRITE(variant, accessor, name, type, pointee)		\
	__DEF_STORE(variant, name, type, pointee, accessor(val, addr))
#define DEF_OUT(variant, accessor, name, type, pointee)			\
	__DEF_STORE(variant, name, type, pointee, accessor(addr, val))

#define DEF_PORT_OUT(variant, accessor, name, type, ...)			\
static void bench_##variant##_##name(const struct bench_target *target)	\
{									\
	unsigned long port = target->port;				\
	type val = 0;							\
									\
	BENCH_BEGIN("+r" (port), "+r" (val));				\
	accessor(val, port);						\
	BENCH_END();							\
}

#define DEF_TWO(DEF, name, type, pointee)				\
	DEF(kernel, name, name, type, pointee)				\
	DEF(svm, svm_##name, name, type, pointee)

#define DEF_THREE(DEF, name, type, pointee)				\
	DEF_TWO(DEF, name, type, pointee)				\
	DEF(rfc, rfc_##name, name, type, pointee)

#define DEF_LOADS(...)		DEF_THREE(DEF_LOAD, __VA_ARGS__)
#define DEF_WRITES(...)		DEF_THREE(DEF_WRITE, __VA_ARGS__)
#define DEF_OUTS(...)		DEF_THREE(DEF_OUT, __VA_ARGS__)
#define DEF_PORT_INS(...)	DEF_THREE(DEF_PORT_IN, __VA_ARGS__)
#define DEF_PORT_OUTS(...)	DEF_THREE(DEF_PORT_OUT, __VA_ARGS__)
#define DEF_TWO_LOADS(...)	DEF_TWO(DEF_LOAD, __VA_ARGS__)
#define DEF_TWO_WRITES(...)	DEF_TWO(DEF_WRITE, __VA_ARGS__)

FOR_EACH_LOAD(DEF_LOADS)
FOR_EACH_WRITE(DEF_WRITES)
FOR_EACH_OUT(DEF_OUTS)
FOR_EACH_PORT_IN(DEF_PORT_INS)
FOR_EACH_PORT_OUT(DEF_PORT_OUTS)
FOR_EACH_LOAD_BUT_RFC(DEF_TWO_LOADS)
FOR_EACH_WRITE_BUT_RFC(DEF_TWO_WRITES)

/* Controls: what is counted between the markers, and nothing else. */
static void bench_control_nothing(const struct bench_target *target)
{
	const void *unused = target;

	BENCH_BEGIN("+b" (unused));
	BENCH_END();
}

static void bench_control_three_nops(const struct bench_target *target)
{
	const void *unused = target;

	BENCH_BEGIN("+b" (unused));
	asm volatile("nop; nop; nop");
	BENCH_END();
}

#define LIST_TWO(name, ...)	bench_kernel_##name, bench_svm_##name,
#define LIST_THREE(name, ...)	LIST_TWO(name) bench_rfc_##name,

const bench_fn bench_scalar[] = {
	bench_control_nothing,
	bench_control_three_nops,
	FOR_EACH_LOAD(LIST_THREE)
	FOR_EACH_WRITE(LIST_THREE)
	FOR_EACH_OUT(LIST_THREE)
	FOR_EACH_PORT_IN(LIST_THREE)
	FOR_EACH_PORT_OUT(LIST_THREE)
	FOR_EACH_LOAD_BUT_RFC(LIST_TWO)
	FOR_EACH_WRITE_BUT_RFC(LIST_TWO)
};

const unsigned int bench_scalar_count = ARRAY_SIZE(bench_scalar);
