# SPDX-License-Identifier: GPL-2.0
"""svm-mmio says what the module's files say, whatever that is: counts, refusals, results of any
sort and results that are cut short; and its exit status is not that of success if they are bad.

The files are the test's own, in place of /sys; no guest could be made to have all of them.
"""

import json
import re

import pytest
from lab import ktap
from lab.fake_sysfs import DEBUG, Sysfs
from test_status import COUNTS

pytestmark = pytest.mark.quick

OK, BAD, USAGE, CANNOT, SKIPPED = 0, 1, 2, 3, 4
STATUS = {"version": "0.1.0", "secure": "no", "secure_by": "MSR[S], bit 41", "backend": "sprg0",
          "reason": "parameter backend names it", "guard": "off", "guard_reason": "auto",
          "windows": "65", "probe_register": "-", "probe_sprg0": "not tried",
          "probe_hcall": "not tried", **dict.fromkeys(COUNTS, "0")}
EDU, TESTDEV = "0000:00:02.0", "0000:00:01.0"
CASES = "load_values\nstress\n"


def status(**changed):
    return "".join(f"{key}: {value}\n" for key, value in {**STATUS, **changed}.items()
                   if value is not None)


def report(result, *said, name="load_values"):
    """What the module writes of one case."""
    lines = ["KTAP version 1", "1..1", *said, f"{result} 1 {name}" if result else None]
    return "".join(f"{line}\n" for line in lines if line)


GOOD = report("ok", "# 0000:00:02.0 bar0, backend sprg0", "# load_values: accesses=401")


@pytest.fixture(name="it")
def sysfs(tmp_path):
    """The module is loaded, and holds an edu of one BAR."""
    it = Sysfs(tmp_path)
    it.write(f"{DEBUG}/status", status())
    it.device(EDU, resource="0x80000000 0x800fffff 0x40200",
              bars={"bar0": {"run": CASES, "results": GOOD}})
    return it


def say(it, **changed):
    it.write(f"{DEBUG}/status", status(**changed))
    done = it.call("status")
    as_json = json.loads(it.call("--json", "status").out)
    assert as_json["next"] == done.out.rpartition("Next: ")[2].strip()
    return done, as_json


# ---- status

def test_status(it):
    done, as_json = say(it, loads_8="3", bulk_stores="70")
    assert (done.rc, done.out, done.err) == (OK, (
        "svm_mmio 0.1.0 is loaded. This guest is not a secure one (MSR[S], bit 41).\n"
        "Backend sprg0: parameter backend names it.\nGuard off: auto.\n"
        "65 capture windows, each verified when the module was loaded.\n"
        "Accesses so far: 3 loads_8, 70 bulk_stores.\n"
        "The self-test holds 1 BARs (svm-mmio devices).\nNext: test it: svm-mmio test\n"), "")
    assert (as_json["loads_8"], as_json["loads_16"], as_json["bars"], as_json["version"]) == (
        3, 0, 1, "0.1.0")
    assert as_json["loaded"] is True


def test_colours(it):
    """What is bold, or green, is the name and no more."""
    out = it.call("--colour=always", "status").out
    assert out.startswith("\033[1msvm_mmio 0.1.0\033[0m is loaded")
    assert "Backend \033[32msprg0\033[0m: " in out and "Guard \033[32moff\033[0m: " in out
    it.write(f"{DEBUG}/{EDU}/bar0/results", report("not ok"))
    out = it.call("--colour=always", "test", EDU, "load_values").out
    assert out.startswith("\033[31mFAILED \033[0m") and "\n  \033[31mFAILED \033[0m" in out
    it.write(f"{DEBUG}/{EDU}/bar0/results", GOOD)
    assert it.call("--colour=always", "test", EDU, "load_values").out.startswith(
        "\033[32mok     \033[0m")


@pytest.mark.parametrize("name", COUNTS)
def test_counts(it, name):
    done, as_json = say(it, **{name: "12"})
    assert f"Accesses so far: 12 {name}.\n" in done.out and as_json[name] == 12
    assert (done.rc == BAD) == (name == "hcall_errors")


def test_nothing_counted(it):
    assert "Accesses so far: none counted.\n" in say(it)[0].out


def test_accesses_that_were_refused(it):
    """The user is told that drivers have lost accesses, and where to look."""
    done, _ = say(it, backend="hcall", hcall_errors="2")
    assert done.rc == BAD and "has refused accesses" in done.out and "dmesg" in done.out


