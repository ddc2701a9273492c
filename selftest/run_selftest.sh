#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs the self-test of svm_mmio on every BAR it has claimed and prints KTAP.
# Exit status as kselftest has it: 0 passed, 1 failed, 4 skipped.

usage() {
	cat <<END
Usage: ${0##*/} [-b BACKEND] [CASE | "stress threads=N secs=N"]

Runs CASE (default: all) on every BAR that svm_mmio has claimed. Loads the module
first if it is not loaded: with modprobe, or from this script's parent directory.
  -b BACKEND   auto, probe, direct, sprg0 or hcall, for a module that is not loaded yet
To test a device of your own, hand it over first:
  echo svm_mmio > /sys/bus/pci/devices/BDF/driver_override
  echo BDF > /sys/bus/pci/drivers_probe
END
}

skip() {
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit 4
}

backend=
while getopts b:h option; do
	case $option in
	b) backend=$OPTARG ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 1 ;;
	esac
done
shift $((OPTIND - 1))
command=${1:-all}

[ "$(id -u)" = 0 ] || skip "must be root: run it with sudo"

if [ ! -d /sys/module/svm_mmio ]; then
	module=$(dirname "$0")/../svm_mmio.ko
	if [ -e "$module" ]; then
		insmod "$module" ${backend:+"backend=$backend"}
	else
		modprobe svm_mmio ${backend:+"backend=$backend"}
	fi || skip "svm_mmio cannot be loaded: dmesg tells why"
elif [ -n "$backend" ]; then
	loaded=$(sed -n 's/^backend: //p' /sys/kernel/debug/svm_mmio/status 2>/dev/null)
	[ "$loaded" = "$backend" ] ||
		skip "svm_mmio is loaded with backend=$loaded: rmmod svm_mmio first"
fi

debugfs=/sys/kernel/debug
[ -e $debugfs/svm_mmio ] || mount -t debugfs debugfs $debugfs 2>/dev/null
[ -e $debugfs/svm_mmio/status ] ||
	skip "no $debugfs/svm_mmio: is debugfs mounted, and CONFIG_DEBUG_FS set?"

set -- $debugfs/svm_mmio/*/bar*
[ -d "$1" ] || skip "no device claimed: add pci-testdev or edu to the guest, or hand one over (-h)"

# Files in debugfs that can be written are closed by lockdown, for reading too.
cases=$(cat "$1/run" 2>/dev/null) || skip "$1/run cannot be opened: the kernel is locked down" \
	"(cat /sys/kernel/security/lockdown). Boot without lockdown= to run the self-test"
if ! printf 'all\n%s\n' "$cases" | grep -qxF -e "${command%% *}"; then
	echo "${0##*/}: there is no case \"$command\". Cases: all $(echo "$cases" | tr '\n' ' ')" >&2
	exit 1
fi

echo "KTAP version 1"
echo "1..$#"
number=0
failed=0
ran=0
for bar in "$@"; do
	number=$((number + 1))
	name=${bar#"$debugfs/svm_mmio/"}
	# Braces: the shell itself reports a write that fails, and results say more.
	if { echo "$command" > "$bar/run"; } 2>/dev/null; then
		sed 's/^/  /' "$bar/results"
		if grep -q '^not ok' "$bar/results"; then
			verdict="not ok" note=
		elif grep '^ok' "$bar/results" | grep -qv '# SKIP'; then
			verdict=ok note=
			ran=1
		else
			verdict=ok note=" # SKIP no case is for this device"
		fi
	else
		echo "# \"$command\" was not run: dmesg tells why"
		verdict="not ok" note=
	fi
	[ "$verdict" = ok ] || failed=1
	echo "$verdict $number $name$note"
done
[ $failed = 0 ] || exit 1
[ $ran = 1 ] || exit 4
