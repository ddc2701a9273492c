# SPDX-License-Identifier: GPL-2.0
"""The file "access": each width and order does the one access that it names."""

import pytest

pytestmark = pytest.mark.quick

WIDTHS = [(bits, order) for bits in (8, 16, 32, 64) for order in ("little", "big")]
# What pci-testdev has at 0x10 once a test is selected; different in the bytes of each width.
TEXT = b"mmio-no-"
PATTERN = 0x0123456789ABCDEF


def access(it, device, command):
    """Write @command to the file: the answer, after the oracle has seen that one access."""
    seen = it.oracle.counts()
    answer = it.guest.check(f"cd {it.bars[device]} && echo '{command}' >access && cat access")
    verdicts = (it.oracle.counts() - seen)["svm_mmio"]
    assert verdicts.clean and verdicts.matched == 1
    assert (verdicts.loads, verdicts.stores) == ((1, 0) if command[0] == "r" else (0, 1))
    return answer.strip()


def name_of(letter, bits, order):
    return f"{letter}{bits}{'be' if order == 'big' else ''}"


@pytest.mark.parametrize("bits, order", WIDTHS)
def test_load(sprg0, bits, order):
    value = int.from_bytes(TEXT[:bits // 8], order)
    access(sprg0, "pci-testdev", "w8 0 0")
    assert access(sprg0, "pci-testdev", f"{name_of('r', bits, order)} 0x10") == (
        f"0x{value:0{bits // 4}x}")


@pytest.mark.parametrize("bits, order", [w for w in WIDTHS if w[0] >= 32])
def test_store_reads_back_in_both_orders(sprg0, bits, order):
    """edu keeps what is written to 0x80."""
    value = PATTERN >> (64 - bits)
    assert access(sprg0, "edu", f"{name_of('w', bits, order)} 0x80 {value}") == "written"
    for other in ("little", "big"):
        read = int(access(sprg0, "edu", f"{name_of('r', bits, other)} 0x80"), 16)
        assert read.to_bytes(bits // 8, other) == value.to_bytes(bits // 8, order)


@pytest.mark.parametrize("bits, order", WIDTHS)
def test_store_is_counted_by_the_device(sprg0, bits, order):
    """pci-testdev counts a store whose byte at the lowest address is 0xfa, and no other."""
    first = int.from_bytes(b"\xfa" + bytes(bits // 8 - 1), order)
    access(sprg0, "pci-testdev", "w8 0 0")
    for value, count in [(first, 1), (0, 1), (first, 2)]:
        access(sprg0, "pci-testdev", f"{name_of('w', bits, order)} 0x800 {value}")
        assert int(access(sprg0, "pci-testdev", "r32 0xc"), 16) == count


def test_one_open_file(sprg0):
    """Written and read through one descriptor, twice, as a program would."""
    out = sprg0.guest.check(
        f"exec 3<>{sprg0.bars['pci-testdev']}/access\n"
        "echo 'w8 0 0' >&3; cat <&3\n"
        "echo 'r32 0x10' >&3; cat <&3; echo 'r16be 0x10' >&3; cat <&3")
    assert out.split() == ["written", "0x6f696d6d", "0x6d6d"]
