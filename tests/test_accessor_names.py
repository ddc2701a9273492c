# SPDX-License-Identifier: GPL-2.0
"""Each accessor of the kernel's headers has its svm_ counterpart, and the drop-in renames it.

The names are taken from the headers themselves, as preprocessed for the kernel: what is declared,
defined, or a macro there is either renamed in dropin/override.h, or listed in REASONS.
"""

import re
from dataclasses import dataclass, field

import pytest
from lab import dropin, kernels, paths, subject
from lab.build import build_module

pytestmark = pytest.mark.quick

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
     r"|(devm_)?ioport_(un)?map|pci_remap_cfgspace|vmap_page_range|early_memremap_pgprot_adjust"
     r"|virt_to_phys|phys_to_virt|page_to_phys|(un)?xlate_dev_mem_ptr|__io_virt|_IO_PORT"
     r"|PCI_FIX_ADDR|IOMEM_ERR_PTR"),
    ("tells or sets the type of memory",
     r"(devm_)?arch_(io|phys)_\w+|devmem_is_allowed|range_is_allowed|arch_has_dev_port"),
    ("a barrier, or part of one", r"iosync|iobarrier_rw?|iobarrier_w|__io_p?[ab][rw]"),
    ("for tracing, accesses nothing", r"log(_post)?_(read|write)_mmio|rwmmio_tracepoint_enabled"),
    ("makes the functions that have names here, and is undefined afterwards",
     r"DEF_(MMIO_(IN|OUT)_[DX]|PCI_AC_(NO)?RET)|DEF_PCI_HOOK(_mem|_pio)?"),
    ("a macro of accessors, which are renamed where it is used",
     r"__do_\w+|mmio_(read|write)(16|32|64)be|mmio_(in|out)s[bwl]"
     r"|(set|clr)bits(8|16|32)|clrsetbits(_(8|[bl]e(16|32|64)))?"),
    ("an inline function of a header that is read after the renames: makes safe accesses",
     r"(lo_hi|hi_lo)_(read|write)q(_relaxed)?"),
    ("chosen by linux/io-64-nonatomic-*.h among names that are renamed; a driver's #ifdef must "
     "find it as the kernel leaves it", r"io(read|write)64(be)?"),
    ("for hypervisor real mode: no guest can execute it", r"__raw_rm_(read|write)[bwlq](_be)?"),
    ("EEH's administration: asks the firmware, with hypercalls",
     r"eeh_(?!read|memcpy)\w+|pseries_eeh_\w+|EEH_\w+"),
    ("kernel text that makes the accesses itself: no header can rename what it calls",
     r"check_signature|check_legacy_ioport"),
)

# These the kernel image of newer kernels has with underscores; without, they are then inline
# functions of linux/io-64-nonatomic-*.h, which is read after the renames.
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


def preprocess(kernel, how):
    """Preprocessed text of all HEADERS for @kernel: "stock", or on the "drop-in"."""
    line = {"stock": "", "drop-in": dropin.ONE_LINE}[how]
    result = build_module(
        kernel, SOURCE, make_args=("KCFLAGS=-dD",), targets=("accessor_names.i",),
        extra={"Kbuild": (SOURCE / "Kbuild").read_bytes() + line.encode(),
               **{f"svm-mmio/{name}": paths.TOP / name for name in dropin.FILES}})
    return result.tree / "accessor_names.i"


@dataclass
class Names:
    """Of one kernel: what it offers, what the drop-in makes of that, what we have."""

    offered: set
    renamed: dict
    ours: set


@pytest.fixture(scope="module")
def names():
    """The Names of each kernel: a dict."""
    found = {}
    for name in kernels.TABLE:
        kernel = kernels.get(name)
        safe = preprocess(kernel, "drop-in")
        found[name] = Names(read(preprocess(kernel, "stock"), HEADERS).called,
                            renames(safe), read(safe, [OURS]).called)
    return found


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
            if not reasons(name) and f"__{name}" not in it.renamed:
                wrong[name] = "neither renamed nor in REASONS"
        elif reasons(name):
            wrong[name] = "renamed, but REASONS says why not"
        elif target != "svm_" + UNDERSCORES.sub("", name):
            wrong[name] = f"renamed to {target}"
        elif target not in it.ours:
            wrong[name] = f"renamed, but {OURS} has no {target}"
    return wrong


@pytest.mark.parametrize("kernel_name", kernels.TABLE)
def test_every_accessor_of_the_kernel(names, kernel_name):
    it = names[kernel_name]
    # Else the headers were not understood.
    assert {"readl", "readl_relaxed", "ioread32_rep", "insl_p", "_insw", "eeh_readb", "in_le64",
            "__iowrite64_copy", "memcpy_fromio", "__raw_writeq_be"} <= it.offered
    assert forgotten(it) == {}


def test_nothing_in_the_tables_is_out_of_date(names):
    offered = set().union(*(it.offered for it in names.values()))
    text = (paths.TOP / "dropin/override.h").read_text(encoding="ascii")
    listed = set(re.findall(r"^#define (\w+)\s+svm_\w+$", text, re.MULTILINE))
    assert listed >= set().union(*(it.renamed for it in names.values()))
    assert listed <= offered
    assert [reason for reason, pattern in REASONS
            if not any(re.fullmatch(pattern, name) for name in offered)] == []


def test_every_out_of_line_half_is_exported(kernel):
    symvers = subject.build(kernel).symvers.read_text(encoding="ascii")
    exported = {line.split("\t")[1] for line in symvers.splitlines()}
    halves = {name for name in read(preprocess(kernel, "drop-in"), [OURS]).functions
              if name.startswith("__svm_")}
    assert "__svm_readl" in halves
    assert halves <= exported


def test_what_is_forgotten_is_seen(names):
    """Negative control."""
    it = names["6.1"]
    fewer = {name: target for name, target in it.renamed.items() if name != "ioread16_rep"}
    assert set(forgotten(Names(it.offered | {"readz"}, fewer, it.ours - {"svm_readb"}))) == {
        "ioread16_rep", "readz", "readb"}
