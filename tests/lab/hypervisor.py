# SPDX-License-Identifier: GPL-2.0
"""A guest that is a hypervisor (L1), and guests of its own (L2), whose MMIO raises a real HDSI.

    with Hypervisor.boot(kernel, name="strict", files={"/svm_mmio.ko": ko}) as l1:
        l1.set_mode("strict")
        with l1.boot_guest() as l2:
            l2.check("insmod /svm_mmio.ko backend=sprg0")
        l1.counts()

L1 runs KVM-HV and, in it, the model of an ultravisor (tests/uvmodel). L2 is QEMU under that KVM.
The consoles of an L2 are consoles of its L1, which lead to this host: so an L2 takes scripts and
keeps a log as any guest does, and nothing of it has to pass through a shell in L1.
"""

import re
import select
import shlex
import socket
import time

from . import console, oracle, paths
from .agent import Agent
from .build import build_module
from .errors import GuestDied, GuestError, GuestTimeout
from .guest import BOOT_LIMIT, GUESTS, POWEROFF_LIMIT, Guest, kernel_line
from .initramfs import make_initramfs
from .nested import kvm_modules, qemu_files
from .progress import say
from .qemu import FIRMWARE, quoted
from .stock import stock_modules

MODEL = paths.TOP / "tests/uvmodel"
DEBUGFS = "/sys/kernel/debug/uvmodel"
PARAMETERS = "/sys/module/uvmodel/parameters"
# Those that are tried as L1.
L1_KERNELS = ("6.1", "6.12")

SPINS = 1000            # refusals of one access that are taken for ever

# All of L1 is emulated, and all of L2 goes through that.
SLOWER = 3

# Without the capabilities QEMU refuses to start, for what KVM in an emulated host does not offer;
# the last one is for kernels with pages of 4 KiB.
MACHINE = (f"pseries,{FIRMWARE},accel=kvm,cap-ccf-assist=off,cap-sbbc=broken,cap-cfpc=broken,"
           "cap-ibs=broken,cap-hpt-max-page-size=4k")

# Runs QEMU in L1 and says when it is over, on the console that is L2's second. QEMU leaves that as
# it found it: raw.
RUNNER = """#!/bin/busybox sh
exec 3<>/dev/hvc2
stty raw -echo <&3
"$@" >/run/l2.log 2>&1 </dev/null 3>&-
echo "svm-lab over $?" >&3
"""
OVER = re.compile(rb"svm-lab over (\d+)\n\Z")


def build_model(kernel, **options):
    """The model, built for @kernel, into which alone it can be loaded: a BuildResult."""
    return build_module(kernel, MODEL, **options)


# The L2 reads the file; what it writes is in a copy of QEMU's own, gone when L1 is.
DISK = "-drive if=none,id=disk,format=raw,snapshot=on,file={} -device virtio-blk-pci,drive=disk"


def disk_modules(kernel):
    """What L1 needs for a disk: {"/NAME.ko": file}, in the order to load them."""
    drivers = stock_modules(kernel, "virtio_pci", "virtio_blk")
    return {f"/{name}.ko": file for name, file in drivers.items()}


