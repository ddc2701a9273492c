# SPDX-License-Identifier: GPL-2.0
"""A strict reader of KTAP: anything that is not a complete, well-numbered report is an error.

Diagnostics ("# ...") belong to the result that follows them, or to the last one if none does.
Subtests are indented by two spaces and precede the result of the test they are part of.
"""

import re
from dataclasses import dataclass, field

from .errors import LabError

INDENT = "  "
VERSION = re.compile(r"KTAP version 1")
PLAN = re.compile(r"1\.\.(\d+)(?: # SKIP\b.*)?")
RESULT = re.compile(r"(?P<bad>not )?ok (?P<number>\d+)(?: -)? (?P<name>[^#]*[^#\s])"
                    r"(?:\s+# SKIP\b *(?P<why>.*))?")


class KtapError(LabError):
    """The text is no complete KTAP report."""


@dataclass
class Case:
    """The result of one test."""

    name: str
    ok: bool
    skipped: str = None         # the reason, if it was skipped
    diagnostics: list = field(default_factory=list)
    subtests: list = field(default_factory=list)

    def __str__(self):
        return "\n".join([f"{'ok' if self.ok else 'not ok'} {self.name}",
                          *(f"  {line}" for line in self.diagnostics),
                          *(f"  {line}" for case in self.subtests
                            for line in str(case).splitlines())])


def parse(text):
    """The results in the KTAP report @text: a list of Case."""
    reader = _Reader(text.splitlines())
    if not text.endswith("\n"):
        reader.fail("the text is empty, or its last line is cut off")
    cases = reader.report("")
    if reader.line is not None:
        reader.fail("text after the last result that the plan announced")
    return cases


def failures(cases):
    """Those of @cases that failed."""
    return [case for case in cases if not case.ok]


class _Reader:
    def __init__(self, lines):
        self._lines = lines
        self._position = 0

    @property
    def line(self):
        """The current line, or None at the end."""
        return self._lines[self._position] if self._position < len(self._lines) else None

    def fail(self, why):
        """Say what is wrong, and where."""
        what = "at the end" if self.line is None else f"at '{self.line}'"
        raise KtapError(f"this is no KTAP report, line {self._position + 1}: {why} ({what})\n"
                        + "\n".join(self._lines))

    def report(self, indent):
        """Read one report at this depth: version, plan, and as many results as planned."""
        self._take(VERSION, indent, "no 'KTAP version 1'")
        diagnostics = self._diagnostics(indent)
        planned = int(self._take(PLAN, indent, "no plan '1..N'")[1])
        cases = []
        for number in range(1, planned + 1):
            cases.append(self._case(indent, number, diagnostics))
            diagnostics = []
        trailing = self._diagnostics(indent)
        if cases:
            cases[-1].diagnostics += trailing
        return cases

    def _case(self, indent, number, diagnostics):
        diagnostics = diagnostics + self._diagnostics(indent)
        subtests = []
        if self.line is not None and self.line.startswith(indent + INDENT):
            subtests = self.report(indent + INDENT)
            diagnostics += self._diagnostics(indent)
        match = self._take(RESULT, indent, f"no result {number}")
        if int(match["number"]) != number:
            self._position -= 1
            self.fail(f"a result out of order, {number} comes next")
        return Case(match["name"], not match["bad"], match["why"], diagnostics, subtests)

    def _diagnostics(self, indent):
        found = []
        while self.line is not None and self.line.startswith(indent + "#"):
            found.append(self.line.removeprefix(indent + "#").strip())
            self._position += 1
        return found

    def _take(self, pattern, indent, missing):
        match = None
        if self.line is not None and self.line.startswith(indent):
            match = pattern.fullmatch(self.line.removeprefix(indent))
        if not match:
            self.fail(missing)
        self._position += 1
        return match
