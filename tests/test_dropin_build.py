# SPDX-License-Identifier: GPL-2.0
"""One line in a driver's Kbuild is all that the drop-in takes, whatever the driver includes first,
and it cannot be lost: it holds, or the build fails and says why.
"""

import os
import re
from dataclasses import dataclass

import pytest
from lab import dropin, kernelmatrix, kernels, objdump, paths
from lab.build import build_module
from lab.dropin import ONE_LINE, files
from lab.kernels import CROSS
from lab.root import run, workplace

# Read before anything else of the kernel, so that asm/io.h is reached in different ways.
FIRST = ("linux/io.h", "asm/io.h", "linux/pci.h", "linux/scatterlist.h", "linux/iopoll.h",
         "linux/io-64-nonatomic-hi-lo.h", "asm/pci-bridge.h", "linux/mm.h",
         "linux/jump_label.h", "linux/device.h", "linux/irq.h", "linux/skbuff.h", "linux/acpi.h",
         "linux/of_address.h", "linux/dma-mapping.h", "linux/regmap.h", "linux/usb.h")

DRIVER = """\
// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "mine: " fmt
#include <{first}>
#include <linux/io.h>
#include <linux/module.h>
u32 {name}(void __iomem *addr, u32 *buf);
u32 {name}(void __iomem *addr, u32 *buf)
{{
    __ioread32_copy(buf, addr, 4);
    return readl(addr);
}}
MODULE_DESCRIPTION("Test");
MODULE_LICENSE("GPL");
"""


def driver(first="linux/io.h", name="access"):
    """The source of one that includes @first before all else; @name is its function."""
    return DRIVER.format(first=first, name=name)


def called(ko, function="access"):
    """The functions of svm_mmio that @function of a module calls."""
    return {insn.operands for insn in objdump.functions(ko)[function]
            if insn.is_branch and insn.operands.startswith("__svm_")}


@pytest.fixture
def build(tmp_path):
    """build(kernel, {file: text}) builds a driver of these files, with W=1."""
    def call(kernel, sources, extra=None):
        for name, text in sources.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="ascii")
        return build_module(kernel, tmp_path, make_args=("W=1",),
                            extra={**files(kernel), **(extra or {})})
    return call


@pytest.mark.parametrize("kernel_name", kernels.TABLE)
def test_whatever_is_included_first(build, kernel_name):
    names = {f"first_{number}": first for number, first in enumerate(FIRST)}
    result = build(kernels.get(kernel_name), {
        "Kbuild": f"obj-m := mine.o\nmine-y := {' '.join(f'{name}.o' for name in names)}\n"
                  + ONE_LINE,
        **{f"{name}.c": driver(first, name) for name, first in names.items()}})
    assert dropin.warnings(result) == set()
    assert {first: called(result.ko["mine"], name) for name, first in names.items()} == {
        first: {"__svm_readl", "__svm___ioread32_copy"} for first in FIRST}


def test_symvers_elsewhere(build, kernel):
    """svm_mmio may have been built in another directory than the headers are in."""
    result = build(kernel, {
        "Kbuild": "obj-m := driver.o\nSVM_MMIO_SYMVERS := $(src)/elsewhere\n" + ONE_LINE,
        "driver.c": driver()},
        {"svm-mmio/Module.symvers": b"", "elsewhere": files(kernel)["svm-mmio/Module.symvers"]})
    assert "undefined" not in result.output


@dataclass(frozen=True)
class Row:
    """A way to build a driver on the drop-in, and what has to come of it.

    @files      of the driver, besides driver.c
    @args       of make
    @fails      why the build has to fail, as a pattern of its output; if None, the line holds
    @command    what is run in the driver's directory in place of the kernel's make
    """

    files: dict
    args: tuple = ()
    fails: str = None
    command: tuple = ()


