/* SPDX-License-Identifier: GPL-2.0 */
/* The table of capture windows of this module, and the check of it at load. */
#ifndef _SVM_CAPTURE_TABLE_H
#define _SVM_CAPTURE_TABLE_H

struct seq_file;

int svm_windows_verify(void);
unsigned int svm_windows_count(void);
void svm_windows_show(struct seq_file *m);

#endif /* _SVM_CAPTURE_TABLE_H */
