/* SPDX-License-Identifier: GPL-2.0 */
/* Devices whose drivers would not survive that the module is unloaded. */
#ifndef _SVM_GUARD_HOLDERS_H
#define _SVM_GUARD_HOLDERS_H

struct seq_file;

int svm_guard_hold(void);
void svm_guard_let_go(void);
void svm_guard_holders_show(struct seq_file *m);

#endif /* _SVM_GUARD_HOLDERS_H */
