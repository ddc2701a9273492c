#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # dracut has set moddir, initdir and kernel
#
# For dracut: after "svm-mmio boot on" an initramfs gets svm_mmio and what loads it: the first of
# all hooks or, where systemd runs in it, a unit before them. Without the module it is made all the
# same: the guest has to boot.

check() {
	[[ -e /etc/modprobe.d/svm-mmio-boot.conf ]]
}

depends() {
	return 0
}

installkernel() {
	hostonly='' instmods svm_mmio
	modinfo -k "$kernel" svm_mmio >/dev/null 2>&1 ||
		dwarn "svm-mmio: there is no module svm_mmio for kernel $kernel: it boots without." \
			"Install its headers, for DKMS"
}

install() {
	local unit=/usr/lib/systemd/system/svm-mmio.service

	inst_simple /etc/modprobe.d/svm-mmio-boot.conf
	inst_simple /usr/lib/svm-mmio/load-first
	inst_hook cmdline 00 "$moddir/svm-mmio.sh"
	if dracut_module_included systemd; then
		inst_simple "$unit"
		mkdir -p "$initdir/usr/lib/systemd/system/sysinit.target.wants"
		ln -sf "../svm-mmio.service" "$initdir/usr/lib/systemd/system/sysinit.target.wants/"
	fi
}
