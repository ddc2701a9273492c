// SPDX-License-Identifier: GPL-2.0
/*
 * Where programs' mappings of BARs are made, and their entries set anew: there they lose
 * their rights, as do those of the kernel. Those that there are before are found.
 *
 * A guarded entry is present and special, has no right, and is the kernel's own. Whatever
 * would give it the rights of its mapping passes one of two functions of the arch, which
 * write a changed entry: mprotect(), a fault that finds an entry without rights (the
 * kernel takes it for a hint of NUMA balancing, or for one to be copied on write). They
 * are called with the entry's lock held, so ftrace may hook them (hooks.c); the others
 * may sleep, and are hooked by kprobes, as the kernel's mappings are, and are rare.
 *
 * Large entries are never guarded: who would insert one is told to take small ones, and
 * one that there is before goes, so that the next access has small ones made.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>

#include "hooks.h"
#include "pages.h"
#include "user.h"
#include "user_map.h"
#include "backend/alias.h"
#include "compat/compat.h"

static atomic_long_t made;

/* Let the hooked function return at once. */
static int leave(struct pt_regs *entry, unsigned long result)
{
	entry->gpr[3] = result;
	regs_set_return_ip(entry, entry->link);
	return 1;
}

NOKPROBE_SYMBOL(leave);

static bool is_window(unsigned long pfn)
{
	return svm_alias_covers(PFN_PHYS(pfn), PAGE_SIZE);
}

NOKPROBE_SYMBOL(is_window);

static unsigned long closed(unsigned long protection)
{
	WRITE_ONCE(svm_user_seen, true);
	atomic_long_inc(&made);
	return svm_user_close(protection);
}

NOKPROBE_SYMBOL(closed);

/*
 * May @vma have the frames from @pfn on, and are they to be guarded? An errno if not: what
 * is private would be copied on write, and the kernel would read the device for it.
 */
static int look(const struct vm_area_struct *vma, unsigned long pfn, unsigned long size,
		unsigned long protection)
{
	unsigned long pages = PAGE_ALIGN(size) >> PAGE_SHIFT;

	if (!svm_guard_is_device(protection) || !pages ||
	    !(is_window(pfn) || is_window(pfn + pages - 1)))
		return 0;
	if (svm_user_is_private(vma) || !svm_alias_covers(PFN_PHYS(pfn), pages << PAGE_SHIFT))
		return -EINVAL;
	return 1;
}

NOKPROBE_SYMBOL(look);

/* remap_pfn_range(vma, address, frame, size, protection) */
static int on_remap(struct kprobe *probe, struct pt_regs *entry)
{
	const struct vm_area_struct *vma = (const void *)entry->gpr[3];
	int found = look(vma, entry->gpr[5], entry->gpr[6], entry->gpr[7]);

	if (found < 0)
		return leave(entry, found);
	if (found)
		entry->gpr[7] = closed(entry->gpr[7]);
	return 0;
}

NOKPROBE_SYMBOL(on_remap);

#ifdef SVM_HAVE_MMAP_ACTION
/* remap_pfn_range_complete(vma, action), which does the same for mmap_prepare() */
static int on_complete(struct kprobe *probe, struct pt_regs *entry)
{
	const struct vm_area_struct *vma = (const void *)entry->gpr[3];
	struct mmap_action *action = (struct mmap_action *)entry->gpr[4];
	unsigned long protection = pgprot_val(action->remap.pgprot);
	int found = look(vma, action->remap.start_pfn, action->remap.size, protection);

	if (found < 0)
		return leave(entry, found);
	if (found)
		action->remap.pgprot = __pgprot(closed(protection));
	return 0;
}

NOKPROBE_SYMBOL(on_complete);
#endif

/* vmf_insert_pfn_prot(vma, address, frame, protection) */
static int on_insert_prot(struct kprobe *probe, struct pt_regs *entry)
{
	const struct vm_area_struct *vma = (const void *)entry->gpr[3];
	int found = look(vma, entry->gpr[5], PAGE_SIZE, entry->gpr[6]);

	if (found < 0)
		return leave(entry, (__force unsigned long)VM_FAULT_SIGBUS);
	if (found)
		entry->gpr[6] = closed(entry->gpr[6]);
	return 0;
}

NOKPROBE_SYMBOL(on_insert_prot);

