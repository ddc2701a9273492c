# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh # it is put into the packages' scripts (dh_installdeb in rules)
# Each initramfs is made anew, by what there is to make it; the status is 1 if one cannot be made.
# dracut of Debian 12 and 13 brings no update-initramfs, and what it does when triggered leaves out
# all kernels but one in the latter.
remake_initramfs() {
	if command -v update-initramfs >/dev/null; then
		update-initramfs -u -k all || return 1
	elif command -v dracut >/dev/null; then
		for initramfs in /boot/initrd.img-*; do
			kernel=${initramfs#/boot/initrd.img-}
			[ -d "/lib/modules/$kernel" ] || continue
			echo "dracut: making $initramfs"
			dracut --quiet --force "$initramfs" "$kernel" || return 1
		done
	fi
}
