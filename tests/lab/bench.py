# SPDX-License-Identifier: GPL-2.0
"""Measures what accesses cost: boots a guest, loads tests/bench/module, counts instructions.

    results = measure(kernel)
    results.figure("readl", "sprg0").instructions

A figure is exact or it is an error: an accessor is measured several times, and all samples must
hold the same instructions. See tests/lab/recorder.py for how a sample is known to be whole.
"""

import bisect
import re
import tempfile
from collections import Counter
from dataclasses import dataclass

from . import dropin, paths, recorder
from .build import build_module
from .errors import LabError
from .guest import Guest

MODULE = paths.TOP / "tests/bench/module"
SCRATCH = paths.BUILD / "bench"
REPEATS = 4
LIMIT = 600             # seconds: one instruction per block is slow

VARIANTS = ("kernel", "direct", "sprg0", "hcall", "rfc")
# What of the variant "svm" is measured with which backend.
BACKENDS = ("direct", "sprg0", "hcall")

RT = 0x1F << 21             # the bits of a word that name the target register
MFSPRG0 = 0x7C1042A6
ISYNC = 0x4C00012C
SC_1 = 0x44000022           # asks the hypervisor, which makes the access itself


class BenchError(LabError):
    """The measurement is not one to believe."""


@dataclass(frozen=True)
class Figure:
    """What one call of one accessor takes."""

    accessor: str           # the kernel's name
    variant: str            # one of VARIANTS
    size: int               # bytes that a bulk accessor moved; None for one access
    instructions: int       # retired, from behind one marker to the other
    accesses: int           # to the device, hcalls included: exits in an SVM
    masked: int             # the longest stretch of instructions with interrupts soft-masked
    masked_accesses: int    # the most accesses in one such stretch

    @property
    def key(self):
        """What it is the figure of."""
        return self.accessor, self.variant, self.size

    def per_kib(self, number):
        """@number, which is for one call, for 1 KiB; rounded."""
        return round(number * 1024 / self.size)


@dataclass(frozen=True)
class Results:
    """All that was measured, in the order of the bench module's tables."""

    release: str            # of the kernel
    figures: dict           # Figure.key to Figure
    samples: dict           # Figure.key to Sample
    mask: int               # where the soft mask is in the PACA

    def figure(self, accessor, variant, size=None):
        """The Figure of an accessor."""
        return self.figures[accessor, variant, size]

    def rows(self, bulk):
        """The accessors measured, as a table: a dict of (accessor, size) to {variant: Figure}."""
        table = {}
        for figure in self.figures.values():
            if (figure.size is not None) == bulk:
                table.setdefault((figure.accessor, figure.size), {})[figure.variant] = figure
        return table

    def account(self, accessor):
        """What the instructions of a captured read are for: [(part, [Insn, ...]), ...]."""
        return _account(self.samples[accessor, "sprg0", None].insns(), self.mask)


def build(kernel, module):
    """The bench module, for @module, the BuildResult of svm_mmio."""
    return build_module(kernel, MODULE, extra={"svm_mmio.h": module.tree / "svm_mmio.h"},
                        symvers=[module])


def measure(kernel, module=None, name="bench"):
    """Measure everything on @kernel: Results. @module is the tree's own svm_mmio if None."""
    module = module or dropin.module(kernel)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    files = {"/svm_mmio.ko": module.ko["svm_mmio"],
             "/svm_bench.ko": build(kernel, module).ko["svm_bench"]}
    figures, samples = {}, {}
    with (tempfile.TemporaryDirectory(prefix=f"{name}-", dir=SCRATCH) as scratch,
          Guest.boot(kernel, name=name, smp=1, devices=("pci-testdev",), files=files,
                     plugins=[recorder.argument(scratch)]) as guest):
        trace = recorder.Trace(scratch)
        for backend in BACKENDS:
            symbols, mask = _run(guest, backend)
            for function, same in _by_function(symbols, trace.new_samples(), guest).items():
                sample = agreed(function, backend, same)
                variant, accessor, size = _what(function)
                if variant == "control":
                    _check_control(accessor, sample)
                    continue
                variant = backend if variant == "svm" else variant
                figure = _figure((accessor, variant, size), sample.insns(), mask)
                _enter(figures, figure)
                samples[figure.key] = sample
    return Results(kernel.release, figures, samples, mask)


def _run(guest, backend):
    """Let the bench module run with @backend: where its functions are, and the soft mask."""
    guest.check(f"insmod /svm_mmio.ko backend={backend}")
    with guest.one_insn_per_tb():
        guest.check(f"insmod /svm_bench.ko repeats={REPEATS}", timeout=LIMIT)
    mask = int(guest.check("cat /sys/module/svm_bench/parameters/soft_mask_offset"))
    symbols = re.findall(r"^([0-9a-f]+) [tT] bench_(\S+)\t",
                         guest.check("grep -F '[svm_bench]' /proc/kallsyms"), re.MULTILINE)
    guest.check("rmmod svm_bench; rmmod svm_mmio")
    return sorted((int(address, 16), name) for address, name in symbols), mask


