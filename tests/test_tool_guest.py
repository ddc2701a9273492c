# SPDX-License-Identifier: GPL-2.0
"""svm-mmio in a guest: says what is missing and what to do, tests, accesses, claims, measures.

All tests share one guest, and the last one locks its kernel down.
"""

import json
import re
import shlex

import pytest
from lab import ktap, mutation, tool
from lab.guest import Guest
from lab.stock import stock_modules
from test_signing import LOCK_DOWN

OK, BAD, USAGE, CANNOT, SKIPPED = 0, 1, 2, 3, 4
# One that nothing is known of and that has no driver here, and one that gets a driver.
DEVICES = ("pci-testdev", "edu", "nec-usb-xhci", "nvme,serial=lab")
XHCI, NVME = "0x0c0330", "0x010802"     # their classes
MUTANT = "no-restore"


@pytest.fixture(scope="module", name="driver")
def nvme(kernel):
    """Debian's driver of nvme, for the guest: {"/path": Path}, in the order to load."""
    return {f"/{name}.ko": ko for name, ko in stock_modules(kernel, "nvme").items()}


@pytest.fixture(scope="module", name="guest")
def boot(kernel, ko, driver):
    mutant = mutation.build(kernel, [MUTANT])[mutation.unchecked(MUTANT)]
    files = {**tool.guest_files(), **driver, "/svm_mmio.ko": ko, "/mutant.ko": mutant}
    with Guest.boot(kernel, name="tool", files=files, devices=DEVICES) as it:
        yield it


@pytest.fixture(autouse=True)
def loaded(guest):
    """The module with backend sprg0."""
    guest.check("test -d /sys/module/svm_mmio || insmod /svm_mmio.ko backend=sprg0")


def find(guest, pci_class):
    """The PCI device of this class, as the command prints it."""
    return guest.check(
        f"cd /sys/bus/pci/devices; grep -l {pci_class} */class | cut -d/ -f1").strip()


def call(guest, *args, timeout=300):
    """Run the command; a Done."""
    words = " ".join(shlex.quote(arg) for arg in args)
    result = guest.run(f"svm-mmio {words} 2>/tmp/err", timeout=timeout)
    return tool.Done(result.rc, result.out, guest.check("cat /tmp/err"))


def parsed(guest, *args):
    return json.loads(call(guest, "--json", *args).out)


def test_not_loaded(guest):
    guest.run("rmmod svm_mmio")
    done = call(guest, "status")
    assert done.rc == CANNOT and "not loaded" in done.err and "modprobe svm_mmio" in done.err
    assert parsed(guest, "status")["loaded"] is False
    for args in (["devices"], ["probe"], ["test"], ["bench"], ["claim", "0:0.0"],
                 ["access", "0:0.0", "0", "r32", "0"]):
        assert call(guest, *args).rc == CANNOT, args


def test_debugfs_not_mounted(guest):
    guest.check("umount /sys/kernel/debug")
    try:
        done = call(guest, "status")
        assert done.rc == CANNOT and "mount -t debugfs" in done.err
    finally:
        guest.check("mount -t debugfs debugfs /sys/kernel/debug")


def test_status(guest):
    done = call(guest, "status")
    assert done.rc == OK and "Backend sprg0" in done.out and "not a secure one" in done.out
    assert "Next: " in done.out
    status = parsed(guest, "status")
    assert (status["backend"], status["secure"], status["loaded"]) == ("sprg0", "no", True)
    shown = guest.check("grep windows: /sys/kernel/debug/svm_mmio/status")
    assert status["windows"] == int(shown.split()[1])


def test_devices(guest):
    bars = parsed(guest, "devices")["bars"]
    assert [(bar["kind"], bar["bar"], bar["space"]) for bar in bars] == [
        ("pci-testdev", 0, "memory"), ("pci-testdev", 1, "ports"), ("edu", 0, "memory")]
    assert [bar["size"] for bar in bars] == [4096, 256, 1 << 20]
    assert len(call(guest, "devices").out.splitlines()) == 3


