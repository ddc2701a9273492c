/* SPDX-License-Identifier: GPL-2.0 */
/* The two places of the kernel where the guard is called. */
#ifndef _SVM_GUARD_HOOKS_H
#define _SVM_GUARD_HOOKS_H

struct kprobe;

int svm_guard_probe(const char *name, struct kprobe *probe);
int svm_guard_hook_entries(const char **why);
void svm_guard_unhook_entries(void);
int svm_guard_hook(const char **why);
void svm_guard_unhook_mappings(void);
void svm_guard_unhook(void);
unsigned long svm_guard_mappings_made(void);

#endif /* _SVM_GUARD_HOOKS_H */
