# SPDX-License-Identifier: GPL-2.0
"""backend=hcall where an hcall fails, or the hypervisor is busy, and where nothing is mapped: what
a driver is given, what is counted, and what the log says. A probe of the hcalls makes them fail.

test_backend_hcall.py has the negative control: modules that do not ask again, or ignore errors.
"""

import errno
import time

import pytest
from lab import meddler
from lab.meddler import UNMAPPED, meddled
from lab.subject import Subject

LOAD, STORE = ("plpar_hcall", 0x3c), ("plpar_hcall_norets", 0x40)   # and their numbers, of PAPR
H_BUSY, H_CLOSED, H_HARDWARE, H_FUNCTION, H_PRIVILEGE, H_PARAMETER = 1, 2, -1, -2, -3, -4
H_AUTHORITY, H_RESOURCE = -10, -16
ANOTHER = -97
LONG_BUSY = {9900: 0.001, 9901: 0.01, 9902: 0.1}    # and the seconds that it asks for
MMIO = "pci-testdev"


@pytest.fixture(scope="module")
def guest(kernel):
    with Subject.boot(kernel, name="hcall-failures", smp=4, files=meddler.files(kernel)) as it:
        yield it


@pytest.fixture(scope="module", name="it")
def loaded(guest):
    guest.load("backend=hcall")
    yield guest
    guest.unload()


def returning(it, hcall, value, **how):
    """With another result of @hcall than 0."""
    function, number = hcall
    return meddled(it, function, only=number, result=value, **how)


@pytest.mark.parametrize("hcall, said", [
    (LOAD, "returned H_FUNCTION (-2) and H_PARAMETER (-4)"),
    (STORE, "returned H_PARAMETER (-4) and H_FUNCTION (-2)")])
def test_missing_hcall(guest, hcall, said):
    """The backend is refused at load; others do without."""
    it = guest.guest
    with returning(guest, hcall, H_FUNCTION - H_PARAMETER):
        mark = it.mark()
        assert it.run("insmod /svm_mmio.ko backend=hcall").rc == errno.EOPNOTSUPP
        assert any("no backend hcall: " in text and said in text for _, text in it.dmesg(mark))
        assert it.run("test -e /sys/module/svm_mmio").rc
        it.check("insmod /svm_mmio.ko backend=auto && rmmod svm_mmio")


def test_no_page_tables(guest):
    """They are found by a probe: where there is none the backend is refused, and says why."""
    switch, it = "/proc/sys/kernel/ftrace_enabled", guest.guest
    it.check(f"echo 0 >{switch}")
    try:
        mark = it.mark()
        assert it.run("insmod /svm_mmio.ko backend=hcall").rc == errno.EOPNOTSUPP
        said = [text for _, text in it.dmesg(mark) if "no backend hcall: " in text]
        assert said and all("the kernel's page tables cannot be found" in text for text in said)
        assert it.run("test -e /sys/module/svm_mmio").rc
    finally:
        it.check(f"echo 1 >{switch}")


def errors(it):
    return int(it.status()["hcall_errors"])


def access(it, line):
    return it.guest.check(f"cd {it.bars[MMIO]}; echo '{line}' >access; cat access").strip()


def test_busy(it):
    """As long as it is; then the value."""
    before = errors(it)
    for hcall in (LOAD, STORE):
        with returning(it, hcall, H_BUSY, skip=3, calls=5) as meddling:
            run = it.run(MMIO, "store_match")
            assert meddling.calls() == 5
        assert run.case.ok, str(run.case)
    assert errors(it) == before


@pytest.mark.parametrize("code", LONG_BUSY)
def test_busy_for_long(it, code):
    """It is asked again when the time that it asks for is over."""
    before, calls = errors(it), 10
    access(it, "w8 0 0")
    with returning(it, LOAD, code, calls=calls):
        started = time.monotonic()
        assert access(it, "r32 0x10") == "0x6f696d6d"
        took = time.monotonic() - started
    assert errors(it) == before
    assert took >= calls * LONG_BUSY[code]


def messages(it, mark):
    return [text.partition("svm_mmio: ")[2] for _, text in it.guest.dmesg(mark)
            if "svm_mmio: " in text]


