# SPDX-License-Identifier: GPL-2.0
"""What the lab asks of a module file, or of a program."""

from elftools.elf.elffile import ELFFile

SHF_EXECINSTR = 4


def text_sections(ko):
    """The executable sections of module file @ko: a dict of name to size in bytes."""
    with open(ko, "rb") as file:
        return {section.name: section["sh_size"] for section in ELFFile(file).iter_sections()
                if section["sh_flags"] & SHF_EXECINSTR and section["sh_size"]}


def needed(program):
    """The libraries that @program, or a library, is linked with: a list of their file names."""
    with open(program, "rb") as file:
        dynamic = ELFFile(file).get_section_by_name(".dynamic")
        return [tag.needed for tag in dynamic.iter_tags("DT_NEEDED")]


def depends(ko):
    """The modules that module file @ko needs: a list of names."""
    with open(ko, "rb") as file:
        data = ELFFile(file).get_section_by_name(".modinfo").data()
    for line in data.decode("ascii", "replace").split("\0"):
        key, _, value = line.partition("=")
        if key == "depends":
            return value.split(",") if value else []
    return []
