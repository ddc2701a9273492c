# SPDX-License-Identifier: GPL-2.0
"""svm-mmio boot says of each kernel what its files say, to the letter, and changes the one file and
each initramfs, whatever there was before.

The files are the test's own (tests/lab/fake_sysfs.py); test_tool_boot.py has a real module, and
archives of all sorts, damaged ones too.
"""

import json

import pytest
from lab import tool
from lab.fake_sysfs import Sysfs
from lab.initramfs import DATA, newc
from test_tool_boot import BAD, CANNOT, LOADER, OK, STATE, order

pytestmark = pytest.mark.quick

ONE, TWO = "6.9.0-a", "6.10.0-b"
ON = "on: in an SVM svm_mmio is loaded at boot, before any driver.\n"
OFF = "off: svm_mmio is loaded when somebody does so.\n"
WELL = "its initramfs loads it before any driver"
ANEW = "svm-mmio boot on, which makes it anew"
TEXT = """\
# While this file is there svm_mmio is loaded at boot, in an SVM, before any driver.
# "svm-mmio boot on" has made it; "svm-mmio boot off" removes it.

# Process 1 of systemd loads virtio_pci before it starts anything, udev for one. A softdep
# would load svm_mmio in a normal guest too, and where it is blacklisted.
install virtio_pci [ -e /run/udev ] || [ ! -x /usr/lib/svm-mmio/load-first ] || \
/usr/lib/svm-mmio/load-first early; \
exec /sbin/modprobe --ignore-install virtio_pci $CMDLINE_OPTS
"""
ID = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0"
UPDATE, DRACUT = "usr/sbin/update-initramfs", "usr/bin/dracut"


def module(release=ONE, build_id=None, rest=b""):
    """As much of a module as is looked at; with a build ID of that byte."""
    note = ID + bytes([build_id]) * 20 if build_id is not None else b""
    return b"\x7fELF vermagic=%s SMP\0" % release.encode() + note + rest


def archive(release=ONE, content=None, **changes):
    """An initramfs in which all is well, with @changes: None takes away."""
    files = {"state": (STATE, b""), "loader": (LOADER, b""),
             "order": ("scripts/init-top/ORDER", order("00-svm-mmio", "udev")),
             "module": (f"usr/lib/modules/{release}/svm_mmio.ko",
                        module(release) if content is None else content), **changes}
    return newc({name: (DATA, text) for name, text in filter(None, files.values())})


class Machine(Sysfs):
    """One with kernels, on which it is switched on."""

    def __init__(self, directory, is_on=True):
        super().__init__(directory)
        self.place("etc/hostname", "")
        if is_on:
            self.place(STATE, "")
        self.program(LOADER, "")

    def program(self, name, script):
        self.place(name, f"#!/bin/sh\n{script}")
        (self.root / name).chmod(0o755)

    def kernel(self, release=ONE, content=None, initramfs=None, name="initrd.img-%s"):
        """Add one with these files; b"" for none."""
        self.place(f"lib/modules/{release}/modules.builtin", "")
        content = module(release) if content is None else content
        if content:
            self.place(f"lib/modules/{release}/updates/svm_mmio.ko", content)
        initramfs = archive(release) if initramfs is None else initramfs
        if initramfs:
            self.place(f"boot/{name % release}", initramfs)

    def status(self, what="status"):
        """The exit status, and {kernel: (state, found, next)}; in words it says the same."""
        done = self.call("--json", "boot", what)
        said = json.loads(done.out)
        words = self.call("boot", "status").out
        width = max([len(kernel["kernel"]) for kernel in said["kernels"]], default=0)
        expected = ON if said["boot"] == "on" else OFF
        for kernel in said["kernels"]:
            expected += f"{kernel['state']:8} {kernel['kernel']:{width}}  {kernel['found']}\n"
            if kernel["next"]:
                expected += f"{'':{width + 9}}  -> {kernel['next']}\n"
        if not said["kernels"]:
            expected += "There is no kernel in /lib/modules.\n"
        assert words == expected or what != "status"
        return done.rc, {kernel["kernel"]: (kernel["state"], kernel["found"], kernel["next"])
                         for kernel in said["kernels"]}

    def one(self):
        """The same of the one kernel there is."""
        rc, kernels = self.status()
        assert list(kernels) == [ONE]
        return rc, *kernels[ONE]


@pytest.fixture(name="it")
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture(name="off")
def switched_off(tmp_path):
    return Machine(tmp_path, is_on=False)


# ---- What is said.

def test_all_is_well(it):
    it.kernel()
    assert it.one() == (OK, "ok", WELL, None)
    assert it.call("--colour=always", "boot", "status").out == (
        f"\033[1mon\033[0m{ON[2:]}\033[32mok      \033[0m {ONE}  {WELL}\n")


