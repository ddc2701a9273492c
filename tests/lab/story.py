# SPDX-License-Identifier: GPL-2.0
"""What installing svm_mmio does for a driver that the distribution ships: told in a real L2.

    with Story.boot(kernel, name="demo") as story:
        for row, cells in story.rows():
            ...

L2 finds itself to be an SVM and has a disk behind nvme. Its hypervisor cannot fetch, and takes for
the instruction what SPRG0 says, or what the published ultravisor would find.
"""

import contextlib
import re
from dataclasses import dataclass, field

from . import console, driver_source, dropin, stock
from .hypervisor import Hypervisor, refused
from .subject import DEBUGFS

# The hypervisors: modes of the model.
MODES = ("strict", "legacy")

# One module has a register by which svm_mmio finds out that SPRG0 is read (docs/backends.md).
DEVICES = ("pci-testdev", "nvme,drive=d0,serial=lab")
DISK = "/tmp/disk"      # in L1
BACKEND = ("-drive", f"if=none,id=d0,format=raw,file={DISK}")
# Else the kernel's accesses of its interrupt controller, which are none of PCI's, are refused.
MACHINE = "ic-mode=xics"

BLOCKS = 200
BLOCK = 4096
LIMIT = 600             # seconds for what takes a few where nothing else runs


@dataclass(frozen=True)
class Row:
    """A driver, and whether svm_mmio was loaded before it."""

    title: str
    driver: str         # the directory that it is in
    helped: bool


ROWS = (
    Row("nvme, as Debian ships it", "stock", False),
    Row("nvme, as Debian ships it,\nafter modprobe svm_mmio", "stock", True),
    Row("nvme, rebuilt on svm_mmio", "rebuilt", True),
)


@dataclass(frozen=True)
class Cell:
    """What came of one driver."""

    WORKS, OOPS, SPINS, WRONG = "works", "oops", "spins", "wrong bytes"

    verdict: str
    seconds: float = 0      # that it took to read the blocks
    backend: str = ""       # that svm_mmio found
    captured: int = 0       # accesses that the model took from SPRG0
    refused: dict = field(default_factory=dict)     # those it refused, by reason
    said: str = ""          # the kernel's words, if it was an oops

    @property
    def works(self):
        """Whether all blocks were read, and right."""
        return self.verdict == self.WORKS

    @property
    def microseconds(self):
        """For one block."""
        return self.seconds / BLOCKS * 1e6


# What has to come out: the verdict, and the backend.
EXPECTED = {
    ROWS[0]: {"strict": (Cell.OOPS, ""), "legacy": (Cell.SPINS, "")},
    ROWS[1]: {"strict": (Cell.WORKS, "sprg0"), "legacy": (Cell.WORKS, "hcall")},
    ROWS[2]: {"strict": (Cell.WORKS, "sprg0"), "legacy": (Cell.WORKS, "hcall")},
}


class Story:
    """An L1 whose guests have a disk, from Story.boot(); use that in a with statement."""

    def __init__(self, l1, modules):
        self.l1 = l1
        self._modules = modules     # in the order to load them
        self._l2 = None

    @classmethod
    @contextlib.contextmanager
    def boot(cls, kernel, *, name, **options):
        """Boot L1. Other options are those of Hypervisor.boot()."""
        stock_drivers = stock.stock_modules(kernel, "nvme")
        rebuilt = dropin.build(kernel, driver_source.get(driver_source.NVME), safe=True,
                               make_args=driver_source.NVME_ARGS)
        svm_mmio = dropin.module(kernel).ko["svm_mmio"]
        modules = f"/lib/modules/{kernel.release}"
        files = {
            # All that modprobe needs.
            f"{modules}/svm_mmio.ko": svm_mmio, f"{modules}/modules.dep": b"svm_mmio.ko:\n",
            **{f"/stock/{module}.ko": file for module, file in stock_drivers.items()},
            **{f"/rebuilt/{module}.ko": rebuilt.ko.get(module.replace("_", "-"), file)
               for module, file in stock_drivers.items()},
        }
        with Hypervisor.boot(kernel, name=name, files=files, mode="off", secure=True,
                             **options) as l1:
            l1.guest.check(f"head -c {BLOCKS * BLOCK} /dev/urandom >{DISK}")
            yield cls(l1, list(stock_drivers))

    @contextlib.contextmanager
    def guest(self):
        """An L2 for the block. Whatever became of it, it is gone then."""
        self.l1.set_mode("off")
        self._l2 = self.l1.boot_guest(devices=DEVICES, qemu_args=BACKEND, machine=MACHINE,
                                      strict=False)
        self.l1.set_text()
        yield
        self.l1.set_mode("off")
        self._l2.stop()

    def logs(self):
        """The consoles of L2 and L1."""
        return self._l2.log, self.l1.guest.log

    def rows(self):
        """Each row, tried under each hypervisor: yields (Row, {mode: Cell}).

        An access that is not emulated is the end of the task that made it: so the one row that
        has such accesses has a guest of its own, and its oops is the last there.
        """
        with self.guest():
            legacy = self.try_driver(ROWS[0], "legacy")
            yield ROWS[0], {"strict": self.try_driver(ROWS[0], "strict"), "legacy": legacy}
        with self.guest():
            for row in ROWS[1:]:
                yield row, {mode: self.try_driver(row, mode) for mode in MODES}

    def try_driver(self, row, mode):
        """Let the driver of @row read the disk while the hypervisor is in @mode: a Cell.

        Where it works, nothing of it is left in L2 afterwards.
        """
        before = self.l1.counts()
        seen = len(console.read(self._l2.log))
        self.l1.set_mode(mode)
        backend = self._help() if row.helped else ""
        # A module whose device is never found has no end of being loaded.
        finish = self._l2.begin("\n".join([
            "set -e", f"for module in {' '.join(self._modules)}; do",
            f"insmod /{row.driver}/$module.ko; done >/dev/null &",
            "until [ -b /dev/nvme0n1 ]; do dmesg | grep -q Oops && exit 1; sleep 0.1; done",
            "read start rest </proc/uptime",
            f"dd if=/dev/nvme0n1 of=/tmp/read bs={BLOCK} count={BLOCKS} iflag=direct",
            "read end rest </proc/uptime", "echo took $start $end",
            "sha256sum /tmp/read"]), LIMIT)
        ended = self.l1.has_answered(self._l2, before)
        counts = self.l1.counts_since(before)
        # What got nowhere comes to an end now.
        self.l1.set_mode("off")
        result = finish()
        common = {"backend": backend, "captured": counts["captured"], "refused": refused(counts),
                  "said": console.complaint(console.read(self._l2.log)[seen:]) or ""}
        if ended and common["said"]:
            return Cell(Cell.OOPS, **common)
        self._l2.check(f"rmmod {' '.join(reversed(self._modules))}\n"
                       f"{'rmmod svm_mmio' if row.helped else ''}", LIMIT)
        if not ended:
            return Cell(Cell.SPINS, **common)
        right = self.l1.guest.check(f"sha256sum {DISK}").split()[0]
        taken = re.search(r"^took ([\d.]+) ([\d.]+)$", result.out, re.MULTILINE)
        if not taken or right not in result.out:
            return Cell(Cell.WRONG, **common)
        return Cell(Cell.WORKS, float(taken[2]) - float(taken[1]), **common)

    def _help(self):
        """What an administrator does; the backend that svm_mmio took."""
        self._l2.check("modprobe svm_mmio", LIMIT)
        return re.search(r"^backend: (\w+)", self._l2.check(f"cat {DEBUGFS}/status"),
                         re.MULTILINE)[1]