def test_access(guest):
    edu = next(bar["device"] for bar in parsed(guest, "devices")["bars"] if bar["kind"] == "edu")
    test = call(guest, "access", edu, "0", "r32", "0x0")
    assert test.rc == OK and int(test.out, 16) in (0x010000ed, 0xed000001)
    assert call(guest, "access", edu, "bar0", "w32", "0x4", "0x12345678") == tool.Done(OK, "", "")
    read = parsed(guest, "access", edu, "0", "r32", "4")
    assert int(read["value"], 16) == 0x12345678 ^ 0xffffffff
    for args, rc, said in ((["r32", "0x2"], USAGE, "not a multiple"),
                           (["r32", "0x100000"], USAGE, "outside the BAR"),
                           (["r24", "0"], USAGE, "not understood"), (["w32", "0"], USAGE, "VALUE")):
        done = call(guest, "access", edu, "0", *args)
        assert (done.rc, said in done.err) == (rc, True), done
    assert call(guest, "access", edu, "7", "r32", "0").rc == CANNOT
    for bar in ("r32", "bar", "", "0x0", "-1"):
        done = call(guest, "access", edu, bar, "r32", "0")
        assert done.rc == USAGE and "write 0, or bar0" in done.err, (bar, done)


def test_everything(guest):
    done = call(guest, "test")
    assert done.rc == OK, done
    assert re.search(r"^\d+ passed, 0 failed, \d+ skipped$", done.out, re.MULTILINE), done.out
    assert done.out.count("\n") == 4 and done.err == ""      # no terminal: no bar, no colour
    edu = next(bar["device"] for bar in parsed(guest, "devices")["bars"] if bar["kind"] == "edu")
    result = call(guest, "test", "--ktap", edu, "all")
    bar, = ktap.parse(result.out)
    assert result.rc == OK and bar.name == f"{edu}/bar0"
    assert len(bar.subtests) > 10 and not ktap.failures(bar.subtests)


def test_one_case_of_one_device(guest):
    edu = next(bar["device"] for bar in parsed(guest, "devices")["bars"] if bar["kind"] == "edu")
    results = parsed(guest, "test", edu, "load_values", "stress threads=2 secs=1")["results"]
    assert [(r["case"], r["outcome"]) for r in results] == [("load_values", "ok"), ("stress", "ok")]
    assert all(r["accesses"] > 0 for r in results)


def results(guest):
    """What the last run on each BAR said: it changes with each."""
    return guest.check("cat /sys/kernel/debug/svm_mmio/*/bar*/results")


@pytest.mark.parametrize("args, said", [
    (["nonsense"], "neither a case nor a PCI device. The cases are: load_values "),
    (["load_valus"], "load_values"), ([""], "load_values"), (["0000:00:1z.0"], "load_values"),
    (["load_values", "nonsense"], "'nonsense'"), (["stress=1"], "'stress=1'"),
    (["stress", "0000:00:01.0"], "before the cases"),
    (["0000:00:00.0", "0000:00:01.0"], "one device at most"),
    (["--ktap", "stress", "0:1.0"], "before the cases"), (["--nonsense"], "--ktap"),
    (["stress secs=0"], "1 to 86400 seconds"), (["stress sec=5"], 'write "stress threads='),
    (["load_values secs=5"], "takes no arguments")])
def test_what_makes_no_sense_is_no_failed_test(guest, args, said):
    """It has an exit code of its own, advice for who typed it, and has run nothing."""
    before = results(guest)
    done = call(guest, "test", *args)
    assert (done.rc, said in done.err, done.out) == (USAGE, True, ""), done
    assert "read this file" not in done.err and results(guest) == before


def test_all_skipped_is_not_passed(guest):
    """Of two cases one is enough, though."""
    for option in ([], ["--ktap"], ["--json"]):
        done = call(guest, "test", *option, "copy_fuzz")
        assert done.rc == SKIPPED and done.err == "" and "skip" in done.out.lower(), done
    assert call(guest, "test", "copy_fuzz", "sprg0_kept").rc == OK


