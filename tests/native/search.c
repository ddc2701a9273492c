// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel, the hypervisor and the devices that the search for a backend has on the build host:
 * all do as the test says, and what is held, mapped or changed can be seen.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "search.h"
#include "backend/alias.h"
#include "backend/choice.h"
#include "backend/search.h"

#define MOST	8
/* Where the kernel maps a physical address, and where its entries are looked up. */
#define MAPPED	0x1000000000UL

/* What becomes of a load. */
enum { VALUE, EXCEPTION, NO_VALUE, FOR_EVER, LONG };

struct kernel {
	int locks, preemption, devices_held, mapped, wrong;	/* wrong: what no kernel stands */
	int interrupted;	/* who waits for a lock */
	int unreadable;		/* a user's memory */
	int silent;		/* there were too many messages */
	int writes;		/* to a device's command register */
	int unmappable, secure;
	int mode, clock;	/* of the timer */
	long tick, forwarded;
	int looks, limit_flags;
	int file_mode;
	int hcall;		/* whether they are answered */
	int hcall_errno;
	unsigned long asked;	/* by an hcall */
	unsigned long loaded;	/* by which address the last trial was made */
	int captured;		/* and whether with SPRG0 */
} kernel;

int becomes[2];		/* of a direct load, and one with SPRG0 */
struct pci_dev devices[MOST];
unsigned int nr_devices;

static long now;
static enum hrtimer_restart (*looks)(struct hrtimer *timer);
static struct hrtimer *set_up;
static struct pt_regs regs, *irq_regs;
static const struct file_operations *file;
static int (*shows)(struct seq_file *m, void *unused);

void mutex_lock(struct mutex *lock)
{
	kernel.wrong += lock->held++;
	kernel.locks++;
}

int mutex_lock_interruptible(struct mutex *lock)
{
	if (kernel.interrupted)
		return -EINTR;
	mutex_lock(lock);
	return 0;
}

void mutex_unlock(struct mutex *lock)
{
	kernel.wrong += --lock->held != 0;
	kernel.locks--;
}

int scnprintf(char *text, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, size, format, args);
	va_end(args);
	return len < (int)size ? len : (int)size - 1;
}

ssize_t strscpy(char *to, const char *from, size_t size)
{
	return scnprintf(to, size, "%s", from);
}

