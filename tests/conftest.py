# SPDX-License-Identifier: GPL-2.0
"""What the tests share: guests that several of them may use, so that each need not boot one."""

import pytest
from lab import subject
from lab.subject import Subject


@pytest.fixture(scope="session")
def kernel():
    """The kernel that most tests use."""
    return subject.main_kernel()


@pytest.fixture(scope="session")
def ko(kernel):
    """The module file, built for it."""
    return subject.build(kernel).ko["svm_mmio"]


@pytest.fixture(scope="session")
def sprg0(kernel):
    """A guest with the module loaded with backend=sprg0; leave both as they are."""
    with Subject.boot(kernel, name="sprg0") as it:
        it.load("backend=sprg0")
        yield it
