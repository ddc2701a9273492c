# SPDX-License-Identifier: GPL-2.0
"""Whatever interrupts a guarded guest, no access of a stock driver is lost or gives a wrong value.

A driver that knows nothing of svm_mmio accesses its device on all CPUs, in threads and in hard
timers, and maps and unmaps it, all the while: on a preemptible kernel, where code of the guard can
meet anything. The oracle judges the text of all modules.
"""

import time

import pytest
from lab import dropin, elf, guard, intruder, kernels, subject
from lab.driven import Driven
from lab.soak import SOAK, FACTOR

TRACING = "/sys/kernel/tracing"
READS = 10_000_000 if SOAK else 30_000      # in one instruction a block: races
SOME = 2000 * FACTOR                        # while something else happens
LIMIT = 7200 if SOAK else 900
CPUS = 4


@pytest.fixture(scope="module")
def it():
    kernel = kernels.get("7.2")
    files = {"guard_stress": guard.stress(kernel)["/guard_stress.ko"],
             "kprobe_all": intruder.files(kernel)["/kprobe_all.ko"],
             **dropin.module(kernel).ko}
    with Driven.boot(kernel, name="guard-interruptions", smp=CPUS, devices=("edu",),
                     ko=files) as it:
        it.sizes = {name: elf.text_sections(file)[".text"] for name, file in files.items()}
        it.load("svm_mmio", "guard=on backend=sprg0")
        it.load("guard_stress", f"threads={CPUS}")
        it.guest.check(f"grep -q {TRACING} /proc/mounts || mount -t tracefs tracefs {TRACING}")
        yield it
        it.guest.check("rmmod guard_stress")


class Going:
    """What the driver does meanwhile: with Going(it) as stress: ...; it has to make progress."""

    def __init__(self, it, reads=SOME):
        self._it, self._wanted = it, reads

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
        assert seen["svm_mmio"].matched >= self._wanted
        assert all(verdicts.mismatched + verdicts.unacceptable + verdicts.unresolved == 0
                   for verdicts in seen.values()), seen


def test_races(it):
    """Preempted between any two instructions; mapped and unmapped meanwhile."""
    with Going(it, READS) as stress:
        with it.guest.one_insn_per_tb():
            time.sleep(20)
    assert stress.done >= READS
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
                          "for e in read write; do grep -m 100 svm_mmio_guard_$e: trace; done")
    for name in ("svm_mmio_guard_read", "svm_mmio_guard_write"):
        lines = [line for line in text.splitlines() if f"{name}:" in line]
        assert lines, text
        assert any("[guard_stress]" in line and "backend=sprg0 width=32" in line for line in lines)
    # By a function of the kernel image, for the driver.
    assert "ioread32be+" in text


@pytest.mark.skipif(not SOAK, reason="minutes: a trap at each instruction")
def test_kprobes(it):
    """On every instruction of svm_mmio that may have one."""
    start = subject.sections(it.guest, "svm_mmio")[".text"]
    it.guest.check(f"insmod /kprobe_all.ko text={start} text_size={it.sizes['svm_mmio']}",
                   timeout=LIMIT)
    with Going(it):
        pass
    hits = int(it.guest.check("cat /sys/kernel/debug/kprobe_all/hits"))
    it.guest.check("rmmod kprobe_all", timeout=LIMIT)
    print(f"{hits:,} hits")
    assert hits > SOME
