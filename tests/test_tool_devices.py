# SPDX-License-Identifier: GPL-2.0
"""svm-mmio lists, claims and releases devices, accesses them and measures it, and tells of a trial
what the module does: whatever the kernel answers.

It answers by the test's own scripts (tests/lab/fake_sysfs.py). test_tool_guest.py has a guest.
"""

import errno
import json
import re

import pytest
from lab import tool
from lab.fake_sysfs import DEBUG, Sysfs
from test_tool_sysfs import BAD, CANNOT, EDU, OK, TESTDEV, USAGE, status

pytestmark = pytest.mark.quick

NIC = "0000:00:03.0"
DEVICES = "bus/pci/devices"
PROBE = "bus/pci/drivers_probe"
HELP = "svm-mmio --help lists the commands and their options.\n"
NO_DEVICE = """\
The self-test holds no device. Give the guest one of QEMU's (-device pci-testdev, -device edu),
or hand one over that nothing uses: svm-mmio claim BDF
"""
HELD = f"{EDU} bar 0  edu          memory 0x100000 bytes\n"


@pytest.fixture(name="it")
def sysfs(tmp_path):
    """The module is loaded, and holds an edu; nobody holds the network."""
    it = Sysfs(tmp_path)
    it.write(f"{DEBUG}/status", status())
    it.device(EDU, resource="0x80000000 0x800fffff 0x40200", driver="svm_mmio",
              bars={"bar0": {"run": "stress\n", "access": "0x00000010\n"}})
    it.device(NIC, ids=("0x8086", "0x100e"))
    for bdf in (EDU, NIC):
        it.write(f"{DEVICES}/{bdf}/driver_override", "(null)\n")
    it.write(PROBE, "")
    return it


def wrong(it, *args):
    """Run what is not understood: what is said of it."""
    done = it.call(*args)
    assert (done.rc, done.out) == (USAGE, "") and done.err.endswith(f"\n{HELP}"), done
    return done.err.removesuffix(f"\n{HELP}").removeprefix("svm-mmio: ")


def cannot(it, *args):
    done = it.call(*args)
    assert (done.rc, done.out) == (CANNOT, "") and done.err.startswith("svm-mmio: "), done
    return done.err.removeprefix("svm-mmio: ").removesuffix("\n")


# ---- devices

def test_devices(it):
    it.device(TESTDEV, ids=("0x1b36", "0x0005"), bars={"bar0": {"run": ""}, "bar1": {"run": ""}},
              resource="0x90000000 0x90000fff 0x40200\n0x1000 0x10ff 0x40101")
    it.device("0001:00:03.0", ids=("0x1b36", "0x0010"), bars={"bar2": {"run": ""}},
              resource="0x0 0x0 0x0\n0x0 0x0 0x0\n0x20 0x21 0x40200")
    assert it.call("devices") == tool.Done(OK, f"""\
{TESTDEV} bar 0  pci-testdev  memory 0x1000 bytes
{TESTDEV} bar 1  pci-testdev  ports  0x100 bytes
{HELD}0001:00:03.0 bar 2  nvme         memory 0x2 bytes
""", "")


def test_devices_that_little_is_known_of(it):
    it.device("0002:00:00.0", ids=("0x8086", "0x11e8"), resource="0x1000 0x1000 0x200",
              bars={"bar0": {"run": ""}, "bars": {"run": ""}})
    it.write(f"{DEBUG}/0002:00:00.1/bar1/run", "")
    it.write(f"{DEBUG}/notes/bar0/run", "")
    assert it.call("devices").out == f"""\
{HELD}0002:00:00.0 bar 0  8086:11e8    memory 0x0 bytes
0002:00:00.1 bar 1  ?            memory 0x0 bytes
"""


def test_no_device(tmp_path):
    it = Sysfs(tmp_path)
    it.write(f"{DEBUG}/status", status())
    assert it.call("devices") == tool.Done(OK, NO_DEVICE, "")
    assert json.loads(it.call("--json", "devices").out) == {"bars": []}
    assert cannot(it, "bench") == ("the self-test holds no such device. Next: svm-mmio devices "
                                   "tells how it gets one")


