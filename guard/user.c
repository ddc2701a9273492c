// SPDX-License-Identifier: GPL-2.0
/*
 * The access of a program that has mapped a BAR, and has faulted there, as its entry is
 * guarded (user_map.c).
 *
 * A program is not to be trusted, and its text may be another by the time it is read.
 * So nothing that the instruction says decides what may be done:
 *
 * - where it leads is in the program's own page tables, in an entry that is guarded, and
 *   in a window of PCI;
 * - the right is that of its mapping (VMA), looked up while mmap_lock is held;
 * - the entry is looked at again, and the access made, under the entry's lock: no
 *   munmap() ends before;
 * - an access ends in its page.
 *
 * Text that was changed gives at worst another access that the program could make
 * itself. Whatever cannot be is SIGBUS, with a line in the kernel log.
 *
 * This runs at the entry of the kernel's handler of a page fault, with interrupts masked:
 * a lock that is not free is not waited for, but the instruction executed again. So a
 * signal and another task get their turn in between.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <asm/inst.h>
#include <asm/reg.h>
#include <asm/sstep.h>

#include "emulate.h"
#include "pages.h"
#include "user.h"
#include "vsr.h"
#include "backend/alias.h"
#include "compat/compat.h"
#include "observe/counts.h"
#include "observe/limit.h"

/* Why a program gets a signal, and what to do. */
struct refusal {
	const char *why;
	const char *advice;
};

#define INSTEAD	"the program has to use loads and stores of 1, 2, 4 or 8 bytes"
#define REPORT	"report this line"

static const struct refusal
is_off = { "guard_user is off", "load svm_mmio without guard_user=off" },
is_executed = { "it is executed", "the program has to map it without PROT_EXEC" },
only_executed = { "mapped to be executed only",
		  "the program has to map it with PROT_READ or PROT_WRITE" },
of_other_mode = { "not a 64-bit program, or big-endian",
		  "build the program for 64 bits, little-endian" },
in_transaction = { "in a transaction", "the program has to do without transactions there" },
text_unreadable = { "in text that cannot be read",
		    "the program has to map its text with PROT_READ, too" },
no_way_back = { "the interrupt's return is not where it should be", REPORT },
crosses_page = { "it crosses the end of a page", "the program has to keep it aligned" },
reserves = { "load and reserve, or store conditional", INSTEAD },
is_other = { "not a load or store", INSTEAD },
is_odd = { "an odd width", INSTEAD },
is_element = { "element of a vector", INSTEAD },
converts = { "it converts, splats, or has an odd width", INSTEAD };

static bool emulates;

/* Is there any guarded entry, or was there? Until then no fault is looked at. */
bool svm_user_seen __read_mostly;

/**
 * svm_user_emulate() - say whether accesses of programs are made, or refused
 * @emulate: whether they are made
 */
void svm_user_emulate(bool emulate)
{
	emulates = emulate;
}

/**
 * svm_user_leaf() - the entry of a program's page tables for an address
 * @mm: what the tables belong to
 * @addr: the program's address
 * @lock: set to the entry's lock
 *
 * Context: interrupts are masked, or the mapping of @addr is kept from going: the tables
 * stay. Takes no lock.
 *
 * Return: the entry, of one page; NULL if there is none.
 */
notrace pte_t *svm_user_leaf(struct mm_struct *mm, unsigned long addr, spinlock_t **lock)
{
	p4d_t *p4d = p4d_offset(pgd_offset(mm, addr), addr);
	pud_t *pud, pud_is;
	pmd_t *pmd, is;

	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	pud_is = READ_ONCE(*pud);
	if (pud_none(pud_is) || !pud_present(pud_is) || pud_leaf(pud_is))
		return NULL;
	pmd = pmd_offset(pud, addr);
	is = READ_ONCE(*pmd);
	if (pmd_none(is) || !pmd_present(is) || pmd_leaf(is))
		return NULL;
	*lock = svm_table_lock((void *)pmd_page_vaddr(is));
	return (pte_t *)pmd_page_vaddr(is) + pte_index(addr);
}

NOKPROBE_SYMBOL(svm_user_leaf);

static __always_inline bool is_guarded(pte_t pte)
{
	return pte_present(pte) && svm_user_is_closed(pte_val(pte)) &&
	       svm_alias_covers(PFN_PHYS(pte_pfn(pte)), PAGE_SIZE);
}

/**
 * svm_user_is_guarded() - is an address of a program guarded?
 * @mm: what the page tables belong to
 * @addr: the address
 *
 * Context: interrupts are masked. The entry may change at once.
 *
 * Return: true if its entry is.
 */
notrace bool svm_user_is_guarded(struct mm_struct *mm, unsigned long addr)
{
	spinlock_t *lock;	/* the entry's */
	pte_t *ptep = svm_user_leaf(mm, addr, &lock);

	return ptep && is_guarded(READ_ONCE(*ptep));
}

NOKPROBE_SYMBOL(svm_user_is_guarded);

/**
 * svm_user_closed() - an entry of a program as it may be written
 * @pte: the entry that is to be written
 *
 * Context: the entry's lock is held.
 *
 * Return: @pte, without rights if it is one of a device in a window of PCI.
 */
