/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Aliases: a second mapping of each window of PCI, that this module alone uses. While
 * drivers' own mappings let no access through (guard/), accesses are made by these.
 */
#ifndef _SVM_BACKEND_ALIAS_H
#define _SVM_BACKEND_ALIAS_H

#include <linux/jump_label.h>
#include <linux/types.h>

/**
 * struct svm_place - where an access is to be made
 * @physical: guest-physical address
 * @alias: an address that leads there and lets the access through
 */
struct svm_place {
	unsigned long physical;
	void __iomem *alias;
};

/* On while accesses have to be made by aliases. */
DECLARE_STATIC_KEY_FALSE(svm_mmio_aliased);

int svm_alias_add(unsigned long physical, unsigned long size);
void svm_alias_remove_all(void);
unsigned int svm_alias_count(void);
bool svm_alias_covers(unsigned long physical, unsigned long size);
bool svm_alias_contains(unsigned long addr);
bool svm_alias_of(unsigned long physical, struct svm_place *place);
bool svm_alias_find(unsigned long addr, struct svm_place *place);

#endif /* _SVM_BACKEND_ALIAS_H */