def test_usage_of_devices(it):
    assert wrong(it, "devices", EDU) == f"devices takes no '{EDU}'"


@pytest.mark.parametrize("args", [
    ["devices"], ["probe"], ["probe", EDU], ["bench"], ["claim", EDU],
    ["access", EDU, "0", "r32", "0"]])
def test_nothing_to_ask(it, args):
    it.place("proc/self/mounts", "")
    assert cannot(it, *args) == ("debugfs is not mounted.\n"
                                 "Next: mount -t debugfs debugfs /sys/kernel/debug")


# ---- claim

BIND = f"""read -r bdf
echo "$bdf" >>/tmp/probed
cp /sys/{DEVICES}/{NIC}/driver_override /tmp/override
rm -f /sys/{DEVICES}/{NIC}/driver
ln -s /sys/bus/pci/drivers/%s /sys/{DEVICES}/{NIC}/driver
mkdir -p /sys/{DEBUG}/{NIC}/bar1
echo '6,1,1,-;svm_mmio: %s' >>/dev/kmsg
"""
UNBIND = f"""read -r bdf
echo "$bdf" >/tmp/unbound
rm -f /sys/{DEVICES}/$bdf/driver
"""


def left(it, name):
    """What an answer has written to a file in /tmp."""
    path = it.after / "tmp" / name
    return path.read_text(encoding="ascii") if path.exists() else None


def test_claim(it):
    it.answer(PROBE, BIND % ("svm_mmio", "0000:00:03.0: held"))
    shown = f"{NIC} bar 1  8086:100e    memory 0x0 bytes\n"
    assert it.call("claim", "0:3.0") == tool.Done(OK, shown, "")
    assert left(it, "probed") == f"{NIC}\n" and left(it, "override").startswith("svm_mmio")
    assert left(it, "unbound") is None
    bar, = json.loads(it.call("--json", "claim", NIC).out)["bars"]
    assert (bar["device"], bar["bar"]) == (NIC, 1)


@pytest.mark.parametrize("args", [(EDU,), ("--force", EDU)])
def test_claim_of_what_is_held(it, args):
    it.answer(PROBE, BIND % ("svm_mmio", ""))
    assert it.call("claim", *args) == tool.Done(OK, HELD, "")
    assert left(it, "probed") is None


@pytest.mark.parametrize("force", [(), ("-f",), ("--force",), ("--force", "--force"),
                                   ("-ff",), ("-f", "-f", "-f")])
def test_claim_of_what_is_in_use(it, force):
    it.device(NIC, driver="e1000")
    it.answer(f"{DEVICES}/{NIC}/driver/unbind", UNBIND)
    it.answer(PROBE, BIND % ("svm_mmio", ""))
    if "".join(force).count("f") < 2:
        said = cannot(it, "claim", *force, NIC)
        assert said.startswith(f"{NIC} is in use by the driver e1000: ")
        assert said.endswith(f"svm-mmio claim --force --force {NIC}")
        assert left(it, "unbound") is None
    else:
        assert it.call("claim", *force, NIC).rc == OK
        assert left(it, "unbound") == left(it, "probed") == f"{NIC}\n"


GONE = "It is left as it was; dmesg may tell more"


@pytest.mark.parametrize("answers, why", [
    ({PROBE: "cat >/dev/null"}, "the device has gone"),
    ({PROBE: BIND % ("e1000", f"{NIC}: has no BAR")}, f"{NIC}: has no BAR"),
    ({PROBE: f"exit {errno.EBUSY}"}, "a run is under way: wait for it, or interrupt it"),
    ({f"{DEVICES}/{NIC}/driver_override": f"exit {errno.EACCES}"}, "only root may: use sudo"),
    ({f"{DEVICES}/{NIC}/driver_override": f"exit {errno.EINVAL}"}, "Invalid argument")])
