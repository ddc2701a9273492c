#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""make demo-backends: which backend works under a hypervisor that cannot fetch instructions."""

import sys

from lab.errors import LabError
from lab.matrix import EXPECTED, MODES, Cell, Trial
from lab.subject import main_kernel
from lab.table import Table, complain, explain_bad

READS = 1000
HEADINGS = {
    "off": ("a hypervisor", "that fetches from", "guest memory"),
    "strict": ("one that cannot:", "the instruction is", "what SPRG0 says"),
    "legacy": ("the published ultra-", "visor: fetches at NIP", "as if physical"),
}


def two_lines(cell):
    """What a cell of the table says."""
    if cell.works:
        return "works", f"{cell.done:,} x {cell.microseconds:.0f} us"
    if cell.verdict == Cell.OOPS:
        reasons = ", ".join(reason.replace("_", " ") for reason in cell.refused)
        return f"OOPS, {cell.done:,} reads made", f"refused: {reasons}"
    if cell.verdict == Cell.SPINS:
        return f"HANGS, {cell.done:,} reads made", f"{sum(cell.refused.values()):,} faults, no end"
    return "WRONG VALUES", f"{cell.done:,} reads"


def show(trial):
    """Print the table; the rows that did not come out as they have to, and all cells."""
    print(f"A driver in a guest of KVM-HV reads a register of an emulated device {READS:,} times.\n"
          "The hypervisor that takes the fault (HDSI) is\n")
    table = Table(28, 21, len(MODES))
    table.heading([HEADINGS[mode] for mode in MODES])
    wrong, shown = [], []
    for row, cells in trial.rows(READS):
        table.row([row.title], [(cells[mode].works, two_lines(cells[mode])) for mode in MODES])
        shown += cells.values()
        if any(cells[mode].verdict != EXPECTED[row][mode] for mode in MODES):
            wrong.append(row.title)
    return wrong, shown


def main():
    """Returns the exit status."""
    with Trial.boot(main_kernel(), name="demo-backends") as trial:
        print()
        wrong, cells = show(trial)
        logs = trial.l2.log, trial.l1.guest.log
    if wrong:
        return complain(wrong, logs)
    explain_bad(next(cell.said for cell in cells if cell.verdict == Cell.OOPS))
    print("""
Where the hypervisor cannot fetch, an access works that has its own instruction word in SPRG0, if
that is what the hypervisor reads, or one that it is asked for (hcall). Times are under emulation:
compare them with each other only (make bench).""")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"make demo-backends: {error}")
