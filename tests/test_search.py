# SPDX-License-Identifier: GPL-2.0
"""The search for a backend takes the one that works, whatever the hypervisor does; it reads what
anybody may read, leaves devices as they were, and says what it has found. So do trials in the file
"probe". What is an alias of what is known to the byte.

backend/search.c, trials.c, probe.c, register.c and alias.c, compiled for this machine; hypervisor
and devices are the test's. test_backend_probe.py has a hypervisor.
"""

import ctypes
import errno
import itertools
import shutil

import pytest
from lab import native

pytestmark = pytest.mark.quick

VALUE, EXCEPTION, NO_VALUE, FOR_EVER, LONG = range(5)
DIRECT, SPRG0, HCALL = range(3)
MAPPED = 0x1000000000
MEMORY, UNSET, PORTS = 0x200, 0x20000000, 0x100
DECODES = 2     # of the command register
D0, D3, UNKNOWN = 0, 3, 5
BASE = 0x200080000000
OUTCOMES = {VALUE: "works", EXCEPTION: "refused", NO_VALUE: "refused", FOR_EVER: "no end",
            LONG: "works"}
ANY = "any\n"


class Kernel(ctypes.Structure):
    """As tests/native/search.c has it."""

    _fields_ = [(name, ctypes.c_int) for name in (
        "locks", "preemption", "devices_held", "mapped", "wrong", "interrupted", "unreadable",
        "silent", "writes", "unmappable", "secure", "mode", "clock")] + [
        (name, ctypes.c_long) for name in ("tick", "forwarded")] + [
        (name, ctypes.c_int) for name in ("looks", "limit_flags", "file_mode", "hcall",
                                          "hcall_errno")] + [
        (name, ctypes.c_ulong) for name in ("asked", "loaded")] + [("captured", ctypes.c_int)]


class Bar(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulong) for name in ("start", "len", "flags")]


class Device(ctypes.Structure):
    _fields_ = [("vendor", ctypes.c_uint16), ("device", ctypes.c_uint16),
                ("driver", ctypes.c_void_p), ("locked", ctypes.c_int), ("name", ctypes.c_char_p),
                *((name, ctypes.c_int) for name in ("current_state", "offline", "broken", "refs")),
                ("bars", Bar * 8), ("table", ctypes.c_uint32), ("command", ctypes.c_uint16)]


class Place(ctypes.Structure):
    _fields_ = [("physical", ctypes.c_ulong), ("alias", ctypes.c_ulong)]


class It:
    """The library, with a kernel that has nothing yet."""

    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))
        self.library.read_file.restype = ctypes.c_char_p
        self.library.write_file.restype = ctypes.c_long
        self.kernel = Kernel.in_dll(self.library, "kernel")
        self.kernel.hcall_errno = errno.EOPNOTSUPP
        self.becomes = (ctypes.c_int * 2).in_dll(self.library, "becomes")
        self.devices = (Device * 8).in_dll(self.library, "devices")
        self.count = ctypes.c_uint.in_dll(self.library, "nr_devices")
        self.library.svm_trials_init(None)

    def add(self, vendor=0x1b36, device=0x0005, *, bar=0, command=DECODES, driver=0, table=0,
            length=0x1000, flags=MEMORY, **more):
        """A function of PCI, pci-testdev if nothing else is said: its Device."""
        number = self.count.value
        self.count.value += 1
        it = self.devices[number]
        it.vendor, it.device, it.command, it.table = vendor, device, command, table
        it.driver = driver or None
        it.name = b"0000:00:0%u.0" % number
        it.bars[bar] = Bar(BASE + 0x10000 * number, length, flags)
        for name, value in more.items():
            setattr(it, name, value)
        return it

    @property
    def said(self):
        return ctypes.c_char_p.in_dll(self.library, "said") and (
            ctypes.c_char * 4096).in_dll(self.library, "said").value.decode()

    def search(self):
        """(0 or errno, backend, why, what the log says, {key: value} of status)."""
        found, why = ctypes.c_int(-1), ctypes.c_char_p()
        err = self.library.svm_search(ctypes.byref(found), ctypes.byref(why))
        if not err:
            self.library.svm_search_log(b"NAME")
        log = self.said
        (ctypes.c_char * 4096).in_dll(self.library, "said").value = b""
        self.library.svm_search_show(None)
        self.is_as_before()
        return -err, found.value, (why.value or b"").decode(), log, dict(
            line.split(": ", 1) for line in self.said.splitlines())

    def ask(self, text=ANY, length=None):
        """Write to the file "probe": 0 or an errno."""
        data = text.encode()
        (ctypes.c_char * 4096).in_dll(self.library, "said").value = b""
        length = len(data) if length is None else length
        done = self.library.write_file(data, ctypes.c_ulong(length))
        self.is_as_before()
        assert done in (length, -errno.ENODEV, -errno.ENXIO, -errno.EBUSY, -errno.EINVAL,
                        -errno.EFAULT, -errno.EINTR)
        return 0 if done == length else -done

    def shown(self):
        """{key: value} of that file."""
        text = self.library.read_file().decode()
        self.is_as_before()
        return dict(line.split(": ", 1) for line in text.splitlines())

    def is_as_before(self):
        kernel = self.kernel
        assert (kernel.locks, kernel.preemption, kernel.devices_held, kernel.mapped,
                kernel.wrong) == (0,) * 5
        for number in range(self.count.value):
            assert self.devices[number].refs == 0


