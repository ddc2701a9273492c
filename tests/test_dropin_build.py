# SPDX-License-Identifier: GPL-2.0
"""One line in a driver's Kbuild is all that the drop-in takes, whatever it includes first."""

import pytest
from lab import dropin, kernels, objdump
from lab.build import build_module
from lab.dropin import ONE_LINE, files

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
u32 access(void __iomem *addr, u32 *buf);
u32 access(void __iomem *addr, u32 *buf)
{{
    __ioread32_copy(buf, addr, 4);
    return readl(addr);
}}
MODULE_DESCRIPTION("Test");
MODULE_LICENSE("GPL");
"""


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
        "Kbuild": "obj-m := " + " ".join(f"{name}.o" for name in names) + "\n" + ONE_LINE,
        **{f"{name}.c": DRIVER.format(first=first) for name, first in names.items()}})
    assert dropin.warnings(result) == set()
    assert {names[name]: called(ko) for name, ko in result.ko.items()} == {
        first: {"__svm_readl", "__svm___ioread32_copy"} for first in FIRST}


def test_subdirectories_too(build, kernel):
    result = build(kernel, {
        "Kbuild": "obj-m := sub/\n" + ONE_LINE,
        "sub/Kbuild": "obj-m := driver.o\n",
        "sub/driver.c": DRIVER.format(first="linux/io.h")})
    assert called(result.ko["driver"]) == {"__svm_readl", "__svm___ioread32_copy"}


def test_without_the_line(build, kernel):
    """Negative control."""
    result = build(kernel, {"Kbuild": "obj-m := driver.o\n",
                            "driver.c": DRIVER.format(first="linux/io.h")})
    assert called(result.ko["driver"]) == set()


def test_include_instead(build, kernel):
    """Works, but is too early for what a driver defines for headers; and: warnings are seen."""
    include = "ccflags-y += -include $(src)/svm-mmio/dropin/override.h\n"
    symbols = "KBUILD_EXTRA_SYMBOLS := $(src)/svm-mmio/Module.symvers\n"
    result = build(kernel, {"Kbuild": "obj-m := driver.o\n" + include + symbols,
                            "driver.c": DRIVER.format(first="linux/io.h")})
    assert called(result.ko["driver"]) == {"__svm_readl", "__svm___ioread32_copy"}
    complaint, = dropin.warnings(result)
    assert "\"pr_fmt\" redefined" in complaint


def test_symvers_elsewhere(build, kernel):
    """svm_mmio may have been built in another directory than the headers are in."""
    result = build(kernel, {
        "Kbuild": "obj-m := driver.o\nSVM_MMIO_SYMVERS := $(src)/elsewhere\n" + ONE_LINE,
        "driver.c": DRIVER.format(first="linux/io.h")},
        {"svm-mmio/Module.symvers": b"", "elsewhere": files(kernel)["svm-mmio/Module.symvers"]})
    assert "undefined" not in result.output
