/* SPDX-License-Identifier: GPL-2.0 */
/* A register of some device that anybody may read at any time. */
#ifndef _SVM_BACKEND_REGISTER_H
#define _SVM_BACKEND_REGISTER_H

#include <linux/types.h>

struct pci_dev;

/* Room for what svm_register_print() prints. */
#define SVM_REGISTER_TEXT	96

/**
 * struct svm_register - a register of 32 bits, held until svm_register_release()
 * @pdev: the PCI function that has it
 * @bar: in which BAR
 * @offset: where in that, in bytes
 * @what: what it is
 * @mapping: a mapping of its own, or NULL if the guard has one
 * @addr: where to access it
 * @physical: its guest-physical address
 * @command: the function's command register as it was
 * @woken: whether memory decoding was switched on for this
 */
struct svm_register {
	struct pci_dev *pdev;
	int bar;
	u32 offset;
	const char *what;
	void __iomem *mapping;
	void __iomem *addr;
	phys_addr_t physical;
	u16 command;
	bool woken;
};

int svm_register_find(const char *name, struct svm_register *reg);
void svm_register_release(struct svm_register *reg);
int svm_register_print(const struct svm_register *reg, char *text, size_t size);

#endif /* _SVM_BACKEND_REGISTER_H */
