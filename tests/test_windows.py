# SPDX-License-Identifier: GPL-2.0
"""Every capture window in the built module is what docs/abi.md says, checked from outside.

Does not use the module's own check, nor its decoder: the table is read from the file, and the
instructions are binutils' words for them.
"""

import re
import struct
from dataclasses import dataclass

import pytest
from elftools.elf.elffile import ELFFile
from lab import elf, mutants, objdump
from lab.subject import DEBUGFS

pytestmark = pytest.mark.quick

SECTION = "__svm_mmio_windows"
ENTRY = struct.Struct("<QIhh")
MAY_BE_CAPTURED = {"lbz", "lhz", "lhbrx", "lwz", "lwbrx", "ld", "ldbrx",
                   "stb", "sth", "sthbrx", "stw", "stwbrx", "std", "stdbrx"}

# What each accessor of one register captures, and each run.
ACCESSORS = {
    "readb": "lbz", "readw": "lhz", "readl": "lwz", "readq": "ld",
    "readw_be": "lhbrx", "readl_be": "lwbrx", "readq_be": "ldbrx",
    "writeb": "stb", "writew": "sth", "writel": "stw", "writeq": "std",
    "writew_be": "sthbrx", "writel_be": "stwbrx", "writeq_be": "stdbrx",
    "in_8": "lbz", "in_le16": "lhz", "in_be16": "lhbrx", "in_le32": "lwz", "in_be32": "lwbrx",
    "in_le64": "ld", "in_be64": "ldbrx",
    "out_8": "stb", "out_le16": "sth", "out_be16": "sthbrx", "out_le32": "stw",
    "out_be32": "stwbrx", "out_le64": "std", "out_be64": "stdbrx",
    "__raw_readb": "lbz", "__raw_readw": "lhz", "__raw_readl": "lwz", "__raw_readq": "ld",
    "__raw_writeb": "stb", "__raw_writew": "sth", "__raw_writel": "stw", "__raw_writeq": "std",
}
RUNS = {f"run_{kind}_{bytes_}": insn
        for bytes_, load, store in ((1, "lbz", "stb"), (2, "lhz", "sth"), (4, "lwz", "stw"),
                                    (8, "ld", "std"))
        for kind, insn in (("ins", load), ("in", load), ("outs", store), ("out", store),
                           ("set", store))}


@dataclass(frozen=True)
class Window:
    """An entry of the table. Addresses are offsets in .text."""

    access: int
    word: int
    save: int
    restore: int


def table(ko):
    """The entries, a list of Window."""
    with open(ko, "rb") as file:
        elf_file = ELFFile(file)
        section = elf_file.get_section_by_name(SECTION)
        symbols = elf_file.get_section_by_name(".symtab")
        windows = []
        for relocation in elf_file.get_section_by_name(f".rela{SECTION}").iter_relocations():
            symbol = symbols.get_symbol(relocation["r_info_sym"])
            assert elf_file.get_section(symbol["st_shndx"]).name == ".text"
            access = symbol["st_value"] + relocation["r_addend"]
            _, word, save, restore = ENTRY.unpack_from(section.data(), relocation["r_offset"])
            windows.append(Window(access, word, access + save, access + restore))
        assert len(windows) * ENTRY.size == section["sh_size"]
    return windows


def insns_by_address(ko):
    return {insn.address: insn for function in objdump.functions(ko, ".text").values()
            for insn in function}


# A window, one instruction a line. ACCESS is a single access, or one of the three loops.
SHAPE = re.compile(r"""mfsprg (?P<saved>r\d+),0
(?:li (?P<word>r\d+),0
oris (?P=word),(?P=word),(?P<d_high>\d+)
|lis (?P<x_word>r\d+),(?P<x_high>\d+)
ori (?P=x_word),(?P=x_word),(?P<x_low>\d+)
)(?:hwsync
)?mtsprg 0,(?P<captured>r\d+)
(?P<access>(?:.*
)+)mtsprg 0,(?P=saved)
""")
SINGLE = re.compile(r"[a-z]+ r\d+,(?:0\(r(?:[1-9]|[12]\d|3[01])\)|0,r\d+)\n")
STEP = r"(?:addi (?P=addr),(?P=addr),(?P<step>\d+)\n)?"
LOOPS = [re.compile(text) for text in (
    r"(?P<first>)l(?P<width>[bhwd])z? (?P<val>r\d+),0\((?P<addr>r\d+)\)\neieio\n"
    rf"st(?P=width)u (?P=val),(?P<bytes>\d)\(r\d+\)\n{STEP}bdnz\n",
    r"(?P<first>)l(?P<width>[bhwd])z?u (?P<val>r\d+),(?P<bytes>\d)\(r\d+\)\n"
    rf"st(?P=width) (?P=val),0\((?P<addr>r\d+)\)\n{STEP}bdnz\n",
    r"(?P<first>)st(?P<width>[bhwd]) (?P<val>r\d+),0\((?P<addr>r\d+)\)\n"
    r"addi (?P=addr),(?P=addr),(?P<bytes>\d)\nbdnz\n")]


