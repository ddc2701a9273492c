# SPDX-License-Identifier: GPL-2.0
"""Drivers as the distribution ships them, nothing rebuilt: with the guard on every access of their
devices is captured, whoever makes it, and the data is right.

The oracle judges all text, the kernel's too. In one guest: the guard is there before the drivers;
it goes while they are bound, and their accesses are plain again; it comes back and finds them.
"""

import re

import pytest
from lab import dropin, guard, kernels
from lab.devices import DEVICES, Park
from lab.driven import EARLY, Driven
from lab.soak import SOAK

# On the other kernels one for each kind of access: memory, MSI-X by the kernel, ports.
THREE = ("e1000", "nvme", "ne2k_pci")
PARKS = {"6.1": tuple(DEVICES), "7.2": THREE, **({"6.12": THREE} if SOAK else {})}

# The kernel's own accesses of its interrupt controller would be in between; and the level
# interrupts of QEMU's XIVE do not survive how 8390 masks its own.
MACHINE = "ic-mode=xics"


def test_there_are_enough():
    assert len(DEVICES) >= 10
    assert len({device.subsystem for device in DEVICES.values()}) >= 5


class Phase:
    """What was seen while the devices did their work once."""

    def __init__(self, it, park):
        # What is left of a transfer goes on: so the guard's counts are taken in between.
        before, status = it.counts(), self._status(it)
        park.work(it.guest)
        self.guard = {key: value - status[key] for key, value in self._status(it).items()}
        seen = it.counts() - before
        self.captured = seen["svm_mmio"].matched
        self.wrong = sum(verdicts.mismatched + verdicts.unacceptable + verdicts.unresolved
                         for verdicts in seen.ranges.values())
        self.kernel = seen.outside + seen.outside_unresolved

    @staticmethod
    def _status(it):
        found = guard.status(it.guest) if it.is_loaded else {}
        return {key: int(value) for key, value in found.items()
                if re.match("guard_(loads|stores|kernel|left)", key)}

    def __str__(self):
        return (f"captured {self.captured}, not: {self.wrong} in modules, {self.kernel} in the "
                f"kernel's text; the guard counts {self.guard}")


def load(it):
    it.load("svm_mmio", "guard=on backend=sprg0")
    it.is_loaded = True


@pytest.fixture(scope="module", params=PARKS)
def phases(request, tmp_path_factory):
    """The three phases on a kernel: {what: Phase}."""
    kernel = kernels.get(request.param)
    park = Park(tmp_path_factory.mktemp(request.param), PARKS[request.param])
    drivers = park.modules(kernel)
    with Driven.boot(kernel, name=f"guard-drivers-{request.param}", machine=MACHINE,
                     ko={**drivers, **dropin.module(kernel).ko}, kernel_text=True,
                     qemu_args=park.qemu_args) as it:
        load(it)
        before = it.counts()
        park.load(it.guest, drivers)
        found = {"loaded before": Phase(it, park)}
        found["loaded before"].probes = it.counts() - before
        it.guest.check("rmmod svm_mmio")
        it.is_loaded = False
        found["gone"] = Phase(it, park)
        load(it)
        found["loaded behind"] = Phase(it, park)
        found["mappings"] = int(guard.status(it.guest)["guard_mappings_found"])
    for what, phase in found.items():
        print(f"{request.param}, {what}: {phase}")
    return found


@pytest.mark.parametrize("what", ["loaded before", "loaded behind"])
def test_every_access_is_captured(phases, what):
    phase = phases[what]
    assert phase.captured > 1000
    assert (phase.wrong, phase.kernel) == (0, 0)
    left = [phase.guard[key] for key in phase.guard if key.startswith("guard_left")]
    assert len(left) == 4 and not any(left)
    made = phase.guard["guard_loads"] + phase.guard["guard_stores"]
    assert made <= phase.captured < made * 1.01 + 100


def test_probes_are_captured(phases):
    """From the very load of each driver on."""
    seen = phases["loaded before"].probes
    assert {name: verdicts.mismatched for name, verdicts in seen.ranges.items()} == {
        EARLY: 0, "svm_mmio": 0}
    assert seen.outside == 0


def test_the_kernels_text_is_guarded(phases):
    assert phases["loaded before"].guard["guard_kernel"] > 100


def test_without_the_guard(phases):
    """Negative control: the very same accesses are plain."""
    phase = phases["gone"]
    assert phase.captured == 0 and phase.wrong > 1000 and phase.kernel > 100


def test_mappings_are_found(phases):
    """Those of the bound drivers, and the ports."""
    assert phases["mappings"] > 3
