# SPDX-License-Identifier: GPL-2.0
"""The guard's tests: accesses of all forms, drawn in the guest, and what came of them.

    with Guest.boot(kernel, devices=(guard.DEVICE,), files={**guard.files(kernel), ...}) as guest:
        guest.check("insmod /svm_mmio.ko guard=on")
        outcome = guard.run_cases(guest, 1000)
"""

import re
from dataclasses import dataclass

from . import paths, subject
from .build import build_module

# Its controller memory buffer takes all widths, and keeps what is stored.
DEVICE = "nvme,serial=lab,cmb_size_mb=1,legacy-cmb=on"
LIMIT = 600     # seconds for what takes a dozen where nothing else runs

# What no compiler uses otherwise: the stack, and what every CPU knows itself by.
STACK, PACA = 1, 13


@dataclass(frozen=True)
class Outcome:
    """What run_cases() gave."""

    cases: int
    wrong: int
    targets: set        # the registers that were loaded or stored
    bases: set
    indexes: set
    forms: dict         # mnemonic -> how many
    text: str           # all of it, with the first that were wrong


def files(kernel):
    """The driver that makes the accesses: files for the guest."""
    built = build_module(kernel, paths.TOP / "tests/drivers/guard_cases")
    return {"/guard_cases.ko": built.ko["guard_cases"]}


def stress(kernel):
    """A stock driver of QEMU's edu that never rests: files for the guest."""
    built = build_module(kernel, paths.TOP / "tests/drivers/guard_stress",
                         extra={name: paths.TOP / "compat" / name
                                for name in ("compat.h", "compat.mk")})
    return {"/guard_stress.ko": built.ko["guard_stress"]}


def stressed(guest):
    """How far that driver is: reads, wrong, ticks, maps."""
    text = guest.check("cat /sys/module/guard_stress/parameters/result")
    return {name: int(count) for name, count in (word.split("=") for word in text.split())}


def run(guest, arguments):
    """Load the driver with @arguments and unload it; what it says."""
    return guest.check(f"insmod /guard_cases.ko {arguments} &&"
                       " cat /sys/module/guard_cases/parameters/result; rmmod guard_cases",
                       timeout=LIMIT)


def run_cases(guest, cases, seed=1):
    """Let @cases accesses be made, drawn from @seed: an Outcome."""
    text = run(guest, f"cases={cases} seed={seed}")
    sums = re.search(r"^cases (\d+) wrong (\d+)$", text, re.MULTILINE)
    masks = re.search(r"^targets (\w+) bases (\w+) indexes (\w+)$", text, re.MULTILINE)
    forms = re.search(r"^forms (.*)$", text, re.MULTILINE)[1]
    return Outcome(int(sums[1]), int(sums[2]), *(registers(mask) for mask in masks.groups()),
                   {name: int(count) for name, count in
                    (form.split("=") for form in forms.split())}, text)


def registers(mask):
    """The registers whose bits are set in @mask, in hexadecimal."""
    return {n for n in range(32) if int(mask, 16) >> n & 1}


def status(guest):
    """The lines of the file "status" that are the guard's, as a dict."""
    text = guest.check(f"grep ^guard {subject.DEBUGFS}/status")
    return dict(line.split(": ", 1) for line in text.splitlines())
