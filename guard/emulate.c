// SPDX-License-Identifier: GPL-2.0
/*
 * The access of an instruction that has faulted on a guarded mapping: what it is, by
 * where it leads, and what it leaves in the registers.
 *
 * It is never an access that the instruction would not have made: the address is the
 * one that has faulted and is looked up in the page tables; the width and direction are
 * the instruction's, whose own effective address has to be that very one; a store needs
 * the right that its mapping had. Whatever does not fit is left to the kernel, as if
 * there were no guard.
 *
 * This runs at the entry of the kernel's handler of a data storage interrupt, before it
 * has looked at the fault: interrupts are masked. Nothing here takes a lock.
 */
#include <linux/bitops.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/swab.h>
#include <asm/inst.h>
#include <asm/reg.h>
#include <asm/sstep.h>

#include "emulate.h"
#include "pages.h"
#include "stubs.h"
#include "vsr.h"
#include "backend/alias.h"
#include "backend/choice.h"
#include "backend/detour.h"
#include "backend/tables.h"
#include "compat/compat.h"
#include "observe/counts.h"
#include "observe/limit.h"
#include "observe/trace.h"

/* An access under way. */
struct fault {
	struct pt_regs *regs;	/* of the code that made it */
	struct pt_regs *entry;	/* at the entry of the kernel's handler */
	unsigned long addr;	/* that has faulted */
	unsigned long leaf;	/* the entry of the page tables for it */
	bool is_users;		/* and is a program's */
	struct svm_place place;	/* where that leads */
};

#if !defined(SVM_HAVE_ASM_INTERRUPT)
/*
 * The interrupt's assembly neither saves nor restores r14 to r31, and calls the handler
 * itself. So at its entry they are still those of the code that was interrupted, and
 * what the entry's are set to is what that code goes on with.
 */
static __always_inline void get_nonvolatile(struct fault *fault)
{
	memcpy(&fault->regs->gpr[14], &fault->entry->gpr[14], 18 * sizeof(long));
}

static __always_inline bool can_put_nonvolatile(const struct fault *fault)
{
	return true;
}

static __always_inline void put_nonvolatile(struct fault *fault, unsigned int n)
{
	fault->entry->gpr[n] = fault->regs->gpr[n];
}
#elif defined(CONFIG_INTERRUPT_SANITIZE_REGISTERS)
/* The interrupt's assembly saves and restores all registers. */
static __always_inline void get_nonvolatile(struct fault *fault)
{
}

static __always_inline bool can_put_nonvolatile(const struct fault *fault)
{
	return true;
}

static __always_inline void put_nonvolatile(struct fault *fault, unsigned int n)
{
}
#else
/*
 * The interrupt's assembly saves r14 to r31, but does not restore them. Its C code has
 * its return address in the frame of the interrupt, as any function has in the frame of
 * its caller, and is made to return by way of ours, which does. Nothing can be preempted
 * before that.
 */
static __always_inline unsigned long *return_address(const struct fault *fault)
{
	return (unsigned long *)((void *)fault->regs - STACK_INT_FRAME_REGS) + STACK_FRAME_LR_SAVE;
}

static __always_inline void get_nonvolatile(struct fault *fault)
{
}

/* Is there the address behind a call, as it has to be? */
static __always_inline bool can_put_nonvolatile(const struct fault *fault)
{
	unsigned long address = *return_address(fault);

	return address > PAGE_OFFSET && address < RADIX_VMALLOC_START && !(address & 3) &&
	       (((u32 *)address)[-1] & 0xfc000003) == PPC_RAW_BL(0);
}

static __always_inline void put_nonvolatile(struct fault *fault, unsigned int n)
{
	unsigned long *address = return_address(fault);

	if (*address == (unsigned long)svm_guard_restore)
		return;
	fault->regs->result = *address;
	*address = (unsigned long)svm_guard_restore;
}
#endif

static __always_inline void set_gpr(struct fault *fault, unsigned int n, unsigned long val)
{
	fault->regs->gpr[n] = val;
	if (n >= 14)
		put_nonvolatile(fault, n);
}

/*
 * An access that is not aligned is made of aligned pieces, as the kernel's handler of
 * alignment interrupts does it, which is where such an access of a device would come to.
 */
static notrace u64 load_pieces(struct svm_place place, unsigned int bytes, unsigned long caller)
{
	unsigned int done, piece;
	u64 val = 0;

	for (done = 0; done < bytes; done += piece) {
		piece = 1U << min(__ffs(place.physical | 8), __fls(bytes - done));
		val |= svm_place_load(&place, piece, caller) << 8 * done;
		place.physical += piece;
		place.alias += piece;
	}
	return val;
}

NOKPROBE_SYMBOL(load_pieces);

