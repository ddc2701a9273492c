# SPDX-License-Identifier: GPL-2.0
"""The test drivers that interrupt a stress: they need to know where the module's text is.

    with Intruder(subject, "nmi") as intruder:
        ...
        seen = intruder.seen()
"""

import re
from dataclasses import dataclass

from . import elf, paths, subject
from .build import build_module

DRIVERS = paths.TOP / "tests/drivers"

# What a system reset must not interrupt: MSR[RI] is 0 where the kernel could not return from it,
# and MSR[EE] is 0 where one may be under way already.
MSR_EE_RI = 0x8002


def files(kernel):
    """The drivers, for the guest: {"/path": Path}."""
    module = subject.build(kernel)
    intruder = build_module(kernel, DRIVERS / "intruder", symvers=[module],
                            extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"})
    return {"/intruder.ko": intruder.ko["intruder"],
            "/kprobe_all.ko": build_module(kernel, DRIVERS / "kprobe_all").ko["kprobe_all"]}


def stock(kernel):
    """A driver that makes its accesses by readl(), as it knows nothing of svm_mmio: its file."""
    return build_module(kernel, DRIVERS / "intruder", extra={
        "svm_mmio.h": b"#include <linux/io.h>\n#define svm_readl readl\n"}).ko["intruder"]


def text(it, ko=None):
    """(address, size) of the text of the module in Subject @it, from file @ko if not its own."""
    address = int(it.guest.check("cat /sys/module/svm_mmio/sections/.text"), 16)
    return address, elf.text_sections(ko or it.ko)[".text"]


@dataclass(frozen=True)
class Seen:
    """What the interrupts have seen so far."""

    intrusions: int
    wrong: int          # loads of the device's register that did not give its value
    found: dict         # offset in the module's text -> how often it was interrupted there

    def inside(self, windows):
        """How many came while SPRG0 named an access, or was yet to be restored."""
        return sum(count for offset, count in self.found.items() if within(windows, offset))


def within(windows, offset):
    """Whether the instruction at @offset is in the captured part of one of @windows."""
    return any(window.access <= offset <= window.restore for window in windows)


class Intruder:
    """The driver, loaded: accesses edu in interrupts @by "pmi" or "nmi". @ko is svm_mmio's."""

    def __init__(self, it, by, ko=None):
        self._it = it
        self._by = by
        self._ko = ko

    def __enter__(self):
        guest = self._it.guest
        bar = self._it.bars["edu"]
        resource = guest.check(f"cat /sys/bus/pci/devices/{bar.split('/')[-2]}/resource").split()
        value = guest.check(f"cd {bar}; echo r32 0 >access; cat access").strip()
        start, size = text(self._it, self._ko)
        guest.check(f"insmod /intruder.ko by={self._by} address={resource[0]} value={value}"
                    f" text={start:#x} text_size={size}")
        return self

    def seen(self):
        """A Seen."""
        intrusions, wrong, *found = self._it.guest.check(
            "cd /sys/kernel/debug/intruder; cat intrusions wrong found").splitlines()
        return Seen(int(intrusions), int(wrong),
                    {int(offset, 16): int(count) for offset, count in map(str.split, found)})

    def __exit__(self, kind, error, trace):
        if error is None:
            self._it.guest.check("rmmod intruder")


def reset_in_window(it, windows, start, polls):
    """Stop all processors of Subject @it up to @polls times, at random, and send a system reset
    when one of them is in one of @windows of text at @start, and none where it may not come.

    Returns how many processors were in a window: 0 if none was met.
    """
    for _ in range(polls):
        it.guest.qmp("stop")
        try:
            registers = it.guest.hmp("info registers -a")
            places = [int(nip, 16) - start for nip in re.findall(r"NIP ([0-9a-f]{16})", registers)]
            states = [int(msr, 16) for msr in re.findall(r"MSR ([0-9a-f]{16})", registers)]
            met = sum(within(windows, place) for place in places)
            if met and all(state & MSR_EE_RI == MSR_EE_RI for state in states):
                it.guest.qmp("inject-nmi")
                return met
        finally:
            it.guest.qmp("cont")
    return 0
