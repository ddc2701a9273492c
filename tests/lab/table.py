# SPDX-License-Identifier: GPL-2.0
"""A table of what works where, for a person to read: in colours on a terminal."""

import itertools
import sys

from . import paths

GOOD, BAD, PLAIN = "\033[32m", "\033[31m", "\033[0m"


class Table:
    """Rows of a title and cells. Each is some lines; a cell is good or bad."""

    def __init__(self, title_width, cell_width, columns):
        self._title_width = title_width
        self._cell_width = cell_width
        self._columns = columns

    def heading(self, columns):
        """Print what is above each column: lines, as many for each."""
        for line in zip(*columns):
            print(self._line("", line))
        print(self._line("-" * self._title_width, ["-" * self._cell_width] * self._columns),
              flush=True)

    def row(self, title, cells):
        """Print a row: the lines of its title, and for each cell (whether it is good, its lines).
        """
        goods = [good for good, _ in cells]
        for name, *texts in itertools.zip_longest(title, *(lines for _, lines in cells),
                                                  fillvalue=""):
            print(self._line(name, texts, goods), flush=True)

    def _line(self, title, texts, goods=None):
        parts = [title.ljust(self._title_width)]
        for number, text in enumerate(texts):
            text = text.ljust(self._cell_width)
            if goods and sys.stdout.isatty():
                text = f"{GOOD if goods[number] else BAD}{text}{PLAIN}"
            parts.append(text)
        return " ".join(parts).rstrip()


def complain(wrong, logs):
    """Say that the rows with the titles @wrong did not come out as they have to; the status."""
    print(f"\nThis is not what has to come out for {' and '.join(wrong)}. Consoles of the guest "
          f"and of its\nhypervisor: {', '.join(map(paths.shown, logs))}")
    return 1


def explain_bad(oops):
    """Say what the verdicts are that are bad; @oops is the line that a guest has said."""
    print(f"""
OOPS    SPRG0 does not name the access, so the hypervisor refuses it. The guest says
        "{oops.partition('] ')[2]}"
HANGS   the hypervisor finds no instruction and lets the guest try again, for ever""")
