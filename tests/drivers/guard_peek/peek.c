// SPDX-License-Identifier: GPL-2.0
/*
 * Test: single accesses of a stock driver, each of which may fault. It knows nothing of
 * svm_mmio, which comes and goes meanwhile. The device is QEMU's edu.
 *
 *	insmod guard_peek.ko; cd /sys/module/guard_peek/parameters
 *	echo COMMAND >do; cat result
 *
 * map		map the BAR for reading and writing, for reading alone, and what is no device
 * later	map the BAR once more, and what is no device
 * load, store, load-later, load-read-only, store-read-only, load-at-end
 *		an access: its value, or "fault"
 * load-refused	a load; what the CPU says of its fault is what a hypervisor's refusal is
 * load-beside	a load whose fault is said to be at another address
 * load-store	a load whose fault is said to be that of a store
 * load-probed	a load whose fault comes when a kprobe has just been put there
 * bind, unbind	a driver to the device
 * spin, stop	a thread on the last CPU that loads all the time: how many have faulted
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/ftrace.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/reg.h>

#define NOWHERE		BIT(50)		/* nothing is there, and nothing accesses it */
#define INVERTS		0x04		/* edu's: what was written, inverted */
#define DSISR_REFUSED	0x04000000
#define HANDLER		"___do_page_fault"

static struct pci_dev *edu;
static phys_addr_t address;	/* of its BAR */
static void __iomem *both, *readable, *nowhere, *later, *later_nowhere;
static ulong where;
module_param(where, ulong, 0444);
MODULE_PARM_DESC(where, "address of the mapping for reading and writing");

static char result[80];
module_param_string(result, result, sizeof(result), 0444);
MODULE_PARM_DESC(result, "what came of the last command");

static void load(void __iomem *at)
{
	u32 val;

	__get_kernel_nofault(&val, at, u32, fault);
	snprintf(result, sizeof(result), "%#x", val);
	return;
fault:
	strscpy(result, "fault", sizeof(result));
}

static void load_at_end(void)
{
	u64 val;

	__get_kernel_nofault(&val, both + PAGE_SIZE - 4, u64, fault);
	snprintf(result, sizeof(result), "%#llx", val);
	return;
fault:
	strscpy(result, "fault", sizeof(result));
}

static void store(void __iomem *at)
{
	u32 val = 0x12345678;

	__put_kernel_nofault(at, &val, u32, fault);
	strscpy(result, "stored", sizeof(result));
	return;
fault:
	strscpy(result, "fault", sizeof(result));
}

/* What the handler of a page fault is told in place of the truth. */
static unsigned long other_dsisr, distance;

/* In load.S. The first is taken for the second, on which there is a kprobe. */
u32 load_here(void __iomem *at);
u32 load_there(void __iomem *at);

static int on_probe(struct kprobe *probe, struct pt_regs *regs)
{
	return 0;
}

static struct kprobe load_probe = {
	.addr = (kprobe_opcode_t *)load_there,
	.pre_handler = on_probe,
};

static notrace void on_fault(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
			     struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);
	struct pt_regs *faulted;

	if (!regs || regs->gpr[4] != (__force unsigned long)both)
		return;
	faulted = (struct pt_regs *)regs->gpr[3];
	if (faulted->nip == (unsigned long)load_here)
		regs_set_return_ip(faulted, (unsigned long)load_there);
	if (other_dsisr) {
		regs->gpr[4] += distance;
		regs->gpr[5] = other_dsisr;
	}
}

static struct ftrace_ops fault_ops = {
	.func = on_fault,
	.flags = FTRACE_OPS_FL_SAVE_REGS,
};

/* The callback that was registered last is called first: before the guard's. */
static int load_told(unsigned long dsisr, unsigned long by)
{
	int err;

	other_dsisr = dsisr;
	distance = by;
	err = register_ftrace_function(&fault_ops);
	if (err)
		return err;
	load(both);
	return unregister_ftrace_function(&fault_ops);
}

static int load_probed(void)
{
	int err;

	other_dsisr = 0;
	err = register_kprobe(&load_probe);
	if (err)
		return err;
	err = register_ftrace_function(&fault_ops);
	if (!err) {
		snprintf(result, sizeof(result), "%#x", load_here(both));
		err = unregister_ftrace_function(&fault_ops);
	}
	unregister_kprobe(&load_probe);
	/* It has been used, and may be again. */
	load_probe.flags = 0;
	return err;
}

static struct task_struct *spinner;
static unsigned long faults;

