# SPDX-License-Identifier: GPL-2.0
"""In a guest that finds itself to be an SVM the module does too, and all it does is right there.

Linux that was built with PPC_SVM believes it as well: it shares pages with the hypervisor, and
bounces DMA through them. Drivers on the drop-in move data there, and so do those that are not, by
the guard.
"""

import errno
import hashlib
import os
from dataclasses import dataclass

import pytest
from lab import dropin, guard, kernelbuild, kernelmatrix, kernels, stock
from lab.dma import LARGE_WINDOW, SMALL_WINDOW, Dma
from lab.driven import EARLY, Driven, Peer
from lab.hypervisor import Hypervisor, refused
from lab.oracle import Counts
from lab.smf import MSR_IR
from lab.subject import DEBUGFS, Subject, build
from test_backend_probe import AUTO, RIGHT
from test_dropin_drivers import DRIVERS
from test_selftest import LIST

# Debian's own, 6.1 and 7.2, are without it.
WITH_PPC_SVM = kernelbuild.SECURE
KERNELS = (*WITH_PPC_SVM, "6.1", "7.2")

# No more at a time: for what is longer nvme needs memory that a newer Linux with PPC_SVM does not
# give it, and waits for ever.
PIECE = 4096
BYTES = 1 << 20
LONG = 900      # seconds for what takes few where nothing else runs
# A fault of Linux: from here on it asks for bounce buffers when it is too late (docs/admin.md).
NO_BOUNCE_BUFFERS = (5, 19)
SVM = "/sys/devices/system/cpu/svm"


@pytest.mark.parametrize("name", KERNELS)
def test_module(name):
    """Loaded without a parameter; what only a secure guest is told; the whole self-test."""
    with Subject.boot(kernelmatrix.get(name), name=f"secure-{name}", secure=True) as it:
        it.load("backend=direct")
        assert any(text.startswith("svm_mmio: backend=direct in a secure guest: device accesses "
                                   "will not be emulated") for _, text in it.guest.dmesg())
        it.unload()
        it.load()
        status = it.status()
        assert (status["secure"], status["secure_by"]) == ("yes", "MSR[S], bit 41")
        assert (status["backend"], status["requested"]) == ("sprg0", "auto")
        assert status["reason"] == "auto, in a secure guest: SPRG0 is read"
        ran = set()
        accesses = 0
        for run in it.run_every_case(LONG):
            assert run.case.ok and run.case.skipped is None, str(run.case)
            assert run.all_captured, run
            ran.add((run.device, run.case.name))
            accesses += run.accesses
        assert ran == set(LIST)
        print(f"{name}: {accesses} accesses, all captured")


@pytest.mark.parametrize("name", KERNELS)
def test_same_kernel_in_a_normal_guest(name):
    """Negative control."""
    with Subject.boot(kernelmatrix.get(name), name=f"normal-{name}") as it:
        it.load()
        status = it.status()
        assert (status["secure"], status["backend"]) == ("no", "direct")
        assert status["reason"] == "auto, in a normal guest"
        if name in WITH_PPC_SVM:
            assert it.guest.check(f"cat {SVM}").strip() == "0"


# ---- Drivers that move data.

NVME, E1000 = DRIVERS["nvme"], DRIVERS["e1000"]
VIRTIO = ("virtio_pci", "virtio_blk")


def modules(kernel):
    """What the guests below load: a dict of name to file, in that order. The first makes virtio's,
    which are as they are, safe by its guard.
    """
    built = {name: ko for driver in (NVME, E1000) for name, ko in dropin.build(
        kernel, kernel.source(driver.source), safe=True, make_args=driver.make_args).ko.items()}
    return {**dropin.module(kernel).ko, **stock.stock_modules(kernel, *VIRTIO),
            **{name: built[name] for driver in (NVME, E1000) for name in driver.modules}}


def stock_modules(kernel):
    """The same, with all drivers as they are."""
    names = (*VIRTIO, *NVME.modules, *E1000.modules)
    return {**dropin.module(kernel).ko, **stock.stock_modules(kernel, *names)}


def devices(virtio, nvme, network):
    """Arguments of a QEMU with two disks, whose files are given, and a network."""
    return ("-drive", f"if=none,id=virtio,format=raw,file={virtio}",
            "-device", "virtio-blk-pci,drive=virtio,iommu_platform=on,disable-legacy=on",
            "-drive", f"if=none,id=nvme,format=raw,file={nvme}",
            "-device", "nvme,drive=nvme,serial=lab",
            "-netdev", f"user,id=net{network}",
            "-device", "e1000,netdev=net,romfile=")


# By it the module finds out that SPRG0 is read: nothing else has a driver yet.
WITNESS = ("pci-testdev",)
DISKS = {"virtio": "/dev/vda", "nvme": "/dev/nvme0n1"}


