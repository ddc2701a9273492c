# SPDX-License-Identifier: GPL-2.0
"""The self-test notices what it is there to notice, and says what that was: an accessor whose
value, number of elements, SPRG0 or interrupt mask is wrong, once or always. A probe makes it so.

test_selftest.py is the negative control: nothing is reported when nothing is wrong.
"""

import re

import pytest
from lab import meddler
from lab.meddler import meddled
from lab.subject import BUFFER, PORTS, Subject

TESTDEV = "pci-testdev"
WRONG = re.compile(r"(\d+) wrong values; the first: (.*)")


@pytest.fixture(scope="module")
def it(kernel):
    with Subject.boot(kernel, name="notices", smp=4, files=meddler.files(kernel)) as it:
        it.load("backend=sprg0")
        yield it


def said(it, device, case, function, **how):
    """What the case says of itself while @function of the self-test is wrong; it has to fail."""
    with meddled(it, f"svm_mmio:{function}", **how) as meddling:
        run = it.run(device, case)
        assert meddling.calls(), "nothing was made wrong"
    lines = [line.partition(": ") for line in run.case.diagnostics]
    mine = [text for name, _, text in lines if name == case.split()[0]]
    assert not run.case.ok, str(run.case)
    assert f"accesses={run.accesses}" == mine[-1] and run.seen.clean
    return mine[:-1]


# As many wrong values as the case reads of what is wrong; the first of them.
@pytest.mark.parametrize("device, case, function, how, wrong, first", [
    # All 32 bytes of the header.
    (TESTDEV, "load_values", "load_readl", {"result": 1}, 32 // 4,
     "readl at 0x0: expected 0x100, got 0x101"),
    (TESTDEV, "load_values", "load_readw_be", {"result": -1, "skip": 3, "calls": 1}, 1,
     "readw_be at 0x6: expected 0x0, got 0xffffffffffffffff"),
    (TESTDEV, "load_values", "load_readq", {"result": 1, "skip": 2, "calls": 1}, 1,
     "readq at 0x10: expected 0x2d6f6e2d6f696d6d, got 0x2d6f6e2d6f696d6e"),
    (TESTDEV, "same_as_kernel", "load_readq", {"result": 1, "skip": 3, "calls": 1}, 1,
     "readq at 0x18: expected 0x6466746e657665, got 0x6466746e657666"),
    ("edu", "load_values", "load_readl", {"result": 1}, 5,
     "readl at 0x0: expected 0xed000001, got 0xed000002"),
    ("edu", "same_as_kernel", "load_readq", {"result": 1, "skip": 2, "calls": 1}, 1,
     "readq at 0x80: expected 0x8485868700000000, got 0x8485868700000001"),
    ("edu", "all_ones", "load_readl", {"result": -1}, 1,
     "readl at 0x40: expected 0xffffffff, got 0xfffffffe"),
    (PORTS, "port_values", "load_inw", {"result": 1, "skip": 3, "calls": 1}, 1,
     "inw at 0x2: expected 0x0, got 0x1"),
])
def test_a_load(it, device, case, function, how, wrong, first):
    lines = said(it, device, case, function, **how)
    assert [WRONG.fullmatch(line).groups() for line in lines] == [(str(wrong), first)]


# What a store has left wrong is read back by each accessor that can.
@pytest.mark.parametrize("device, case, function, by, first", [
    ("edu", "store_readback", "store_writel", 1,
     "readl at 0x80: expected 0x89abcdef, got 0x89abcdf0"),
    (BUFFER, "store_readback", "store_writel", 1, "readb at 0x0: expected 0xef, got 0xf0"),
    (TESTDEV, "store_match", "store_writel", 1, "readl at 0xc: expected 0x1, got 0x0"),
    (TESTDEV, "test_selector", "store_writel", 1, "readb at 0x0: expected 0x0, got 0x1"),
    (TESTDEV, "same_as_kernel", "store_writel", 1, "readl at 0xc: expected 0x2, got 0x1"),
    (PORTS, "port_values", "store_outl", 0x1000000,
     "ioread32 at 0xc: expected 0x1, got 0x0"),
])
def test_a_store(it, device, case, function, by, first):
    line, = said(it, device, case, function, argument=2, by=by)
    assert WRONG.fullmatch(line)[2] == first


