# SPDX-License-Identifier: GPL-2.0
"""Drivers of Debian's kernel source, not changed, work on the drop-in; the oracle sees each access.

Debian's own modules of the same drivers work too, but none of their accesses is captured; each one
that the oracle sees is one that "svm-mmio audit" has found.
"""

import hashlib
import os
import re
from dataclasses import dataclass

import pytest
from lab import driver_source, dropin, elf, stock, subject, tool
from lab.driven import Driven, Peer
from lab.soak import SOAK

MIB = 1 << 20
LONG = 900      # seconds that a transfer may take; it takes 10 where nothing else runs
NETWORK = ("-netdev", "user,id=n0", "-device")


@dataclass(frozen=True)
class Driver:
    """A driver, and what QEMU must have for it."""

    source: str
    modules: tuple                  # in the order to load them
    qemu_args: tuple
    bytes_: int                     # to transfer, in each direction
    work: callable                  # work(guest, driver, disk): what is transferred, checked
    interrupts: str                 # what its lines in /proc/interrupts have
    make_args: tuple = ()
    machine: str = ""
    helpers: tuple = ()             # modules of the kernel's package
    kernel_text: str = None         # what functions of the kernel access the device for it


def transfer(guest, driver, _):
    """Receive and send over QEMU's user network."""
    data = os.urandom(driver.bytes_)
    with Peer(data) as peer:
        guest.check("ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up\n"
                    "until [ $(cat /sys/class/net/eth0/carrier) = 1 ]; do sleep 0.1; done\n"
                    "ping -c 1 10.0.2.2")
        got = guest.check(f"nc 10.0.2.2 {peer.source} </dev/null | sha256sum", timeout=LONG)
        assert got.split()[0] == hashlib.sha256(data).hexdigest()
        sent = guest.check(f"head -c {driver.bytes_} /dev/urandom >/tmp/data\n"
                           f"nc 10.0.2.2 {peer.sink} </tmp/data\nsha256sum </tmp/data",
                           timeout=LONG)
        assert sent.split()[0] == peer.received()


def read_and_write(guest, driver, disk):
    """Read the first half of the disk, write the second, in small pieces."""
    device = "/dev/nvme0n1"
    pieces = driver.bytes_ // 4096
    guest.check(f"until [ -b {device} ]; do sleep 0.1; done")
    got = guest.check(f"dd if={device} bs=4k count={pieces} iflag=direct | sha256sum", timeout=LONG)
    first = disk.read_bytes()[:driver.bytes_]
    assert hashlib.sha256(first).hexdigest() in got.split()
    sent = guest.check(f"head -c {driver.bytes_} /dev/urandom >/tmp/data\n"
                       f"dd if=/tmp/data of={device} bs=4k seek={pieces} oflag=direct\nsync\n"
                       "sha256sum </tmp/data", timeout=LONG)
    assert hashlib.sha256(disk.read_bytes()[driver.bytes_:]).hexdigest() in sent.split()


DRIVERS = {
    # Memory BAR, level interrupt.
    "e1000": Driver(
        "drivers/net/ethernet/intel/e1000", ("e1000",),
        (*NETWORK, "e1000,netdev=n0,romfile="), 10 * MIB, transfer, "eth0"),
    # Memory BAR, 64-bit accesses by halves, MSI-X: its table is the kernel's business.
    "nvme": Driver(
        driver_source.NVME, ("nvme-core", "nvme"),
        ("-drive", "if=none,id=d0,format=raw,file={disk}", "-device", "nvme,drive=d0,serial=lab"),
        10 * MIB, read_and_write, "nvme0q",
        make_args=driver_source.NVME_ARGS, helpers=("t10-pi",), kernel_text=r"_*pci_\w*msi\w*"),
    # Ports, all data through string accessors. It masks its interrupt in a way that the level
    # interrupts of QEMU's XIVE do not survive, whoever built it: hence the older controller.
    "ne2k-pci": Driver(
        "drivers/net/ethernet/8390", ("8390", "ne2k-pci"),
        (*NETWORK, "ne2k_pci,netdev=n0,romfile="), MIB, transfer, "eth0", machine="ic-mode=xics"),
}


@pytest.fixture(params=DRIVERS)
def driver(request):
    """One after the other of DRIVERS."""
    return DRIVERS[request.param]


@pytest.fixture(params=[name for name in DRIVERS if SOAK or name != "nvme"])
def compared(request):
    """Those whose own form is tried, too: nvme accesses its device much as e1000 does."""
    return DRIVERS[request.param]


def build(kernel, driver, safe):
    return dropin.build(kernel, driver_source.get(driver.source), safe=safe,
                        make_args=driver.make_args)


@dataclass(frozen=True)
class Outcome:
    """What the oracle saw of a driver at work."""

    ranges: dict        # name -> Verdicts
    kernel: dict        # function of the kernel that accessed the device -> how often
    status: dict        # the file status of svm_mmio, if it was there
    sites: list         # all instructions that accessed a device

    def __str__(self):
        lines = [f"{name}: {seen.matched} matched, {seen.mismatched} mismatched"
                 for name, seen in self.ranges.items()]
        lines += [f"kernel, {name}: {count}" for name, count in sorted(self.kernel.items())]
        return "\n".join(lines)


