// SPDX-License-Identifier: GPL-2.0
/*
 * Backend "hcall": H_LOGICAL_CI_LOAD and H_LOGICAL_CI_STORE (PAPR) instead of an
 * access that faults.
 *
 * They take a width in bytes and a guest-physical address. The value is in a register
 * as a big-endian access would have it: QEMU's h_logical_load(), KVM's
 * kvmppc_h_logical_ci_load(), and what the ultravisor's handle_load() swaps for.
 *
 * The address is looked up in the kernel's page tables at every access. Nothing is
 * kept, so nothing of a mapping can be used after iounmap(): an address that is not
 * mapped is an error, and no hcall is made. The walk takes no lock.
 */
#include <linux/bitops.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/swab.h>
#include <linux/vmalloc.h>
#include <asm/firmware.h>
#include <asm/hvcall.h>

#include "hcall.h"
#include "observe/counts.h"

/* In place of an hcall's return value: none was made. */
#define NOT_MAPPED	1L

/* The failure that the next message is about; whoever sets @claimed fills it in. */
static struct {
	unsigned long claimed;
	const char *what;
	unsigned int bytes;
	unsigned long addr;
	long rc;
} failure;

static void report(struct irq_work *work)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);

	if (__ratelimit(&limit)) {
		if (failure.rc == NOT_MAPPED)
			pr_err("%s of %u bits at 0x%lx failed: nothing is mapped there: has the driver unmapped it?\n",
			       failure.what, 8 * failure.bytes, failure.addr);
		else
			pr_err("%s of %u bits at 0x%lx failed: the hypervisor returned %ld\n",
			       failure.what, 8 * failure.bytes, failure.addr, failure.rc);
	}
	clear_bit_unlock(0, &failure.claimed);
}

static DEFINE_IRQ_WORK(report_work, report);

/*
 * Counts a failure, and has a message printed later: the caller may hold any lock, that
 * of a console among them. Of failures that come faster some are counted only.
 */
static void fail(const char *what, unsigned int bytes, const volatile void __iomem *addr, long rc)
{
	this_cpu_inc(svm_counts.hcall_errors);
	if (test_and_set_bit_lock(0, &failure.claimed))
		return;
	failure.what = what;
	failure.bytes = bytes;
	failure.addr = (__force unsigned long)addr;
	failure.rc = rc;
	irq_work_queue(&report_work);
}

/* What is not in the kernel's space for I/O is memory, which no hypervisor need be asked for. */
static bool is_memory(const volatile void __iomem *addr)
{
	return (__force unsigned long)addr < KERN_IO_START;
}

/* Guest-physical address of what is mapped at @addr, or false. */
static bool translate(const volatile void __iomem *addr, unsigned long *physical)
{
	struct page *page = vmalloc_to_page((__force const void *)addr);

	/* Not of memory, so it has no struct page: only its number is used. */
	if (unlikely(!page))
		return false;
	*physical = PFN_PHYS(page_to_pfn(page)) | offset_in_page((__force unsigned long)addr);
	return true;
}

static u64 load_memory(const volatile void *addr, unsigned int bytes)
{
	switch (bytes) {
	case 1:
		return *(const volatile u8 *)addr;
	case 2:
		return *(const volatile u16 *)addr;
	case 4:
		return *(const volatile u32 *)addr;
	default:
		return *(const volatile u64 *)addr;
	}
}

static void store_memory(volatile void *addr, unsigned int bytes, u64 val)
{
	switch (bytes) {
	case 1:
		*(volatile u8 *)addr = val;
		break;
	case 2:
		*(volatile u16 *)addr = val;
		break;
	case 4:
		*(volatile u32 *)addr = val;
		break;
	default:
		*(volatile u64 *)addr = val;
	}
}

static u64 swab_bytes(u64 val, unsigned int bytes)
{
	return swab64(val) >> (64 - 8 * bytes);
}

