# SPDX-License-Identifier: GPL-2.0
"""Reads the capture windows of a built module from outside, and says what is wrong with one.

Does not use the module's own check, nor its decoder: the table is read from the file, and the
instructions are binutils' words for them.
"""

import re
import struct
from dataclasses import dataclass

from elftools.elf.elffile import ELFFile

from . import objdump

SECTION = "__svm_mmio_windows"
ENTRY = struct.Struct("<QIhh")
MAY_BE_CAPTURED = {"lbz", "lhz", "lhbrx", "lwz", "lwbrx", "ld", "ldbrx",
                   "stb", "sth", "sthbrx", "stw", "stwbrx", "std", "stdbrx"}

# What each accessor of one register captures, each run, what has its width as an argument, and the
# load that is tried.
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
ANY_WIDTH = {"svm_sprg0_load": "lbz ld lhz lwz", "svm_sprg0_store": "stb std sth stw"}
TRIAL = {"svm_probe": "lwz"}
ALL = {**ACCESSORS, **RUNS, **ANY_WIDTH, **TRIAL}


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
    """The instructions of .text: a dict of offset to Insn."""
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
    rf"st(?P=width)u (?P=val),(?P<bytes>\d)\((?P<buffer>r\d+)\)\n{STEP}bdnz\n",
    r"(?P<first>)l(?P<width>[bhwd])z?u (?P<val>r\d+),(?P<bytes>\d)\((?P<buffer>r\d+)\)\n"
    rf"st(?P=width) (?P=val),0\((?P<addr>r\d+)\)\n{STEP}bdnz\n",
    r"(?P<first>)st(?P<width>[bhwd]) (?P<val>r\d+),0\((?P<addr>r\d+)\)\n"
    r"addi (?P=addr),(?P=addr),(?P<bytes>\d)\nbdnz\n")]


def shown(insn):
    """An instruction as SHAPE and LOOPS know it: a branch without its target."""
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
    # What is loaded may come into the register that had the word.
    is_load = near[-2].mnemonic.startswith("l")
    if shape["captured"] in (registers[1:] if is_load else registers):
        return "the word overwrites an operand"
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
    if loop.groupdict().get("buffer") in (loop["addr"], loop["val"]):
        return "the buffer is where the device or the value is"
    if loop.groupdict().get("step") not in (None, loop["bytes"]):
        return "the address moves on by another width"
    first = near[len(near) - 1 - text.count("\n")]
    if not near[-2].operands.startswith(f"{first.address:x} "):
        return "the loop does not begin at its beginning"
    return None


def captured(ko):
    """What each function captures, by its name without __svm_: a dict; several in their order."""
    listed = {window.access for window in table(ko)}
    found = {name.removeprefix("__svm_"): sorted(insn.mnemonic for insn in function
                                                 if insn.address in listed)
             for name, function in objdump.functions(ko, ".text").items()}
    return {name: " ".join(insns) for name, insns in found.items() if insns}


def faults(ko):
    """All that is wrong with the windows of @ko: a list of lines."""
    insns = insns_by_address(ko)
    found = [f"window at .text+{window.access:#x}: {wrong}" for window in table(ko)
             if (wrong := fault(insns, window))]
    return found + [f"{name} captures {insn}, not {ALL.get(name)}"
                    for name, insn in captured(ko).items() if ALL.get(name) != insn]
