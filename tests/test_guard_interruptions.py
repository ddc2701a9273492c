# SPDX-License-Identifier: GPL-2.0
"""Whatever interrupts a guarded guest, no access of a stock driver is lost or gives a wrong value.

A driver that knows nothing of svm_mmio accesses its device on all CPUs, in threads and in hard
timers, and maps and unmaps it, all the while: on a preemptible kernel, where code of the guard can
meet anything. The oracle judges the text of all modules.
"""

import re
import time

import pytest
from lab import dropin, elf, guard, intruder, kernels, subject
from lab.build import build_module
from lab.driven import Driven
from lab.soak import SOAK, FACTOR

LOAD = "guard=on backend=sprg0"
TRACING = "/sys/kernel/tracing"
READS = 10_000_000 if SOAK else 30_000      # races
SLOW = 2000 if SOAK else 20                 # seconds of them in one instruction a block
SOME = 2000 * FACTOR                        # while something else happens
RESETS = 2 * FACTOR
RELOADS = 4 * FACTOR
PLUGS = 1 if not SOAK else 10
LIMIT = 7200 if SOAK else 900
CPUS = 4
MSR_RI = 2          # without it Linux cannot return from a system reset


@pytest.fixture(scope="module")
def it():
    kernel = kernels.get("7.2")
    files = {"guard_stress": guard.stress(kernel)["/guard_stress.ko"],
             "kprobe_all": intruder.files(kernel)["/kprobe_all.ko"],
             "intruder": intruder.files(kernel)["/intruder.ko"],
             "stock_intruder": intruder.stock(kernel),
             **build_module(kernel, intruder.DRIVERS / "pci_release").ko,
             **dropin.module(kernel).ko}
    with Driven.boot(kernel, name="guard-interruptions", smp=CPUS, devices=("edu,id=victim",),
                     ko=files) as it:
        it.size = elf.text_sections(files["svm_mmio"])[".text"]
        it.functions = elf.functions(files["guard_stress"])[".text"]
        it.load("svm_mmio", LOAD)
        it.load("guard_stress", f"threads={CPUS}")
        it.guest.check(f"grep -q {TRACING} /proc/mounts || mount -t tracefs tracefs {TRACING}")
        yield it
        it.guest.check("rmmod guard_stress")


class Going:
    """What the driver does meanwhile: with Going(it) as stress: ...; it has to make progress.

    Its accesses are captured, unless the guard is to be off now and then: @guarded=False.
    """

    def __init__(self, it, reads=SOME, guarded=True):
        self._it, self._wanted, self._guarded = it, reads, guarded

    def __enter__(self):
        self._before, self._seen = guard.stressed(self._it.guest), self._it.counts()
        self.done = 0
        return self

    def goes_on(self):
        """Whether it has still to go on; asked now and then."""
        self.done = guard.stressed(self._it.guest)["reads"] - self._before["reads"]
        return self.done < self._wanted

    def __exit__(self, kind, *_):
        if kind:
            return
        deadline = time.monotonic() + LIMIT
        while self.goes_on():
            assert time.monotonic() < deadline, f"only {self.done} reads"
            time.sleep(0.5)
        after = guard.stressed(self._it.guest)
        seen = (self._it.counts() - self._seen).ranges
        print(f"{self.done:,} reads; {seen['svm_mmio'].matched:,} captured")
        assert after["wrong"] == 0
        assert after["ticks"] > self._before["ticks"]       # accesses in hard timers
        if not self._guarded:
            return
        assert seen["svm_mmio"].matched >= self._wanted
        assert all(verdicts.mismatched + verdicts.unacceptable + verdicts.unresolved == 0
                   for verdicts in seen.values()), seen


def test_races(it):
    """Preempted between any two instructions; mapped and unmapped meanwhile."""
    with Going(it, READS) as stress:
        with it.guest.one_insn_per_tb():
            before = it.counts()
            time.sleep(SLOW)
            raced = (it.counts() - before).ranges["svm_mmio"].matched
    print(f"{raced:,} captured in one instruction a block")
    assert stress.done >= READS and raced > 10 * SLOW
    assert guard.stressed(it.guest)["maps"] > 10


