# SPDX-License-Identifier: GPL-2.0
"""svm-mmio doctor says of each state of a guest whether all is well, and what to do if not: in
words, as JSON, and by its exit status. Two guests go through the states: one that is not secure,
and an SVM. What must not be named is there beside what must be: a driver that is safe.
"""

import json
import re

import pytest
from lab import dropin, guard, paths, subject, tool
from lab.build import build_module
from lab.guest import Guest
from lab.program import build_program
from lab.stock import stock_modules

WELL, TO_DO, USAGE, CANNOT = 0, 1, 2, 3
RESULTS = {WELL: "ok", TO_DO: "to do", CANNOT: "unknown"}
WIDTH = 79
NETWORK = ("-netdev", "user,id=n0")
NIC = "e1000,netdev=n0,romfile="
CPU = "/sys/devices/system/cpu"


class Found:
    """What it said in both forms."""

    def __init__(self, done, text):
        self.rc = done.rc
        self.said = json.loads(done.out)
        self.text = text
        self.checks = {}
        for check in self.said["checks"]:
            self.checks.setdefault(check["check"], []).append(check)

    def state(self, name):
        """The states of the checks of that name, in order."""
        return [check["state"] for check in self.checks.get(name, ())]

    def one(self, name):
        check, = self.checks[name]
        return check

    def items(self, name, state):
        """{name: what} of the one check that has this state."""
        check, = (check for check in self.checks[name] if check["state"] == state)
        return {item["name"]: item["what"] for item in check["items"]}


def squeezed(text):
    return re.sub(r"\s+", "", text)


def examine(call):
    """Let @call(*options) run it in words and as JSON, which have to agree: a Found."""
    words, found = call(), call("--json")
    assert words.rc == found.rc and not words.err and not found.err, (words, found)
    it = Found(found, words.out)
    assert it.said["result"] == RESULTS[it.rc]
    for check in it.said["checks"]:
        for part in (check["found"], check["next"],
                     *(item[key] for item in check["items"] for key in ("name", "what"))):
            assert squeezed(part or "") in squeezed(it.text), part
        # Whatever is not well comes with what to do.
        assert check["next"] or check["state"] == "ok", check
    lines = it.text.splitlines()
    assert max(map(len, lines)) <= WIDTH and not any(line != line.rstrip() for line in lines)
    columns = {re.match(r"(?:ok|note|unknown|to do) +\w+ +", line).end()
               for line in lines if line and not line.startswith(" ") and line != lines[-1]}
    assert columns == {19}, it.text
    return it


def doctor(guest):
    def call(*options):
        result = guest.run(f"svm-mmio {' '.join(options)} doctor 2>/tmp/err")
        return tool.Done(result.rc, result.out, guest.check("cat /tmp/err"))

    it = examine(call)
    print(it.text)
    return it


# ---- On this machine.

@pytest.mark.quick
def test_another_machine():
    it = examine(lambda *options: tool.call(*options, "doctor"))
    assert it.rc == CANNOT and it.state("guest") == ["unknown"] and len(it.said["checks"]) == 1
    assert "svm-mmio audit FILE.ko" in it.one("guest")["next"]


@pytest.mark.quick
def test_usage():
    done = tool.call("doctor", "0000:00:01.0")
    assert done.rc == USAGE and "doctor takes no" in done.err


# ---- In guests.

