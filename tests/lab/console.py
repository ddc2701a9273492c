# SPDX-License-Identifier: GPL-2.0
"""Reads a guest's console log: what a kernel prints when something is wrong."""

import re

# One line of the log that matches is a failure, whatever else the test saw.
COMPLAINTS = re.compile("|".join((
    r"Kernel panic",
    r"Oops: ",
    r"BUG: ",
    r"kernel BUG at",
    r"WARNING: (?!nvram corruption)",   # WARN_ON and lockdep; nobody has formatted the NVRAM
    r"INFO: possible ",                 # lockdep
    r"INFO: trying to register non-static key",
    r"INFO: task .* blocked for more than",
    r"Machine check",
    r"System Reset",
    r"Unrecoverable exception",
    r"Bad page state",
    r"refcount_t: ",
    r"UBSAN: ",
    r"KASAN: ",
    r"kmemleak: \d+ new suspected",
    r"EEH: Frozen",
    r"Attempted to kill init",
)))


# Warnings that only say that this host kept a virtual CPU waiting.
HOST_WAS_BUSY = re.compile(r"hrtimer: interrupt took \d+ ns")
NOTICE = 5      # KERN_NOTICE; lower is worse


def worse_than_notice(messages):
    """Those of @messages, from Guest.dmesg(), that are worse than a notice."""
    return [(level, text) for level, text in messages
            if level < NOTICE and not HOST_WAS_BUSY.search(text)]


def read(path):
    """The lines of the log. A console has carriage returns, and may hold any bytes at all."""
    if not path.exists():
        return []
    return path.read_text(encoding="utf-8", errors="replace").replace("\r", "").splitlines()


def complaint(lines):
    """The first line by which the kernel says that something is wrong, or None."""
    position = _first_complaint(lines)
    return None if position is None else lines[position].strip()


def excerpt(lines, before=5, after=35, last=15):
    """The lines worth showing: those around the first complaint, else the last ones."""
    position = _first_complaint(lines)
    if position is None:
        return lines[-last:]
    return lines[max(0, position - before):position + after]


def places(lines):
    """Where each processor was when an NMI found it: "Comm: name" and its NIP, per processor."""
    return [match.group() for line in lines
            if (match := re.search(r"CPU: \d+ .*?Comm: \S+|NIP \[\w+\] .*", line))]


def _first_complaint(lines):
    return next((n for n, line in enumerate(lines) if COMPLAINTS.search(line)), None)
