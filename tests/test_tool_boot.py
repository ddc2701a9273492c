# SPDX-License-Identifier: GPL-2.0
"""svm-mmio boot: on and off make and remove one file and have each initramfs made anew; status
says of each kernel how it will boot, in words, JSON and by its exit status.

In a root of its own, with kernels and initramfs of which it is known what is wrong with them. What
makes an initramfs there only notes what it was called with, and copies one that is prepared. A
real one is in test_debian_boot.py.
"""

import json
import lzma
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lab import tool
from lab.initramfs import DATA, PROGRAM, newc
from lab.mounts import in_own_mounts
from lab.root import ENVIRONMENT

pytestmark = pytest.mark.quick

OK, BAD, USAGE, CANNOT = 0, 1, 2, 3
RESULTS = {OK: {"ok", "note"}, BAD: {"to do"}, CANNOT: {"unknown"}}
STATE, LOADER = "etc/modprobe.d/svm-mmio-boot.conf", "usr/lib/svm-mmio/load-first"
ORDER = "scripts/init-top/ORDER"
HOOK = "usr/lib/dracut/hooks/cmdline/00-svm-mmio.sh"
GENERATORS = {"update-initramfs": "/usr/sbin/update-initramfs", "dracut": "/usr/bin/dracut"}
# It is called for one kernel: its last argument.
GENERATOR = """\
#!/bin/sh
echo "$0 $*" >>/called
for last; do :; done
[ ! -e /broken ] || exit 1
from=/without
[ ! -e /etc/modprobe.d/svm-mmio-boot.conf ] || from=/with
cp "$from" "/boot/initrd.img-$last"
"""


def order(*names):
    """The file of initramfs-tools that calls its first scripts."""
    return "".join(f'/scripts/init-top/{name} "$@"\n' for name in names).encode()


