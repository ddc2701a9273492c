# SPDX-License-Identifier: GPL-2.0
"""Each accessor of the kernel's headers has its svm_ counterpart, of the same type, and the drop-in
renames it.

The names are taken from the headers themselves, as preprocessed for the kernel: what is declared,
defined, or a macro there is either renamed in dropin/override.h, or listed in REASONS.
"""

import functools
import re
from dataclasses import dataclass, field

import pytest
from lab import dropin, kernelbuild, kernelmatrix, kernels, paths, subject
from lab.build import build_module
from lab.errors import BuildError

SOURCE = paths.TOP / "tests/drivers/accessor_names"
OURS = "svm_mmio.h"

HEADERS = (
    "arch/powerpc/include/asm/io.h",
    "arch/powerpc/include/asm/io-defs.h",
    "arch/powerpc/include/asm/eeh.h",
    "include/asm-generic/io.h",
    "include/asm-generic/iomap.h",
    "include/linux/io.h",
    "include/linux/io-64-nonatomic-lo-hi.h",
    "include/linux/io-64-nonatomic-hi-lo.h",
)

# Why a name has no counterpart, or need not be renamed: (reason, pattern of whole names).
REASONS = (
    ("maps or translates addresses, accesses nothing",
     r"(devm_|early_|generic_|do_|__)?(ioremap|iounmap|memremap|memunmap)(_\w+)?"
     r"|(devm_)?ioport_(un)?map|pci_iounmap|pci_remap_cfgspace|vmap_page_range"
     r"|early_memremap_pgprot_adjust"
     r"|virt_to_phys|phys_to_virt|page_to_phys|(un)?xlate_dev_k?mem_ptr|__io_virt|_IO_PORT"
     r"|PCI_FIX_ADDR|IOMEM_ERR_PTR"),
    ("tells or sets the type of memory",
     r"(devm_)?arch_(io|ioremap|phys)_\w+|devmem_is_allowed|range_is_allowed|arch_has_dev_port"),
    ("a barrier, or part of one", r"iosync|iobarrier_rw?|iobarrier_w|__io_p?[ab][rw]"),
    ("for tracing, accesses nothing", r"log(_post)?_(read|write)_mmio|rwmmio_tracepoint_enabled"),
    ("makes the functions that have names here, and is undefined afterwards",
     r"DEF_(MMIO_(IN|OUT)_[DX]|PCI_AC_(NO)?RET)|DEF_PCI_HOOK(_mem|_pio)?"),
    ("a macro of accessors, which are renamed where it is used",
     r"__do_\w+|mmio_(read|write)(16|32|64)be|mmio_(in|out)s[bwl]"
     r"|(set|clr)bits(8|16|32)|clrsetbits(_(8|[bl]e(16|32|64)))?"),
    ("an inline function of a header that is read after the renames: makes safe accesses",
     r"(lo_hi|hi_lo)_(read|write)q(_relaxed)?"),
    ("for hypervisor real mode: no guest can execute it", r"__raw_rm_(read|write)[bwlq](_be)?"),
    ("EEH's administration: asks the firmware, with hypercalls",
     r"eeh_(?!read|memcpy)\w+|pseries_eeh_\w+|EEH_\w+"),
    ("kernel text that makes the accesses itself: no header can rename what it calls",
     r"check_signature|check_legacy_ioport"),
)

# What these are depends on the kernel. With GENERIC_IOMAP, linux/io-64-nonatomic-*.h chooses those
# without an order among the others, and a driver's #ifdef must find them as the kernel leaves them.
# Those with an order are inline functions of newer kernels' headers, which make safe accesses.
SPLIT = re.compile(r"io(read|write)64(be)?(_lo_hi|_hi_lo)?")

# These the kernel image of newer kernels has with underscores.
UNDERSCORES = re.compile(r"__(?=io(read|write)64(be)?_(lo_hi|hi_lo))")


@dataclass
class Found:
    """The names in preprocessed text."""

    functions: set = field(default_factory=set)
    macros: dict = field(default_factory=dict)      # the definitions in force at the end
    called: set = field(default_factory=set)        # functions, and all macros that stand for one


