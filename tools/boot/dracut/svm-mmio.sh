#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# For an initramfs of dracut, which reads this before its hooks for the command line, udev and more.
# With systemd in it, a unit has been started already.
[ -n "${DRACUT_SYSTEMD-}" ] || /usr/lib/svm-mmio/load-first