def _by_function(symbols, samples, guest):
    """The samples by the function that they were begun in: a dict of its name to a list."""
    if not samples:
        raise BenchError("the bench module measured nothing: its driver found no device, or could "
                         f"not use it. See the console: {paths.shown(guest.log)}")
    starts = [address for address, _ in symbols]
    found = {}
    for sample in samples:
        name = symbols[bisect.bisect(starts, sample.begin) - 1][1]
        found.setdefault(name, []).append(sample)
    return found


def _what(function):
    """(variant, accessor, size), as the name of a function says it: tests/bench/module/bench.h."""
    variant, _, rest = function.partition("_")
    accessor, _, size = rest.rpartition("__")
    if accessor and size.isdigit():
        return variant, accessor, int(size)
    return variant, rest, None


def agreed(function, backend, samples):
    """The one sample that all @samples are; that they are is demanded."""
    if len(samples) != REPEATS:
        raise BenchError(f"bench_{function} was measured {len(samples)} times, not {REPEATS}: are "
                         "two functions of the bench module one?")
    if any(sample != samples[0] for sample in samples):
        spread = ", ".join(f"{length} instructions {count} times" for length, count
                           in sorted(Counter(map(len, samples)).items()))
        raise BenchError(f"bench_{function} with backend {backend} did not do the same each time, "
                         f"so there is no figure to give: {spread}")
    return samples[0]


def _check_control(name, sample):
    """Markers with known code between them: what is counted is that, and nothing else."""
    wanted = {"nothing": 0, "three_nops": 3}[name]
    if len(sample.insns()) != wanted:
        raise BenchError(f"the control {name} counted {len(sample)} instructions, not {wanted}: "
                         "the recorder is wrong")


def _enter(figures, figure):
    if figures.setdefault(figure.key, figure) != figure:
        raise BenchError("the backend must make no difference to this, but does:\n"
                         f"{figures[figure.key]}\n{figure}")


def _figure(key, insns, mask):
    stretches = list(_masked(insns, mask))
    return Figure(*key, len(insns), sum(map(_accesses, insns)),
                  max(map(len, stretches), default=0),
                  max((sum(insn.device for insn in stretch) for stretch in stretches), default=0))


def _accesses(insn):
    """How often @insn accessed the device, or had the hypervisor do so."""
    return insn.device + (insn.word == SC_1)


def _sets_mask(insn, mask):
    """Whether @insn is stb RS,mask(r13)."""
    return insn.word >> 26 == 38 and insn.word & 0x1FFFFF == 13 << 16 | mask


def _masked(insns, mask):
    """The stretches with interrupts soft-masked: after the masking store, to the unmasking one."""
    stretch = None
    for insn in insns:
        if stretch is not None:
            stretch.append(insn)
        if _sets_mask(insn, mask):
            if insn.byte and stretch is None:
                stretch = []
            elif not insn.byte and stretch is not None:
                yield stretch
                stretch = None
    if stretch is not None:
        raise BenchError("an accessor left interrupts masked")


def _account(insns, mask):
    """Divide a captured read into parts that follow one another.

    What the compiler moved into another part counts there: the sum is exact, a part may be one
    or two instructions off.
    """
    body = _first(insns, 0, lambda insn: _gets_mask(insn, mask))
    depth = insns[body].depth
    # The last jump before it, which is that of the stub between two modules, enters the function.
    entry = 1 + max(at for at in range(body) if insns[at].word >> 26 in (18, 19))
    window = _first(insns, body, lambda insn: insn.word & ~RT == MFSPRG0)
    behind = _first(insns, window, lambda insn: insn.word == ISYNC) + 1
    check = _first(insns, behind, lambda insn: insn.word >> 26 == 16) + 1
    unmasked = _first(insns, check, lambda insn: _sets_mask(insn, mask) and not insn.byte)
    back = _first(insns, unmasked, lambda insn: insn.depth == depth)
    leave = _first(insns, back, lambda insn: insn.depth < depth)
    parts = (("call", 0, entry), ("prologue", entry, body), ("mask interrupts", body, window),
             ("capture window", window, behind), ("count, all-ones (EEH) check", behind, check),
             ("restore interrupts", check, back), ("epilogue", back, leave),
             ("back in the caller", leave, len(insns)))
    return [(part, insns[start:end]) for part, start, end in parts]


def _gets_mask(insn, mask):
    """Whether @insn is lbz RT,mask(r13)."""
    return insn.word >> 26 == 34 and insn.word & 0x1FFFFF == 13 << 16 | mask


def _first(insns, start, is_it):
    for at in range(start, len(insns)):
        if is_it(insns[at]):
            return at
    raise BenchError("the sprg0 path is no longer built as the account of it expects: "
                     "change _account() in tests/lab/bench.py with it")
