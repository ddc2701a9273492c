/* SPDX-License-Identifier: GPL-2.0 */
/* Backend "hcall": the hypervisor is asked to make the access. */
#ifndef _SVM_BACKEND_HCALL_H
#define _SVM_BACKEND_HCALL_H

#include <linux/types.h>

int svm_hcall_init(void);
void svm_hcall_exit(void);
bool svm_hcall_try(unsigned long physical);
u64 svm_hcall_load(const volatile void __iomem *addr, unsigned int bytes, unsigned long caller);
void svm_hcall_store(volatile void __iomem *addr, unsigned int bytes, u64 val,
		     unsigned long caller);
u64 svm_hcall_load_physical(unsigned long physical, unsigned int bytes, unsigned long caller);
void svm_hcall_store_physical(unsigned long physical, unsigned int bytes, u64 val,
			      unsigned long caller);

#endif /* _SVM_BACKEND_HCALL_H */
