# SPDX-License-Identifier: GPL-2.0
"""What the tests share: guests that several of them may use, so that each need not boot one."""

import pytest
from lab import kernelbuild, subject
from lab.subject import Subject
from xdist.scheduler import LoadFileScheduling

pytest_plugins = ("lab.reporting",)

# The files that take longest, longest first: begun last, one of them would keep a single processor
# busy at the end, while the others wait for it.
LONG = ("test_upstream_guest.py", "test_debug_kernel.py", "test_guard_emulate.py",
        "test_debian_boot.py", "test_mutation_score.py", "test_guard_drivers.py",
        "test_guard_user.py", "test_dkms_package.py", "test_kernels.py",
        "test_dropin_drivers.py", "test_uvmodel_selftest.py", "test_secure_guest.py",
        "test_race.py", "test_interruptions.py", "test_uvmodel_refusals.py", "test_bench.py",
        "test_generated_mutants.py", "test_dropin_edge_cases.py",
        "test_tool_audit.py", "test_uvmodel_matrix.py", "test_uvmodel_hcall.py",
        "test_backend_probe.py", "test_backend_hcall.py", "test_exit_cost.py", "test_fuzz.py")


class LongFirst(LoadFileScheduling):
    """As --dist=loadfile, but a free worker is given what takes longest of all that is left.

    The order of collection would not do: newer versions of xdist sort by the number of tests.
    """

    def _assign_work_unit(self, node):
        for name in LONG:
            scope = next((scope for scope in self.workqueue if scope.endswith(name)), None)
            if scope:
                self.workqueue.move_to_end(scope, last=False)
                break
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config, log):
    """What "make check" hands out its files with."""
    return LongFirst(config, log)


@pytest.fixture(scope="session")
def kernel():
    """The kernel that most tests use."""
    return subject.main_kernel()


def built_if_asked_for(name, command):
    """The kernel called @name, for which there is @command; else the test is skipped."""
    if name in kernelbuild.LEFT_OUT:
        pytest.skip(f"needs the kernel {name}, minutes to build: {command}")
    return kernelbuild.get(name)


@pytest.fixture(scope="session")
def upstream():
    """The kernel with the series in upstream/."""
    return built_if_asked_for(kernelbuild.WITH_SERIES, "make check-upstream")


@pytest.fixture(scope="session")
def debug_kernel():
    """The kernel that looks for faults."""
    return built_if_asked_for(kernelbuild.DEBUG, "make check-debug")


@pytest.fixture(scope="session")
def ko(kernel):
    """The module file, built for it."""
    return subject.build(kernel).ko["svm_mmio"]


@pytest.fixture(scope="session")
def sprg0(kernel):
    """A guest with the module loaded with backend=sprg0; leave both as they are."""
    with Subject.boot(kernel, name="sprg0", smp=4) as it:
        it.load("backend=sprg0")
        yield it
