#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage: packaging/sources.sh
#
# Prints the files that a build of the module reads, and one of a driver that uses it. What else is
# in the tree, its owner's notes for one, is no source of the module.
set -eu

cd "$(dirname "$0")/.."
find Kbuild svm_mmio*.[ch] accessors backend capture compat dropin guard observe selftest -type f \
	\( -name Kbuild -o -name '*.[chS]' -o -name '*.lds' -o -name '*.mk' \) \
	! -name '.*' ! -name '*.mod.c' | LC_ALL=C sort
