# SPDX-License-Identifier: GPL-2.0
"""A device that is removed, or a module that is to be unloaded, while a run is under way."""

import time

import pytest
from lab.subject import Subject

NO_DEVICE = "No such device"
LONG_RUN = 300      # seconds: longer than any test here lasts
AT_ONCE = 30        # seconds that the end of such a run may take


@pytest.fixture(name="it")
def loaded(kernel, request):
    with Subject.boot(kernel, name=request.node.name) as it:
        it.load("backend=sprg0")
        yield it


def start_run(it, device, command):
    """Start a run in the background; /tmp/ended says how it ended, with its results.

    The files are opened before: they are all that is left when the device has gone.
    """
    it.guest.check(
        f"cd {it.bars[device]}; exec 4<>run 5<results 6<>access; cd /\n"
        f"( {{ echo '{command}' >&4; }} 2>/tmp/said; cat <&5 >/tmp/results\n"
        " { echo 'r32 0' >&6; } 2>>/tmp/said; echo >/tmp/ended ) >/dev/null 2>&1 &\nsleep 2")


def wait_for_end(it):
    it.guest.check("while [ ! -e /tmp/ended ]; do sleep 0.2; done", timeout=AT_ONCE)


@pytest.mark.parametrize("device", ["pci-testdev", "edu"])
def test_remove_while_a_run_is_going(it, device):
    bdf = it.bars[device].split("/")[-2]
    start_run(it, device, f"stress secs={LONG_RUN}")
    started = time.monotonic()
    it.guest.check(f"echo 1 >/sys/bus/pci/devices/{bdf}/remove", timeout=AT_ONCE)
    wait_for_end(it)
    assert time.monotonic() - started < AT_ONCE
    said = it.guest.check("cat /tmp/said")
    # First the run, then the access through a file that was open all the time.
    assert said.count(NO_DEVICE) == 2, said
    assert "Bail out! the device has gone" in it.guest.check("cat /tmp/results")
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
    start_run(it, "edu", "stress secs=5")
    result = it.guest.run("rmmod svm_mmio")
    assert result.rc and "Resource temporarily unavailable" in result.out
    wait_for_end(it)
    assert "\nok 1 stress\n" in it.guest.check("cat /tmp/results")
    it.guest.check("while ! rmmod svm_mmio 2>/dev/null; do sleep 0.2; done", timeout=AT_ONCE)


def test_unbind_while_a_run_is_going(it):
    bdf = it.bars["edu"].split("/")[-2]
    start_run(it, "edu", f"stress secs={LONG_RUN}")
    it.guest.check(f"echo {bdf} >/sys/bus/pci/drivers/svm_mmio/unbind", timeout=AT_ONCE)
    wait_for_end(it)
    assert it.guest.check("cat /tmp/said").count(NO_DEVICE) == 2
    it.guest.check(f"echo {bdf} >/sys/bus/pci/drivers/svm_mmio/bind")
    run = it.run("edu", "all_ones")
    assert run.case.ok and run.all_captured


def test_interrupt_a_run(it):
    """A signal ends it; what had run by then is in the results."""
    bar = it.bars["edu"]
    it.guest.check(f"(exec sh -c 'echo stress secs={LONG_RUN} >{bar}/run') >/dev/null 2>&1 &\n"
                   "echo $! >/tmp/pid; sleep 2; kill -TERM $(cat /tmp/pid) || exit 1\n"
                   "while kill -0 $(cat /tmp/pid) 2>/dev/null; do sleep 0.2; done",
                   timeout=AT_ONCE)
    results = it.guest.check(f"cat {bar}/results")
    assert "not ok 1 stress" in results and "Bail out! interrupted" in results
    run = it.run("edu", "load_values")
    assert run.case.ok and run.all_captured