def test_failure(it):
    """A load is all ones of its width; each is counted, and its message names the access."""
    it.guest.check("sleep 5.5")     # the limit keeps nothing back
    before, mark = errors(it), it.guest.mark()
    with returning(it, LOAD, H_PARAMETER, calls=3):
        for bits in (8, 32, 64):
            assert access(it, f"r{bits} 0x10") == f"0x{'f' * (bits // 4)}"
            it.guest.check("sleep 0.3")
    with returning(it, STORE, H_PARAMETER, calls=1):
        assert access(it, "w16 0x900 1") == "written"
        it.guest.check("sleep 0.3")
    assert errors(it) == before + 4
    said = messages(it, mark)
    where = f"{it.bars[MMIO].split('/')[-2]} bar0"
    for number, (text, what) in enumerate(zip(said, (
            f"load of 8 bits at {where}+0x10 by load_readb+",
            f"load of 32 bits at {where}+0x10 by load_readl+",
            f"load of 64 bits at {where}+0x10 by load_readq+",
            f"store of 16 bits at {where}+0x900 by store_writew+")), 1):
        assert text.startswith(what), said
        assert "failed: the hypervisor returned H_PARAMETER (-4): does the device take" in text
        assert text.endswith(f"({before + number} have failed so far)"), said
    assert len(said) == 4, said


def test_what_was_returned(it):
    """By its name; whatever it is, it is an error, and not waited for."""
    codes = {H_CLOSED: "a code of its own", H_HARDWARE: "H_HARDWARE", H_FUNCTION: "H_FUNCTION",
             H_PRIVILEGE: "H_PRIVILEGE", H_AUTHORITY: "H_AUTHORITY", H_RESOURCE: "H_RESOURCE",
             ANOTHER: "a code of its own"}
    it.guest.check("sleep 5.5")
    before, mark = errors(it), it.guest.mark()
    for code in codes:
        with returning(it, LOAD, code, calls=1):
            access(it, "r32 0x10")
            it.guest.check("sleep 0.3")
    assert errors(it) == before + len(codes)
    said = messages(it, mark)
    assert len(said) == len(codes)
    assert all(f" returned {name} ({code}): " in text
               for text, (code, name) in zip(said, codes.items())), said


def test_not_so_many_messages(it):
    """Ten in five seconds; all are counted."""
    it.guest.check("sleep 5.5")
    before, mark = errors(it), it.guest.mark()
    with returning(it, LOAD, H_HARDWARE, calls=400):
        run = it.run(MMIO, "load_values")
    assert not run.case.ok and errors(it) == before + 400
    it.guest.check("sleep 0.5")
    said = messages(it, mark)
    assert 1 <= len(said) <= 10 and all("failed so far" in text for text in said), said


def test_a_width_that_is_refused(it):
    """By QEMU itself: a load is all ones, and nothing is stored."""
    before = errors(it)
    access(it, "w8 0 0")
    with meddled(it, LOAD[0], only=LOAD[1], argument=3, by=1, calls=1):
        assert access(it, "r32 0x10") == "0xffffffff"
    with meddled(it, STORE[0], only=STORE[1], argument=2, by=1, calls=1):
        access(it, "w32 0x800 0xfa")
    assert access(it, "r32 0xc") == "0x00000000"        # what the device has counted
    access(it, "w32 0x800 0xfa")
    assert access(it, "r32 0xc") == "0x00000001"
    assert errors(it) == before + 2


def test_unmapped_address(it):
    """After iounmap() nothing reaches the device: a load is all ones, and all is counted."""
    before, mark = it.status(), it.guest.mark()
    it.guest.check(f"sleep 5.5; insmod {UNMAPPED}; rmmod unmapped")
    said = [text for _, text in it.guest.dmesg(mark)]
    after = it.status()
    for line in ("mapped: 0xfa counted 1", "after iounmap: load 0xffffffff, memory 0x12345678",
                 "mapped again: counted 1",
                 # Loads of a device that is not there are all ones, many at once as well.
                 "a string is all ones: 1", "a copy is all ones: 1",
                 # Memory is accessed in the width asked for, and nothing beside it.
                 "memory beside what was stored is as it was: 1"):
        assert f"unmapped: {line}" in said, said
    assert int(after["hcall_errors"]) - int(before["hcall_errors"]) == 104
    assert int(after["all_ones"]) - int(before["all_ones"]) == 3
    unmapped = [text for text in said if "nothing is mapped there" in text]
    assert 1 <= len(unmapped) <= 10, said
    assert all(" by unmapped_init+" in text and "have failed so far" in text
               for text in unmapped), unmapped
    assert not [text for text in said if "callbacks suppressed" in text], said
