/* SPDX-License-Identifier: GPL-2.0 */
/* Where programs' mappings of BARs are made and changed: they are guarded there. */
#ifndef _SVM_GUARD_USER_MAP_H
#define _SVM_GUARD_USER_MAP_H

#include <linux/types.h>

int svm_user_map_hook(const char **why);
void svm_user_map_unhook(void);
unsigned long svm_user_map_made(void);
unsigned int svm_user_close_all(void);
unsigned int svm_user_open_all(void);

#endif /* _SVM_GUARD_USER_MAP_H */
