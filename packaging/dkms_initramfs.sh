#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage: packaging/dkms_initramfs.sh KERNEL
#
# DKMS calls it (POST_INSTALL in dkms.conf) when it has installed the module for a kernel: after
# "svm-mmio boot on" the initramfs of that kernel has to have it. A kernel that is just being
# installed has none yet. That it cannot be made is no reason to have no module.

kernel=${1-}
[ -n "$kernel" ] && [ -e /etc/modprobe.d/svm-mmio-boot.conf ] || exit 0

for initramfs in "/boot/initrd.img-$kernel" "/boot/initramfs-$kernel.img" "/boot/initrd-$kernel"; do
	[ -e "$initramfs" ] || continue
	if command -v update-initramfs >/dev/null; then
		update-initramfs -u -k "$kernel"
	elif command -v dracut >/dev/null; then
		echo "dracut: making $initramfs"
		# DKMS calls depmod later.
		depmod "$kernel" && dracut --quiet --force "$initramfs" "$kernel"
	else
		false
	fi || echo "svm-mmio: $initramfs could not be made anew: svm-mmio boot on" >&2
done
exit 0