/* vmf_insert_mixed(vma, address, frame): no driver of a device has been seen to */
static int on_insert_mixed(struct kprobe *probe, struct pt_regs *entry)
{
	const struct vm_area_struct *vma = (const void *)entry->gpr[3];
	unsigned long pfn = entry->gpr[5] & (PTE_RPN_MASK >> PAGE_SHIFT);

	if (look(vma, pfn, PAGE_SIZE, pgprot_val(vma->vm_page_prot)))
		return leave(entry, (__force unsigned long)VM_FAULT_SIGBUS);
	return 0;
}

NOKPROBE_SYMBOL(on_insert_mixed);

/* vmf_insert_pfn_pmd(vmf, frame, write), or ..._pud(); a frame once had flags above it */
static int on_insert_huge(struct kprobe *probe, struct pt_regs *entry)
{
	const struct vm_area_struct *vma = ((struct vm_fault *)entry->gpr[3])->vma;
	unsigned long pfn = entry->gpr[4] & (PTE_RPN_MASK >> PAGE_SHIFT);

	if (look(vma, pfn, PAGE_SIZE, pgprot_val(vma->vm_page_prot)))
		return leave(entry, (__force unsigned long)VM_FAULT_FALLBACK);
	return 0;
}

NOKPROBE_SYMBOL(on_insert_huge);

/*
 * fixup_user_fault(mm, address, ...): the kernel has failed to access it, in futex(), and
 * asks for it to be mended. It cannot be; and if it were said to be, futex() would never end.
 */
static int on_fixup(struct kprobe *probe, struct pt_regs *entry)
{
	if (svm_user_is_guarded((struct mm_struct *)entry->gpr[3], entry->gpr[4]))
		return leave(entry, -EFAULT);
	return 0;
}

NOKPROBE_SYMBOL(on_fixup);

static struct place {
	const char *name;
	bool is_optional;
	struct kprobe probe;
} places[] = {
	{ "remap_pfn_range", false, { .pre_handler = on_remap } },
	/* vmf_insert_pfn() calls this. */
	{ "vmf_insert_pfn_prot", false, { .pre_handler = on_insert_prot } },
	{ "fixup_user_fault", false, { .pre_handler = on_fixup } },
	{ "vmf_insert_mixed", false, { .pre_handler = on_insert_mixed } },
	{ "vmf_insert_pfn_pmd", true, { .pre_handler = on_insert_huge } },
	{ "vmf_insert_pfn_pud", true, { .pre_handler = on_insert_huge } },
#ifdef SVM_HAVE_MMAP_ACTION
	{ "remap_pfn_range_complete", false, { .pre_handler = on_complete } },
#endif
};

static void unhook(unsigned int count)
{
	while (count--)
		if (places[count].probe.addr)
			unregister_kprobe(&places[count].probe);
}

/**
 * svm_user_map_hook() - from now on guard what programs map
 * @why: set to the reason if it fails
 *
 * Context: process, may sleep.
 *
 * Return: 0 or an errno; then nothing is hooked.
 */
int svm_user_map_hook(const char **why)
{
	unsigned int i;
	int err;

	err = svm_guard_hook_entries(why);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		err = svm_guard_probe(places[i].name, &places[i].probe);
		if (!err || (err == -ENOENT && places[i].is_optional))
			continue;
		unhook(i);
		svm_guard_unhook_entries();
		*why = "no kprobe can be had where programs' mappings are made";
		return err;
	}
	return 0;
}

/**
 * svm_user_map_unhook() - guard no more of them
 *
 * Context: process, may sleep.
 */
void svm_user_map_unhook(void)
{
	unhook(ARRAY_SIZE(places));
	svm_guard_unhook_entries();
}

/**
 * svm_user_map_made() - how many mappings of programs were guarded as they were made
 *
 * Return: the number; a mapping that is made page by page is as many.
 */
unsigned long svm_user_map_made(void)
{
	return atomic_long_read(&made);
}

/* One entry of @vma, under its lock: true if it is changed. */
static bool change_entry(struct vm_area_struct *vma, pte_t *ptep, bool close)
{
	pte_t pte = READ_ONCE(*ptep);
	unsigned long val = pte_val(pte);

	if (!(val & _PAGE_PRESENT) || !pte_special(pte) || !svm_guard_is_device(val) ||
	    !is_window(pte_pfn(pte)) || svm_user_is_closed(val) == close)
		return false;
	if (close)
		WRITE_ONCE(*ptep, __pte(svm_user_close(val)));
	else
		WRITE_ONCE(*ptep, pte_modify(pte, vma->vm_page_prot));
	return true;
}