def run(kernel, driver, ko, how, scratch, backend="sprg0"):
    """Let the driver of files @ko do its work; return the Outcome. With svm_mmio if it needs it."""
    disk = scratch / "disk"
    disk.write_bytes(os.urandom(driver.bytes_) + bytes(driver.bytes_))
    helpers = stock.stock_modules(kernel, *driver.helpers)
    safe = any("svm_mmio" in elf.depends(file) for file in ko.values())
    files = {**helpers, **ko, **(dropin.module(kernel).ko if safe else {})}
    arguments = [argument.format(disk=disk) for argument in driver.qemu_args]
    with Driven.boot(kernel, name=f"{driver.modules[-1]}-{how}", ko=files, kernel_text=True,
                     machine=driver.machine, qemu_args=arguments) as it:
        if safe:
            it.load("svm_mmio", f"backend={backend}")
        for helper in helpers:
            it.load(helper, named=False)
        for module in driver.modules:
            it.load(module)
        driver.work(it.guest, driver, disk)
        table = it.guest.check("cat /proc/interrupts")
        seen = it.counts()
        status = it.guest.check(f"cat {subject.DEBUGFS}/status 2>/dev/null || true")
    counts = [int(count) for line in table.splitlines() if driver.interrupts in line
              for count in re.findall(r" (\d+)(?= )", line)[:2]]
    assert sum(counts) > 100, table
    functions = {}
    sites = it.sites()
    for site in sites:
        # The interrupt controller is the kernel's own device, used by every driver.
        if site.where == "kernel" and not site.device.startswith("xive."):
            functions[site.symbol] = functions.get(site.symbol, 0) + site.accesses
    return Outcome(seen.ranges, functions,
                   dict(line.split(": ", 1) for line in status.splitlines()), sites)


def test_no_new_warnings(kernel, compared):
    assert dropin.warnings(build(kernel, compared, True)) <= dropin.warnings(
        build(kernel, compared, False))


def test_every_access_is_captured(kernel, driver, tmp_path):
    ko = build(kernel, driver, True).ko
    outcome = run(kernel, driver, ko, "drop-in", tmp_path)
    assert {name: seen.mismatched + seen.unacceptable + seen.unresolved
            for name, seen in outcome.ranges.items()} == dict.fromkeys(
                ["modules", "svm_mmio", *driver.modules], 0)
    assert outcome.ranges["svm_mmio"].matched > 10000
    # All of them were made by svm_mmio, and none for it by the kernel.
    assert sum(seen.accesses for seen in outcome.ranges.values()) == (
        outcome.ranges["svm_mmio"].accesses)
    if driver.kernel_text:
        assert outcome.kernel
    others = [name for name in outcome.kernel
              if not (driver.kernel_text and re.match(driver.kernel_text, name))]
    assert others == [], outcome
    print(outcome)


def test_hcall_makes_every_access(kernel, tmp_path):
    """With backend hcall the transfer is as good, and no text accesses the device."""
    driver = DRIVERS["e1000"]
    outcome = run(kernel, driver, build(kernel, driver, True).ko, "hcall", tmp_path, "hcall")
    print(outcome)
    assert {name: seen.accesses + seen.unresolved for name, seen in outcome.ranges.items()} == (
        dict.fromkeys(["modules", "svm_mmio", "e1000"], 0))
    assert outcome.kernel == {}
    assert (outcome.status["backend"], outcome.status["hcall_errors"]) == ("hcall", "0")
    assert int(outcome.status["loads_32"]) + int(outcome.status["stores_32"]) > 10000


def test_debians_own_is_not_captured(kernel, compared, tmp_path):
    """Negative control. And the audit, which only looks at the file, has found each access."""
    modules = stock.stock_modules(kernel, *compared.modules)
    ko = {module: modules[module] for module in compared.modules}
    outcome = run(kernel, compared, ko, "stock", tmp_path)
    print(outcome)
    for seen in outcome.ranges.values():
        assert seen.matched == 0
    assert sum(seen.mismatched for seen in outcome.ranges.values()) > 1000
    if compared.source.endswith("8390"):
        # Most of its work is in functions of the kernel: in an SVM that is no better.
        assert outcome.kernel["_insl_ns"] > 1000
    for module, file in ko.items():
        made = {site.symbol for site in outcome.sites if site.where == module}
        report = tool.audit_one(file)
        found = {finding["where"] for finding in report["findings"] if finding["kind"] == "inline"}
        assert report["verdict"] == ("unsafe" if report["findings"] else "no MMIO")
        print(f"{module}: {len(made)} of the {len(found)} accesses that the audit found were made")
        assert made <= found, made - found
    assert made     # the last one drives the device


def test_helper_module_left_stock(kernel, tmp_path):
    """Each module that accesses the device has to be rebuilt."""
    driver = DRIVERS["ne2k-pci"]
    ko = {**build(kernel, driver, True).ko, "8390": build(kernel, driver, False).ko["8390"]}
    outcome = run(kernel, driver, ko, "stock-helper", tmp_path)
    assert outcome.ranges["svm_mmio"].clean and outcome.ranges["svm_mmio"].matched > 1000
    assert outcome.ranges["8390"].matched == 0 and outcome.ranges["8390"].mismatched > 1000
