# SPDX-License-Identifier: GPL-2.0
"""A whole Debian in an SVM: after "svm-mmio boot on" each access that its drivers make is captured,
from the boot on, those of its root file system first. In a normal guest nothing is loaded; without
the module it boots all the same, and says what it lacks.

The tests are one story about one disk, in their order: Debian's kernel, the initramfs that its own
update-initramfs makes, systemd, udev, drivers as they are shipped. The oracle judges all text, the
kernel's too.
"""

import gzip
import json
import os
import re
import time
from contextlib import contextmanager

import pytest
from lab import bootable, guest_packages, oracle
from lab.debian import DISK_DRIVERS, Debian
from lab.driven import EARLY, MODULES, Peer
from lab.errors import GuestDied
from lab.hypervisor import Hypervisor, refused
from lab.initramfs import DATA, DIRECTORY, PROGRAM, newc
from lab.soak import SOAK
from lab.stock import stock_modules
from lab.subject import DEBUGFS
from test_secure_guest import digest

OK, TO_DO = 0, 1
BYTES = 1 << 20
LONG = 3600         # seconds for what takes a minute or two where nothing else runs
NETWORK = ("-netdev", "user,id=net")
DEVICES = ("e1000,netdev=net,romfile=", "pci-testdev")
# With XIVE the kernel itself would access the interrupt controller, which is none of PCI's.
MACHINE = "ic-mode=xics"
# A guest in a guest is slower than udev and systemd think that anything is.
PATIENT = "udev.event_timeout=3600 systemd.default_timeout_start_sec=3600"
# Keys of what the module has accessed for itself and for drivers that call it.
OWN = re.compile(r"(loads|stores)_\d+|bulk_(loads|stores)")
INSTALL = "dpkg --force-unsafe-io -i"
OURS = re.compile(r"svm[-_]mmio")
LACKS = "svm-mmio: there is no module svm_mmio for kernel"
# A compiler that is emulated takes a quarter of an hour: in its place DKMS gets, by what it calls
# make, the module that this machine has built. SOAK=1 lets it build.
MAKE = """\
#!/bin/sh -e
case $* in *KERNELDIR=*) ls svm_mmio_mod.c Kbuild; cp /packages/svm_mmio.ko . ;; esac
"""
# What dpkg, DKMS, systemd and others keep for themselves, whatever was installed.
KEPT = re.compile(r"/(var/(lib/(dpkg|dkms|systemd)|log|cache|tmp)|packages|tmp|etc/systemd"
                  r"|etc/\.pwd|usr/lib/modules/[^/]*/modules\.|lost\+found)")


class Watched:
    """A boot of the Debian under the oracle."""

    def __init__(self, disk, name, **options):
        self.oracle = oracle.Oracle(name, vcpus=2, skip=[oracle.USER_TEXT], outside=True)
        self.oracle.judge([(EARLY, *MODULES)])
        self.machine = disk.boot(name, devices=DEVICES, qemu_args=NETWORK, machine=MACHINE, smp=2,
                                 mem="2G", plugins=[self.oracle.plugin_argument()], **options)

    def __enter__(self):
        self.machine.__enter__()
        return self

    def __exit__(self, *error):
        self.machine.__exit__(*error)

    def move_data(self):
        """Receive and send, by the network: equal at both ends."""
        data = os.urandom(BYTES)
        with Peer(data) as peer:
            got, sent = self.machine.check(
                "until ip -4 route get 10.0.2.2 2>/dev/null | grep -q src; do sleep 1; done\n"
                f"bash -c 'cat </dev/tcp/10.0.2.2/{peer.source}' | sha256sum\n"
                f"head -c {BYTES} /dev/urandom >/tmp/data; sha256sum </tmp/data\n"
                f"bash -c 'cat /tmp/data >/dev/tcp/10.0.2.2/{peer.sink}'", LONG
            ).replace("-", "").split()
            assert (got, sent) == (digest(data), peer.received())


