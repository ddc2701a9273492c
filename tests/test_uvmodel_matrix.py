# SPDX-License-Identifier: GPL-2.0
"""A driver with the kernel's accessors fails where the hypervisor cannot fetch; a safe one works.

How it fails is part of it: under mode strict with an oops, under the published ultravisor's way of
fetching by faulting at the same access for ever. This is what "make demo-backends" shows.
"""

import pytest
from lab import kernels
from lab.hypervisor import L1_KERNELS
from lab.matrix import EXPECTED, MODES, ROWS, Cell, Trial
from lab.soak import SOAK

READS = 1000


# That the model works on the others too is in test_uvmodel_selftest.py.
@pytest.fixture(scope="module", params=L1_KERNELS if SOAK else L1_KERNELS[:1])
def cells(request):
    """All of the matrix: {Row: {mode: Cell}}."""
    with Trial.boot(kernels.get(request.param), name=f"matrix-{request.param}") as trial:
        return dict(trial.rows(READS))


def test_verdicts(cells):
    assert {row: {mode: cells[row][mode].verdict for mode in MODES} for row in ROWS} == EXPECTED


def test_works_is_all_reads_and_no_refusal(cells):
    for row in ROWS:
        for cell in cells[row].values():
            if cell.works:
                assert (cell.done, cell.refused, cell.said) == (READS, {}, "")


def test_captured_is_what_was_read(cells):
    """Only the accessor that captures, and only where the hypervisor asks for it."""
    captured = {(row, mode): cells[row][mode].captured for row in ROWS for mode in MODES}
    assert {key for key, count in captured.items() if count} == {(ROWS[2], "strict")}
    assert captured[ROWS[2], "strict"] == READS


def test_oops_is_a_refused_first_access(cells):
    """SPRG0 is 0 there, which is no load: one refusal, and an oops that names the address."""
    for row in ROWS[:2]:
        cell = cells[row]["strict"]
        assert (cell.done, cell.refused) == (0, {"undecodable": 1})
        assert "Unable to handle kernel data access on read" in cell.said


def test_spinning_is_one_access_without_memory_at_its_nip(cells):
    """Module text is no physical address. Once the hypervisor fetches, all reads come to an end."""
    for row in ROWS[:3]:
        cell = cells[row]["legacy"]
        assert cell.verdict == Cell.SPINS
        assert set(cell.refused) == {"no_memory"}
        assert (cell.done, cell.right_after, cell.said) == (0, READS, "")
