# SPDX-License-Identifier: GPL-2.0
"""What the lab asks of a module file, or of a program."""

from elftools.elf.elffile import ELFFile

SHF_EXECINSTR = 4


def text_sections(ko):
    """The executable sections of module file @ko: a dict of name to size in bytes."""
    with open(ko, "rb") as file:
        return {section.name: section["sh_size"] for section in ELFFile(file).iter_sections()
                if section["sh_flags"] & SHF_EXECINSTR and section["sh_size"]}


def functions(ko):
    """The functions of module file @ko: a dict of section to [(start, end, name)] in it."""
    found = {}
    with open(ko, "rb") as file:
        elf = ELFFile(file)
        for symbol in elf.get_section_by_name(".symtab").iter_symbols():
            if symbol["st_info"]["type"] == "STT_FUNC" and isinstance(symbol["st_shndx"], int):
                section = elf.get_section(symbol["st_shndx"]).name
                found.setdefault(section, []).append(
                    (symbol["st_value"], symbol["st_value"] + symbol["st_size"], symbol.name))
    return found


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