def test_off(off):
    assert off.status() == (OK, {})
    off.kernel(initramfs=archive(state=None))
    assert off.one() == (OK, "ok", "nothing loads it at boot", None)
    off.kernel()
    assert off.one() == (BAD, "to do", "its initramfs still loads svm_mmio",
                         "svm-mmio boot off, which makes it anew")
    off.kernel(content=b"", initramfs=archive(state=None))
    (off.root / f"lib/modules/{ONE}/updates/svm_mmio.ko").unlink()
    assert off.one()[0] == OK
    assert off.call("--colour=always", "boot", "status").out.startswith(
        f"\033[1moff\033[0m{OFF[3:]}")


@pytest.mark.parametrize("content, changes, found, following", [
    (None, {"state": None}, "its initramfs is from before, and loads no svm_mmio", ANEW),
    (None, {"loader": None}, "its initramfs is from before, and loads no svm_mmio", ANEW),
    (None, {"module": None}, "its initramfs lacks the module", ANEW),
    (None, {"order": None}, "its initramfs loads drivers before svm_mmio",
     "report it, with what made the initramfs, and its version"),
    (None, {"content": module() + b"x"}, "its initramfs has another build of the module", ANEW),
    (None, {"content": module()[:-1] + b"x"}, "its initramfs has another build of the module",
     ANEW),
    (module(build_id=1), {"content": module(build_id=2)},
     "its initramfs has another build of the module", ANEW),
    (module(TWO), {}, f"/lib/modules/{ONE}/updates/svm_mmio.ko is for another kernel, {TWO}",
     "build it for this one, or remove it"),
    (b"", {}, "there is no module svm_mmio for this kernel: it boots without",
     f"install its headers, for DKMS (dkms install svm-mmio/VERSION -k {ONE}), or boot another")])
def test_to_do(it, content, changes, found, following):
    it.kernel(content=content, initramfs=archive(**changes))
    assert it.one() == (BAD, "to do", found, following)
    assert it.call("--colour=always", "boot", "status").out.count(
        "\033[31mto do   \033[0m ") == 1


@pytest.mark.parametrize("content, other", [
    (module(build_id=1), module(build_id=1, rest=b"signed")), (module(), module()),
    # One whose note is cut off has none.
    (module() + ID + b"x" * 19, module() + ID + b"x" * 19)])
def test_same_builds(it, content, other):
    it.kernel(content=content, initramfs=archive(content=other))
    assert it.one()[:2] == (OK, "ok")


def test_one_of_several_files(it):
    """Which of them modprobe takes is not asked: one has to be that of the initramfs."""
    it.kernel(content=module(build_id=1), initramfs=archive(content=module(build_id=2)))
    it.place(f"lib/modules/{ONE}/extra/svm_mmio.ko", module(build_id=2))
    it.place(f"lib/modules/{ONE}/extra/svm_mmio_edu.ko", module(TWO))
    it.place(f"lib/modules/{ONE}/extra/svm_mmio.txt", module(TWO))
    assert it.one()[:2] == (OK, "ok")
    # A link is one to a module of another kernel that is as good, and anything else is not.
    it.kernel(initramfs=archive(content=module(build_id=3)))
    it.place("lib/other", module(TWO, build_id=3))
    (it.root / f"lib/modules/{ONE}/extra/svm_mmio.ko").unlink()
    (it.root / f"lib/modules/{ONE}/extra/svm_mmio.ko").symlink_to("/lib/other")
    assert it.one()[:2] == (OK, "ok")


def test_without_an_initramfs(it):
    it.kernel(initramfs=b"")
    assert it.one() == (OK, "note", "it has no initramfs: systemd loads it, before it starts udev",
                        "nothing, unless drivers are loaded before systemd runs")
    assert "\033[33mnote    \033[0m " in it.call("--colour=always", "boot", "status").out


@pytest.mark.parametrize("content, why", [
    (b"lz4?", "it is no archive, or not compressed by gzip, xz or zstd"),
    (b"070701zzzz" + b"0" * 200, "its archive is damaged")])
def test_not_readable(it, content, why):
    it.kernel(initramfs=content)
    assert it.one() == (CANNOT, "unknown", f"/boot/initrd.img-{ONE}: {why}",
                        "look into it with lsinitramfs or lsinitrd")
    (it.root / f"boot/initrd.img-{ONE}").unlink()
    it.place(f"boot/initrd.img-{ONE}/x", "")
    assert it.one()[2] == f"/boot/initrd.img-{ONE}: Is a directory"


@pytest.mark.parametrize("name", ["initrd.img-%s", "initramfs-%s.img", "initrd-%s"])
def test_names_of_an_initramfs(it, name):
    it.kernel(name=name)
    assert it.one()[:2] == (OK, "ok")
    assert json.loads(it.call("--json", "boot", "status").out)["kernels"][0]["initramfs"] == (
        f"/boot/{name % ONE}")


def test_several_kernels(it):
    """In the order of their versions; the worst is the result."""
    it.kernel(TWO)
    it.kernel()
    it.kernel("6.8.0", content=b"", initramfs=b"")
    it.place("lib/modules/6.7.0/updates/x", "")
    it.place("lib/modules/.hidden/modules.builtin", "")
    rc, kernels = it.status()
    assert rc == BAD and list(kernels) == ["6.8.0", ONE, TWO]
    assert [state for state, *_ in kernels.values()] == ["to do", "ok", "ok"]
    assert json.loads(it.call("--json", "boot", "status").out)["result"] == "to do"


