# SPDX-License-Identifier: GPL-2.0
"""The oracle from the host's side: build the plugin, tell it what to judge, read its counts.

    oracle = Oracle("smoke", skip=[kernel_text(vmlinux), USER_TEXT])
    ... start QEMU with "-plugin", oracle.plugin_argument() ...
    oracle.judge([("svm_mmio", start, end)])
    before = oracle.counts()
    ... let the guest work ...
    difference = oracle.counts() - before
    ... end QEMU ...
    oracle.report()

The plugin is tests/oracle; its control.h explains the memory that both share.
"""

import ctypes
import dataclasses
import json
import mmap
import pathlib
import struct
import tempfile
import threading

from . import paths, plugin
from .errors import LabError
from .qemu import quoted

SOURCES = paths.TOP / "tests/oracle"
SCRATCH = paths.BUILD / "oracle"

# As in control.h.
MAGIC = int.from_bytes(b"SVMORACL", "little")
VERSION = 1
RANGES = 16
SLOTS = 64
HEADER_BYTES = 4096

# Where programs, and firmware and kernel before translation is on, run. Nothing there is judged.
USER_TEXT = (0, 0xC000000000000000)


class OracleError(LabError):
    """The oracle could not be built or used as asked."""


class _Range(ctypes.Structure):
    _fields_ = [("start", ctypes.c_uint64), ("end", ctypes.c_uint64), ("slot", ctypes.c_uint64)]


class _Table(ctypes.Structure):
    _fields_ = [("count", ctypes.c_uint64), ("range", _Range * RANGES)]


class _Header(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_uint64), ("version", ctypes.c_uint32),
                ("vcpus", ctypes.c_uint32), ("attached", ctypes.c_uint64),
                ("generation", ctypes.c_uint64), ("tables", _Table * 2)]


class _Counters(ctypes.Structure):
    _fields_ = [("matched", ctypes.c_uint64 * 2), ("mismatched", ctypes.c_uint64 * 2),
                ("unacceptable", ctypes.c_uint64 * 2), ("unresolved", ctypes.c_uint64),
                ("reserved", ctypes.c_uint64)]


class _Vcpu(ctypes.Structure):
    _fields_ = [("slot", _Counters * SLOTS), ("outside", ctypes.c_uint64 * 2),
                ("outside_unresolved", ctypes.c_uint64), ("reserved", ctypes.c_uint64 * 5)]


@dataclasses.dataclass(frozen=True)
class Verdicts:
    """How many accesses there were of each kind. An access is of exactly one."""

    matched: int = 0        # SPRG0 was the instruction, one that may be captured
    mismatched: int = 0     # an instruction that may be captured, but SPRG0 was not it
    unacceptable: int = 0   # an instruction that may never be captured, whatever SPRG0 was
    unresolved: int = 0     # QEMU could not say if it was a device (expect none)
    loads: int = 0          # these two divide the first three another way
    stores: int = 0

    @property
    def clean(self):
        """Whether nothing was wrong. Says nothing if nothing was seen: look at matched too."""
        return not (self.mismatched or self.unacceptable or self.unresolved)

    @property
    def accesses(self):
        """All accesses to devices."""
        return self.matched + self.mismatched + self.unacceptable

    def _combine(self, other, operation):
        return Verdicts(*map(operation, dataclasses.astuple(self), dataclasses.astuple(other)))

    def __add__(self, other):
        return self._combine(other, lambda a, b: a + b)

    def __sub__(self, other):
        return self._combine(other, lambda a, b: a - b)


@dataclasses.dataclass(frozen=True)
class Counts:
    """A snapshot; subtract an earlier one to get what happened in between."""

    ranges: dict                    # name -> Verdicts
    outside: int = 0                # accesses to devices by watched text outside every range
    outside_unresolved: int = 0

    @property
    def total(self):
        """The Verdicts of all names together."""
        return sum(self.ranges.values(), Verdicts())

    def __getitem__(self, name):
        return self.ranges[name]

    def __sub__(self, earlier):
        return Counts({name: verdicts - earlier.ranges.get(name, Verdicts())
                       for name, verdicts in self.ranges.items()},
                      self.outside - earlier.outside,
                      self.outside_unresolved - earlier.outside_unresolved)


