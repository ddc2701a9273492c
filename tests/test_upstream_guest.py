# SPDX-License-Identifier: GPL-2.0
"""A kernel with the series in upstream/ makes the accesses of all drivers itself in an SVM, those
that are built in too, from the first one of the boot on, XIVE's included: captured, or by hcall.

svm_mmio.ko sees that, says so, and stays out of its way. Negative controls: the same kernel with
svm_mmio=off, and mutants of its text.
"""

import errno
import os
import re

import pytest
from lab import guard, image, kernels, ktap, oracle, stock, subject, tool
from lab.dma import LARGE_WINDOW, Dma
from lab.driven import Peer
from lab.errors import GuestDied
from lab.guest import Guest
from lab.hypervisor import Hypervisor, refused
from lab.soak import FACTOR
from lab.subject import DEBUGFS, Subject
from test_secure_guest import (BYTES, DISKS, LONG, devices, digest, network_up, read_and_write,
                               receive_and_send)

COUNTS = "/sys/kernel/debug/powerpc"
KERNEL = ("kernel", 0xC000000000000000, 0xFFFFFFFFFFFFFFFF)
# More than two segments of an nvme's transfer.
PIECE = 256 << 10
MOUSE = ("-device", "qemu-xhci,id=xhci", "-device", "usb-mouse,bus=xhci.0")
CASES = 20_000 * FACTOR
MOST = 1450             # instructions of a readl()
WORKS = "the kernel itself makes all accesses"


@pytest.fixture(scope="module", name="files")
def all_files(upstream):
    """What the guests below load: the module, the tests of the series and of the guard."""
    tests = stock.stock_modules(upstream, "svm_mmio_test")
    return {**guard.files(upstream), **tool.guest_files(),
            "/svm_mmio.ko": subject.build(upstream).ko["svm_mmio"],
            **{f"/{name}.ko": file for name, file in tests.items()}}


def counted(guest):
    """How many accesses the kernel says it has made."""
    return sum(map(int, guest.check(
        f"cat {COUNTS}/svm_mmio_loads {COUNTS}/svm_mmio_stores").split()))


def mice(guest):
    """The names of the USB devices that were found."""
    return guest.check("until cat /sys/bus/usb/devices/1-1/product 2>/dev/null || "
                       "cat /sys/bus/usb/devices/2-1/product 2>/dev/null; do sleep 0.1; done", LONG)


def boot(kernel, name, **options):
    """A secure guest, every access of which is judged from the first instruction of @kernel on."""
    judge = oracle.Oracle(name, vcpus=2, skip=[oracle.USER_TEXT])
    judge.judge([KERNEL])
    guest = Guest.boot(kernel, name=name, secure=True, plugins=[judge.plugin_argument()],
                       limit=LONG, **options)
    return guest, judge


# ---- Drivers that are built in move data.

def test_every_access_of_the_boot_is_captured(upstream, tmp_path):
    """With XIVE's. Linux bounces all DMA, and an nvme may move more than two segments at a time."""
    disks = {disk: tmp_path / disk for disk in DISKS}
    for path in disks.values():
        path.write_bytes(os.urandom(BYTES) + bytes(BYTES))
    data = os.urandom(BYTES)
    dma = Dma("upstream-drivers")
    guest, judge = boot(upstream, "upstream-drivers", append="svm_mmio=sprg0,xive", devices=(),
                        machine="ic-mode=xive",
                        qemu_args=(*dma.qemu_args, *devices(*disks.values(), ""), *MOUSE))
    with guest, Peer(data) as peer:
        assert any("svm: device accesses are made by instructions that SPRG0 names" in text
                   for _, text in guest.dmesg())
        assert "Mouse" in mice(guest)
        for disk, device in DISKS.items():
            got, sent = read_and_write(guest, device, PIECE)
            content = disks[disk].read_bytes()
            assert (got, sent) == (digest(content[:BYTES]), digest(content[BYTES:]))
        network_up(guest)
        got, sent = receive_and_send(guest, f"10.0.2.2 {peer.source}", f"10.0.2.2 {peer.sink}")
        assert (got, sent) == (digest(data), peer.received())
        before, made = judge.counts()["kernel"], counted(guest)
        after = judge.counts()["kernel"]
        print(f"the kernel says {made}; {after}")
        assert after.clean and before.matched <= made <= after.matched
        assert made > 5000
        reached = dma.reached(65536)[LARGE_WINDOW]
        assert reached and not reached - guest.smf.shared_pages()