def read(preprocessed, headers):
    """What of @headers is in the file @preprocessed, which was made with -dD."""
    found = Found()
    defined = {}
    text = []
    inside = False
    for line in preprocessed.read_text(encoding="utf-8").splitlines():
        if match := re.match(r'# \d+ "([^"]*)"', line):
            inside = any(match[1].endswith(f"/{header}") for header in headers)
        elif match := re.match(r"#define (\w+)(\(.*?\))? ?(.*)", line):
            found.macros[match[1]] = match[3]
            if inside:
                defined[match[1]] = match[3] if match[2] is None else "("
        elif match := re.match(r"#undef (\w+)", line):
            found.macros.pop(match[1], None)
        elif inside and not line.startswith("#"):
            text.append(line)
    for statement in outermost("\n".join(text)):
        if match := re.match(r"(?!\s*typedef\b)[^(]*?(\w+)\s*\(", statement):
            found.functions.add(match[1])
    found.called = set(found.functions)
    found.called.update(name for name, body in defined.items() if body == "(")
    # "#define readq readq" and "#define _insw _insw_ns" stand for functions, other names do not.
    while more := {name for name, body in defined.items() if body in found.called} - found.called:
        found.called |= more
    return found


def outermost(text):
    """The declarations and heads of definitions in C @text, without what is in braces."""
    text = re.sub(r"__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)", "", text)
    text = re.sub(r'"(?:\\.|[^"\\])*"', '""', text)
    while (shorter := re.sub(r"\{[^{}]*\}", ";", text)) != text:
        text = shorter
    return text.split(";")


TYPES = """\
// SPDX-License-Identifier: GPL-2.0
#include <linux/io.h>
#include "svm-mmio/svm_mmio.h"
#define SAME(name, ours) _Static_assert(__builtin_types_compatible_p(typeof(name), \\
    typeof(ours)), #name " is of another type")
{same}
"""

# "long" in older kernels and "long long" in newer ones: both have 64 bits.
LONG = {"__raw_readq", "__raw_writeq"}

# Debian's kernels are for powernv too. What their headers have for pseries alone, which is without
# GENERIC_IOMAP, can be had without such a kernel.
ALONE = ", pseries alone"
PSERIES = b"""\
#undef CONFIG_GENERIC_IOMAP
#undef CONFIG_PPC_INDIRECT_PIO
#undef CONFIG_PPC_POWERNV
"""
QUICK = (*kernels.TABLE, *(f"{name}{ALONE}" for name in kernels.TABLE))
EACH = pytest.mark.parametrize("kernel_name", [
    *(pytest.param(name, marks=pytest.mark.quick) for name in QUICK), *kernelbuild.NAMES])


def make(kernel_name, target, *, line="", text=None, make_args=()):
    """The file @target, made of the C file of that name with @text, for a kernel called that."""
    source = target.partition(".")[0]
    alone = kernel_name.endswith(ALONE)
    kbuild = f"obj-m := {source}.o\nccflags-y := -include $(src)/pseries.h\n{line}"
    files = {"Kbuild": kbuild.encode(), "pseries.h": PSERIES if alone else b"",
             **{f"svm-mmio/{name}": paths.TOP / name for name in dropin.FILES}}
    if text:
        files[f"{source}.c"] = text.encode()
    kernel = kernelmatrix.get(kernel_name.removesuffix(ALONE))
    return build_module(kernel, SOURCE, targets=(target,), extra=files,
                        make_args=make_args).tree / target


def preprocess(kernel_name, line=""):
    """Preprocessed text of all HEADERS, with a @line in the Kbuild."""
    return make(kernel_name, "accessor_names.i", line=line, make_args=("KCFLAGS=-dD",))


@dataclass
class Names:
    """Of one kernel: what it offers, what the drop-in makes of that, what we have."""

    offered: set
    renamed: dict
    ours: set
    typed: dict         # of those renamed, where both are functions


@functools.cache
def names(kernel_name):
    """The Names of a kernel."""
    stock = read(preprocess(kernel_name), HEADERS)
    safe = preprocess(kernel_name, dropin.ONE_LINE)
    ours = read(safe, [OURS])
    renamed = renames(safe)
    return Names(stock.called, renamed, ours.called,
                 {name: target for name, target in renamed.items()
                  if name in stock.functions and target in ours.functions})