def kernel_text(vmlinux):
    """(start, end) of a ppc64 kernel image in linear-mapped space, from its program headers.

    Most of what a guest executes is here, and no module is, so this is what to skip.
    """
    with open(vmlinux, "rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[:5] != b"\x7fELF\x02":
            raise OracleError(f"{vmlinux} is not a 64-bit ELF file: name an unpacked vmlinux")
        order = "<" if head[5] == 1 else ">"
        offset, = struct.unpack_from(order + "Q", head, 32)
        size, count = struct.unpack_from(order + "HH", head, 54)
        file.seek(offset)
        table = file.read(size * count)
    loads = []
    for at in range(0, size * count, size):
        kind, flags, _, vaddr, _, _, memory = struct.unpack_from(order + "IIQQQQQ", table, at)
        if kind == 1 and flags & 1:     # PT_LOAD, executable
            loads.append((vaddr, vaddr + memory))
    if not loads:
        raise OracleError(f"{vmlinux} has no executable segment")
    return min(start for start, _ in loads), max(end for _, end in loads)


class Oracle:
    """One run of QEMU under the oracle. Needs the files in its directory until QEMU ends."""

    def __init__(self, name, vcpus=64, skip=(USER_TEXT,), outside=False):
        """
        name        of the guest: the directory for the control file and the report begins so
        vcpus       no fewer than the guest's maxcpus
        skip        [(start, end)] of text not to watch at all, for speed: with USER_TEXT and
                    kernel_text() a guest is about 5 % slower, without them up to five times
        outside     whether the report also lists the sites outside every range (for the
                    kernel's own, skip USER_TEXT only)
        """
        self._plugin = plugin.build("oracle", SOURCES)
        SCRATCH.mkdir(parents=True, exist_ok=True)
        directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=SCRATCH))
        self.control_path = directory / "oracle.control"
        self.report_path = directory / "oracle.json"
        self._skip = list(skip)
        self._outside = outside
        self._slots = {}
        self._lock = threading.Lock()

        size = HEADER_BYTES + vcpus * ctypes.sizeof(_Vcpu)
        with open(self.control_path, "x+b") as file:
            file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        self._header = _Header.from_buffer(self._map)
        self._vcpus = (_Vcpu * vcpus).from_buffer(self._map, HEADER_BYTES)
        self._header.version = VERSION
        self._header.vcpus = vcpus
        self._header.magic = MAGIC

    def plugin_argument(self):
        """What goes after QEMU's -plugin."""
        options = [quoted(self._plugin), f"control={quoted(self.control_path)}",
                   f"report={quoted(self.report_path)}"]
        options += [f"skip={start:#x}-{end:#x}" for start, end in self._skip]
        if self._outside:
            options.append("outside=on")
        return ",".join(options)

    @property
    def attached(self):
        """Whether QEMU has loaded the plugin."""
        return self._header.attached != 0

    def judge(self, ranges):
        """Judge [(name, start, end)], text addresses of the guest, instead of what was before.

        In force for every access that starts after this returns. A name keeps its counts when
        its ranges change or go, and may have several. Where ranges overlap the first counts:
        a wide last one catches what a module does before its address is known.
        """
        ranges = list(ranges)
        if len(ranges) > RANGES:
            raise OracleError(f"{len(ranges)} ranges to judge, and there is room for {RANGES}")
        for name, start, end in ranges:
            if not 0 <= start < end < 1 << 64:
                raise OracleError(f"range {name} is empty or no range: {start:#x}-{end:#x}")
            for low, high in self._skip:
                if start < high and low < end:
                    raise OracleError(f"range {name} {start:#x}-{end:#x} lies in text that is "
                                      f"skipped, {low:#x}-{high:#x}: nothing would be seen")
        # The lock also keeps the stores in order, table before generation, on a host whose
        # processor would not.
        with self._lock:
            generation = self._header.generation + 1
            table = self._header.tables[generation & 1]
            for entry, (name, start, end) in zip(table.range, ranges):
                entry.start, entry.end, entry.slot = start, end, self._slot(name)
            table.count = len(ranges)
        with self._lock:
            self._header.generation = generation

    def _slot(self, name):
        if name not in self._slots:
            if len(self._slots) == SLOTS:
                raise OracleError(f"{name} would be name {SLOTS + 1} to judge in one run, and "
                                  f"there is room for {SLOTS}: give the same name again where "
                                  "the counts may go together")
            self._slots[name] = len(self._slots)
        return self._slots[name]

    def counts(self):
        """The Counts so far. While the guest runs, numbers may be a moment apart."""
        self._require_attached()
        ranges = {}
        for name, slot in self._slots.items():
            ranges[name] = sum((self._verdicts(vcpu.slot[slot]) for vcpu in self._vcpus),
                               Verdicts())
        return Counts(ranges, sum(sum(vcpu.outside) for vcpu in self._vcpus),
                      sum(vcpu.outside_unresolved for vcpu in self._vcpus))

    @staticmethod
    def _verdicts(counters):
        matched, mismatched, unacceptable = (
            tuple(counters.matched), tuple(counters.mismatched), tuple(counters.unacceptable))
        return Verdicts(sum(matched), sum(mismatched), sum(unacceptable), counters.unresolved,
                        matched[0] + mismatched[0] + unacceptable[0],
                        matched[1] + mismatched[1] + unacceptable[1])

    def report(self):
        """What the plugin saw at each instruction, once QEMU has ended. See report.h.

        Where there is a slot, the name that judge() gave it is added.
        """
        self._require_attached()
        try:
            report = json.loads(self.report_path.read_text(encoding="ascii"))
        except FileNotFoundError as error:
            raise OracleError(f"QEMU left no {self.report_path}: it still runs, was killed with "
                              "SIGKILL, or said on its stderr why") from error
        names = {slot: name for name, slot in self._slots.items()}
        for item in report["slots"] + report["ranges"] + report["sites"]:
            item["name"] = names.get(item["slot"])
        return report

    def _require_attached(self):
        if not self.attached:
            raise OracleError("QEMU has not loaded the oracle plugin: see its stderr, and "
                              "that its command line has -plugin and plugin_argument()")