static int spin(void *unused)
{
	u32 val;

	while (!kthread_should_stop()) {
		__get_kernel_nofault(&val, both, u32, fault);
		cond_resched();
		continue;
fault:
		faults++;
		cond_resched();
	}
	return 0;
}

static int start_spinner(void)
{
	faults = 0;
	spinner = kthread_create(spin, NULL, "guard_peek");
	if (IS_ERR(spinner))
		return PTR_ERR(spinner);
	kthread_bind(spinner, num_online_cpus() - 1);
	wake_up_process(spinner);
	return 0;
}

static void stop_spinner(void)
{
	kthread_stop(spinner);
	snprintf(result, sizeof(result), "%lu", faults);
}

static int peek_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

static const struct pci_device_id ids[] = { { PCI_DEVICE(0x1234, 0x11e8) }, { } };

static struct pci_driver peek_driver = {
	.name = "guard_peek",
	.id_table = ids,
	.probe = peek_probe,
};

static void unmap(void __iomem **at)
{
	if (*at)
		iounmap(*at);
	*at = NULL;
}

static void unmap_all(void)
{
	unmap(&both);
	unmap(&readable);
	unmap(&nowhere);
	unmap(&later);
	unmap(&later_nowhere);
}

static int map(void)
{
	unmap_all();
	both = ioremap(address, PAGE_SIZE);
	where = (__force ulong)both;
	readable = ioremap_prot(address, PAGE_SIZE, pgprot_val(pgprot_noncached(PAGE_KERNEL_RO)));
	nowhere = ioremap(NOWHERE, PAGE_SIZE);
	return both && readable && nowhere ? 0 : -ENOMEM;
}

static int map_later(void)
{
	later = ioremap(address, PAGE_SIZE);
	later_nowhere = ioremap(NOWHERE, PAGE_SIZE);
	return later && later_nowhere ? 0 : -ENOMEM;
}

static int obey(const char *text, const struct kernel_param *kp)
{
	strscpy(result, "done", sizeof(result));
	if (sysfs_streq(text, "map"))
		return map();
	if (sysfs_streq(text, "later"))
		return map_later();
	if (sysfs_streq(text, "bind"))
		return pci_register_driver(&peek_driver);
	if (sysfs_streq(text, "spin"))
		return start_spinner();
	if (sysfs_streq(text, "load-refused"))
		return load_told(DSISR_REFUSED, 0);
	if (sysfs_streq(text, "load-beside"))
		return load_told(DSISR_PROTFAULT, 4);
	if (sysfs_streq(text, "load-store"))
		return load_told(DSISR_PROTFAULT | DSISR_ISSTORE, 0);
	if (sysfs_streq(text, "load-probed"))
		return load_probed();

	if (sysfs_streq(text, "load"))
		load(both);
	else if (sysfs_streq(text, "store"))
		store(both + INVERTS);
	else if (sysfs_streq(text, "load-later"))
		load(later);
	else if (sysfs_streq(text, "load-read-only"))
		load(readable);
	else if (sysfs_streq(text, "store-read-only"))
		store(readable + INVERTS);
	else if (sysfs_streq(text, "load-at-end"))
		load_at_end();
	else if (sysfs_streq(text, "unbind"))
		pci_unregister_driver(&peek_driver);
	else if (sysfs_streq(text, "stop"))
		stop_spinner();
	else
		return -EINVAL;
	return 0;
}

static const struct kernel_param_ops obey_ops = { .set = obey };
module_param_cb(do, &obey_ops, NULL, 0200);
MODULE_PARM_DESC(do, "a command");

static int __init peek_init(void)
{
	int err;

	edu = pci_get_device(0x1234, 0x11e8, NULL);
	if (!edu)
		return -ENODEV;
	address = pci_resource_start(edu, 0);
	err = pci_enable_device(edu);
	if (err)
		goto err_put;
	err = ftrace_set_filter(&fault_ops, (unsigned char *)HANDLER, strlen(HANDLER), 0);
	if (!err)
		err = map();
	if (!err)
		return 0;

	unmap_all();
	pci_disable_device(edu);
err_put:
	pci_dev_put(edu);
	return err;
}

static void __exit peek_exit(void)
{
	unmap_all();
	pci_disable_device(edu);
	pci_dev_put(edu);
}

module_init(peek_init);
module_exit(peek_exit);

MODULE_DESCRIPTION("Single accesses of a stock driver");
MODULE_LICENSE("GPL");