def renames(preprocessed):
    """The renames in force at the end of the file: a dict."""
    return {name: body for name, body in read(preprocessed, HEADERS).macros.items()
            if re.fullmatch(r"svm_\w+", body) and not name.startswith("svm_")}


def reasons(name):
    return [reason for reason, pattern in REASONS if re.fullmatch(pattern, name)]


def forgotten(it):
    """The names of a kernel that nobody thought of, each with what is wrong."""
    wrong = {}
    for name in it.offered:
        target = it.renamed.get(name)
        if target is None:
            if not reasons(name) and not SPLIT.fullmatch(name):
                wrong[name] = "neither renamed nor in REASONS"
        elif reasons(name):
            wrong[name] = "renamed, but REASONS says why not"
        elif target != "svm_" + UNDERSCORES.sub("", name):
            wrong[name] = f"renamed to {target}"
        elif target not in it.ours:
            wrong[name] = f"renamed, but {OURS} has no {target}"
    return wrong


@EACH
def test_every_accessor_of_the_kernel(kernel_name):
    it = names(kernel_name)
    # Else the headers were not understood.
    assert {"readl", "readl_relaxed", "ioread32_rep", "insl", "_insw", "eeh_readb", "in_le64",
            "__iowrite64_copy", "memcpy_fromio", "__raw_writeq_be"} <= it.offered
    assert forgotten(it) == {}


@EACH
def test_64_bits_are_renamed(kernel_name):
    """Whatever the kernel has for them: see SPLIT."""
    it = names(kernel_name)
    every = {f"{name}{order}" for name in ("ioread64", "ioread64be", "iowrite64", "iowrite64be")
             for order in ("", "_lo_hi", "_hi_lo")}
    split = {name for name in every if "_lo_hi" in name or "_hi_lo" in name}
    assert every & set(it.renamed) | {name.removeprefix("__") for name in it.renamed} & split in (
        split,              # with GENERIC_IOMAP
        every,              # without
        every - split)      # without, newer kernels


@EACH
def test_types_are_the_kernels(kernel_name):
    """So that the address of either fits the same pointer: the compiler compares them."""
    it = names(kernel_name)
    assert {"readl", "ioread32", "ioread8_rep", "insl", "memset_io"} <= set(it.typed)
    make(kernel_name, "types.o", text=TYPES.format(
        same="\n".join(f"SAME({name}, {ours});" for name, ours in it.typed.items()
                       if name not in LONG)))


def test_another_type_is_seen():
    """Negative control."""
    with pytest.raises(BuildError, match="readl is of another type"):
        make("6.1", "types.o", text=TYPES.format(same="SAME(readl, svm_readq);"))


@pytest.mark.quick
def test_nothing_in_the_tables_is_out_of_date():
    offered = set().union(*(names(name).offered for name in QUICK))
    text = (paths.TOP / "dropin/override.h").read_text(encoding="ascii")
    listed = set(re.findall(r"^#define (\w+)\s+svm_\w+$", text, re.MULTILINE))
    assert listed >= set().union(*(names(name).renamed for name in QUICK))
    assert listed <= offered
    assert [reason for reason, pattern in REASONS
            if not any(re.fullmatch(pattern, name) for name in offered)] == []


def test_every_out_of_line_half_is_exported(kernel):
    symvers = subject.build(kernel).symvers.read_text(encoding="ascii")
    exported = {line.split("\t")[1] for line in symvers.splitlines()}
    halves = {name for name in read(preprocess("6.1", dropin.ONE_LINE), [OURS]).functions
              if name.startswith("__svm_")}
    assert "__svm_readl" in halves
    assert halves <= exported


@pytest.mark.quick
def test_what_is_forgotten_is_seen():
    """Negative control."""
    it = names("6.1")
    fewer = {name: target for name, target in it.renamed.items() if name != "ioread16_rep"}
    assert set(forgotten(Names(it.offered | {"readz"}, fewer, it.ours - {"svm_readb"}, {}))) == {
        "ioread16_rep", "readz", "readb"}
