#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage: packaging/dkms_install.sh      (make dkms-install)
#
# Puts the sources of the module where DKMS expects them and lets it build and install the module,
# for the kernel whose headers are in KERNELDIR. With DESTDIR, as for a package: the sources only.
set -eu

cd "$(dirname "$0")/.."
name=svm-mmio
version=$(packaging/version.sh)
tree=${DESTDIR-}/usr/src/$name-$version

fail() {
	printf 'dkms_install.sh: %s\n' "$@" >&2
	exit 1
}

if [ -z "${DESTDIR-}" ]; then
	command -v dkms >/dev/null ||
		fail "there is no dkms. Install it (the package has that name), or use: make install"
	[ -e "$KERNELDIR/include/config/kernel.release" ] ||
		fail "KERNELDIR=$KERNELDIR has no kernel headers. Install those of your kernel."
	[ ! -e "/var/lib/dkms/$name/$version" ] || dkms remove "$name/$version" --all
	rm -rf "$tree"
fi

# What a build needs, and a driver's: not the lab.
for file in COPYING Makefile dkms.conf $(packaging/sources.sh); do
	install -D -p -m 644 "$file" "$tree/$file"
done
for file in selftest/run_selftest.sh packaging/dkms_initramfs.sh; do
	install -D -p -m 755 "$file" "$tree/$file"
done

[ -z "${DESTDIR-}" ] || exit 0
dkms add "$name/$version"
dkms install "$name/$version" -k "$(cat "$KERNELDIR/include/config/kernel.release")"