class Hypervisor:
    """L1, from Hypervisor.boot(); use it in a with statement. One L2 at a time."""

    def __init__(self, guest, sock, name, kernel):
        self.guest = guest
        self.name = name
        self._sock = sock       # to the agent of L2
        self._kernel = kernel   # of L2

    @classmethod
    def boot(cls, kernel, *, name, guest_kernel=None, files=None, smp=1, mem="3G", mode="strict",
             icount=False, secure=False, initrd=None, disk=None):
        """Boot @kernel as L1, and load KVM and the model.

        @name           of the logs: NAME-l1, and NAME for L2
        @guest_kernel   the kernel of the L2s; None for the same
        @files          for the L2s, as for Guest.boot()
        @smp            processors: with two, L1 and L2 take more than twice as long
        @mode           of the model: off, strict, fallback or legacy (tests/uvmodel)
        @icount         as for Guest.boot()
        @secure         whether the L2s find themselves to be SVMs
        @initrd         their initramfs, a file, in place of the lab's own, which has @files
        @disk           a file that is /dev/vda in L1, for an L2 to have; it stays as it is
        """
        guest_kernel = guest_kernel or kernel
        modules = {**kvm_modules(kernel), **(disk_modules(kernel) if disk else {})}
        inside = {**qemu_files(), **modules, "/l2/run": RUNNER.encode(),
                  "/uvmodel.ko": build_model(kernel).ko["uvmodel"],
                  "/l2/vmlinux": guest_kernel.vmlinux,
                  "/l2/initrd": initrd or make_initramfs(guest_kernel, files)}
        log = paths.log(name)
        ours, theirs = socket.socketpair()
        try:
            guest = Guest.boot(
                kernel, name=f"{name}-l1", files=inside, devices=(), smp=smp, mem=mem,
                machine="cap-nested-hv=on", fds=[theirs.fileno()], icount=icount,
                secure=GUESTS if secure else False,
                limit=SLOWER * BOOT_LIMIT,
                qemu_args=["-chardev", f"socket,id=l2agent,fd={theirs.fileno()}",
                           "-device", "spapr-vty,chardev=l2agent",
                           "-chardev", f"file,id=l2console,path={quoted(log)}",
                           "-device", "spapr-vty,chardev=l2console",
                           *(DISK.format(quoted(disk)).split(" ") if disk else ())])
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        l1 = cls(guest, ours, name, guest_kernel)
        try:
            for module in modules:
                guest.check(f"insmod {module}")
            guest.check(f"insmod /uvmodel.ko mode={mode}")
        except BaseException as error:
            l1.__exit__(type(error), error, error.__traceback__)
            raise
        return l1

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            self.guest.__exit__(*error)
        finally:
            self._sock.close()

    def boot_guest(self, *, smp=1, mem="1G", devices=("pci-testdev", "edu"), append="",
                   machine="", qemu_args=(), strict=True, limit=SLOWER * BOOT_LIMIT):
        """Boot an L2 and wait until it takes commands: a NestedGuest. Arguments as Guest.boot()."""
        argv = ["qemu-system-ppc64", "-M", ",".join(filter(None, (MACHINE, machine))),
                "-cpu", "host", "-smp", str(smp), "-m", mem,
                "-nodefaults", "-display", "none", "-vga", "none", "-no-reboot",
                "-chardev", "serial,id=console,path=/dev/hvc3",
                "-device", "spapr-vty,chardev=console",
                "-chardev", "serial,id=agent,path=/dev/hvc2",
                "-device", "spapr-vty,chardev=agent",
                *(word for device in devices for word in ("-device", device)), *qemu_args,
                "-kernel", "/l2/vmlinux", "-initrd", "/l2/initrd",
                "-append", kernel_line(strict, append)]
        say(f"booting {self._kernel.release} as {self.name}, a guest of {self.guest.name}")
        self.guest.check(f"sh /l2/run {shlex.join(argv)} >/dev/null 2>&1 &")
        return NestedGuest(self, self._sock, strict, limit)

    # The model.

    def set_mode(self, mode):
        """Let the model do as @mode says, as in boot()."""
        self.guest.check(f"echo {mode} >{PARAMETERS}/mode")

    def set_hcalls(self, answered):
        """Whether L2 gets an answer to H_LOGICAL_CI_LOAD and _STORE: H_FUNCTION if not."""
        self.guest.check(f"echo {'ny'[answered]} >{PARAMETERS}/hcalls")

    def set_text(self, start=0, end=0xFFFFFFFFFFFFFFFF):
        """Demand capture of all text of L2, or of that at these addresses; of none if @end is 0."""
        self.guest.check(f"echo {start:#x}-{end:#x} >{PARAMETERS}/text")

    def counts(self):
        """How many accesses got each verdict: a dict, in the order of the module's table."""
        text = self.guest.check(f"cat {DEBUGFS}/counters")
        return {name: int(count) for name, count in
                (line.split(": ") for line in text.splitlines())}

    def counts_since(self, before):
        """How many more of each there are than @before, which counts() has given."""
        return {name: count - before[name] for name, count in self.counts().items()}

    def has_answered(self, guest, before):
        """Wait for the answer of @guest to what was begun: True. Or until so many accesses were
        refused since counts() were @before that one must be tried again for ever: False.
        """
        while not guest.has_answered():
            if sum(refused(self.counts_since(before)).values()) >= SPINS:
                return False
            time.sleep(0.2)
        return True

    def words(self):
        """The words captured: {word: (how often, mnemonic)}."""
        text = self.guest.check(f"cat {DEBUGFS}/words")
        found = {}
        for line in text.splitlines():
            word, count, mnemonic = line.split(" ", 2)
            found[int(word, 16)] = (int(count), mnemonic)
        return found

    def refusals(self):
        """The last refusals: lines to read."""
        return self.guest.check(f"cat {DEBUGFS}/refusals").splitlines()