notrace unsigned long svm_user_closed(unsigned long pte)
{
	if ((pte & _PAGE_SPECIAL) && (pte & _PAGE_PRESENT) && svm_guard_is_device(pte) &&
	    svm_alias_covers(PFN_PHYS(pte_pfn(__pte(pte))), PAGE_SIZE))
		return svm_user_close(pte);
	return pte;
}

NOKPROBE_SYMBOL(svm_user_closed);

static notrace enum svm_user again(void)
{
	raw_cpu_inc(svm_counts.user_retried);
	return SVM_USER_HANDLED;
}

NOKPROBE_SYMBOL(again);

/* @word is 0 if it is not known. */
static notrace enum svm_user refuse(const struct pt_regs *regs, unsigned long addr, u32 word,
				    const struct refusal *refusal)
{
	static DEFINE_SVM_LIMIT(limit);

	raw_cpu_inc(svm_counts.user_refused);
	if (__ratelimit(&limit))
		pr_notice("guard: program %s, PID %d, accesses a device at 0x%lx by instruction 0x%08x at 0x%lx, which the guard does not make (%s): it gets SIGBUS: %s\n",
			  current->comm, current->pid, addr, word, regs->nip, refusal->why,
			  refusal->advice);
	force_sig(SIGBUS);
	return SVM_USER_HANDLED;
}

NOKPROBE_SYMBOL(refuse);

static __always_inline bool is_store(const struct instruction_op *op)
{
	return OP_IS_STORE(GETTYPE(op->type));
}

static __always_inline bool is_vmx(const struct instruction_op *op)
{
	return GETTYPE(op->type) == LOAD_VMX || GETTYPE(op->type) == STORE_VMX;
}

/* A cache operation, which does nothing to a device; dcbz, which stores, is another type. */
static __always_inline bool is_nothing(const struct instruction_op *op)
{
	return GETTYPE(op->type) == CACHEOP && (op->type & CACHEOP_MASK) != DCBZ;
}

/* Why an instruction's access cannot be made; NULL if it can. */
static notrace const struct refusal *judge(const struct instruction_op *op, unsigned long addr)
{
	unsigned int bytes = GETSIZE(op->type);

	switch (GETTYPE(op->type)) {
	case LOAD:
	case STORE:
		if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8 && bytes != 16)
			return &is_odd;
		break;
	case LOAD_VMX:
	case STORE_VMX:
		if (bytes != 16)
			return &is_element;
		break;
	case LOAD_FP:
	case STORE_FP:
	case LOAD_VSX:
	case STORE_VSX:
		if (!svm_vsr_can(op))
			return &converts;
		break;
	case LARX:
	case STCX:
		return &reserves;
	default:
		return &is_other;
	}
	if ((addr & ~PAGE_MASK) + bytes > PAGE_SIZE)
		return &crosses_page;
	return NULL;
}

NOKPROBE_SYMBOL(judge);

/* Is the register that it loads or stores in the CPU? If not, the text was changed. */
static __always_inline bool is_live(const struct pt_regs *regs, const struct instruction_op *op)
{
	switch (GETTYPE(op->type)) {
	case LOAD_VMX:
	case STORE_VMX:
		return regs->msr & MSR_VEC;
	case LOAD_FP:
	case STORE_FP:
	case LOAD_VSX:
	case STORE_VSX:
		return regs->msr & svm_vsr_facility(op);
	default:
		return true;
	}
}

/* Once the entry is locked: the access, if it is still guarded. */
static notrace enum svm_user make(struct pt_regs *regs, struct pt_regs *entry, pte_t *ptep,
				  unsigned long addr, const struct instruction_op *op)
{
	pte_t pte = READ_ONCE(*ptep);
	struct svm_place place;

	if (!is_guarded(pte) ||
	    !svm_alias_of(PFN_PHYS(pte_pfn(pte)) | (addr & ~PAGE_MASK), &place))
		return again();
	if (is_nothing(op)) {
		regs_add_return_ip(regs, GETLENGTH(op->type));
		return SVM_USER_HANDLED;
	}
	svm_guard_perform(regs, entry, addr, &place, op);
	if (is_store(op))
		raw_cpu_inc(svm_counts.user_stores);
	else
		raw_cpu_inc(svm_counts.user_loads);
	/* The trap that the instruction itself would have ended with. */
	if (regs->msr & MSR_SE) {
		regs_set_return_msr(regs, regs->msr & ~MSR_SE);
		force_sig(SIGTRAP);
	}
	return SVM_USER_HANDLED;
}

NOKPROBE_SYMBOL(make);

