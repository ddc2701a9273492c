# SPDX-License-Identifier: GPL-2.0
"""Every capture window in the built module is what docs/abi.md says, checked from outside.

Does not use the module's own check, nor its decoder: the table is read from the file, and the
instructions are binutils' words for them.
"""

import re
import struct

import pytest
from elftools.elf.elffile import ELFFile
from lab import elf, mutants, objdump
from lab.subject import DEBUGFS

pytestmark = pytest.mark.quick

SECTION = "__svm_mmio_windows"
ENTRY = struct.Struct("<QII")
MAY_BE_CAPTURED = {"lbz", "lhz", "lhbrx", "lwz", "lwbrx", "ld",
                   "stb", "sth", "sthbrx", "stw", "stwbrx", "std"}


def table(ko):
    """The entries: a list of (offset of the access in .text, word)."""
    with open(ko, "rb") as file:
        elf = ELFFile(file)
        entries = [ENTRY.unpack_from(elf.get_section_by_name(SECTION).data(), at)
                   for at in range(0, elf.get_section_by_name(SECTION)["sh_size"], ENTRY.size)]
        addresses = {}
        symbols = elf.get_section_by_name(".symtab")
        for relocation in elf.get_section_by_name(f".rela{SECTION}").iter_relocations():
            symbol = symbols.get_symbol(relocation["r_info_sym"])
            assert elf.get_section(symbol["st_shndx"]).name == ".text"
            addresses[relocation["r_offset"]] = symbol["st_value"] + relocation["r_addend"]
    assert all(zero == 0 for _, _, zero in entries)
    return [(addresses[number * ENTRY.size], word)
            for number, (_, word, _) in enumerate(entries)]


def insns_by_address(ko):
    return {insn.address: insn for function in objdump.functions(ko, ".text").values()
            for insn in function}


def fault(insns, access, word):
    """What is wrong with one window, or None."""
    near = [insns[access + 4 * n] for n in range(-6, 2)]
    text = " ; ".join(f"{insn.mnemonic} {insn.operands}".strip() for insn in near)
    if near[6].word != word:
        return "word is not the instruction"
    if near[6].mnemonic not in MAY_BE_CAPTURED:
        return "may not be captured"
    if not re.search(r"0\(r([1-9]|[12]\d|3[01])\)$|,0,r\d+$", near[6].operands):
        return "not displacement 0, or not RA=0"
    shape = re.fullmatch(
        r"mfsprg (?P<saved>r\d+),0 ; li (?P<word>r\d+),0 ; oris (?P=word),(?P=word),(?P<high>\d+) ; "
        r"ori (?P=word),(?P=word),(?P<low>\d+) ; hwsync ; mtsprg 0,(?P=word) ; "
        r"[a-z]+ (?P<access>\S+) ; mtsprg 0,(?P=saved)",
        text)
    if not shape:
        return f"another shape: {text}"
    if int(shape["high"]) << 16 | int(shape["low"]) != word:
        return "another word is put into SPRG0"
    registers = re.findall(r"r\d+", shape["access"])
    if shape["saved"] in registers or shape["saved"] == shape["word"]:
        return "the saved SPRG0 is lost"
    return None


def test_every_window(ko):
    insns = insns_by_address(ko)
    windows = table(ko)
    assert len(windows) == 20
    assert {access: fault(insns, access, word) for access, word in windows} == {
        access: None for access, _ in windows}


def test_no_window_is_missing_from_the_table(ko):
    """Nothing else in the module writes SPRG0, except the case that tests this."""
    beside = {access + offset for access, _ in table(ko) for offset in (-4, 4)}
    writers = {name for section in elf.text_sections(ko)
               for name, function in objdump.functions(ko, section).items()
               for insn in function if insn.mnemonic == "mtsprg"
               and not (section == ".text" and insn.address in beside)}
    assert writers == {"check_sprg0"}


def test_every_word_is_an_access_of_its_accessor(ko):
    """in_le32 captures lwz, and so on."""
    expected = {"readb": "lbz", "readw": "lhz", "readl": "lwz", "readq": "ld",
                "writeb": "stb", "writew": "sth", "writel": "stw", "writeq": "std",
                "in_8": "lbz", "in_le16": "lhz", "in_be16": "lhbrx", "in_le32": "lwz",
                "in_be32": "lwbrx", "in_le64": "ld", "out_8": "stb", "out_le16": "sth",
                "out_be16": "sthbrx", "out_le32": "stw", "out_be32": "stwbrx", "out_le64": "std"}
    listed = {access for access, _ in table(ko)}
    found = {name.removeprefix("__svm_"): insn.mnemonic
             for name, function in objdump.functions(ko, ".text").items() if name.startswith("__svm_")
             for insn in function if insn.address in listed}
    assert found == expected


def test_debugfs_shows_the_same_table(ko, sprg0):
    shown = {}
    for line in sprg0.guest.check(f"cat {DEBUGFS}/windows").splitlines():
        place, word, mnemonic = line.split()
        symbol, offset = place.split("+")
        shown[symbol, int(offset, 16)] = (int(word, 16), mnemonic)
    functions = objdump.functions(ko, ".text")
    insns = insns_by_address(ko)
    expected = {}
    for access, word in table(ko):
        for name, function in functions.items():
            if name.startswith("__svm_") and function[0].address <= access <= function[-1].address:
                expected[name, access - function[0].address] = (word, insns[access].mnemonic)
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
    faults = [fault(insns, access, word) for access, word in table(ko)]
    assert all(found and found.startswith(expected) for found in faults), faults
