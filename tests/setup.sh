#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage: tests/setup.sh PURPOSE...      (demo, check, lint, docs, deb, deb-ppc64el, rpm)
#
# Sees to it that the host has the Debian packages that "make PURPOSE" needs: installs those that
# are missing if it may, else says what to type. Only what the lab cannot keep below build/ is
# here: cross compilers, kernels and QEMU are not installed on the host (tests/lab/root.py).
set -eu

packages_for() {
	case $1 in
	lab)
		# What all need: Debian packages are fetched, unpacked and used without installing them.
		echo python3 apt dpkg tar xz-utils util-linux ca-certificates debian-archive-keyring
		;;
	demo)
		# The oracle is compiled here: it is a plugin of QEMU's.
		packages_for lab
		echo python3-pyelftools gcc libc6-dev pkgconf libglib2.0-dev
		;;
	check)
		packages_for demo
		packages_for deb
		packages_for rpm
		packages_for docs
		echo python3-pytest python3-pytest-xdist binutils-powerpc64le-linux-gnu lintian rpmlint
		# mke2fs makes the disk of a guest that is a whole Debian.
		echo e2fsprogs
		# A distribution may compress modules with it.
		echo zstd
		# What reads the sources for mutants to be made of them.
		echo python3-clang
		# The command svm-mmio, built for this machine, with sanitizers too.
		packages_for tool
		;;
	tool)
		echo gcc libc6-dev make pkgconf
		echo libelf-dev libdw-dev libcapstone-dev liblzma-dev libzstd-dev zlib1g-dev
		;;
	deb)
		packages_for tool
		echo git build-essential dpkg-dev debhelper dh-dkms fakeroot
		;;
	deb-ppc64el)
		packages_for lab
		echo git
		;;
	rpm)
		packages_for tool
		# What splits off debug information is eu-strip.
		echo git rpm elfutils
		;;
	docs)
		# The kernel's kernel-doc is in Perl; the header is preprocessed for it.
		packages_for lab
		echo perl gcc
		;;
	lint)
		packages_for docs
		echo git shellcheck flake8
		;;
	*)
		echo "setup.sh: '$1' is none of: demo, check, lint, docs, deb, deb-ppc64el, rpm" >&2
		return 2
		;;
	esac
}

fail() {
	printf 'setup.sh: %s\n' "$@" >&2
	exit 1
}

[ $# -gt 0 ] || {
	echo "Usage: $0 demo|check|lint|docs|deb|deb-ppc64el|rpm..." >&2
	exit 2
}

wanted=
for purpose; do
	wanted="$wanted $(packages_for "$purpose")"
done

# Another system may have all of these, but the lab reads Debian's own archive as well.
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "${ID-} ${VERSION_ID-}") 2>/dev/null || release=
case $release in
"debian 12" | "debian 13") ;;
*)
	fail "this needs Debian 12 or 13, on an x86-64 machine. A container will do:" \
		"    docker run -it -v \"\$PWD:/src\" -w /src debian:13" \
		"and in it: apt-get update && apt-get install make"
	;;
esac
[ "$(dpkg --print-architecture)" = amd64 ] ||
	fail "this needs Debian's amd64 architecture: it is the one with the cross compilers used."

installed() {
	dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

missing=
for package in $wanted; do
	installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

# shellcheck disable=SC2046,SC2086 # lists of words
set -- $(printf '%s\n' $missing | sort -u)
if [ "$(id -u)" != 0 ]; then
	fail "these Debian packages are missing. As root, type:" \
		"    apt-get update && apt-get install --no-install-recommends $*"
fi

echo "setup.sh: installing $*" >&2
export DEBIAN_FRONTEND=noninteractive
# A source that has nothing to do with this may be broken: the installation will tell.
apt-get -q update >&2 || true
apt-get -q -y --no-install-recommends install "$@" >&2 ||
	fail "apt could not install them. What it says above comes from the system's own" \
		"configuration; put that right and try again."
