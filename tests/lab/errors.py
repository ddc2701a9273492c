# SPDX-License-Identifier: GPL-2.0
"""The errors of the lab. Every message says what happened and what the reader can do next."""


class LabError(Exception):
    """The lab itself cannot go on: no network, no QEMU, no such package."""


class FetchError(LabError):
    """Debian's archive cannot be read, or lacks something."""


class BuildError(LabError):
    """A module did not build. The message ends with the compiler's last words."""


class GuestError(LabError):
    """Something went wrong with a running guest."""


class GuestDied(GuestError):
    """The guest crashed, its kernel complained, or QEMU ended."""


class GuestTimeout(GuestError):
    """The guest is alive as far as anyone can tell, but did not answer in time."""


class CommandFailed(GuestError):
    """A script ran in the guest and returned something other than 0."""

    def __init__(self, message, result):
        super().__init__(message)
        self.result = result