/* How much is mapped to a window of PCI by one large entry at @addr: 0 if it is not. */
static unsigned long large_size(struct mm_struct *mm, unsigned long addr)
{
	p4d_t *p4d = p4d_offset(pgd_offset(mm, addr), addr);
	unsigned long size;
	pud_t pud;
	pmd_t pmd;
	pte_t pte;

	if (p4d_none(*p4d))
		return 0;
	pud = READ_ONCE(*pud_offset(p4d, addr));
	if (pud_none(pud) || !pud_present(pud))
		return 0;
	if (pud_leaf(pud)) {
		pte = pud_pte(pud);
		size = PUD_SIZE;
	} else {
		pmd = READ_ONCE(*pmd_offset(&pud, addr));
		if (pmd_none(pmd) || !pmd_present(pmd) || !pmd_leaf(pmd))
			return 0;
		pte = pmd_pte(pmd);
		size = PMD_SIZE;
	}
	return svm_guard_is_device(pte_val(pte)) && is_window(pte_pfn(pte)) ? size : 0;
}

/* True if there was a large entry at @addr, and it has gone. */
static bool drop_large(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long size = large_size(vma->vm_mm, addr);

	if (!size || !vma->vm_ops || !vma->vm_ops->fault)
		return false;
	zap_special_vma_range(vma, addr & ~(size - 1), size);
	return true;
}

static bool change_mapping(struct vm_area_struct *vma, bool close)
{
	bool changed = false;
	unsigned long addr;

	for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		spinlock_t *lock;	/* the entry's */
		pte_t *ptep = svm_user_leaf(vma->vm_mm, addr, &lock);

		if (!ptep) {
			changed |= close && drop_large(vma, addr);
			addr = (addr | ~PMD_MASK) & PAGE_MASK;
			continue;
		}
		spin_lock(lock);
		changed |= change_entry(vma, ptep, close);
		spin_unlock(lock);
	}
	return changed;
}

/* How many mappings of @mm are changed. */
static unsigned int change_mm(struct mm_struct *mm, bool close)
{
	struct vm_area_struct *vma;
	unsigned int changed = 0;
	unsigned long addr = 0;

	mmap_read_lock(mm);
	while ((vma = find_vma(mm, addr))) {
		/* What is private stays as it is: it must not be copied. */
		if ((vma->vm_flags & VM_PFNMAP) && !svm_user_is_private(vma))
			changed += change_mapping(vma, close);
		addr = vma->vm_end;
	}
	if (changed)
		radix__flush_tlb_mm(mm);
	mmap_read_unlock(mm);
	return changed;
}

/* All programs there are; their memory is held, so they cannot go. NULL if there is no memory. */
static struct mm_struct **all_programs(unsigned int *count)
{
	struct task_struct *process, *thread;
	struct mm_struct **list;
	unsigned int room = 0;

	rcu_read_lock();
	for_each_process(process)
		room++;
	rcu_read_unlock();
	room += room / 2 + 64;
	list = kvmalloc_array(room, sizeof(*list), GFP_KERNEL);
	*count = 0;
	if (!list)
		return NULL;
	rcu_read_lock();
	for_each_process(process) {
		for_each_thread(process, thread) {
			struct mm_struct *mm = get_task_mm(thread);

			if (!mm)
				continue;
			if (*count < room)
				list[(*count)++] = mm;
			else
				mmput_async(mm);
			break;
		}
	}
	rcu_read_unlock();
	return list;
}

/* A child that is being made is in no list yet: until a round finds nothing, one at least. */
static unsigned int change_all(bool close)
{
	unsigned int changed = 0, found, count, i;
	struct mm_struct **list;

	do {
		found = 0;
		list = all_programs(&count);
		for (i = 0; i < count; i++) {
			found += change_mm(list[i], close);
			mmput(list[i]);
		}
		kvfree(list);
		changed += found;
	} while (found);
	return changed;
}

/**
 * svm_user_close_all() - take the rights of the mappings of PCI windows that programs have
 *
 * Context: process, may sleep; new ones are guarded already.
 *
 * Return: how many mappings had them.
 */
unsigned int svm_user_close_all(void)
{
	bool before = svm_user_seen;
	unsigned int found;

	WRITE_ONCE(svm_user_seen, true);
	found = change_all(true);
	if (!found && !before) {
		WRITE_ONCE(svm_user_seen, false);
		/* One may have been made in between. */
		smp_mb();
		if (atomic_long_read(&made))
			WRITE_ONCE(svm_user_seen, true);
	}
	return found;
}

/**
 * svm_user_open_all() - give all of them their rights again
 *
 * Context: process, may sleep; no new ones are guarded.
 *
 * Return: how many mappings had lost them.
 */
unsigned int svm_user_open_all(void)
{
	return svm_user_seen ? change_all(false) : 0;
}
