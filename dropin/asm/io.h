/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drop-in: found before the kernel's asm/io.h, which it includes and then renames the
 * accessors of. asm/io.h is where they are all defined, so inline functions of later
 * headers get the renamed ones.
 */
#ifdef SVM_MMIO_DROPIN_ASK
#define SVM_MMIO_DROPIN_FOUND	/* svm_mmio_first.h wants to know no more */
#elif !defined(_SVM_MMIO_DROPIN_ASM_IO_H)
#define _SVM_MMIO_DROPIN_ASM_IO_H

#include_next <asm/io.h>

#define SVM_MMIO_AFTER_ASM_IO_H
#include "../override.h"
#undef SVM_MMIO_AFTER_ASM_IO_H

#endif /* _SVM_MMIO_DROPIN_ASM_IO_H */
