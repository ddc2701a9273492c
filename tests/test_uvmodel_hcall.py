# SPDX-License-Identifier: GPL-2.0
"""backend=hcall works under a hypervisor that cannot fetch, and under the published ultravisor.

No access of the module faults, so there is nothing to fetch: the model has nothing to judge.
"""

import pytest
from lab import subject
from lab.hypervisor import Hypervisor
from lab.soak import SOAK
from lab.subject import Subject

LIMIT = 1800    # seconds for a case
# The copies take ten minutes here. What the module does in them is no other than what
# test_backend_hcall.py sees in a second, under a hypervisor that nobody emulates.
LEFT_OUT = () if SOAK else ("copy_fuzz",)


@pytest.fixture(scope="module")
def l2(kernel):
    """The module in an L2 with backend=hcall; .l1 is its hypervisor."""
    ko = subject.build(kernel).ko["svm_mmio"]
    with (Hypervisor.boot(kernel, name="uvmodel-hcall", files={"/svm_mmio.ko": ko}) as l1,
          Subject.boot_nested(l1, ko) as it):
        it.load("backend=hcall")
        it.l1 = l1
        yield it


@pytest.mark.parametrize("mode", ("strict", "legacy"))
def test_every_case_and_a_stress(l2, mode):
    l2.l1.set_mode(mode)
    ran = 0
    for device in l2.bars:
        for case in l2.cases(device):
            if case in LEFT_OUT:
                continue
            run = l2.run(device, case, LIMIT)
            assert run.case.ok, str(run.case)
            assert run.none_seen, f"{run}\n" + "\n".join(l2.l1.refusals())
            ran += run.case.skipped is None
    assert ran == 34 - len(LEFT_OUT)
    assert l2.status()["hcall_errors"] == "0"


def test_under_legacy_the_kernel_image_works_too(l2):
    """It is in linear-mapped memory, where the published ultravisor finds its instructions."""
    l2.l1.set_mode("legacy")
    before = l2.l1.counts()
    assert l2.run("edu", "same_as_kernel").case.ok
    after = l2.l1.counts()
    assert after["fetched_as_physical"] - before["fetched_as_physical"] > 1000
