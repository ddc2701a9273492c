# SPDX-License-Identifier: GPL-2.0
"""The conversation with a guest: the host's end of what tests/guest/agent is the other end of.

It goes over a socket that leads to the guest's second console. Who has the guest derives a class
from Agent that knows how such a guest ends: guest.py, and hypervisor.py for a guest in a guest.
"""

import itertools
import os
import re
import select
import time
from dataclasses import dataclass

from . import paths
from .errors import CommandFailed, GuestError

RUN_LIMIT = 120
END_BYTES = 64          # no end of an answer is longer
CAME_BYTES = 400        # to show of one that has no end
# What the guest's shell says.
NOT_FOUND = re.compile(rb"^(/init|/lab/agent|sh): (.*: )?\S+: not found$", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """What a script returned, and its output and errors as they came."""

    rc: int
    data: bytes

    @property
    def out(self):
        """The output as text."""
        return self.data.decode(errors="replace")


class Agent:
    """Runs shell scripts in a guest. Derived classes say how the guest ended, or why it is late."""

    def __init__(self, name, sock):
        self.name = name
        self.log = paths.log(name)
        self._agent = sock
        self._buffer = b""
        self._marks = itertools.count(1)
        self._over = None       # why nothing more can be asked of this guest

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is None:
            self.close()
            return
        # A test that has failed already keeps its own error.
        self._kill()
        if not isinstance(error, GuestError):
            error.add_note(f"The console of guest {self.name}: {paths.shown(self.log)}")

    # What a test asks of a guest.

    def run(self, script, timeout=RUN_LIMIT):
        """Run the shell @script in the guest; a Result, whatever its status."""
        return self.begin(script, timeout)()

    def begin(self, script, timeout=RUN_LIMIT):
        """Start the shell @script in the guest; a function that waits for its Result."""
        if self._over:
            raise GuestError(f"guest {self.name} takes no more commands: {self._over}")
        token = os.urandom(8).hex()
        deadline = time.monotonic() + timeout
        what = f"this script in {timeout} s:\n{_shortened(script)}"
        self._send(b"%s %s\n" % (token.encode(), _escaped(script)), deadline, what)
        return lambda: self._answer(token, deadline, what)

    def has_answered(self):
        """Whether an answer to what was begun has begun to arrive."""
        return bool(self._buffer or self._ready(select.POLLIN, 0))

    def check(self, script, timeout=RUN_LIMIT):
        """Run the shell @script in the guest, which must return 0; its output as text.

        Nor may it call a command that the guest has not got: with "||" that could go unnoticed.
        """
        result = self.run(script, timeout)
        if result.rc or NOT_FOUND.search(result.data):
            raise CommandFailed(
                f"this returned {result.rc} in guest {self.name}:\n{_shortened(script)}\n"
                f"Its output:\n{result.out}\nThe console: {paths.shown(self.log)}", result)
        return result.out

    def mark(self):
        """Write a mark to the kernel's log, for dmesg(since=mark)."""
        mark = f"svm-lab mark {next(self._marks)}"
        self.check(f"echo '{mark}' >/dev/kmsg")
        return mark

    def dmesg(self, since=None):
        """The kernel's log, all of it or what follows mark @since: a list of (level, text)."""
        lines = [(int(priority) & 7, text) for priority, text in
                 re.findall(r"^<(\d+)>(?:\[[ .\d]+\] )?(.*)$", self.check("dmesg -r"),
                            re.MULTILINE)]
        if since is None:
            return lines
        for position, (_, text) in enumerate(lines):
            if text == since:
                return lines[position + 1:]
        raise GuestError(f"'{since}' is no longer in the kernel log of guest {self.name}: too much "
                         f"was printed after it. The console: {paths.shown(self.log)}")

    # The conversation with the agent.

    def _send(self, data, deadline, what):
        """Send all of @data. The guest takes it in small pieces, as fast as it can."""
        while data:
            if not self._ready(select.POLLOUT, deadline):
                self._timed_out(what)
            try:
                data = data[self._agent.send(data[:4096]):]
            except OSError:
                self._died()

    def _answer(self, token, deadline, what):
        """Wait for the answer to the script sent with @token."""
        end = re.compile(rb"\nsvm-lab %s (\d+)\n\Z" % token.encode())
        while not (match := end.search(self._buffer, max(0, len(self._buffer) - END_BYTES))):
            self._receive(deadline, what)
        data, self._buffer = self._buffer[:match.start()], b""
        return Result(int(match[1]), data)

    def _receive(self, deadline, what):
        if not self._ready(select.POLLIN, deadline):
            self._timed_out(what)
        try:
            data = self._agent.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self._died()
        self._buffer += data

    def _ready(self, event, deadline):
        poll = select.poll()
        poll.register(self._agent, event)
        return poll.poll(max(0, deadline - time.monotonic()) * 1000)

    def _came(self):
        """What has come of an answer that is late: lines."""
        lines = self._buffer[-CAME_BYTES:].decode(errors="replace").splitlines()
        return ["What came of the answer until then:", *(lines or ["nothing"])]

    def _hello(self, deadline, limit):
        """Wait until the guest has booted."""
        self._answer("hello", deadline, f"its boot in {limit} s")

    # What a derived class has to know. _died() and _timed_out() do not return.

    def close(self):
        """Power the guest off, in good order."""
        raise NotImplementedError

    def _kill(self):
        """End the guest, whatever it does."""
        raise NotImplementedError

    def _died(self):
        """The guest has ended though nobody asked it to."""
        raise NotImplementedError

    def _timed_out(self, what):
        """The guest has not done @what in time."""
        raise NotImplementedError


def _escaped(script):
    """The shell @script as one line of printable ASCII, for printf's %b."""
    return re.sub(rb"[^ -\[\]-~]", lambda match: b"\\0%03o" % match[0][0], f"{script}\n".encode())


def _shortened(script, most=20):
    lines = script.strip().splitlines()
    if len(lines) > most:
        lines = [*lines[:most], f"... ({len(lines) - most} more lines)"]
    return "\n".join(f"  {line[:200]}" for line in lines)
