# SPDX-License-Identifier: GPL-2.0
"""Stock drivers work in an SVM whose hypervisor cannot fetch: by `insmod svm_mmio.ko`, no more.

L2 finds itself to be an SVM, L1 emulates MMIO from SPRG0 alone, and all text of L2, the kernel's
too, has to capture. On a model of the published ultravisor the same with backend hcall. Without the
guard the drivers die at their first access.
"""

import pytest
from lab import dropin, guard, stock
from lab.errors import GuestDied
from lab.hypervisor import Hypervisor, refused
from lab.subject import DEBUGFS

# The first has a register by which the module finds out that SPRG0 is read.
DEVICES = ("pci-testdev", "e1000,netdev=n0,romfile=", "nvme,drive=d0,serial=lab")
BACKENDS = ("-netdev", "user,id=n0", "-drive", "if=none,id=d0,format=raw,file=/tmp/disk")
# Else the kernel's accesses of its interrupt controller, which are none of PCI's, are refused.
MACHINE = "ic-mode=xics"
KIB = 1024
SIZE = 256 * KIB
LONG = 1200     # seconds for what takes some where nothing else runs
SOURCE, SINK = 5001, 5002


@pytest.fixture(scope="module")
def l1(kernel):
    """The hypervisor; its files are a disk, and what is sent and received."""
    drivers = stock.stock_modules(kernel, "e1000", "nvme")
    files = {f"/{name}.ko": file for name, file in
             {**drivers, **dropin.module(kernel).ko}.items()}
    with Hypervisor.boot(kernel, name="guard-uvmodel", files=files, mode="off", secure=True) as it:
        it.drivers = drivers
        it.guest.check(f"ip link set lo up; head -c {SIZE} /dev/urandom >/tmp/source")
        yield it
        it.set_mode("off")


def boot(l1, mode):
    """An L2 with its disk, under @mode from now on, all of its text demanded."""
    l1.set_mode("off")
    l1.guest.check(f"head -c {2 * SIZE} /dev/urandom >/tmp/disk")
    l2 = l1.boot_guest(devices=DEVICES, qemu_args=BACKENDS, machine=MACHINE)
    l1.set_text()
    l1.set_mode(mode)
    return l2


def digest(agent, file):
    return agent.check(f"sha256sum {file}", timeout=LONG).split()[0]


def load_drivers(l1, l2):
    l2.check("\n".join(f"insmod /{name}.ko" for name in l1.drivers), timeout=LONG)


def transfer(l1, l2):
    """Both ways by the network, and the disk read and written: all compared."""
    # nc ends when the other side ends its input, so that is held open.
    l1.guest.check(f"(nc -l -p {SOURCE} </tmp/source >/dev/null;"
                   f" sleep 600 | nc -l -p {SINK} >/tmp/sink) >/dev/null 2>&1 &")
    l2.check("ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up\n"
             "until [ $(cat /sys/class/net/eth0/carrier) = 1 ]; do sleep 0.1; done\n"
             "ping -c 1 -w 60 10.0.2.2", timeout=LONG)
    l2.check(f"mkfifo /tmp/open; sleep 600 >/tmp/open & nc 10.0.2.2 {SOURCE} </tmp/open >/tmp/got;"
             " kill $!; rm /tmp/open", timeout=LONG)
    assert digest(l2, "/tmp/got") == digest(l1.guest, "/tmp/source")
    l2.check(f"head -c {SIZE} /dev/urandom >/tmp/sent; nc 10.0.2.2 {SINK} </tmp/sent", timeout=LONG)
    assert digest(l2, "/tmp/sent") == digest(l1.guest, "/tmp/sink")

    count = SIZE // (4 * KIB)
    l2.check("until [ -b /dev/nvme0n1 ]; do sleep 0.1; done\n"
             f"dd if=/dev/nvme0n1 of=/tmp/read bs=4k count={count} iflag=direct\n"
             f"dd if=/tmp/sent of=/dev/nvme0n1 bs=4k seek={count} oflag=direct; sync", timeout=LONG)
    l1.guest.check(f"dd if=/tmp/disk of=/tmp/first bs=4k count={count}\n"
                   f"dd if=/tmp/disk of=/tmp/second bs=4k skip={count}")
    assert digest(l2, "/tmp/read") == digest(l1.guest, "/tmp/first")
    assert digest(l2, "/tmp/sent") == digest(l1.guest, "/tmp/second")


def test_strict(l1):
    """Every access is taken from SPRG0, and there are as many as the guard has made."""
    with boot(l1, "strict") as l2:
        l2.check("insmod /svm_mmio.ko", timeout=LONG)
        before = l1.counts()
        assert "backend: sprg0" in l2.check(f"cat {DEBUGFS}/status")
        assert (guard.status(l2)["guard"], guard.status(l2)["guard_reason"]) == (
            "on", "auto, in a secure guest")
        load_drivers(l1, l2)
        transfer(l1, l2)
        # Its timer reads registers, now and between the two counts.
        l2.check("ip link set eth0 down", timeout=LONG)
        status = guard.status(l2)
        after = l1.counts()
        made = int(status["guard_loads"]) + int(status["guard_stores"])
        print(f"{made} accesses, {status['guard_kernel']} by the kernel's text; model: {after}")
        assert made > 2000 and int(status["guard_kernel"]) > 5
        assert after["captured"] - before["captured"] == made
        assert refused(after) == refused(before)
        assert "e1000" in status["guard_held_by"] and "nvme" in status["guard_held_by"]
        assert l2.run("rmmod svm_mmio").rc
        l1.set_mode("off")


def test_legacy(l1):
    """With backend hcall the model sees no access at all."""
    with boot(l1, "legacy") as l2:
        l2.check("insmod /svm_mmio.ko backend=hcall", timeout=LONG)
        before = l1.counts()
        load_drivers(l1, l2)
        transfer(l1, l2)
        status = guard.status(l2)
        assert int(status["guard_loads"]) + int(status["guard_stores"]) > 2000
        assert l1.counts() == before
        l1.set_mode("off")


def test_without_the_guard(l1):
    """Negative control: the first access of a stock driver is refused, and is the guest's last."""
    with boot(l1, "strict") as l2:
        l2.check("insmod /svm_mmio.ko guard=off", timeout=LONG)
        before = l1.counts()
        with pytest.raises(GuestDied, match="Unable to handle kernel data access"):
            load_drivers(l1, l2)
        after = l1.counts()
        assert sum(refused(after).values()) == sum(refused(before).values()) + 1
        assert after["captured"] == before["captured"]