def test_a_run_under_way(guest):
    """Nothing has failed: it cannot be done now."""
    edu = next(bar["device"] for bar in parsed(guest, "devices")["bars"] if bar["kind"] == "edu")
    guest.check(f"cd /sys/kernel/debug/svm_mmio/{edu}/bar0;"
                " (echo stress secs=60 >run) >/dev/null 2>&1 & echo $! >/tmp/pid; sleep 1")
    try:
        done = call(guest, "test", edu, "load_values")
    finally:
        guest.check("kill $(cat /tmp/pid); while kill -0 $(cat /tmp/pid) 2>/dev/null;"
                    " do sleep 0.1; done")
    assert done.rc == CANNOT and "not run" in done.out and "wait for it" in done.out, done


def test_claim_and_release(guest):
    bdf = find(guest, XHCI)
    short = bdf.split(":", 1)[1]
    assert call(guest, "claim", short).rc == OK
    assert bdf in call(guest, "devices").out
    assert call(guest, "test", short, "load_values").rc == SKIPPED      # only sprg0_kept is for it
    assert call(guest, "claim", bdf).rc == OK       # it is held already
    assert parsed(guest, "release", bdf) == {"released": bdf, "driver": None}
    assert bdf not in call(guest, "devices").out
    override = guest.check(f"cat /sys/bus/pci/devices/{bdf}/driver_override").strip()
    assert override == "(null)"
    done = call(guest, "release", bdf)
    assert done.rc == CANNOT and "not held" in done.err
    assert call(guest, "claim", "0000:00:1f.7").rc == CANNOT
    assert call(guest, "claim", "nonsense").rc == USAGE


def test_bench(guest):
    done = call(guest, "bench", "--csv", "--count", "50")
    lines = done.out.splitlines()
    assert done.rc == OK and lines[0] == "backend,bar,kind,bits,ns"
    # pci-testdev: four widths in memory, three as ports; edu: two.
    assert len(lines) == 1 + 50 * (4 + 3 + 2)
    assert all(re.fullmatch(r"sprg0,0000:\S+/bar\d,[a-z-]+,\d+,\d+", line) for line in lines[1:])
    picture = call(guest, "bench", "--count", "50")
    assert picture.rc == OK and picture.out.count("median") == 9 and "####" in picture.out
    assert len(parsed(guest, "bench", "--count", "50")) == 9


def test_a_failing_module(guest):
    """Negative control: what fails is called so, by the summary and by the exit code."""
    guest.check("rmmod svm_mmio; insmod /mutant.ko backend=sprg0")
    try:
        done = call(guest, "test", "copy_fuzz", "sprg0_kept")
        assert done.rc == BAD and "FAILED" in done.out
        assert call(guest, "test", "--ktap", "sprg0_kept").out.count("not ok") == 6
    finally:
        guest.check("rmmod svm_mmio")


def test_a_device_in_use(guest, driver):
    """It is taken from its driver if that is asked for twice, and comes back to it."""
    for module in driver:
        guest.check(f"insmod {module}")
    bdf = find(guest, NVME)
    bound = f"basename $(readlink /sys/bus/pci/devices/{bdf}/driver)"
    assert guest.check(bound) == "nvme\n"
    for force in ([], ["--force"]):
        done = call(guest, "claim", *force, bdf)
        assert done.rc == CANNOT and "in use by the driver nvme" in done.err
        assert guest.check(bound) == "nvme\n"
    assert call(guest, "claim", "--force", "--force", bdf).rc == OK
    assert guest.check(bound) == "svm_mmio\n"
    assert "back with nvme" in call(guest, "release", bdf).out
    assert guest.check(bound) == "nvme\n"


def test_lockdown(guest):
    """status still works, and test says why it does not. Comes last: it cannot be undone."""
    for script in (LOCK_DOWN, "echo confidentiality >/sys/kernel/security/lockdown"):
        guest.check(script)
        assert call(guest, "status").rc == OK
        assert call(guest, "devices").rc == OK
        for args in (["test"], ["test", "load_values"], ["access", "0:0.0", "0", "r32", "0x10"],
                     ["bench"], ["probe"]):
            done = call(guest, *args)
            assert done.rc == CANNOT and "locked down" in done.err, (args, done)
