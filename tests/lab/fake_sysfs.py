# SPDX-License-Identifier: GPL-2.0
"""A /sys of a test's own making, in which the command svm-mmio runs on this machine: whatever the
module's files may say, the command can be shown.

    sysfs = Sysfs(tmp_path)
    sysfs.write("kernel/debug/svm_mmio/status", "backend: sprg0\\n")
    done = sysfs.call("status")
"""

import subprocess

from . import tool
from .tool import Done

DEBUG = "kernel/debug/svm_mmio"
MOUNTS = "debugfs /sys/kernel/debug debugfs rw 0 0\n"
# The shell's process is the command's: so what is mounted on its own file is what that reads.
SCRIPT = """mount -t tmpfs tmpfs /sys && cp -a "$1"/. /sys && mount --bind "$2" /proc/$$/mounts &&
shift 2 && exec "$@"
"""


class Sysfs:
    """The files, below a directory; each call has a copy of them."""

    def __init__(self, directory):
        self.top = directory / "sys"
        self._mounts = directory / "mounts"
        self._mounts.write_text(MOUNTS, encoding="ascii")
        self.write("module/svm_mmio/refcnt", "0\n")

    def write(self, name, text):
        """Make a file, and the directories above it."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def device(self, bdf, *, ids=("0x1234", "0x11e8"), resource="", bars=()):
        """Add a PCI device with @bars: {name: {file: text}} in debugfs."""
        at = f"bus/pci/devices/{bdf}"
        for name, text in (("vendor", ids[0]), ("device", ids[1]), ("resource", resource)):
            self.write(f"{at}/{name}", f"{text}\n")
        for bar, files in dict(bars).items():
            for name, text in files.items():
                self.write(f"{DEBUG}/{bdf}/{bar}/{name}", text)

    def call(self, *args, program=None):
        """Run the command there: a Done."""
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh",
             str(self.top), str(self._mounts), str(program or tool.host()), *args],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
        return Done(done.returncode, done.stdout, done.stderr)