KBUILD = "obj-m := driver.o\n"
SUB = {"Kbuild": "obj-m := sub/\n" + ONE_LINE, "sub/Kbuild": KBUILD, "sub/driver.c": ""}
OWN_FLAGS = "NOSTDINC_FLAGS {} -I$(src)/mine\n"
OWN_SYMBOLS = "KBUILD_EXTRA_SYMBOLS {} $(src)/mine/Module.symvers\n"
COMMAND_FLAGS = ("NOSTDINC_FLAGS=-I/build/lost/mine",)
COMMAND_SYMBOLS = ("KBUILD_EXTRA_SYMBOLS=/build/lost/mine/Module.symvers",)
# A Makefile that is also a Kbuild, with a line for each half and one for both.
BOTH = """\
{both}ifneq ($(KERNELRELEASE),)
obj-m := driver.o
{kbuild}else
all:
\t$(MAKE) -C $(KDIR) M=$(CURDIR) modules
{make}endif
"""
FLAGS_LOST = "svm-mmio: NOSTDINC_FLAGS is set after dropin.mk added to it"
SYMBOLS_LOST = "svm-mmio: KBUILD_EXTRA_SYMBOLS is set after dropin.mk added"
UNKNOWN = '"__svm_readl" .*undefined'

# Done on other kernels too: makefiles of the kernel's read the variables at different times.
ON_OTHERS = ("flags := below", "both, command line", "symbols := below",
             "subdirectory, flags, command line")

ROWS = {
    "nothing else": Row({"Kbuild": KBUILD + ONE_LINE}),
    "flags, command line": Row({"Kbuild": KBUILD + ONE_LINE}, COMMAND_FLAGS),
    "flags := above": Row({"Kbuild": KBUILD + OWN_FLAGS.format(":=") + ONE_LINE}),
    "flags := below": Row({"Kbuild": ONE_LINE + KBUILD + OWN_FLAGS.format(":=")},
                          fails=FLAGS_LOST),
    "flags += below": Row({"Kbuild": ONE_LINE + KBUILD + OWN_FLAGS.format("+=")}),
    "flags := for a target": Row({
        "Kbuild": ONE_LINE + KBUILD + "$(obj)/driver.o: " + OWN_FLAGS.format(":=")},
        fails=FLAGS_LOST),
    "symbols, command line": Row({"Kbuild": KBUILD + ONE_LINE}, COMMAND_SYMBOLS),
    "symbols := above": Row({"Kbuild": OWN_SYMBOLS.format(":=") + ONE_LINE + KBUILD}),
    "symbols += below": Row({"Kbuild": ONE_LINE + KBUILD + OWN_SYMBOLS.format("+=")}),
    "symbols := below": Row({"Kbuild": ONE_LINE + KBUILD + OWN_SYMBOLS.format(":=")},
                            fails=SYMBOLS_LOST),
    "both, command line": Row({"Kbuild": KBUILD + ONE_LINE}, COMMAND_FLAGS + COMMAND_SYMBOLS),
    "other flags": Row({
        "Kbuild": ONE_LINE + KBUILD + "ccflags-y := -O1\nsubdir-ccflags-y :=\n"},
        ("KCFLAGS=-O1", "CFLAGS_MODULE=")),
    "subdirectory": Row(SUB),
    "subdirectory, flags += there": Row(
        {**SUB, "sub/Kbuild": KBUILD + OWN_FLAGS.format("+=")}),
    "subdirectory, flags := there": Row(
        {**SUB, "sub/Kbuild": KBUILD + OWN_FLAGS.format(":=")}, fails=FLAGS_LOST),
    "subdirectory, flags, command line": Row(SUB, COMMAND_FLAGS, fails=FLAGS_LOST),
    "the same, the line in both": Row(
        {**SUB, "sub/Kbuild": KBUILD + ONE_LINE.replace("(src)", "(src)/..")}, COMMAND_FLAGS),
    "subdirectory, symbols, command line": Row(SUB, COMMAND_SYMBOLS),
    "the line only in the subdirectory": Row(
        {**SUB, "Kbuild": "obj-m := sub/\n",
         "sub/Kbuild": KBUILD + ONE_LINE.replace("(src)", "(src)/..")}, fails=UNKNOWN),
    "a Makefile only": Row({"Makefile": KBUILD + ONE_LINE}),
    "a Makefile, its half for Kbuild": Row(
        {"Makefile": BOTH.format(both="", kbuild=ONE_LINE, make="")}, command=("make",)),
    "a Makefile, both halves": Row(
        {"Makefile": BOTH.format(both="src ?= $(CURDIR)\n" + ONE_LINE, kbuild="", make="")},
        command=("make",)),
    "a Makefile, both halves, command line": Row(
        {"Makefile": BOTH.format(both="src ?= $(CURDIR)\n" + ONE_LINE, kbuild="", make="")},
        COMMAND_FLAGS + COMMAND_SYMBOLS, command=("make",)),
    "KBUILD_EXTMOD": Row({"Kbuild": KBUILD + ONE_LINE},
                         command=("make", "-C", "{headers}", "KBUILD_EXTMOD=/build/lost")),
    "once more": Row(SUB, command=(
        "sh", "-c", 'make -C "{headers}" M=/build/lost "$@" && make -C "{headers}" M=/build/lost '
        '"$@" >again && ! grep -w CC again', "sh")),
    "-include": Row(
        {"Kbuild": KBUILD + "ccflags-y += -include $(src)/svm-mmio/dropin/override.h\n"},
        fails="override.h is for the drop-in alone"),
}


