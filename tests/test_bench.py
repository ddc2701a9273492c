# SPDX-License-Identifier: GPL-2.0
"""What accesses cost: exact, the same in every run, and within the limits that were set."""

import csv
import re
from xml.etree import ElementTree

import pytest
from lab import bench, benchreport, dropin, paths
from lab.errors import LabError
from lab.recorder import ENTRY, RecorderError, Sample
from lab.soak import SOAK

MOST_INSTRUCTIONS = 68          # of one access with sprg0
MOST_PER_ELEMENT = 6            # of svm_readsl() of 64
TIMES_FEWER = 3                 # instructions in a copy of 4 KiB than the RFC-style one
MORE_THAN_KERNEL = 1.25         # of a copy of 4 KiB: one window for each 64 accesses

# Around the swap of its 64 bits GCC may move a register more, or one fewer, than for the kernel's.
SWAPS = ("in_be64", "readq_be")
# The kernel's are functions of its image; ours are inline where the cookie is one of memory.
INLINE = ("ioread64_lo_hi", "ioread64be_lo_hi", "iowrite64_lo_hi", "iowrite64be_lo_hi")
BCTR = 0x4E800420
MR = 31 << 26 | 444 << 1        # mr RA,RS is or RA,RS,RS


@pytest.fixture(scope="module")
def results(kernel):
    """What "make bench" measures."""
    return bench.measure(kernel, name="bench-first")


def without_moves(sample):
    """How many instructions are not mr."""
    return sum(not (insn.word & 0xFC0007FF == MR and insn.word >> 21 & 31 == insn.word >> 11 & 31)
               for insn in sample.insns())


def test_every_variant_makes_the_access(results):
    """Else a low figure would say nothing."""
    rows = results.rows(bulk=False)
    assert len(rows) > 50
    for (accessor, _), row in rows.items():
        assert {"kernel", "direct", "sprg0", "hcall"} <= set(row), accessor
        assert all(figure.accesses == 1 for figure in row.values()), accessor
    assert len([row for row in rows.values() if "rfc" in row]) > 30
    assert results.rows(bulk=True)


def test_scalar_limit(results):
    """From the caller's branch to the return, the kernel's interrupt restore included."""
    called = {accessor: 1 + sum(insn.depth > 0 for insn in
                                results.samples[accessor, "sprg0", None].insns())
              for accessor, _ in results.rows(bulk=False)}
    assert {name: number for name, number in called.items() if number > MOST_INSTRUCTIONS} == {}
    assert min(called.values()) > 10    # that it was a call


def test_direct_is_one_nop_more(results):
    """Scalar and bulk accessors alike."""
    for key, figure in results.figures.items():
        if figure.variant != "direct":
            continue
        kernel = (figure.accessor, "kernel", figure.size)
        if figure.accessor in SWAPS:
            direct, own = (without_moves(results.samples[k]) for k in (key, kernel))
        else:
            direct, own = figure.instructions, results.figures[kernel].instructions
        if figure.accessor in INLINE:
            assert direct < own, figure
        else:
            assert direct == own + 1, figure
        assert figure.accesses == results.figures[kernel].accesses
        assert not figure.masked


def test_account_adds_up(results):
    parts = results.account(benchreport.ACCOUNTED)
    assert sum(len(insns) for _, insns in parts) == results.figure("readl", "sprg0").instructions
    accesses = {part: sum(insn.device for insn in insns) for part, insns in parts}
    assert [part for part, number in accesses.items() if number] == ["capture window"]


def test_string_limit(results):
    figure = results.figure("readsl", "sprg0", 64 * 4)
    assert figure.accesses == 64
    assert figure.instructions <= MOST_PER_ELEMENT * 64


def test_copy_limits(results):
    kernel, ours, rfc = (results.figure("memcpy_fromio", variant, 4096)
                         for variant in ("kernel", "sprg0", "rfc"))
    wide = results.figure("memcpy_fromio64", "sprg0", 4096)
    assert (kernel.accesses, ours.accesses, wide.accesses) == (1024, 1024, 512)
    assert ours.instructions < kernel.instructions * MORE_THAN_KERNEL
    assert wide.instructions * TIMES_FEWER <= rfc.instructions


def test_interrupts_are_off_for_no_more_than_a_run(results):
    """The bound is the one that capture/window.h names, it is reached, and nothing exceeds it."""
    header = (paths.TOP / "capture/window.h").read_text(encoding="utf-8")
    bound = int(re.search(r"^#define SVM_WINDOW_RUN\s+(\d+)", header, re.MULTILINE)[1])
    for figure in results.figures.values():
        if figure.variant == "sprg0":
            assert figure.masked_accesses == min(bound, figure.accesses), figure
    assert benchreport.longest_masked(results).masked_accesses == bound


