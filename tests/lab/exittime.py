# SPDX-License-Identifier: GPL-2.0
"""Measures what one MMIO read takes in a real L2, under KVM that fetches and KVM that does not.

    print(table(measure(kernel)))

All of it, guest and hypervisor: from where the driver calls the accessor to where it has the value.
Measured twice, and in turns, in one L2:

in instructions     by a clock that goes on by a nanosecond with each one that L1 and L2 execute.
                    What else they do, timer interrupts for one, can only add: the least is kept
in time             compared turn by turn, since how fast this machine is changes all the while
"""

import itertools
import statistics
from dataclasses import dataclass

from .errors import LabError
from .matrix import Trial


@dataclass(frozen=True)
class Clock:
    """How it is measured, and how many turns that needs."""

    unit: str
    icount: bool
    reads: int          # in one go
    rounds: int


PAUSE = 331             # microseconds longer with each turn; no divisor of a timer's period
# Fifty reads are over before the next timer interrupt more often than not.
INSTRUCTIONS = Clock("instructions", icount=True, reads=50, rounds=15)
TIME = Clock("ns", icount=False, reads=200, rounds=21)
CLOCKS = (INSTRUCTIONS, TIME)


@dataclass(frozen=True)
class Series:
    """What is measured in turns."""

    title: str
    accessor: str       # for the driver
    backend: str        # of the module
    mode: str           # of the model
    guard: str = "off"

    @property
    def is_captured(self):
        """Whether the model has to take the instruction from SPRG0."""
        return (self.mode, self.backend) == ("strict", "sprg0")


# The first one is what the others are compared with.
SERIES = (
    Series("readl(), KVM fetches", "kernel", "sprg0", "off"),
    Series("svm_readl(), KVM fetches", "svm", "sprg0", "off"),
    Series("svm_readl(), KVM takes SPRG0", "svm", "sprg0", "strict"),
    Series("svm_readl(), KVM is asked", "svm", "hcall", "strict"),
    Series("readl(), guarded, SPRG0 taken", "kernel", "sprg0", "strict", guard="on"),
)


@dataclass(frozen=True)
class Cost:
    """Of one Series, by one Clock: what one read took, a number for each turn."""

    series: Series
    rounds: list

    @property
    def least(self):
        """Of all turns."""
        return min(self.rounds)

    @property
    def median(self):
        """Of all turns."""
        return statistics.median(self.rounds)

    def ratios(self, other):
        """To Cost @other, turn by turn: (first quartile, median, third quartile)."""
        return tuple(statistics.quantiles([mine / its for mine, its
                                           in zip(self.rounds, other.rounds)], n=4))


def measure(kernel, clocks=CLOCKS, name="bench-exit"):
    """Measure every Series on @kernel, as L1 and as L2: {Clock: [Cost, ...]}."""
    return {clock: _measure(kernel, clock, f"{name}-{clock.unit}") for clock in clocks}


def _measure(kernel, clock, name):
    found = {series: [] for series in SERIES}
    # One processor: else it would also be counted what another one does meanwhile.
    with Trial.boot(kernel, name=name, icount=clock.icount) as trial:
        for turn in range(clock.rounds):
            for (backend, guard), group in itertools.groupby(
                    SERIES, lambda series: (series.backend, series.guard)):
                with trial.backend(backend, guard):
                    for series in group:
                        found[series].append(_read(trial, clock, series, turn))
    return [Cost(series, rounds) for series, rounds in found.items()]


def _read(trial, clock, series, turn):
    """What one read takes, on average of those made in one go."""
    # Without pauses that differ all turns may be in step with the timer interrupts of L1 and L2.
    cell = trial.read(series.accessor, clock.reads, series.mode, pause=PAUSE * turn)
    if not cell.works or cell.captured != series.is_captured * clock.reads:
        raise LabError(f"{series.title}: this is no measurement: {cell}. The console of the guest: "
                       f"{trial.l2.log}")
    return cell.nanoseconds / clock.reads


def table(costs):
    """What measure() found, to read."""
    row = "{:<32}{:>13}{:>7} {:>9}{:>7}   {:<14}"
    lines = [row.format("one read of 32 bits", "instructions", "ratio", "us", "ratio",
                        "half of them").rstrip(),
             row.format("-" * 31, "-" * 12, "-" * 6, "-" * 8, "-" * 6, "-" * 14)]
    first, *_ = zip(costs[INSTRUCTIONS], costs[TIME])
    for instructions, time in zip(costs[INSTRUCTIONS], costs[TIME]):
        low, middle, high = time.ratios(first[1])
        lines.append(row.format(
            instructions.series.title, f"{instructions.least:,.0f}",
            f"{instructions.least / first[0].least:.2f}", f"{time.median / 1000:.1f}",
            f"{middle:.2f}", f"{low:.2f} to {high:.2f}").rstrip())
    return "\n".join(lines) + "\n"