@pytest.fixture(name="it")
def load(tmp_path):
    """What it has found out it keeps: each test has a copy of its own."""
    path = tmp_path / "library.so"
    shutil.copy(native.search(), path)
    return It(path)


# ---- The search, at load.

FOUND = "0000:00:00.0 BAR 0 + 0x0, header of pci-testdev"


@pytest.mark.parametrize("becomes", OUTCOMES)
@pytest.mark.parametrize("hcall", [False, True])
def test_search(it, becomes, hcall):
    it.add()
    it.becomes[1] = becomes
    it.kernel.hcall = hcall
    err, backend, why, log, status = it.search()
    works = becomes in (VALUE, LONG)
    text = f"{OUTCOMES[becomes]}, 7 us"
    hcalls = "not tried" if works else "works" if hcall else "refused"
    assert status == {"probe_register": FOUND, "probe_sprg0": text, "probe_hcall": hcalls}
    assert it.kernel.captured and it.kernel.loaded == BASE + MAPPED
    if not works and not hcall:
        assert (err, log) == (errno.EOPNOTSUPP, (
            f"refusing to load: no backend works here: sprg0: {text}, on {FOUND}; hcall: see "
            "above. Use an ultravisor that reads SPRG0 or passes these hcalls on, or name a "
            "backend if you know better\n"))
        return
    assert (err, backend, why) == (
        (0, SPRG0, "SPRG0 is read") if works else
        (0, HCALL, "SPRG0 is not read, the hypervisor answers hcalls"))
    assert log == (f"found out which backend works: sprg0: {text}; hcall: {hcalls}; "
                   f"register: {FOUND}: taking NAME\n")


@pytest.mark.parametrize("hcall, backend, why", [
    (True, HCALL, "nothing to try SPRG0 on, the hypervisor answers hcalls"),
    (False, SPRG0, "nothing to try SPRG0 on, and hcalls are refused")])
def test_search_without_a_register(it, hcall, backend, why):
    it.kernel.hcall = hcall
    assert it.search() == (
        0, backend, why, "found out which backend works: sprg0: not tried; hcall: "
        f"{'works' if hcall else 'refused'}; register: none found: taking NAME\n",
        {"probe_register": "none found", "probe_sprg0": "not tried",
         "probe_hcall": "works" if hcall else "refused"})


def test_nothing_was_searched(it):
    it.library.svm_search_show(None)
    assert it.said == "probe_register: -\nprobe_sprg0: not tried\nprobe_hcall: not tried\n"


def test_how_long_one_is_waited_for(it):
    """What is seen at the access five times has no end; and it is looked for every 2 ms."""
    it.add()
    for becomes, looks, outcome in ((FOR_EVER, 5, "no end"), (LONG, 4, "works"),
                                    (FOR_EVER, 5, "no end"), (VALUE, 0, "works")):
        it.becomes[1] = becomes
        assert it.ask() == 0 and it.shown()["sprg0"].startswith(outcome)
        assert it.kernel.looks == looks
    assert it.kernel.tick == it.kernel.forwarded == 2000
    assert (it.kernel.mode, it.kernel.clock) == (77, 1)


# ---- Which register it takes.

def taken(it, name=ANY):
    """Which register it is, by the file "probe": "BAR + offset, what", or None; and the errno."""
    err = it.ask(name)
    text = it.shown()["register"]
    if err or not text.startswith("0000"):
        return None
    physical = it.kernel.asked
    number = int(text[9])
    bar, offset = int(text.split()[2]), int(text.split()[4].rstrip(","), 16)
    assert it.kernel.loaded == physical + MAPPED
    assert physical == it.devices[number].bars[bar].start + offset
    return text