# Of the counts that the case tries the fifth, 64: one element too few, or too many.
@pytest.mark.parametrize("device, byte", [(TESTDEV, 0x6d), (PORTS, 0x70), (BUFFER, 5)])
def test_a_string(it, device, byte):
    once = {"argument": 3, "skip": 4, "calls": 1}
    line, = said(it, device, "string_values", "in_ioread32_rep", by=-1, **once)
    at = 0 if device == BUFFER else 0x10
    assert WRONG.fullmatch(line).groups() == (
        "1", f"ioread32_rep at {at:#x}: expected {byte:#x}, got 0xa5")
    line, = said(it, device, "string_values", "in_ioread32_rep", by=1, **once)
    assert WRONG.fullmatch(line).groups() == (
        "1", f"ioread32_rep at 0x0: expected 0xa5, got {byte:#x}")
    line, = said(it, device, "string_values", "out_ioread32_rep", by=-1, **once)
    if device == BUFFER:
        assert WRONG.fullmatch(line)[2].startswith("readq at 0x0: expected 0x1a130c05, got ")
    else:
        assert WRONG.fullmatch(line)[2].endswith(" at 0xc: expected 0x16, got 0x15")


@pytest.mark.parametrize("name", ["memset_io", "memcpy_toio", "memcpy_fromio", "memset_io64",
                                  "memcpy_toio64", "memcpy_fromio64", "__ioread32_copy",
                                  "__iowrite32_copy", "__iowrite64_copy"])
def test_a_copy(it, name):
    """One of twelve thousand begins a byte further on than it should."""
    with meddled(it, f"__svm_{name}", argument=1, by=8, skip=101, calls=1) as meddling:
        run = it.run(BUFFER, "copy_fuzz")
        assert meddling.calls() == 1
    assert not run.case.ok
    wrong = WRONG.search(str(run.case))
    assert wrong and wrong[2].startswith(f"{name} at 0x"), str(run.case)


@pytest.mark.parametrize("device, function", [
    (TESTDEV, "load_readl"), (TESTDEV, "store_writeb"), ("edu", "store_writeq"),
    ("nvme", "load_readl"), (BUFFER, "load_readw_be"), (PORTS, "store_outb")])
def test_sprg0(it, device, function):
    """For each value that it had."""
    lines = said(it, device, "sprg0_kept", function, sprg0=1)
    name = function.partition("_")[2]
    assert lines == [f"{name} changed SPRG0 from {before:#x} to {after:#x}" for before, after in (
        (0, 1), (1, 2), (0xffffffffffffffff, 0), (0x80640000, 0x80640001),
        (0x8000000000000000, 0x8000000000000001), (0xc008000000abcdef, 0xc008000000abcdf0))]


@pytest.mark.parametrize("device", [TESTDEV, PORTS, BUFFER])
@pytest.mark.parametrize("function", ["in_ioread32_rep", "out_ioread8_rep"])
def test_sprg0_of_a_string(it, device, function):
    line, = said(it, device, "sprg0_kept", function, sprg0=1)
    assert line == (f"{function.replace('out', 'in').partition('_')[2]} or its opposite changed "
                    "SPRG0 from 0xc008000000abcdef to 0xc008000000abcdf0")


@pytest.mark.parametrize("device, function", [
    (TESTDEV, "load_readl"), ("edu", "store_writel"), (PORTS, "load_inb"), ("nvme", "load_readl")])
def test_interrupt_mask(it, device, function):
    line, = said(it, device, "irq_mask_kept", function, mask=1)
    name = function.partition("_")[2]
    assert line == f"{name} changed the soft interrupt mask from 1 to 3"


@pytest.mark.parametrize("device", [TESTDEV, "edu"])
@pytest.mark.parametrize("case", ["stress secs=1", "nested_timer", "nested_ipi"])
def test_threads_and_interrupts(it, device, case):
    """Every wrong value is counted, whoever came by it: threads, timers or IPIs."""
    with meddled(it, "svm_mmio:load_readl", result=1) as meddling:
        run = it.run(device, case)
        made = meddling.calls()
    assert not run.case.ok and run.all_captured
    wrong = WRONG.search(str(run.case))
    assert made > 10 and int(wrong[1]) == made, str(run.case)
    assert wrong[2].startswith("readl at 0x")


@pytest.mark.parametrize("device", [TESTDEV, "edu"])
def test_sprg0_after_a_stress(it, device):
    """It is compared with what it was before, whatever that was."""
    with meddled(it, "svm_mmio:load_readl", sprg0=1, skip=50, calls=1):
        first, second = it.run(device, "stress secs=1"), it.run(device, "stress secs=1")
    assert not first.case.ok and second.case.ok, str(second.case)
    assert re.search(r"stress: SPRG0 of CPU \d changed from 0x0 to 0x1$", str(first.case),
                     re.MULTILINE), str(first.case)


def test_only_the_first_lines_are_kept(it):
    """Of many failures eight, and the case has failed all the same."""
    lines = said(it, TESTDEV, "sprg0_kept", "svm_tally_load", sprg0=1)
    assert len(lines) == 8