def test_claim_that_fails(it, answers, why):
    for name, script in answers.items():
        it.answer(name, script)
    assert cannot(it, "claim", NIC) == f"{NIC} could not be claimed: {why}. {GONE}"
    # It is offered to the drivers again, as if nothing had been.
    if PROBE in answers:
        assert it.left(f"{DEVICES}/{NIC}/driver_override").startswith("\n")


def test_claim_of_what_stays_with_its_driver(it):
    """If that cannot be unbound, nothing else is tried."""
    it.device(NIC, driver="e1000")
    it.answer(f"{DEVICES}/{NIC}/driver/unbind", f"exit {errno.EPERM}")
    it.answer(PROBE, BIND % ("e1000", ""))
    assert "the kernel does not allow it: is it locked down" in cannot(it, "claim", "-ff", NIC)
    # By the one that offers it to the drivers again: with ours it would be two.
    assert left(it, "probed") == f"{NIC}\n"


@pytest.mark.parametrize("args, said", [
    ((), "claim which device? svm-mmio claim 0000:00:01.0"),
    ((NIC, EDU), "claim which device? svm-mmio claim 0000:00:01.0"),
    (("--fast", NIC), "claim takes --force"),
    (("x1",), "'x1' is no PCI device: write it as lspci -D does, 0000:00:01.0"),
    (("0:3.0x",), "'0:3.0x' is no PCI device: write it as lspci -D does, 0000:00:01.0")])
def test_usage_of_claim(it, args, said):
    assert wrong(it, "claim", *args)[-len(said):] == said


def test_a_device_that_is_not_there(it):
    for command in ("claim", "release"):
        assert cannot(it, command, "1:2:3.4") == (
            "there is no PCI device 0001:02:03.4. Next: lspci -D lists those there are")


# ---- release

def release(it, override, then=None):
    """Release the edu, after which the kernel gives it to driver @then: a Done, and who did."""
    it.write(f"{DEVICES}/{EDU}/driver_override", override)
    it.answer(f"{DEVICES}/{EDU}/driver/unbind", UNBIND + "echo unbound >>/tmp/steps\n")
    it.answer(PROBE, f"cat >>/tmp/probed; cp /sys/{DEVICES}/{EDU}/driver_override /tmp/override\n"
              "echo probed >>/tmp/steps\n" + (
                  f"ln -s /sys/bus/pci/drivers/{then} /sys/{DEVICES}/{EDU}/driver" if then else ""))
    done = it.call("release", EDU)
    return done, (left(it, "steps") or "").split()


def test_release_of_a_test_device(it):
    """Nobody else is to have it: it is not offered to drivers."""
    done, steps = release(it, "(null)\n")
    assert done == tool.Done(OK, f"{EDU} is released\n", "") and steps == ["unbound"]


def test_release_of_what_was_claimed(it):
    done, steps = release(it, "svm_mmio\n", "e1000")
    assert done == tool.Done(OK, f"{EDU} is released, and is back with e1000\n", "")
    assert steps == ["unbound", "probed"] and left(it, "override").startswith("\n")
    assert json.loads(it.call("--json", "release", EDU).out) == {
        "released": EDU, "driver": "e1000"}
    done, steps = release(it, "svm_mmio_2\n", "e1000")
    assert steps == ["unbound"]


def test_release_of_a_test_device_that_was_claimed(it):
    """It comes back, and has to be sent away again."""
    done, steps = release(it, "svm_mmio\n", "svm_mmio")
    assert done.out == f"{EDU} is released\n" and steps == ["unbound", "probed", "unbound"]


def test_release_that_fails(it):
    it.answer(f"{DEVICES}/{EDU}/driver/unbind", f"exit {errno.EACCES}")
    assert cannot(it, "release", EDU) == f"{EDU} could not be released: only root may: use sudo"


@pytest.mark.parametrize("driver, by", [("e1000", "by e1000"), (None, "by no driver")])
def test_release_of_what_is_not_held(it, driver, by):
    it.device(NIC, driver=driver)
    assert cannot(it, "release", NIC) == (
        f"{NIC} is not held by the self-test, but {by}. Next: svm-mmio devices")


