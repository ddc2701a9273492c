/* SPDX-License-Identifier: GPL-2.0 */
/* One captured access, for whoever has an address, a width and a value. */
#ifndef _SVM_CAPTURE_ACCESS_H
#define _SVM_CAPTURE_ACCESS_H

#include <linux/types.h>

u64 svm_sprg0_load(const volatile void __iomem *addr, unsigned int bytes);
void svm_sprg0_store(volatile void __iomem *addr, unsigned int bytes, u64 val);

#endif /* _SVM_CAPTURE_ACCESS_H */