/**
 * svm_hcall_load() - have the hypervisor load from a device
 * @addr: mapped address, naturally aligned
 * @bytes: 1, 2, 4 or 8
 *
 * No ordering of its own. Context: any; takes no lock.
 *
 * Return: the value in the CPU's byte order, zero-extended; all ones if it failed.
 */
u64 svm_hcall_load(const volatile void __iomem *addr, unsigned int bytes)
{
	unsigned long ret[PLPAR_HCALL_BUFSIZE];
	unsigned long physical;
	long rc = NOT_MAPPED;

	if (unlikely(is_memory(addr)))
		return load_memory((__force const volatile void *)addr, bytes);
	if (translate(addr, &physical))
		rc = plpar_hcall(H_LOGICAL_CI_LOAD, ret, (unsigned long)bytes, physical);
	if (unlikely(rc != H_SUCCESS)) {
		fail("load", bytes, addr, rc);
		return ~0ULL >> (64 - 8 * bytes);
	}
	return swab_bytes(ret[0], bytes);
}

/**
 * svm_hcall_store() - have the hypervisor store to a device
 * @addr: mapped address, naturally aligned
 * @bytes: 1, 2, 4 or 8
 * @val: the value in the CPU's byte order, in the low bits
 *
 * No ordering of its own. If it fails nothing is stored. Context: any; takes no lock.
 */
void svm_hcall_store(volatile void __iomem *addr, unsigned int bytes, u64 val)
{
	unsigned long physical;
	long rc = NOT_MAPPED;

	if (unlikely(is_memory(addr))) {
		store_memory((__force volatile void *)addr, bytes, val);
		return;
	}
	if (translate(addr, &physical))
		rc = plpar_hcall_norets(H_LOGICAL_CI_STORE, (unsigned long)bytes, physical,
					swab_bytes(val, bytes));
	if (unlikely(rc != H_SUCCESS))
		fail("store", bytes, addr, rc);
}

/**
 * svm_hcall_init() - are there the hcalls that this backend needs?
 *
 * Both are called with a width of 0, which touches nothing and which who knows them
 * refuses with H_PARAMETER (QEMU's h_logical_load() does, and KVM leaves that to it).
 * An ultravisor passes both on.
 *
 * Return: 0, or -EOPNOTSUPP after a message that says why not.
 */
int svm_hcall_init(void)
{
	unsigned long ret[PLPAR_HCALL_BUFSIZE];
	long load, store;

	if (!firmware_has_feature(FW_FEATURE_LPAR)) {
		pr_notice("no backend hcall: there is no hypervisor to call (not a pseries guest): load with another backend\n");
		return -EOPNOTSUPP;
	}
	if (IS_ENABLED(CONFIG_DEBUG_VIRTUAL)) {
		/* vmalloc_to_page() then takes no address of the space for I/O. */
		pr_notice("no backend hcall: this kernel has CONFIG_DEBUG_VIRTUAL: load with another backend\n");
		return -EOPNOTSUPP;
	}
	if (IS_ENABLED(CONFIG_SPARSEMEM) && !IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP)) {
		/* A frame that is no memory then has no place for its struct page to be. */
		pr_notice("no backend hcall: this kernel lacks CONFIG_SPARSEMEM_VMEMMAP: load with another backend\n");
		return -EOPNOTSUPP;
	}
	load = plpar_hcall(H_LOGICAL_CI_LOAD, ret, 0UL, 0UL);
	store = plpar_hcall_norets(H_LOGICAL_CI_STORE, 0UL, 0UL, 0UL);
	if (load != H_PARAMETER || store != H_PARAMETER) {
		pr_notice("no backend hcall: to H_LOGICAL_CI_LOAD and H_LOGICAL_CI_STORE of width 0 the hypervisor returned %ld and %ld, not %d; -2 means that it has no such hcall: load with another backend\n",
			  load, store, H_PARAMETER);
		return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * svm_hcall_exit() - wait until no message is being printed
 */
void svm_hcall_exit(void)
{
	irq_work_sync(&report_work);
}
