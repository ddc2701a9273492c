# SPDX-License-Identifier: GPL-2.0
"""The module under test in a guest, with the oracle watching its text.

    with Subject.boot(kernels.get("6.1"), name="smoke") as subject:
        subject.load("backend=sprg0")
        run = subject.run("pci-testdev", "all")
"""

import re
from dataclasses import dataclass

from . import elf, ktap, kernels, oracle, paths
from .build import build_module
from .errors import GuestError
from .guest import Guest
from .hypervisor import Judge

DEBUGFS = "/sys/kernel/debug/svm_mmio"
IDS = {"0x1b36 0x0005": "pci-testdev", "0x1234 0x11e8": "edu", "0x1b36 0x0010": "nvme"}

# The nvme has no disk: its controller memory buffer is a memory BAR, every access to which is
# emulated, of any width. It is handed over, as nobody wants the self-test to take disks.
DEVICES = ("pci-testdev", "edu", "nvme,serial=lab,cmb_size_mb=1,legacy-cmb=on")
BUFFER = "nvme bar2"
PORTS = "pci-testdev bar1"

# What must run where. A case that is skipped on the other device proves nothing there.
STATE = ["sprg0_kept", "irq_mask_kept"]
FULL = ["load_values", "same_as_kernel", "mmiowb_pending", "nested_timer", "nested_ipi", "stress",
        *STATE]
CASES = {
    "pci-testdev": ["store_match", "test_selector", "string_values", *FULL],
    PORTS: ["port_values", "string_values", "mmiowb_pending", *STATE],
    "edu": ["store_readback", "all_ones", *FULL],
    BUFFER: ["store_readback", "string_values", "copy_fuzz", "mmiowb_pending", *STATE],
    "nvme": STATE,      # of its registers nothing is known
}


def build(kernel, **options):
    """The module as it is in the tree, built for @kernel: a BuildResult."""
    return build_module(kernel, paths.TOP, **options)


@dataclass(frozen=True)
class CaseRun:
    """One case of the self-test on one device, as the guest and as the oracle saw it."""

    device: str
    case: ktap.Case         # its result
    seen: oracle.Verdicts   # what the oracle counted meanwhile in text of svm_mmio
    guarded: int = 0        # accesses that the guard made: of the kernel's own accessors

    @property
    def accesses(self):
        """How many accesses the guest says it made; 0 if the case was skipped."""
        if self.case.skipped is not None:
            return 0
        return int(re.search(r": accesses=(\d+)$", "\n".join(self.case.diagnostics),
                             re.MULTILINE)[1])

    @property
    def all_captured(self):
        """Whether the oracle saw exactly the accesses made, and SPRG0 was right at each."""
        return self.seen.clean and self.seen.matched == self.accesses + self.guarded

    @property
    def none_seen(self):
        """Whether no instruction of the module accessed a device, though accesses were made."""
        return self.seen.accesses == 0 and (self.accesses > 0 or self.case.skipped is not None)

    @property
    def none_captured(self):
        """Whether no access was captured.

        Accesses by functions of the kernel image, such as ioread32(), are not in the module's
        text: of a direct run the oracle may see fewer than were made.
        """
        return self.seen.matched == 0 and self.seen.mismatched <= self.accesses


