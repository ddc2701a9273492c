/* SPDX-License-Identifier: GPL-2.0 */
/* What an initramfs has of svm_mmio's. */
#ifndef SVM_TOOL_INITRAMFS_H
#define SVM_TOOL_INITRAMFS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct initramfs - what was found in one
 * @module: the module for the kernel that was asked for, unpacked; NULL if there is none
 * @module_size: in bytes
 * @asked_for: the file that "svm-mmio boot on" makes is in it
 * @loader: the script that loads the module is
 * @first: that is called before udev begins to load drivers
 */
struct initramfs {
	void *module;
	size_t module_size;
	bool asked_for;
	bool loader;
	bool first;
};

/* Reads the file @path, for a kernel @release; NULL, or why that cannot be done. */
char *initramfs_read(const char *path, const char *release, struct initramfs *found);
void initramfs_free(struct initramfs *found);

#endif /* SVM_TOOL_INITRAMFS_H */
