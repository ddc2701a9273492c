# SPDX-License-Identifier: GPL-2.0
"""Shows what lab/bench.py measured: as text, as CSV, as a plot, as a listing."""

import csv
import io
import struct
import subprocess
import tempfile

from . import barchart, bench
from .errors import LabError
from .objdump import OBJDUMP

ACCOUNTED = "readl"
HEADINGS = {"kernel": "kernel", "direct": "direct", "sprg0": "sprg0", "hcall": "hcall",
            "rfc": "RFC-style"}
COLUMNS = ("linux", "kind", "accessor", "bytes", "variant", "part", "instructions", "accesses",
           "masked_instructions", "masked_accesses")

# What is plotted: all but hcall, beside which no other bar would be seen. Colours that also those
# tell apart who see no red or no green.
SERIES = {
    "kernel": ("#9a9a9a", "kernel"),
    "direct": ("#56b4e9", "svm-mmio, normal guest (direct)"),
    "sprg0": ("#0072b2", "svm-mmio, secure guest (sprg0)"),
    "rfc": ("#e69f00", "RFC of 2020, interrupts not disabled"),
}
PLOTTED = ("readb", "readw", "readl", "readq", "writeb", "writew", "writel", "writeq")
PLOTTED_BULK = tuple((name, 1024) for name in (
    "readsb", "readsw", "readsl", "writesb", "writesw", "writesl",
    "memcpy_fromio", "memcpy_toio", "memset_io"))

LINE = "{:<22}{:>8}{:>8}{:>8}{:>8}{:>10} {:>11}{:>8} {:>13}{:>9}"
RULE = LINE.format("-" * 21, *["-" * width for width in (7, 7, 7, 7, 9, 10, 7, 12, 8)])


def table(results):
    """All figures, as one table to read."""
    lines = [LINE.format("", "instruc", "tions", "", "", "", "accesses", "(exits)", "longest with",
                         "irqs off").replace("instruc   tions", "   instructions"),
             LINE.format("", *(HEADINGS[variant] for variant in bench.VARIANTS), "kernel",
                         "sprg0", "instructions", "accesses"),
             RULE, "one access"]
    for (accessor, _), row in results.rows(bulk=False).items():
        lines.append(_line(accessor, row, lambda figure, number: number))
    lines += [RULE, "per KiB, measured in one call for so many bytes"]
    for (accessor, size), row in results.rows(bulk=True).items():
        lines.append(_line(f"{accessor:<16}{size:>5}", row,
                           lambda figure, number: figure.per_kib(number)))
    lines += [RULE, f"svm_{ACCOUNTED}() with sprg0, part by part"]
    lines += [LINE.format(part, "", "", len(insns), "", "", "", "", "", "").rstrip()
              for part, insns in results.account(ACCOUNTED)]
    worst = longest_masked(results)
    lines += [RULE, f"Interrupts are off for {worst.masked} instructions and "
              f"{worst.masked_accesses} accesses at most, in svm_{worst.accessor}()."]
    return "\n".join(lines) + "\n"


def _line(name, row, scale):
    def number(variant, attribute):
        figure = row.get(variant)
        return f"{scale(figure, getattr(figure, attribute)):,}" if figure else "-"

    return LINE.format(name, *(number(variant, "instructions") for variant in bench.VARIANTS),
                       number("kernel", "accesses"), number("sprg0", "accesses"),
                       row["sprg0"].masked, row["sprg0"].masked_accesses)


def longest_masked(results):
    """The Figure with the longest stretch that interrupts were soft-masked."""
    return max(results.figures.values(), key=lambda figure: figure.masked)


def csv_text(results):
    """All figures, as measured: one line for each, and for each part of the account."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for figure in results.figures.values():
        writer.writerow([results.release, "scalar" if figure.size is None else "bulk",
                         figure.accessor, figure.size, figure.variant, "", figure.instructions,
                         figure.accesses, figure.masked, figure.masked_accesses])
    for part, insns in results.account(ACCOUNTED):
        writer.writerow([results.release, "account", ACCOUNTED, "", "sprg0", part, len(insns),
                         sum(insn.device for insn in insns), "", ""])
    return file.getvalue()


def svg(results):
    """The figures that matter most, as a plot."""
    scalar = {name: {variant: results.figure(name, variant).instructions
                     for variant in SERIES} for name in PLOTTED}
    bulk, exits = {}, {}
    for name, size in PLOTTED_BULK:
        row = {variant: results.figure(name, variant, size) for variant in SERIES
               if variant != "direct"}         # which is the kernel's and one nop
        bulk[name] = {variant: figure.per_kib(figure.instructions)
                      for variant, figure in row.items()}
        exits[name] = {variant: figure.per_kib(figure.accesses)
                       for variant, figure in row.items() if variant != "rfc"}
    return barchart.draw(
        "What an access costs",
        [[barchart.Panel("Instructions for one access", "call and return included", scalar)],
         [barchart.Panel("Accesses for 1 KiB", "in a secure guest each is an exit", exits)],
         [barchart.Panel("Instructions for 1 KiB", "bulk accessors", bulk)]],
        SERIES, "Guest instructions retired, and accesses to the device, on Linux "
        f"{results.release}: make bench")


def listing(results, accessor, variant):
    """Every instruction of one accessor, disassembled; by parts where they are known."""
    sample = results.samples.get((accessor, variant, None))
    if sample is None:
        names = ", ".join(accessor for accessor, _ in results.rows(bulk=False))
        raise LabError(f"there is no {variant} variant of '{accessor}'. Accessors: {names}; "
                       f"variants: {', '.join(bench.VARIANTS)}")
    parts = [("", sample.insns())]
    if (accessor, variant) == (ACCOUNTED, "sprg0"):
        parts = results.account(accessor)
    lines = []
    for part, insns in parts:
        lines += [f"{part}: {len(insns)}"] if part else []
        lines += [f"  {insn.address:x}  {'  ' * insn.depth}{text}"
                  for insn, text in zip(insns, _disassembled(insns))]
    return "\n".join(lines) + "\n"


def _disassembled(insns):
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(struct.pack("<I", insn.word) for insn in insns))
        file.flush()
        try:
            text = subprocess.run([OBJDUMP, "-b", "binary", "-m", "powerpc:common64", "-EL", "-D",
                                   file.name], check=True, capture_output=True, text=True).stdout
        except FileNotFoundError as error:
            raise LabError(f"{OBJDUMP} is missing: tests/setup.sh check installs it") from error
    return [line.split("\t", 2)[2].replace("\t", " ") for line in text.splitlines()
            if line.count("\t") >= 2]