class Subject:
    """A guest with the module at /svm_mmio.ko."""

    def __init__(self, guest, judge, ko):
        self.guest = guest
        self.oracle = judge
        self.ko = ko
        self.bars = {}          # device -> directory in debugfs
        self.is_guarded = False

    @classmethod
    def boot(cls, kernel, *, name, ko=None, smp=2, files=None, devices=DEVICES, **options):
        """Boot @kernel under the oracle. @ko is the module file, the tree's own if None.

        Other options are those of Guest.boot().
        """
        if ko is None:
            ko = build(kernel).ko["svm_mmio"]
        judge = oracle.Oracle(name, vcpus=smp,
                              skip=[oracle.kernel_text(kernel.vmlinux), oracle.USER_TEXT])
        guest = Guest.boot(kernel, name=name, smp=smp, devices=devices,
                           files={"/svm_mmio.ko": ko, **(files or {})},
                           plugins=[judge.plugin_argument()], **options)
        return cls(guest, judge, ko)

    @classmethod
    def boot_nested(cls, l1, ko, *, devices=DEVICES, **options):
        """Boot an L2 of Hypervisor @l1, which judges in place of the oracle.

        @ko is the module file; that it is at /svm_mmio.ko in L2 is up to who booted L1. Other
        options are those of Hypervisor.boot_guest().
        """
        return cls(l1.boot_guest(devices=devices, **options), Judge(l1, "svm_mmio"), ko)

    def __enter__(self):
        self.guest.__enter__()
        return self

    def __exit__(self, *error):
        self.guest.__exit__(*error)

    def load(self, parameters="", module="/svm_mmio.ko", ko=None):
        """Hand over the nvme and load the module; from now on the oracle judges its text.

        Raises CommandFailed if it does not load.

        @module and @ko are another module file, in the guest and on the host.
        """
        self.guest.check("for d in /sys/bus/pci/devices/*; do read v <$d/vendor; read i <$d/device;"
                         ' if [ "$v $i" = "0x1b36 0x0010" ]; then'
                         " echo svm_mmio >$d/driver_override; fi; done")
        self.guest.check(f"insmod {module} {parameters}")
        sizes = elf.text_sections(ko or self.ko)
        self.oracle.judge([("svm_mmio", start, start + sizes[name])
                           for name, start in sections(self.guest, "svm_mmio").items()
                           if name in sizes])
        self.is_guarded = not self.guest.run(f"grep -q '^guard: on' {DEBUGFS}/status").rc
        self.find_bars()

    def find_bars(self):
        """Look which BARs are claimed. BAR 0 goes by the name of its device alone."""
        self.bars = {}
        for line in self.guest.check(
                f"for d in {DEBUGFS}/*/bar*; do [ -d $d ] || continue; b=${{d%/*}};"
                " p=/sys/bus/pci/devices/${b##*/}; read v <$p/vendor; read i <$p/device;"
                " echo $v $i $d; done").splitlines():
            vendor, device, directory = line.split()
            name = IDS.get(f"{vendor} {device}", f"{vendor}:{device}")
            bar = directory.rpartition("/")[2]
            self.bars[name if bar == "bar0" else f"{name} {bar}"] = directory

    def unload(self):
        """Unload the module."""
        self.guest.check("rmmod svm_mmio")

    def status(self):
        """The lines of the file "status", as a dict."""
        text = self.guest.check(f"cat {DEBUGFS}/status")
        return dict(line.split(": ", 1) for line in text.splitlines())

    def cases(self, device):
        """The names of the cases that can be run on @device."""
        return self.guest.check(f"cat {self.bars[device]}/run").split()

    def run(self, device, command, timeout=300):
        """Run one case on @device: a CaseRun."""
        before, guarded = self.oracle.counts(), self._guarded()
        text = self.guest.check(f"cd {self.bars[device]} && echo '{command}' >run && cat results",
                                timeout=timeout)
        seen = (self.oracle.counts() - before)["svm_mmio"]
        cases = ktap.parse(text)
        if len(cases) != 1:
            raise GuestError(f"'{command}' is not one case: it gave {len(cases)} results")
        return CaseRun(device, cases[0], seen, self._guarded() - guarded)

    def _guarded(self):
        """How many accesses the guard has made so far, if it is on."""
        if not self.is_guarded:
            return 0
        status = self.status()
        return int(status["guard_loads"]) + int(status["guard_stores"])

    def run_every_case(self, timeout=300, without=()):
        """Run each case that has to run somewhere, there, but for those @without: yields a CaseRun.
        """
        for device, cases in CASES.items():
            for case in cases:
                if case not in without:
                    yield self.run(device, case, timeout)


def sections(guest, module):
    """Where the sections of @module are in the guest: a dict of name to address."""
    text = guest.check(f"cd /sys/module/{module.replace('-', '_')}/sections; grep . .[!.]*")
    return {name: int(address, 16)
            for name, address in (line.split(":") for line in text.splitlines())}


def main_kernel():
    """The kernel that most tests use."""
    return kernels.get("6.1")