# ---- What is done.

NOTES = """echo "$0 $*" >>/called
for last; do :; done
echo noise
cp /new "/boot/initrd.img-$last"
"""


def test_on(off):
    off.kernel(initramfs=archive(state=None))
    off.kernel(TWO, initramfs=b"")
    off.place("new", archive())
    off.program(UPDATE, NOTES)
    done = off.call("--json", "boot", "on")
    assert done.rc == OK and done.err == "noise\n"
    assert json.loads(done.out)["boot"] == "on"
    assert (off.after / STATE).read_text(encoding="ascii") == TEXT
    # Of the one that has an initramfs.
    assert (off.after / "called").read_text(encoding="ascii") == (
        f"/{UPDATE} -u -k {ONE}\n")
    assert (off.after / STATE).stat().st_mode & 0o777 == 0o644


def test_on_again(it):
    """What is there is as it would be new."""
    it.place(STATE, "x" * 1000)
    assert it.call("boot", "on") == tool.Done(OK, f"{ON}There is no kernel in /lib/modules.\n", "")
    assert (it.after / STATE).read_text(encoding="ascii") == TEXT


def test_off_again(it):
    it.kernel()
    it.place("new", archive(state=None))
    it.program(DRACUT, NOTES)
    done = it.call("boot", "off")
    assert (done.rc, done.out) == (
        OK, f"{OFF}ok       {ONE}  nothing loads it at boot\n")
    assert done.err == f"dracut: making /boot/initrd.img-{ONE}\nnoise\n"
    assert not (it.after / STATE).exists()
    (it.root / STATE).unlink()
    assert it.call("boot", "off").rc == OK
    # What else is there stays.
    it.place(f"{STATE}.bak", "")
    assert it.call("boot", "off").rc == OK and (it.after / f"{STATE}.bak").exists()


def test_dracut(it):
    it.kernel(name="initramfs-%s.img")
    it.place("new", archive())
    it.program(DRACUT, NOTES)
    assert it.call("boot", "on").rc == OK
    assert (it.after / "called").read_text(encoding="ascii") == (
        f"/{DRACUT} --quiet --force /boot/initramfs-{ONE}.img {ONE}\n")
    it.program("usr/sbin/dracut", NOTES)
    it.program(UPDATE, NOTES)
    it.call("boot", "on")
    assert (it.after / "called").read_text(encoding="ascii").startswith(f"/{UPDATE} ")
    for name in (UPDATE, DRACUT):
        (it.root / name).unlink()
    it.call("boot", "on")
    assert (it.after / "called").read_text(encoding="ascii").startswith("/usr/sbin/dracut ")


def test_nothing_makes_one(it):
    it.kernel()
    it.kernel(TWO)
    done = it.call("boot", "on")
    assert done.rc == CANNOT and done.err.count("there is neither update-initramfs nor dracut") == 2
    assert f"to make /boot/initrd.img-{TWO} anew.\nNext: make it anew with" in done.err
    assert done.out.startswith(ON)


@pytest.mark.parametrize("script", ["exit 1\n", "kill -9 $$\n"])
def test_one_that_fails(it, script):
    """The others are made all the same."""
    it.kernel()
    it.kernel(TWO)
    it.program(UPDATE, f"echo $3 >>/called\n[ $3 != {ONE} ] || {script}")
    done = it.call("boot", "on")
    assert done.rc == CANNOT and done.err.count("failed for kernel") == 1
    assert f"failed for kernel {ONE}" in done.err
    assert (it.after / "called").read_text(encoding="ascii").split() == [ONE, TWO]


def test_what_cannot_be_changed(it):
    (it.root / STATE).unlink()
    it.place(f"{STATE}/x", "")
    for what, done in (("on", "written"), ("off", "removed")):
        said = it.call("boot", what)
        assert said.rc == CANNOT and said.err == (
            f"svm-mmio: /{STATE} cannot be {done}: Is a directory\n") and not said.out
    (it.root / f"{STATE}/x").unlink()
    (it.root / STATE).rmdir()
    (it.root / STATE).parent.rmdir()
    (it.root / "etc/hostname").unlink()
    (it.root / "etc").rmdir()
    said = it.call("boot", "on")
    assert (said.rc, said.err) == (
        CANNOT, "svm-mmio: /etc/modprobe.d cannot be made: No such file or directory\n")


@pytest.mark.parametrize("mode", [None, 0o644])
def test_nothing_would_load_it(off, mode):
    (off.root / LOADER).unlink()
    if mode:
        off.place(LOADER, "")
    done = off.call("boot", "on")
    assert (done.rc, done.err) == (
        CANNOT, f"svm-mmio: /{LOADER} is not there, which is to load the module.\n"
        "Next: install the package svm-mmio, or make -C tools install-boot\n")
    assert not (off.after / STATE).exists()
