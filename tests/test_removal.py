# SPDX-License-Identifier: GPL-2.0
"""A device that is removed, or a module that is to be unloaded, while a run is under way."""

import time

import pytest
from lab.subject import Subject
from lab.underway import Underway, interrupted

NO_DEVICE = "No such device"
LONG_RUN = 300      # seconds: longer than any test here lasts
AT_ONCE = 30        # seconds that the end of such a run may take


@pytest.fixture(scope="module")
def guest(kernel):
    with Subject.boot(kernel, name="removal") as it:
        yield it


@pytest.fixture(name="it")
def loaded(guest):
    guest.load("backend=sprg0")
    yield guest
    guest.guest.check("if [ -e /sys/module/svm_mmio ]; then rmmod svm_mmio; fi")


@pytest.mark.parametrize("device", ["pci-testdev", "edu"])
def test_remove_while_a_run_is_going(it, device):
    bdf = it.bars[device].split("/")[-2]
    with Underway(it, device, secs=LONG_RUN, then="r32 0") as stress:
        time.sleep(2)
        started = time.monotonic()
        it.guest.check(f"echo 1 >/sys/bus/pci/devices/{bdf}/remove", timeout=AT_ONCE)
    assert time.monotonic() - started < AT_ONCE
    results, said = stress.text()
    # First the run, then the access through a file that was open all the time.
    assert said.count(NO_DEVICE) == 2, said
    assert "Bail out! the device has gone" in results
    assert it.guest.run(f"ls -d {it.bars[device]}").rc
    # The other device is not affected.
    other, = {"pci-testdev", "edu"} - {device}
    run = it.run(other, "load_values")
    assert run.case.ok and run.all_captured
    # And the one that was removed can come back.
    it.guest.check("echo 1 >/sys/bus/pci/rescan")
    run = it.run(device, "load_values")
    assert run.case.ok and run.all_captured
    it.unload()


def test_unload_while_a_run_is_going(it):
    """Refused while a file is open; clean as soon as it is closed."""
    with Underway(it, "edu", secs=5) as stress:
        time.sleep(2)
        result = it.guest.run("rmmod svm_mmio")
        assert result.rc and "Resource temporarily unavailable" in result.out
    assert "\nok 1 stress\n" in stress.text()[0]
    it.guest.check("while ! rmmod svm_mmio 2>/dev/null; do sleep 0.2; done", timeout=AT_ONCE)


def test_unbind_while_a_run_is_going(it):
    bdf = it.bars["edu"].split("/")[-2]
    with Underway(it, "edu", secs=LONG_RUN, then="r32 0") as stress:
        time.sleep(2)
        started = time.monotonic()
        it.guest.check(f"echo {bdf} >/sys/bus/pci/drivers/svm_mmio/unbind", timeout=AT_ONCE)
    assert time.monotonic() - started < AT_ONCE
    assert stress.text()[1].count(NO_DEVICE) == 2
    it.guest.check(f"echo {bdf} >/sys/bus/pci/drivers/svm_mmio/bind")
    run = it.run("edu", "all_ones")
    assert run.case.ok and run.all_captured


def test_interrupt_a_run(it):
    """A signal ends it; what had run by then is in the results."""
    with interrupted(it, "edu", LONG_RUN):
        pass
    results = it.guest.check(f"cat {it.bars['edu']}/results")
    assert "not ok 1 stress" in results and "Bail out! interrupted" in results
    run = it.run("edu", "load_values")
    assert run.case.ok and run.all_captured
