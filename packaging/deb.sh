#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage: packaging/deb.sh [OPTION...]      (make deb)
#
# Builds Debian's packages from a clean export of the tree, source package too, in build/deb.
# Further options are dpkg-buildpackage's.
set -eu

cd "$(dirname "$0")/.."
version=$(packaging/version.sh)
source=svm-mmio-$version
log=$PWD/build/deb.log

rm -rf build/deb
mkdir -p build/deb
packaging/export.sh "build/deb/svm-mmio_$version.orig.tar.xz"
cd build/deb
tar -xf "svm-mmio_$version.orig.tar.xz"
cp -R "$source/packaging/debian" "$source/debian"

echo "deb.sh: building the packages (log: build/deb.log)" >&2
(cd "$source" && dpkg-buildpackage -us -uc "$@") >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	echo "deb.sh: dpkg-buildpackage failed. All that it said: build/deb.log" >&2
	exit 1
}
rm -rf "$source"
ls -1 "$PWD"/*.deb
