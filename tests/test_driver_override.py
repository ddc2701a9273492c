# SPDX-License-Identifier: GPL-2.0
"""A device of the administrator's own, handed over through driver_override."""

import pytest
from lab.subject import DEBUGFS, PORTS, Subject

# Nothing is known of it; its first register (capability length and version) reads as this.
DEVICE = "nec-usb-xhci"
CAPABILITIES = "0x01000040"
NO_BAR = "pci-bridge,chassis_nr=1,shpc=off,msi=off"


@pytest.fixture(scope="module", name="it")
def with_xhci(kernel):
    with Subject.boot(kernel, name="driver-override",
                      devices=("pci-testdev", f"{DEVICE},id=other", NO_BAR)) as it:
        it.load("backend=sprg0")
        yield it


@pytest.fixture(scope="module", name="bdf")
def find(it):
    return it.guest.check("cd /sys/bus/pci/devices; grep -l 0x0c0330 */class | cut -d/ -f1").strip()


def test_not_touched_before(it, bdf):
    assert set(it.bars) == {"pci-testdev", PORTS}
    assert it.guest.run(f"test -e {DEBUGFS}/{bdf}").rc


def test_hand_over_and_take_back(it, bdf):
    it.guest.check(f"echo svm_mmio >/sys/bus/pci/devices/{bdf}/driver_override\n"
                   f"echo {bdf} >/sys/bus/pci/drivers_probe")
    it.bars["other"] = f"{DEBUGFS}/{bdf}/bar0"
    answer = it.guest.check(f"cd {DEBUGFS}/{bdf}/bar0 && echo 'r32 0' >access && cat access")
    assert answer.strip() == CAPABILITIES

    ran = 0
    for case in it.cases("other"):
        run = it.run("other", case)
        assert run.case.ok, str(run.case)
        assert run.all_captured, run
        if run.case.skipped is None:
            # All that is known to be harmless is to read 32 bits at offset 0.
            assert run.seen.stores == 0
            assert run.accesses > 0
            ran += 1
    assert ran > 0

    it.guest.check(f"echo {bdf} >/sys/bus/pci/drivers/svm_mmio/unbind\n"
                   f"echo >/sys/bus/pci/devices/{bdf}/driver_override")
    assert it.guest.run(f"test -e {DEBUGFS}/{bdf}").rc
    assert it.guest.run(f"echo {bdf} >/sys/bus/pci/drivers/svm_mmio/bind").rc


def test_device_without_a_bar(it):
    """There is nothing to test: it is refused, with a message, and not held."""
    bdf = it.guest.check("cd /sys/bus/pci/devices; grep -l 0x060400 */class | cut -d/ -f1").strip()
    mark = it.guest.mark()
    it.guest.check(f"echo svm_mmio >/sys/bus/pci/devices/{bdf}/driver_override")
    assert it.guest.run(f"echo {bdf} >/sys/bus/pci/drivers/svm_mmio/bind").rc
    said = [text for _, text in it.guest.dmesg(mark)]
    assert any(f"{bdf}: has no BAR to test" in text for text in said), said
    assert it.guest.run(f"test -e /sys/bus/pci/drivers/svm_mmio/{bdf}").rc
    assert it.guest.run(f"test -e {DEBUGFS}/{bdf}").rc