# ---- The tests that there are, on that kernel.

@pytest.fixture(scope="module")
def it(upstream, files):
    """A secure guest with the devices of the self-test, given to nobody; the module is loaded."""
    guest, judge = boot(upstream, "upstream-devices", append="svm_mmio=sprg0", files=files,
                        machine="ic-mode=xics", devices=subject.DEVICES)
    with guest:
        release(guest)
        made = Subject(guest, judge, files["/svm_mmio.ko"])
        made.load()
        judge.judge([KERNEL])
        yield made


def release(guest):
    """Take the nvme from the driver that is built in."""
    guest.check("cd /sys/bus/pci/drivers/nvme; for d in 0*; do [ -e $d ] && echo $d >unbind; done;"
                " true", LONG)


def test_module_stays_out_of_its_way(it):
    status = it.status()
    assert (status["secure"], status["backend"], status["guard"]) == (
        "yes", "direct", "the kernel itself")
    assert status["reason"] == f"auto, in a secure guest: {WORKS}"
    assert (status["guard_reason"], status["probe_sprg0"]) == (WORKS, "not tried")
    assert not [text for _, text in it.guest.dmesg() if "will not be emulated" in text]
    done = it.guest.run("svm-mmio doctor")
    print(done.out)
    assert done.rc == 0 and f"guard     {WORKS}" in done.out and "drivers" not in done.out


def test_whole_self_test(it):
    """Each case passes; the kernel has made at least the accesses that the case says it made."""
    for run in it.run_every_case(LONG):
        assert run.case.ok and run.case.skipped is None, str(run.case)
    before = counted(it.guest)
    run = it.run("pci-testdev", "load_values")
    assert counted(it.guest) - before == run.accesses > 100
    seen = it.oracle.counts()["kernel"]
    print(seen)
    assert seen.clean and seen.matched > 100_000


def test_guard_is_refused(it):
    """The last one: the module goes."""
    it.unload()
    mark = it.guest.mark()
    assert it.guest.run("insmod /svm_mmio.ko guard=on").rc == errno.EBUSY
    assert any(f"no guard: {WORKS}: load with guard=off" in text
               for _, text in it.guest.dmesg(mark))
    it.load("guard=off backend=sprg0")
    assert it.run("pci-testdev", "load_values").case.ok


def test_normal_guest(upstream, files):
    """Negative control: there nothing is different, and the module does what it does anywhere."""
    with Guest.boot(upstream, name="upstream-normal", files=files,
                    append="svm_mmio=sprg0") as guest:
        assert not [text for _, text in guest.dmesg() if "device accesses are made by" in text]
        assert guest.run(f"test -e {COUNTS}/svm_mmio_loads").rc
        guest.check("insmod /svm_mmio.ko guard=on")
        assert guard.status(guest)["guard"] == "on"
        guest.check("rmmod svm_mmio; insmod /svm_mmio.ko")
        status = guest.check(f"cat {DEBUGFS}/status")
        assert "reason: auto, in a normal guest\n" in status and "guard: off\n" in status


WAYS = {"sprg0": ("svm_mmio=sprg0", "power9"), "hcall": ("", "power9"),
        "prefixed": ("svm_mmio=sprg0", "power10")}


@pytest.fixture(scope="module", params=WAYS)
def free(upstream, files, request):
    """A secure guest with a device of nobody's that keeps what is stored."""
    append, cpu = WAYS[request.param]
    with Guest.boot(upstream, name="upstream-cases", files=files, secure=True, smp=1, cpu=cpu,
                    append=append, devices=(guard.DEVICE,)) as it:
        release(it)
        yield it