@pytest.mark.parametrize("changed, rc, advice", [
    ({"secure": "yes", "backend": "direct"}, BAD, "captures nothing: rmmod svm_mmio; modprobe"),
    ({"secure": "yes"}, OK, "nobody has tried whether the ultravisor reads SPRG0"),
    ({"secure": "yes", "probe_sprg0": "works, 3 us"}, OK, "the guard is off"),
    ({"secure": "yes", "probe_sprg0": "works, 3 us", "guard": "on"}, OK, "svm-mmio test"),
    ({"secure": "yes", "backend": "hcall", "guard": "on"}, OK, "svm-mmio test"),
    ({"backend": "direct"}, OK, "nothing: in a normal guest"),
    ({"backend": "hcall"}, OK, "svm-mmio test")])
def test_what_to_do_next(it, changed, rc, advice):
    done, _ = say(it, **changed)
    assert done.rc == rc and advice in done.out.rpartition("Next: ")[2], done
    assert ("is a secure one" in done.out) == (changed.get("secure") == "yes")


def test_what_was_searched(it):
    done, _ = say(it, probe_register="0000:00:01.0 BAR 0 + 0x4", probe_sprg0="works, 3 us",
                  probe_hcall="not answered")
    assert "Found out on 0000:00:01.0 BAR 0 + 0x4: sprg0 works, 3 us; hcall not answered.\n" in (
        done.out)
    assert "Found out" not in say(it)[0].out


def test_an_older_module(it):
    """A key that is not there is no reason to crash, nor one to make something up."""
    for key in STATUS:
        done, as_json = say(it, **{key: None})
        assert done.rc == OK and key not in as_json and "(null)" not in done.out


def test_a_newer_module(it):
    """Nor is what it does not know: a key of another sort, or a line that has none."""
    it.write(f"{DEBUG}/status", "# of another sort\n" + status(news="1 of 2"))
    done, as_json = it.call("status"), json.loads(it.call("--json", "status").out)
    assert done.rc == OK and done.out.startswith("svm_mmio 0.1.0 is loaded.")
    assert as_json["news"] == "1 of 2" and not [key for key in as_json if "sort" in key]


def test_not_readable(it):
    (it.top / DEBUG / "status").unlink()
    done = it.call("status")
    assert done.rc == CANNOT and "is not there though the module is loaded" in done.err


# ---- devices, access

def test_devices(it):
    it.device(TESTDEV, ids=("0x1b36", "0x0005"),
              resource="0x90000000 0x90000fff 0x40200\n0x1000 0x10ff 0x40101",
              bars={"bar0": {"run": CASES}, "bar1": {"run": CASES}})
    it.device("0001:00:03.0", ids=("0x8086", "0x100e"), bars={"bar2": {"run": ""}})
    bars = json.loads(it.call("--json", "devices").out)["bars"]
    assert [(bar["device"], bar["bar"], bar["kind"], bar["space"], bar["size"])
            for bar in bars] == [
        (TESTDEV, 0, "pci-testdev", "memory", 4096), (TESTDEV, 1, "pci-testdev", "ports", 256),
        (EDU, 0, "edu", "memory", 1 << 20), ("0001:00:03.0", 2, "8086:100e", "memory", 0)]


# ---- test

def run(it, results, *args, name="load_values"):
    it.write(f"{DEBUG}/{EDU}/bar0/results", results)
    return it.call("test", *args, EDU, name)


def outcome(it, results):
    """What --json says of the one case."""
    it.write(f"{DEBUG}/{EDU}/bar0/results", results)
    done = it.call("--json", "test", EDU, "load_values")
    found, = json.loads(done.out)["results"]
    return found


def test_passed(it):
    done = run(it, GOOD)
    assert (done.rc, done.out, done.err) == (
        OK, f"ok      {EDU}/bar0 (edu): 1 passed, 0 failed, 0 skipped, 401 accesses\n"
        "1 passed, 0 failed, 0 skipped\n", "")


@pytest.mark.parametrize("end", range(len(GOOD) - len("ok 1 load_values\n") + 1))
def test_results_cut_short(it, end):
    """Whatever is missing of them, the case has not passed."""
    done = run(it, GOOD[:end])
    assert done.rc == BAD and (
        "\n  FAILED  load_values: the results end before its verdict\n" in done.out)
    found = outcome(it, GOOD[:end])
    assert (found["outcome"], found["why"]) == ("FAILED", "the results end before its verdict")


@pytest.mark.parametrize("results, rc, words", [
    (report("not ok", "# load_values: 3 wrong values"), BAD, "load_values: 3 wrong values"),
    (GOOD + "Bail out! interrupted\n", BAD, "Bail out! interrupted"),
    (report(None, "# load_values: accesses=1"), BAD, "end before its verdict"),
    (report("ok", name="load_values # SKIP needs edu"), SKIPPED, "1 skipped")])
