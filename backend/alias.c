// SPDX-License-Identifier: GPL-2.0
/*
 * Aliases of PCI windows, and the way to them: from an address that a driver has, through
 * the kernel's page tables, to the frame, and from that to the alias.
 *
 * The page tables are the only list of mappings there is: nothing can be stale, and to
 * look takes no lock. A window is added while nothing looks, before the key is on.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kprobes.h>

#include "alias.h"
#include "tables.h"

/* A host bridge has three windows at most: memory below and above 4 GiB, and ports. */
#define WINDOWS		48

static struct {
	unsigned long physical;
	unsigned long size;
	void __iomem *alias;
} windows[WINDOWS];
static unsigned int count;

DEFINE_STATIC_KEY_FALSE(svm_mmio_aliased);

/**
 * svm_alias_add() - make an alias of a window
 * @physical: where it starts, at a page
 * @size: its size in bytes
 *
 * On a radix MMU a window of 1 TiB costs no more than a page of tables, as its leaves are
 * huge, unless those are switched off. Context: process, may sleep.
 *
 * Return: 0, -ENOSPC if there are too many, -ENOMEM.
 */
int svm_alias_add(unsigned long physical, unsigned long size)
{
	void __iomem *alias;

	if (count == WINDOWS)
		return -ENOSPC;
	alias = ioremap(physical, size);
	if (!alias)
		return -ENOMEM;
	windows[count].physical = physical;
	windows[count].size = size;
	windows[count].alias = alias;
	count++;
	return 0;
}

/**
 * svm_alias_remove_all() - unmap all aliases; nothing may look for one any more
 */
void svm_alias_remove_all(void)
{
	while (count)
		iounmap(windows[--count].alias);
}

/**
 * svm_alias_count() - how many windows have an alias
 *
 * Return: the number.
 */
unsigned int svm_alias_count(void)
{
	return count;
}

/**
 * svm_alias_covers() - does all of a range lie in one of the windows?
 * @physical: guest-physical address
 * @size: size in bytes, not 0
 *
 * Return: true if so.
 */
notrace bool svm_alias_covers(unsigned long physical, unsigned long size)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (physical - windows[i].physical < windows[i].size)
			return size <= windows[i].size - (physical - windows[i].physical);
	return false;
}

/**
 * svm_alias_contains() - is this an address of an alias itself?
 * @addr: the address
 *
 * Return: true if so.
 */
notrace bool svm_alias_contains(unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (addr - (__force unsigned long)windows[i].alias < windows[i].size)
			return true;
	return false;
}

/**
 * svm_alias_of() - the alias of what is at a guest-physical address
 * @physical: the address
 * @place: filled in on success
 *
 * Context: any.
 *
 * Return: false if it is in none of the windows.
 */
notrace bool svm_alias_of(unsigned long physical, struct svm_place *place)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		unsigned long offset = physical - windows[i].physical;

		if (offset < windows[i].size) {
			place->physical = physical;
			place->alias = windows[i].alias + offset;
			return true;
		}
	}
	return false;
}

NOKPROBE_SYMBOL(svm_alias_of);

/**
 * svm_alias_find() - the alias of what is mapped at an address
 * @addr: the address, of any mapping
 * @place: filled in on success
 *
 * Context: any; takes no lock.
 *
 * Return: false if nothing is mapped there, or nothing in a window of PCI.
 */
notrace bool svm_alias_find(unsigned long addr, struct svm_place *place)
{
	unsigned long physical;

	return svm_kernel_entry(addr, &physical) && svm_alias_of(physical, place);
}

NOKPROBE_SYMBOL(svm_alias_find);
