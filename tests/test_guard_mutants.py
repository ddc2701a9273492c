# SPDX-License-Identifier: GPL-2.0
"""Negative control of the guard's witnesses: each mutant of the guard is shown by the observation
that has to, and the guard as it is gives all of them as they have to be.
"""

import pytest
from lab import mutants
from lab.guard_mutants import TABLE
from lab.guard_observed import RIGHT, boot, observe
from lab.soak import SOAK
from lab.variants import build_variants

# One for each sort of slip; the others repeat what these show.
NAMES = list(TABLE) if SOAK else ["reversed-twice", "no-stub", "dsisr-not-read", "programs-too",
                                  "unhooked-before-open", "held-by-none", "kprobe-not-seen"]


@pytest.fixture(scope="module")
def it(kernel):
    made = {"unchanged": {}, **{name: mutants.changed(name, TABLE[name].replace)
                                for name in NAMES}}
    with boot(kernel, build_variants(kernel, made), "guard-mutants") as it:
        yield it


@pytest.fixture(scope="module")
def right(it):
    """What is seen of the guard as it is."""
    seen = observe(it, "unchanged")
    print(seen)
    return seen


def test_the_guard_as_it_is(right):
    assert right == RIGHT


@pytest.mark.parametrize("name", NAMES)
def test_shown(it, right, name):
    mutant = TABLE[name]
    seen = observe(it, name, mutant.backend, mutant.by)
    differs = sorted(what for what in seen if seen[what] != right[what])
    print(f"{name}: {mutant.what}: {differs}")
    # The ports, which this may have left as it should not, as they were.
    it.guest.check("insmod /unchanged.ko guard=on backend=sprg0; rmmod svm_mmio")
    assert mutant.by in differs


def test_there_are_enough():
    assert len(TABLE) >= 15
    assert {mutant.by for mutant in TABLE.values()} <= RIGHT.keys()
    files = {file for mutant in TABLE.values() for file, *_ in mutant.replace}
    assert {"guard/emulate.c", "guard/holders.c", "guard/hooks.c", "guard/order.c",
            "guard/pages.c"} <= files


@pytest.mark.quick
@pytest.mark.parametrize("name", TABLE)
def test_can_be_made(name):
    """What a mutant replaces is there, in the sources as they are now."""
    assert mutants.changed(name, TABLE[name].replace)
