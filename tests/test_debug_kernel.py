# SPDX-License-Identifier: GPL-2.0
"""On a kernel that looks for faults (KASAN, lockdep, UBSAN, kmemleak and more) nothing is reported,
whatever the module is made to do, and whichever of its allocations fails.

The guest ends, and the test with it, at the first report; a test at the end looks for what is
silent.
"""

import errno
import os
import re

import pytest
from lab import coverage, debugkernel, dropin, paths, subject
from lab.build import build_module
from lab.guest import Guest
from lab.soak import SOAK
from lab.subject import BUFFER, DEBUGFS, PORTS, Subject
from test_bad_input import ACCESS_EINVAL, ACCESS_ERANGE, BAR_BYTES, MESSAGES, RUN_EINVAL
from test_dropin_edge_cases import CAPTURED, FORMS, PLAIN
from test_dropin_edge_cases import SOURCE as EDGE_CASES
from test_guard_user import programs
from test_selftest import CASES

RELOADS = 100 if SOAK else 3
# Which allocations are made to fail. Those that make a load fail, and not only do less, are four of
# the first two dozen, with one of kmemleak's own after each.
SOME = range(1, debugkernel.MANY, 1 if SOAK else 5)
SOME_WHILE_LOADING = (*range(1, 34, 1 if SOAK else 3),
                      *range(34, debugkernel.MANY, 1 if SOAK else 40))
STRESS_SECS = 60 if SOAK else 2
RACE_SECS = 60 if SOAK else 3
WORDS = 20_000 if SOAK else 2000
LIMIT = 900         # seconds for what takes some dozen where nothing else runs

BACKENDS = ("direct", "sprg0", "hcall")
# With direct an access is the kernel's own: nothing of the module's runs for it.
OF_THE_MODULE = BACKENDS if SOAK else BACKENDS[1:]
NO_MEMORY = os.strerror(errno.ENOMEM)
BUSY = os.strerror(errno.EBUSY)
INVALID = os.strerror(errno.EINVAL)

# The guard makes an alias of each window of PCI, and DEBUG_OBJECTS looks at each page of what is
# unmapped: for the usual TiB that takes it many minutes.
SMALL_WINDOW = ("-global", "spapr-pci-host-bridge.mem64_win_size=0x40000000")

# Cases that compare with the kernel's ioread32() and the like: in a kernel for pseries alone those
# are inline, so the module's text makes accesses that are not captured, nor meant to be.
INLINE = ("same_as_kernel", "port_values")

GUARD = tuple(str(file.relative_to(paths.TOP)) for file in (paths.TOP / "guard").glob("*.[ch]"))

# Why some lines of a file do not run here, and which test is about them. Of others all have to.
FAILING = "what a case says when it fails: test_mutation_score.py"
ONES = "all ones from a device that EEH may have frozen: nothing here has EEH"
NOT_TAKEN = "accesses that the device does not take: test_bad_input.py"
NOT_HERE = {
    "accessors/port.c": "only kernels with GENERIC_IOMAP have cookies for ports:"
                        " test_dropin_edge_cases.py",
    **dict.fromkeys((*GUARD, "observe/trace.h", "svm_mmio_mod.c"),
                    "all that the guard does: test_guard_drivers.py and others"),
    "backend/choice.c": "a kernel that makes all accesses itself: test_guard_parameter.py",
    "observe/counts.c": "hcalls that fail: test_hcall_failures.py",
    "selftest/ops.c": "a load by the kernel that fails",
    **dict.fromkeys(("selftest/mover.c", "selftest/outcome.c", "selftest/worker.c"),
                    "allocations that fail with SOAK=1"),
    "backend/probe.c": "loads that are refused or have no end: test_backend_probe.py",
    "backend/search.c": "hypervisors that do not read SPRG0: the same",
    "backend/register.c": "devices that are not in order",
    "backend/trials.c": "hypervisors that refuse hcalls: test_backend_probe.py",
    "accessors/bulk.c": ONES,
    "backend/detour.c": ONES,
    "backend/hcall.c": "hcalls that fail, addresses of memory: test_hcall_failures.py",
    "backend/tables.c": "a kernel without kprobes, no memory",
    "capture/table.c": "refusals to load: test_mutants.py",
    "selftest/access.c": NOT_TAKEN,
    "selftest/bar.c": "more messages in five seconds than a slow machine has time for",
    "selftest/device.c": NOT_TAKEN,
    "selftest/files.c": "a second run at the same time, and no memory: test_fuzz.py",
    "selftest/pci.c": "a device without a BAR; allocations that fail with SOAK=1",
    "selftest/run.c": FAILING,
    "selftest/tally.c": FAILING,
    **dict.fromkeys((f"selftest/case_{name}.c" for name in
                     ("bulk", "nesting", "state", "stress")), FAILING),
}