def test_differential(free):
    """All forms and registers, drawn at random, do what they do where nothing is guarded. Of those
    that are prefixed (POWER10) the pairs of registers are refused.
    """
    before = counted(free)
    outcome = guard.run_cases(free, CASES)
    print(outcome.text)
    pairs = outcome.forms["plq"] + outcome.forms["pstq"]
    assert (outcome.cases, outcome.wrong) == (CASES, pairs), outcome.text
    wrong = re.findall(r"^(\w+) r\d+ .*: (.*?)(?: r\d+ \w+ \w+)*$", outcome.text, re.MULTILINE)
    assert all(found[0] in ("plq", "pstq") and found[1] == "faulted" for found in wrong), wrong
    assert bool(wrong) == bool(pairs) and counted(free) - before >= CASES - pairs
    assert outcome.targets == outcome.bases == outcome.indexes == set(range(32))
    assert guard.run(free, "mode=copies").split() == ["copies", "22", "wrong", "0"]
    text = guard.run(free, "mode=refused")
    assert text and all(line.endswith(": faulted, nothing changed") for line in text.splitlines())


def kunit(guest):
    """The results of the KUnit tests of the series."""
    mark = guest.mark()
    guest.check("insmod /kunit.ko enable=1 autorun=1; insmod /svm_mmio_test.ko;"
                " rmmod svm_mmio_test; rmmod kunit")
    text = "\n".join(line for _, line in guest.dmesg(mark))
    found = re.findall(r"^ *((?:not )?ok) \d+ (\w+_test)$", text, re.MULTILINE)
    return {name: word == "ok" for word, name in found}


def test_kunit(free):
    assert kunit(free) == {"forms_test": True, "refused_test": True, "other_fault_test": True}


def cost(upstream, secure, append):
    """How many instructions of the guest a readl() of a driver takes."""
    with Guest.boot(upstream, name="upstream-cost", files=guard.files(upstream), smp=1,
                    secure=secure, append=append, devices=(guard.DEVICE,), icount=True) as it:
        release(it)
        return int(guard.run(it, "mode=cost"))


def test_cost(upstream):
    """In a guest that is not secure none; in an SVM less than what the module's guard takes."""
    plain, sprg0, hcall = (cost(upstream, secure, append) for secure, append in (
        (False, ""), (True, "svm_mmio=sprg0"), (True, "")))
    print(f"readl(): {plain} instructions; in an SVM {sprg0} with sprg0, {hcall} by hcall")
    assert plain < 30 < sprg0 <= MOST and hcall <= MOST


# ---- Mutants of its text.

MTSPRG0, ANY_REGISTER = 0x7C1043A6, ~(31 << 21)
LWZ, STW = 0x812A0000, 0x912A0000       # r9 at 0(r10)


def captures(word):
    """Matches what writes SPRG0 before @word is executed."""
    return lambda words, at: words[at:at + 2][1:] == (word,) and is_mtsprg0(words[at])


def gives_back(word):
    """Matches what writes SPRG0 after @word was."""
    return lambda words, at: at and words[at - 1] == word and is_mtsprg0(words[at])


def is_mtsprg0(word):
    return word & ANY_REGISTER == MTSPRG0


def asks_for_update(words, at):
    """Matches andi. rA,rS,UPDATE."""
    return words[at] & 0xFC00FFFF == 0x70000040


def nop(_):
    return 0x60000000


def test_mutant_that_does_not_capture(upstream):
    mutant = image.exchange(upstream, "sprg0_load", captures(LWZ), nop)
    guest, judge = boot(mutant, "upstream-mutant", append="svm_mmio=sprg0",
                        machine="ic-mode=xics", devices=(guard.DEVICE,))
    with guest:
        seen = judge.counts()["kernel"]
        assert seen.mismatched > 0 and seen.matched > 0


def test_mutant_that_keeps_sprg0(upstream, files):
    mutant = image.exchange(upstream, "sprg0_load", gives_back(LWZ), nop)
    with Guest.boot(mutant, name="upstream-mutant", files=files, secure=True,
                    append="svm_mmio=sprg0", devices=subject.DEVICES) as guest:
        release(guest)
        ran = Subject(guest, oracle.Oracle("upstream-mutant"), files["/svm_mmio.ko"])
        guest.check("insmod /svm_mmio.ko")
        ran.find_bars()
        text = guest.check(f"cd {ran.bars['edu']} && echo sprg0_kept >run && cat results")
        case, = ktap.parse(text)
        assert not case.ok


