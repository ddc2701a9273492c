# SPDX-License-Identifier: GPL-2.0
"""Around every window is what the kernel's own accessor has: barriers in their order, the mark for
mmiowb(), the check for EEH; and interrupts are masked, all of them, and runs bounded.
"""

import pytest
from lab import ordering, subject

pytestmark = pytest.mark.quick


def test_as_the_kernels_own(kernel):
    module = subject.build(kernel)
    theirs = ordering.kernel_accessors(kernel, module)
    assert ordering.faults(module.ko["svm_mmio"], theirs) == []
