# SPDX-License-Identifier: GPL-2.0
"""The sample driver, a module of its own, works with interrupts, and all its MMIO is captured."""

import math

import pytest
from lab import dropin, paths
from lab.build import build_module
from lab.subject import Subject

NAMES = ["svm_mmio", "svm_mmio_edu"]


@pytest.fixture(scope="module")
def sample(kernel):
    """The sample, built against the module without its self-test, which would take the device."""
    module = dropin.module(kernel)
    driver = build_module(kernel, paths.TOP / "samples/edu", symvers=[module], make_args=("W=1",),
                          extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"})
    assert "warning" not in driver.output.lower(), driver.output
    return module.ko["svm_mmio"], driver.ko["svm_mmio_edu"]


@pytest.fixture(scope="module")
def it(kernel, sample):
    module, driver = sample
    with Subject.boot(kernel, name="sample", ko=module, devices=("edu",),
                      files={"/edu.ko": driver}) as it:
        assert it.guest.run("insmod /edu.ko").rc, "it loads without svm_mmio"
        yield it


@pytest.mark.parametrize("backend", ["sprg0", "direct"])
def test_factorials(it, backend):
    it.load(f"backend={backend}")
    it.guest.check("insmod /edu.ko")
    before = it.oracle.counts()
    directory = "/sys/bus/pci/drivers/svm_mmio_edu/*:*"
    for n in range(13):
        out = it.guest.check(f"cd {directory} && echo {n} >factorial && cat factorial")
        assert int(out) == math.factorial(n)
    for wrong in ("13", "x", "-1", ""):
        assert it.guest.run(f"cd {directory} && echo {wrong} >factorial").rc
    seen = (it.oracle.counts() - before)["svm_mmio"]
    assert it.guest.run("rmmod svm_mmio").rc, "it is unloaded while a driver uses it"
    it.guest.check("rmmod svm_mmio_edu && rmmod svm_mmio")
    if backend == "sprg0":
        # Five a factorial at least, two of them in the interrupt.
        assert seen.clean and seen.matched >= 13 * 5, seen
    else:
        assert seen.accesses == 0   # made by functions of the kernel image
