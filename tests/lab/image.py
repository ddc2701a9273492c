# SPDX-License-Identifier: GPL-2.0
"""A kernel image with one word of its text exchanged: a mutant that needs no build.

    kernel = image.exchange(kernel, "svm_mmio_finish", find, replace)
"""

import dataclasses
import hashlib
import struct

from elftools.elf.elffile import ELFFile

from . import paths
from .errors import LabError
from .once import make_once


def exchange(kernel, function, match, word):
    """@kernel with the one word of @function exchanged for which match(words, at) holds.

    @function  a symbol of the image
    @match     is asked of each word, with all words of the function and its place there
    @word      what the new word is: a function of the old one
    """
    offset, words = _function(kernel.vmlinux, function)
    places = [at for at in range(len(words)) if match(words, at)]
    if len(places) != 1:
        raise LabError(f"{function}() of Linux {kernel.name} has {len(places)} such places; it "
                       "was to be one")
    at = offset + 4 * places[0]
    new = struct.pack("<I", word(words[places[0]]))
    key = hashlib.sha256(repr((str(kernel.vmlinux), at, new)).encode()).hexdigest()[:12]

    def fill(directory):
        data = bytearray(kernel.vmlinux.read_bytes())
        data[at:at + 4] = new
        (directory / "vmlinux").write_bytes(data)

    made = make_once(paths.BUILD / "images" / key, fill)
    return dataclasses.replace(kernel, vmlinux=made / "vmlinux")


def _function(vmlinux, name):
    """Where in the file a function is, and its words."""
    with open(vmlinux, "rb") as file:
        elf = ELFFile(file)
        symbol, = elf.get_section_by_name(".symtab").get_symbol_by_name(name)
        section = elf.get_section(symbol["st_shndx"])
        offset = symbol["st_value"] - section["sh_addr"] + section["sh_offset"]
        file.seek(offset)
        size = symbol["st_size"] // 4
        return offset, struct.unpack(f"<{size}I", file.read(4 * size))