def test_usage_of_release(it):
    for args in ((), (EDU, NIC)):
        assert wrong(it, "release", *args) == "release which device? svm-mmio devices lists them"
    assert "is no PCI device" in wrong(it, "release", "edu")


# ---- access

def test_load(it):
    it.answer(f"{DEBUG}/{EDU}/bar0/access", "cat >/tmp/command")
    for bar in ("0", "bar0"):
        assert it.call("access", EDU, bar, "r32", "0x4") == tool.Done(OK, "0x00000010\n", "")
        assert left(it, "command").split() == ["r32", "0x4"]
    assert json.loads(it.call("--json", "access", EDU, "0", "r32", "0x4").out) == {
        "bar": f"{EDU}/bar0", "op": "r32", "offset": "0x4", "value": "0x00000010"}


def test_store(it):
    it.answer(f"{DEBUG}/{EDU}/bar0/access", "cat >/tmp/command")
    assert it.call("access", EDU, "0", "w16be", "8", "0xabcd") == tool.Done(OK, "", "")
    assert left(it, "command") == "w16be 8 0xabcd\n"
    assert json.loads(it.call("--json", "access", EDU, "0", "w8", "1", "2").out) == {
        "bar": f"{EDU}/bar0", "op": "w8", "offset": "1", "value": "2"}


LOG = "echo '3,9,9,-;svm_mmio: 0000:00:02.0: bar0: unaligned' >>/dev/kmsg; "


@pytest.mark.parametrize("error, rc, said", [
    (errno.EINVAL, USAGE, "Invalid argument"), (errno.EBUSY, CANNOT, "a run is under way"),
    (errno.ERANGE, USAGE, "the offset is outside the BAR: svm-mmio devices shows its size"),
    (errno.ENODEV, CANNOT, "the device has gone"), (errno.EINTR, CANNOT, "it was interrupted")])
def test_access_that_is_refused(it, error, rc, said):
    """What the log says of it is said, if that says anything; else what the errno means."""
    args = ("access", EDU, "0", "r32", "0x4")
    it.answer(f"{DEBUG}/{EDU}/bar0/access", f"exit {error}")
    done = it.call(*args)
    assert done.rc == rc and done.err.startswith(f"svm-mmio: refused: {said}") and not done.out
    it.answer(f"{DEBUG}/{EDU}/bar0/access",
              f"echo '6,1,1,-;other: no' >>/dev/kmsg; exit {error}")
    assert it.call(*args).err == done.err
    it.answer(f"{DEBUG}/{EDU}/bar0/access", f"{LOG} exit {error}")
    assert it.call(*args) == tool.Done(
        rc, "", "svm-mmio: refused: 0000:00:02.0: bar0: unaligned\n")


@pytest.mark.parametrize("text, said", [
    ("none [integrity] confidentiality\n", "the kernel is locked down (lockdown=, or secure boot)"),
    ("[none] integrity confidentiality\n", "the kernel does not allow it: is it locked down (cat "),
    (None, "the kernel does not allow it: is it locked down (cat /sys/kernel/security/lockdown)?")])
def test_what_is_not_allowed(it, text, said):
    if text:
        it.write("kernel/security/lockdown", text)
    it.answer(f"{DEBUG}/{EDU}/bar0/access", f"exit {errno.EPERM}")
    assert cannot(it, "access", EDU, "0", "r32", "0").startswith(f"refused: {said}")


def test_what_was_in_the_log_before(it):
    it.place("dev/kmsg", "3,9,9,-;svm_mmio: old\n")
    it.answer(f"{DEBUG}/{EDU}/bar0/access", f"exit {errno.ENODEV}")
    assert cannot(it, "access", EDU, "0", "r32", "0") == "refused: the device has gone"


def test_answer_that_cannot_be_read(it):
    it.answer(f"{DEBUG}/{EDU}/bar0/access", f"rm /sys/{DEBUG}/{EDU}/bar0/access")
    assert cannot(it, "access", EDU, "0", "r8", "0") == f"{EDU}/bar0: No such file or directory"


