# SPDX-License-Identifier: GPL-2.0
"""The self-test on each kernel there is, under the oracle: what came of it, in one row of a table.

    for name in kernelmatrix.NAMES:
        print(kernelmatrix.line(kernelmatrix.run(name)))
"""

import re
from dataclasses import dataclass

from . import kernelbuild, kernels
from .subject import Subject


def version(name):
    """The major and minor version of the kernel called @name."""
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", name).groups()))


# Oldest first.
NAMES = tuple(sorted((*kernelbuild.SECURE, *kernels.TABLE), key=version))

COLUMNS = (("kernel", 10), ("release", 26), ("compiler", 14), ("preemption", 11), ("pages", 5),
           ("windows", 7), ("accesses", 10), ("mismatched", 10), ("result", 8))


@dataclass(frozen=True)
class Row:
    """What came of one kernel."""

    kernel: str
    release: str
    compiler: str
    preemption: str
    pages: str
    windows: int
    accesses: int           # that the guest says it made
    matched: int            # of them, those where the oracle saw SPRG0 right
    mismatched: int         # all others that the oracle saw
    ran: frozenset          # (device, case), without those skipped
    failures: tuple         # text of each case that failed, or was not all captured

    @property
    def good(self):
        """Whether every case passed, and every access was captured."""
        return bool(self.ran) and not self.failures and self.matched == self.accesses > 0


def get(name):
    """The kernel called @name, whether Debian has built it or the lab does."""
    return (kernelbuild if name in kernelbuild.TABLE else kernels).get(name)


def run(name):
    """Run every case of the self-test with backend sprg0 on every device: a Row."""
    kernel = get(name)
    config = kernelbuild.options(kernel.config.read_text(encoding="utf-8"))
    ran, failures = set(), []
    accesses = matched = mismatched = 0
    with Subject.boot(kernel, name=f"kernel-{name}") as it:
        it.load("backend=sprg0")
        windows = int(it.status()["windows"])
        for done in it.run_every_case():
            accesses += done.accesses
            matched += done.seen.matched
            mismatched += done.seen.accesses - done.seen.matched + done.seen.unresolved
            if not done.case.ok or not done.all_captured:
                failures.append(f"{done.device}: {done.case}\n{done.seen}")
            if done.case.skipped is None:
                ran.add((done.device, done.case.name))
        it.unload()
    return Row(name, kernel.release, compiler(config), preemption(config), pages(config), windows,
               accesses, matched, mismatched, frozenset(ran), tuple(failures))


def compiler(config):
    """The compiler that a kernel was configured with."""
    return "gcc " + re.search(r"([\d.]+)\"$", config["CONFIG_CC_VERSION_TEXT"])[1]


def preemption(config):
    """How a kernel gives way to another task."""
    for option, word in (("PREEMPT_LAZY", "lazy"), ("PREEMPT_RT", "rt"), ("PREEMPT", "full"),
                         ("PREEMPT_VOLUNTARY", "voluntary")):
        if config.get(f"CONFIG_{option}") == "y":
            return word
    return "none"


def pages(config):
    """The size of a page."""
    return "64K" if config.get("CONFIG_PPC_64K_PAGES") == "y" else "4K"


def heading():
    """The first two lines of the table."""
    return "\n".join((_cells(name for name, _ in COLUMNS),
                      _cells("-" * width for _, width in COLUMNS)))


def line(row):
    """One line of it."""
    return _cells((row.kernel, row.release, row.compiler, row.preemption, row.pages, row.windows,
                   f"{row.accesses:,}", f"{row.mismatched:,}", "ok" if row.good else "FAILED"))


def _cells(values):
    return " ".join(f"{value:>{width}}" if name in ("windows", "accesses", "mismatched")
                    else f"{value:<{width}}"
                    for value, (name, width) in zip(values, COLUMNS)).rstrip()
