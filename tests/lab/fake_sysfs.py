# SPDX-License-Identifier: GPL-2.0
"""A guest of a test's own making, in which the command svm-mmio runs on this machine: whatever the
kernel's and the module's files may say, the command can be shown.

    sysfs = Sysfs(tmp_path)
    sysfs.write("kernel/debug/svm_mmio/status", "backend: sprg0\\n")
    done = sysfs.call("status")

It is a directory that is / for the command. What is written to a file there is in it afterwards; or
a script of the test's answers instead, as the kernel would (tests/native/guest.c).
"""

import shutil
import subprocess

from . import native, tool
from .mounts import in_own_mounts
from .tool import Done

DEBUG = "kernel/debug/svm_mmio"
MOUNTS = "proc /proc proc rw 0 0\ndebugfs /sys/kernel/debug debugfs rw 0 0\n"
RELEASE = "6.1.0-50-powerpc64le"
# Of this machine: a shell for the answers, and the libraries of all.
HOSTS = ("bin", "lib64", "lib/x86_64-linux-gnu", "tool", "native")
SCRIPT = """top=$1 tool=$2 native=$3; shift 3
for place in bin lib64 lib/x86_64-linux-gnu; do
    mount --rbind "/$place" "$top/$place" || exit
done
mount --bind "$tool" "$top/tool" && mount --bind "$native" "$top/native" &&
exec chroot "$top" /bin/env PATH=/bin LD_PRELOAD=/native/guest.so RELEASE=%s "$@"
""" % RELEASE


class Sysfs:
    """The files, below a directory; each call has a copy of them."""

    def __init__(self, directory, loaded=True):
        self.root = directory / "root"
        self.top = self.root / "sys"
        self.after = directory / "after"    # what is there when a call is done
        for place in ("sys", "tmp", "lib/modules", *HOSTS):
            (self.root / place).mkdir(parents=True)
        self.place("proc/self/mounts", MOUNTS)
        self.place("dev/kmsg", "")
        if loaded:
            self.write("module/svm_mmio/refcnt", "0\n")

    def place(self, name, text):
        """Make a file anywhere, and the directories above it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def write(self, name, text):
        """Make a file below /sys."""
        self.place(f"sys/{name}", text)

    def answer(self, name, script):
        """Let @script answer who writes to this file, below /sys: what is written is its stdin,
        and its exit status the errno.
        """
        self.place(f"answers/sys/{name}", script)

    def device(self, bdf, *, ids=("0x1234", "0x11e8"), resource="", bars=(), driver=None):
        """Add a PCI device with @bars: {name: {file: text}} in debugfs."""
        at = f"bus/pci/devices/{bdf}"
        for name, text in (("vendor", ids[0]), ("device", ids[1]), ("resource", resource)):
            self.write(f"{at}/{name}", f"{text}\n")
        if driver:
            self.write(f"bus/pci/drivers/{driver}/unbind", "")
            (self.top / at / "driver").symlink_to(f"/sys/bus/pci/drivers/{driver}")
        for bar, files in dict(bars).items():
            for name, text in files.items():
                self.write(f"{DEBUG}/{bdf}/{bar}/{name}", text)

    def call(self, *args, program=None):
        """Run the command there: a Done."""
        shutil.rmtree(self.after, ignore_errors=True)
        shutil.copytree(self.root, self.after, symlinks=True)
        program = program or tool.host()
        done = subprocess.run(
            in_own_mounts(SCRIPT, self.after, program.parent, native.guest().parent,
                          f"/tool/{program.name}", *args),
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
        return Done(done.returncode, done.stdout, done.stderr)

    def left(self, name):
        """What is in a file below /sys after the last call."""
        return (self.after / "sys" / name).read_text(encoding="utf-8")