@pytest.mark.parametrize("args, said", [
    ((EDU, "0", "r32"), "access takes BDF BAR OP OFFSET, and a VALUE to write:"),
    ((EDU, "0", "r32", "0", "1"), "access takes BDF BAR"), ((), "access takes BDF BAR"),
    ((EDU, "0", "w32", "0"), "access takes BDF BAR"),
    (("edu", "0", "r32", "0"), "'edu' is no PCI device: svm-mmio devices lists them"),
    ((EDU, "x", "r32", "0"), "'x' is no BAR: write 0, or bar0"),
    ((EDU, "bar", "r32", "0"), "'bar' is no BAR"), ((EDU, "1x", "r32", "0"), "'1x' is no BAR")])
def test_usage_of_access(it, args, said):
    assert wrong(it, "access", *args).startswith(said)


def test_access_to_what_is_not_held(it):
    assert cannot(it, "access", NIC, "0", "r32", "0") == (
        f"{NIC} is not held by the self-test. Next: svm-mmio devices, or svm-mmio claim {NIC}")
    assert cannot(it, "access", EDU, "bar3", "r32", "0") == (
        f"{EDU} has no BAR 3 that the self-test holds. Next: svm-mmio devices")


def test_access_to_one_of_several(it):
    it.device(TESTDEV, bars={name: {"access": f"0x{n}\n"}
                             for n, name in enumerate(("bar0", "bar1", "bar4"))})
    for name in it.top.glob(f"{DEBUG}/{TESTDEV}/*/access"):
        it.answer(str(name.relative_to(it.top)), "cat >/dev/null")
    for n, bar in enumerate(("0", "1", "4")):
        assert it.call("access", TESTDEV, bar, "r8", "0").out == f"0x{n}\n"


# ---- probe

def trial(**changed):
    lines = {"register": "0000:00:01.0 BAR 0 + 0x4", "direct": "no end, 10043 us",
             "sprg0": "works, 3 us", "hcall": "refused, 7 us", "load_with": "sprg0", **changed}
    return "".join(f"{key}: {value}\n" for key, value in lines.items() if value)


def test_probe(it):
    it.write(f"{DEBUG}/probe", trial())
    it.answer(f"{DEBUG}/probe", "cat >/tmp/asked")
    assert it.call("probe") == tool.Done(OK, """\
Tried on 0000:00:01.0 BAR 0 + 0x4:
  direct  no end       10043 us  it would have faulted for ever: nobody finds the instruction
  sprg0   works            3 us  SPRG0 is read, or the instruction is fetched
  hcall   refused          7 us  the hypervisor has no such hcalls
Load with: modprobe svm_mmio backend=sprg0
""", "")
    assert left(it, "asked") == "any"
    assert it.call("probe", "2.0").rc == USAGE and it.call("probe", "0:2.0").rc == OK
    assert left(it, "asked") == EDU
    assert json.loads(it.call("--json", "probe").out) == {
        "register": "0000:00:01.0 BAR 0 + 0x4", "load_with": "sprg0",
        "direct": {"outcome": "no end", "us": 10043}, "sprg0": {"outcome": "works", "us": 3},
        "hcall": {"outcome": "refused", "us": 7}}


@pytest.mark.parametrize("changed, rows", [
    ({"direct": "works, 0 us"}, ["direct  works            0 us  the instruction is fetched"]),
    ({"direct": "refused, 1 us", "sprg0": "refused, 2 us"}, [
        "direct  refused          1 us  the guest gets an exception in place of a value",
        "sprg0   refused          2 us  the guest gets an exception in place of a value"]),
    ({"sprg0": "no end, 1 us", "hcall": "works, 2 us"}, [
        "sprg0   no end           1 us  it would have faulted for ever: nobody finds",
        "hcall   works            2 us  the hypervisor answers the hcalls"]),
    ({"sprg0": "not tried", "hcall": None}, [
        "sprg0   not tried              there was no register to try it on",
        "hcall   ?                      the hypervisor has no such hcalls"])])
