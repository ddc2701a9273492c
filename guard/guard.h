/* SPDX-License-Identifier: GPL-2.0 */
/* Drivers as they are, not rebuilt: the guard catches their accesses. docs/design.md */
#ifndef _SVM_GUARD_GUARD_H
#define _SVM_GUARD_GUARD_H

struct seq_file;

int svm_guard_init(void);
void svm_guard_exit(void);
void svm_guard_show(struct seq_file *m);

#endif /* _SVM_GUARD_GUARD_H */
