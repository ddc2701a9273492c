# SPDX-License-Identifier: GPL-2.0
"""Negative controls of all witnesses: each mutant is caught by the one that has to, and none of
them sees anything in the module as it is.

Here two mutants for each witness; with SOAK=1 all of them, as with "make check-mutants", which asks
all witnesses about each.
"""

import pytest
from lab import mutation
from lab.soak import SOAK

# Of the kinds that were asked for, at the very least.
MUTANTS_WANTED = 12

NAMES = [name for witness in mutation.WITNESSES
         for name in mutation.by(witness)[:None if SOAK else 2]]


@pytest.fixture(scope="module")
def rows(kernel):
    """A Row for each mutant, and for the module as it is."""
    rows = {row.name: row for row in mutation.score(kernel, NAMES)}
    print(*rows.values(), sep="\n")
    return rows


def test_nobody_sees_anything_in_the_module_as_it_is(rows):
    row = rows["unchanged"]
    assert set(row.seen) == set(mutation.WITNESSES) - {"control"}
    assert row.caught == [], row


@pytest.mark.parametrize("name", NAMES)
def test_caught(rows, name):
    assert rows[name].good, rows[name]


def test_every_witness_has_something_to_catch():
    assert len(NAMES) >= MUTANTS_WANTED
    assert {mutation.TABLE[name].by for name in NAMES} == set(mutation.WITNESSES)


@pytest.mark.quick
@pytest.mark.parametrize("name", mutation.TABLE)
def test_can_be_made(name):
    """What a mutant replaces is there, in the sources as they are now."""
    made = mutation.variants([name])
    assert made[name] and all(made.values())
