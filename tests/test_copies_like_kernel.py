# SPDX-License-Identifier: GPL-2.0
"""Copies make the accesses that the kernel's own copies make: the same widths, in the same order.

Seen by QEMU itself at the device (its trace events), for each alignment of both sides and each
length up to 63, with each backend: an hcall's access is there, too, which the oracle cannot see.
"""

import re

import pytest
from lab import dropin, paths
from lab.build import build_module
from lab.guest import Guest, quoted
from lab.variants import build_variants

DRIVER = paths.TOP / "tests/drivers/copies"
DEVICES = ("nvme,serial=svm,cmb_size_mb=1",)
BACKENDS = ("direct", "sprg0", "hcall")
SIZE = 1 << 20      # of the buffer
MARK = 0x1000       # where the driver says which copy comes next
WANTED = 4000       # pairs of alignment and length, of each function

EVENTS = ("memory_region_ops_read", "memory_region_ops_write")
EVENT = re.compile(r"memory_region_ops_(read|write) .* addr (0x[0-9a-f]+) value (0x[0-9a-f]+) "
                   r"size (\d+) name 'nvme-cmb'")


class Watched:
    """A guest whose accesses to the buffer are written down by QEMU."""

    def __init__(self, guest, log):
        self.guest = guest
        self._log = log
        self._file = log.open(encoding="utf-8", errors="replace")

    def copies(self, by_svm):
        """Run the driver; {mark: [(direction, offset, bytes)]} in the order of the accesses."""
        for event in EVENTS:
            self.guest.hmp(f"trace-event {event} on")
        self.guest.check(f"insmod /copies.ko by_svm={int(by_svm)}; rmmod copies", 600)
        for event in EVENTS:
            self.guest.hmp(f"trace-event {event} off")
        found, mark = {}, None
        for line in self._file:
            if not (seen := EVENT.search(line)):
                continue
            direction, address, value, size = seen.groups()
            offset = int(address, 16) % SIZE
            if offset == MARK:
                mark = int(value, 16)
                assert mark not in found
                found[mark] = []
            else:
                found[mark].append((direction, offset, int(size)))
        return found


def wide(kernel):
    """The module with a memcpy_fromio() that makes the fewest accesses there can be."""
    text = (paths.TOP / "accessors/bulk.c").read_text(encoding="utf-8")
    narrow = "copy_from(to, from, n, false, _RET_IP_);"
    assert text.count(narrow) == 1
    wider = text.replace(narrow, narrow.replace("false", "true"))
    return build_variants(kernel, {"wide": {"accessors/bulk.c": wider.encode()}})["wide"]


@pytest.fixture(scope="module")
def watched(kernel):
    module = dropin.module(kernel)
    driver = build_module(kernel, DRIVER, extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"},
                          symvers=[module])
    log = paths.log("copies.trace")
    log.unlink(missing_ok=True)
    with Guest.boot(kernel, name="copies", smp=1, devices=DEVICES,
                    files={"/svm_mmio.ko": module.ko["svm_mmio"],
                           "/wide.ko": wide(kernel),
                           "/copies.ko": driver.ko["copies"]},
                    qemu_args=("-D", quoted(log))) as guest:
        yield Watched(guest, log)
    log.unlink()


@pytest.fixture(scope="module")
def kernels_own(watched):
    """What the kernel's functions do."""
    watched.guest.check("insmod /svm_mmio.ko backend=direct")
    found = watched.copies(by_svm=False)
    watched.guest.check("rmmod svm_mmio")
    return found


def test_the_kernels_copies_are_seen(kernels_own):
    """Every pair, of each of the three functions, and every width that they use."""
    assert len(kernels_own) >= 3 * WANTED
    assert all(accesses for mark, accesses in kernels_own.items() if mark % 64)
    assert {size for accesses in kernels_own.values() for _, _, size in accesses} == {1, 4}
    assert {direction for accesses in kernels_own.values()
            for direction, _, _ in accesses} == {"read", "write"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_same_accesses(watched, kernels_own, backend):
    watched.guest.check(f"insmod /svm_mmio.ko backend={backend}")
    ours = watched.copies(by_svm=True)
    watched.guest.check("rmmod svm_mmio")
    different = {mark: (kernels_own[mark], ours.get(mark)) for mark in kernels_own
                 if ours.get(mark) != kernels_own[mark]}
    assert not different and len(ours) == len(kernels_own), list(different.items())[:3]


def test_wider_copies_are_seen(watched, kernels_own):
    """Negative control."""
    watched.guest.check("insmod /wide.ko backend=sprg0")
    ours = watched.copies(by_svm=True)
    watched.guest.check("rmmod svm_mmio")
    assert sum(ours[mark] != kernels_own[mark] for mark in kernels_own) > 1000
