# SPDX-License-Identifier: GPL-2.0
"""In a normal guest an accessor costs one nop: the kernel's own instructions, and nothing else."""

from collections import Counter

import pytest
from lab import objdump, paths, subject
from lab.build import build_module

ACCESSORS = """
    readb readw readl readq readw_be readl_be readq_be
    writeb writew writel writeq writew_be writel_be writeq_be
    __raw_readb __raw_readw __raw_readl __raw_readq
    __raw_writeb __raw_writew __raw_writel __raw_writeq
    in_8 in_le16 in_be16 in_le32 in_be32 in_le64 in_be64
    out_8 out_le16 out_be16 out_le32 out_be32 out_le64 out_be64
    ioread8 ioread16 ioread16be ioread32 ioread32be
    iowrite8 iowrite16 iowrite16be iowrite32 iowrite32be
    inb inw inl outb outw outl
""".split()

# GCC swaps the value in the register that the all-ones check has used: it needs a move.
MORE = {"readq_be": {"mr": 1}}


@pytest.fixture(scope="module")
def functions():
    """The functions of tests/drivers/direct_path, disassembled."""
    kernel = subject.main_kernel()
    driver = build_module(kernel, paths.TOP / "tests/drivers/direct_path",
                          extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"},
                          symvers=[subject.build(kernel)])
    return objdump.functions(driver.ko["direct_path"])


def hot_path(function):
    """The instructions up to the first return.

    What a static key or an all-ones check leads to stands behind that return. The setting up of
    r2 at the global entry point is the function's, not the access's.
    """
    path = []
    for insn in function:
        if not path and insn.operands in ("r2,-8(r12)", "r2,r2,r12"):
            continue
        path.append(insn)
        if insn.mnemonic == "blr":
            break
    return path


def core(path):
    """The instructions that order an access, and the access, without the registers."""
    names = [insn.mnemonic for insn in path]
    if "hwsync" not in names:
        return []
    start = names.index("hwsync")
    return names[start:start + (4 if "isync" in names else 2)]


@pytest.mark.quick
@pytest.mark.parametrize("name", ACCESSORS)
def test_kernel_instructions_plus_one_nop(functions, name):
    """The compiler may choose other registers, and another order around the access."""
    kernel = hot_path(functions[f"kernel_{name}"])
    direct = hot_path(functions[f"direct_{name}"])
    counted = Counter(insn.mnemonic for insn in direct)
    counted.subtract(insn.mnemonic for insn in kernel)
    assert {insn: n for insn, n in counted.items() if n} == {"nop": 1, **MORE.get(name, {})}
    assert core(direct) == core(kernel)


@pytest.mark.quick
def test_a_call_in_the_path_would_be_seen(functions):
    """Negative control: the path behind the nop, which does call, is not the kernel's."""
    whole = functions["direct_readl"]
    call = next(insn for insn in whole if insn.operands == "__svm_readl")
    assert call.mnemonic == "bl" and call not in hot_path(whole)
    counted = Counter(insn.mnemonic for insn in whole)
    counted.subtract(insn.mnemonic for insn in hot_path(functions["kernel_readl"]))
    assert {insn: n for insn, n in counted.items() if n} != {"nop": 1}