def test_what_a_trial_means(it, changed, rows):
    it.write(f"{DEBUG}/probe", trial(**changed))
    it.answer(f"{DEBUG}/probe", "cat >/dev/null")
    out = it.call("probe").out
    assert all(f"\n  {row}" in out for row in rows), out


def test_colours_of_a_trial(it):
    it.write(f"{DEBUG}/probe", trial(hcall="not tried"))
    it.answer(f"{DEBUG}/probe", "cat >/dev/null")
    out = it.call("--colour=always", "probe").out
    assert "Tried on \033[1m0000:00:01.0 BAR 0 + 0x4\033[0m:\n" in out
    for colour, name in ((31, "no end"), (32, "works"), (33, "not tried")):
        assert f" \033[{colour}m{name:9}\033[0m " in out
    assert "us" not in json.loads(it.call("--json", "probe").out)["hcall"]


def test_no_backend_works(it):
    it.write(f"{DEBUG}/probe", trial(load_with="none"))
    it.answer(f"{DEBUG}/probe", "cat >/dev/null")
    done = it.call("probe")
    assert done.rc == BAD and done.out.endswith(
        "No backend works here: this needs an ultravisor that reads SPRG0, or one that passes\n"
        "H_LOGICAL_CI_LOAD and H_LOGICAL_CI_STORE on (docs/ultravisor.md)\n")


@pytest.mark.parametrize("missing", ["register", "load_with"])
def test_a_probe_of_another_version(it, missing):
    it.write(f"{DEBUG}/probe", trial(**{missing: None}))
    it.answer(f"{DEBUG}/probe", "cat >/dev/null")
    assert cannot(it, "probe").startswith('the module\'s file "probe" is not understood: ')


def test_probe_that_fails(it):
    it.write(f"{DEBUG}/probe", trial())
    it.answer(f"{DEBUG}/probe", f"exit {errno.ENODEV}")
    assert cannot(it, "probe") == "it could not be tried: the device has gone"
    it.answer(f"{DEBUG}/probe", f"{LOG} exit {errno.ENODEV}")
    assert cannot(it, "probe") == "it could not be tried: 0000:00:02.0: bar0: unaligned"
    it.answer(f"{DEBUG}/probe", f"rm /sys/{DEBUG}/probe")
    assert cannot(it, "probe") == "it could not be tried: No such file or directory"


def test_usage_of_probe(it):
    assert wrong(it, "probe", EDU, NIC) == f"probe takes one device, and no '{NIC}'"
    assert wrong(it, "probe", "edu").startswith("'edu' is no PCI device: write it as lspci -D")


# ---- bench

def bench(it, *args):
    it.answer(f"{DEBUG}/{EDU}/bar0/access", "cat >>/tmp/loads; echo >>/tmp/loads")
    return it.call("bench", *args)


def test_bench(it):
    done = bench(it, "--csv", "--count", "3")
    lines = done.out.splitlines()
    assert done.rc == OK and not done.err and lines[0] == "backend,bar,kind,bits,ns"
    assert [line.rpartition(",")[0] for line in lines[1:]] == [
        f"sprg0,{EDU}/bar0,edu,{bits}" for bits in (32, 64) for _ in range(3)]
    values = [int(line.rpartition(",")[2]) for line in lines[1:]]
    # Each took a shell's time; they are sorted.
    assert values[:3] == sorted(values[:3]) and 1e5 < values[0] and values[5] < 6e10
    assert left(it, "loads").split("\n") == [*["r32 0x0"] * 3, *["r64 0x80"] * 3, ""]


def test_bench_as_json(it):
    it.answer(f"{DEBUG}/{EDU}/bar0/access", "cat >/dev/null")
    series = json.loads(it.call("--json", "bench", "-n", "4", EDU).out)
    assert [(one["bar"], one["kind"], one["backend"], one["bits"], one["count"])
            for one in series] == [(f"{EDU}/bar0", "edu", "sprg0", bits, 4) for bits in (32, 64)]
    for one in series:
        assert 1e5 < one["min_ns"] <= one["median_ns"] <= one["p99_ns"] <= one["max_ns"] < 6e10


