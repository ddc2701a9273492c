#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage: packaging/export.sh FILE.tar.xz
#
# Writes the tree as it is now, without what git ignores, in the form of a release: all below
# svm-mmio-VERSION/. The same tree gives the same bytes.
set -eu

tarball=$(realpath -m "$1")
cd "$(dirname "$0")/.."
version=$(packaging/version.sh)

# The owner of the tree may be another user: in a container that is the rule.
git() {
	command git -c safe.directory='*' "$@"
}

if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
	time=$(git log -1 --format=@%ct)
	list() {
		git ls-files -z --cached --others --exclude-standard
	}
else
	# A release that was unpacked.
	time=$(stat -c @%Y svm_mmio_version.h)
	list() {
		find . -path ./build -prune -o ! -type d -printf '%P\0'
	}
fi

mkdir -p "$(dirname "$tarball")"
# git also lists what was removed but not committed.
# shellcheck disable=SC2016 # for the inner shell
list | LC_ALL=C sort -z | xargs -0 sh -c 'for file; do [ ! -e "$file" ] || printf "%s\0" "$file"; done' sh |
	XZ_DEFAULTS=-T1 tar -cJf "$tarball.new" --mtime="$time" --owner=0 --group=0 \
		--numeric-owner --mode=u=rwX,go=rX --transform "s,^,svm-mmio-$version/,S" \
		--null -T -
mv "$tarball.new" "$tarball"
