# SPDX-License-Identifier: GPL-2.0
"""Devices of QEMU's, each with the driver that the distribution ships for it, and work for them.

    park = Park(scratch, ["e1000", "nvme"])
    with Driven.boot(kernel, ko=park.modules(kernel), qemu_args=park.qemu_args, ...) as it:
        park.load(it)
        park.work(it.guest)

A disk is told by its size and a network card by its driver, as names differ from kernel to kernel.
"""

import hashlib
import os
from dataclasses import dataclass

from . import stock
from .driven import Peer

KIB, MIB = 1 << 10, 1 << 20
LONG = 900      # seconds for what takes a few where nothing else runs
CHUNK = 256 * KIB


@dataclass(frozen=True)
class Device:
    """A device model."""

    subsystem: str
    modules: tuple          # of its driver; what they need comes by itself
    device: str             # values of -device, with {id} for its disk or network
    disk: bool = True       # or else it is a network card


DEVICES = {
    # Registers in memory, a level interrupt.
    "e1000": Device("net", ("e1000",), "e1000,netdev={id},romfile=", disk=False),
    # Ports, and all data through string functions of the kernel image.
    "ne2k_pci": Device("net", ("ne2k-pci",), "ne2k_pci,netdev={id},romfile=", disk=False),
    "pcnet": Device("net", ("pcnet32",), "pcnet,netdev={id},romfile=", disk=False),
    # ioread*() and iowrite*(). No rtl8139 here, for its driver, 8139cp, has a race: an interrupt
    # between napi_complete_done() and its write of IntrMask schedules a poll, and the write unmasks
    # what only the poll takes back. QEMU is so quick to deliver it again that no poll ever comes.
    "eepro100": Device("net", ("e100",), "i82557b,netdev={id},romfile=", disk=False),
    "virtio-net": Device("net", ("virtio_pci", "virtio_net"),
                         "virtio-net-pci,netdev={id},romfile=,disable-legacy=on,disable-modern=off",
                         disk=False),
    # 64-bit registers by halves, MSI-X: its table is written by the kernel image.
    "nvme": Device("nvme", ("nvme",), "nvme,drive={id},serial=lab"),
    "virtio-blk": Device("block", ("virtio_pci", "virtio_blk"),
                         "virtio-blk-pci,drive={id},disable-legacy=on,disable-modern=off"),
    # Ports.
    "virtio-blk-legacy": Device("block", ("virtio_pci", "virtio_blk"),
                                "virtio-blk-pci,drive={id},disable-legacy=off,disable-modern=on"),
    # Ports.
    "am53c974": Device("scsi", ("sd_mod", "am53c974"),
                       "am53c974,id=esp -device scsi-hd,bus=esp.0,drive={id}"),
    "megasas": Device("scsi", ("sd_mod", "megaraid_sas"),
                      "megasas,id=mega -device scsi-hd,bus=mega.0,drive={id}"),
    # libata accesses it for the driver.
    "ahci": Device("ata", ("sd_mod", "ahci"),
                   "ich9-ahci,id=ahci -device ide-hd,bus=ahci.0,drive={id}"),
    "xhci": Device("usb", ("sd_mod", "xhci-pci", "usb-storage"),
                   "qemu-xhci,id=xhci -device usb-storage,bus=xhci.0,drive={id}"),
    "sdhci": Device("mmc", ("sdhci-pci", "mmc_block"),
                    "sdhci-pci -device sd-card,drive={id}"),
}