def in_ns(number, unit):
    return float(number) * {"ns": 1, "us": 1e3, "ms": 1e6}[unit]


def test_bench_in_words(it):
    """A histogram, four buckets to a doubling, in which every sample is once."""
    done = bench(it, "-n", "12")
    assert done.rc == OK
    heads = re.findall(r"^(\S+) \(edu\), (\d+) bits, backend sprg0: median +([\d.]+) (\ws), "
                       r"99 % +([\d.]+) (\ws)$", done.out, re.MULTILINE)
    assert [head[:2] for head in heads] == [(f"{EDU}/bar0", "32"), (f"{EDU}/bar0", "64")]
    for head, body in zip(heads, re.split(r"^\S.*\n", done.out, flags=re.MULTILINE)[1:]):
        rows = re.findall(r"^  from +([\d.]+) (\ws) +(\d+) (#*)$", body, re.MULTILINE)
        assert len(rows) == body.count("\n")
        counts = [int(row[2]) for row in rows]
        assert sum(counts) == 12 and counts[0] and counts[-1]
        assert [len(row[3]) for row in rows] == [-(-50 * n // max(counts)) for n in counts]
        starts = [in_ns(*row[:2]) for row in rows]
        assert all(1.13 < b / a < 1.27 for a, b in zip(starts, starts[1:])), starts
        median, last = in_ns(*head[2:4]), in_ns(*head[4:])
        assert starts[0] * 0.98 <= median <= last <= starts[-1] * 1.27
        # The median is the sixth of twelve, and in the bucket of that.
        sixth = next(i for i in range(len(counts)) if sum(counts[:i + 1]) >= 6)
        assert starts[sixth] * 0.999 <= median <= starts[sixth] * 1.26


def test_what_is_loaded_of_each_device(it):
    it.device(TESTDEV, ids=("0x1b36", "0x0005"), bars={"bar0": {"access": ""},
                                                       "bar1": {"access": ""}},
              resource="0x90000000 0x90000fff 0x40200\n0x1000 0x10ff 0x40101")
    it.device(NIC, ids=("0x8086", "0x100e"), bars={"bar0": {"access": ""}})
    lines = it.call("bench", "--csv", "-n", "1").out.splitlines()[1:]
    assert [line.split(",")[1:4] for line in lines] == [
        *([f"{TESTDEV}/bar0", "pci-testdev", bits] for bits in ("8", "16", "32", "64")),
        *([f"{TESTDEV}/bar1", "pci-testdev", bits] for bits in ("8", "16", "32")),
        *([f"{EDU}/bar0", "edu", bits] for bits in ("32", "64")),
        [f"{NIC}/bar0", "8086:100e", "32"]]
    assert len(it.call("bench", "--csv", "-n", "1", NIC).out.splitlines()) == 2
    # The edu's file was written to, in place of the answer's.
    assert it.left(f"{DEBUG}/{NIC}/bar0/access") == "r32 0x0"


def test_bench_that_fails(it):
    it.answer(f"{DEBUG}/{EDU}/bar0/access", f"exit {errno.EBUSY}")
    done = it.call("bench", "--csv")
    assert done.rc == CANNOT and done.err == (
        f"svm-mmio: {EDU}/bar0, r32 0x0: a run is under way: wait for it, or interrupt it\n")
    (it.top / f"{DEBUG}/{EDU}/bar0/access").unlink()
    done = it.call("bench", "--csv")
    assert done.rc == CANNOT and "No such file or directory" in done.err


@pytest.mark.parametrize("args, said", [
    (("-n", "0"), "--count is 1 to 1000000"), (("--count", "1000001"), "--count is 1 to 1000000"),
    (("-n", "3x"), "--count is 1 to 1000000"), (("edu",), "bench takes one PCI device"),
    ((EDU, NIC), "bench takes one PCI device"), (("--fast",), "bench takes --csv and --count N")])
def test_usage_of_bench(it, args, said):
    assert said in wrong(it, "bench", *args)
    assert it.call("bench", "-n", "1", EDU).rc == OK