def test_processors_go_and_come(it):
    with Going(it) as stress:
        times = 0
        while stress.goes_on() or times < 3:
            cpu = 1 + times % (CPUS - 1)
            it.guest.check(f"cd /sys/devices/system/cpu/cpu{cpu}; echo 0 >online; echo 1 >online")
            times += 1


def test_function_tracer(it):
    """On all functions, those that the guard calls among them."""
    it.guest.check(f"echo function >{TRACING}/current_tracer")
    try:
        with Going(it):
            pass
    finally:
        it.guest.check(f"echo nop >{TRACING}/current_tracer")


def test_trace_events(it):
    """Each access is an event, which names the instruction of the driver."""
    it.guest.check(f"cd {TRACING}; echo >trace; echo 1 >events/svm_mmio/enable")
    with Going(it, 100):
        pass
    text = it.guest.check(f"cd {TRACING}; echo 0 >events/svm_mmio/enable\n"
                          "for e in read write; do grep -m 100 svm_mmio_guard_$e: trace; done\n"
                          "grep -m 1 'guard_read: ioread32be+' trace")
    for name in ("svm_mmio_guard_read", "svm_mmio_guard_write"):
        lines = [line for line in text.splitlines() if f"{name}:" in line]
        assert lines, text
        assert any("[guard_stress]" in line and "backend=sprg0 width=32" in line for line in lines)
    # By a function of the kernel image, for the driver.
    assert "svm_mmio_guard_read: ioread32be+" in text


def test_ftrace_cannot_be_switched_off(it):
    """The guard would be off with it: so the kernel refuses."""
    switch = "/proc/sys/kernel/ftrace_enabled"
    with Going(it):
        result = it.guest.run(f"echo 0 >{switch}")
        assert result.rc and "Device or resource busy" in result.out, result
        assert it.guest.check(f"cat {switch}").strip() == "1"


