#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage: packaging/version.sh
#
# Prints the version of the tree, which the module's header has.
exec sed -n 's/^#define SVM_MMIO_VERSION "\(.*\)"$/\1/p' "$(dirname "$0")/../svm_mmio_version.h"
