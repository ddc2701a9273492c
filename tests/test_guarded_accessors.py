# SPDX-License-Identifier: GPL-2.0
"""While the guard is on, accessors go by its own mapping of the device: right in every width, with
each backend that the guard has, and never by what the guard would have to catch.
"""

import errno

import pytest
from lab.subject import BUFFER, DEBUGFS, Subject

CASES = [("pci-testdev", "load_values"), ("pci-testdev", "store_match"),
         ("pci-testdev", "test_selector"), (BUFFER, "store_readback"), (BUFFER, "string_values")]


@pytest.fixture(scope="module")
def guest(kernel):
    with Subject.boot(kernel, name="guarded", smp=4) as it:
        yield it


def test_without_it_nothing_is_loaded(guest):
    """Where it is asked for and cannot be: nothing of the module is left."""
    switch = "/proc/sys/kernel/ftrace_enabled"
    guest.guest.check(f"echo 0 >{switch}")
    try:
        refused = guest.guest.run("insmod /svm_mmio.ko backend=sprg0 guard=on")
        assert guest.guest.run(f"test -e /sys/module/svm_mmio -o -e {DEBUGFS}").rc
        guest.guest.check("insmod /svm_mmio.ko backend=sprg0 && rmmod svm_mmio")
    finally:
        guest.guest.check(f"echo 1 >{switch}")
    assert refused.rc == errno.EOPNOTSUPP       # busybox's insmod returns the errno


@pytest.fixture(scope="module", params=["sprg0", "hcall"])
def it(guest, request):
    guest.load(f"backend={request.param} guard=on")
    guest.backend = request.param
    yield guest
    guest.unload()


@pytest.mark.parametrize("device, case", CASES)
def test_case(it, device, case):
    before = it.status()
    run = it.run(device, case)
    after = it.status()
    assert run.case.ok, str(run.case)
    assert run.all_captured if it.backend == "sprg0" else run.seen.accesses == 0, run
    # What the case makes by functions of the kernel is all that was caught.
    assert run.guarded == 0 and after["guard_kernel"] == before["guard_kernel"]


def test_the_kernels_own_are_caught(it):
    """Negative control."""
    run = it.run("pci-testdev", "same_as_kernel")
    assert run.case.ok, str(run.case)
    assert run.guarded > 100