def call(guest, command):
    """Run "svm-mmio --json COMMAND": (exit status, what it says), and show it in words."""
    result = guest.run(f"svm-mmio --json {command} 2>/dev/null", LONG)
    print(guest.run(f"svm-mmio {command}", LONG).out)
    return result.rc, json.loads(result.out)


@pytest.fixture(scope="module")
def disk(kernel, tmp_path_factory):
    return bootable.disk(kernel, tmp_path_factory.mktemp("disk"))


@pytest.fixture(scope="module")
def before():
    """The names of all files, before anything is installed: the first test fills it in."""
    return set()


def files_of(debian):
    """The names of all files, but for those that KEPT has."""
    return {name for name in debian.check("find / -xdev").splitlines() if not KEPT.match(name)}


def status(debian):
    """What "boot status" says of the one kernel: (exit status, on or off, state, found)."""
    result = debian.run("svm-mmio --json boot status")
    said = json.loads(result.out)
    kernel, = said["kernels"]
    return result.rc, said["boot"], kernel["state"], kernel["found"]


@contextmanager
def installing(disk, ko, name):
    """The Debian in a chroot, with the packages: (it, what is to come before a command so that
    DKMS builds the module).
    """
    built = guest_packages.make(bootable.SUITE)
    files = {"/packages/svm-mmio.deb": built["svm-mmio"],
             "/packages/svm-mmio-dkms.deb": built["svm-mmio-dkms"], "/packages/svm_mmio.ko": ko,
             "/packages/make": MAKE.encode()}
    with Debian.boot(disk.kernel, name=name, disk=disk.image, files=files,
                     smp=2, mem="2G") as debian:
        yield debian, "" if SOAK else "chmod 755 /packages/make; PATH=/packages:$PATH "


def test_install_and_switch_on(disk, before, ko):
    """In a chroot. Before the module is built it is said to be missing; DKMS, which builds it, has
    the initramfs made anew.
    """
    with installing(disk, ko, "debian-install") as (debian, make):
        before.update(files_of(debian))
        assert before and not OURS.search("\n".join(before))
        initrd = f"sha256sum /boot/initrd.img-{disk.kernel.release}"
        first = debian.check(initrd)
        debian.check(f"{INSTALL} /packages/svm-mmio.deb")
        assert status(debian) == (OK, "off", "ok", "nothing loads it at boot")
        assert debian.check(initrd) == first
        result = debian.run("svm-mmio boot on")
        print(result.out)
        assert result.rc == TO_DO and "W: svm-mmio: there is no module svm_mmio" in result.out
        assert status(debian)[:3] == (TO_DO, "on", "to do")
        said = debian.check(f"{make}{INSTALL} /packages/svm-mmio-dkms.deb")
        print(said)
        assert f"update-initramfs: Generating /boot/initrd.img-{disk.kernel.release}" in said
        assert status(debian) == (OK, "on", "ok", "its initramfs loads it before any driver")
        print(debian.run("svm-mmio boot status").out)


def test_secure_guest(disk):
    """All accesses are captured, and doctor says that all is well."""
    with Watched(disk, "debian-secure", secure=True) as it:
        assert bootable.settled(it.machine) == "running"
        it.move_data()
        rc, said = call(it.machine, "doctor")
        state = {check["check"]: check["state"] for check in said["checks"]}
        assert (rc, said["result"]) == (OK, "ok") and set(state.values()) == {"ok"}, state
        assert "boot" in state and "before" not in state
        module = said["status"]
        assert (module["secure"], module["backend"], module["guard"]) == ("yes", "sprg0", "on")
        assert "virtio" in module["guard_held_by"] and "e1000" in module["guard_held_by"]
        lines = [text for _, text in it.machine.dmesg()]
        assert not [text for text in lines if text.startswith("svm-mmio: ")]
        first, root = (next(n for n, text in enumerate(lines) if text.startswith(start))
                       for start in ("svm_mmio: guard on", "virtio_blk "))
        assert first < root
        seen = it.oracle.counts()
        print(f"{module['guard_loads']} loads and {module['guard_stores']} stores made by the "
              f"guard, {module['guard_kernel']} of the kernel's text; {seen}")
        assert seen[EARLY].clean and seen.outside == seen.outside_unresolved == 0
        assert module["guard_loads"] + module["guard_stores"] <= seen[EARLY].matched
        assert seen[EARLY].matched > 5000 and module["guard_kernel"] > 5
        said = it.machine.check("svm-mmio test", LONG)
        print(said)
        assert it.oracle.counts()[EARLY].clean and it.oracle.counts().outside == 0


