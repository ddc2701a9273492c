/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drop-in: dropin.mk has the compiler read this before each source file, to see that the
 * headers of the drop-in are those which that file is going to get. Nothing else is read,
 * so it is not too early for what a driver defines for headers.
 *
 * The directory is on the driver's include path, hence the long name.
 */
#define SVM_MMIO_DROPIN_ASK
#include <asm/io.h>
#undef SVM_MMIO_DROPIN_ASK

#ifndef SVM_MMIO_DROPIN_FOUND
#error "svm-mmio: NOSTDINC_FLAGS is set after dropin.mk added to it: include dropin.mk below that"
#endif
