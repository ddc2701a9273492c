# SPDX-License-Identifier: GPL-2.0
"""Every capture window in the built module is what docs/abi.md says, checked from outside.

How is in tests/lab/windows.py.
"""

import pytest
from lab import elf, mutants, objdump
from lab.subject import DEBUGFS
from lab.windows import ALL, captured, fault, insns_by_address, table

pytestmark = pytest.mark.quick


def test_every_window(ko):
    insns = insns_by_address(ko)
    windows = table(ko)
    assert len(windows) == sum(len(insns.split()) for insns in ALL.values())
    assert {window: fault(insns, window) for window in windows} == dict.fromkeys(windows)


def test_no_window_is_missing_from_the_table(ko):
    """Nothing else in the module writes SPRG0, except the cases that test this."""
    inside = {at for window in table(ko) for at in range(window.save, window.restore + 4, 4)}
    writers = {name for section in elf.text_sections(ko)
               for name, function in objdump.functions(ko, section).items()
               for insn in function if insn.mnemonic == "mtsprg"
               and not (section == ".text" and insn.address in inside)}
    assert writers == {"check_sprg0", "check_sprg0_bulk"}


def test_every_word_is_an_access_of_its_accessor(ko):
    """in_le32 captures lwz, and so on."""
    assert captured(ko) == ALL


def test_debugfs_shows_the_same_table(ko, sprg0):
    shown = {}
    for line in sprg0.guest.check(f"cat {DEBUGFS}/windows").splitlines():
        place, word, mnemonic = line.split()
        symbol, offset = place.split("+")
        shown[symbol, int(offset, 16)] = (int(word, 16), mnemonic)
    functions = elf.functions(ko)[".text"]      # static ones of two files may have one name
    insns = insns_by_address(ko)
    expected = {}
    for window in table(ko):
        for start, end, name in functions:
            if start <= window.access < end:
                expected[name, window.access - start] = (window.word,
                                                         insns[window.access].mnemonic)
    assert shown == expected
    assert sprg0.status()["windows"] == str(len(shown))


@pytest.mark.parametrize("mutant, expected", zip(mutants.QUICK, (
    "word is not the instruction", "another shape")))
def test_mutants_are_seen(kernel, mutant, expected):
    """Negative control."""
    ko = mutants.build(kernel)[mutant]
    insns = insns_by_address(ko)
    faults = [fault(insns, window) for window in table(ko)]
    assert all(found and found.startswith(expected) for found in faults), faults