def make(kernel, row, extra):
    """Build a driver as @row has it, with @extra files: what make said, and what driver.ko calls,
    None if there is none.
    """
    plain = driver().encode()
    sources = {"driver.c": plain, "mine/Module.symvers": b"", "mine/mine.h": b"",
               **{name: text.encode() or plain for name, text in row.files.items()},
               **{name: what if isinstance(what, bytes) else what.read_bytes()
                  for name, what in files(kernel).items()}, **(extra or {})}
    command = row.command or ("make", "-C", "{headers}", "M=/build/lost")
    log = paths.log("dropin-lost")
    with workplace(kernel.root, "lost", sources) as inside:
        status = run(kernel.root, [
            "env", "-C", "/build/lost", *(word.format(headers=kernel.headers) for word in command),
            f"-j{os.cpu_count()}", f"KDIR={kernel.headers}", "ARCH=powerpc",
            f"CROSS_COMPILE={CROSS}", *row.args], log)
        ko, = [*inside.rglob("driver.ko")] or [None]
        return log.read_text(encoding="utf-8"), called(ko) if status == 0 and ko else None


def outcome(kernel, row, extra=None):
    """What came of @row: "held", "lost", or why it failed."""
    said, calls = make(kernel, row, extra)
    if calls is None:
        return said
    return "held" if calls == {"__svm_readl", "__svm___ioread32_copy"} else "lost"


@pytest.mark.parametrize("kernel_name,name", [
    *(("6.1", name) for name in ROWS),
    *((other, name) for other in ("5.10", "7.2") for name in ON_OTHERS)])
def test_the_line_holds_or_the_build_fails(kernel_name, name):
    row = ROWS[name]
    came = outcome(kernelmatrix.get(kernel_name), row)
    if row.fails:
        assert re.search(row.fails, came), came
    else:
        assert came == "held", came


def test_a_lost_line_is_seen(kernel):
    """Negative control: with what the line was at first, which only added to the variables."""
    early = {"svm-mmio/dropin/dropin.mk": b"NOSTDINC_FLAGS += -I$(src)/svm-mmio/dropin\n"
                                          b"KBUILD_EXTRA_SYMBOLS += "
                                          b"$(src)/svm-mmio/Module.symvers\n"}
    assert outcome(kernel, ROWS["nothing else"], early) == "held"
    assert outcome(kernel, ROWS["flags, command line"], early) == "lost"


def test_a_driver_keeps_its_own_override_h(build, kernel):
    """The directory of the drop-in is on its include path, and has a header of that name."""
    result = build(kernel, {
        "Kbuild": "obj-m := driver.o\nccflags-y := -I$(src)/include\n" + ONE_LINE,
        "include/override.h": "#define OWN_HEADER\n",
        "driver.c": '#include "override.h"\n#ifndef OWN_HEADER\n#error\n#endif\n'
                    + driver()})
    assert called(result.ko["driver"]) == {"__svm_readl", "__svm___ioread32_copy"}
