# SPDX-License-Identifier: GPL-2.0
"""selftest/run_selftest.sh: loads what is missing, prints KTAP, exits as kselftest wants.

All tests share one guest, and the last one locks its kernel down.
"""

import pytest
from lab import ktap, mutation, paths, subject
from lab.guest import Guest
from test_signing import LOCK_DOWN

SCRIPT = paths.TOP / "selftest/run_selftest.sh"
RUN = "sh /svm/selftest/run_selftest.sh"
PASSED, FAILED, SKIPPED = 0, 1, 4
MUTANT = "no-restore"


@pytest.fixture(scope="module")
def guest(kernel):
    files = {"/svm/selftest/run_selftest.sh": SCRIPT,
             "/svm/svm_mmio.ko": subject.build(kernel).ko["svm_mmio"],
             "/mutant.ko": mutation.build(kernel, [MUTANT])[mutation.unchecked(MUTANT)]}
    with Guest.boot(kernel, name="run-selftest", files=files) as it:
        yield it


@pytest.fixture(autouse=True)
def unloaded(guest):
    yield
    guest.run("rmmod svm_mmio")


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
    bars = ktap.parse(result.out)
    assert [sub.name for case in bars for sub in case.subtests] == ["stress"] * 3
    # The ports have no stress: that BAR is called skipped, and the others count.
    assert [case.skipped is None for case in bars] == [True, False, True]


def test_all_skipped_is_not_passed(guest):
    result = guest.run(f"{RUN} copy_fuzz")
    assert result.rc == SKIPPED
    assert all(case.ok and case.skipped for case in ktap.parse(result.out)), result.out


@pytest.mark.parametrize("case", ["nonsense", "load_valus", "stress=1", "."])
def test_unknown_case_is_no_failed_test(guest, case):
    """It is an error, but of who typed it: no result is printed."""
    result = guest.run(f"{RUN} {case}")
    assert result.rc == FAILED and "there is no case" in result.out, result.out
    assert " load_values " in result.out and "ok" not in result.out.split()


def test_another_backend_is_loaded(guest):
    guest.check("insmod /svm/svm_mmio.ko backend=direct")
    result = guest.run(f"{RUN} -b sprg0")
    assert result.rc == SKIPPED and "rmmod svm_mmio first" in result.out


def test_a_failing_module_fails(guest):
    """Negative control."""
    guest.check("insmod /mutant.ko backend=sprg0")
    result = guest.run(f"{RUN} -b sprg0 sprg0_kept")
    assert result.rc == FAILED, result.out
    assert all(not case.ok for case in ktap.parse(result.out))


def test_nothing_to_run(guest):
    """Without a device, and without the module: skipped, with what to do."""
    guest.check("insmod /svm/svm_mmio.ko; cd /sys/bus/pci/drivers/svm_mmio;"
                " for device in 0*; do echo $device >unbind; done")
    result = guest.run(RUN)
    assert result.rc == SKIPPED and "no device claimed" in result.out
    result = guest.run(f"rmmod svm_mmio; mv /svm/svm_mmio.ko /; {RUN} 2>/dev/null; code=$?;"
                       " mv /svm_mmio.ko /svm/; exit $code")
    assert result.rc == SKIPPED and "cannot be loaded" in result.out


def test_lockdown(guest):
    """Nothing has failed: it cannot run, and says why. Comes last: it cannot be undone."""
    guest.check(f"insmod /svm/svm_mmio.ko; {LOCK_DOWN}")
    for level in ("integrity", "confidentiality"):
        guest.check(f"echo {level} >/sys/kernel/security/lockdown || :")
        result = guest.run(RUN)
        assert result.rc == SKIPPED and "not ok" not in result.out, result.out
        assert "the kernel is locked down" in result.out
