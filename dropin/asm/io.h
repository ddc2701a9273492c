/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drop-in: found before the kernel's asm/io.h, which it includes and then renames the
 * accessors of. asm/io.h is where they are all defined, so inline functions of later
 * headers get the renamed ones.
 */
#ifndef _SVM_MMIO_DROPIN_ASM_IO_H
#define _SVM_MMIO_DROPIN_ASM_IO_H

#include_next <asm/io.h>

#define SVM_MMIO_IN_ASM_IO_H
#include "../override.h"
#undef SVM_MMIO_IN_ASM_IO_H

#endif /* _SVM_MMIO_DROPIN_ASM_IO_H */
