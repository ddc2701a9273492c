/* SPDX-License-Identifier: GPL-2.0 */
/* What capture/table.c, capture/insn.c and the model need of the kernel, on the build host. */
#ifndef NATIVE_KERNEL_H
#define NATIVE_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef int8_t s8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define BIT_ULL(n)		(1ULL << (n))
#define __stringify_1(x...)	#x
#define __stringify(x...)	__stringify_1(x)
#define __iomem
#define __always_inline		inline
#define SPRN_SPRG0		0x110
#define EX_TABLE(...)		""
#define gpa_t			u64
#define gfn_t			unsigned long

/* What the last message says. */
extern char said[1 << 15];
void say(const char *format, ...);
#define pr_err(format, ...)	say(format, ##__VA_ARGS__)

struct seq_file;
void seq_printf(struct seq_file *m, const char *format, ...);

/* Of KVM: one guest, with one page of memory. */
struct kvm {
	bool visible;
};

struct kvm_vcpu {
	struct kvm *kvm;
	struct {
		struct {
			u64 sprg0;
		} shregs;
		struct {
			unsigned long gpr[32];
		} regs;
		unsigned long pc;
	} arch;
	bool other_order;
	gpa_t page;
	u32 memory[1024];
	int vcpu_id;
};

#define kvmppc_get_pc(vcpu)		((vcpu)->arch.pc)
#define kvmppc_need_byteswap(vcpu)	((vcpu)->other_order)
#define swab32(word)			__builtin_bswap32(word)
#define gpa_to_gfn(gpa)			((gfn_t)((gpa) >> 12))

#ifndef NATIVE_SEARCH_H
/* Of what the model records: locks that are counted, and its files by their names. */
struct atomic64 {
	long long counter;
};

#define atomic64_t			struct atomic64
#define atomic64_inc(v)			((v)->counter++)
#define atomic64_read(v)		((v)->counter)
#define min_t(type, a, b)		((type)(a) < (type)(b) ? (type)(a) : (type)(b))
extern int locked;
#define DEFINE_RAW_SPINLOCK(name)	int name
#define raw_spin_lock_irq(lock)		(*(lock) = ++locked)
#define raw_spin_unlock_irq(lock)	(*(lock) = --locked)
#define raw_spin_lock_irqsave(lock, flags)	((flags) = locked, *(lock) = ++locked)
#define raw_spin_unlock_irqrestore(lock, flags)	(*(lock) = locked = (int)(flags))
#define DEFINE_SHOW_ATTRIBUTE(name)	static int (*const name##_fops)(struct seq_file *m, \
							void *unused) = name##_show
struct dentry;
struct dentry *debugfs_create_dir(const char *name, struct dentry *parent);
void debugfs_create_file(const char *name, int mode, struct dentry *parent, void *data,
			 const void *show);
void debugfs_remove(struct dentry *dir);
#endif

int kvm_vcpu_read_guest_atomic(struct kvm_vcpu *vcpu, gpa_t gpa, void *data, unsigned long len);
bool kvm_is_visible_gfn(struct kvm *kvm, gfn_t gfn);

#endif