@pytest.mark.skipif(not SOAK, reason="docs/bench.csv is of another run, and the next test has one")
def test_two_runs_give_the_same(results, kernel):
    second = bench.measure(kernel, name="bench-second")
    assert benchreport.csv_text(second) == benchreport.csv_text(results)
    assert benchreport.svg(second) == benchreport.svg(results)


def test_one_instruction_more_is_seen(results, kernel):
    """Negative control: a nop in what every captured access runs through. And what has none is the
    same as before, to the instruction: bulk accesses, other backends and the kernel's own.
    """
    file = "accessors/single.c"
    text = (paths.TOP / file).read_text(encoding="utf-8")
    slower, times = re.subn(r"(raw_local_irq_pmu_save\(flags\);)", r'\1 asm volatile("nop");', text)
    assert times, f"{file} has changed: change this mutant with it"
    mutant = dropin.module(kernel, extra={file: slower.encode()})
    mutated = bench.measure(kernel, mutant, name="bench-mutant")
    for key, figure in results.figures.items():
        more = 1 if figure.variant == "sprg0" and figure.size is None else 0
        assert mutated.figures[key].instructions == figure.instructions + more, key
        assert mutated.figures[key].masked == figure.masked + more, key


def test_a_missing_instruction_is_seen(results):
    """Negative control: no single instruction can be lost without an error, but behind a bctr."""
    sample = results.samples["readl", "sprg0", None]
    entries = [ENTRY.pack(*insn[:-1]) for insn in sample.insns()]
    assert Sample(sample.begin, sample.end, b"".join(entries)) == sample
    words = [None] + [insn.word for insn in sample.insns()]
    assert words.count(BCTR) < 3
    for at in (at for at in range(len(entries)) if words[at] != BCTR):
        holed = Sample(sample.begin, sample.end, b"".join(entries[:at] + entries[at + 1:]))
        with pytest.raises(RecorderError):
            holed.insns()


def test_an_unseen_call_is_seen(results):
    """Negative control: nor a whole function, such as one of the kernel image."""
    sample = results.samples["readl", "sprg0", None]
    insns = sample.insns()
    outer = b"".join(ENTRY.pack(*insn[:-1]) for insn in insns if insn.depth < 2)
    assert len(outer) < len(insns) * ENTRY.size
    with pytest.raises(RecorderError):
        Sample(sample.begin, sample.end, outer).insns()


def test_samples_that_differ_are_an_error(results):
    """Negative control: never an average."""
    longer, shorter = (results.samples["readl", variant, None] for variant in ("sprg0", "kernel"))
    same = [longer] * bench.REPEATS
    assert bench.agreed("svm_readl", "sprg0", same) is longer
    with pytest.raises(LabError, match="6 instructions 1 times, 7. instructions 3 times"):
        bench.agreed("svm_readl", "sprg0", [*same[1:], shorter])
    with pytest.raises(LabError, match="3 times, not 4"):
        bench.agreed("svm_readl", "sprg0", same[1:])


def test_outputs_are_complete(results):
    """The CSV has every figure; table and plot name what they show."""
    rows = list(csv.DictReader(benchreport.csv_text(results).splitlines()))
    measured = [row for row in rows if row["kind"] != "account"]
    assert len(measured) == len(results.figures)
    readl, = (row for row in measured if (row["accessor"], row["variant"]) == ("readl", "sprg0"))
    assert int(readl["instructions"]) == results.figure("readl", "sprg0").instructions
    table = benchreport.table(results)
    for accessor, _ in [*results.rows(bulk=False), *results.rows(bulk=True)]:
        assert re.search(rf"^{accessor} ", table, re.MULTILINE), accessor
    plot = ElementTree.fromstring(benchreport.svg(results))
    words = {element.text for element in plot.iter() if element.text}
    assert {*benchreport.PLOTTED, *(name for name, _ in benchreport.PLOTTED_BULK)} <= words


def test_written_figures_are_current(results):
    """docs/ has what "make bench" gives, as long as Debian's kernel is the one it was run on."""
    written = (paths.TOP / "docs/bench.csv").read_text(encoding="utf-8")
    release = written.splitlines()[1].partition(",")[0]
    if release != results.release:
        pytest.skip(f"docs/bench.csv is of Linux {release}, this is {results.release}")
    assert benchreport.csv_text(results) == written, "run make bench"
    assert (paths.TOP / "docs/bench.svg").read_text(encoding="utf-8") == benchreport.svg(results)
    parts = re.findall(r"^\| ([^|]+) \| (\d+) \|", (paths.TOP / "docs/benchmarks.md").read_text(
        encoding="utf-8"), re.MULTILINE)
    assert parts == [(part, str(len(insns)))
                     for part, insns in results.account(benchreport.ACCOUNTED)]