def read_and_write(guest, device, piece=PIECE):
    """Read the first half of a disk, write its second: the checksums of what was moved."""
    blocks = BYTES // piece
    return guest.check(
        f"until [ -b {device} ]; do sleep 0.1; done\n"
        f"dd if={device} bs={piece} count={blocks} iflag=direct 2>/dev/null | sha256sum\n"
        f"head -c {BYTES} /dev/urandom >/tmp/data; sha256sum </tmp/data\n"
        f"dd if=/tmp/data of={device} bs={piece} seek={blocks} oflag=direct 2>/dev/null; sync",
        LONG).replace("-", "").split()


def network_up(guest):
    guest.check("ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up\n"
                "until [ $(cat /sys/class/net/eth0/carrier) = 1 ]; do sleep 0.1; done", LONG)


def receive_and_send(guest, source, sink):
    """Take what @source, a "HOST PORT", has; send to @sink: the checksums of what was moved."""
    return guest.check(f"nc {source} </dev/null | sha256sum\n"
                       f"head -c {BYTES} /dev/urandom >/tmp/data; sha256sum </tmp/data\n"
                       f"nc {sink} </tmp/data", LONG).replace("-", "").split()


def digest(data):
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What came of a guest whose drivers moved data."""

    seen: Counts        # by the oracle, once svm_mmio is loaded
    guard: dict         # what status says of it
    shared: set         # frame numbers of pages
    reached: dict       # by devices: {window: frame numbers}
    calls: list         # ultracalls

    @property
    def not_shared(self):
        """The pages that devices reached though they were not shared: {window: frame numbers}."""
        return {window: pages - self.shared for window, pages in self.reached.items()}


def page_size(kernel):
    """How many bytes a frame has to which Linux gives a number."""
    config = kernelbuild.options(kernel.config.read_text(encoding="ascii"))
    return 4096 if config.get("CONFIG_PPC_4K_PAGES") == "y" else 65536


def move_data(kernel, name, scratch, ko, append="", **options):
    """Let each driver move data in a secure guest, equal at both ends: an Outcome.

    @ko is the modules to load, in order. Other options are those of Driven.boot().
    """
    disks = {disk: scratch / disk for disk in DISKS}
    for path in disks.values():
        path.write_bytes(os.urandom(BYTES) + bytes(BYTES))
    dma = Dma(name)
    data = os.urandom(BYTES)
    with Driven.boot(kernel, name=name, ko=ko, secure=True, append=append, devices=WITNESS,
                     qemu_args=(*dma.qemu_args, *devices(*disks.values(), "")),
                     **options) as it, Peer(data) as peer:
        assert it.guest.check(f"cat {SVM}").strip() == "1"
        for module in ko:
            it.load(module, named=module == "svm_mmio")
            if module == "svm_mmio":
                before = it.counts()
        assert it.guest.check(f"grep ^secure: {DEBUGFS}/status").strip() == "secure: yes"
        for disk, device in DISKS.items():
            got, sent = read_and_write(it.guest, device)
            content = disks[disk].read_bytes()
            assert (got, sent) == (digest(content[:BYTES]), digest(content[BYTES:]))
        network_up(it.guest)
        got, sent = receive_and_send(it.guest, f"10.0.2.2 {peer.source}",
                                     f"10.0.2.2 {peer.sink}")
        assert (got, sent) == (digest(data), peer.received())
        status = guard.status(it.guest)
        return Outcome(it.counts() - before, status, it.guest.smf.shared_pages(),
                       dma.reached(page_size(kernel)), it.guest.smf.calls())


def check_captured(outcome):
    """Every access that a module makes is one of svm_mmio's, and captured."""
    seen = outcome.seen
    assert seen["svm_mmio"].clean and seen["svm_mmio"].matched > 5000, seen
    assert seen[EARLY].accesses == 0, seen


def check_guarded(outcome):
    """The guard is on by itself, and makes every access that there is, by whatever text."""
    assert (outcome.guard["guard"], outcome.guard["guard_reason"]) == (
        "on", "auto, in a secure guest")
    made = int(outcome.guard["guard_loads"]) + int(outcome.guard["guard_stores"])
    seen = outcome.seen
    print(f"{made} accesses, {outcome.guard['guard_kernel']} by the kernel's text; {seen}")
    assert made > 5000 and int(outcome.guard["guard_kernel"]) > 5
    check_captured(outcome)
    assert made <= seen["svm_mmio"].matched < made * 1.01 + 100
    assert seen.outside == seen.outside_unresolved == 0
    assert "e1000" in outcome.guard["guard_held_by"]


@pytest.mark.parametrize("name", WITH_PPC_SVM)
def test_drivers(name, tmp_path):
    """Where Linux bounces DMA, devices reach pages that are shared, and no others. Newer Linux with
    PPC_SVM does not: that is seen too.
    """
    kernel = kernelmatrix.get(name)
    outcome = move_data(kernel, f"secure-drivers-{name}", tmp_path, modules(kernel))
    check_captured(outcome)
    # The first call comes early enough for translation to be off.
    assert not outcome.calls[0].msr & MSR_IR and outcome.calls[-1].msr & MSR_IR
    assert {call.name for call in outcome.calls} == {"share"}
    assert len(outcome.reached[LARGE_WINDOW]) > 1
    assert (outcome.not_shared[LARGE_WINDOW] == set()) == (
        kernelmatrix.version(name) < NO_BOUNCE_BUFFERS)
    # A fault of Linux: e1000 asks for 32 bits of address, and what goes that way is not bounced.
    assert outcome.reached[SMALL_WINDOW] and not outcome.reached[SMALL_WINDOW] & outcome.shared


