# SPDX-License-Identifier: GPL-2.0
"""A program that maps a BAR works where its accesses cannot be emulated below, and gets no more
than it had: each access is captured, goes where its mapping leads, and needs the mapping's right.

The oracle judges the text of the module and all of the programs': none of theirs reaches a device.
"""

import contextlib
import errno
import re

import pytest
from lab import dropin, elf, guard, kernelmatrix, mutants, oracle, paths, stock, subject
from lab.guest import Guest
from lab.hypervisor import Hypervisor, refused
from lab.nested import with_libraries
from lab.program import build_program
from lab.root import Recipe, make_root
from lab.soak import FACTOR, SOAK
from lab.variants import build_variants

# Kernel: how many instructions of all forms, how many words drawn at random.
GUESTS = {"6.1": (12_000 * FACTOR, 1_000_000 if SOAK else 12_000), "7.2": (2000, 2000)}
if SOAK:
    GUESTS |= {"6.12": (2000, 2000), "5.10": (2000, 2000)}
USER_TEXT = (0x1000, 0xC000000000000000)
BAR = "/sys/bus/pci/devices/0000:00:00.0/resource2"
EDU = "/sys/bus/pci/devices/0000:00:01.0"
ON = "guard=on guard_user=on backend=sprg0"
RACES = 600 if SOAK else 4      # seconds
LIMIT = 3600 if SOAK else 120

# What would let a program do what it may not, or lose what it did: and what shows it.
WRONG = {
    "rights": ("rights", "guard/user.c", "(is_store(op) && !(vma->vm_flags & VM_WRITE))", "0"),
    "page-end": ("rights", "guard/user.c", "(addr & ~PAGE_MASK) + bytes > PAGE_SIZE", "0"),
    "private": ("rights", "guard/user_map.c", "svm_user_is_private(vma) || !svm_alias_covers",
                "!svm_alias_covers"),
    "mprotect": ("rights", "guard/user.c", "		return svm_user_close(pte);\n",
                 "		return pte;\n"),
    "halves": ("words", "guard/vsr.c", "swap(vector->half[0], vector->half[1]);", ""),
    # Not to be killed, so the last.
    "futex": ("futex", "guard/user_map.c", "		return leave(entry, -EFAULT);\n",
              "		return 0;\n"),
}


def nvme_cli():
    """A tool of the distribution that maps a BAR, to print the registers of a device whose driver
    is bound: files for the guest.
    """
    root = make_root("nvme-cli", ("bookworm",), "nvme-cli",
                     lambda apt: Recipe(install=["nvme-cli:ppc64el"]))
    return with_libraries(root, "usr/sbin/nvme")


def programs():
    return {f"/{name}": build_program(paths.TOP / "tests/guest" / name)
            for name in ("bar", "words")}


class It:
    """A guest with programs that map a BAR, and the oracle."""

    def __init__(self, guest, judge, ko):
        self.guest, self.oracle, self.ko = guest, judge, ko

    def load(self, parameters=ON, module="/svm_mmio.ko"):
        self.guest.check(f"insmod {module} {parameters}")
        sizes = elf.text_sections(self.ko)
        self.oracle.judge([("svm_mmio", start, start + sizes[name])
                           for name, start in subject.sections(self.guest, "svm_mmio").items()
                           if name in sizes] + [("programs", *USER_TEXT)])

    def run(self, command, captured=True):
        """Run a program of ours: what it says, and the Counts meanwhile. @captured: or plain."""
        before = self.oracle.counts()
        text = self.guest.check(command, timeout=LIMIT)
        seen = self.oracle.counts() - before
        print(f"{command}: {text.splitlines()[-1]}; {seen.ranges}")
        if captured:
            assert seen["programs"].accesses == seen["programs"].unresolved == 0, seen
            assert seen["svm_mmio"].clean, seen
        return text, seen

    def status(self):
        found = guard.status(self.guest)
        return {key.removeprefix("guard_user_"): value for key, value in found.items()
                if key.startswith("guard_user")}