# Most of these does not run in this guest: what is to be seen of them is seen elsewhere.
ELSEWHERE = {*GUARD, "accessors/port.c", "backend/hcall.c"}

# What each fault of tests/drivers/faults makes the kernel say. Lockdep stops looking once
# something else was reported, so what it has to find comes first.
REPORTS = {
    "lock_order": "WARNING: possible circular locking dependency detected",
    "cpu_of_preemptible": r"BUG: using smp_processor_id\(\) in preemptible",
    "sleep_in_atomic": "BUG: sleeping function called from invalid context",
    "soft_mask": "WARNING: CPU: .* at arch/powerpc/include/asm/hw_irq.h",
    "free_active_timer": "ODEBUG: free active .* object type: timer_list",
    "list_damaged": "list_del corruption",
    "index_outside": "UBSAN: array-index-out-of-bounds in ",
    "shift_too_far": "UBSAN: shift-out-of-bounds in ",
    "hung_task": "INFO: task insmod:.* blocked for more than",
    "use_after_free": "BUG: KASAN: .*use-after-free in use_after_free",
}


@pytest.fixture(scope="module")
def kernel(debug_kernel):
    return debug_kernel


@pytest.fixture(scope="module")
def debug(kernel):
    """A guest that ends at the first report; secure, as there more of the module runs."""
    built = subject.build(kernel, make_args=coverage.ARGUMENTS)
    driver, stock = (dropin.build(kernel, EDGE_CASES, safe=safe).ko["edge_cases"]
                     for safe in (True, False))
    with Subject.boot(kernel, name="debug", ko=built.ko["svm_mmio"],
                      files={**debugkernel.files(), **programs(), "/edge_cases.ko": driver,
                             "/stock.ko": stock},
                      smp=2, qemu_args=SMALL_WINDOW, append=coverage.APPEND, secure=True,
                      limit=debugkernel.BOOT_LIMIT) as it:
        it.built = built
        it.backend = None       # of the module, if it is loaded
        debugkernel.forget_leaks(it.guest)
        debugkernel.fail_allocations(it.guest, kernel)
        yield it


def ensure_backend(debug, backend):
    """Have the module loaded with @backend; not at all if that is None."""
    if debug.backend == backend:
        return
    if debug.backend:
        debug.backend = None
        debug.unload()
    if backend:
        debug.load(f"backend={backend} guard=off")
        debug.backend = backend


@pytest.fixture
def loaded(debug, request):
    """The module, loaded with a backend: sprg0 if the test names none."""
    ensure_backend(debug, getattr(request, "param", "sprg0"))
    return debug


@pytest.fixture
def unloaded(debug):
    ensure_backend(debug, None)
    return debug


@pytest.mark.parametrize("loaded", OF_THE_MODULE, indirect=True)
def test_selftest(loaded):
    """Every case, with each of them. The kernel has PPC_SVM, and status says how it decided."""
    status = loaded.status()
    assert (status["secure"], status["secure_by"]) == ("yes", "MSR[S], bit 41")
    assert status["backend"] == loaded.backend
    for run in loaded.run_every_case(LIMIT):
        assert run.case.ok and run.case.skipped is None, str(run.case)
        if loaded.backend == "sprg0":
            assert run.seen.matched == run.accesses, run
            assert run.seen.clean or run.case.name in INLINE, run
        elif loaded.backend == "hcall":
            assert run.none_seen or run.case.name in INLINE, run
        else:
            assert run.seen.matched == 0, run


@pytest.mark.parametrize("loaded", OF_THE_MODULE, indirect=True)
def test_stress(loaded):
    for device in ("pci-testdev", "edu"):
        run = loaded.run(device, f"stress threads=4 secs={STRESS_SECS}", LIMIT)
        assert run.case.ok and run.accesses > 100, str(run.case)


