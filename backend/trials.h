/* SPDX-License-Identifier: GPL-2.0 */
/* The file "probe": what each backend would do here, for people. */
#ifndef _SVM_BACKEND_TRIALS_H
#define _SVM_BACKEND_TRIALS_H

struct dentry;

void svm_trials_init(struct dentry *debugfs);

#endif /* _SVM_BACKEND_TRIALS_H */
