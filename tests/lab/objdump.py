# SPDX-License-Identifier: GPL-2.0
"""Disassembles a module file, with the symbols that its relocations name."""

import re
import subprocess
from dataclasses import dataclass

OBJDUMP = "powerpc64le-linux-gnu-objdump"
FUNCTION = re.compile(r"^[0-9a-f]+ <(\S+)>:$")
INSN = re.compile(r"^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} ){4})\t(\S+)\s*(.*?)$")
RELOCATION = re.compile(r"^\s*[0-9a-f]+: (R_\S+)\t(\S+)$")


@dataclass
class Insn:
    """One instruction."""

    address: int        # from the start of its section
    word: int
    mnemonic: str
    operands: str       # a branch that is relocated has the symbol instead of the address

    @property
    def is_branch(self):
        """Whether the operands hold an address of code."""
        return self.mnemonic.startswith("b") and not self.mnemonic.endswith(("lr", "ctr"))


def functions(ko, section=None):
    """The functions of module file @ko, or of one section of it: a dict of name to Insns."""
    only = ["-j", section] if section else []
    text = subprocess.run([OBJDUMP, "-dr", *only, str(ko)],
                          check=True, capture_output=True, text=True).stdout
    found = {}
    current = None
    for line in text.splitlines():
        if match := FUNCTION.match(line):
            current = found.setdefault(match[1], [])
        elif match := INSN.match(line):
            word = int.from_bytes(bytes.fromhex(match[2]), "little")
            current.append(Insn(int(match[1], 16), word, match[3], match[4]))
        elif (match := RELOCATION.match(line)) and current and current[-1].is_branch:
            current[-1].operands = match[2]
    # What stands before the first function of a section is data.
    return {name: insns for name, insns in found.items() if insns}