static notrace void store_pieces(struct svm_place place, unsigned int bytes, u64 val,
				 unsigned long caller)
{
	unsigned int done, piece;

	for (done = 0; done < bytes; done += piece) {
		piece = 1U << min(__ffs(place.physical | 8), __fls(bytes - done));
		svm_place_store(&place, piece, val >> 8 * done, caller);
		place.physical += piece;
		place.alias += piece;
	}
}

NOKPROBE_SYMBOL(store_pieces);

static __always_inline void trace_load(const struct fault *fault, unsigned int bytes, u64 val)
{
	if (trace_svm_mmio_guard_read_enabled() && !fault->is_users)
		trace_svm_mmio_guard_read(fault->regs->nip, svm_backend(), bytes,
					  (void __iomem *)fault->addr, val);
	if (trace_svm_mmio_user_read_enabled() && fault->is_users)
		trace_svm_mmio_user_read(fault->regs->nip, svm_backend(), bytes, fault->addr, val);
}

static __always_inline void trace_store(const struct fault *fault, unsigned int bytes, u64 val)
{
	val &= ~0ULL >> (64 - 8 * bytes);
	if (trace_svm_mmio_guard_write_enabled() && !fault->is_users)
		trace_svm_mmio_guard_write(fault->regs->nip, svm_backend(), bytes,
					   (void __iomem *)fault->addr, val);
	if (trace_svm_mmio_user_write_enabled() && fault->is_users)
		trace_svm_mmio_user_write(fault->regs->nip, svm_backend(), bytes, fault->addr,
					  val);
}

static __always_inline u64 load(const struct fault *fault, unsigned int bytes)
{
	unsigned long caller = fault->regs->nip;
	u64 val;

	if (likely(!(fault->place.physical & (bytes - 1))))
		val = svm_place_load(&fault->place, bytes, caller);
	else
		val = load_pieces(fault->place, bytes, caller);
	trace_load(fault, bytes, val);
	return val;
}

static __always_inline void store(const struct fault *fault, unsigned int bytes, u64 val)
{
	unsigned long caller = fault->regs->nip;

	trace_store(fault, bytes, val);
	if (likely(!(fault->place.physical & (bytes - 1))))
		svm_place_store(&fault->place, bytes, val, caller);
	else
		store_pieces(fault->place, bytes, val, caller);
}

/* From the first to the second half of an access of 16 bytes. */
static __always_inline void advance(struct fault *fault)
{
	fault->addr += 8;
	fault->place.physical += 8;
	fault->place.alias += 8;
}

/* 16 bytes of two general registers. */
static notrace void pair(struct fault *fault, const struct instruction_op *op)
{
	/* In little-endian the odd register has the lower address, but not if prefixed. */
	unsigned int first = op->type & PREFIXED ? op->reg : op->reg + 1;
	unsigned int second = op->type & PREFIXED ? op->reg + 1 : op->reg;
	u64 val;

	if (GETTYPE(op->type) == LOAD) {
		val = load(fault, 8);
		advance(fault);
		set_gpr(fault, second, load(fault, 8));
		set_gpr(fault, first, val);
	} else {
		store(fault, 8, fault->regs->gpr[first]);
		advance(fault);
		store(fault, 8, fault->regs->gpr[second]);
	}
}

NOKPROBE_SYMBOL(pair);

/* An integer load or store. */
static __always_inline void integer(struct fault *fault, const struct instruction_op *op)
{
	unsigned int bytes = GETSIZE(op->type);
	u64 val;

	if (unlikely(bytes == 16)) {
		pair(fault, op);
		return;
	}
	if (GETTYPE(op->type) == STORE) {
		/* analyse_instr() has reversed the bytes of a store's value, not of a load's. */
		store(fault, bytes, op->val);
		return;
	}
	val = load(fault, bytes);
	if (op->type & BYTEREV)
		val = swab64(val) >> (64 - 8 * bytes);
	if (op->type & SIGNEXT)
		val = (s64)(val << (64 - 8 * bytes)) >> (64 - 8 * bytes);
	set_gpr(fault, op->reg, val);
}

/*
 * 16 bytes of a vector register, as two accesses of 8: memcpy() of the kernel uses them
 * from 4 KiB on. The register is live in this CPU: the kernel uses it, or it would have
 * had another interrupt.
 */
static notrace void vector(struct fault *fault, const struct instruction_op *op)
{
	unsigned long msr = mfmsr();
	struct svm_vector vector;

	mtmsr(msr | MSR_VEC);
	if (GETTYPE(op->type) == LOAD_VMX) {
		vector.half[0] = load(fault, 8);
		advance(fault);
		vector.half[1] = load(fault, 8);
		svm_guard_put_vector(op->reg, &vector);
	} else {
		svm_guard_get_vector(op->reg, &vector);
		store(fault, 8, vector.half[0]);
		advance(fault);
		store(fault, 8, vector.half[1]);
	}
	mtmsr(msr);
}

