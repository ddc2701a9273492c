/* SPDX-License-Identifier: GPL-2.0 */
/* Programs that have mapped a device. */
#ifndef SVM_TOOL_PROGRAMS_H
#define SVM_TOOL_PROGRAMS_H

#include <stddef.h>

/**
 * struct program - a program and one thing that it has mapped
 * @name: its number, and what it calls itself
 * @mapped: the file
 */
struct program {
	char *name;
	char *mapped;
};

/* All of them; the count. */
size_t programs_with_devices(struct program **all);

#endif /* SVM_TOOL_PROGRAMS_H */
