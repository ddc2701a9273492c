#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""make demo: what one modprobe does for a driver as it is shipped, in a guest that is an SVM."""

import sys

from lab.errors import LabError
from lab.story import BLOCKS, EXPECTED, MODES, Cell, Story
from lab.subject import main_kernel
from lab.table import Table, complain, explain_bad

HEADINGS = {
    "strict": ("one that takes for it", "what SPRG0 says"),
    "legacy": ("the published ultravisor,", "that fetches at NIP as if physical"),
}


def lines(cell):
    """What a cell of the table says."""
    if cell.works:
        return f"works, by {cell.backend}", f"{BLOCKS:,} x {cell.microseconds:,.0f} us"
    if cell.verdict == Cell.OOPS:
        reasons = ", ".join(reason.replace("_", " ") for reason in cell.refused)
        return "OOPS at its first access", f"refused: {reasons}"
    if cell.verdict == Cell.SPINS:
        return "HANGS at its first access", f"{sum(cell.refused.values()):,} faults, no end"
    return "WRONG BYTES", f"by {cell.backend}"


def show(story, release):
    """Print the table; the rows that did not come out as they have to, and all cells."""
    print(f"""
A guest of KVM-HV, Linux {release}, finds itself to be an SVM and reads {BLOCKS:,} blocks of
4 KiB from an nvme disk. The hypervisor that takes the faults (HDSI) of its device accesses cannot
fetch the instructions that made them. It is
""")
    table = Table(28, 34, len(MODES))
    table.heading([HEADINGS[mode] for mode in MODES])
    wrong, shown = [], []
    for row, cells in story.rows():
        table.row(row.title.splitlines(),
                  [(cells[mode].works, lines(cells[mode])) for mode in MODES])
        shown += cells.values()
        if any((cells[mode].verdict, cells[mode].backend) != EXPECTED[row][mode]
               for mode in MODES):
            wrong.append(row.title.replace("\n", " "))
    return wrong, shown


def main():
    """Returns the exit status."""
    kernel = main_kernel()
    with Story.boot(kernel, name="demo") as story:
        wrong, cells = show(story, kernel.release)
        logs = story.logs()
    if wrong:
        return complain(wrong, logs)
    explain_bad(next(cell.said for cell in cells if cell.verdict == Cell.OOPS))
    print("""\
by      what svm_mmio found out to work there: the access made with its own instruction word in
        SPRG0, or the hypervisor asked for it (hcall)

Neither the driver nor the kernel was changed for the second row: the module makes their accesses in
their place (docs/guard.md). Times are under emulation: compare them with each other only.""")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"make demo: {error}")
