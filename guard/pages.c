// SPDX-License-Identifier: GPL-2.0
/*
 * The windows of PCI, and the entries of the kernel's page tables that lead into them.
 *
 * Mappings that there are before the guard lose their rights where they are, and get
 * them back there. Those of drivers are in the kernel's space for I/O, and so are the
 * ports, which are mapped when the machine boots.
 *
 * All other CPUs stand still meanwhile. So no table can be freed under the walk, and no
 * entry be changed between the look and the write. And none of them is in the handler of
 * a data storage interrupt, as that has interrupts masked: an access is made before the
 * walk or faults after it.
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/stop_machine.h>
#include <asm/pci-bridge.h>
#include <asm/tlbflush.h>

#include "pages.h"
#include "backend/alias.h"
#include "backend/tables.h"

struct walk {
	bool close;
	unsigned long end;	/* of what was changed last */
	unsigned int mappings;	/* changed; pages side by side are one */
	unsigned int ports;	/* those of them that are of ports */
};

static unsigned int ports_found;

static bool changes(pte_t pte, unsigned long addr, unsigned int shift, bool close)
{
	unsigned long val = pte_val(pte);

	return pte_present(pte) && svm_guard_is_device(val) &&
	       close == !!(val & SVM_GUARD_RIGHTS) &&
	       svm_alias_covers(PFN_PHYS(pte_pfn(pte)), 1UL << shift) && !svm_alias_contains(addr);
}

static void visit(struct walk *walk, pte_t *ptep, unsigned long addr, unsigned int shift)
{
	pte_t pte = READ_ONCE(*ptep);

	if (!changes(pte, addr, shift, walk->close))
		return;
	WRITE_ONCE(*ptep, __pte(walk->close ? svm_guard_close(pte_val(pte)) :
					      svm_guard_open(pte_val(pte))));
	if (addr != walk->end) {
		walk->mappings++;
		/* The kernel maps ports, when it boots, below all that a driver maps. */
		if (addr < RADIX_KERN_IO_START + FULL_IO_SIZE)
			walk->ports++;
	}
	walk->end = addr + (1UL << shift);
}

/*
 * The entry for @addr, or for what is around it and has no entry further down: its leaf,
 * or NULL if there is none; in either case how much it is that the walk has seen with it.
 */
static pte_t *leaf_at(unsigned long addr, unsigned int *shift)
{
	pgd_t *pgd = pgd_offset_pgd(svm_kernel_mm->pgd, addr);
	p4d_t *p4d = p4d_offset(pgd, addr);
	pud_t *pud;
	pmd_t *pmd;

	*shift = PGDIR_SHIFT;
	if (p4d_none(*p4d))
		return NULL;
	*shift = PUD_SHIFT;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud))
		return NULL;
	if (pud_leaf(*pud))
		return (pte_t *)pud;
	*shift = PMD_SHIFT;
	pmd = pmd_offset(pud, addr);
	if (pmd_none(*pmd))
		return NULL;
	if (pmd_leaf(*pmd))
		return (pte_t *)pmd;
	return svm_kernel_leaf(addr, shift);
}

static int walk_all(void *data)
{
	unsigned long addr = RADIX_KERN_IO_START;
	struct walk *walk = data;
	unsigned int shift;

	while (addr < RADIX_KERN_IO_END) {
		pte_t *ptep = leaf_at(addr, &shift);

		if (ptep)
			visit(walk, ptep, addr, shift);
		addr = (addr | ((1UL << shift) - 1)) + 1;
	}
	return 0;
}

static struct walk change_all(bool close)
{
	struct walk walk = { .close = close };

	stop_machine(walk_all, &walk, NULL);
	if (walk.mappings)
		radix__flush_tlb_kernel_range(RADIX_KERN_IO_START, RADIX_KERN_IO_END);
	return walk;
}

/**
 * svm_guard_close_all() - take the rights of all mappings of PCI windows that there are
 *
 * Context: process, may sleep.
 *
 * Return: how many mappings had them.
 */
unsigned int svm_guard_close_all(void)
{
	struct walk walk = change_all(true);

	ports_found += walk.ports;
	return walk.mappings;
}

/**
 * svm_guard_ports_found() - how many mappings of ports have lost their rights in place
 *
 * Return: the number.
 */
unsigned int svm_guard_ports_found(void)
{
	return ports_found;
}

/**
 * svm_guard_open_all() - give all guarded mappings their rights again
 *
 * Context: process, may sleep.
 *
 * Return: how many mappings had lost them.
 */
unsigned int svm_guard_open_all(void)
{
	return change_all(false).mappings;
}

/* A page in one of the windows of PCI, to map: its guest-physical address, 0 if there is none. */
static unsigned long first_page(void)
{
	struct resource *res;
	struct pci_bus *bus;
	int i;

	list_for_each_entry(bus, &pci_root_buses, node)
		pci_bus_for_each_resource(bus, res, i)
			if (res && resource_type(res) == IORESOURCE_MEM)
				return res->start;
	return 0;
}

/* Are large mappings made of large leaves? If not, an alias of 1 TiB has 128 MiB of tables. */
static bool leaves_are_huge(unsigned long physical)
{
	unsigned int shift = PAGE_SHIFT;
	void __iomem *addr;

	addr = ioremap(ALIGN(physical, PMD_SIZE), PMD_SIZE);
	if (!addr)
		return false;
	svm_kernel_leaf((__force unsigned long)addr, &shift);
	iounmap(addr);
	return shift >= PMD_SHIFT;
}

static int alias_windows(const char **why)
{
	unsigned long page = first_page();
	struct resource *res;
	struct pci_bus *bus;
	int i, err = 0;

	if (!page) {
		*why = "there is no PCI host bridge";
		return -ENODEV;
	}
	if (!leaves_are_huge(page)) {
		*why = "large mappings are off: boot without nohugeiomap";
		return -EOPNOTSUPP;
	}
	list_for_each_entry(bus, &pci_root_buses, node) {
		struct pci_controller *host = pci_bus_to_host(bus);

		pci_bus_for_each_resource(bus, res, i)
			if (!err && res && resource_type(res) == IORESOURCE_MEM)
				err = svm_alias_add(res->start, resource_size(res));
		if (!err && host->io_base_phys && host->pci_io_size)
			err = svm_alias_add(host->io_base_phys, host->pci_io_size);
	}
	if (err) {
		svm_alias_remove_all();
		*why = err == -ENOSPC ? "there are more windows of PCI than it knows to keep" :
					"there was no memory to map the windows of PCI again";
	}
	return err;
}

/**
 * svm_guard_alias_windows() - make an alias of each window of PCI
 * @why: set to the reason if it fails
 *
 * Context: process, may sleep.
 *
 * Return: 0 or an errno; then no alias is left.
 */
int svm_guard_alias_windows(const char **why)
{
	int err;

	/* A host bridge may come or go. */
	pci_lock_rescan_remove();
	err = alias_windows(why);
	pci_unlock_rescan_remove();
	return err;
}