def release_devices(debug):
    """Let another driver have those of the self-test."""
    for bdf in {bar.split("/")[-2] for bar in debug.bars.values()}:
        debug.guest.check(f"cd /sys/bus/pci/devices/{bdf};"
                          f" echo >driver_override; echo {bdf} >driver/unbind")


@pytest.mark.parametrize("loaded", ("sprg0", "hcall"), indirect=True)
def test_driver_on_the_drop_in(loaded):
    """Accessors that the self-test leaves out: for ports behind a cookie, and more."""
    release_devices(loaded)
    loaded.guest.check("insmod /edge_cases.ko")
    said = loaded.guest.check(f"cd {FORMS}; for form in *; do echo $form $(cat $form); done")
    loaded.guest.check("rmmod edge_cases")
    ensure_backend(loaded, None)      # it has lost its devices
    assert said.splitlines() == [f"{form} ok" for form in sorted(CAPTURED | {PLAIN})]


def test_files_that_are_read(loaded):
    bar = loaded.bars["edu"]
    loaded.guest.check(f"cd {bar}; echo w32 4 1 >access; echo r32 4 >access", LIMIT)
    assert loaded.guest.check(f"cat {bar}/access").split() == [f"{1 ^ 0xffffffff:#x}"]
    said = loaded.guest.check(f"cd {loaded.bars['nvme']}; echo all >run; cat results", LIMIT)
    assert f"# Totals: pass:{len(CASES['nvme'])} fail:0 " in said
    windows = loaded.guest.check(f"cat {DEBUGFS}/windows")
    assert len(windows.splitlines()) == int(loaded.status()["windows"])


def test_trace_events(loaded):
    loaded.guest.check("mount -t tracefs tracefs /sys/kernel/tracing; cd /sys/kernel/tracing;"
                       " echo 1 >events/svm_mmio/enable")
    for device, case in ((PORTS, "port_values"), ("edu", "load_values"), (BUFFER, "copy_fuzz")):
        assert loaded.run(device, case, LIMIT).case.ok
    loaded.guest.check("cd /sys/kernel/tracing; grep -q svm_mmio_read: trace;"
                       " echo 0 >events/svm_mmio/enable; echo >trace")


@pytest.mark.parametrize("backend", ["sprg0", "hcall"])
def test_guard(unloaded, backend):
    """The guard comes and goes; with it accessors, and a driver that knows nothing of it."""
    unloaded.load(f"backend={backend} guard=on")
    for device, case in (("edu", "load_values"), (BUFFER, "string_values")):
        assert unloaded.run(device, case, LIMIT).case.ok
    release_devices(unloaded)
    unloaded.guest.check("insmod /stock.ko")
    said = unloaded.guest.check(f"cd {FORMS}; for form in *; do echo $form $(cat $form); done")
    unloaded.guest.check("rmmod edge_cases")
    assert said.splitlines() == [f"{form} ok" for form in sorted(CAPTURED | {PLAIN})]
    status = unloaded.status()
    made = int(status["guard_loads"]) + int(status["guard_stores"])
    assert status["guard"] == "on" and made > 100, status
    assert {key for key, value in status.items()
            if key.startswith("guard_left_") and value != "0"} == set()
    unloaded.unload()


def test_guarded_programs(unloaded):
    """Programs that map a BAR: all forms, words drawn at random, threads, rights, single steps; and
    mapped over, protected, forked, and their text changed meanwhile.
    """
    unloaded.load("backend=sprg0 guard=on guard_user=on")
    device = f"/sys/bus/pci/devices/{unloaded.bars[BUFFER].split('/')[-2]}"
    release_devices(unloaded)
    unloaded.guest.check(f"echo 1 >{device}/enable")
    for what in ("copies", "threads", "rights", "futex", "step", f"races {RACE_SECS}",
                 f"text {RACE_SECS}"):
        said = unloaded.guest.check(f"/bar {device}/resource2 {what}", LIMIT)
        assert said.splitlines()[-1] == "ok" and "WRONG" not in said, said
    for what in (f"forms {WORDS} 1", f"random {WORDS} 7"):
        said = unloaded.guest.check(f"/words {device}/resource2 {what}", LIMIT)
        assert f"count {WORDS} wrong 0 " in said, said
    status = unloaded.status()
    print({key: value for key, value in status.items() if key.startswith("guard_user")})
    made = int(status["guard_user_loads"]) + int(status["guard_user_stores"])
    assert status["guard_user"] == "on" and made > 2 * WORDS
    assert int(status["guard_user_refused"]) > 100 and int(status["guard_user_retried"]) > 0
    unloaded.unload()


