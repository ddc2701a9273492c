# SPDX-License-Identifier: GPL-2.0
"""A Debian whose initramfs dracut has made: after "svm-mmio boot on" it loads svm_mmio in an SVM
before any driver; it is made anew with the module that DKMS builds, and without it when the
packages go.

One story about one disk, in its order, as in test_debian_boot.py. What dracut puts into an
initramfs is looked at more closely, and quicker, by test_dracut.py.
"""

import re

import pytest
from lab import bootable
from lab.debian import Debian
from lab.driven import EARLY
from lab.soak import SOAK
from test_debian_boot import INSTALL, OK, OURS, TO_DO, Watched, call, installing, status

pytestmark = pytest.mark.skipif(
    not SOAK, reason="SOAK=1 boots it; what dracut makes is in test_dracut.py")


@pytest.fixture(scope="module")
def disk(kernel, tmp_path_factory):
    return bootable.disk(kernel, tmp_path_factory.mktemp("disk"), bootable.DRACUT)


def test_install_and_switch_on(disk, ko):
    """In a chroot. DKMS has the initramfs made anew."""
    with installing(disk, ko, "dracut-install") as (debian, make):
        debian.check(f"{INSTALL} /packages/svm-mmio.deb")
        result = debian.run("svm-mmio boot on")
        print(result.out)
        assert result.rc == TO_DO and "svm-mmio: there is no module svm_mmio" in result.out
        said = debian.check(f"{make}{INSTALL} /packages/svm-mmio-dkms.deb")
        print(said)
        assert status(debian) == (OK, "on", "ok", "its initramfs loads it before any driver")


def test_secure_guest(disk):
    """All accesses are captured, from the first on: virtio_pci is loaded by process 1 of systemd,
    before any unit and udev. doctor says that all is well.
    """
    with Watched(disk, "dracut-secure", secure=True) as it:
        assert bootable.settled(it.machine) == "running"
        it.move_data()
        lines = [text for _, text in it.machine.dmesg()]
        assert not [text for text in lines if text.startswith("svm-mmio: ")]
        order = [next(n for n, text in enumerate(lines) if text.startswith(start))
                 for start in ("svm_mmio: guard on", "virtio-pci ", "systemd[1]: systemd ")]
        print("\n".join(lines[order[0] - 1:order[2]]))
        assert order == sorted(order)
        rc, said = call(it.machine, "doctor")
        assert (rc, said["result"]) == (OK, "ok")
        assert {check["state"] for check in said["checks"]} == {"ok"}
        seen = it.oracle.counts()
        print(seen)
        assert seen[EARLY].clean and seen[EARLY].matched > 5000
        assert seen.outside == seen.outside_unresolved == 0


def test_normal_guest(disk):
    """Nothing is loaded; and no message that stands for a mistake."""
    with Watched(disk, "dracut-normal") as it:
        assert bootable.settled(it.machine) == "running"
        assert it.machine.run("test -e /sys/module/svm_mmio").rc
        lines = [text for _, text in it.machine.dmesg() if re.match("svm[-_]mmio: ", text)]
        print("\n".join(lines))
        assert {text for text in lines if "taint" not in text} == {
            "svm_mmio: not loaded, as svm_only asks: this guest is no SVM"}
        assert call(it.machine, "doctor")[0] == OK
        seen = it.oracle.counts()
        assert seen[EARLY].matched == 0 and seen[EARLY].mismatched > 1000


def test_blacklisted(disk):
    """Asked to, an SVM boots without it. Negative control: its accesses are plain."""
    with Watched(disk, "dracut-blacklisted", secure=True,
                 append="modprobe.blacklist=svm_mmio") as it:
        assert bootable.settled(it.machine) == "degraded"
        assert it.machine.run("test -e /sys/module/svm_mmio").rc
        assert "could not be loaded: it is blacklisted" in "".join(
            text for _, text in it.machine.dmesg())
        assert it.oracle.counts()[EARLY].matched == 0


def test_packages_go(disk):
    """The module's takes the module from the initramfs, the command's all else. Comes last."""
    with Debian.boot(disk.kernel, name="dracut-removed", disk=disk.image, smp=1,
                     mem="2G") as debian:
        print(debian.check("dpkg --force-unsafe-io --purge svm-mmio-dkms"))
        assert status(debian)[:3] == (TO_DO, "on", "to do")
        names = debian.check(disk.names_in_initrd())
        assert "00-svm-mmio.sh" in names and "svm_mmio.ko" not in names
        print(debian.check("dpkg --force-unsafe-io --purge svm-mmio"))
        names = debian.check(disk.names_in_initrd())
        assert "usr/lib/dracut" in names and not OURS.search(names)
