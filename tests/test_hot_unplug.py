# SPDX-License-Identifier: GPL-2.0
"""The device under test is unplugged from the machine in the middle of a run, and comes back."""

import time

import pytest
from lab import intruder
from lab.build import build_module
from lab.subject import Subject
from lab.underway import Underway

LIMIT = 60


@pytest.fixture(name="it")
def pluggable(kernel):
    release = build_module(kernel, intruder.DRIVERS / "pci_release").ko["pci_release"]
    with Subject.boot(kernel, name="hot-unplug", files={"/pci_release.ko": release},
                      devices=("pci-testdev,id=victim", "edu")) as it:
        it.load("backend=sprg0")
        yield it


def plugged(it):
    """Whether the machine has the device; the connector may not have been told yet."""
    return "victim" in it.guest.hmp("info pci")


def test_unplugged_in_a_run(it):
    bdf = it.bars["pci-testdev"].split("/")[-2]
    device = f"/sys/bus/pci/devices/{bdf}"
    connector = "".join(it.guest.check(f"od -An -tx1 {device}/of_node/ibm,my-drc-index").split())
    assert plugged(it)
    with Underway(it, "pci-testdev", secs=600) as stress:
        time.sleep(2)
        it.guest.qmp("device_del", id="victim")
        assert plugged(it)      # it waits for the guest to let go
        it.guest.check(f"echo 1 >{device}/remove")
        it.guest.check(f"insmod /pci_release.ko connector=0x{connector}; rmmod pci_release")
    results, said = stress.text()
    assert "No such device" in said and "Bail out! the device has gone" in results
    deadline = time.monotonic() + LIMIT
    while plugged(it):
        assert time.monotonic() < deadline, it.guest.hmp("info pci")
        time.sleep(0.2)
    # The other one is not affected.
    run = it.run("edu", "stress secs=2")
    assert run.case.ok and run.all_captured, run

    it.guest.qmp("device_add", driver="pci-testdev", id="victim")
    it.guest.check("echo 1 >/sys/bus/pci/rescan")
    it.find_bars()
    for case in ("load_values", "store_match", "stress secs=2"):
        run = it.run("pci-testdev", case)
        assert run.case.ok and run.all_captured, run
    it.unload()
