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
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/printk.h>
#include <linux/swab.h>
#include <linux/workqueue.h>
#include <asm/firmware.h>
#include <asm/hvcall.h>

#include "hcall.h"
#include "tables.h"
#include "observe/counts.h"
#include "observe/limit.h"

/* In place of an hcall's return value, of which none is so large: none was made. */
#define NOT_MAPPED	LONG_MAX

/* The failure that the next message is about; whoever sets @claimed fills it in. */
static struct {
	unsigned long claimed;
	const char *what;
	unsigned int bytes;
	unsigned long addr;	/* guest-physical; if nothing is mapped, the driver's */
	unsigned long caller;
	long rc;
} failure;

/* What an hcall may return instead of H_SUCCESS: PAPR, asm/hvcall.h. */
static const char *name_of(long rc)
{
	switch (rc) {
	case H_HARDWARE:
		return "H_HARDWARE";
	case H_FUNCTION:
		return "H_FUNCTION";
	case H_PRIVILEGE:
		return "H_PRIVILEGE";
	case H_PARAMETER:
		return "H_PARAMETER";
	case H_AUTHORITY:
		return "H_AUTHORITY";
	case H_RESOURCE:
		return "H_RESOURCE";
	default:
		return "a code of its own";
	}
}

/* The device whose BAR an address is in; NULL, or one to be put. */
static struct pci_dev *device_at(unsigned long physical, int *bar)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		for (*bar = 0; *bar < PCI_STD_NUM_BARS; ++*bar)
			if (pci_resource_len(pdev, *bar) &&
			    physical >= pci_resource_start(pdev, *bar) &&
			    physical <= pci_resource_end(pdev, *bar))
				return pdev;
	return NULL;
}

static void report_refused(void)
{
	struct pci_dev *pdev;
	char where[64];
	int bar;

	pdev = device_at(failure.addr, &bar);
	if (pdev)
		snprintf(where, sizeof(where), "%s bar%d+0x%llx", pci_name(pdev), bar,
			 (u64)failure.addr - pci_resource_start(pdev, bar));
	else
		snprintf(where, sizeof(where), "guest-physical 0x%lx, in no BAR", failure.addr);
	pci_dev_put(pdev);
	pr_err("%s of %u bits at %s by %pS failed: the hypervisor returned %s (%ld): does the device take this width there? (%lu have failed so far)\n",
	       failure.what, 8 * failure.bytes, where, (void *)failure.caller,
	       name_of(failure.rc), failure.rc, svm_counts_hcall_errors());
}

/* How many messages there were not is part of the next one. */
static DEFINE_SVM_LIMIT(limit);

static void report_unmapped(void)
{
	pr_err("%s of %u bits at 0x%lx by %pS failed: nothing is mapped there: has the driver unmapped it? (%lu have failed so far)\n",
	       failure.what, 8 * failure.bytes, failure.addr, (void *)failure.caller,
	       svm_counts_hcall_errors());
}

static void report(struct work_struct *work)
{
	if (__ratelimit(&limit)) {
		if (failure.rc == NOT_MAPPED)
			report_unmapped();
		else
			report_refused();
	}
	clear_bit_unlock(0, &failure.claimed);
}

static DECLARE_WORK(report_work, report);

/* Whoever fails may hold the lock that queues work: in an interrupt nobody does. */
static void queue_report(struct irq_work *work)
{
	schedule_work(&report_work);
}

static DEFINE_IRQ_WORK(queue_work_later, queue_report);

/*
 * Counts a failure, and has a message printed later: the caller may hold any lock, that
 * of a console among them. Of failures that come faster some are counted only.
 */
static void fail(const char *what, unsigned int bytes, unsigned long addr, long rc,
		 unsigned long caller)
{
	this_cpu_inc(svm_counts.hcall_errors);
	if (test_and_set_bit_lock(0, &failure.claimed))
		return;
	failure.what = what;
	failure.bytes = bytes;
	failure.addr = addr;
	failure.rc = rc;
	failure.caller = caller;
	irq_work_queue(&queue_work_later);
}

/*
 * Is the hypervisor busy, so that the hcall has to be made again? It is waited for as
 * the kernel waits where it may not sleep: plpar_busy_delay() in sysdev/xive/spapr.c.
 */
static bool busy(long rc)
{
	if (likely(rc <= H_SUCCESS))
		return false;
	if (H_IS_LONG_BUSY(rc))
		mdelay(get_longbusy_msecs(rc));
	else if (rc == H_BUSY)
		udelay(1);
	else
		return false;
	return true;
}