# An initramfs that knows nothing of the module, or of anything but the root file system.
HANDOVER = """\
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs devtmpfs /dev
for driver in {}; do insmod /$driver.ko; done
mount -t ext4 /dev/vda /root
exec switch_root /root /sbin/init
"""


def handover(disk):
    """That initramfs: a file."""
    drivers = stock_modules(disk.kernel, *DISK_DRIVERS)
    archive = newc({"init": (PROGRAM, HANDOVER.format(" ".join(drivers)).encode()),
                    "bin/busybox": (PROGRAM, disk.kernel.busybox.read_bytes()),
                    "dev": (DIRECTORY, b""), "root": (DIRECTORY, b""),
                    **{f"{name}.ko": (DATA, file.read_bytes()) for name, file in drivers.items()}})
    path = disk.image.with_name("handover.cpio.gz")
    path.write_bytes(gzip.compress(archive, compresslevel=1))
    return path


@pytest.mark.skipif(not SOAK, reason="a boot more; what systemd calls is in the others, too")
def test_without_an_initramfs(disk):
    """systemd loads it then, before udev: all accesses are captured but those that the driver of
    the root file system has made before, which is there as one that is built in.
    """
    with Watched(disk, "debian-handover", secure=True, initrd=handover(disk)) as it:
        assert bootable.settled(it.machine) == "running"
        lines = [text for _, text in it.machine.dmesg()]
        order = [next(n for n, text in enumerate(lines) if text.startswith(start))
                 for start in ("virtio_blk ", "svm_mmio: guard on", "e1000: ")]
        assert order == sorted(order)
        before = it.oracle.counts()
        it.move_data()
        seen = it.oracle.counts() - before
        assert seen[EARLY].clean and seen[EARLY].matched > 500 and seen.outside == 0
        print(it.oracle.counts())
        rc, said = call(it.machine, "doctor")
        bound, = (check for check in said["checks"] if check["check"] == "before")
        assert (rc, bound["state"]) == (OK, "note") and "virtio" in str(bound["items"])
        assert "svm-mmio boot status" in bound["next"]
    sites = it.oracle.report()["sites"]
    plain = {site["device"] for site in sites if site["mismatched"] or site["unacceptable"]}
    captured = {site["device"] for site in sites} - plain
    print(plain, captured)
    # QEMU has no name for a table of MSI-X, and only virtio has one here.
    assert plain and all(device.startswith(("virtio", "anon")) for device in plain)
    assert "e1000-mmio" in captured


@pytest.fixture(scope="module")
def hypervisor(disk):
    """L1, which cannot fetch; its /dev/vda is the disk."""
    with Hypervisor.boot(disk.kernel, name="debian-strict", mode="off", secure=True,
                         initrd=disk.initrd(), disk=disk.image) as it:
        it.set_text()
        it.set_mode("strict")
        it.guest.check(f"ip link set lo up; head -c {BYTES} /dev/urandom >/tmp/source")
        yield it
        it.set_mode("off")


