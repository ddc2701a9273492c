#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage: packaging/rpm.sh [OPTION...]      (make rpm)
#
# Builds RPM packages from a clean export of the tree, source package too, in build/rpm.
# Further options are rpmbuild's.
set -eu

cd "$(dirname "$0")/.."
version=$(packaging/version.sh)
top=$PWD/build/rpm
log=$PWD/build/rpm.log

rm -rf "$top"
packaging/export.sh "$top/SOURCES/svm-mmio-$version.tar.xz"

echo "rpm.sh: building the packages (log: build/rpm.log)" >&2
# --nodeps: on Debian rpm knows of no installed package at all.
rpmbuild -ba --nodeps --define "_topdir $top" --define "_build_id_links none" "$@" \
	packaging/rpm/svm-mmio.spec >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	echo "rpm.sh: rpmbuild failed. All that it said: build/rpm.log" >&2
	exit 1
}
rm -rf "$top/BUILD" "$top/BUILDROOT"
find "$top" -name '*.rpm' | sort
