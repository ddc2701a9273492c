# SPDX-License-Identifier: GPL-2.0
"""The self-test passes on newer kernels, each built with the compiler it was configured with."""

import pytest
from lab import kernels, subject
from lab.subject import Subject


@pytest.mark.parametrize("name", [name for name in kernels.TABLE if name != "6.1"])
def test_selftest_under_the_oracle(name):
    kernel = kernels.get(name)
    with Subject.boot(kernel, name=f"kernel-{name}") as it:
        it.load("backend=sprg0")
        ran = set()
        for device in it.bars:
            for case in it.cases(device):
                run = it.run(device, case)
                assert run.case.ok, str(run.case)
                assert run.all_captured, run
                if run.case.skipped is None:
                    ran.add((device, case))
        it.unload()
    assert len(ran) == 34


@pytest.mark.parametrize("name", kernels.TABLE)
def test_builds_without_warnings_and_without_selftest(name):
    for arguments in (("W=1",), ("W=1", "SVM_MMIO_SELFTEST=n")):
        build = subject.build(kernels.get(name), make_args=arguments)
        assert "warning" not in build.output.lower(), build.output


def test_without_selftest(kernel):
    """It loads, says what it is, and claims no device."""
    ko = subject.build(kernel, make_args=("SVM_MMIO_SELFTEST=n",)).ko["svm_mmio"]
    with Subject.boot(kernel, name="without-selftest", ko=ko) as it:
        it.load("backend=sprg0")
        assert it.bars == {}
        assert it.status()["backend"] == "sprg0"
        assert it.guest.run("test -e /sys/bus/pci/drivers/svm_mmio").rc
        it.unload()