def boot_under(hypervisor, append=""):
    """The Debian as its guest: an L2."""
    return hypervisor.boot_guest(
        # Else KVM answers stores of virtio's before it asks what they are.
        devices=(f"{bootable.ROOT},ioeventfd=off", *DEVICES), machine=MACHINE,
        qemu_args=("-drive", "file=/dev/vda,format=raw,if=none,id=root", *NETWORK),
        append=f"{bootable.APPEND} {PATIENT} {append}".rstrip(), limit=2 * LONG)


def at_rest(hypervisor, l2):
    """What the module and the model have counted, when nothing accesses a device in between."""
    l2.check("for card in /sys/class/net/e*; do ip link set ${card##*/} down; done; sync", LONG)
    for _ in range(LONG):
        before = hypervisor.counts()
        text = l2.check(f"cat {DEBUGFS}/status", LONG)
        if hypervisor.counts() == before:
            return dict(line.split(": ", 1) for line in text.splitlines()), before
        time.sleep(1)
    raise AssertionError(f"{l2.name} never was at rest")


@pytest.mark.skipif(not SOAK, reason="SOAK=1 boots it in a guest in a guest")
def test_under_a_hypervisor_that_cannot_fetch(hypervisor, disk):
    """Each access, by whatever text, from the first one of the boot on, is one that SPRG0 names;
    and there are as many as the module has counted.
    """
    with boot_under(hypervisor) as l2:
        assert bootable.settled(l2, LONG) == "running"
        l1 = hypervisor.guest
        initrd = f"/boot/initrd.img-{disk.kernel.release}"
        assert digest(disk.initrd().read_bytes()) in l2.check(f"sha256sum {initrd}", LONG)
        l1.check("(nc -l -p 5001 </tmp/source >/dev/null;"
                 " sleep 9999 | nc -l -p 5002 >/tmp/sink) >/dev/null 2>&1 &")
        got, sent = l2.check(
            "until ip -4 route get 10.0.2.2 2>/dev/null | grep -q src; do sleep 1; done\n"
            "bash -c 'cat </dev/tcp/10.0.2.2/5001' | sha256sum\n"
            f"head -c {BYTES} /dev/urandom >/tmp/data; sha256sum </tmp/data\n"
            "until bash -c 'cat /tmp/data >/dev/tcp/10.0.2.2/5002' 2>/dev/null; do sleep 1; done",
            LONG).replace("-", "").split()
        l1.check(f"until [ $(stat -c %s /tmp/sink) = {BYTES} ]; do sleep 1; done", LONG)
        assert [got, sent] == re.findall(r"^[0-9a-f]+", l1.check(
            "sha256sum /tmp/source /tmp/sink", LONG), re.MULTILINE)
        rc, said = call(l2, "doctor")
        assert (rc, said["result"]) == (OK, "ok")
        module = said["status"]
        assert (module["secure"], module["backend"], module["guard"]) == ("yes", "sprg0", "on")
        assert "virtio" in module["guard_held_by"] and "e1000" in module["guard_held_by"]
        state, counts = at_rest(hypervisor, l2)
        made = sum(int(state[f"guard_{what}"]) for what in ("loads", "stores"))
        own = sum(int(state[name]) for name in state if OWN.fullmatch(name))
        print(f"{made} made by the guard, {state['guard_kernel']} of the kernel's text, {own} by "
              f"the module for itself; model: {counts}")
        assert made > 5000 and int(state["guard_kernel"]) > 5
        # And one by which it was found out that SPRG0 is read.
        assert counts["captured"] == made + own + 1 and not refused(counts)


@pytest.mark.skipif(not SOAK, reason="SOAK=1 boots it in a guest in a guest")
def test_under_a_hypervisor_that_cannot_fetch_without_the_module(hypervisor):
    """Negative control: the first access of the driver of its disk is its last."""
    before = hypervisor.counts()
    with pytest.raises(GuestDied, match="Unable to handle kernel data access"):
        boot_under(hypervisor, "modprobe.blacklist=svm_mmio")
    after = hypervisor.counts()
    assert sum(refused(after).values()) == sum(refused(before).values()) + 1
    assert after["captured"] == before["captured"]


