# SPDX-License-Identifier: GPL-2.0
"""A generated mutant: one small change in one file, made by a machine (changes_c, changes_python).

Changes have numbers, so that each can be asked for again by its name, as long as its file is the
same: "backend/hcall.c:17".
"""

import difflib
import re
from dataclasses import dataclass

from . import paths
from .errors import LabError


@dataclass(frozen=True, order=True)
class Change:
    """Bytes @start to @end of @file, which are @old, become @new."""

    file: str
    number: int
    start: int
    end: int
    old: bytes
    new: bytes
    kind: str
    function: str

    @property
    def name(self):
        """What it can be asked for by."""
        return f"{self.file}:{self.number}"

    @property
    def file_name(self):
        """The same as a name for a file."""
        return re.sub(r"\W", "-", self.name)

    def of(self, text):
        """The file with this change, of its @text without."""
        if text[self.start:self.end] != self.old:
            raise LabError(f"{self.file} is not what {self.name} was made of: it has changed")
        return text[:self.start] + self.new + text[self.end:]

    def text(self):
        """The file as it is then."""
        return self.of((paths.TOP / self.file).read_bytes())

    def diff(self):
        """What is changed, for a person."""
        old = (paths.TOP / self.file).read_text(encoding="utf-8").splitlines()
        new = self.text().decode().splitlines()
        lines = difflib.unified_diff(old, new, n=1, lineterm="")
        return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


def numbered(file, text, found):
    """The Changes of @file, whose content is @text, of {(start, end, new): (kind, function)}, in
    order.
    """
    return [Change(file, number, start, end, text[start:end], new, *found[start, end, new])
            for number, (start, end, new) in enumerate(sorted(found), 1)]
