# SPDX-License-Identifier: GPL-2.0
"""What an initramfs and systemd call to load svm_mmio first: whether it tries to, what it says on
the console and in the kernel log, what it leaves behind. Before /run is there ("early"): nothing.

In a root of its own, with a modprobe that says what the real one would.
"""

import subprocess

import pytest
from lab import paths
from lab.mounts import in_own_mounts
from lab.root import ENVIRONMENT
from test_tool_boot import LOADER, STATE, Tree

pytestmark = pytest.mark.quick

NORMAL = "run/svm-mmio-normal-guest"
NO_SVM = "modprobe: ERROR: could not insert 'svm_mmio': No such device"
NO_MODULE = "modprobe: FATAL: Module svm_mmio not found in directory /lib/modules/6.9"
BROKEN = "modprobe: ERROR: could not insert 'svm_mmio': Key was rejected by service"


@pytest.fixture
def tree(tmp_path, kernel, ko):
    made = Tree(tmp_path, kernel, ko)
    made.write(LOADER, (paths.TOP / "tools/boot/load-first").read_bytes(), 0o755)
    made.write("proc/sys/kernel/osrelease", b"6.9\n")
    made.write("dev/kmsg", b"")
    (tmp_path / "run").mkdir()
    made.write(STATE, b"")
    return made


def load(tree, said, *args, script=LOADER, **environment):
    """Call @script, where modprobe fails and says that: (status, called, console, kernel log)."""
    tree.write("bin/modprobe", f'#!/bin/sh\necho "$*" >>/called\necho "{said}" >&2\nexit 1\n'
               .encode(), 0o755)
    (tree.top / "called").unlink(missing_ok=True)
    tree.write("dev/kmsg", b"")
    done = subprocess.run(in_own_mounts('exec chroot "$@"', tree.top, f"/{script}", *args),
                          capture_output=True, text=True, check=False,
                          env={**ENVIRONMENT, **environment})
    return done.returncode, tree.called, done.stderr, (tree.top / "dev/kmsg").read_text()


@pytest.mark.parametrize("said, words", [(NO_MODULE, "there is no module svm_mmio for kernel 6.9"),
                                         (BROKEN, "Key was rejected by service")])
def test_it_cannot_be_loaded(tree, said, words):
    """It is said, but for early: the next call says it."""
    asked = ["-b svm_mmio svm_only=1"]
    status, called, console, log = load(tree, said)
    assert (status, called) == (1, asked)
    assert console.startswith("svm-mmio: ") and words in console
    assert log == f"<4>{console}"
    assert load(tree, said, "early") == (1, asked, "", "")
    assert not (tree.top / NORMAL).exists()


def test_normal_guest(tree):
    """Once found out it is not tried again; but nothing that early outlives the boot."""
    asked = ["-b svm_mmio svm_only=1"]
    assert load(tree, NO_SVM, "early") == (0, asked, "", "")
    assert not (tree.top / NORMAL).exists()
    assert load(tree, NO_SVM) == (0, asked, "", "") and (tree.top / NORMAL).exists()
    assert load(tree, NO_SVM) == (0, [], "", "")


def test_what_it_does_not_try(tree):
    for name in ("sys/module/svm_mmio", "sys/devices/system/cpu"):
        (tree.top / name).mkdir(parents=True)
    assert load(tree, BROKEN) == (0, [], "", ""), "it is loaded"
    (tree.top / "sys/module/svm_mmio").rmdir()
    tree.write("sys/devices/system/cpu/svm", b"0\n")
    assert load(tree, BROKEN) == (0, [], "", ""), "the kernel says that it is no SVM"
    tree.write("sys/devices/system/cpu/svm", b"1\n")
    assert load(tree, BROKEN)[:2] == (1, ["-b svm_mmio svm_only=1"])
    (tree.top / STATE).unlink()
    assert load(tree, BROKEN) == (0, [], "", ""), "it is off"


def test_hook_of_dracut(tree):
    """It calls it; where systemd runs in the initramfs, the unit has done so."""
    hook = "usr/lib/dracut/hooks/cmdline/00-svm-mmio.sh"
    tree.write(hook, (paths.TOP / "tools/boot/dracut/svm-mmio.sh").read_bytes(), 0o755)
    assert load(tree, BROKEN, script=hook)[1] == ["-b svm_mmio svm_only=1"]
    assert load(tree, BROKEN, script=hook, DRACUT_SYSTEMD="1") == (0, [], "", "")