def test_normal_guest(disk):
    """Nothing is loaded, and doctor knows why."""
    with Watched(disk, "debian-normal") as it:
        assert bootable.settled(it.machine) == "running"
        assert it.machine.run("test -e /sys/module/svm_mmio").rc
        it.move_data()
        rc, said = call(it.machine, "doctor")
        guest, = (check for check in said["checks"] if check["check"] == "guest")
        assert (rc, guest["state"]) == (OK, "ok")
        assert guest["found"] == "a normal guest, no SVM (so said the module at boot)"
        lines = [text for _, text in it.machine.dmesg()]
        assert [text for text in lines if text.startswith("svm_mmio: ") and "taint" not in text
                and "verification" not in text] == [
            "svm_mmio: not loaded, as svm_only asks: this guest is no SVM"]
        seen = it.oracle.counts()
        assert seen[EARLY].matched == 0 and seen[EARLY].mismatched > 1000 and seen.outside > 5
        # What loads it at boot, by hand.
        load = "rm -f /run/svm-mmio-normal-guest; /usr/lib/svm-mmio/load-first"
        it.machine.check(f"{load}; test -e /run/svm-mmio-normal-guest")
        result = it.machine.run("echo blacklist svm_mmio >/etc/modprobe.d/lab.conf\n"
                                f"{load}; rc=$?; rm /etc/modprobe.d/lab.conf; exit $rc")
        assert result.rc and "could not be loaded: it is blacklisted" in result.out, result


@pytest.mark.skipif(not SOAK, reason="an initramfs more; purge, below, takes both packages")
def test_package_of_the_module_goes(disk):
    """And with it the module, from the initramfs too."""
    with Debian.boot(disk.kernel, name="debian-removed", disk=disk.image, smp=1) as debian:
        said = debian.check("dpkg --force-unsafe-io --purge svm-mmio-dkms")
        print(said)
        assert "W: svm-mmio: there is no module svm_mmio" in said
        assert status(debian) == (TO_DO, "on", "to do", "there is no module svm_mmio for this "
                                  "kernel: it boots without")
        assert "svm_mmio.ko" not in debian.check(disk.names_in_initrd())


@pytest.mark.skipif(not SOAK, reason="a boot more; what is said there: test_load_first.py")
def test_without_the_module(disk):
    """An SVM boots, and says what it lacks. Negative control: its accesses are plain."""
    with Watched(disk, "debian-without", secure=True) as it:
        assert bootable.settled(it.machine) == "degraded"
        it.move_data()
        assert "svm-mmio.service" in it.machine.check("systemctl --failed --plain --no-legend")
        # By the initramfs, and by systemd behind it.
        lines = [text for _, text in it.machine.dmesg() if text.startswith(LACKS)]
        assert len(lines) == 2 and disk.kernel.release in lines[0]
        assert LACKS in it.machine.log.read_text(encoding="utf-8", errors="replace")
        rc, said = call(it.machine, "doctor")
        boot, = (check for check in said["checks"] if check["check"] == "boot")
        assert (rc, boot["state"]) == (TO_DO, "to do")
        assert boot["items"][0]["name"] == disk.kernel.release
        seen = it.oracle.counts()
        assert seen[EARLY].matched == 0 and seen[EARLY].mismatched > 1000 and seen.outside > 5


def test_purge_leaves_nothing_behind(disk, before):
    """On the disk, or in the initramfs. Comes last."""
    with Debian.boot(disk.kernel, name="debian-purged", disk=disk.image, smp=1) as debian:
        print(debian.check("dpkg --force-unsafe-io --purge svm-mmio-dkms svm-mmio"))
        names = debian.check(disk.names_in_initrd())
        assert "scripts/init-top/ORDER" in names and not OURS.search(names)
        left = "\n".join(sorted(files_of(debian) - before))
        print(left)
        assert not OURS.search(left)
