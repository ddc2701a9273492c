# SPDX-License-Identifier: GPL-2.0
"""In a normal guest an accessor costs one nop: the kernel's own instructions, and nothing else."""

import pytest
from lab import objdump, paths, subject
from lab.build import build_module

ACCESSORS = """
    readb readw readl readq writeb writew writel writeq
    in_8 in_le16 in_be16 in_le32 in_be32 in_le64 in_be64
    out_8 out_le16 out_be16 out_le32 out_be32 out_le64 out_be64
""".split()


@pytest.fixture(scope="module")
def functions():
    """The functions of tests/drivers/direct_path, disassembled."""
    kernel = subject.main_kernel()
    driver = build_module(kernel, paths.TOP / "tests/drivers/direct_path",
                          extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"},
                          symvers=[subject.build(kernel)])
    return objdump.functions(driver.ko["direct_path"])


def hot_path(function):
    """The instructions up to the first return, as text, without the addresses in branches.

    What a static key or an all-ones check leads to stands behind that return. The setting up of
    r2 at the global entry point is the function's, not the access's.
    """
    path = []
    for insn in function:
        if not path and insn.operands in ("r2,-8(r12)", "r2,r2,r12"):
            continue
        path.append(insn.mnemonic if insn.is_branch else f"{insn.mnemonic} {insn.operands}")
        if insn.mnemonic == "blr":
            break
    return path


@pytest.mark.quick
@pytest.mark.parametrize("name", ACCESSORS)
def test_kernel_sequence_plus_one_nop(functions, name):
    kernel = hot_path(functions[f"kernel_{name}"])
    direct = hot_path(functions[f"direct_{name}"])
    nops = [at for at, insn in enumerate(direct) if insn.strip() == "nop"]
    assert len(nops) == kernel.count("nop ") + 1, direct
    del direct[nops[0]]
    if name == "in_be64":
        # Here GCC chooses another register for the swap, and needs one move fewer than the kernel.
        assert direct.count("mr r8,r3") < kernel.count("mr r8,r3")
        kernel, direct = ([insn.split()[0] for insn in path if not insn.startswith("mr ")]
                          for path in (kernel, direct))
    assert direct == kernel


@pytest.mark.quick
def test_a_call_in_the_path_would_be_seen(functions):
    """Negative control: the path behind the nop, which does call, is not the kernel's."""
    slow = [f"{i.mnemonic} {i.operands}" for i in functions["direct_readl"]]
    assert any(insn.startswith("bl ") and "__svm_readl" in insn for insn in slow)
    assert slow != hot_path(functions["kernel_readl"])
