# SPDX-License-Identifier: GPL-2.0
"""The recorder from the host's side: which instructions a guest retired between two markers.

    ... start QEMU with "-smp 1 -plugin", argument(directory) ...
    trace = Trace(directory)
    ... switch one-insn-per-tb on, let the guest run into markers, switch it off ...
    for sample in trace.new_samples(): ...

The plugin is tests/bench/plugin. That a Sample is whole is not believed but checked when it is
read: each instruction follows from the one before, and each return goes where its call came from.
Only what comes right behind a branch to a register (bctr) cannot be told that way.
"""

import struct
from pathlib import Path
from typing import NamedTuple

from . import paths, plugin
from .errors import LabError
from .qemu import quoted

SOURCES = paths.TOP / "tests/bench/plugin"

# As in recorder.c; the plugin runs on this machine.
HEADER = struct.Struct("=QQQ")
ENTRY = struct.Struct("=QIBBBB")

NAME = "trace"


class RecorderError(LabError):
    """What the recorder recorded cannot be relied on."""


class Insn(NamedTuple):
    """One retired instruction."""

    address: int
    word: int
    loads: int
    stores: int
    device: int         # how many of these were of a device
    byte: int           # what it stored, if it stored one byte
    depth: int          # how many calls deep, seen from the markers


class Sample:
    """What was retired between two markers."""

    def __init__(self, begin, end, data):
        self.begin = begin
        self.end = end
        self._data = data

    def __eq__(self, other):
        """Whether the same instructions did the same."""
        return (self.begin, self.end, self._data) == (other.begin, other.end, other._data)

    def __len__(self):
        return len(self._data) // ENTRY.size

    def insns(self):
        """The instructions, in order, once it is checked that none is missing: a list of Insn."""
        found = []
        returns = []        # where the calls under way will return to
        entries = list(ENTRY.iter_unpack(self._data))
        addresses = [entry[0] for entry in entries] + [self.end]
        if addresses[0] != self.begin + 4:
            raise self._hole(self.begin, addresses[0])
        for entry, following in zip(entries, addresses[1:]):
            found.append(Insn(*entry, len(returns)))
            if not _leads_to(entry[0], entry[1], following, returns):
                raise self._hole(entry[0], following)
        if returns:
            raise RecorderError(f"the sample begun at {self.begin:#x} ends within a call")
        return found

    def _hole(self, address, following):
        return RecorderError(
            f"the sample begun at {self.begin:#x} is not whole: {following:#x} was recorded after "
            f"{address:#x}, which does not lead there. Was one-insn-per-tb on all the time?")


def _leads_to(address, word, following, returns):
    """Whether @following can come next; @returns is kept up to date."""
    opcode, extended, link, after = word >> 26, word >> 1 & 0x3FF, word & 1, address + 4
    if opcode == 18:                                        # b, bl
        if link:
            returns.append(after)
        return following == _target(address, word, 26)
    if opcode == 16:                                        # bc, bcl
        target = _target(address, word, 16)
        if link and target != after:                        # bcl 20,31,$+4 is no call
            raise RecorderError(f"there is a conditional call at {address:#x}, which "
                                "tests/lab/recorder.py cannot follow yet: teach it")
        return following in (target, after)
    if opcode != 19 or extended not in (16, 18, 82, 274, 528, 560):
        return following == after
    if extended in (18, 82, 274):                           # rfid, rfscv, hrfid
        raise RecorderError(f"a sample has a return from an interrupt at {address:#x}: hold "
                            "interrupts back while samples are recorded")
    if extended == 16 and not link:                         # blr, also conditional
        if returns and following == returns[-1]:
            returns.pop()
            return True
        return word >> 21 & 0x14 != 0x14 and following == after
    if link:                                                # bctrl and its like
        returns.append(after)
    # To anywhere; but had a callee not been recorded, it would look as if it led to its return.
    return not returns or following != returns[-1]


def _target(address, word, bits):
    distance = word & ((1 << bits) - 4)
    if distance >> (bits - 1):
        distance -= 1 << bits
    return distance if word & 2 else address + distance


def argument(directory):
    """What goes after QEMU's -plugin, for a Trace of @directory."""
    return f"{quoted(plugin.build('recorder', SOURCES))},trace={quoted(Path(directory, NAME))}"


class Trace:
    """The file that one QEMU writes its samples to."""

    def __init__(self, directory):
        self.path = Path(directory, NAME)
        self._read = 0

    def new_samples(self):
        """The samples that were not there the last time: a list of Sample."""
        with open(self.path, "rb") as file:
            file.seek(self._read)
            data = file.read()
        samples = []
        at = 0
        while at < len(data):
            begin, end, count = HEADER.unpack_from(data, at)
            at += HEADER.size
            samples.append(Sample(begin, end, data[at:at + count * ENTRY.size]))
            at += count * ENTRY.size
        if at != len(data):
            raise RecorderError(f"the last sample in {paths.shown(self.path)} is cut off: read it "
                                "when the guest has come back from what it measured")
        self._read += len(data)
        return samples
