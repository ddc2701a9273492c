# SPDX-License-Identifier: GPL-2.0
"""Whatever interrupts a guest, no access is lost, changed or made without its word in SPRG0.

A stress on all CPUs of a preemptible kernel runs all the while; the oracle counts what it does.
"""

import time

import pytest
from lab import intruder, kernels, mutation
from lab.intruder import Intruder
from lab.subject import Subject
from lab.soak import FACTOR
from lab.underway import Underway
from lab.windows import table

TRACING = "/sys/kernel/tracing"
SECONDS = 5
LIMIT = 600
UNMASKED = "profiling-on"
# Functions of the stress: of its threads, and of its timers.
TRACED = ("svm_tally_load_expect", "worker_tick")


@pytest.fixture(scope="module")
def unmasked():
    return mutation.build(kernels.get("7.2"), [UNMASKED])[UNMASKED]


@pytest.fixture(scope="module")
def it(unmasked):
    kernel = kernels.get("7.2")
    with Subject.boot(kernel, name="interruptions", smp=4,
                      files={"/unmasked.ko": unmasked, **intruder.files(kernel)}) as it:
        it.load("backend=sprg0")
        it.guest.check(f"mount -t tracefs tracefs {TRACING}")
        yield it


def assert_nothing_lost(stress):
    run = stress.run
    print(f"{run.accesses:,} accesses of the stress: {run.seen.matched:,} captured,"
          f" {run.seen.mismatched} wrong")
    assert run.case.ok, str(run.case)
    assert run.accesses > 1000
    assert run.all_captured, run


def test_system_resets_in_windows(it):
    """Nothing masks them: each is sent while a processor is in a window, and makes an access."""
    wanted = 5 * FACTOR
    windows = table(it.ko)
    start, _ = intruder.text(it)
    resets = met = 0
    stresses = []
    deadline = time.monotonic() + LIMIT * FACTOR
    with Intruder(it, "nmi") as nmi:
        # How long it takes to meet a processor in a window depends on this machine.
        while met < wanted and time.monotonic() < deadline:
            with Underway(it, "edu", secs=SECONDS, threads=4) as stress:
                with it.guest.one_insn_per_tb():
                    end = time.monotonic() + stress.secs
                    while met < wanted and time.monotonic() < end:
                        hit = intruder.reset_in_window(it, windows, start, polls=100)
                        resets += bool(hit)
                        met += hit
            stresses.append(stress.run)
        seen = nmi.seen()
    print(f"{resets} system resets, which found {met} of the processors in a window")
    assert met >= wanted
    # Of each all four processors were told, and what they saw is what was seen from outside.
    assert seen.intrusions == 4 * resets and seen.inside(windows) == met
    assert seen.wrong == 0
    for run in stresses:
        assert run.case.ok and run.seen.clean, run
    assert sum(run.seen.matched - run.accesses for run in stresses) == seen.intrusions


def test_performance_monitor(it):
    """Samples are taken all over the kernel and in the module's text, but never in a window."""
    with Intruder(it, "pmi") as pmi:
        with Underway(it, "edu", secs=SECONDS) as stress:
            pass
        seen = pmi.seen()
    print(f"{seen.intrusions:,} samples, {sum(seen.found.values())} in text of the module")
    assert seen.intrusions > 100 and seen.found
    assert seen.inside(table(it.ko)) == 0
    assert seen.wrong == 0
    # Samples before and after the stress made accesses as well.
    run = stress.run
    assert run.case.ok, str(run.case)
    assert run.seen.clean, run
    assert run.accesses < run.seen.matched <= run.accesses + seen.intrusions


def test_performance_monitor_is_what_the_mask_is_for(it, unmasked):
    """The negative control: local_irq_save() would leave samples on, and windows have some."""
    it.unload()
    it.load("backend=sprg0", "/unmasked.ko", unmasked)
    with Intruder(it, "pmi", unmasked) as pmi:
        with Underway(it, "edu", secs=5) as stress:
            pass
        seen = pmi.seen()
    assert seen.inside(table(unmasked)) > 0, seen
    assert stress.run.accesses > 1000
    it.unload()
    it.load("backend=sprg0")


def soft_nmis(it):
    """How often the watchdog has looked at a processor whose decrementer came while masked."""
    counts = it.guest.check("grep '^ *WDG:' /proc/interrupts").split()[1:]
    return sum(int(count) for count in counts if count.isdigit())


