/* SPDX-License-Identifier: GPL-2.0 */
/* What the search for a backend and the aliases need of the kernel, on the build host. */
#ifndef NATIVE_SEARCH_H
#define NATIVE_SEARCH_H

#include <sys/types.h>

#include "kernel.h"

/* In place of what is PowerPC's, or of some kernel. */
#define _SVM_CAPTURE_WINDOW_H
#define _SVM_COMPAT_H
#define _SVM_BACKEND_TABLES_H
#define _LINUX_PTRACE_H

#define __user
#define __force
#define __weak			__attribute__((weak))
#define notrace
#define NOKPROBE_SYMBOL(...)
#define THIS_MODULE		NULL
#define phys_addr_t		unsigned long
#define ktime_t			long

/* A lock that is taken twice, or given back twice, is said. */
struct mutex {
	int held;
};

#define DEFINE_MUTEX(name)	struct mutex name
void mutex_lock(struct mutex *lock);
int mutex_lock_interruptible(struct mutex *lock);
void mutex_unlock(struct mutex *lock);

#define pr_notice(format, ...)	say(format, ##__VA_ARGS__)
#define pr_info(format, ...)	say(format, ##__VA_ARGS__)
int scnprintf(char *text, size_t size, const char *format, ...);
ssize_t strscpy(char *to, const char *from, size_t size);
char *strim(char *text);

/* Messages: all are let through, or none. */
struct ratelimit_state {
	int interval, burst, flags;
	const char *name;
};

#define RATELIMIT_STATE_INIT_FLAGS(name, interval, burst, flags)	\
	{ (interval), (burst), (flags), #name }
#define DEFAULT_RATELIMIT_INTERVAL	5000
#define DEFAULT_RATELIMIT_BURST		10
#define RATELIMIT_MSG_ON_RELEASE	1
#define __ratelimit(limit)		limits((limit)->flags)
bool limits(int flags);

/* Time goes on by 7 us at each look. */
ktime_t ktime_get(void);
#define ktime_us_delta(a, b)	((a) - (b))
#define ms_to_ktime(ms)		((ms) * 1000L)

struct hrtimer {
	int active;
};

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum { HRTIMER_MODE_REL_PINNED_HARD = 77 };
#define CLOCK_MONOTONIC			1
void hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*look)(struct hrtimer *timer),
		   int clock, int mode);
void hrtimer_start(struct hrtimer *timer, ktime_t in, int mode);
void hrtimer_forward_now(struct hrtimer *timer, ktime_t by);
void hrtimer_cancel(struct hrtimer *timer);
void preempt_disable(void);
void preempt_enable(void);

struct pt_regs {
	unsigned long nip;
};

struct pt_regs *get_irq_regs(void);
#define instruction_pointer(regs)		((regs)->nip)
#define instruction_pointer_set(regs, to)	((regs)->nip = (to))

/* The two loads, by what the test says that comes of them. */
extern const char svm_trial_direct_access[], svm_trial_direct_after[];
extern const char svm_trial_sprg0_access[], svm_trial_sprg0_after[];
bool svm_trial_direct(const volatile void *addr, unsigned long *val);
bool svm_trial_sprg0(const volatile void *addr, unsigned long *val);
#define svm_window_wait(...)

/* Of PCI: functions that the test adds. */
struct device {
	void *driver;
	int locked;
};

struct pci_dev {
	u16 vendor, device;
	struct device dev;
	const char *name;
	int current_state, offline, broken, refs;
	struct {
		unsigned long start, len, flags;
	} bars[8];	/* the last two are of no device: whoever asks for one is wrong */
	u32 table;
	u16 command;
};

enum { PCI_D0, PCI_D3hot = 3, PCI_UNKNOWN = 5 };
#define PCI_STD_NUM_BARS		6
#define PCI_CAP_ID_MSIX			0x11
#define PCI_MSIX_TABLE			4
#define PCI_MSIX_TABLE_BIR		7
#define PCI_MSIX_TABLE_OFFSET		0xfffffff8
#define PCI_MSIX_ENTRY_VECTOR_CTRL	12
#define PCI_COMMAND			4
#define PCI_COMMAND_MEMORY		2
#define IORESOURCE_MEM			0x200
#define IORESOURCE_UNSET		0x20000000
struct pci_dev *next_device(struct pci_dev *from);
#define for_each_pci_dev(pdev)		for (; (pdev = next_device(pdev));)
#define pci_name(pdev)			((pdev)->name)
#define pci_resource_flags(pdev, bar)	((pdev)->bars[bar].flags)
#define pci_resource_len(pdev, bar)	((pdev)->bars[bar].len)
#define pci_resource_start(pdev, bar)	((pdev)->bars[bar].start)
#define pci_channel_offline(pdev)	((pdev)->offline)
void pci_dev_put(struct pci_dev *pdev);
int pci_find_capability(struct pci_dev *pdev, int capability);
int pci_read_config_word(const struct pci_dev *pdev, int where, u16 *val);
int pci_read_config_dword(const struct pci_dev *pdev, int where, u32 *val);
void pci_write_config_word(struct pci_dev *pdev, int where, u16 val);
bool device_trylock(struct device *dev);
void device_unlock(struct device *dev);

void *ioremap(unsigned long physical, unsigned long size);
void iounmap(void *addr);
unsigned long svm_kernel_entry(unsigned long addr, unsigned long *physical);
#define DECLARE_STATIC_KEY_FALSE(name)	extern int name
#define DEFINE_STATIC_KEY_FALSE(name)	int name

/* Files: the test calls what is to be called. */
struct inode;
struct file;
struct dentry;
struct file_operations {
	void *owner;
	int (*open)(struct inode *inode, struct file *file);
	void *read;
	ssize_t (*write)(struct file *file, const char *from, size_t count, loff_t *ppos);
	void *llseek;
	void *release;
};

#define seq_read	NULL
#define seq_lseek	NULL
#define single_release	NULL
int single_open(struct file *file, int (*show)(struct seq_file *m, void *unused), void *data);
void debugfs_create_file(const char *name, int mode, struct dentry *parent, void *data,
			 const struct file_operations *fops);
unsigned long copy_from_user(void *to, const void *from, unsigned long size);

#endif