class Intruder:
    """A driver in /@name.ko that reads edu's first register in interrupts @by: its counts."""

    def __init__(self, it, name, by):
        self._guest = it.guest
        address = it.guest.check("cat /sys/bus/pci/drivers/guard_stress/*:*/resource").split()[0]
        value = it.guest.check("cat /sys/module/guard_stress/parameters/identity").strip()
        self.text = subject.sections(it.guest, "svm_mmio")[".text"]
        self.size = it.size
        it.guest.check(f"insmod /{name}.ko by={by} address={address} value={value}"
                       f" text={self.text:#x} text_size={self.size}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if not kind:
            self._guest.check("rmmod intruder")

    def seen(self):
        """How often it came, how often the value was wrong, and how often it met the module."""
        intrusions, wrong, *found = self._guest.check(
            "cd /sys/kernel/debug/intruder; cat intrusions wrong found").splitlines()
        return int(intrusions), int(wrong), sum(int(line.split()[1]) for line in found)


def test_samples(it):
    """Samples of the performance monitor, whose handler is a stock driver's and makes accesses. In
    the guard itself there are none: they are masked where a fault is handled.
    """
    with Intruder(it, "stock_intruder", "pmi") as pmi:
        with Going(it, SOME):
            time.sleep(2)
        samples, wrong, met = pmi.seen()
    print(f"{samples:,} samples, {met} in text of svm_mmio")
    assert samples > 100 and wrong == met == 0


def test_system_resets(it):
    """Sent while a processor is in the guard. The handler makes an access by svm_mmio, which has
    to go by the alias: a fault would be the last thing there.
    """
    resets = 0
    deadline = time.monotonic() + LIMIT
    with Intruder(it, "intruder", "nmi") as nmi:
        with Going(it, SOME):
            while resets < RESETS and time.monotonic() < deadline:
                resets += reset_in_guard(it, nmi)
                while nmi.seen()[0] < CPUS * resets:
                    assert time.monotonic() < deadline
        intrusions, wrong, met = nmi.seen()
    print(f"{resets} system resets, which met {met} processors in text of svm_mmio")
    assert resets == RESETS and met >= resets
    assert (intrusions, wrong) == (CPUS * resets, 0)


def reset_in_guard(it, nmi):
    """Stop the processors, and send a system reset if it may come and one is in the module."""
    it.guest.qmp("stop")
    try:
        registers = it.guest.hmp("info registers -a")
        places = [int(nip, 16) - nmi.text for nip in re.findall(r"NIP ([0-9a-f]{16})", registers)]
        states = [int(msr, 16) for msr in re.findall(r"MSR ([0-9a-f]{16})", registers)]
        hit = (any(0 <= place < nmi.size for place in places)
               and all(state & MSR_RI for state in states))
        if hit:
            it.guest.qmp("inject-nmi")
        return hit
    finally:
        it.guest.qmp("cont")


@pytest.mark.parametrize("function", ["tick", "map"])
def test_kprobes_on_the_driver(it, function):
    """On each instruction of a hard timer, and of a thread that maps, put there and taken away
    while they fault. Not of the other threads, which mask interrupts inline: what a kprobe there
    reads and writes is the mask of its own handler.
    """
    text = subject.sections(it.guest, "guard_stress")[".text"]
    first, last = next((first, last) for first, last, name in it.functions if name == function)
    hits = 0
    with Going(it):
        for _ in range(2 * FACTOR):
            it.guest.check(f"insmod /kprobe_all.ko text={text + first} text_size={last - first}",
                           timeout=LIMIT)
            hits += int(it.guest.check("sleep 1; cat /sys/kernel/debug/kprobe_all/hits;"
                                       " rmmod kprobe_all", timeout=LIMIT))
    print(f"{hits:,} hits on {(last - first) // 4} instructions")
    assert hits > 100


@pytest.mark.skipif(not SOAK, reason="minutes: a trap at each instruction")
def test_kprobes(it):
    """On every instruction of svm_mmio that may have one."""
    start = subject.sections(it.guest, "svm_mmio")[".text"]
    it.guest.check(f"insmod /kprobe_all.ko text={start} text_size={it.size}",
                   timeout=LIMIT)
    with Going(it):
        pass
    hits = int(it.guest.check("cat /sys/kernel/debug/kprobe_all/hits"))
    it.guest.check("rmmod kprobe_all", timeout=LIMIT)
    print(f"{hits:,} hits")
    assert hits > SOME


def test_unplugged(it):
    """The device goes under the driver's hands, and one that comes is guarded."""
    device = it.guest.check("echo /sys/bus/pci/drivers/guard_stress/*:*").strip()
    connector = "".join(it.guest.check(f"od -An -tx1 {device}/of_node/ibm,my-drc-index").split())
    for _ in range(PLUGS):
        with Going(it):
            it.guest.qmp("device_del", id="victim")
            it.guest.check(f"echo 1 >{device}/remove;"
                           f" insmod /pci_release.ko connector=0x{connector}; rmmod pci_release")
            deadline = time.monotonic() + LIMIT
            while "victim" in it.guest.hmp("info pci"):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            it.guest.qmp("device_add", driver="edu", id="victim")
            it.guest.check("echo 1 >/sys/bus/pci/rescan")


def test_unloaded_and_loaded(it):
    """The guard goes and comes while the driver accesses and maps: the walker meets its ioremap()
    and iounmap(). Whoever makes an access, its value is right.
    """
    before = guard.stressed(it.guest)["maps"]
    with Going(it, guarded=False):
        it.guest.check(f"for i in $(seq {RELOADS}); do rmmod svm_mmio;"
                       f" insmod /svm_mmio.ko {LOAD} || exit; done; rmmod svm_mmio", timeout=LIMIT)
    it.load("svm_mmio", LOAD)
    assert int(guard.status(it.guest)["guard_mappings_found"]) > 1
    assert guard.stressed(it.guest)["maps"] - before > RELOADS
    with Going(it):
        pass
