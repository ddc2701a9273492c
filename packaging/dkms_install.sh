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

# What a build needs, and a driver's: not the lab. Products of a build in this tree stay here.
for file in COPYING Kbuild Makefile dkms.conf ./*.[ch] accessors/*.[ch] backend/*.[ch] \
	capture/*.[ch] capture/*.lds compat/*.h compat/*.mk dropin/*.h dropin/*.mk dropin/*/*.h \
	observe/*.[ch] selftest/*.[ch]; do
	case $file in
	*.mod.c) ;;
	*) install -D -p -m 644 "$file" "$tree/$file" ;;
	esac
done
install -D -p -m 755 selftest/run_selftest.sh "$tree/selftest/run_selftest.sh"

[ -z "${DESTDIR-}" ] || exit 0
dkms add "$name/$version"
dkms install "$name/$version" -k "$(cat "$KERNELDIR/include/config/kernel.release")"