def refused(counts):
    """Of the counts of a Hypervisor, or of a difference, those that are refusals and not 0."""
    return {name.removeprefix("refused_"): count for name, count in counts.items()
            if name.startswith("refused_") and count}


class Judge:
    """The model in place of the oracle, for lab/subject.py: an access is captured or refused."""

    def __init__(self, l1, name):
        self._l1 = l1
        self._name = name

    def judge(self, ranges):
        """Nothing to do: the model judges the text of all modules."""

    def counts(self):
        """The Counts so far, all under one name."""
        counts = self._l1.counts()
        return oracle.Counts({self._name: oracle.Verdicts(
            matched=counts["captured"], mismatched=sum(refused(counts).values()))})


class NestedGuest(Agent):
    """An L2, from Hypervisor.boot_guest(); use it in a with statement, or close() it."""

    def __init__(self, hypervisor, sock, strict, limit):
        super().__init__(hypervisor.name, sock)
        self._l1 = hypervisor.guest
        self._strict = strict
        self._status = None     # of its QEMU, once that has ended
        self._seen = len(console.read(self.log))    # what earlier L2s wrote
        try:
            self._hello(time.monotonic() + limit, limit)
        except BaseException:
            self._kill()
            raise

    def close(self):
        """Power the guest off. Unless it was to be lenient, its console must be clean."""
        if self._over:
            self._kill()
            return
        limit = SLOWER * POWEROFF_LIMIT
        end = self.begin("poweroff -f", limit)
        try:
            end()
        except GuestDied:
            pass
        if self._status or self._strict and console.complaint(self._console()):
            raise GuestDied(self._obituary())
        self._over = "it was powered off"

    def stop(self):
        """End the guest at once, whatever it does."""
        self._kill()

    def _receive(self, deadline, what):
        super()._receive(deadline, what)
        if self._is_over():
            self._died()

    def _is_over(self):
        """Whether QEMU's end is among what came last."""
        if over := OVER.search(self._buffer):
            self._status = int(over[1])
            self._buffer = b""
        return self._status is not None

    def _died(self):
        raise GuestDied(self._obituary())

    def _timed_out(self, what):
        lines = self._console()
        self._over = "it did not answer in time"
        self._kill()
        raise GuestTimeout("\n".join([
            f"guest {self.name} did not finish {what}", *self._came(), "Its console until then:",
            *console.excerpt(lines), self._more()]))

    def _console(self):
        return console.read(self.log)[self._seen:]

    def _obituary(self):
        lines = self._console()
        self._over = console.complaint(lines) or f"QEMU in L1 ended with status {self._status}"
        return "\n".join([f"guest {self.name} died: {self._over}", *console.excerpt(lines),
                          self._more()])

    def _more(self):
        said = self._l1.run("tail -n 5 /run/l2.log").out.splitlines()
        return "\n".join([*(f"QEMU in L1 said: {line}" for line in said),
                          f"The whole console: {paths.shown(self.log)}; that of L1: "
                          f"{paths.shown(self._l1.log)}"])

    def _kill(self):
        """Make sure that QEMU is gone, and that nothing of it is left for the next guest."""
        self._over = self._over or "it was stopped"
        if self._status is None:
            try:
                self._l1.run("killall -9 qemu-system-ppc64")
            except GuestError:
                return      # L1 has gone, and L2 with it
            deadline = time.monotonic() + SLOWER * POWEROFF_LIMIT
            while not self._is_over() and self._ready(select.POLLIN, deadline):
                self._buffer += self._agent.recv(1 << 16)
