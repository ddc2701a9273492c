#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What "make check-mutants" runs: every mutant, every witness, as a table."""

import sys

from lab import mutation, subject
from lab.errors import LabError


def main():
    """Print a row as soon as it is known, and the score; the exit status."""
    print("A mutant is the module with one thing wrong. The first witness named has to catch it.")
    for witness, how in mutation.WITNESSES.items():
        print(f"  {witness:<10} {how}")
    rows = []
    for row in mutation.score(subject.main_kernel(), thorough=True):
        rows.append(row)
        print(row, flush=True)
    wrong = [row.name for row in rows if not row.good]
    print(f"\n{len(mutation.TABLE)} mutants, "
          f"{sum(row.good for row in rows if row.mutant.by)} caught.",
          f"Not as it has to be: {', '.join(wrong)}" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"check-mutants: {error}")
