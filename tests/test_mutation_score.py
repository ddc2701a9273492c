# SPDX-License-Identifier: GPL-2.0
"""Negative controls of all witnesses: each mutant is caught by the one that has to, and none of
them sees anything in the module as it is. "make check-mutants" asks all of them about each.
"""

import pytest
from lab import mutation

# Of the kinds that were asked for, at the very least.
MUTANTS_WANTED = 12


@pytest.fixture(scope="module")
def rows(kernel):
    """A Row for each mutant, and for the module as it is."""
    rows = {row.name: row for row in mutation.score(kernel)}
    print(*rows.values(), sep="\n")
    return rows


def test_nobody_sees_anything_in_the_module_as_it_is(rows):
    row = rows["unchanged"]
    assert set(row.seen) == set(mutation.WITNESSES) - {"control"}
    assert row.caught == [], row


@pytest.mark.parametrize("name", mutation.TABLE)
def test_caught(rows, name):
    assert rows[name].good, rows[name]


def test_every_witness_has_something_to_catch():
    assert len(mutation.TABLE) >= MUTANTS_WANTED
    assert {mutant.by for mutant in mutation.TABLE.values()} == set(mutation.WITNESSES)
