# SPDX-License-Identifier: GPL-2.0
"""Finds a QEMU that is new enough, and speaks to a running one."""

import functools
import json
import os
import re
import shutil
import subprocess

from .errors import GuestError, LabError
from .root import Recipe, make_root

OLDEST = 11     # the first whose TCG plugins can set the program counter
LIBRARIES = "usr/lib/x86_64-linux-gnu"

# QEMU's own firmware is done before SLOF has begun: two thirds of a boot were SLOF's. TCG has
# none of the speculation barriers that pseries offers by default, and says so at length.
FIRMWARE = "x-vof=on"
MACHINE = f"pseries,{FIRMWARE},cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off"


# Whatever the host is, so that there is one QEMU to know. Its GLib is no older than that of any
# host, for which the plugins are built.
SUITES = ("trixie", "trixie-backports")


@functools.cache
def command():
    """The beginning of QEMU's command line: $QEMU, or Debian's from a root of its own.

    A QEMU from a root is run by that root's own dynamic loader with that root's libraries, so it
    needs neither a chroot nor anything on the host.
    """
    chosen = os.environ.get("QEMU")
    if chosen:
        return [_checked(chosen)]
    root = make_root("qemu", SUITES, "qemu-system-ppc",
                     lambda apt: Recipe(install=["qemu-system-ppc"], suite=SUITES[-1]),
                     architectures=("amd64",))
    libraries = root / LIBRARIES
    # Not lib64/ld-linux-x86-64.so.2: that link is absolute, and would lead to the host's loader.
    return [str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries),
            str(root / "usr/bin/qemu-system-ppc64"), "-L", str(root / "usr/share/qemu")]


def quoted(path):
    """@path as a value of an option of QEMU's, where a comma is doubled."""
    return str(path).replace(",", ",,")


def _checked(program):
    if not shutil.which(program):
        raise LabError(f"QEMU={program} is no program. Unset QEMU to use Debian's.")
    said = subprocess.run([program, "--version"], capture_output=True, text=True,
                          check=False).stdout
    if "emulator version" not in said or _major(said.partition("version ")[2]) < OLDEST:
        raise LabError(f"QEMU={program} is not QEMU {OLDEST} or newer"
                       f" ({said.partition(chr(10))[0] or 'it says nothing'}). "
                       "Unset QEMU to use Debian's.")
    return program


def _major(version):
    match = re.match(r"\d+", version)
    return int(match.group()) if match else 0


class Qmp:
    """QEMU's control socket."""

    def __init__(self, sock):
        self._sock = sock
        self._stream = sock.makefile("rw", encoding="utf-8", newline="\n")
        self._read()                            # the greeting
        self.call("qmp_capabilities")

    def call(self, name, **arguments):
        """Execute a QMP command; what it returns."""
        json.dump({"execute": name, "arguments": arguments}, self._stream)
        self._stream.write("\n")
        self._stream.flush()
        while True:
            message = self._read()
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise GuestError(f"QEMU refused {name}: {message['error']['desc']}")

    def monitor(self, line):
        """Execute a line of the human monitor; what it prints."""
        return self.call("human-monitor-command", **{"command-line": line})

    def _read(self):
        line = self._stream.readline()
        if not line:
            raise ConnectionError("QEMU closed its control socket")
        return json.loads(line)

    def close(self):
        """Let go of the socket."""
        self._stream.close()
        self._sock.close()