/* Under mmap_lock. */
static notrace enum svm_user by_right(struct pt_regs *regs, struct pt_regs *entry,
				      unsigned long addr, const struct instruction_op *op,
				      u32 word)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma = find_vma(mm, addr);
	enum svm_user answer;
	spinlock_t *lock;	/* the entry's */
	pte_t *ptep;

	/* If there is no right at all, the kernel has the right signal. */
	if (!vma || vma->vm_start > addr || !vma_is_accessible(vma) ||
	    (is_store(op) && !(vma->vm_flags & VM_WRITE)))
		return SVM_USER_LEFT;
	if (!(vma->vm_flags & (VM_READ | VM_WRITE)))
		return refuse(regs, addr, word, &only_executed);
	ptep = svm_user_leaf(mm, addr, &lock);
	/* What is private is never guarded: it has been mapped over. */
	if (svm_user_is_private(vma) || !ptep || !spin_trylock(lock))
		return again();
	answer = make(regs, entry, ptep, addr, op);
	spin_unlock(lock);
	return answer;
}

NOKPROBE_SYMBOL(by_right);

/* Does the mapping of the text let it be read? If so, it only has to be there again. */
static notrace bool is_readable(unsigned long nip)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	bool readable;

	if (!mmap_read_trylock(mm))
		return true;
	vma = find_vma(mm, nip);
	readable = !vma || vma->vm_start > nip || (vma->vm_flags & VM_READ);
	mmap_read_unlock(mm);
	return readable;
}

NOKPROBE_SYMBOL(is_readable);

static notrace bool fetch(const struct pt_regs *regs, ppc_inst_t *insn, u32 *word)
{
	const void __user *nip = (const void __user *)regs->nip;
	u32 suffix;

	if (copy_from_user_nofault(word, nip, 4))
		return false;
	*insn = ppc_inst(*word);
	if (*word >> 26 != 1)
		return true;
	if (copy_from_user_nofault(&suffix, nip + 4, 4))
		return false;
	*insn = ppc_inst_prefix(*word, suffix);
	return true;
}

NOKPROBE_SYMBOL(fetch);

static notrace enum svm_user emulate(struct pt_regs *regs, struct pt_regs *entry,
				     unsigned long addr, unsigned long dsisr)
{
	struct mm_struct *mm = current->mm;
	struct instruction_op op;
	enum svm_user answer;
	unsigned long ea;
	ppc_inst_t insn;
	const struct refusal *why;
	u32 word;

	if (!fetch(regs, &insn, &word))
		return is_readable(regs->nip) ? again() :
		       refuse(regs, addr, 0, &text_unreadable);
	if ((regs->msr & (MSR_LE | MSR_64BIT)) != (MSR_LE | MSR_64BIT))
		return refuse(regs, addr, word, &of_other_mode);
	if (MSR_TM_ACTIVE(regs->msr))
		return refuse(regs, addr, word, &in_transaction);

	svm_guard_get_registers(regs, entry);
	/* It sets no more than it knows. */
	memset(&op, 0, sizeof(op));
	if (analyse_instr(&op, regs, insn))
		return refuse(regs, addr, word, &is_other);
	if (!is_nothing(&op)) {
		why = judge(&op, addr);
		if (why)
			return refuse(regs, addr, word, why);
		ea = is_vmx(&op) ? op.ea & ~15UL : op.ea;
		/* The page ends before its second half, which has faulted. */
		if (ea != addr && addr - ea < GETSIZE(op.type))
			return refuse(regs, addr, word, &crosses_page);
		/* The text was changed since it has faulted. */
		if (ea != addr || is_store(&op) != !!(dsisr & DSISR_ISSTORE) ||
		    !is_live(regs, &op))
			return again();
	} else if ((op.ea ^ addr) & PAGE_MASK) {
		/* What has faulted may be said to be the start of its block. */
		return again();
	}
	if (!svm_guard_can_put(regs, entry))
		return refuse(regs, addr, word, &no_way_back);

	if (!mmap_read_trylock(mm))
		return again();
	answer = by_right(regs, entry, addr, &op, word);
	mmap_read_unlock(mm);
	return answer;
}

NOKPROBE_SYMBOL(emulate);

/**
 * svm_user_fault() - see to a fault at a program's address
 * @regs: of the code that has faulted: the program's, or the kernel's for it
 * @entry: at the entry of the kernel's handler of the fault
 * @addr: the address that has faulted
 * @dsisr: what the CPU said of it
 *
 * Context: the handler of a page fault, interrupts masked.
 *
 * Return: what becomes of it; if it is left, nothing has changed.
 */
notrace enum svm_user svm_user_fault(struct pt_regs *regs, struct pt_regs *entry,
				     unsigned long addr, unsigned long dsisr)
{
	bool is_data = TRAP(regs) == INTERRUPT_DATA_STORAGE;

	if (!current->mm || !svm_user_is_guarded(current->mm, addr))
		return SVM_USER_LEFT;
	if (!user_mode(regs)) {
		if (!is_data)
			return SVM_USER_LEFT;
		raw_cpu_inc(svm_counts.user_kernel);
		return SVM_USER_FAILED;
	}
	if (!is_data)
		return refuse(regs, addr, 0, &is_executed);
	/* The entry has come since; or the hypervisor has refused what was not guarded yet. */
	if (!(dsisr & DSISR_PROTFAULT))
		return dsisr & DSISR_NOHPTE ? again() : SVM_USER_LEFT;
	if (!emulates)
		return refuse(regs, addr, 0, &is_off);
	return emulate(regs, entry, addr, dsisr);
}

NOKPROBE_SYMBOL(svm_user_fault);
