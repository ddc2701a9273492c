# SPDX-License-Identifier: GPL-2.0
"""Of what drivers map for programs the guard takes what is a window of PCI and not cached. Memory,
and what is cached, is the program's own, before and after mprotect(). A BAR that is mapped in a way
that cannot be guarded is refused.
"""

import pytest
from lab import dropin, guard, paths
from lab.build import build_module
from lab.guest import Guest
from lab.program import build_program
from lab.subject import DEBUGFS

BAR = "/sys/bus/pci/devices/0000:00:00.0"
OWN = "0x600d600d"      # what the driver has in its memory
SIGBUS = "signal 7"
# What a load there gives, and another when it is read-only; None: what is in the BAR.
PAGES = {"memory": (0, OWN), "memory, mixed": (1, OWN), "BAR, mixed": (2, SIGBUS),
         "BAR, cached": (3, None)}


@pytest.fixture(scope="module")
def guest(kernel):
    files = {"/svm_mmio.ko": dropin.module(kernel).ko["svm_mmio"],
             "/guard_maps.ko": build_module(kernel, paths.TOP / "tests/drivers/guard_maps").ko[
                 "guard_maps"],
             **{f"/{name}": build_program(paths.TOP / "tests/guest" / name)
                for name in ("maps", "bar")}}
    with Guest.boot(kernel, name="guard-mappings", files=files, devices=(guard.DEVICE,),
                    smp=1) as it:
        bar = it.check(f"echo 1 >{BAR}/enable; sed -n 3p {BAR}/resource").split()[0]
        it.check(f"insmod /guard_maps.ko bar={bar}")
        it.check("insmod /svm_mmio.ko guard=on guard_user=on")
        # Until a program has mapped a BAR the guard looks at no entry that is set anew.
        it.check(f"/bar {BAR}/resource2 double")
        yield it


def loads(guest, file, page):
    """What the two loads give that are made there."""
    return guest.check(f"/maps {file} {page}").splitlines()


def counts(guest):
    return guest.check(f"sed -n '/^guard_user_[ls].*s:/p' {DEBUGFS}/status")


@pytest.fixture(scope="module")
def stored(guest):
    """What the BAR has at its beginning."""
    first, second = loads(guest, f"{BAR}/resource2", 0)
    assert first == second != SIGBUS
    return first


@pytest.mark.parametrize("what", PAGES)
def test_mapping(guest, stored, what):
    page, wanted = PAGES[what]
    before = counts(guest)
    assert loads(guest, "/dev/guard_maps", page) == [wanted or stored] * 2
    assert counts(guest) == before


def test_of_the_bar_itself(guest, stored):
    """Negative control: what is guarded gives the same, and is counted."""
    before = counts(guest)
    assert loads(guest, f"{BAR}/resource2", 0) == [stored] * 2
    assert counts(guest) != before


def test_without_the_guard(guest, stored):
    """Negative control: it is the guard that refuses."""
    guest.check("rmmod svm_mmio")
    assert loads(guest, "/dev/guard_maps", 2) == [stored] * 2