def test_watchdog(it):
    """Inside a window a decrementer, though masked, runs C code of the kernel: its watchdog."""
    watchdog = "/proc/sys/kernel/watchdog"
    # A busy host is no reason to report a processor that hangs.
    it.guest.check(f"echo 60 >{watchdog}_thresh; echo 1 >{watchdog}")
    try:
        before = soft_nmis(it)
        with Underway(it, "edu", secs=SECONDS) as stress:
            pass
        met = soft_nmis(it) - before
    finally:
        it.guest.check(f"echo 0 >{watchdog}")
    print(f"{met:,} decrementers met a processor with interrupts masked")
    assert met > 100
    assert_nothing_lost(stress)


def test_processors_go_and_come(it):
    times = 0
    with Underway(it, "edu", secs=2 * SECONDS, threads=4) as stress:
        while stress.goes_on():
            cpu = 1 + times % 3
            it.guest.check(f"cd /sys/devices/system/cpu/cpu{cpu}; echo 0 >online; echo 1 >online")
            times += 1
    print(f"{times} times a processor was taken offline and online again")
    assert times >= 3
    assert_nothing_lost(stress)


def test_unloading_is_refused(it):
    attempts = 0
    with Underway(it, "edu", secs=SECONDS) as stress:
        while stress.goes_on():
            # The stress may end between two attempts, but then it has said so.
            result = it.guest.run("for i in 1 2 3 4 5; do rmmod svm_mmio 2>&1 || continue;"
                                  " test -e /tmp/ended; exit; done; exit 2")
            assert result.rc != 1, "svm_mmio was unloaded during a run"
            refused = result.out.count("Resource temporarily unavailable")
            assert refused == 5 or result.rc == 0, result.out
            attempts += refused
    print(f"{attempts} attempts to unload the module")
    if not it.guest.check("ls /sys/module").count("svm_mmio"):
        it.load("backend=sprg0")
    assert attempts > 0
    assert_nothing_lost(stress)


def test_function_tracing(it):
    """The tracer follows all of the module's functions that it can, and interrupts; those with
    windows cannot be followed.
    """
    it.guest.check(f"cd {TRACING}; echo 4096 >buffer_size_kb; echo >trace;"
                   " echo '*:mod:svm_mmio' >set_ftrace_filter; echo '*irq*' >>set_ftrace_filter;"
                   " echo function >current_tracer", timeout=300)
    try:
        with Underway(it, "edu", secs=SECONDS) as stress:
            pass
    finally:
        traced = it.guest.check(f"cd {TRACING}; echo 0 >tracing_on;"
                                f" for name in {' '.join(TRACED)}; do"
                                ' grep -m 1 -o ": $name <-" trace; done;'
                                " echo nop >current_tracer; echo >set_ftrace_filter;"
                                " echo 1 >tracing_on", timeout=LIMIT)
    allowed = it.guest.check(f"cat {TRACING}/available_filter_functions").splitlines()
    own = {line.split()[0] for line in allowed if line.endswith("[svm_mmio]")}
    assert traced.splitlines() == [f": {name} <-" for name in TRACED]
    with_windows = {line.split("+")[0] for line in
                    it.guest.check("cat /sys/kernel/debug/svm_mmio/windows").splitlines()}
    assert with_windows and not with_windows & own
    assert_nothing_lost(stress)


def test_kprobes_on_everything(it):
    """A probe on every instruction that allows one; no instruction of a window does."""
    start, size = intruder.text(it)
    it.guest.check(f"insmod /kprobe_all.ko text={start:#x} text_size={size}", timeout=600)
    try:
        with Underway(it, "edu", secs=SECONDS) as stress:
            pass
        hits, *placed = it.guest.check("cd /sys/kernel/debug/kprobe_all; cat hits placed").split()
    finally:
        it.guest.check("rmmod kprobe_all", timeout=600)
    print(f"{len(placed):,} probes on {size // 4:,} instructions were hit {int(hits):,} times")
    inside = {at for window in table(it.ko) for at in range(window.save, window.restore + 4, 4)}
    assert not inside & {int(offset, 16) for offset in placed}
    assert len(placed) > size / 4 / 2 and int(hits) > 10_000
    assert_nothing_lost(stress)
