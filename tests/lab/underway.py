# SPDX-License-Identifier: GPL-2.0
"""A stress of the self-test that runs in a guest while the test does something to that guest.

    with Underway(subject, "edu", secs=10) as stress:
        while stress.goes_on():
            subject.guest.check("rmmod svm_mmio && exit 1; :")
    assert stress.run.case.ok and stress.run.all_captured
"""

import contextlib
import time

from . import ktap
from .errors import GuestError
from .soak import FACTOR
from .subject import CaseRun

SLACK = 240     # seconds that a busy machine may add to a stress


class Underway:
    """The stress; when the block ends it has ended too, and its CaseRun is in @run. It takes @secs:
    with SOAK=1 many times what was asked for.

    Its files are opened before: they are all that is left when the device has gone. @then is
    written to the file "access" when the stress has ended.
    """

    def __init__(self, subject, device, *, secs, threads=8, then=None):
        self.run = None
        self._it = subject
        self._device = device
        self.secs = secs * FACTOR
        self._command = f"stress threads={threads} secs={self.secs}"
        self._then = f"{{ echo '{then}' >&6; }} 2>>/tmp/said; " if then else ""
        self._before = None
        self._started = None

    def __enter__(self):
        self._before = self._it.oracle.counts()
        self._it.guest.check(
            f"rm -f /tmp/ended; cd {self._it.bars[self._device]}\n"
            "exec 4<>run 5<results 6<>access; cd /\n"
            f"( {{ echo '{self._command}' >&4; }} 2>/tmp/said; cat <&5 >/tmp/results; "
            f"{self._then}>/tmp/ended ) >/dev/null 2>&1 &\nexec 4>&- 5<&- 6>&-")
        self._started = time.monotonic()
        return self

    def goes_on(self):
        """Whether it still runs."""
        if time.monotonic() - self._started > self.secs + SLACK:
            raise GuestError(f"'{self._command}' in guest {self._it.guest.name} has not ended")
        return self._it.guest.run("test -e /tmp/ended").rc != 0

    def text(self):
        """What the file "results" had when it ended, and what writing to "run" said."""
        return (self._it.guest.check("cat /tmp/results"), self._it.guest.check("cat /tmp/said"))

    def __exit__(self, kind, error, trace):
        if error is not None:
            return
        while self.goes_on():
            time.sleep(0.2)
        seen = (self._it.oracle.counts() - self._before)["svm_mmio"]
        text, said = self.text()
        if said:
            return      # the run was ended by the test, which looks at text()
        case, = ktap.parse(text)
        self.run = CaseRun(self._device, case, seen)


@contextlib.contextmanager
def interrupted(it, device, secs=600):
    """A stress of @device of Subject @it that a signal ends with the block; then there are results.

    However long the block takes on a busy machine, the stress takes longer.
    """
    it.guest.check(f"(exec sh -c 'echo stress secs={secs} >{it.bars[device]}/run') "
                   ">/dev/null 2>&1 &\necho $! >/tmp/pid; sleep 2")
    yield
    it.guest.check("kill -TERM $(cat /tmp/pid) || exit 1\n"
                   "while kill -0 $(cat /tmp/pid) 2>/dev/null; do sleep 0.2; done", timeout=30)
