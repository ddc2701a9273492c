# SPDX-License-Identifier: GPL-2.0
"""Builds mutants of the module: of each the one file that is changed is compiled, with the command
that Kbuild used for it, and linked with the objects of the others.

    with Builder(kernel) as builder:
        ko = builder.build(change)      # None: no compiler takes it; builder.same: no other code
"""

import re
import shutil

from elftools.elf.elffile import ELFFile

from . import build, paths
from .errors import BuildError
from .root import run, workplace

NAME = "generated"
ARGS = ("KCFLAGS=-g0 -w", "CONFIG_DEBUG_INFO_BTF_MODULES=")


class Builder:
    """A tree in a kernel's root in which all is built; use it in a with statement."""

    def __init__(self, kernel):
        self._kernel = kernel
        self._place = workplace(kernel.root, NAME, build.sources(paths.TOP))
        self._log = paths.log("generated-mutant")
        self.same = object()
        self.tree = None
        self._known = set()

    def __enter__(self):
        self.tree = self._place.__enter__()
        build.make(self._kernel, NAME, ARGS, ("modules",), self._log, "the module")
        self.original = self._kept("unchanged", self.tree / "svm_mmio.ko")
        self._known = _undefined(self.original)
        return self

    def __exit__(self, *error):
        self._place.__exit__(*error)

    def build(self, change):
        """The module file with @change; None if that does not compile, self.same if its object
        code is the same.
        """
        source = self.tree / change.file
        object_ = source.with_suffix(".o")
        before, text = object_.read_bytes(), source.read_bytes()
        source.write_bytes(change.text())
        try:
            if self._run(self._command(object_)):
                return None
            if object_.read_bytes() == before:
                return self.same
            self._link()
            built = self.tree / "svm_mmio.ko"
            # Who needs more of the kernel than before would need other checksums of it, too; or
            # what is nowhere, as a function is gone.
            if not _undefined(built) <= self._known:
                try:
                    build.make(self._kernel, NAME, ARGS, ("modules",), self._log, change.name)
                except BuildError:
                    return None
            return self._kept(change.file_name, built)
        finally:
            source.write_bytes(text)
            object_.write_bytes(before)

    def _kept(self, name, built):
        place = paths.BUILD / "generated" / f"{name}.ko"
        place.parent.mkdir(exist_ok=True)
        shutil.copy(built, place)
        return place

    def _command(self, product):
        """How Kbuild made @product."""
        said = product.with_name(f".{product.name}.cmd").read_text(encoding="utf-8")
        return re.match(r"(?:saved)?cmd_\S+ := *(.*)\n", said)[1].partition(";")[0]

    def _link(self):
        for name in ("svm_mmio.o", "svm_mmio.ko"):
            if self._run(self._command(self.tree / name)):
                raise BuildError(f"a mutant does not link: {paths.shown(self._log)}")

    def _run(self, command):
        return run(self._kernel.root, ["sh", "-c", f"cd {self._kernel.headers} && {command}"],
                   self._log)


def _undefined(ko):
    with open(ko, "rb") as file:
        return {symbol.name for symbol in ELFFile(file).get_section_by_name(
            ".symtab").iter_symbols() if symbol["st_shndx"] == "SHN_UNDEF"}
