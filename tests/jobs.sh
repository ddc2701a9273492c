#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Usage: tests/jobs.sh [PROCESSORS [GIGABYTES]]      (default: what this machine has)
#
# Prints how many files of tests to run at a time. One more than there are processors, as many
# steps use only one, or wait; but each may have a guest with 3 GB, and QEMU and builds need some.
set -eu

# A container may have less than the machine.
gigabytes() {
	limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
	awk -v limit="$limit" '/^MemTotal:/ { bytes = $2 * 1024 }
		END { print int((limit + 0 && limit + 0 < bytes ? limit : bytes) / 1e9) }' \
		/proc/meminfo
}

processors=${1:-$(nproc)}
room=$((${2:-$(gigabytes)} / 4))
jobs=$((processors + 1))
[ "$jobs" -le "$room" ] || jobs=$room
[ "$jobs" -ge 1 ] || jobs=1
echo "$jobs"
