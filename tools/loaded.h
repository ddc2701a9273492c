/* SPDX-License-Identifier: GPL-2.0 */
/* The modules that are loaded, and what the audit says of their files. */
#ifndef SVM_TOOL_LOADED_H
#define SVM_TOOL_LOADED_H

#include <stddef.h>

#include "audit/audit.h"

/**
 * struct loaded - a loaded module, other than svm_mmio
 * @name: its name, as the kernel has it
 * @audit: the audit of its file; NULL if there is none
 * @unknown: why it cannot be judged; NULL if it could
 */
struct loaded {
	char *name;
	struct module *audit;
	const char *unknown;
};

/* Judges all of them, by their files below /lib/modules; the count. */
size_t loaded_audit(struct loaded **all);
void loaded_free(struct loaded *all, size_t count);

#endif /* SVM_TOOL_LOADED_H */
