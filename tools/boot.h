/* SPDX-License-Identifier: GPL-2.0 */
/* Whether svm_mmio is to be loaded from boot on, and what the kernels here have for that. */
#ifndef SVM_TOOL_BOOT_H
#define SVM_TOOL_BOOT_H

#include <stdbool.h>
#include <stddef.h>

/* While it is there it is to be loaded. What is in tools/boot looks for it, too. */
#define BOOT_FILE	"/etc/modprobe.d/svm-mmio-boot.conf"
#define BOOT_LOADER	"/usr/lib/svm-mmio/load-first"
/* The loader makes it, where the module has found that the guest is no SVM. */
#define BOOT_NORMAL	"/run/svm-mmio-normal-guest"

enum boot_state {
	BOOT_OK,
	BOOT_NOTE,
	BOOT_UNKNOWN,
	BOOT_TO_DO,
	BOOT_STATES
};

/**
 * struct boot_kernel - an installed kernel
 * @release: its name
 * @initramfs: the file; NULL if it has none
 * @state: how it will boot
 * @found: in words
 * @next: what to do; NULL if nothing
 */
struct boot_kernel {
	char *release;
	char *initramfs;
	enum boot_state state;
	char *found;
	char *next;
};

bool boot_is_on(void);

/* All kernels, judged; the count. The worst state is that of all together. */
size_t boot_kernels(struct boot_kernel **all);
enum boot_state boot_worst(const struct boot_kernel *all, size_t count);
void boot_free(struct boot_kernel *all, size_t count);

#endif /* SVM_TOOL_BOOT_H */