def shown(insn):
    return insn.mnemonic if insn.mnemonic == "bdnz" else f"{insn.mnemonic} {insn.operands}".strip()


def fault(insns, window):
    """What is wrong with one window, or None."""
    if insns[window.access].word != window.word:
        return "word is not the instruction"
    if insns[window.access].mnemonic not in MAY_BE_CAPTURED:
        return "may not be captured"
    near = [insns[at] for at in range(window.save, window.restore + 4, 4)]
    text = "".join(f"{shown(insn)}\n" for insn in near)
    shape = SHAPE.fullmatch(text)
    if not shape:
        return f"another shape: {text}"
    high, low = shape["d_high"] or shape["x_high"], shape["x_low"] or 0
    if int(high) << 16 | int(low) != window.word:
        return "another word is put into SPRG0"
    if (shape["word"] or shape["x_word"]) != shape["captured"]:
        return "another register is put into SPRG0"
    registers = re.findall(r"\br\d+", shape["access"])
    if shape["saved"] in registers or shape["saved"] == shape["captured"]:
        return "the saved SPRG0 is lost"
    if SINGLE.fullmatch(shape["access"]):
        return None
    return loop_fault(near, shape["access"])


def loop_fault(near, text):
    """What is wrong with the loop of a run, or None."""
    loop = next(filter(None, (loop.fullmatch(text) for loop in LOOPS)), None)
    if not loop:
        return f"another shape of loop: {text}"
    if int(loop["bytes"]) != {"b": 1, "h": 2, "w": 4, "d": 8}[loop["width"]]:
        return "the buffer moves on by another width"
    if loop.groupdict().get("step") not in (None, loop["bytes"]):
        return "the address moves on by another width"
    first = near[len(near) - 1 - text.count("\n")]
    if not near[-2].operands.startswith(f"{first.address:x} "):
        return "the loop does not begin at its beginning"
    return None


def test_every_window(ko):
    insns = insns_by_address(ko)
    windows = table(ko)
    assert len(windows) == len(ACCESSORS) + len(RUNS)
    assert {window: fault(insns, window) for window in windows} == dict.fromkeys(windows)


def test_no_window_is_missing_from_the_table(ko):
    """Nothing else in the module writes SPRG0, except the cases that test this."""
    inside = {at for window in table(ko) for at in range(window.save, window.restore + 4, 4)}
    writers = {name for section in elf.text_sections(ko)
               for name, function in objdump.functions(ko, section).items()
               for insn in function if insn.mnemonic == "mtsprg"
               and not (section == ".text" and insn.address in inside)}
    assert writers == {"check_sprg0", "check_sprg0_bulk"}


def test_every_word_is_an_access_of_its_accessor(ko):
    """in_le32 captures lwz, and so on."""
    listed = {window.access for window in table(ko)}
    found = {name.removeprefix("__svm_"): insn.mnemonic
             for name, function in objdump.functions(ko, ".text").items()
             for insn in function if insn.address in listed}
    assert found == {**ACCESSORS, **RUNS}


def test_debugfs_shows_the_same_table(ko, sprg0):
    shown = {}
    for line in sprg0.guest.check(f"cat {DEBUGFS}/windows").splitlines():
        place, word, mnemonic = line.split()
        symbol, offset = place.split("+")
        shown[symbol, int(offset, 16)] = (int(word, 16), mnemonic)
    functions = objdump.functions(ko, ".text")
    insns = insns_by_address(ko)
    expected = {}
    for window in table(ko):
        for name, function in functions.items():
            start = function[0].address
            if start <= window.access <= function[-1].address:
                expected[name, window.access - start] = (window.word,
                                                         insns[window.access].mnemonic)
    assert shown == expected
    assert sprg0.status()["windows"] == str(len(shown))


@pytest.mark.parametrize("mutant, expected", [
    ("off-by-one-register", "word is not the instruction"),
    ("restore-before-access", "another shape"),
    ("no-restore", "another shape")])
def test_mutants_are_seen(kernel, mutant, expected):
    """Negative control."""
    ko = mutants.build(kernel, mutant).ko["svm_mmio"]
    insns = insns_by_address(ko)
    faults = [fault(insns, window) for window in table(ko)]
    assert all(found and found.startswith(expected) for found in faults), faults