@pytest.fixture(scope="module", name="drivers")
def build_drivers(kernel):
    """One that is as Debian has it, and one that is safe: {name: module file}."""
    sample = build_module(kernel, paths.TOP / "samples/edu", symvers=[subject.build(kernel)],
                          extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"})
    return {**stock_modules(kernel, "e1000"), **sample.ko}


@pytest.fixture(scope="module", name="files")
def all_files(kernel, ko, drivers):
    where = f"/lib/modules/{kernel.release}"
    bare = dropin.module(kernel)
    unmapped = build_module(kernel, paths.TOP / "tests/drivers/unmapped", symvers=[bare],
                            extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"})
    return {**tool.guest_files(), **guard.files(kernel), "/svm_mmio.ko": ko,
            "/map_file": build_program(paths.TOP / "tests/guest/map_file"),
            "/bare.ko": bare.ko["svm_mmio"], "/unmapped.ko": unmapped.ko["unmapped"],
            **{f"{where}/kernel/{name}.ko": file for name, file in drivers.items()}}


@pytest.fixture(scope="module")
def normal(kernel, files):
    with Guest.boot(kernel, name="doctor-normal", files=files, smp=1,
                    devices=(guard.DEVICE, "pci-testdev")) as it:
        yield it


@pytest.fixture(scope="module")
def secure(kernel, files):
    with Guest.boot(kernel, name="doctor-secure", files=files, smp=1, secure=True,
                    devices=(NIC, "pci-testdev"), qemu_args=NETWORK) as it:
        yield it


@pytest.fixture(name="loaded")
def load(request):
    """Load the module with load(guest, parameters); it is unloaded afterwards."""
    guests = []

    def load_it(guest, parameters=""):
        guest.check(f"insmod /svm_mmio.ko {parameters}")
        guests.append(guest)
        return doctor(guest)

    yield load_it
    for guest in guests:
        guest.check("rmmod svm_mmio")


@pytest.fixture(name="bound")
def bind(secure, kernel):
    """A driver of Debian's, bound in the secure guest: the directory that it is in.

    To be asked for after "loaded": in an SVM the module cannot go before it has gone.
    """
    where = f"/lib/modules/{kernel.release}/kernel"
    secure.check(f"insmod {where}/e1000.ko")
    yield where
    secure.check("rmmod e1000")


class Told:
    """The kernel says, as one with PPC_SVM does, whether the guest is an SVM."""

    def __init__(self, guest, says):
        self.guest, self.says = guest, says

    def __enter__(self):
        self.guest.check(f"mount -t tmpfs tmpfs {CPU}; echo {self.says} >{CPU}/svm")

    def __exit__(self, *error):
        self.guest.check(f"umount {CPU}")


def test_not_loaded(normal):
    """Debian's kernel does not tell what the guest is. One that does decides what to do."""
    it = doctor(normal)
    assert it.rc == TO_DO and "status" not in it.said
    assert (it.state("guest"), it.state("module")) == (["unknown"], ["to do"])
    assert "modprobe svm_mmio" in it.one("module")["next"] and not it.checks.get("drivers")
    with Told(normal, 0):
        it = doctor(normal)
    assert it.rc == WELL and it.text.endswith("\nAll is well.\n")
    assert it.one("guest")["found"] == "a normal guest, no SVM (so says the kernel)"


def test_normal_guest(normal, loaded):
    it = loaded(normal)
    assert it.rc == WELL and {check["state"] for check in it.said["checks"]} == {"ok"}
    assert it.one("guard")["found"] == "off: auto, in a normal guest"
    assert it.one("backend")["found"] == "direct: auto, in a normal guest"
    assert it.said["status"]["backend"] == "direct"


def test_normal_guest_without_the_guard(normal, loaded):
    it = loaded(normal, "guard=off backend=sprg0")
    assert it.rc == WELL and it.one("guard")["found"] == "off: parameter guard says so"


def test_normal_guest_with_the_guard(normal, loaded):
    """It is on; then it leaves accesses to the kernel; then it misses mappings."""
    it = loaded(normal, "guard=on backend=sprg0")
    status = it.said["status"]
    assert it.rc == WELL and it.state("accesses") == it.state("guard") == ["ok"]
    assert it.one("guard")["found"] == (
        f"on since {status['guard_since']} s after the boot, over 3 windows of PCI")
    assert it.items("guard", "ok") == {
        "mappings": f"{status['guard_mappings_found']} there before (1 of ports), "
                    f"{status['guard_mappings_made']} made since"}
    uptime = float(normal.check("cut -d' ' -f1 /proc/uptime"))
    assert uptime - 60 < status["guard_since"] <= uptime
    guard.run(normal, "mode=refused")
    it = doctor(normal)
    left = it.said["status"]["guard_left_instruction"]
    assert it.rc == TO_DO and left > 1 and "dmesg" in it.one("accesses")["next"]
    assert it.items("accesses", "to do") == {str(left): "by instructions that it cannot emulate"}
    assert it.text.endswith("\n1 thing to do.\n")
    switch = "/sys/kernel/debug/kprobes/enabled"
    normal.check(f"echo 0 >{switch}")
    try:
        it = doctor(normal)
    finally:
        normal.check(f"echo 1 >{switch}")
    assert it.state("guard") == ["to do"] and it.text.endswith("\n2 things to do.\n")
    assert doctor(normal).state("guard") == ["ok"]


def test_accesses_that_the_hypervisor_refuses(normal):
    normal.check("insmod /bare.ko backend=hcall && insmod /unmapped.ko")
    it = doctor(normal)
    normal.check("rmmod unmapped svm_mmio")
    assert it.rc == TO_DO and it.state("backend") == ["to do"]
    assert "dmesg" in it.one("backend")["next"] and "hcall_errors" in it.one("backend")["found"]


def test_nothing_to_ask(normal, loaded):
    loaded(normal)
    normal.check("umount /sys/kernel/debug")
    try:
        it = doctor(normal)
    finally:
        normal.check("mount -t debugfs debugfs /sys/kernel/debug")
    assert it.rc == CANNOT and "mount -t debugfs" in it.one("module")["next"]


def unsafe(drivers):
    """What has to be said of Debian's e1000."""
    accesses = tool.audit_one(drivers["e1000"])["not_captured"]
    assert accesses > 500
    return {"e1000": f"unsafe without the guard: {accesses} accesses"}


@pytest.mark.usefixtures("bound")
def test_secure_guest_without_the_module(secure, drivers):
    with Told(secure, 1):
        it = doctor(secure)
    assert it.rc == TO_DO and (it.state("module"), it.state("drivers")) == (["to do"], ["to do"])
    assert it.items("drivers", "to do") == unsafe(drivers)
    assert "load svm_mmio" in it.one("drivers")["next"]


def test_secure_guest_without_the_guard(secure, loaded, bound, drivers):
    """The driver that needs the guard is named, and not the one that does not."""
    it = loaded(secure, "guard=off")
    assert it.rc == TO_DO and it.state("guard") == ["to do"]
    assert "without guard=off" in it.one("guard")["next"]
    assert it.state("backend") == ["ok"] and re.fullmatch(
        r"works, \d+ us, on 0000:\S+ BAR \d \+ .*", it.items("backend", "ok")["sprg0"])
    assert it.items("drivers", "to do") == unsafe(drivers)
    # Negative control: with a driver that is safe alone nothing is to be done about drivers.
    secure.check(f"insmod {bound}/svm_mmio_edu.ko; rmmod e1000")
    it = doctor(secure)
    assert it.state("drivers") == ["ok"] and it.state("guard") == ["to do"]
    secure.check(f"insmod {bound}/e1000.ko; rmmod svm_mmio_edu")


def test_files_that_are_not_what_is_loaded(secure, loaded, bound, drivers):
    """A module is judged by the file it was loaded from, or not at all."""
    loaded(secure, "guard=off")
    secure.check(f"cd {bound}; mv e1000.ko /tmp; cp svm_mmio_edu.ko e1000.ko")
    try:
        it = doctor(secure)
        assert it.items("drivers", "unknown") == {
            "e1000": "its file is not the one that was loaded"}
        # Another of that name, whichever is found first, is the one.
        secure.check(f"mkdir -p {bound}/../updates; cp /tmp/e1000.ko {bound}/../updates")
        assert doctor(secure).items("drivers", "to do") == unsafe(drivers)
        secure.check(f"rm {bound}/../updates/e1000.ko {bound}/e1000.ko")
        it = doctor(secure)
        assert it.items("drivers", "unknown") == {"e1000": "it has no file below /lib/modules"}
    finally:
        secure.check(f"mv /tmp/e1000.ko {bound}")


def test_secure_guest(secure, loaded, bound):
    """All is well. A driver that was there first is told, until it is not so any more."""
    it = loaded(secure)
    bdf = secure.check("cd /sys/bus/pci/drivers/e1000; echo *:*").strip()
    assert it.rc == WELL and it.text.endswith("\nAll is well.\n")
    assert it.one("guest")["found"] == "an SVM, a Secure Virtual Machine (MSR[S], bit 41)"
    assert (it.state("guard"), it.state("accesses"), it.state("before")) == (
        ["ok"], ["ok"], ["note"])
    assert it.items("before", "note") == {bdf: "e1000"} and not it.checks.get("drivers")
    assert it.said["status"]["guard_held_by"] == f"{bdf}(e1000)"
    secure.check("rmmod e1000")
    secure.check(f"insmod {bound}/e1000.ko")
    it = doctor(secure)
    assert it.rc == WELL and not it.checks.get("before")
    assert it.said["status"]["guard_held_by"] == f"{bdf}(e1000)"
    assert it.said["status"]["guard_loads"] > 100


@pytest.mark.parametrize("parameters, rc, state", [
    ("", WELL, "ok"), ("guard_user=off", TO_DO, "to do")])
def test_programs(secure, loaded, parameters, rc, state):
    """One that has mapped a BAR is named, and not one that has mapped another file."""
    it = loaded(secure, parameters)
    assert it.rc == WELL and it.state("programs") == ["ok"]
    # Its driver is not there: of a BAR that is in use many kernels let nobody map anything.
    bar = secure.check("readlink -f $(dirname $(grep -l 0x8086 /sys/bus/pci/devices/*/vendor))"
                       ).strip() + "/resource0"
    pids = [secure.check(f"rm -f /tmp/said{n}; /map_file {file} >/tmp/said{n} 2>&1 & echo $!;"
                         f" until [ -s /tmp/said{n} ]; do sleep 0.1; done;"
                         f" grep -q ^mapped /tmp/said{n}").strip()
            for n, file in enumerate((bar, "/svm_mmio.ko"))]
    try:
        it = doctor(secure)
    finally:
        secure.check("killall map_file")
    assert it.rc == rc and it.state("programs") == [state]
    assert it.items("programs", state) == {
        f"{pids[0]} (map_file)": bar.partition("/pci0000:00/")[2]}


def test_secure_guest_with_backend_direct(secure, loaded):
    it = loaded(secure, "backend=direct")
    assert it.rc == TO_DO and it.state("backend") == it.state("guard") == ["to do"]
    assert "modprobe svm_mmio" in it.one("backend")["next"]


def test_secure_guest_whose_backend_was_named(secure, loaded):
    """Whether it works is not known then: how to find out is said, and no more."""
    it = loaded(secure, "backend=sprg0")
    assert it.rc == WELL and it.state("backend") == ["note"]
    assert "svm-mmio probe" in it.one("backend")["next"]