def test_verdicts(it, results, rc, words):
    done = run(it, results)
    assert done.rc == rc and (words is None or words in done.out), done
    assert ("\n  FAILED  load_values" in done.out) == (rc == BAD)
    if rc == SKIPPED:
        assert outcome(it, results)["why"] == "needs edu"
    if rc == BAD:
        assert "1 failed" in done.out and "FAILED" in done.out


@pytest.mark.parametrize("results, rc, ok, skipped", [
    (GOOD, OK, True, None),
    (report("ok", name="load_values # SKIP needs edu"), SKIPPED, True, "needs edu"),
    (report("ok", name="load_values # SKIP"), SKIPPED, True, ""),
    (report("not ok", "# load_values: 3 wrong values"), BAD, False, None),
    (report(None), BAD, False, None)])
def test_as_ktap(it, results, rc, ok, skipped):
    """What is skipped is "# SKIP", as KTAP has it: whoever counts results sees no pass."""
    done = run(it, results, "--ktap")
    bar, = ktap.parse(done.out)
    case, = bar.subtests
    assert (done.rc, bar.name, bar.ok) == (rc, f"{EDU}/bar0", ok)
    assert (case.name, case.ok, case.skipped) == ("load_values", ok, skipped), done.out
    if "wrong values" in results:
        assert "load_values: 3 wrong values" in case.diagnostics
    assert [line for line in case.diagnostics if "accesses=" in line] == (
        ["load_values: accesses=401"] if results == GOOD else [])
    if not ok and "wrong" not in results:
        assert "load_values: the results end before its verdict" in case.diagnostics


def test_results_that_cannot_be_read(it):
    """The case has run, but nobody knows how it went: the reason is said."""
    (it.top / DEBUG / EDU / "bar0/results").unlink()
    done = it.call("test", EDU, "load_values")
    assert done.rc == CANNOT and "0 passed, 1 failed, 0 skipped" in done.out
    assert re.search(r"^  not run load_values: No such file or directory$", done.out,
                     re.MULTILINE), done.out


def test_several_bars_as_ktap(it):
    """They are numbered, and one that is bad does not make another so."""
    it.device(TESTDEV, ids=("0x1b36", "0x0005"),
              bars={"bar0": {"run": CASES, "results": report("not ok")},
                    "bar1": {"run": CASES, "results": GOOD}})
    done = it.call("test", "--ktap")
    assert done.rc == BAD
    assert [(bar.name, bar.ok, [case.ok for case in bar.subtests])
            for bar in ktap.parse(done.out)] == [
        (f"{TESTDEV}/bar0", False, [False, False]), (f"{TESTDEV}/bar1", True, [True, True]),
        (f"{EDU}/bar0", True, [True, True])]
    words = it.call("test").out.splitlines()
    assert [line.split()[0] for line in words if "accesses" in line] == ["FAILED", "ok", "ok"]
    assert words[-1] == "4 passed, 2 failed, 0 skipped"
    assert f"{EDU}/bar0 (edu): 2 passed, 0 failed, 0 skipped, 802 accesses" in words[-2]
    totals = json.loads(it.call("--json", "test").out)["totals"]
    assert totals == {"ok": 4, "FAILED": 2, "skipped": 0, "not run": 0}


@pytest.mark.parametrize("args, rc, said", [
    (["nonsense"], USAGE, "The cases are: load_values stress"), (["load"], USAGE, "load_values"),
    (["stress secs=1"], OK, None), (["all"], OK, None), (["load_values", "all"], USAGE, "'all'"),
    (["0000:00:09.0"], CANNOT, "no BAR of that device"), (["-x"], USAGE, "--ktap"),
    (["stress", EDU], USAGE, "before the cases")])
def test_which_cases(it, args, rc, said):
    done = it.call("test", *args)
    assert done.rc == rc and (said is None or said in done.err), done
    assert not said or not done.out


def test_no_device(tmp_path):
    it = Sysfs(tmp_path)
    it.write(f"{DEBUG}/status", status())
    done = it.call("test")
    assert done.rc == CANNOT and "holds no device" in done.err


@pytest.mark.parametrize("bdf, means", [
    ("00:02.0", EDU), ("0:2.0", EDU), ("0000:00:02.0", EDU), ("0:0:2.0", EDU)])
def test_ways_to_name_a_device(it, bdf, means):
    it.device(TESTDEV, ids=("0x1b36", "0x0005"), bars={"bar0": {"run": CASES, "results": GOOD}})
    done = it.call("test", bdf, "load_values")
    assert done.rc == OK and re.findall(r"^ok +(\S+)", done.out, re.MULTILINE) == [f"{means}/bar0"]
