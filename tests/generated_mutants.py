#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What "make check-mutants SEED=... COUNT=..." runs: mutants that a machine has made.

Usage: tests/generated_mutants.py SEED COUNT [AREA...]      a sample, as a table
       tests/generated_mutants.py NAME...                   those, with what is changed in them
       tests/generated_mutants.py                           how many there are
"""

import sys

from lab import generated
from lab.errors import LabError
from lab.mutant_judges import EQUIVALENT, KILLED, LIVED, NO_CODE, judge

RESULTS = (KILLED, LIVED, EQUIVALENT, NO_CODE)


def main(args):
    """Judge what was asked for; the exit status: whether anything lived."""
    if not args:
        for name, changes in generated.all_changes().items():
            print(f"{len(changes):>6,} {name}")
        return 0
    if ":" in args[0]:
        changes = [generated.find(name) for name in args]
    else:
        try:
            seed, count = (int(arg, 0) for arg in args[:2])
        except ValueError:
            raise LabError("give SEED and COUNT, both numbers, or names of mutants such as "
                           "backend/hcall.c:17") from None
        changes = generated.draw(seed, count, args[2:])
    fates = []
    for fate in judge(changes):
        fates.append(fate)
        print(f"{fate.change.name:<32} {fate.change.kind:<20} {fate.what:<16} "
              f"{fate.seconds:>5.0f} s {fate.by}".rstrip(), flush=True)
    lived = [fate.change for fate in fates if fate.what == LIVED]
    for change in lived:
        print(f"\nlived: {change.name}, in {change.function}\n{change.diff()}")
    print("\n" + "\n".join(table(fates)))
    return 1 if lived else 0


def table(fates):
    """A row for each file and each area, and one for all: what became of their mutants."""
    yield f"{'':<34} {'killed':>7} {'lived':>7} {'killed':>7} {'equivalent':>11} {'no code':>8}"
    for area in generated.AREAS:
        ours = [fate for fate in fates if generated.area_of(fate.change.file) == area]
        if ours:
            yield row(area.name, ours)
            for file in sorted({fate.change.file for fate in ours}):
                yield row(f"  {file}", [fate for fate in ours if fate.change.file == file])
    yield row("all", fates)


def row(name, fates):
    """One line of the table."""
    killed, lived, equivalent, no_code = (
        sum(fate.what == result for fate in fates) for result in RESULTS)
    share = f"{100 * killed / (killed + lived):.0f} %" if killed + lived else "-"
    return f"{name:<34} {killed:>7} {lived:>7} {share:>7} {equivalent:>11} {no_code:>8}"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LabError as error:
        sys.exit(f"check-mutants: {error}")
