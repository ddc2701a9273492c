# SPDX-License-Identifier: GPL-2.0
"""The file status: what was decided and why, and every access counted, whichever the CPU."""

import re

import pytest
from lab.subject import BUFFER, DEBUGFS, Subject

COUNTS = ("loads_8", "loads_16", "loads_32", "loads_64", "stores_8", "stores_16", "stores_32",
          "stores_64", "bulk_loads", "bulk_stores", "all_ones", "hcall_errors")


@pytest.fixture(scope="module")
def it(kernel):
    with Subject.boot(kernel, name="status") as it:
        yield it


@pytest.fixture(scope="module", params=["auto", "sprg0", "hcall"])
def loaded(it, request):
    it.load(f"backend={request.param}")
    it.requested = request.param
    yield it
    it.unload()


def counts(it):
    status = it.status()
    return {name: int(status[name]) for name in COUNTS}


def difference(it, action):
    before = counts(it)
    result = action()
    after = counts(it)
    return result, {name: after[name] - before[name] for name in COUNTS
                    if after[name] != before[name]}


def access(it, device, *lines):
    for line in lines:
        it.guest.check(f"echo '{line}' >{it.bars[device]}/access")


def test_decisions(loaded):
    status = loaded.status()
    assert (status["secure"], status["secure_by"]) == ("no", "MSR[S], bit 41")
    auto = loaded.requested == "auto"
    assert status["backend"] == ("direct" if auto else loaded.requested)
    assert status["reason"] == ("auto, in a normal guest" if auto
                                else "parameter backend names it")
    assert (status["probe_register"], status["probe_sprg0"], status["probe_hcall"]) == (
        "-", "not tried", "not tried")


def test_every_count_has_a_line(loaded):
    """One each, and there is no other line below "windows"."""
    text = loaded.guest.check(f"cat {DEBUGFS}/status")
    _, _, counted = text.partition("\nwindows: ")
    names = [re.fullmatch(r"(\w+): \d+", line)[1] for line in counted.splitlines()[1:]]
    assert tuple(names[:len(COUNTS)]) == COUNTS and len(set(names)) == len(names)
    assert names[len(COUNTS):] and all(name.startswith("guard_") for name in names[len(COUNTS):])


def test_each_width_and_direction(loaded):
    def some():
        access(loaded, BUFFER, *(f"r{bits} 0x0" for bits in (8, 16, 16, 32, 32, 32, 64)))
        access(loaded, BUFFER, *(f"w{bits} 0x0 0x1" for bits in (64, 64, 8)), "w16be 0 1")
        access(loaded, "edu", "r32 0x40")
    _, changed = difference(loaded, some)
    if loaded.requested == "auto":
        assert changed == {}
    else:
        assert changed == {"loads_8": 1, "loads_16": 2, "loads_32": 4, "loads_64": 1,
                           "stores_8": 1, "stores_16": 1, "stores_64": 2, "all_ones": 1}


def test_a_processor_that_has_gone(loaded):
    """What it has counted stays counted while it is offline."""
    cpu = "/sys/devices/system/cpu/cpu1/online"

    def on_the_other():
        loaded.guest.check(f"taskset 2 sh -c \"for n in 1 2 3; do"
                           f" echo 'r32 0x0' >{loaded.bars['edu']}/access; done\"; echo 0 >{cpu}")
    try:
        _, changed = difference(loaded, on_the_other)
    finally:
        loaded.guest.check(f"echo 1 >{cpu}")
    assert changed == ({} if loaded.requested == "auto" else {"loads_32": 3})


@pytest.mark.parametrize("device, case", [("pci-testdev", "stress threads=8 secs=2"),
                                          (BUFFER, "copy_fuzz"), ("edu", "nested_timer")])
def test_every_access_is_counted(loaded, device, case):
    run, changed = difference(loaded, lambda: loaded.run(device, case))
    assert run.case.ok
    counted = sum(number for name, number in changed.items() if re.match("loads|stores|bulk", name))
    assert counted == (0 if loaded.requested == "auto" else run.accesses)
