# SPDX-License-Identifier: GPL-2.0
"""A table of what works where, for a person to read: in colours on a terminal."""

import itertools
import sys

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
