# SPDX-License-Identifier: GPL-2.0
# Included by a driver's Kbuild, this makes each of the driver's device accesses safe in
# an SVM without a change to its sources: docs/dropin.md.
#
#	include /path/to/svm-mmio/dropin/dropin.mk
svm-mmio-dropin := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))

# Of all the variables that reach a compiler's command line, in subdirectories too, only this
# one comes before the kernel's own -I.
NOSTDINC_FLAGS += -I$(svm-mmio-dropin)

# What svm_mmio.ko exports. Set SVM_MMIO_SYMVERS if it was not built where this file is.
SVM_MMIO_SYMVERS ?= $(abspath $(svm-mmio-dropin)/../Module.symvers)
KBUILD_EXTRA_SYMBOLS += $(SVM_MMIO_SYMVERS)
