/* SPDX-License-Identifier: GPL-2.0 */
/* Which backend works here, if that has to be found out. */
#ifndef _SVM_BACKEND_SEARCH_H
#define _SVM_BACKEND_SEARCH_H

#include "choice.h"

struct seq_file;

int svm_search(enum svm_backend *found, const char **why);
void svm_search_log(const char *found);
void svm_search_show(struct seq_file *m);

#endif /* _SVM_BACKEND_SEARCH_H */