@pytest.mark.parametrize("name", WITH_PPC_SVM)
def test_stock_drivers_without_bounce_buffers(name, tmp_path):
    """With nothing rebuilt: the guard is on by itself, and no access is lost on it.

    Negative control for DMA: without the large window Linux shares nothing that a device reaches.
    """
    kernel = kernelmatrix.get(name)
    # With XIVE the kernel itself would access the interrupt controller, which is none of PCI's.
    outcome = move_data(kernel, f"secure-stock-{name}", tmp_path, stock_modules(kernel),
                        "disable_ddw", machine="ic-mode=xics", kernel_text=True)
    check_guarded(outcome)
    assert outcome.reached.keys() == {SMALL_WINDOW}
    assert outcome.reached[SMALL_WINDOW] and not outcome.reached[SMALL_WINDOW] & outcome.shared


# ---- The same as L2: its accesses are real HDSIs.

@pytest.fixture(scope="module", params=WITH_PPC_SVM)
def l2_kernel(request):
    return kernelmatrix.get(request.param)


@pytest.fixture(scope="module", name="l2_modules")
def build_for_l2(l2_kernel):
    return modules(l2_kernel)


@pytest.fixture(scope="module")
def l1(l2_kernel, l2_modules):
    files = {f"/{name}.ko": file for name, file in l2_modules.items()}
    files["/selftest.ko"] = build(l2_kernel).ko["svm_mmio"]
    with Hypervisor.boot(kernels.get("6.1"), guest_kernel=l2_kernel,
                         name=f"secure-l2-{l2_kernel.name}", secure=True, files=files) as it:
        # QEMU's network speaks to its helper, which echoes, through L1's own loopback.
        it.guest.check("ip link set lo up")
        it.guest.check(f"cd /tmp; for disk in {' '.join(DISKS)}; do"
                       f" head -c {BYTES} /dev/urandom >$disk.read; cp $disk.read $disk;"
                       f" head -c {BYTES} /dev/zero >>$disk; done")
        yield it


@pytest.fixture(scope="module")
def l2(l1, l2_modules):
    echo = ",guestfwd=tcp:10.0.2.100:1-cmd:cat"
    with Subject.boot_nested(
            l1, l2_modules["svm_mmio"], devices=WITNESS,
            qemu_args=devices(*(f"/tmp/{disk}" for disk in DISKS), echo)) as it:
        assert it.guest.check(f"cat {SVM}").strip() == "1"
        yield it


@pytest.mark.parametrize("mode, hcalls", RIGHT)
def test_right_backend(l1, l2, mode, hcalls):
    """It is found, whatever the hypervisor does, and its self-test passes there."""
    l1.set_mode(mode)
    l1.set_hcalls(hcalls)
    l2.load(module="/selftest.ko")
    backend, why = RIGHT[mode, hcalls]
    status = l2.status()
    assert (status["secure"], status["backend"], status["reason"]) == (
        "yes", backend, f"{AUTO}: {why}")
    for case in ("load_values", "store_match"):
        assert l2.run("pci-testdev", case).case.ok
    l2.unload()


def test_no_backend(l1, l2):
    """Under one that neither reads SPRG0 nor answers hcalls the load is refused."""
    l1.set_mode("legacy")
    l1.set_hcalls(False)
    assert l2.guest.run("insmod /svm_mmio.ko").rc == errno.EOPNOTSUPP
    assert l2.guest.run("test -e /sys/module/svm_mmio").rc


def test_drivers_under_a_hypervisor_that_cannot_fetch(l1, l2, l2_modules):
    """SPRG0 is all that emulates their accesses."""
    l1.set_mode("strict")
    l1.set_hcalls(True)
    before = l1.counts()
    # The self-test has had the nvme.
    l2.guest.check("for d in /sys/bus/pci/devices/*; do echo >$d/driver_override; done")
    l2.guest.check("\n".join(f"insmod /{name}.ko || exit" for name in l2_modules), LONG)
    assert l2.status()["backend"] == "sprg0"
    for disk, device in DISKS.items():
        got, sent = read_and_write(l2.guest, device)
        there = l1.guest.check(
            f"cd /tmp; sha256sum <{disk}.read; tail -c {BYTES} {disk} | sha256sum")
        assert [got, sent] == there.replace("-", "").split()
    network_up(l2.guest)
    sent, got = l2.guest.check(f"head -c {BYTES} /dev/urandom >/tmp/data; sha256sum </tmp/data\n"
                               "nc 10.0.2.100 1 </tmp/data | sha256sum",
                               LONG).replace("-", "").split()
    assert got == sent
    counts = l1.counts_since(before)
    print(counts)
    assert not refused(counts) and counts["captured"] > 5000
    assert {call.name for call in l1.guest.smf.calls()} == {"share"}