@contextlib.contextmanager
def boot(kernel, name, files=None, devices=(guard.DEVICE, "edu"), **options):
    ko = (files or {}).pop("ko", None) or dropin.module(kernel).ko["svm_mmio"]
    judge = oracle.Oracle(name, vcpus=2, skip=[oracle.kernel_text(kernel.vmlinux)])
    with Guest.boot(kernel, name=name, smp=2, devices=devices,
                    files={"/svm_mmio.ko": ko, **programs(), **(files or {})},
                    plugins=[judge.plugin_argument()], **options) as guest:
        guest.check("for d in /sys/bus/pci/devices/*; do echo 1 >$d/enable; done")
        yield It(guest, judge, ko)


@pytest.fixture(scope="module", params=GUESTS)
def it(request):
    """A guest in which programs are guarded."""
    kernel = kernelmatrix.get(request.param)
    with boot(kernel, f"guard-user-{request.param}") as it:
        it.forms, it.words = GUESTS[request.param]
        it.kernel = kernel
        it.load()
        yield it


@pytest.fixture(scope="module")
def main(kernel):
    """A guest that is an SVM as far as it can tell, and has nothing loaded."""
    uio = stock.stock_modules(kernel, "uio_pci_generic")
    nvme = stock.stock_modules(kernel, "nvme")
    files = {f"/{name}.ko": file for name, file in {**uio, **nvme}.items()}
    with boot(kernel, "guard-user-secure", secure=True, append="iomem=relaxed",
              files={**files, **nvme_cli()}) as it:
        it.uio, it.nvme = uio, nvme
        yield it


def test_all_forms(it):
    """All forms and registers leave what they leave on memory."""
    before = it.status()
    text, seen = it.run(f"/words {BAR} forms {it.forms} 1")
    after = it.status()
    assert text.splitlines()[-1] == f"count {it.forms} wrong 0 signals 0", text
    made = sum(int(after[key]) - int(before[key]) for key in ("loads", "stores"))
    assert made > it.forms and seen["svm_mmio"].matched >= made
    assert after["refused"] == before["refused"]


def test_random_words(it):
    """A hostile program: what does not get a signal does what it does on memory."""
    text, seen = it.run(f"/words {BAR} random {it.words} 7")
    count, wrong, signals = map(int, re.search(r"count (\d+) wrong (\d+) signals (\d+)",
                                               text).groups())
    assert (count, wrong) == (it.words, 0), text
    assert it.words / 20 < signals < it.words * 0.95
    assert seen["svm_mmio"].matched > it.words


@pytest.mark.parametrize("what", ["copies", "threads", "rights", "futex", "step",
                                  f"races {RACES}", f"text {RACES}"])
def test_program(it, what):
    text, seen = it.run(f"/bar {BAR} {what}")
    assert text.splitlines()[-1] == "ok" and "WRONG" not in text, text
    if what != "futex":
        assert seen["svm_mmio"].matched > 0


def test_devmem(it):
    """A tool of the distribution that maps a BAR by /dev/mem: busybox has it, so any guest has."""
    # Each BAR has a line of three words.
    base = int(it.guest.check(f"cat {BAR.removesuffix('2')}").split()[6], 16)
    text, seen = it.run(f"busybox devmem {base:#x} 32 0x12345678; busybox devmem {base + 2:#x} 16")
    assert text.split() == ["0x1234"]
    assert seen["svm_mmio"].matched == 2


def test_refused_says_why(it):
    """A line of the kernel log names the program, the instruction, the reason and the remedy."""
    it.guest.check("sleep 6")       # the rate limit
    mark = it.guest.mark()
    it.run(f"/bar {BAR} rights")
    said = [text for _, text in it.guest.dmesg(mark) if "it gets SIGBUS" in text]
    for reason, remedy in (("it crosses the end of a page", "keep it aligned"),
                           ("load and reserve", "use loads and stores of 1, 2, 4 or 8 bytes"),
                           ("it converts", "use loads and stores of 1, 2, 4 or 8 bytes")):
        assert any("program bar, PID " in line and f"({reason}" in line and remedy in line
                   for line in said), (reason, said)


def traced(it, what):
    """The trace of what /bar does."""
    tracing = "/sys/kernel/tracing"
    it.guest.check(f"grep -q {tracing} /proc/mounts || mount -t tracefs tracefs {tracing}\n"
                   f"cd {tracing}; echo >trace; echo 1 >events/svm_mmio/enable")
    it.run(f"/bar {BAR} {what}")
    return it.guest.check(f"cd {tracing}; echo 0 >events/svm_mmio/enable; cat trace")