@pytest.mark.parametrize("more, text", [
    ({}, "0000:00:00.0 BAR 0 + 0x0, header of pci-testdev"),
    ({"vendor": 0x1234, "device": 0x11e8}, "0000:00:00.0 BAR 0 + 0x0, identification of edu"),
    ({"vendor": 0x1234, "device": 5}, None), ({"vendor": 0x1b36, "device": 0x11e8}, None),
    ({"vendor": 0x8086, "device": 0x10d3, "bar": 3, "table": 0x80000003},
     "0000:00:00.0 BAR 3 + 0xc, vector control of MSI-X"),
    ({"vendor": 0x8086, "device": 0x10d3, "bar": 4, "table": 0x804, "length": 0x810},
     "0000:00:00.0 BAR 4 + 0x80c, vector control of MSI-X"),
    ({"vendor": 0x8086, "device": 0x10d3, "bar": 4, "table": 0x804, "length": 0x80f}, None),
    ({"vendor": 0x8086, "device": 0x10d3, "bar": 6, "table": 0x806}, None),
    ({"vendor": 0x8086, "device": 0x10d3, "bar": 5, "table": 0x805},
     "0000:00:00.0 BAR 5 + 0x80c, vector control of MSI-X"),
    ({"vendor": 0x8086, "device": 0x10d3, "bar": 4, "table": 0x804, "broken": 2}, None),
    ({"broken": 1}, None), ({"offline": 1}, None), ({"flags": PORTS}, None),
    ({"flags": MEMORY | UNSET}, None), ({"length": 4}, FOUND), ({"length": 3}, None),
    ({"current_state": D3}, None), ({"current_state": UNKNOWN}, FOUND),
    # Memory that is off is switched on for a test device alone, and if nobody has it.
    ({"command": 4}, FOUND), ({"command": 4, "driver": 1}, None), ({"driver": 1}, FOUND),
    ({"vendor": 0x8086, "device": 0x10d3, "table": 0x800, "command": 4}, None)])
def test_which_register(it, more, text):
    device = it.add(**more)
    command = device.command
    assert taken(it) == text
    assert device.command == command
    # What is on is left alone, and not written to.
    assert it.kernel.writes == (2 if text and not command & DECODES else 0)
    if text:
        assert taken(it, "0000:00:00.0") == text
    else:
        assert it.ask("0000:00:00.0") == errno.ENXIO


def test_memory_is_on_while_it_is_accessed(it):
    """Else the device would not answer: what the trial finds there is not seen otherwise."""
    device = it.add(command=0x404)
    woken = []
    register = (ctypes.c_char * 128)()
    assert it.library.svm_register_find(None, register) == 0
    woken.append(device.command)
    it.library.svm_register_release(register)
    assert woken == [0x406] and device.command == 0x404
    it.is_as_before()


def test_several_devices(it):
    """The first that will do; or the one that is named, and no other."""
    it.add(0x8086, 0x10d3)
    it.add(locked=1)
    it.add(0x1234, 0x11e8)
    it.add()
    assert taken(it) == "0000:00:02.0 BAR 0 + 0x0, identification of edu"
    assert taken(it, " \t0000:00:03.0 \n") == "0000:00:03.0 BAR 0 + 0x0, header of pci-testdev"
    before = it.shown()
    for name, err, said in (
            ("0000:00:00.0", errno.ENXIO, "probe: 0000:00:00.0 has no register that is harmless "
             "to read: no MSI-X, or its memory is off as no driver has it: try another, or "
             '"any"\n'),
            ("0000:00:01.0", errno.EBUSY,
             "probe: a driver of 0000:00:01.0 is just coming or going: try again\n"),
            ("0000:00:09.0", errno.ENODEV, 'probe: there is no PCI function "0000:00:09.0": write '
             'one as lspci -D has it, or "any"\n')):
        assert (it.ask(name), it.said) == (err, said)
        assert it.shown() == before
        # After many others nothing is said, and the errno is the same.
        it.kernel.silent = 1
        assert (it.ask(name), it.said) == (err, "")
        it.kernel.silent = 0
    assert it.kernel.limit_flags == 1
    it.devices[1].locked = 0


def test_a_device_that_cannot_be_mapped(it):
    it.add()
    it.kernel.unmappable = 1
    assert it.ask() == 0 and it.shown()["register"] == "none found"
    found, why = ctypes.c_int(), ctypes.c_char_p()
    it.library.svm_search(ctypes.byref(found), ctypes.byref(why))
    it.is_as_before()


def test_a_device_that_the_guard_has_an_alias_of(it):
    """Its alias is taken, and not mapped again."""
    it.add()
    it.library.svm_alias_add(ctypes.c_ulong(BASE - 0x1000), ctypes.c_ulong(0x2000))
    it.kernel.mapped, it.kernel.unmappable = 0, 1
    assert taken(it) == FOUND


# ---- The file "probe".

def test_what_there_is_at_first(it):
    assert it.kernel.file_mode == 0o600
    assert it.shown() == {"register": "-", "direct": "not tried", "sprg0": "not tried",
                          "hcall": "not tried", "load_with": "none"}


@pytest.mark.parametrize("direct, sprg0, hcall, secure", itertools.product(
    (VALUE, EXCEPTION, FOR_EVER), (VALUE, NO_VALUE), (False, True), (False, True)))