def test_reload(unloaded):
    for turn in range(RELOADS):
        unloaded.load(f"backend={BACKENDS[turn % len(BACKENDS)]}")
        assert unloaded.run("edu", "load_values").case.ok
        unloaded.unload()
        assert unloaded.guest.run(f"test -e {DEBUGFS}").rc


def test_search_for_a_backend(unloaded):
    """To load, asked for and not, and again by the file "probe", on any function and on one there
    is not.
    """
    unloaded.load()
    status = unloaded.status()
    assert (status["backend"], status["reason"]) == (
        "sprg0", "auto, in a secure guest: SPRG0 is read")
    unloaded.unload()
    unloaded.load("backend=probe")
    assert unloaded.status()["reason"] == "probe: SPRG0 is read"
    said = unloaded.guest.check(f"cd {DEBUGFS}; echo other >probe; for n in 1 2 3; do"
                                " echo any >probe && cat probe; done")
    assert said.count("direct: works, ") == said.count("sprg0: works, ") == 3, said
    unloaded.unload()


def test_bad_parameter(unloaded):
    assert unloaded.guest.run("insmod /svm_mmio.ko backend=other").rc == errno.EINVAL


def test_bad_input(loaded):
    """Each input of test_bad_input.py that a shell can write: the same errno as there."""
    for device, size in BAR_BYTES.items():
        for file, inputs, error in (
                ("access", ACCESS_EINVAL, errno.EINVAL), ("run", RUN_EINVAL, errno.EINVAL),
                ("access", [line.format(size=size) for line in ACCESS_ERANGE], errno.ERANGE)):
            inputs = [line for line in inputs if line]      # printf writes nothing for ""
            script = "\n".join(
                f"printf '{line}' >/tmp/input; dd if=/tmp/input of={loaded.bars[device]}/{file}"
                f" bs=64k 2>&1 | grep -c ': {MESSAGES[error]}$'" for line in inputs)
            seen = loaded.guest.run(script, LIMIT).out.split()
            assert seen == ["1"] * len(inputs), list(zip(seen, inputs))


def test_device_removed_while_in_use(loaded):
    """Its files stay open, its run ends early, and it comes back."""
    bar = loaded.bars["edu"]
    device = "/sys/bus/pci/devices/" + bar.split("/")[-2]
    said = loaded.guest.check(
        f"exec 4<>{bar}/access; (echo 'stress secs=600' >{bar}/run) 2>/tmp/said & run=$!\n"
        f"sleep 3; echo 1 >{device}/remove; wait $run; echo $?; cat /tmp/said\n"
        "echo 'r32 0' >&4; exec 4<&-; sleep 1; echo 1 >/sys/bus/pci/rescan", LIMIT)
    assert said.count(os.strerror(errno.ENODEV)) == 2, said
    loaded.find_bars()
    assert loaded.run("edu", "load_values").case.ok


def refused_or_done(results):
    """Each of them either succeeded or said that there is no memory; the number of both.

    To claim a BAR the kernel itself needs memory: pci_request_region() then says EBUSY. If it has
    none for a driver's name in sysfs, it says EINVAL.
    """
    for rc, said in results:
        assert (rc in (0, errno.ENOMEM)
                or any(word in said for word in (NO_MEMORY, BUSY, INVALID))), (rc, said)
    return sum(rc != 0 for rc, _ in results), sum(rc == 0 for rc, _ in results)


def test_no_memory_while_loading(unloaded):
    """It is not loaded, or it is there with less: a device not claimed, a file missing."""
    results = debugkernel.failing(
        unloaded.guest, f'exec {debugkernel.LOAD} /svm_mmio.ko "backend=sprg0 guard=off"',
        SOME_WHILE_LOADING,
        after="if [ -e /sys/module/svm_mmio ]; then rmmod svm_mmio; fi")
    refused, done = refused_or_done(results)
    print(f"load: {len(results)} times an allocation failed; refused: {refused}")
    assert refused >= 1 and done >= 5
    unloaded.load("backend=sprg0 guard=off")
    assert unloaded.run("pci-testdev", "load_values").all_captured
    unloaded.unload()


