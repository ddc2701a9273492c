# SPDX-License-Identifier: GPL-2.0
"""backend=direct, and auto in a normal guest: nothing is captured, and values are right."""

import pytest
from lab.subject import Subject


@pytest.fixture(scope="module", params=["", "backend=auto", "backend=direct"],
                ids=["default", "auto", "direct"])
def loaded(kernel, request):
    name = f"direct-{request.param.partition('=')[2] or 'default'}"
    with Subject.boot(kernel, name=name) as it:
        it.load(request.param)
        it.requested = request.param.partition("=")[2] or "auto"
        yield it


def test_status(loaded):
    status = loaded.status()
    assert (status["backend"], status["secure"]) == ("direct", "no")
    assert status["requested"] == loaded.requested
    assert int(status["windows"]) > 0


def test_values_right_nothing_captured(loaded):
    accesses = 0
    for device in loaded.bars:
        for case in loaded.cases(device):
            run = loaded.run(device, case)
            assert run.case.ok, str(run.case)
            if case == "sprg0_kept":
                continue    # writes words into SPRG0 itself; one of them may fit by chance
            assert run.none_captured, (case, run)
            accesses += run.seen.mismatched
    assert accesses > 100_000
