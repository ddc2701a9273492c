# SPDX-License-Identifier: GPL-2.0
"""The oracle judges each access as docs/abi.md asks, counts it where it has to, and reports it;
what it cannot work with it refuses, and says why.

The plugin and lab/oracle.py with a QEMU that tests/native plays: so whatever may happen can happen.
"""

import json
import struct
import subprocess

import pytest
from lab import native, oracle
from lab.oracle import Oracle, OracleError, Verdicts

pytestmark = pytest.mark.quick

TEXT = 0xc008000000010000
LWZ, STW, LWZU = 0x80850000, 0x90850000, 0x84850004
DEVICE = 0xc00a000080000010


class Qemu:
    """The program, and what it answers."""

    def __init__(self, judge=None, *, target="ppc64", system=1, vcpus=2, options=None):
        self._process = subprocess.Popen([native.qemu()], stdin=subprocess.PIPE, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        plugin, *own = (judge or Oracle("plugin")).plugin_argument().split(",")
        self.loaded = self.ask("load", plugin, target, system, vcpus,
                               *(own if options is None else options)) == "0"
        if self.loaded:
            for vcpu in range(vcpus):
                self.ask("vcpu", vcpu)

    def ask(self, *words):
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def code(self, address, word):
        """The number of an instruction; None if it is not watched."""
        number, watched = self.ask("code", hex(address), hex(word)).split()
        return int(number) if watched == "watched" else None

    def access(self, number, sprg0, kind="load", vcpu=0, address=DEVICE):
        assert self.ask("access", number, vcpu, kind, hex(address), hex(sprg0)) == "made"

    def end(self):
        assert self.ask("end") == "ended"
        return self.close()

    def close(self):
        """What it said on stderr, and its status."""
        _, said = self._process.communicate(timeout=30)
        return said, self._process.returncode


@pytest.fixture(name="run")
def start():
    """One that judges 16 instructions at TEXT, called "one"."""
    judge = Oracle("plugin", vcpus=2)
    assert not judge.attached
    qemu = Qemu(judge)
    assert qemu.loaded and judge.attached
    judge.judge([("one", TEXT, TEXT + 64)])
    yield judge, qemu
    qemu.close()


def verdicts(**counts):
    return Verdicts(**counts)


def test_each_verdict(run):
    judge, qemu = run
    load, store = qemu.code(TEXT, LWZ), qemu.code(TEXT + 4, STW)
    update = qemu.code(TEXT + 8, LWZU)
    qemu.access(load, LWZ)
    qemu.access(store, STW, "store", vcpu=1)
    assert judge.counts()["one"] == verdicts(matched=2, loads=1, stores=1)
    assert judge.counts()["one"].clean is True
    before = judge.counts()
    for wrong in (STW, 0, LWZ | 1 << 32, LWZ | 1 << 63, LWZ ^ 1, LWZ << 32 | LWZ):
        qemu.access(load, wrong)
    assert (judge.counts() - before)["one"] == verdicts(mismatched=6, loads=6)
    before = judge.counts()
    qemu.access(store, LWZ, "store")
    assert (judge.counts() - before)["one"] == verdicts(mismatched=1, stores=1)
    before = judge.counts()
    qemu.access(update, LWZU)
    qemu.access(update, 0, vcpu=1)
    assert (judge.counts() - before)["one"] == verdicts(unacceptable=2, loads=2)
    assert not judge.counts()["one"].clean and judge.counts().total.accesses == 11


def test_what_is_no_device(run):
    judge, qemu = run
    load = qemu.code(TEXT, LWZ)
    outside = qemu.code(TEXT + 64, LWZ)
    qemu.access(load, LWZ, "ram-load")
    qemu.access(outside, LWZ, "ram-store")
    assert judge.counts().total == Verdicts() and judge.counts().outside == 0
    qemu.access(load, LWZ, "unknown-load")
    qemu.access(outside, LWZ, "unknown-load", vcpu=1)
    assert judge.counts()["one"] == verdicts(unresolved=1)
    assert judge.counts().outside_unresolved == 1
    before = judge.counts()
    assert (before - before).outside_unresolved == 0
    assert not judge.counts()["one"].clean


def test_edges_of_a_range(run):
    judge, qemu = run
    for offset, seen in ((-4, 0), (0, 1), (60, 1), (64, 0)):
        before = judge.counts()
        qemu.access(qemu.code(TEXT + offset, LWZ), LWZ, "store" if offset < 0 else "load")
        after = judge.counts() - before
        assert (after["one"].matched, after.outside) == (seen, 1 - seen), offset


def test_ranges_change(run):
    """The first that fits counts; a name keeps its counts, whatever becomes of its ranges."""
    judge, qemu = run
    load = qemu.code(TEXT + 8, LWZ)
    qemu.access(load, LWZ)
    judge.judge([("two", TEXT + 8, TEXT + 12), ("one", TEXT, TEXT + 64)])
    qemu.access(load, LWZ)
    qemu.access(qemu.code(TEXT + 12, LWZ), LWZ)
    judge.judge([("one", TEXT, TEXT + 64), ("two", TEXT + 8, TEXT + 12)])
    qemu.access(load, LWZ)
    judge.judge([])
    qemu.access(load, LWZ)
    counts = judge.counts()
    assert (counts["one"].matched, counts["two"].matched, counts.outside) == (3, 1, 1)
    judge.judge([(str(number), TEXT + 4 * number, TEXT + 4 * number + 4) for number in range(16)])
    for number in range(16):
        qemu.access(qemu.code(TEXT + 4 * number, LWZ), LWZ)
    assert [judge.counts()[str(number)].matched for number in range(16)] == [1] * 16


def test_every_instruction(run):
    """What may be captured is what binutils calls a load or store of that sort, and no update."""
    judge, qemu = run
    words = native.words()
    watched = 0
    for word, mnemonic in words.items():
        number = qemu.code(TEXT, word)
        known = native.described(mnemonic)
        if number is None:
            # Below 31 only a prefix, and pairs of vector registers.
            assert known is None and word >> 26 < 31 and word >> 26 not in (1, 6), mnemonic
            continue
        watched += 1
        before = judge.counts()
        qemu.access(number, word)
        seen = (judge.counts() - before)["one"]
        good = known is not None and not known[2]
        assert (seen.matched, seen.unacceptable) == (int(good), int(not good)), (
            f"{word:#x} {mnemonic}")
    assert watched > 2048 + 31 * 4


def test_skipped():
    ranges = [(0x1000 * n, 0x1000 * n + 0x800) for n in range(1, 17)]
    qemu = Qemu(Oracle("plugin", skip=ranges))
    for start, end in (ranges[0], ranges[-1]):
        assert qemu.code(start, LWZ) is None and qemu.code(end - 4, LWZ) is None
        assert qemu.code(start - 4, LWZ) is not None and qemu.code(end, LWZ) is not None
    qemu.close()
    qemu = Qemu(Oracle("plugin", skip=[*ranges, (1 << 40, 1 << 41)]))
    assert not qemu.loaded and "more than 16" in qemu.close()[0]


CONTROL, REPORT = "control=/nonexistent/c", "report=/nonexistent/r"


@pytest.mark.parametrize("options, said", [
    ([], "control=FILE is missing"), ([CONTROL], "report=FILE is missing"),
    ([REPORT], "control=FILE is missing"), (["nonsense=1"], "unknown option 'nonsense=1'"),
    (["skip=1"], "START-END"), (["skip=1-"], "START-END"), (["skip=-2"], "START-END"),
    (["skip=2-1"], "START-END"), (["skip=2-2"], "START-END"), (["skip=1-2x"], "START-END"),
    (["skip=1:2"], "START-END"), (["outside=maybe"], "on or off, not 'maybe'"),
    (["outside=off", "skip=1-2", CONTROL, REPORT], "cannot write a report"),
])
def test_options(options, said):
    qemu = Qemu(options=options)
    errors, _ = qemu.close()
    assert not qemu.loaded and errors.startswith("oracle: ") and said in errors
    assert errors.count("oracle: ") == 1


@pytest.mark.parametrize("target, system, said", [
    ("ppc64", 0, "ppc64 programs"), ("x86_64", 1, "QEMU for x86_64:")])
def test_another_qemu(target, system, said):
    qemu = Qemu(target=target, system=system)
    assert not qemu.loaded and said in qemu.close()[0]


def changed(where, form, value):
    """An Oracle with something else in its control file."""
    judge = Oracle("plugin", vcpus=2)
    with open(judge.control_path, "r+b") as file:
        file.seek(where)
        file.write(struct.pack(form, value))
    return judge


@pytest.mark.parametrize("judge, said", [
    (lambda: changed(0, "<Q", 1), "is not an oracle control file"),
    (lambda: changed(8, "<I", 2), "has layout version 2, this plugin wants 1"),
    (lambda: changed(12, "<I", 3), "is not the size for its 3 vCPUs"),
    (lambda: changed(16, "<Q", 77), "already used by process 77"),
    (lambda: Oracle("plugin", vcpus=1), "has room for 1 vCPUs and this guest may have 2"),
])
def test_control_file(judge, said):
    qemu = Qemu(judge())
    assert not qemu.loaded and said in qemu.close()[0]


def test_no_control_file(tmp_path):
    for control, said in ((tmp_path / "none", "cannot open"), (tmp_path / "short", "too few")):
        (tmp_path / "short").write_bytes(bytes(4095))
        qemu = Qemu(options=[f"control={control}", f"report={tmp_path / 'report'}"])
        assert not qemu.loaded and said in qemu.close()[0]


def test_a_vcpu_too_many(run):
    _, qemu = run
    qemu.ask("vcpu", 2)
    said, status = qemu.close()
    assert status == 1 and "vCPU 2 is beyond the 2" in said and "QEMU ends here" in said


@pytest.mark.parametrize("table, said", [
    (struct.pack("<Q", 17), "names 17 ranges, there is room for 16"),
    (struct.pack("<QQQQ", 1, TEXT, TEXT + 4, 64), "names slot 64, there are 64")])
def test_a_table_that_is_none(run, table, said):
    """Better no answer than a wrong one."""
    judge, qemu = run
    number = qemu.code(TEXT, LWZ)
    with open(judge.control_path, "r+b") as file:
        file.seek(32)           # the table of even generations
        file.write(table)
        file.seek(24)
        file.write(struct.pack("<Q", 2))
    qemu.ask("access", number, 0, "load", hex(DEVICE), hex(LWZ))
    errors, status = qemu.close()
    assert status == 1 and said in errors and not judge.report_path.exists()


def test_report():
    judge = Oracle("plugin", vcpus=2, outside=True)
    judge.report_path.write_text("of an earlier run", encoding="ascii")
    qemu = Qemu(judge)
    assert not judge.report_path.exists()
    judge.judge([("one", TEXT, TEXT + 64), ("two", TEXT + 64, TEXT + 128)])
    second, store = qemu.code(TEXT + 64, LWZ), qemu.code(TEXT + 4, STW)
    first, outside = qemu.code(TEXT, LWZ), qemu.code(TEXT + 128, STW)
    update = qemu.code(TEXT + 8, LWZU)
    again = qemu.code(TEXT, LWZ)
    for number, sprg0, kind, vcpu, address in (
            (second, LWZ, "load", 0, DEVICE), (first, 1 << 32 | LWZ, "load", 1, DEVICE + 4),
            (again, 7, "load", 0, DEVICE), (again, LWZ, "load", 0, DEVICE),
            (store, STW, "store", 0, DEVICE), (update, 0, "load", 0, DEVICE),
            (outside, 5, "store", 1, DEVICE), (first, 0, "unknown-load", 0, DEVICE)):
        qemu.access(number, sprg0, kind, vcpu, address)
    said, status = qemu.end()
    assert (said, status) == ("", 0)
    report = judge.report()
    sums = {"matched": 3, "mismatched": 2, "unacceptable": 1, "unresolved": 1, "loads": 5,
            "stores": 1}
    assert (report["version"], report["watched"]) == (1, 5)
    assert report["totals"] == {**sums, "outside": 1, "outside_unresolved": 0}
    assert report["slots"] == [
        {"slot": 0, **sums, "matched": 2, "loads": 4, "name": "one"},
        {"slot": 1, **dict.fromkeys(sums, 0), "matched": 1, "loads": 1, "name": "two"}]
    assert report["ranges"] == [
        {"slot": 0, "start": hex(TEXT), "end": hex(TEXT + 64), "name": "one"},
        {"slot": 1, "start": hex(TEXT + 64), "end": hex(TEXT + 128), "name": "two"}]
    counts = ("matched", "mismatched", "unacceptable")
    assert [(site["name"], site["offset"], site["address"], site["instruction"],
             *(site[key] for key in counts), site.get("wrong")) for site in report["sites"]] == [
        ("one", "0", hex(TEXT), f"{LWZ:#x}", 1, 2, 0, 2),
        ("one", "0x4", hex(TEXT + 4), f"{STW:#x}", 1, 0, 0, None),
        ("one", "0x8", hex(TEXT + 8), f"{LWZU:#x}", 0, 0, 1, 1),
        ("two", "0", hex(TEXT + 64), f"{LWZ:#x}", 1, 0, 0, None),
        (None, None, hex(TEXT + 128), f"{STW:#x}", 0, 1, 0, 1)]
    assert report["sites"][0]["first_wrong"] == {
        "sprg0": f"{1 << 32 | LWZ:#018x}", "vcpu": 1, "target": hex(DEVICE + 4)}
    assert report["sites"][0]["last_wrong_sprg0"] == f"{7:#018x}"
    assert {site["device"] for site in report["sites"]} == {"a \"device\" \\ of \x01 0\x7f"}


def test_what_is_outside_is_listed_only_if_asked_for(run):
    judge, qemu = run
    qemu.access(qemu.code(TEXT, LWZ), LWZ)
    qemu.access(qemu.code(TEXT + 64, LWZ), LWZ)
    assert qemu.end() == ("", 0)
    report = judge.report()
    assert [site["name"] for site in report["sites"]] == ["one"]
    assert report["totals"]["outside"] == 1


def test_empty_report():
    judge = Oracle("plugin", skip=[])
    with pytest.raises(OracleError, match="has not loaded"):
        judge.counts()
    with pytest.raises(OracleError, match="has not loaded"):
        judge.report()
    qemu = Qemu(judge)
    with pytest.raises(OracleError, match="QEMU left no"):
        judge.report()
    assert qemu.end() == ("", 0)
    report = json.loads(judge.report_path.read_text(encoding="ascii"))
    assert (report["watched"], report["slots"], report["ranges"], report["sites"]) == (
        0, [], [], [])
    assert set(report["totals"].values()) == {0}


def test_what_cannot_be_judged():
    judge = Oracle("plugin", skip=[(0x1000, 0x2000)])
    most = [(str(n), 0x2000 + n, 0x2001 + n) for n in range(oracle.RANGES)]
    judge.judge(most)
    for ranges, said in (([*most, ("one", 0x3000, 0x3001)], "17 ranges"),
                         ([("empty", 4, 4)], "empty or no range"),
                         ([("back", 4, 0)], "empty or no range"),
                         ([("high", 4, 1 << 64)], "empty or no range"),
                         ([("below", -1, 4)], "empty or no range"),
                         ([("in", 0x1800, 0x1804)], "is skipped"),
                         ([("over", 0, 0x1001)], "is skipped"),
                         ([("end", 0x1fff, 0x3000)], "is skipped")):
        with pytest.raises(OracleError, match=said):
            judge.judge(ranges)
    judge.judge([("beside", 0, 0x1000), ("beside", 0x2000, 0x2001), ("top", 4, (1 << 64) - 1)][:2])
    judge = Oracle("plugin", skip=[])
    for number in range(oracle.SLOTS):
        judge.judge([(str(number), 0, 1)])
    judge.judge([("0", 0, 1)])
    with pytest.raises(OracleError, match="name 65"):
        judge.judge([("one more", 0, 1)])


def program(tmp_path, segments, magic=b"\x7fELF\x02\x01", order="<"):
    """An ELF file with [(kind, flags, address, size)]."""
    table = b"".join(struct.pack(order + "IIQQQQQQ", kind, flags, 0, address, 0, 0, size, 0)
                     for kind, flags, address, size in segments)
    head = magic + bytes(26) + struct.pack(order + "Q", 64) + bytes(14)
    head += struct.pack(order + "HH", 56, len(segments)) + bytes(6)
    assert len(head) == 64
    path = tmp_path / "vmlinux"
    path.write_bytes(head + table)
    return path


@pytest.mark.parametrize("data, order", [(1, "<"), (2, ">")])
def test_text_of_a_kernel(tmp_path, data, order):
    """From the first byte that is executable to the last, in either byte order."""
    magic = b"\x7fELF\x02" + bytes([data])
    segments = [(1, 6, 0x100, 0x10), (1, 5, 0x3000, 0x800), (1, 5, 0x1000, 0x200),
                (4, 5, 0x9000, 0x10)]
    assert oracle.kernel_text(program(tmp_path, segments, magic, order)) == (0x1000, 0x3800)
    with pytest.raises(OracleError, match="no executable segment"):
        oracle.kernel_text(program(tmp_path, segments[:1], magic, order))


@pytest.mark.parametrize("magic", [b"\x7fELF\x01\x01", b"\x7fELG\x02\x01"])
def test_no_kernel(tmp_path, magic):
    with pytest.raises(OracleError, match="not a 64-bit ELF file"):
        oracle.kernel_text(program(tmp_path, [(1, 5, 0, 1)], magic))
    (tmp_path / "short").write_bytes(b"\x7fELF\x02")
    with pytest.raises(OracleError, match="not a 64-bit ELF file"):
        oracle.kernel_text(tmp_path / "short")