def test_trace_events(it):
    text = traced(it, "rights")
    for name in ("svm_mmio_user_read", "svm_mmio_user_write"):
        assert re.search(rf"{name}: 0x\w+ comm=bar pid=\d+ backend=sprg0 width=32 addr=0x\w+ val=",
                         text), text


def test_trace_events_of_other_registers(it):
    """Not only general ones: lfd and stfd are shown, too."""
    text = traced(it, "double")
    for name in ("svm_mmio_user_read", "svm_mmio_user_write"):
        assert re.search(rf"{name}: .* width=64 addr=0x\w+ val=0x3ff8000000000000$", text,
                         re.MULTILINE), text


# In an SVM, and without being asked.

@contextlib.contextmanager
def loaded(it, parameters):
    it.load(parameters)
    try:
        yield it
    finally:
        it.guest.check("rmmod svm_mmio")


def user_state(it):
    found = guard.status(it.guest)
    return found["guard_user"], found["guard_user_reason"]


def test_auto_in_an_svm(main):
    with loaded(main, "backend=sprg0") as it:
        assert user_state(it) == ("on", "auto, in a secure guest")
        text, seen = it.run(f"/bar {BAR} read")
        assert "signal 0" in text and seen["svm_mmio"].matched == 1


def test_off_is_a_signal(main):
    """At once, and a line says why: below, it would never end."""
    with loaded(main, "backend=sprg0 guard_user=off") as it:
        assert user_state(it) == ("refuses", "parameter guard_user says so")
        mark = it.guest.mark()
        text, seen = it.run(f"/bar {BAR} read")
        assert "signal 7" in text and seen.total.accesses == 0
        assert any("guard_user is off" in line and "load svm_mmio without guard_user=off" in line
                   for _, line in it.guest.dmesg(mark))


def test_mapped_before(main):
    """It is found; and gets its rights again when the module goes."""
    for guarded in (True, False):
        main.guest.check(f"rm -f /tmp/go; /bar {BAR} wait >/tmp/said 2>&1 &\n"
                         "until grep -q mapped /tmp/said; do sleep 0.1; done")
        main.load("backend=sprg0")
        found = main.status()["mappings_found"]
        if not guarded:
            main.guest.check("rmmod svm_mmio")
        text, seen = main.run("echo >/tmp/go; until grep -q ok /tmp/said; do sleep 0.1; done;"
                              " cat /tmp/said", captured=guarded)
        assert "signal 0" in text and found == "1"
        assert (seen["svm_mmio"].matched, seen["programs"].accesses) == (
            (1, 0) if guarded else (0, 1))
        if guarded:
            main.guest.check("rmmod svm_mmio")


def test_uio(main):
    """A driver in a program, with interrupts: uio_pci_generic."""
    main.guest.check("\n".join(f"insmod /{name}.ko" for name in main.uio) +
                     "\necho 1234 11e8 >/sys/bus/pci/drivers/uio_pci_generic/new_id")
    try:
        with loaded(main, "backend=sprg0") as it:
            text, seen = it.run(f"/bar {EDU}/resource0 uio 20")
            assert text.splitlines()[-1] == "ok", text
            assert seen["svm_mmio"].matched >= 20 * 3
            held = guard.status(it.guest)["guard_held_by"]
            assert "uio_pci_generic" in held
            assert it.guest.run("rmmod svm_mmio").rc
            it.guest.check("rmmod uio_pci_generic")
    finally:
        main.guest.run("rmmod uio_pci_generic")


def test_nvme_cli(main):
    """A tool of the distribution, beside the driver of the distribution.

    Without iomem=relaxed the kernel lets nobody map a BAR that a driver has claimed.
    """
    with loaded(main, "backend=sprg0") as it:
        it.guest.check("\n".join(f"insmod /{name}.ko" for name in it.nvme) +
                       "\nuntil [ -c /dev/nvme0 ]; do sleep 0.1; done", timeout=LIMIT)
        before = it.status()
        try:
            text, seen = it.run("/usr/sbin/nvme show-regs /dev/nvme0")
            loads = int(it.status()["loads"]) - int(before["loads"])
            print(text)
        finally:
            it.guest.check("rmmod nvme nvme_core", timeout=LIMIT)
        # As QEMU's nvme has them: version 1.4, ready.
        assert re.search(r"^version *: 10400$", text, re.MULTILINE), text
        assert re.search(r"^csts *: 1$", text, re.MULTILINE), text
        assert loads > 10 and seen["svm_mmio"].matched >= loads