NOKPROBE_SYMBOL(vector);

/* 16 bytes of a vector-scalar register, or 8 of a floating-point one: of programs only. */
static notrace void scalar(struct fault *fault, const struct instruction_op *op)
{
	bool is_one = GETSIZE(op->type) == 8;
	struct svm_vector vector = { };

	if (OP_IS_STORE(GETTYPE(op->type))) {
		svm_vsr_get(op, &vector);
		store(fault, 8, vector.half[0]);
		if (is_one)
			return;
		advance(fault);
		store(fault, 8, vector.half[1]);
		return;
	}
	vector.half[0] = load(fault, 8);
	if (!is_one) {
		advance(fault);
		vector.half[1] = load(fault, 8);
	}
	svm_vsr_put(op, &vector);
}

NOKPROBE_SYMBOL(scalar);

/* The access, and what the instruction changes besides; then go behind it. */
static __always_inline void perform(struct fault *fault, const struct instruction_op *op)
{
	switch (GETTYPE(op->type)) {
	case LOAD:
	case STORE:
		integer(fault, op);
		break;
	case LOAD_VMX:
	case STORE_VMX:
		vector(fault, op);
		break;
	default:
		scalar(fault, op);
	}
	if (op->type & UPDATE)
		set_gpr(fault, op->update_reg, op->ea);
	regs_add_return_ip(fault->regs, GETLENGTH(op->type));
}

/* The general registers that an instruction changes, a bit for each. */
static __always_inline u32 changed(const struct instruction_op *op)
{
	u32 registers = 0;

	if (GETTYPE(op->type) == LOAD)
		registers = (GETSIZE(op->type) == 16 ? 3U : 1U) << op->reg;
	if (op->type & UPDATE)
		registers |= BIT(op->update_reg);
	return registers;
}

/* Why an instruction's access cannot be made; NULL if it can. */
static __always_inline const char *judge(const struct fault *fault,
					 const struct instruction_op *op, unsigned long dsisr)
{
	unsigned int type = GETTYPE(op->type), bytes = GETSIZE(op->type);
	bool is_vector = type == LOAD_VMX || type == STORE_VMX;
	unsigned long addr = is_vector ? op->ea & ~15UL : op->ea;
	u32 registers = changed(op);

	if (type == LARX || type == STCX)
		return "load and reserve, or store conditional";
	if (type == CACHEOP)
		return "cache operation";
	if (type != LOAD && type != STORE && !is_vector)
		return "not an integer load or store";
	if (is_vector && bytes != 16)
		return "element of a vector";
	if (fault->regs->msr & (MSR_SE | MSR_BE))
		return "traced step by step";
	if (addr != fault->addr)
		return "the fault is at another address than the instruction's";
	if (!!(dsisr & DSISR_ISSTORE) != (type == STORE || type == STORE_VMX))
		return "the fault has another direction than the instruction";
	if (is_vector && !(fault->regs->msr & MSR_VEC))
		return "vector register that is not in use";
	if (registers & BIT(13))
		return "it changes r13, which no interrupt's return restores";
	if ((registers & GENMASK(31, 14)) && !can_put_nonvolatile(fault))
		return "the interrupt's return is not where it should be";
	return NULL;
}

/* Does all of the access lead to one place, by the same rights? Its end may be in another page. */
static __always_inline bool is_whole(const struct fault *fault, unsigned int bytes)
{
	struct svm_place end;
	unsigned long entry, physical;

	if ((fault->addr & ~PAGE_MASK) + bytes <= PAGE_SIZE)
		return true;
	entry = svm_kernel_entry(fault->addr + bytes - 1, &physical);
	return entry && !((entry ^ fault->leaf) & (SVM_GUARD_RIGHTS | SVM_GUARD_WRITABLE)) &&
	       svm_alias_of(physical, &end) &&
	       end.physical == fault->place.physical + bytes - 1 &&
	       end.alias == fault->place.alias + bytes - 1;
}

/*
 * The line before the oops: not later, from an irq_work, as the oops comes at once, and
 * its lines too are printed from here.
 */
static notrace bool refuse(const struct fault *fault, const char *why)
{
	static DEFINE_SVM_LIMIT(limit);

	raw_cpu_inc(svm_counts.guard_left[SVM_LEFT_INSTRUCTION]);
	if (__ratelimit(&limit))
		pr_err("guard: %pS accesses a device by instruction 0x%08x, which cannot be emulated (%s): the driver has to use readl(), writel() and the like; a guest that is not secure can do without the guard: guard=off\n",
		       (void *)fault->regs->nip, *(u32 *)fault->regs->nip, why);
	return false;
}

NOKPROBE_SYMBOL(refuse);

