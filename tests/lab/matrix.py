# SPDX-License-Identifier: GPL-2.0
"""Which accessor works under which hypervisor: reads of one register, tried in a real L2.

    with Trial.boot(kernel, name="demo-backends") as trial:
        for row, cells in trial.rows(1000):
            ...

An access that is not emulated is the end of the task that made it, or else of all progress of its
processor, for as long as the hypervisor behaves like that. L2 survives both.
"""

import contextlib
from dataclasses import dataclass, field

from . import console, dropin, paths
from .build import build_module
from .hypervisor import Hypervisor, refused

DRIVER = paths.TOP / "tests/drivers/mmio_reads"
RUN = "/sys/kernel/debug/mmio_reads/run"
RESULT = "/sys/kernel/debug/mmio_reads/result"

LIMIT = 300             # seconds for a run that makes progress


@dataclass(frozen=True)
class Row:
    """An accessor: what a driver calls, and the backend that svm_mmio was loaded with."""

    title: str
    accessor: str       # for the driver: "kernel" or "svm"
    backend: str


ROWS = (
    Row("readl()", "kernel", "direct"),
    Row("svm_readl(), backend=direct", "svm", "direct"),
    Row("svm_readl(), backend=sprg0", "svm", "sprg0"),
    Row("svm_readl(), backend=hcall", "svm", "hcall"),
)


# The hypervisors: modes of the model.
MODES = ("off", "strict", "legacy")


@dataclass(frozen=True)
class Cell:
    """What came of so many reads."""

    WORKS, OOPS, SPINS, WRONG = "works", "oops", "spins", "wrong values"

    verdict: str
    done: int               # reads that came to an end, while the hypervisor was as it was
    nanoseconds: int        # that all of them took, if they worked
    captured: int           # accesses that the model took from SPRG0
    refused: dict = field(default_factory=dict)     # those it refused, by reason
    said: str = ""          # the kernel's words, if it was an oops
    right_after: int = 0    # if it span: reads that were right once the hypervisor fetched again

    @property
    def works(self):
        """Whether every read was made, and gave what the register holds."""
        return self.verdict == self.WORKS

    @property
    def microseconds(self):
        """For one read."""
        return self.nanoseconds / self.done / 1000


# What has to come out.
EXPECTED = {
    ROWS[0]: {"off": Cell.WORKS, "strict": Cell.OOPS, "legacy": Cell.SPINS},
    ROWS[1]: {"off": Cell.WORKS, "strict": Cell.OOPS, "legacy": Cell.SPINS},
    ROWS[2]: {"off": Cell.WORKS, "strict": Cell.WORKS, "legacy": Cell.SPINS},
    ROWS[3]: {"off": Cell.WORKS, "strict": Cell.WORKS, "legacy": Cell.WORKS},
}


class Trial:
    """An L1 with an L2 in it; use it in a with statement."""

    def __init__(self, l1, l2):
        self.l1 = l1
        self.l2 = l2

    @classmethod
    @contextlib.contextmanager
    def boot(cls, kernel, *, name, **options):
        """Boot both, with the model switched off. Other options are those of Hypervisor.boot()."""
        module = dropin.module(kernel)      # without the self-test, which would claim the device
        driver = build_module(kernel, DRIVER, symvers=[module],
                              extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"})
        files = {"/svm_mmio.ko": module.ko["svm_mmio"], "/mmio_reads.ko": driver.ko["mmio_reads"]}
        with (Hypervisor.boot(kernel, name=name, files=files, mode="off", **options) as l1,
              l1.boot_guest(devices=("edu",), strict=False) as l2):
            yield cls(l1, l2)

    @contextlib.contextmanager
    def backend(self, backend, guard="off"):
        """The module with @backend, and the driver on top of it."""
        self.l2.check(f"insmod /svm_mmio.ko backend={backend} guard={guard} &&"
                      " insmod /mmio_reads.ko")
        yield
        self.l2.check("rmmod mmio_reads && rmmod svm_mmio")

    def rows(self, reads):
        """Try every row under every hypervisor: yields (Row, {mode: Cell})."""
        for row in ROWS:
            with self.backend(row.backend):
                yield row, {mode: self.read(row.accessor, reads, mode) for mode in MODES}

    def read(self, accessor, reads, mode, pause=0):
        """Let the driver make @reads with @accessor while the hypervisor is in @mode: a Cell.

        @pause is for L2 to take before, in microseconds.
        """
        before = self.l1.counts()
        seen = len(console.read(self.l2.log))
        self.l1.set_mode(mode)
        finish = self.l2.begin(f"usleep {pause}; echo '{accessor} {reads}' >{RUN}", LIMIT)
        ended = self.l1.has_answered(self.l2, before)
        counts = self.l1.counts_since(before)
        refusals = self.l1.refusals()
        # What got nowhere comes to an end now.
        self.l1.set_mode("off")
        rc = finish().rc
        done, right, nanoseconds = map(int, self.l2.check(f"cat {RESULT}").split())
        said = console.complaint(console.read(self.l2.log)[seen:]) or ""
        if not ended:
            # If all the last refusals are of one access, the first read did not end.
            verdict = Cell.SPINS if len(set(refusals)) == 1 else Cell.WRONG
            return Cell(verdict, 0, 0, counts["captured"], refused(counts), said, right)
        if rc:
            verdict = Cell.OOPS
        else:
            verdict = Cell.WORKS if right == done == reads else Cell.WRONG
        return Cell(verdict, done, nanoseconds, counts["captured"], refused(counts), said)