char *strim(char *text)
{
	size_t len;

	while (strchr(" \t\n", *text) && *text)
		text++;
	for (len = strlen(text); len && strchr(" \t\n", text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

bool limits(int flags)
{
	kernel.limit_flags = flags;
	return !kernel.silent;
}

ktime_t ktime_get(void)
{
	return now += 7;
}

void hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*look)(struct hrtimer *timer),
		   int clock, int mode)
{
	kernel.wrong += timer->active;
	looks = look;
	kernel.clock = clock;
	kernel.mode = mode;
}

void hrtimer_start(struct hrtimer *timer, ktime_t in, int mode)
{
	kernel.wrong += mode != kernel.mode || kernel.preemption != 1;
	kernel.tick = in;
	timer->active = 1;
	set_up = timer;
}

void hrtimer_forward_now(struct hrtimer *timer, ktime_t by)
{
	kernel.forwarded = by;
}

void hrtimer_cancel(struct hrtimer *timer)
{
	timer->active = 0;
	set_up = NULL;
}

void preempt_disable(void)
{
	kernel.preemption++;
}

void preempt_enable(void)
{
	kernel.preemption--;
}

struct pt_regs *get_irq_regs(void)
{
	return irq_regs;
}

const char svm_trial_direct_access[4], svm_trial_direct_after[4];
const char svm_trial_sprg0_access[4], svm_trial_sprg0_after[4];

/* The timer comes while the CPU is at @at; whether it is to come again. */
static bool comes(const char *at, bool from_task)
{
	if (!set_up || !set_up->active)
		return false;
	kernel.looks++;
	regs.nip = (unsigned long)at;
	irq_regs = from_task ? &regs : NULL;
	set_up->active = looks(set_up) == HRTIMER_RESTART;
	return set_up->active;
}

static bool trial(const char *access, const char *after, int what, const volatile void *addr,
		  unsigned long *val)
{
	int i;

	kernel.loaded = (unsigned long)addr;
	kernel.wrong += !set_up || kernel.preemption != 1;
	kernel.looks = 0;
	/* An interrupt before it is at the access says nothing, nor does one within another. */
	for (i = 0; i < 9; i++) {
		comes(access - 4, true);
		comes(access, false);
	}
	kernel.looks = 0;
	if (what == LONG) {
		for (i = 0; i < 4; i++)
			comes(access, true);
		what = VALUE;
	}
	if (what == FOR_EVER) {
		for (i = 0; i < 100; i++)
			if (!comes(access, true))
				break;
		if (regs.nip != (unsigned long)after)
			kernel.wrong++;
		return false;
	}
	if (what == VALUE)
		*val = 0x12345678;
	return what == EXCEPTION;
}

bool svm_trial_direct(const volatile void *addr, unsigned long *val)
{
	kernel.captured = 0;
	return trial(svm_trial_direct_access, svm_trial_direct_after, becomes[0], addr, val);
}

bool svm_trial_sprg0(const volatile void *addr, unsigned long *val)
{
	kernel.captured = 1;
	return trial(svm_trial_sprg0_access, svm_trial_sprg0_after, becomes[1], addr, val);
}

/* As the kernel's: it gives back the reference to @from, and takes one to the next. */
struct pci_dev *next_device(struct pci_dev *from)
{
	struct pci_dev *next = from ? from + 1 : devices;

	if (from)
		pci_dev_put(from);
	if (next == devices + nr_devices)
		return NULL;
	next->refs++;
	return next;
}

void pci_dev_put(struct pci_dev *pdev)
{
	kernel.wrong += --pdev->refs < 0;
}

int pci_find_capability(struct pci_dev *pdev, int capability)
{
	return pdev->table && capability == PCI_CAP_ID_MSIX ? 0x40 : 0;
}

int pci_read_config_word(const struct pci_dev *pdev, int where, u16 *val)
{
	*val = where == PCI_COMMAND ? pdev->command : 0xffff;
	return pdev->broken & 1 ? -EIO : 0;
}

int pci_read_config_dword(const struct pci_dev *pdev, int where, u32 *val)
{
	*val = where == 0x40 + PCI_MSIX_TABLE ? pdev->table & ~0x80000000 : 0xffffffff;
	return pdev->broken & 2 ? -EIO : 0;
}

void pci_write_config_word(struct pci_dev *pdev, int where, u16 val)
{
	kernel.writes++;
	if (where == PCI_COMMAND)
		pdev->command = val;
	else
		kernel.wrong++;
}

/* A device that is locked already is somebody else's. */
bool device_trylock(struct device *dev)
{
	if (dev->locked)
		return false;
	kernel.devices_held++;
	return dev->locked = 1;
}

void device_unlock(struct device *dev)
{
	kernel.wrong += !dev->locked;
	dev->locked = 0;
	kernel.devices_held--;
}

void *ioremap(unsigned long physical, unsigned long size)
{
	if (kernel.unmappable)
		return NULL;
	kernel.mapped += size;
	return (void *)(physical + MAPPED);
}

void iounmap(void *addr)
{
	kernel.wrong += !addr;
	kernel.mapped -= 4;
}

/* A page in two is mapped there. */
unsigned long svm_kernel_entry(unsigned long addr, unsigned long *physical)
{
	if (addr & 0x10000)
		return 0;
	*physical = addr - MAPPED;
	return 1;
}

bool svm_hcall_try(unsigned long physical)
{
	kernel.asked = physical;
	now += 100;
	return kernel.hcall;
}

int svm_hcall_init(void)
{
	return kernel.hcall ? 0 : -kernel.hcall_errno;
}

bool svm_guest_is_secure(void)
{
	return kernel.secure;
}

const char *svm_backend_name(enum svm_backend which)
{
	static const char * const names[] = { "direct", "sprg0", "hcall" };

	return names[which];
}

int single_open(struct file *file, int (*show)(struct seq_file *m, void *unused), void *data)
{
	shows = show;
	return 0;
}

void debugfs_create_file(const char *name, int mode, struct dentry *parent, void *data,
			 const struct file_operations *fops)
{
	kernel.wrong += strcmp(name, "probe");
	kernel.file_mode = mode;
	file = fops;
}

unsigned long copy_from_user(void *to, const void *from, unsigned long size)
{
	if (kernel.unreadable)
		return size;
	memcpy(to, from, size);
	return 0;
}

long write_file(const char *text, unsigned long count)
{
	return file->write(NULL, text, count, NULL);
}

const char *read_file(void)
{
	said[0] = '\0';
	file->open(NULL, NULL);
	shows(NULL, NULL);
	return said;
}
