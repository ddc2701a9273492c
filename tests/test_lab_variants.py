# SPDX-License-Identifier: GPL-2.0
"""A variant of the module is what Kbuild would make of its sources, though Kbuild does not make it.
"""

import io

import pytest
from elftools.elf.elffile import ELFFile
from lab import paths
from lab.errors import BuildError
from lab.variants import ModuleTree

# The first follows from the second, which has a checksum of the sources in it on some kernels.
OTHER = (".note.gnu.build-id", ".modinfo")
HEADER = "guard/vsr.h"      # few files include it
USED = b"\nstatic const int __attribute__((used)) of_the_variant = 1;\n"


def content(module):
    return {section.name: section.data() for section in ELFFile(io.BytesIO(module)).iter_sections()
            if section.name not in OTHER}


@pytest.fixture(scope="module")
def tree(kernel):
    with ModuleTree(kernel) as it:
        yield it


def source(name):
    return (paths.TOP / name).read_bytes()


def test_same_as_by_kbuild(tree):
    changed = {HEADER: source(HEADER) + USED, "guard/stubs.S": source("guard/stubs.S") + b"nop\n"}
    variant = tree.build(changed, "variant")
    assert b"of_the_variant" in variant
    assert content(variant) == content(tree.by_kbuild(changed, "variant"))
    assert content(variant) != content(tree.original)
    assert tree.build({"guard/stubs.S": source("guard/stubs.S")}, "variant") == tree.original


def test_one_that_needs_more_of_the_kernel(tree):
    """It needs the checksum of that, too, or would not be loaded."""
    name = "capture/insn.c"
    changed = {name: source(name) + b"#include <linux/printk.h>\n"
               b"void more(void);\nvoid more(void) { dump_stack(); }\n"}
    assert b"dump_stack" not in content(tree.original)["__versions"]
    assert b"dump_stack" in content(tree.build(changed, "more"))["__versions"]


def test_one_that_does_not_compile(tree):
    """It is an error, and the next one has nothing of it."""
    name = "capture/insn.c"
    with pytest.raises(BuildError, match="insn.o of .* does not build"):
        tree.build({name: source(name) + b"int;;(\n", "new.h": b""}, "wrong")
    assert tree.build({name: source(name) + b"\n"}, "right") == tree.original
