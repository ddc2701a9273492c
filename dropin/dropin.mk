# SPDX-License-Identifier: GPL-2.0
# Included by a driver's Kbuild, this makes each of the driver's device accesses safe in
# an SVM without a change to its sources: docs/dropin.md.
#
#	include /path/to/svm-mmio/dropin/dropin.mk
svm-mmio-dropin := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
ifeq ($(wildcard $(svm-mmio-dropin)/dropin.mk),)
$(error svm-mmio: dropin.mk is in a path with a blank, of which make cannot tell the end. Take another)
endif

# Of all the variables that reach a compiler's command line, in subdirectories too, only this
# one comes before the kernel's own -I. What make's command line sets needs "override", which
# elsewhere would have make ignore what the driver adds below.
ifeq ($(origin NOSTDINC_FLAGS),command line)
override NOSTDINC_FLAGS += -I$(svm-mmio-dropin)
else
NOSTDINC_FLAGS += -I$(svm-mmio-dropin)
endif

# What svm_mmio.ko exports. Set SVM_MMIO_SYMVERS if it was not built where this file is.
SVM_MMIO_SYMVERS ?= $(abspath $(svm-mmio-dropin)/../Module.symvers)
ifeq ($(origin KBUILD_EXTRA_SYMBOLS),command line)
override KBUILD_EXTRA_SYMBOLS += $(SVM_MMIO_SYMVERS)
else
KBUILD_EXTRA_SYMBOLS += $(SVM_MMIO_SYMVERS)
endif

# Either can be lost: where the driver sets it again below this, or, the first, in a make of
# its own for a subdirectory. So both are looked at when something is compiled.
ifneq ($(filter %/Makefile.build,$(MAKEFILE_LIST)),)
KBUILD_CFLAGS_MODULE += -include $(svm-mmio-dropin)/svm_mmio_first.h

svm-mmio-lost = svm-mmio: KBUILD_EXTRA_SYMBOLS is set after dropin.mk added $(SVM_MMIO_SYMVERS) \
	to it: include dropin.mk below that
export SVM_MMIO_CHECK = $(if $(filter $(SVM_MMIO_SYMVERS),$(KBUILD_EXTRA_SYMBOLS)),,$(error $(svm-mmio-lost)))
endif