/* What is not in the kernel's space for I/O is memory, which no hypervisor need be asked for. */
static bool is_memory(const volatile void __iomem *addr)
{
	return (__force unsigned long)addr < KERN_IO_START;
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
 * svm_hcall_load_physical() - have the hypervisor load from a guest-physical address
 * @physical: the address, naturally aligned
 * @bytes: 1, 2, 4 or 8
 * @caller: whom to name if it fails
 *
 * No ordering of its own. Context: any; takes no lock.
 *
 * Return: the value in the CPU's byte order, zero-extended; all ones if it failed.
 */
u64 svm_hcall_load_physical(unsigned long physical, unsigned int bytes, unsigned long caller)
{
	unsigned long ret[PLPAR_HCALL_BUFSIZE];
	long rc;

	do {
		rc = plpar_hcall(H_LOGICAL_CI_LOAD, ret, (unsigned long)bytes, physical);
	} while (busy(rc));
	if (unlikely(rc != H_SUCCESS)) {
		fail("load", bytes, physical, rc, caller);
		return ~0ULL >> (64 - 8 * bytes);
	}
	return swab_bytes(ret[0], bytes);
}

/**
 * svm_hcall_store_physical() - have the hypervisor store to a guest-physical address
 * @physical: the address, naturally aligned
 * @bytes: 1, 2, 4 or 8
 * @val: the value in the CPU's byte order, in the low bits
 * @caller: whom to name if it fails
 *
 * No ordering of its own. If it fails nothing is stored. Context: any; takes no lock.
 */
void svm_hcall_store_physical(unsigned long physical, unsigned int bytes, u64 val,
			      unsigned long caller)
{
	long rc;

	do {
		rc = plpar_hcall_norets(H_LOGICAL_CI_STORE, (unsigned long)bytes, physical,
					swab_bytes(val, bytes));
	} while (busy(rc));
	if (unlikely(rc != H_SUCCESS))
		fail("store", bytes, physical, rc, caller);
}

/**
 * svm_hcall_load() - have the hypervisor load from a device
 * @addr: mapped address, naturally aligned
 * @bytes: 1, 2, 4 or 8
 * @caller: whom to name if it fails
 *
 * No ordering of its own. Context: any; takes no lock.
 *
 * Return: the value in the CPU's byte order, zero-extended; all ones if it failed.
 */
u64 svm_hcall_load(const volatile void __iomem *addr, unsigned int bytes, unsigned long caller)
{
	unsigned long physical;

	if (unlikely(is_memory(addr)))
		return load_memory((__force const volatile void *)addr, bytes);
	if (likely(svm_kernel_entry((__force unsigned long)addr, &physical)))
		return svm_hcall_load_physical(physical, bytes, caller);
	fail("load", bytes, (__force unsigned long)addr, NOT_MAPPED, caller);
	return ~0ULL >> (64 - 8 * bytes);
}

/**
 * svm_hcall_store() - have the hypervisor store to a device
 * @addr: mapped address, naturally aligned
 * @bytes: 1, 2, 4 or 8
 * @val: the value in the CPU's byte order, in the low bits
 * @caller: whom to name if it fails
 *
 * No ordering of its own. If it fails nothing is stored. Context: any; takes no lock.
 */
void svm_hcall_store(volatile void __iomem *addr, unsigned int bytes, u64 val,
		     unsigned long caller)
{
	unsigned long physical;

	if (unlikely(is_memory(addr)))
		store_memory((__force volatile void *)addr, bytes, val);
	else if (likely(svm_kernel_entry((__force unsigned long)addr, &physical)))
		svm_hcall_store_physical(physical, bytes, val, caller);
	else
		fail("store", bytes, (__force unsigned long)addr, NOT_MAPPED, caller);
}

/*
 * Both hcalls are called with a width of 0, which touches nothing and which who knows
 * them refuses with H_PARAMETER (QEMU's h_logical_load() does, and KVM leaves that to
 * it). An ultravisor passes both on.
 */
static bool are_answered(long *load, long *store)
{
	unsigned long ret[PLPAR_HCALL_BUFSIZE];

	*load = plpar_hcall(H_LOGICAL_CI_LOAD, ret, 0UL, 0UL);
	*store = plpar_hcall_norets(H_LOGICAL_CI_STORE, 0UL, 0UL, 0UL);
	return *load == H_PARAMETER && *store == H_PARAMETER;
}

/**
 * svm_hcall_try() - would this backend's loads be answered?
 * @physical: guest-physical address of a register of 32 bits to load, 0 for none
 *
 * Unlike the others it neither counts nor says anything. Context: process.
 *
 * Return: whether they would.
 */
bool svm_hcall_try(unsigned long physical)
{
	unsigned long ret[PLPAR_HCALL_BUFSIZE];
	long load, store;

	if (!firmware_has_feature(FW_FEATURE_LPAR) || !are_answered(&load, &store))
		return false;
	return !physical ||
	       plpar_hcall(H_LOGICAL_CI_LOAD, ret, sizeof(u32), physical) == H_SUCCESS;
}

/**
 * svm_hcall_init() - are there the hcalls that this backend needs?
 *
 * Return: 0; -EOPNOTSUPP, or -ENOMEM, after a message that says why not.
 */
int svm_hcall_init(void)
{
	long load, store;
	int err;

	if (!firmware_has_feature(FW_FEATURE_LPAR)) {
		pr_notice("no backend hcall: there is no hypervisor to call (not a pseries guest): load with another backend\n");
		return -EOPNOTSUPP;
	}
	err = svm_tables_init();
	if (err) {
		pr_notice("no backend hcall: the kernel's page tables cannot be found (%pe): does it have CONFIG_KPROBES, and are kprobes and kernel.ftrace_enabled on? Load with another backend\n",
			  ERR_PTR(err));
		return err == -ENOMEM ? err : -EOPNOTSUPP;
	}
	if (!are_answered(&load, &store)) {
		pr_notice("no backend hcall: to H_LOGICAL_CI_LOAD and H_LOGICAL_CI_STORE of width 0 the hypervisor returned %s (%ld) and %s (%ld), not H_PARAMETER; H_FUNCTION means that it has no such hcall: load with another backend\n",
			  name_of(load), load, name_of(store), store);
		return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * svm_hcall_exit() - wait until no message is being printed
 */
void svm_hcall_exit(void)
{
	irq_work_sync(&queue_work_later);
	flush_work(&report_work);
}