def test_trials(it, direct, sprg0, hcall, secure):
    it.add()
    it.becomes[:] = (direct, sprg0)
    it.kernel.hcall, it.kernel.secure = hcall, secure
    assert it.ask() == 0
    load_with = ("direct" if direct == VALUE and not secure else "sprg0" if sprg0 == VALUE
                 else "hcall" if hcall else "none")
    assert it.shown() == {
        "register": FOUND, "direct": f"{OUTCOMES[direct]}, 7 us",
        "sprg0": f"{OUTCOMES[sprg0]}, 7 us", "load_with": load_with,
        "hcall": f"{'works' if hcall else 'refused'}, 107 us"}
    assert it.kernel.asked == BASE


@pytest.mark.parametrize("hcall", [False, True])
def test_trials_without_a_register(it, hcall):
    """That of hcalls needs none; and nothing is left of those before."""
    device = it.add()
    assert it.ask() == 0 and it.shown()["direct"] == "works, 7 us"
    device.flags = device.bars[0].flags = 0
    it.kernel.hcall = hcall
    assert it.ask() == 0
    assert it.shown() == {
        "register": "none found", "direct": "not tried", "sprg0": "not tried",
        "hcall": f"{'works' if hcall else 'refused'}, 107 us",
        "load_with": "hcall" if hcall else "none"}
    assert it.kernel.asked == 0


def test_what_is_no_name(it):
    it.add()
    assert it.ask("x" * 33) == errno.EINVAL and it.said == (
        "probe: 33 bytes are no name of a PCI function: write one as lspci -D has it, or "
        '"any"\n')
    assert it.ask("x" * 32) == errno.ENODEV and f'"{"x" * 32}"' in it.said
    assert it.ask("any" + " " * 29) == 0
    assert it.ask("anybody", 3) == 0 and it.ask("any", 2) == errno.ENODEV
    it.kernel.unreadable = 1
    assert it.ask() == errno.EFAULT
    it.kernel.unreadable, it.kernel.interrupted = 0, 1
    assert it.ask() == errno.EINTR


# ---- Aliases.

def alias_of(it, physical):
    place = Place()
    found = it.library.svm_alias_of(ctypes.c_ulong(physical), ctypes.byref(place))
    if not found & 0xff:
        return None
    assert place.physical == physical
    return place.alias


def answers(it, name, *args):
    return bool(getattr(it.library, name)(*(ctypes.c_ulong(arg) for arg in args)) & 0xff)


def test_aliases(it):
    windows = [(BASE, 0x3000), (BASE + 0x3000, 0x1000), (BASE + 0x100000, 0x10000)]
    for window in windows:
        assert it.library.svm_alias_add(*map(ctypes.c_ulong, window)) == 0
    assert it.library.svm_alias_count() == 3 and it.kernel.mapped == 0x14000
    for start, size in windows:
        for at in (start, start + 1, start + size - 1):
            assert alias_of(it, at) == at + MAPPED
            assert answers(it, "svm_alias_contains", at + MAPPED)
            assert not answers(it, "svm_alias_contains", at)
            # All of it, in one window.
            left = start + size - at
            assert answers(it, "svm_alias_covers", at, left)
            assert not answers(it, "svm_alias_covers", at, left + 1)
    for at in (BASE - 1, BASE + 0x4000, BASE + 0xfffff, BASE + 0x110000):
        assert alias_of(it, at) is None
        assert not answers(it, "svm_alias_contains", at + MAPPED)
        assert not answers(it, "svm_alias_covers", at, 1)
    # By the kernel's entries: of what is mapped, and in a window.
    place = Place()
    for at, found in ((BASE + 5, True), (BASE + 5 + 0x10000, False), (BASE - 1, False)):
        assert answers(it, "svm_alias_find", at + MAPPED, ctypes.addressof(place)) == found
        assert not found or (place.physical, place.alias) == (at, at + MAPPED)
    it.kernel.mapped = 12       # each is given back once
    it.library.svm_alias_remove_all()
    assert it.library.svm_alias_count() == it.kernel.mapped == it.kernel.wrong == 0
    assert alias_of(it, BASE) is None


def test_more_windows_than_there_are(it):
    for number in range(48):
        assert it.library.svm_alias_add(*map(ctypes.c_ulong, (number << 20, 0x1000))) == 0
    assert it.library.svm_alias_add(*map(ctypes.c_ulong, (48 << 20, 0x1000))) == -errno.ENOSPC
    assert it.library.svm_alias_count() == 48 and alias_of(it, 47 << 20) == (47 << 20) + MAPPED
    it.library.svm_alias_remove_all()
    it.kernel.unmappable = 1
    assert it.library.svm_alias_add(*map(ctypes.c_ulong, (0, 0x1000))) == -errno.ENOMEM
    assert it.library.svm_alias_count() == 0
