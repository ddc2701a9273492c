# SPDX-License-Identifier: GPL-2.0
"""The fuzzer (tests/guest/fuzz), run in a guest: bad input to debugfs files and parameters.

    outcome = fuzz.run(guest, {"access": 10_000, "run": 1000})

The seed is fixed, so that every run tries the same; SEED=0x1234 in the environment is another.
"""

import os
import re
from dataclasses import dataclass

from . import console, paths
from .errors import GuestError
from .program import build_program

PROGRAM = "/fuzz"       # in the guest
SEED = int(os.environ.get("SEED") or "0x5eed", 0)
LIMIT = 1800            # seconds; a thousand inputs take a tenth of one


@dataclass(frozen=True)
class Outcome:
    """What the fuzzer says it has done, and what was wrong."""

    counts: dict        # of inputs and the like: name to number
    failures: list      # lines that say what did not do as it had to, and how to try it again

    @property
    def clean(self):
        """Whether every input did what it had to, without a message worse than a notice."""
        return not self.failures


def files():
    """What a guest needs: for Guest.boot()."""
    return {PROGRAM: build_program(paths.TOP / "tests/guest/fuzz")}


def run(guest, phases, seed=SEED):
    """Run @phases, a dict of name to number of inputs, on the loaded module: an Outcome."""
    words = " ".join(f"{name} {inputs}" for name, inputs in phases.items())
    mark = guest.mark()
    outcome = _run(guest, f"{PROGRAM} {seed:#x} {words}")
    said = [f"the kernel's log, level {level}: {text}"
            for level, text in console.worse_than_notice(guest.dmesg(mark))]
    return Outcome(outcome.counts, outcome.failures + said)


def run_parameters(guest, inputs, module, seed=SEED):
    """Load file @module, which is not loaded, with parameters of every sort: an Outcome.

    The program reads the kernel's log itself: what the kernel says of a parameter is a warning.
    """
    return _run(guest, f"{PROGRAM} {seed:#x} parameters {inputs} {module}")


def _run(guest, command):
    result = guest.run(command, LIMIT)
    if result.rc not in (0, 1):
        raise GuestError(f"this returned {result.rc} in guest {guest.name}:\n{command}\n"
                         f"{result.out}")
    failures = re.findall(r"^FAILED .*", result.out, re.MULTILINE)
    if bool(failures) != bool(result.rc):
        raise GuestError(f"the fuzzer returned {result.rc}, which does not match what it says:\n"
                         + result.out)
    counts = {name: int(number) for name, number
              in re.findall(r"^(\w+): (\d+)$", result.out, re.MULTILINE)}
    return Outcome(counts, failures)
