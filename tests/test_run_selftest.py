# SPDX-License-Identifier: GPL-2.0
"""selftest/run_selftest.sh: loads what is missing, prints KTAP, exits as kselftest wants."""

import pytest
from lab import ktap, mutation, paths, subject
from lab.guest import Guest

SCRIPT = paths.TOP / "selftest/run_selftest.sh"
RUN = "sh /svm/selftest/run_selftest.sh"
PASSED, FAILED, SKIPPED = 0, 1, 4


def boot(kernel, name, ko, **options):
    return Guest.boot(kernel, name=name, files={"/svm/selftest/run_selftest.sh": SCRIPT,
                                                "/svm/svm_mmio.ko": ko}, **options)


@pytest.fixture(scope="module")
def guest(kernel):
    with boot(kernel, "run-selftest", subject.build(kernel).ko["svm_mmio"]) as it:
        yield it


@pytest.fixture(autouse=True)
def unloaded(request):
    yield
    if "guest" in request.fixturenames:
        request.getfixturevalue("guest").run("rmmod svm_mmio")


def test_everything(guest):
    result = guest.run(f"{RUN} -b sprg0 2>/dev/null", timeout=300)
    assert result.rc == PASSED, result.out
    bars = ktap.parse(result.out)
    assert [case.name for case in bars] == [
        "0000:00:00.0/bar0", "0000:00:00.0/bar1", "0000:00:01.0/bar0"]
    for case in bars:
        assert len(case.subtests) > 10 and not ktap.failures(case.subtests)
        assert sum(sub.skipped is None for sub in case.subtests) >= 5


def test_one_case(guest):
    result = guest.run(f"{RUN} 'stress threads=2 secs=1'")
    assert result.rc == PASSED, result.out
    assert [sub.name for case in ktap.parse(result.out) for sub in case.subtests] == ["stress"] * 3


def test_unknown_case_fails(guest):
    result = guest.run(f"{RUN} nonsense")
    assert result.rc == FAILED
    assert all(not case.ok and "load_values" in str(case) for case in ktap.parse(result.out))


def test_another_backend_is_loaded(guest):
    guest.check("insmod /svm/svm_mmio.ko backend=direct")
    result = guest.run(f"{RUN} -b sprg0")
    assert result.rc == SKIPPED and "rmmod svm_mmio first" in result.out


def test_a_failing_module_fails(kernel):
    """Negative control."""
    ko = mutation.build(kernel, ["no-restore"])[mutation.unchecked("no-restore")]
    with boot(kernel, "run-selftest-mutant", ko) as it:
        result = it.run(f"{RUN} -b sprg0 sprg0_kept")
        assert result.rc == FAILED, result.out
        assert all(not case.ok for case in ktap.parse(result.out))


def test_nothing_to_run(kernel, ko):
    """Without a device, and without the module: skipped, with what to do."""
    with boot(kernel, "run-selftest-nothing", ko, devices=()) as it:
        result = it.run(RUN)
        assert result.rc == SKIPPED and "no device claimed" in result.out
        result = it.run(f"rmmod svm_mmio; rm /svm/svm_mmio.ko; {RUN} 2>/dev/null")
        assert result.rc == SKIPPED and "cannot be loaded" in result.out
