// SPDX-License-Identifier: GPL-2.0
/* Bulk accessors: each as the kernel's, ours and, where there is one, the baseline. */
#include <linux/kernel.h>

#include "bench.h"
#include "rfc.h"
#include "svm_mmio.h"

/*
 * X(name, bytes, value of n, arguments); the arguments may use io, ram, port and n.
 * To measure another bulk accessor, or another length, add a line. Those in
 * *_BUT_RFC are not in the baseline, as in scalar.c.
 */
#define FOR_EACH_BULK(X)						\
	X(readsb, 1024, 1024, (io, ram, n))				\
	X(readsw, 1024, 512, (io, ram, n))				\
	X(readsl, 256, 64, (io, ram, n))				\
	X(readsl, 1024, 256, (io, ram, n))				\
	X(writesb, 1024, 1024, (io, ram, n))				\
	X(writesw, 1024, 512, (io, ram, n))				\
	X(writesl, 1024, 256, (io, ram, n))				\
	X(memcpy_fromio, 1024, 1024, (ram, io, n))			\
	X(memcpy_fromio, 4096, 4096, (ram, io, n))			\
	X(memcpy_toio, 1024, 1024, (io, ram, n))			\
	X(memcpy_toio, 4096, 4096, (io, ram, n))			\
	X(memset_io, 1024, 1024, (io, 0, n))				\
	X(memset_io, 4096, 4096, (io, 0, n))

#define FOR_EACH_BULK_BUT_RFC(X)					\
	X(readsq, 1024, 128, (io, ram, n))				\
	X(writesq, 1024, 128, (io, ram, n))				\
	X(ioread8_rep, 1024, 1024, (io, ram, n))			\
	X(ioread16_rep, 1024, 512, (io, ram, n))			\
	X(ioread32_rep, 1024, 256, (io, ram, n))			\
	X(iowrite8_rep, 1024, 1024, (io, ram, n))			\
	X(iowrite16_rep, 1024, 512, (io, ram, n))			\
	X(iowrite32_rep, 1024, 256, (io, ram, n))			\
	X(insb, 1024, 1024, (port, ram, n))				\
	X(insw, 1024, 512, (port, ram, n))				\
	X(insl, 1024, 256, (port, ram, n))				\
	X(outsb, 1024, 1024, (port, ram, n))				\
	X(outsw, 1024, 512, (port, ram, n))				\
	X(outsl, 1024, 256, (port, ram, n))				\
	X(memcpy_fromio64, 1024, 1024, (ram, io, n))			\
	X(memcpy_fromio64, 4096, 4096, (ram, io, n))			\
	X(memcpy_toio64, 1024, 1024, (io, ram, n))			\
	X(memcpy_toio64, 4096, 4096, (io, ram, n))			\
	X(memset_io64, 1024, 1024, (io, 0, n))				\
	X(memset_io64, 4096, 4096, (io, 0, n))				\
	X(__ioread32_copy, 1024, 256, (ram, io, n))			\
	X(__iowrite32_copy, 1024, 256, (io, ram, n))			\
	X(__iowrite64_copy, 1024, 128, (io, ram, n))

/* The kernel has no copies of 64 bits: those it has are what ours are compared with. */
static __always_inline void memcpy_fromio64(void *to, const volatile void __iomem *from,
					    unsigned long n)
{
	memcpy_fromio(to, from, n);
}

static __always_inline void memcpy_toio64(volatile void __iomem *to, const void *from,
					  unsigned long n)
{
	memcpy_toio(to, from, n);
}

static __always_inline void memset_io64(volatile void __iomem *addr, int c, unsigned long n)
{
	memset_io(addr, c, n);
}

#define DEF_BULK(variant, name, bytes, elements, call)			\
static void bench_##variant##_##name##__##bytes(const struct bench_target *target) \
{									\
	void __iomem *io = target->io;					\
	unsigned long port = target->port;				\
	void *ram = target->ram;					\
	unsigned long n = elements;					\
									\
	BENCH_BEGIN("+b" (io), "+b" (ram), "+r" (port), "+r" (n));	\
	call;								\
	BENCH_END();							\
}

#define DEF_TWO(name, bytes, elements, args)				\
	DEF_BULK(kernel, name, bytes, elements, name args)		\
	DEF_BULK(svm, name, bytes, elements, svm_##name args)

#define DEF_THREE(name, bytes, elements, args)				\
	DEF_TWO(name, bytes, elements, args)				\
	DEF_BULK(rfc, name, bytes, elements, rfc_##name args)

FOR_EACH_BULK(DEF_THREE)
FOR_EACH_BULK_BUT_RFC(DEF_TWO)

#define LIST_TWO(name, bytes, ...) \
	bench_kernel_##name##__##bytes, bench_svm_##name##__##bytes,
#define LIST_THREE(name, bytes, ...) \
	LIST_TWO(name, bytes) bench_rfc_##name##__##bytes,

const bench_fn bench_bulk[] = {
	FOR_EACH_BULK(LIST_THREE)
	FOR_EACH_BULK_BUT_RFC(LIST_TWO)
};

const unsigned int bench_bulk_count = ARRAY_SIZE(bench_bulk);