class Tree:
    """A root with the command, and one kernel."""

    def __init__(self, top, kernel, ko, sanitize=False):
        self.top, self.release = top, kernel.release
        self.ko = ko.read_bytes()
        self.modules = f"lib/modules/{self.release}"
        self.initramfs = f"boot/initrd.img-{self.release}"
        for program in (tool.host(sanitize), Path("/bin/sh"), shutil.which("cp")):
            self.install(Path(program).resolve(), Path(program).name)
        self.write(f"{self.modules}/modules.builtin", b"")
        self.write(f"{self.modules}/updates/dkms/svm_mmio.ko", self.ko)
        self.write(LOADER, b"", 0o755)
        for directory in ("boot", "etc", "proc"):
            (top / directory).mkdir(exist_ok=True)

    def install(self, program, name):
        """A program of this machine, and its libraries."""
        libraries = re.findall(r"(/\S+) \(0x", subprocess.run(
            ["ldd", program], capture_output=True, text=True, check=True).stdout)
        for source, place in ((program, f"/bin/{name}"), *((name, name) for name in libraries)):
            self.write(place.lstrip("/"), Path(source).read_bytes(), 0o755)

    def write(self, name, content, mode=0o644):
        """Make a file of the tree."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)

    def members(self, **changes):
        """What an initramfs has if all is well, with @changes (None takes away): for newc()."""
        files = {"state": (STATE, DATA, b""), "loader": (LOADER, PROGRAM, b""),
                 "order": (ORDER, DATA, order("00-svm-mmio", "blacklist", "udev")),
                 "module": (f"usr/{self.modules}/updates/dkms/svm_mmio.ko", DATA, self.ko)}
        files.update({what: file and (file[0], DATA, file[1]) for what, file in changes.items()})
        return {file[0]: file[1:] for file in files.values() if file}

    def switch(self, generator="update-initramfs"):
        """Switch it on, with an initramfs that is as it has to be."""
        self.write("with", newc(self.members()))
        self.write("without", newc(self.members(state=None, loader=None, module=None)))
        self.write(GENERATORS[generator].lstrip("/"), GENERATOR.encode(), 0o755)
        self.write(self.initramfs, (self.top / "without").read_bytes())
        return self.call("on")

    def run(self, *args):
        """Run the command in this root: a Done. The sanitizers look for their options in /proc."""
        done = subprocess.run(
            in_own_mounts('mount --rbind /proc "$1/proc" && exec chroot "$@"',
                          self.top, "/bin/svm-mmio", *args),
            capture_output=True, text=True, check=False,
            env={**ENVIRONMENT, "ASAN_OPTIONS": "detect_leaks=0"})
        return tool.Done(done.returncode, done.stdout, done.stderr)

    def call(self, what):
        """Run "boot WHAT" as JSON and look in words at what is then: (rc, JSON, words)."""
        done = self.run("--json", "boot", what)
        said = json.loads(done.out)
        words = self.run("boot", "status")
        print(words.out)
        for kernel in said["kernels"]:
            assert re.search(rf"^{kernel['state']} +{re.escape(kernel['kernel'])}  +"
                             rf"{re.escape(kernel['found'])}$", words.out, re.MULTILINE)
            # Whatever is not well comes with what to do.
            assert (kernel["next"] or "") in words.out and (
                kernel["next"] or kernel["state"] == "ok")
        assert words.out.startswith(f"{said['boot']}: ")
        if what == "status":
            assert words.rc == done.rc and said["result"] in RESULTS[done.rc] and not done.err
        return done, said

    def one(self, what="status"):
        """The same, of the one kernel: (rc, state, found)."""
        done, said = self.call(what)
        kernel, = said["kernels"]
        assert kernel["kernel"] == self.release
        return done.rc, kernel["state"], kernel["found"]

    @property
    def called(self):
        """How the initramfs was made, in words."""
        called = self.top / "called"
        return called.read_text(encoding="ascii").splitlines() if called.exists() else []


@pytest.fixture
def tree(tmp_path, kernel, ko):
    return Tree(tmp_path, kernel, ko)


def test_it_is_off(tree):
    done, said = tree.call("status")
    assert done.rc == OK and (said["boot"], said["result"]) == ("off", "ok")
    assert not (tree.top / STATE).exists() and not tree.called


def test_on_and_off(tree):
    done, said = tree.switch()
    assert done.rc == OK and (said["boot"], said["result"]) == ("on", "ok"), done
    assert (tree.top / STATE).exists()
    assert said["kernels"][0]["initramfs"] == f"/{tree.initramfs}"
    assert tree.called == [f"/usr/sbin/update-initramfs -u -k {tree.release}"]
    done, said = tree.call("off")
    assert done.rc == OK and (said["boot"], said["result"]) == ("off", "ok")
    assert not (tree.top / STATE).exists() and len(tree.called) == 2
    # What was on before the file went away by itself is noticed.
    tree.write(tree.initramfs, (tree.top / "with").read_bytes())
    assert tree.one()[:2] == (BAD, "to do")


def test_before_virtio_pci(tree):
    """What modprobe is told to do in its place: before udev runs load svm_mmio, and then itself."""
    tree.switch()
    command, = re.findall("^install virtio_pci (.*)$",
                          (tree.top / STATE).read_text(encoding="ascii"), re.MULTILINE)
    note = b'#!/bin/sh\necho "${0##*/} $*" >>/called\nexit 1\n'
    tree.write("sbin/modprobe", note, 0o755)
    itself = "modprobe --ignore-install virtio_pci force_legacy=1"

    def called():
        (tree.top / "called").unlink(missing_ok=True)
        subprocess.run(in_own_mounts('exec chroot "$@"', tree.top, "/bin/sh", "-c", command),
                       check=False, env={**ENVIRONMENT, "CMDLINE_OPTS": "force_legacy=1"})
        return tree.called

    tree.write(LOADER, note, 0o755)
    # That svm_mmio could not be loaded is no reason for the guest not to boot.
    assert called() == ["load-first early", itself]
    (tree.top / "run/udev").mkdir(parents=True)
    assert called() == [itself]
    (tree.top / "run/udev").rmdir()
    (tree.top / LOADER).unlink()
    assert called() == [itself]


def test_dracut(tree):
    done, _ = tree.switch("dracut")
    assert done.rc == OK
    assert tree.called == [f"/usr/bin/dracut --quiet --force /{tree.initramfs} {tree.release}"]
    assert f"dracut: making /{tree.initramfs}\n" in done.err
    # It has no order of names, but a hook.
    tree.write(tree.initramfs, newc(tree.members(order=(HOOK, b""))))
    assert tree.one()[:2] == (OK, "ok")


COMPRESSED = {
    "not compressed": lambda data: data,
    "gzip": lambda data: packed(data, "gzip"),
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32, preset=0),
    "zstd": lambda data: packed(data, "zstd", "-1"),
    "behind another archive": lambda data: newc({"early": (DATA, b"x")}) + bytes(512)
    + packed(data, "zstd", "-1"),
}


def packed(data, *argv):
    return subprocess.run(argv, input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize("how", COMPRESSED)
def test_compressed(tree, how):
    tree.switch()
    tree.write(tree.initramfs, COMPRESSED[how](newc(tree.members())))
    assert tree.one()[:2] == (OK, "ok")
    # Negative control: what is found missing is not what could not be read.
    tree.write(tree.initramfs, COMPRESSED[how](newc(tree.members(module=None))))
    assert tree.one() == (BAD, "to do", "its initramfs lacks the module")


def test_modules_may_be_compressed(tree):
    """In /lib/modules, or in the initramfs."""
    tree.switch()
    name = f"{tree.modules}/updates/dkms/svm_mmio.ko"
    (tree.top / name).unlink()
    tree.write(f"{name}.xz", lzma.compress(
        tree.ko, check=lzma.CHECK_CRC32, preset=0))
    assert tree.one()[:2] == (OK, "ok")
    tree.write(tree.initramfs, newc(tree.members(
        module=(f"usr/{name}.zst", packed(tree.ko, "zstd", "-1")))))
    assert tree.one()[:2] == (OK, "ok")


def other_build(ko):
    """The same module with another build ID."""
    at = ko.index(b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0") + 16
    return ko[:at] + bytes(20) + ko[at + 20:]


def test_what_is_wrong_with_an_initramfs(tree):
    tree.switch()
    module = f"usr/{tree.modules}/updates/dkms/svm_mmio.ko"
    for changes, found in (
            ({"state": None}, "its initramfs is from before, and loads no svm_mmio"),
            ({"loader": None}, "its initramfs is from before, and loads no svm_mmio"),
            ({"module": None}, "its initramfs lacks the module"),
            ({"module": (module.replace(tree.release, "6.0.0-other"), tree.ko)},
             "its initramfs lacks the module"),
            ({"module": (module, other_build(tree.ko))},
             "its initramfs has another build of the module"),
            ({"order": (ORDER, order("blacklist", "udev", "00-svm-mmio"))},
             "its initramfs loads drivers before svm_mmio"),
            ({"order": None}, "its initramfs loads drivers before svm_mmio")):
        tree.write(tree.initramfs, newc(tree.members(**changes)))
        assert tree.one() == (BAD, "to do", found)
    # "boot on" mends it, whatever it was.
    assert tree.one("on")[:2] == (OK, "ok")


@pytest.mark.parametrize("data", [b"\x04\x22\x4d\x18" + bytes(range(64)), b"070701" + b"z" * 200,
                                  packed(b"x" * 4096, "gzip")[:20]])
def test_initramfs_that_cannot_be_read(tree, data):
    """As of lz4, which the command does not know, and damaged ones."""
    tree.switch()
    tree.write(tree.initramfs, data)
    assert tree.one()[:2] == (CANNOT, "unknown")


def test_kernel_without_an_initramfs(tree):
    tree.switch()
    (tree.top / tree.initramfs).unlink()
    rc, state, found = tree.one()
    assert (rc, state) == (OK, "note") and "systemd" in found


def test_module_that_is_not_there_or_for_another_kernel(tree):
    tree.switch()
    file = tree.top / tree.modules / "updates/dkms/svm_mmio.ko"
    file.write_bytes(tree.ko.replace(f"vermagic={tree.release[:3]}".encode(), b"vermagic=9.9"))
    rc, state, found = tree.one()
    assert (rc, state) == (BAD, "to do")
    assert f"is for another kernel, 9.9{tree.release[3:]}" in found
    file.unlink()
    rc, state, found = tree.one()
    assert (rc, state) == (BAD, "to do") and "it boots without" in found
    # A second kernel is judged by itself, and what DKMS leaves of one that is gone is none.
    tree.write("lib/modules/6.99.0-new/modules.builtin", b"")
    tree.write("lib/modules/6.99.0-new/svm_mmio.ko", tree.ko.replace(
        f"vermagic={tree.release}".encode(), b"vermagic=6.99.0-new"))
    (tree.top / "lib/modules/6.0.0-gone/updates").mkdir(parents=True)
    _, said = tree.call("status")
    assert [(kernel["kernel"], kernel["state"]) for kernel in said["kernels"]] == [
        (tree.release, "to do"), ("6.99.0-new", "note")]


def test_what_cannot_be_done(tree):
    tree.switch()
    tree.write("broken", b"")
    done = tree.run("boot", "on")
    assert done.rc == CANNOT and f"failed for kernel {tree.release}" in done.err
    (tree.top / "usr/sbin/update-initramfs").unlink()
    done = tree.run("boot", "on")
    assert done.rc == CANNOT and "neither update-initramfs nor dracut" in done.err
    tree.call("status")
    (tree.top / LOADER).unlink()
    (tree.top / STATE).unlink()
    done = tree.run("boot", "on")
    assert done.rc == CANNOT and "install the package svm-mmio" in done.err
    assert not (tree.top / STATE).exists()


@pytest.mark.parametrize("words", [(), ("up",), ("on", "off")])
def test_usage(tree, words):
    done = tree.run("boot", *words)
    assert done.rc == USAGE and "one of on, off, status" in done.err and not done.out
