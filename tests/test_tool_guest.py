# SPDX-License-Identifier: GPL-2.0
"""svm-mmio in a guest: says what is missing and what to do, tests, accesses, claims, measures."""

import json
import re
import shlex

import pytest
from lab import ktap, mutation, tool
from lab.guest import Guest
from lab.stock import stock_modules
from test_signing import LOCK_DOWN

OK, BAD, USAGE, CANNOT = 0, 1, 2, 3
OTHER = "nec-usb-xhci"      # a device that nothing is known of, and that has no driver here
DEVICES = ("pci-testdev", "edu", OTHER)


@pytest.fixture(scope="module", name="files")
def tool_files(ko):
    return {**tool.guest_files(), "/svm_mmio.ko": ko}


@pytest.fixture(scope="module", name="guest")
def boot(kernel, files):
    with Guest.boot(kernel, name="tool", files=files, devices=DEVICES) as it:
        yield it


@pytest.fixture(autouse=True)
def loaded(request):
    """The module with backend sprg0, in the guest that most tests share."""
    if "guest" in request.fixturenames:
        request.getfixturevalue("guest").check(
            "test -d /sys/module/svm_mmio || insmod /svm_mmio.ko backend=sprg0")


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
    for args in (["devices"], ["test"], ["bench"], ["claim", "0:0.0"],
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


def test_everything(guest):
    done = call(guest, "test")
    assert done.rc == OK, done
    assert re.search(r"^\d+ passed, 0 failed, \d+ skipped$", done.out, re.MULTILINE), done.out
    assert done.out.count("\n") == 4 and done.err == ""      # no terminal: no bar, no colour
    result = call(guest, "test", "--ktap")
    bars = ktap.parse(result.out)
    assert result.rc == OK and len(bars) == 3
    assert all(len(bar.subtests) > 10 and not ktap.failures(bar.subtests) for bar in bars)


def test_one_case_of_one_device(guest):
    edu = next(bar["device"] for bar in parsed(guest, "devices")["bars"] if bar["kind"] == "edu")
    results = parsed(guest, "test", edu, "load_values", "stress threads=2 secs=1")["results"]
    assert [(r["case"], r["outcome"]) for r in results] == [("load_values", "ok"), ("stress", "ok")]
    assert all(r["accesses"] > 0 for r in results)
    done = call(guest, "test", "nonsense")
    assert done.rc == BAD and 'there is no case "nonsense"' in done.out


def test_claim_and_release(guest):
    bdf = guest.check("cd /sys/bus/pci/devices; grep -l 0x0c0330 */class | cut -d/ -f1").strip()
    short = bdf.split(":", 1)[1]
    assert call(guest, "claim", short).rc == OK
    assert bdf in call(guest, "devices").out
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


def test_a_failing_module(kernel, files):
    """Negative control: what fails is called so, by the summary and by the exit code."""
    ko = mutation.build(kernel, ["no-restore"])[mutation.unchecked("no-restore")]
    with Guest.boot(kernel, name="tool-mutant", files={**files, "/svm_mmio.ko": ko}) as it:
        it.check("insmod /svm_mmio.ko backend=sprg0")
        done = call(it, "test", "sprg0_kept")
        assert done.rc == BAD and "FAILED" in done.out
        assert call(it, "test", "--ktap", "sprg0_kept").out.count("not ok") == 6


def test_a_device_in_use(kernel, files):
    """It is taken from its driver if that is asked for twice, and comes back to it."""
    modules = {f"/{name}.ko": ko for name, ko in stock_modules(kernel, "nvme").items()}
    with Guest.boot(kernel, name="tool-in-use", files={**files, **modules},
                    devices=("nvme,serial=lab",)) as it:
        for module in (*modules, "/svm_mmio.ko"):
            it.check(f"insmod {module}")
        driver = "basename $(readlink /sys/bus/pci/devices/0000:00:00.0/driver)"
        assert it.check(driver) == "nvme\n"
        for force in ([], ["--force"]):
            done = call(it, "claim", *force, "0:0.0")
            assert done.rc == CANNOT and "in use by the driver nvme" in done.err
            assert it.check(driver) == "nvme\n"
        assert call(it, "claim", "--force", "--force", "0:0.0").rc == OK
        assert it.check(driver) == "svm_mmio\n"
        assert "back with nvme" in call(it, "release", "0:0.0").out
        assert it.check(driver) == "nvme\n"


def test_lockdown(kernel, files):
    """status still works, and test says why it does not."""
    with Guest.boot(kernel, name="tool-lockdown", files=files) as it:
        it.check("insmod /svm_mmio.ko backend=sprg0")
        it.check(LOCK_DOWN)
        assert call(it, "status").rc == OK
        assert call(it, "devices").rc == OK
        for args in (["test"], ["access", "0:0.0", "0", "r32", "0x10"], ["bench"]):
            done = call(it, *args)
            assert done.rc == CANNOT and "locked down" in done.err, (args, done)