def test_mutant_that_forgets_the_update(upstream, files):
    """The KUnit tests and the differential test each see it."""
    mutant = image.exchange(upstream, "svm_mmio_finish", asks_for_update,
                            lambda word: word & 0xFFFF0000)
    with Guest.boot(mutant, name="upstream-mutant", files=files, secure=True,
                    append="svm_mmio=sprg0", devices=(guard.DEVICE,)) as guest:
        assert kunit(guest) == {"forms_test": False, "refused_test": True,
                                "other_fault_test": True}
        release(guest)
        assert guard.run_cases(guest, 1000).wrong > 100


# ---- As L2: its accesses are real HDSIs.

NESTED = (*devices(*(f"/tmp/{disk}" for disk in DISKS), ",guestfwd=tcp:10.0.2.100:1-cmd:cat"),
          *MOUSE)


@pytest.fixture(scope="module")
def l1(upstream):
    with Hypervisor.boot(kernels.get("6.1"), guest_kernel=upstream, name="upstream-l2", secure=True,
                         mode="off") as it:
        # QEMU's network speaks to its helper, which echoes, through L1's own loopback.
        it.guest.check("ip link set lo up")
        it.set_text()
        yield it


def boot_l2(l1, mode, append, machine):
    """An L2 under @mode, all of its text demanded, from the first instruction of its kernel on."""
    l1.guest.check(f"cd /tmp; for disk in {' '.join(DISKS)}; do"
                   f" head -c {BYTES} /dev/urandom >$disk.read; cp $disk.read $disk;"
                   f" head -c {BYTES} /dev/zero >>$disk; done")
    l1.set_mode(mode)
    return l1.boot_guest(append=append, machine=machine, devices=(), qemu_args=NESTED)


def move_data(l1, l2):
    """Each driver that is built in moves some, equal at both ends."""
    assert "Mouse" in mice(l2)
    for disk, device in DISKS.items():
        got, sent = read_and_write(l2, device, PIECE)
        there = l1.guest.check(
            f"cd /tmp; sha256sum <{disk}.read; tail -c {BYTES} {disk} | sha256sum")
        assert [got, sent] == there.replace("-", "").split()
    network_up(l2)
    sent, got = l2.check(f"head -c {BYTES // 4} /dev/urandom >/tmp/data; sha256sum </tmp/data\n"
                         "nc 10.0.2.100 1 </tmp/data | sha256sum", LONG).replace("-", "").split()
    assert got == sent


def test_l2_under_a_hypervisor_that_cannot_fetch(l1):
    """SPRG0 is all that emulates its accesses, XIVE's too; there are as many as the kernel made."""
    start = l1.counts()
    with boot_l2(l1, "strict", "svm_mmio=sprg0,xive", "ic-mode=xive") as l2:
        move_data(l1, l2)
        before, made, after = l1.counts_since(start), counted(l2), l1.counts_since(start)
        print(f"the kernel says {made}; {after}")
        assert not refused(after) and made > 5000
        assert before["captured"] <= made <= after["captured"]
        l1.set_mode("off")


def test_l2_under_the_published_ultravisor(l1):
    """By hcall, which is the default: the model of it sees no access at all."""
    start = l1.counts()
    with boot_l2(l1, "legacy", "", "ic-mode=xics") as l2:
        move_data(l1, l2)
        made = counted(l2)
        print(f"the kernel says {made}; {l1.counts_since(start)}")
        assert made > 5000 and not any(l1.counts_since(start).values())
        l1.set_mode("off")


def test_l2_without(l1):
    """Negative control: what the series does is off, and the first access is the guest's last."""
    start = l1.counts()
    with pytest.raises(GuestDied, match="Unable to handle kernel data access"):
        with boot_l2(l1, "strict", "svm_mmio=off", "ic-mode=xics") as l2:
            l2.check("true")
    found = l1.counts_since(start)
    assert found["captured"] == 0 and sum(refused(found).values()) > 0
