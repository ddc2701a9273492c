# SPDX-License-Identifier: GPL-2.0
"""The plugin by which a guest finds itself to be an SVM (tests/smf), from the host's side.

Guests have one if they are booted with secure=True, and Hypervisors for their guests:

    with Subject.boot(kernel, name="svm", secure=True) as it:
        it.guest.smf.calls()
"""

from typing import NamedTuple

from . import paths, plugin
from .errors import LabError
from .qemu import quoted

SOURCES = paths.TOP / "tests/smf"

MSR_IR = 1 << 5         # instructions are fetched through translation


class Call(NamedTuple):
    """An ultracall."""

    address: int        # of the instruction
    msr: int
    name: str           # share, unshare, unshare_all
    first: int          # of two arguments: the frame number of a page
    second: int         # how many pages there are from there on


class Smf:
    """The plugin in one run of QEMU."""

    def __init__(self, name, guests=False, replace=()):
        """
        name        of the guest; its log is NAME.ultracalls
        guests      whether the secure ones are the guests of the guest
        replace     as for plugin.build()
        """
        self.log = paths.log(f"{name}.ultracalls")
        self._guests = guests
        self._plugin = plugin.build("smf", SOURCES, replace)

    def plugin_argument(self):
        """What goes after QEMU's -plugin."""
        return (f"{quoted(self._plugin)},log={quoted(self.log)},"
                f"guests={'on' if self._guests else 'off'}")

    def calls(self):
        """The ultracalls so far: a list of Call."""
        found = []
        for line in self.log.read_text(encoding="ascii").splitlines():
            address, msr, name, first, second = line.split()
            found.append(Call(int(address, 16), int(msr, 16), name, int(first, 16),
                              int(second, 16)))
        return found

    def shared_pages(self):
        """The frame numbers of the pages that are shared now: a set."""
        shared = set()
        for call in self.calls():
            pages = range(call.first, call.first + call.second)
            if call.name == "share":
                shared.update(pages)
            elif call.name == "unshare":
                shared.difference_update(pages)
            elif call.name == "unshare_all":
                shared.clear()
            else:
                raise LabError(f"tests/lab/smf.py does not know what {call.name} does to pages")
        return shared
