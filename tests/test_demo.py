# SPDX-License-Identifier: GPL-2.0
"""One modprobe, without a parameter, makes a driver work as it is shipped, whoever is below.

Without it the driver's first access is its last: an oops where the hypervisor takes for the
instruction what SPRG0 says, and no end of faults under the published ultravisor's way of fetching.
This is what "make demo" shows.
"""

import pytest
from lab.story import EXPECTED, MODES, ROWS, Story

BLOCKS_AND_DOORBELLS = 400      # a block takes two accesses at least: the queues' doorbells


@pytest.fixture(scope="module")
def cells(kernel):
    """All of the table: {Row: {mode: Cell}}."""
    with Story.boot(kernel, name="story") as story:
        return dict(story.rows())


def test_verdicts_and_backends(cells):
    assert {row: {mode: (cells[row][mode].verdict, cells[row][mode].backend) for mode in MODES}
            for row in ROWS} == EXPECTED


def test_first_access_is_the_last(cells):
    """One access was refused, once, and once it was refused for ever."""
    assert cells[ROWS[0]]["strict"].refused == {"undecodable": 1}
    assert "Unable to handle kernel data access on read" in cells[ROWS[0]]["strict"].said
    assert set(cells[ROWS[0]]["legacy"].refused) == {"no_memory"}


def test_captured_where_that_is_read(cells):
    """All by sprg0; by hcall the hypervisor sees no access but those of the search."""
    for row in ROWS[1:]:
        assert cells[row]["strict"].captured >= BLOCKS_AND_DOORBELLS
        assert cells[row]["strict"].refused == {}
        assert cells[row]["legacy"].captured == 0
        assert not cells[row]["strict"].said and not cells[row]["legacy"].said
