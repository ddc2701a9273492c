# SPDX-License-Identifier: GPL-2.0
"""backend=hcall works under a hypervisor that cannot fetch, and under the published ultravisor.

No access of the module faults, so there is nothing to fetch: the model has nothing to judge.
"""

import pytest
from lab import subject
from lab.hypervisor import Hypervisor
from lab.soak import SOAK
from lab.subject import Subject
from test_uvmodel_selftest import what_runs

pytestmark = pytest.mark.skipif(
    not SOAK, reason="test_backend_probe.py runs the self-test with hcall in each mode")

# What is about SPRG0 and about interrupts is the same under any hypervisor, as no access faults:
# test_backend_hcall.py.
STATE = () if SOAK else ("sprg0_kept", "irq_mask_kept", "mmiowb_pending", "nested_timer")
LIMIT = 1800    # seconds for a case: the copies, with SOAK=1, take ten minutes here


@pytest.fixture(scope="module")
def l2(kernel):
    """The module in an L2 with backend=hcall; .l1 is its hypervisor."""
    ko = subject.build(kernel).ko["svm_mmio"]
    with (Hypervisor.boot(kernel, name="uvmodel-hcall", files={"/svm_mmio.ko": ko}) as l1,
          Subject.boot_nested(l1, ko) as it):
        it.load("backend=hcall")
        it.l1 = l1
        yield it


def run(l2, device, case):
    """Run one case: whether it was not skipped."""
    result = l2.run(device, case, LIMIT)
    assert result.case.ok, str(result.case)
    assert result.none_seen, f"{result}\n" + "\n".join(l2.l1.refusals())
    return result.case.skipped is None


def test_every_case_and_a_stress(l2):
    l2.l1.set_mode("strict")
    for device, case in what_runs(smp=1):
        if case not in STATE:
            assert run(l2, device, case), case
    assert l2.status()["hcall_errors"] == "0"


def test_under_legacy(l2):
    """Values and a stress: the module does nothing else there than under strict."""
    l2.l1.set_mode("legacy")
    assert run(l2, "pci-testdev", "store_match") and run(l2, "edu", "store_readback")
    for device in ("pci-testdev", "edu"):
        assert run(l2, device, "load_values") and run(l2, device, "stress")
    assert l2.status()["hcall_errors"] == "0"


def test_under_legacy_the_kernel_image_works_too(l2):
    """It is in linear-mapped memory, where the published ultravisor finds its instructions."""
    l2.l1.set_mode("legacy")
    before = l2.l1.counts()
    assert l2.run("edu", "same_as_kernel").case.ok
    after = l2.l1.counts()
    assert after["fetched_as_physical"] - before["fetched_as_physical"] > 1000
