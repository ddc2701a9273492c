#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# For an initramfs of dracut, which reads this before it starts udev.
/usr/lib/svm-mmio/load-first