class Park:
    """Some of DEVICES, with a disk or a network each."""

    def __init__(self, scratch, names):
        self.names = list(names)
        self.qemu_args = []
        self._disks = {}        # name -> file
        for number, name in enumerate(names):
            self.qemu_args += self._device(number, name, scratch)

    def _device(self, number, name, scratch):
        kind, id_ = DEVICES[name], f"lab{number}"
        words = f"-device {kind.device.format(id=id_)}".split()
        if not kind.disk:
            return ["-netdev", f"user,id={id_},net=10.0.{number + 10}.0/24", *words]
        disk = self._disks[name] = scratch / f"{name}.img"
        # A card has to have a power of two; the others may have what tells them apart.
        size = MIB << 5 if name == "sdhci" else MIB + number * 64 * KIB
        disk.write_bytes(os.urandom(size))
        return ["-drive", f"if=none,id={id_},format=raw,file={disk}", *words]

    def modules(self, kernel):
        """The stock modules: {name: file}, in the order to load them."""
        return stock.stock_modules(kernel, *(module for name in self.names
                                             for module in DEVICES[name].modules
                                             if stock.is_module(kernel, module)))

    def load(self, guest, files):
        """Load the modules @files, which the guest has as /NAME.ko."""
        guest.check("\n".join(f"insmod /{name}.ko" for name in files), timeout=LONG)

    def work(self, guest):
        """Let all of them transfer data both ways, and compare it."""
        for number, name in enumerate(self.names):
            if DEVICES[name].disk:
                self._read_and_write(guest, name)
            else:
                self._send_and_receive(guest, name, number)

    def _read_and_write(self, guest, name):
        file = self._disks[name]
        content = file.read_bytes()
        blocks, last = CHUNK // 4096, (len(content) - CHUNK) // 4096
        text = guest.check(
            "n=0; while [ $n -lt 3000 ]; do for d in /sys/class/block/*; do"
            f" [ \"$(cat $d/size)\" = {len(content) // 512} ] && [ -b /dev/${{d##*/}} ] && break 2;"
            " done;"
            " sleep 0.1; n=$((n + 1)); done; d=/dev/${d##*/}; echo $d\n"
            f"dd if=$d bs=4k count={blocks} iflag=direct | sha256sum\n"
            f"head -c {CHUNK} /dev/urandom >/tmp/data\n"
            f"dd if=/tmp/data of=$d bs=4k seek={last} oflag=direct\nsync\n"
            "sha256sum </tmp/data", timeout=LONG)
        read, written = (line.split()[0] for line in text.splitlines() if line.endswith("  -"))
        assert read == hashlib.sha256(content[:CHUNK]).hexdigest(), (name, text)
        there = file.read_bytes()[last * 4096:last * 4096 + CHUNK]
        assert written == hashlib.sha256(there).hexdigest(), (name, text)

    def _send_and_receive(self, guest, name, number):
        module = DEVICES[name].modules[-1]
        net = f"10.0.{number + 10}"
        data = os.urandom(CHUNK)
        with Peer(data) as peer:
            # What the driver calls itself has _ where its module may have -.
            guest.check(
                "for i in /sys/class/net/*; do l=$(readlink -f $i/device/driver/module) || l=;"
                f" [ \"${{l##*/}}\" = {module.replace('-', '_')} ] && break;"
                " l=$(readlink -f $i/device/driver);"
                f" [ \"${{l##*/}}\" = {module} ] && break; done; i=${{i##*/}}\n"
                f"ip addr replace {net}.15/24 dev $i; ip link set $i up\n"
                "n=0; until [ \"$(cat /sys/class/net/$i/carrier)\" = 1 ] || [ $n = 600 ];"
                " do sleep 0.1; n=$((n + 1)); done\n"
                f"ping -c 1 -w 60 {net}.2", timeout=LONG)
            got = guest.check(f"nc {net}.2 {peer.source} </dev/null | sha256sum", timeout=LONG)
            assert got.split()[0] == hashlib.sha256(data).hexdigest(), name
            sent = guest.check(f"head -c {CHUNK} /dev/urandom >/tmp/data\n"
                               f"nc {net}.2 {peer.sink} </tmp/data\nsha256sum </tmp/data",
                               timeout=LONG)
            assert sent.split()[0] == peer.received(), name
