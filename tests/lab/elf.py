# SPDX-License-Identifier: GPL-2.0
"""What the lab asks of a module file."""

from elftools.elf.elffile import ELFFile

SHF_EXECINSTR = 4


def text_sections(ko):
    """The executable sections of module file @ko: a dict of name to size in bytes."""
    with open(ko, "rb") as file:
        return {section.name: section["sh_size"] for section in ELFFile(file).iter_sections()
                if section["sh_flags"] & SHF_EXECINSTR and section["sh_size"]}
