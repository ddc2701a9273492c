# SPDX-License-Identifier: GPL-2.0
"""What the guard costs, in instructions of the guest: a load by a stock driver's readl(), and a
page fault of a program, which passes the guard's hook too: by itself, and in the whole life of a
program. Off, it costs nothing. A load by a program that has mapped a BAR; and that until one has,
its being guarded costs nothing.
"""

import pytest
from lab import dropin, guard, paths
from lab.guest import Guest
from lab.program import build_program
from test_guard_user import nvme_cli

MOST = 1500             # for a guarded readl(), the exit below not counted
# What takes faults, and what the guard may make of it: each of the second is a third of one of the
# first. "start" is a program, linked with the C library and some more, from fork() to exit().
FAULTS = {"anonymous": ("anonymous 1500", 1.05), "file": ("file 4000", 1.08),
          "start": ("start 20 /usr/sbin/nvme version", 1.01)}
REPEATS = 5
MOST_USER = 3500        # for a guarded load of a program
BAR = "/sys/bus/pci/devices/0000:00:00.0"


@pytest.fixture(scope="module")
def guest(kernel):
    """A guest whose clock counts instructions, a nanosecond each."""
    files = {"/svm_mmio.ko": dropin.module(kernel).ko["svm_mmio"], **guard.files(kernel),
             "/faults": build_program(paths.TOP / "tests/guest/faults"),
             "/bar": build_program(paths.TOP / "tests/guest/bar"), **nvme_cli()}
    with Guest.boot(kernel, name="guard-cost", files=files, devices=(guard.DEVICE,), smp=1,
                    icount=True) as it:
        yield it


def least(guest, command):
    """The least that @command says in some runs: others have an interrupt in them."""
    return min(int(guest.check(command, timeout=guard.LIMIT)) for _ in range(REPEATS))


def cost(guest):
    faults = {kind: least(guest, f"/faults {what}") for kind, (what, _) in FAULTS.items()}
    return int(guard.run(guest, "mode=cost")), faults


@pytest.fixture(scope="module")
def costs(guest):
    """(readl(), faults) without the module, with the guard off, on, and with hcall."""
    found = {"none": cost(guest)}
    for what, parameters in (("off", "backend=sprg0"), ("sprg0", "guard=on backend=sprg0"),
                             ("hcall", "guard=on backend=hcall"),
                             ("programs", "guard=on guard_user=on backend=sprg0")):
        guest.check(f"insmod /svm_mmio.ko {parameters}")
        found[what] = cost(guest)
        if what == "programs":
            guest.check(f"echo 1 >{BAR}/enable")
            found["load"] = least(guest, f"/bar {BAR}/resource2 cost")
        guest.check("rmmod svm_mmio")
    found["plain load"] = least(guest, f"/bar {BAR}/resource2 cost")
    print(found)
    return found


def test_readl(costs):
    plain, guarded = (costs[what][0] for what in ("none", "sprg0"))
    print(f"readl(): {plain} instructions, {guarded} guarded with sprg0, {costs['hcall'][0]} "
          "with hcall")
    assert plain < 30 < guarded <= MOST
    assert costs["hcall"][0] < MOST * 1.2


@pytest.mark.parametrize("kind", FAULTS)
def test_page_faults_of_programs(costs, kind):
    plain, guarded = (costs[what][1][kind] for what in ("none", "sprg0"))
    print(f"page faults, {kind}: {plain} instructions, {guarded} with the guard "
          f"({100 * (guarded / plain - 1):+.1f} %)")
    assert guarded <= plain * FAULTS[kind][1]


def test_off_it_costs_nothing(costs):
    for kind in FAULTS:
        assert abs(costs["off"][1][kind] / costs["none"][1][kind] - 1) < 0.005
    assert costs["off"][0] == costs["none"][0]


def test_programs(costs):
    print(f"a load of a program: {costs['plain load']} instructions, {costs['load']} guarded")
    assert costs["plain load"] < 20 < costs["load"] <= MOST_USER


@pytest.mark.parametrize("kind", FAULTS)
def test_until_one_maps_a_bar(costs, kind):
    assert costs["programs"][1][kind] <= costs["sprg0"][1][kind] * 1.005