@pytest.mark.parametrize("device", ["pci-testdev", "edu"])
def test_no_memory_while_probing(loaded, device):
    """The device is not claimed, and can be later."""
    bdf = loaded.bars[device].split("/")[-2]
    driver = "/sys/bus/pci/drivers/svm_mmio"
    loaded.guest.check(f"echo {bdf} >{driver}/unbind")
    results = debugkernel.failing(loaded.guest, f"echo {bdf} >{driver}/bind", SOME,
                                  after=f"[ ! -e {driver}/{bdf} ] || echo {bdf} >{driver}/unbind")
    refused, done = refused_or_done(results)
    print(f"probe of {device}: {len(results)} times an allocation failed; refused: {refused}")
    assert refused >= 1 and done >= 1
    loaded.guest.check(f"echo {bdf} >{driver}/bind")
    loaded.find_bars()
    assert loaded.run(device, "load_values").all_captured


# What is written where.
RUNS = {
    "access": ("pci-testdev", 'echo "r32 0" >{bar}/access'),
    "list": ("pci-testdev", "exec cat {bar}/run"),
    "load_values": ("pci-testdev", "echo load_values >{bar}/run"),
    "stress": ("edu", 'echo "stress secs=1 threads=2" >{bar}/run'),
    "nested": ("edu", "echo nested_ipi >{bar}/run"),
    "copies": (BUFFER, "echo string_values >{bar}/run"),
}


@pytest.mark.parametrize("what", RUNS)
def test_no_memory_while_running(loaded, what):
    """Whoever reads or writes is told, or it goes without; and the next run is a good one."""
    device, command = RUNS[what]
    bar = loaded.bars[device]
    results = debugkernel.failing(loaded.guest, command.format(bar=bar), SOME)
    refused, _ = refused_or_done(results)
    print(f"{what}: {len(results)} times an allocation failed; refused: {refused}")
    assert refused >= 1     # the first one is for what was written, or for what is read
    assert loaded.run("pci-testdev", "load_values").all_captured


def test_nothing_reported(unloaded):
    """After all of the above: nothing lost, lockdep still looking, no taint."""
    assert debugkernel.leaks(unloaded.guest) == ""
    assert debugkernel.lockdep_works(unloaded.guest)
    assert debugkernel.taint(unloaded.guest) == 0


def test_lines_that_ran(debug, kernel):
    """Of the module's C code that can run here, in all of the above: nine in ten lines. The others
    have a reason.
    """
    counts = coverage.collect(debug.guest, kernel, debug.built)
    table = coverage.table(counts, NOT_HERE)
    print(table)
    coverage.REPORT.write_text(f"{table}\n", encoding="utf-8")
    here = {name: lines for name, lines in counts.items() if name not in ELSEWHERE}
    assert coverage.share(coverage.total(here)) >= 0.9, table
    assert {name for name, *_ in coverage.missed(counts)} <= NOT_HERE.keys(), table


def test_each_witness_reports_its_fault(kernel):
    """Negative control: a driver does wrong each thing that was looked for."""
    ko = build_module(kernel, paths.TOP / "tests/drivers/faults").ko["faults"]
    with Guest.boot(kernel, name="debug-faults", files={"/faults.ko": ko}, smp=2, strict=False,
                    devices=(), limit=debugkernel.BOOT_LIMIT) as guest:
        debugkernel.forget_leaks(guest)
        assert debugkernel.lockdep_works(guest) and debugkernel.taint(guest) == 0
        guest.check("echo 2 >/proc/sys/kernel/hung_task_timeout_secs")
        for fault, report in REPORTS.items():
            mark = guest.mark()
            # A fault may well kill it.
            guest.run(f"insmod /faults.ko fault={fault}")
            said = [text for _, text in guest.dmesg(mark)]
            assert any(re.search(report, text) for text in said), (fault, said)
            if fault == "lock_order":
                assert not debugkernel.lockdep_works(guest)
        assert debugkernel.taint(guest)
        assert "unreferenced object" not in debugkernel.leaks(guest)
        guest.run("insmod /faults.ko fault=leak")
        lost = debugkernel.leaks(guest)
        assert lost.count("size 128") >= 10, lost
