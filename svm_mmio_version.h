/* SPDX-License-Identifier: GPL-2.0 */
/* The one place that has the version: dkms.conf and the packages read it here. */
#ifndef _SVM_MMIO_VERSION_H
#define _SVM_MMIO_VERSION_H

#define SVM_MMIO_VERSION "0.2.0"

#endif /* _SVM_MMIO_VERSION_H */