static notrace bool left(enum svm_left why)
{
	raw_cpu_inc(svm_counts.guard_left[why]);
	return false;
}

NOKPROBE_SYMBOL(left);

/**
 * svm_guard_emulate() - make the access of an instruction that has faulted
 * @regs: of the kernel's code that has made the access
 * @entry: at the entry of the kernel's handler of the fault
 * @addr: the address that has faulted, in the kernel's space for I/O
 * @dsisr: what the CPU said of it
 *
 * Context: the handler of a data storage interrupt.
 *
 * Return: true if the access is made and @regs are behind it, or what is at @regs is to be
 * executed again; false if the fault is none that the guard has caused, or cannot be
 * emulated: nothing has changed then.
 */
notrace bool svm_guard_emulate(struct pt_regs *regs, struct pt_regs *entry, unsigned long addr,
			       unsigned long dsisr)
{
	struct fault fault = { .regs = regs, .entry = entry, .addr = addr };
	struct instruction_op op;
	unsigned long physical;
	ppc_inst_t insn;
	const char *why;

	fault.leaf = svm_kernel_entry(addr, &physical);
	if (!fault.leaf)
		return left(SVM_LEFT_UNMAPPED);
	/* An alias has rights: what has faulted there the hypervisor has refused. */
	if ((fault.leaf & SVM_GUARD_RIGHTS) && svm_alias_contains(addr))
		return left(SVM_LEFT_REFUSED);
	if (!svm_alias_of(physical, &fault.place))
		return left(SVM_LEFT_FOREIGN);

	/*
	 * What has rights is not guarded, or not any more: then it faulted before it got them
	 * back. But if the hypervisor has refused an access, it is none of the guard's.
	 */
	if (!(dsisr & DSISR_PROTFAULT) ||
	    ((dsisr & DSISR_ISSTORE) && !(fault.leaf & (SVM_GUARD_WRITABLE | _PAGE_WRITE))))
		return left(SVM_LEFT_REFUSED);

	/* A kprobe was put there since: let the CPU come to that. Read once: one may be now. */
	insn = svm_inst_read(regs->nip);
	if (ppc_inst_val(insn) == BREAKPOINT_INSTRUCTION)
		return true;

	get_nonvolatile(&fault);
	if (analyse_instr(&op, regs, insn))
		return refuse(&fault, "not a load or store");
	why = judge(&fault, &op, dsisr);
	if (!why && !is_whole(&fault, GETSIZE(op.type)))
		why = "it crosses the end of its mapping";
	if (why)
		return refuse(&fault, why);

	perform(&fault, &op);

	if (dsisr & DSISR_ISSTORE)
		raw_cpu_inc(svm_counts.guard_stores);
	else
		raw_cpu_inc(svm_counts.guard_loads);
	if (regs->nip < RADIX_VMALLOC_START)
		raw_cpu_inc(svm_counts.guard_kernel);
	return true;
}

NOKPROBE_SYMBOL(svm_guard_emulate);

/**
 * svm_guard_get_registers() - have all general registers of a program in @regs
 * @regs: of the program
 * @entry: at the entry of the kernel's handler
 *
 * Context: the handler of a data storage interrupt.
 */
notrace void svm_guard_get_registers(struct pt_regs *regs, struct pt_regs *entry)
{
	struct fault fault = { .regs = regs, .entry = entry };

	get_nonvolatile(&fault);
}

NOKPROBE_SYMBOL(svm_guard_get_registers);

/**
 * svm_guard_can_put() - can general registers of a program be set?
 * @regs: of the program
 * @entry: at the entry of the kernel's handler
 *
 * Context: the handler of a data storage interrupt.
 *
 * Return: false if the interrupt's return is not where it should be.
 */
notrace bool svm_guard_can_put(struct pt_regs *regs, struct pt_regs *entry)
{
	struct fault fault = { .regs = regs, .entry = entry };

	return can_put_nonvolatile(&fault);
}

NOKPROBE_SYMBOL(svm_guard_can_put);

/**
 * svm_guard_perform() - make the access of a program's instruction, and go behind it
 * @regs: of the program
 * @entry: at the entry of the kernel's handler
 * @addr: the program's address, which @op has
 * @place: where that leads, all of it
 * @op: an integer load or store, one of a whole vector register that is live in this CPU,
 *	or another that can be made: see svm_vsr_can()
 *
 * Context: the handler of a data storage interrupt.
 */
notrace void svm_guard_perform(struct pt_regs *regs, struct pt_regs *entry, unsigned long addr,
			       const struct svm_place *place, const struct instruction_op *op)
{
	struct fault fault = {
		.regs = regs, .entry = entry, .addr = addr, .is_users = true, .place = *place,
	};

	perform(&fault, op);
}

NOKPROBE_SYMBOL(svm_guard_perform);
