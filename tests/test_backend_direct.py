# SPDX-License-Identifier: GPL-2.0
"""backend=direct, and auto in a normal guest: nothing is captured, and values are right."""

import pytest
from lab.subject import Subject

# There is nothing of the module's that an interrupt could come between.
CONCURRENT = {"nested_timer", "nested_ipi", "stress"}


@pytest.fixture(scope="module")
def it(kernel):
    with Subject.boot(kernel, name="direct") as it:
        yield it


@pytest.mark.parametrize("parameter", ["", "backend=auto", "backend=direct"])
def test_status(it, parameter):
    it.load(parameter)
    status = it.status()
    assert (status["backend"], status["secure"]) == ("direct", "no")
    requested = parameter.partition("=")[2] or "auto"
    assert status["requested"] == requested
    assert status["reason"] == ("auto, in a normal guest" if requested == "auto"
                                else "parameter backend names it")
    assert int(status["windows"]) > 0
    run = it.run("edu", "load_values")
    assert run.case.ok and run.none_captured and run.seen.mismatched > 0, run
    it.unload()


def test_values_right_nothing_captured(it):
    it.load()
    accesses = 0
    for device in it.bars:
        for case in set(it.cases(device)) - CONCURRENT:
            run = it.run(device, case)
            assert run.case.ok, str(run.case)
            if case == "sprg0_kept":
                continue    # writes words into SPRG0 itself; one of them may fit by chance
            assert run.none_captured, (case, run)
            accesses += run.seen.mismatched
    assert accesses > 10_000
    it.unload()
