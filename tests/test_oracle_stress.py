# SPDX-License-Identifier: GPL-2.0
"""A million accesses on four CPUs, in threads and timers: each one captured, not one uncounted."""

import re

WANTED = 1_000_000
SECONDS = 5     # of one stress; more of them until there are enough accesses


def test_a_million_accesses(sprg0):
    accesses = 0
    in_timers = 0
    while accesses < WANTED:
        for device in ("pci-testdev", "edu"):
            run = sprg0.run(device, f"stress threads=8 secs={SECONDS}")
            assert run.case.ok, str(run.case)
            assert run.all_captured, run
            accesses += run.accesses
            in_timers += int(re.search(r"accesses_in_timers=(\d+)", str(run.case))[1])
    print(f"{accesses:,} accesses, {in_timers:,} of them in interrupts: all captured")
    assert in_timers > 1000


def test_on_all_cpus(sprg0):
    """The stress reaches every CPU: each has made timer interrupts, which the threads start."""
    script = "awk '$1 == \"LOC:\" { print $2, $3, $4, $5; exit }' /proc/interrupts"
    before = sprg0.guest.check(script).split()
    sprg0.run("pci-testdev", "stress threads=8 secs=2")
    after = sprg0.guest.check(script).split()
    assert len(after) == 4
    # An idle CPU has next to none; a worker's timer fires up to 5000 times a second.
    assert all(int(b) - int(a) > 200 for a, b in zip(before, after)), (before, after)
