# SPDX-License-Identifier: GPL-2.0
"""One guest for one mutant of the module after another: files of tests are run in this process, and
whatever guest of the usual sort they boot is this one, with the mutant at /svm_mmio.ko.

    with Shared(kernel, {name: file}) as shared:
        failed = shared.run(name, "tests/test_status.py")

It is booted again when a mutant has taken it along.
"""

import contextlib
import io

import pytest

from . import fuzz, meddler, subject
from .build import BuildResult
from .errors import GuestError, LabError
from .progress import say
from .subject import Subject

DIRECTORY = "/mutants"
SMP = 4
# A script takes seconds where nothing is wrong; a mutant may make it wait for ever.
PATIENCE = 60
# What a file of tests may have left in the guest.
TIDY = ("umount /sys/kernel/tracing 2>/dev/null; for m in meddler svm_mmio; do"
        " [ ! -e /sys/module/$m ] || rmmod $m; done; [ ! -e /sys/module/svm_mmio ]")


# What fails then is no test.
UNLOADING = "unloading the module"


class Shared:
    """The guest, and the mutants in it: a dict of name to module file."""

    def __init__(self, kernel, mutants):
        self._kernel = kernel
        self._mutants = mutants
        self._subject = None
        self.boots = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.drop()

    def run(self, name, *args):
        """Run pytest with @args on mutant @name: the first test that fails, or None. A guest that
        does not survive its end has failed, too.
        """
        ko = self._mutants[name]
        watcher = _Watcher()
        with self._in_place(name, ko), contextlib.redirect_stdout(io.StringIO()) as said:
            try:
                rc = pytest.main(["-p", "no:cacheprovider", "-x", "-q", *args], plugins=[watcher])
            except GuestError:      # at the end of a fixture that several tests share
                rc = pytest.ExitCode.TESTS_FAILED
        if not self._tidy() or rc == pytest.ExitCode.TESTS_FAILED:
            return watcher.failed or UNLOADING
        if rc != pytest.ExitCode.OK:
            raise LabError(f"pytest {' '.join(args)} cannot be run:\n{said.getvalue()[-3000:]}")
        if not watcher.passed:
            raise LabError(f"pytest {' '.join(args)} has run nothing")
        return None

    @contextlib.contextmanager
    def _in_place(self, name, ko):
        """With @ko where the tests look for the module as it is."""
        build, boot = subject.build, Subject.boot
        tree = build(self._kernel)
        subject.build = lambda kernel, **options: (
            _Built(tree.tree, tree.log, ko) if not options and kernel.name == self._kernel.name
            else build(kernel, **options))
        Subject.boot = lambda kernel, **options: self._boot(boot, (name, ko), kernel, **options)
        try:
            yield
        finally:
            subject.build, Subject.boot = build, boot

    def _boot(self, boot, mutant, kernel, *, files=None, smp=None, **options):
        if kernel.name != self._kernel.name or set(options) - {"name"}:
            raise LabError("this test wants a guest of its own, and is not for mutants")
        name, ko = mutant
        if self._subject is None:
            say(f"booting a guest with {len(self._mutants)} mutants")
            there = {f"{DIRECTORY}/{other}.ko": file for other, file in self._mutants.items()}
            self._subject = boot(kernel, name="generated", smp=SMP,
                                 files={**there, **fuzz.files(), **meddler.files(kernel)})
            self.boots += 1
            hurry(self._subject.guest)
        self._subject.guest.check(f"cp {DIRECTORY}/{name}.ko /svm_mmio.ko")
        mine = _Mine(self._subject.guest, self._subject.oracle, ko)
        return mine

    def _tidy(self):
        """Whether the module can be unloaded, and the guest lives."""
        if self._subject is None:
            return True
        try:
            self._subject.guest.check(TIDY)
        except GuestError:
            self.drop()
            return False
        return True

    def drop(self):
        """End the guest; the next run has a new one."""
        if self._subject is not None:
            with contextlib.suppress(GuestError):
                self._subject.guest.close()
        self._subject = None


class _Mine(Subject):
    """What a test is given: at its end the guest stays."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(GuestError):
            self.guest.run(TIDY)


class _Built(BuildResult):
    """A build whose module is another."""

    def __init__(self, tree, log, ko):
        super().__init__(tree, log)
        object.__setattr__(self, "_ko", ko)

    @property
    def ko(self):
        return {"svm_mmio": self._ko}


class _Watcher:
    """A plugin of pytest's that remembers the first failure."""

    def __init__(self):
        self.failed = None
        self.passed = 0

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed = self.failed or report.nodeid.removeprefix("tests/")
        elif report.when == "call" and report.passed:
            self.passed += 1


def hurry(guest):
    """Wait for no script longer than PATIENCE."""
    begin = guest.begin
    guest.begin = lambda script, timeout=PATIENCE: begin(script, min(timeout, PATIENCE))