@pytest.mark.parametrize("parameters, why", [
    ("guard_user=yes", 'guard_user must be one of auto, on, off, not "yes"'),
    ("guard=off guard_user=on", "no guard for programs: the guard is off: load with guard=on, or "
     "without guard_user=on")])
def test_refused_parameters(main, parameters, why):
    mark = main.guest.mark()
    assert main.guest.run(f"insmod /svm_mmio.ko backend=sprg0 {parameters}").rc == errno.EINVAL
    assert {text.partition("svm_mmio: ")[2] for _, text in main.guest.dmesg(mark)
            if "svm_mmio: " in text} >= {why}


def test_a_normal_guest_is_left_alone(kernel):
    """Negative control: there, programs go their own way; the oracle sees them."""
    with boot(kernel, "guard-user-normal") as it:
        with loaded(it, "guard=on backend=sprg0"):
            assert user_state(it) == ("off", "auto, in a normal guest")
            text, seen = it.run(f"/words {BAR} forms 1000 1", captured=False)
            assert text.splitlines()[-1] == "count 1000 wrong 0 signals 0"
            assert seen["svm_mmio"].matched == 0 and seen["programs"].mismatched > 1000


def test_what_is_wrong_is_noticed(kernel):
    """Negative control: a module for each rule that lacks it."""
    changes = {name: mutants.changed(name, [tuple(change)])
               for name, (_, *change) in WRONG.items()}
    built = build_variants(kernel, changes)
    files = {f"/{name}.ko": ko for name, ko in built.items()}
    with boot(kernel, "guard-user-wrong", files) as it:
        for name, (what, *_) in WRONG.items():
            it.ko = built[name]
            it.load(module=f"/{name}.ko")
            command = f"/bar {BAR} {what}" if what != "words" else f"/words {BAR} forms 2000 1"
            before = it.oracle.counts()
            it.guest.check(f"{command} >/tmp/said 2>&1 & sleep 4")
            text = it.guest.check("cat /tmp/said")
            seen = it.oracle.counts() - before
            fine = text.splitlines()[-1:] in (["ok"], ["count 2000 wrong 0 signals 0"])
            print(f"{name}: {text.splitlines()[-1:]}, {seen['programs']}")
            assert not fine or not seen["programs"].clean, (name, text)
            if what != "futex":
                it.guest.check("rmmod svm_mmio")


# Under a hypervisor that cannot fetch, all text of the guest demanded, the programs' too.

@pytest.mark.parametrize("mode, parameters", [("strict", ""), *(
    [("legacy", "backend=hcall")] if SOAK else [])])
def test_in_l2(kernel, mode, parameters):
    files = {"/svm_mmio.ko": dropin.module(kernel).ko["svm_mmio"], **programs()}
    with Hypervisor.boot(kernel, name=f"guard-user-{mode}", files=files, mode="off",
                         secure=True) as l1:
        with l1.boot_guest(devices=("pci-testdev", guard.DEVICE), machine="ic-mode=xics") as l2:
            bar = l2.check("for d in /sys/bus/pci/devices/*; do [ $(cat $d/device) = 0x0010 ] &&"
                           " echo $d; done").strip()
            l2.check(f"echo 1 >{bar}/enable")
            l1.set_text()
            l1.set_mode(mode)
            l2.check(f"insmod /svm_mmio.ko {parameters}", timeout=LIMIT)
            assert guard.status(l2)["guard_user"] == "on"
            before = l1.counts()
            text = l2.check(f"/bar {bar}/resource2 rights && /bar {bar}/resource2 step &&"
                            f" /words {bar}/resource2 forms 500 1", timeout=LIMIT)
            after, status = l1.counts(), guard.status(l2)
            l1.set_mode("off")
            print(text, after, status)
            assert text.splitlines()[-1] == "count 500 wrong 0 signals 0"
            assert refused(after) == refused(before)
            made = int(status["guard_user_loads"]) + int(status["guard_user_stores"])
            captured = after["captured"] - before["captured"]
            assert captured >= made > 1000 if mode == "strict" else captured == 0
