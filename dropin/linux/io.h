/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drop-in: found before the kernel's linux/io.h. It includes that, and then renames the
 * accessors that are declared there, and not in asm/io.h.
 */
#ifndef _SVM_MMIO_DROPIN_LINUX_IO_H
#define _SVM_MMIO_DROPIN_LINUX_IO_H

#include_next <linux/io.h>

#define SVM_MMIO_AFTER_LINUX_IO_H
#include "../override.h"
#undef SVM_MMIO_AFTER_LINUX_IO_H

#endif /* _SVM_MMIO_DROPIN_LINUX_IO_H */
