# SPDX-License-Identifier: GPL-2.0
"""What QEMU's plugins for secure guests and for benchmarks do at each instruction: who is told to
be secure, which calls are answered and logged, what is in a sample; and what they do not work with.

With a QEMU that tests/native plays. test_smf_plugin.py and test_bench.py have guests.
"""

import pytest
from lab import recorder
from lab.recorder import RecorderError, Trace
from lab.smf import Call, Smf
from test_oracle_plugin import Qemu

pytestmark = pytest.mark.quick

TEXT = 0xc008000000010000
MFMSR, SC, NOP = 0x7c0000a6, 0x44000002, 0x60000000
LEVEL = 0x20
MSR_S, PROBLEM = 1 << 22, 1 << 14
SHARE, UNSHARE, UNSHARE_ALL = 0xf130, 0xf134, 0xf140
BEGIN, END = 0x68000000, 0x64000000


def end_of(qemu):
    """What it says at its end, and its status, if the plugin ends it."""
    return qemu.close()


# ---- Secure guests.

@pytest.fixture(name="smf")
def loaded(request):
    """The plugin, and a QEMU that has it; with guests=on if that is the parameter."""
    it = Smf("plugin-smf", guests=getattr(request, "param", False))
    qemu = Qemu(it)
    assert qemu.loaded
    yield it, qemu
    qemu.close()


def run(qemu, number, vcpu=0):
    return qemu.ask("run", number, vcpu).split()


def translate(qemu, word, address=TEXT, how="code"):
    return int(qemu.ask(how, hex(address), hex(word)).split()[0])


@pytest.mark.parametrize("rt", range(32))
def test_mfmsr(smf, rt):
    """It gives the MSR with S, in its own register, and goes on behind itself."""
    _, qemu = smf
    qemu.ask("set", "msr", "0x8000000000009033")
    for n in range(32):
        qemu.ask("set", f"r{n}", hex(n))
    number = translate(qemu, MFMSR | rt << 21)
    assert run(qemu, number, 1) == ["goes", hex(TEXT + 4)]
    assert [int(qemu.ask("get", f"r{n}"), 16) for n in range(32)] == [
        0x8000000000009033 | MSR_S if n == rt else n for n in range(32)]
    # In problem state it is the guest's kernel's business.
    qemu.ask("set", "msr", hex(PROBLEM))
    assert run(qemu, number) == ["goes", "itself"]


@pytest.mark.parametrize("word, watched", [
    (MFMSR, True), (MFMSR | 0x1ff801, True), (MFMSR ^ 2, False), (MFMSR | 0x400, False),
    (0x7c000124, False), (NOP, False), (SC, False), (SC | LEVEL, False), (SC | 2 * LEVEL, True),
    (SC | 3 * LEVEL, False), (SC | 2 * LEVEL | 0x3ff0000, True), (SC | 6 * LEVEL, False),
    (0x44000041, False), (0x48000042, False)])
def test_which_instructions(smf, word, watched):
    """By their fields; what is reserved is ignored."""
    _, qemu = smf
    for how in ("code", "first", "alone"):
        qemu.ask("set", "r3", hex(SHARE))
        assert (run(qemu, translate(qemu, word, how=how))[0] != "itself") == watched


def test_ultracalls(smf):
    it, qemu = smf
    number = translate(qemu, SC | 2 * LEVEL, TEXT + 8)
    for call, first, second in ((SHARE, 0x123, 2), (UNSHARE, 0x124, 1), (SHARE, 5, 1)):
        for name, value in (("msr", 0x30), ("r3", call), ("r4", first), ("r5", second),
                            ("r6", 9)):
            qemu.ask("set", name, hex(value))
        assert run(qemu, number) == ["goes", hex(TEXT + 12)]
        assert qemu.ask("get", "r3") == "0x0"
    assert it.calls() == [Call(TEXT + 8, MSR_S | 0x30, *call) for call in (
        ("share", 0x123, 2), ("unshare", 0x124, 1), ("share", 5, 1))]
    assert it.shared_pages() == {0x123, 5}
    qemu.ask("set", "r3", hex(UNSHARE_ALL))
    run(qemu, number)
    assert it.shared_pages() == set() and len(it.calls()) == 4
    # A program's is not for the ultravisor.
    qemu.ask("set", "r3", hex(SHARE))
    qemu.ask("set", "msr", hex(PROBLEM))
    assert run(qemu, number) == ["goes", "itself"] and len(it.calls()) == 4
    assert qemu.ask("get", "r3") == hex(SHARE)


def test_ultracall_that_is_not_known(smf):
    it, qemu = smf
    qemu.ask("set", "r3", "0xf104")
    assert qemu.ask("run", translate(qemu, SC | 2 * LEVEL), 0) == ""
    said, rc = end_of(qemu)
    assert rc == 1 and said == (
        f"smf: the guest made ultracall 0xf104 at {TEXT:#x}, and no answer to that is known: add "
        "it to calls[] in tests/smf/smf.c: QEMU ends here\n") and it.calls() == []


@pytest.mark.parametrize("smf", [True], indirect=True)
def test_guests_of_the_guest(smf):
    """With guests=on those alone are secure: LPIDR says who runs."""
    it, qemu = smf
    msr, call = translate(qemu, MFMSR), translate(qemu, SC | 2 * LEVEL)
    qemu.ask("set", "r3", hex(SHARE))
    assert run(qemu, msr) == run(qemu, call) == ["goes", "itself"]
    qemu.ask("set", "lpidr", "0x1")
    assert run(qemu, call)[1] == run(qemu, msr)[1] == hex(TEXT + 4)
    assert len(it.calls()) == 1


@pytest.mark.parametrize("options, said", [
    ([], "log=FILE is missing"), (["guests=on"], "log=FILE is missing"),
    (["log={}", "guests=maybe"], "unknown option 'guests=maybe': there are log=FILE and guests=on"),
    (["lag={}"], "unknown option 'lag="),
    (["log=/nowhere/x"], "cannot write /nowhere/x: No such file or directory: give log= a file in "
     "a directory that QEMU may write to")])
def test_options_of_smf(tmp_path, options, said):
    qemu = Qemu(Smf("plugin-smf"), options=[option.format(tmp_path / "log") for option in options])
    assert not qemu.loaded
    assert f"smf: {said}" in end_of(qemu)[0]


def test_guests_off(tmp_path):
    """As without: the last one counts."""
    qemu = Qemu(Smf("plugin-smf"), options=[f"log={tmp_path / 'log'}", "guests=on", "guests=off"])
    assert qemu.loaded and run(qemu, translate(qemu, MFMSR))[1] == hex(TEXT + 4)
    qemu.close()


# ---- Samples.

class Recording:
    """The recorder, with a trace in a directory."""

    def __init__(self, directory):
        self.directory = directory

    def plugin_argument(self):
        return recorder.argument(self.directory)


@pytest.fixture(name="recording")
def record(tmp_path):
    qemu = Qemu(Recording(tmp_path), vcpus=1)
    assert qemu.loaded
    yield Trace(tmp_path), qemu
    qemu.close()


def retire(qemu, *words, start=TEXT):
    """Let these be executed one after another, each in a block of its own: their numbers."""
    numbers = []
    for offset, word in enumerate(words):
        number = translate(qemu, word, start + 4 * offset, "alone")
        assert run(qemu, number)[0] in ("nothing", "itself")
        numbers.append(number)
    return numbers


def test_a_sample(recording):
    trace, qemu = recording
    retire(qemu, NOP, BEGIN, NOP, 0x38600001, END, NOP)
    sample, = trace.new_samples()
    assert (sample.begin, sample.end, len(sample)) == (TEXT + 4, TEXT + 16, 2)
    assert [(insn.address, insn.word) for insn in sample.insns()] == [
        (TEXT + 8, NOP), (TEXT + 12, 0x38600001)]
    assert trace.new_samples() == []
    retire(qemu, BEGIN, END, BEGIN, NOP, END)
    assert [len(sample) for sample in trace.new_samples()] == [0, 1]


def test_accesses_in_a_sample(recording):
    """To the instruction that was recorded last; of devices, and the byte that was stored."""
    trace, qemu = recording
    marker, = retire(qemu, BEGIN)
    number, = retire(qemu, NOP, start=TEXT + 4)
    for kind, value in (("load", 1), ("ram-load", 2), ("unknown-load", 3), ("store", 0x1177),
                        ("byte-load", 0x55), ("ram-store", 4), ("byte-store", 0x1234)):
        qemu.access(number, value, kind)
    other, = retire(qemu, NOP, start=TEXT + 8)
    qemu.access(other, 0x99, "ram-byte-store")
    retire(qemu, END, start=TEXT + 12)
    qemu.access(other, 0x98, "byte-store")
    one, two = trace.new_samples()[0].insns()
    assert (one.loads, one.stores, one.device, one.byte) == (4, 3, 4, 0x34)
    assert (two.loads, two.stores, two.device, two.byte) == (0, 1, 0, 0x99)
    # None before the first.
    retire(qemu, BEGIN)
    qemu.access(number, 1)
    retire(qemu, NOP, END, start=TEXT + 4)
    assert [insn.loads for insn in trace.new_samples()[0].insns()] == [0]
    assert marker is not None


def test_what_is_not_recorded(recording):
    """Blocks of several instructions, and programs; who reads the sample notices."""
    trace, qemu = recording
    retire(qemu, BEGIN, NOP)
    for address, how in ((TEXT + 8, "code"), (TEXT + 8, "first"), (0x10000000, "alone"),
                         (0xbfffffffffffffff, "alone")):
        number = translate(qemu, NOP, address, how)
        assert run(qemu, number) == ["itself"]
    assert run(qemu, translate(qemu, NOP, 0xc000000000000000, "alone"))[0] == "nothing"
    retire(qemu, END, start=TEXT + 12)
    sample, = trace.new_samples()
    assert len(sample) == 2
    with pytest.raises(RecorderError, match="not whole"):
        sample.insns()


@pytest.mark.parametrize("words, said", [
    ((BEGIN, NOP, BEGIN), f"the marker at {TEXT + 8:#x} begins a sample within the one begun at "
     f"{TEXT:#x}"), ((NOP, END), f"the marker at {TEXT + 4:#x} ends a sample that no marker began"),
    ((BEGIN, END, END), f"the marker at {TEXT + 8:#x} ends a sample that no marker began")])
def test_markers_that_do_not_fit(recording, words, said):
    _, qemu = recording
    retire(qemu, *words[:-1])
    last = translate(qemu, words[-1], TEXT + 4 * len(words[:-1]), "alone")
    assert qemu.ask("run", last, 0) == ""
    text, rc = end_of(qemu)
    assert (text, rc) == (f"recorder: {said}: QEMU ends here\n", 1)


def test_trace_that_cannot_be_written(tmp_path):
    qemu = Qemu(Recording(tmp_path), vcpus=1, options=["trace=/dev/full"])
    retire(qemu, BEGIN)
    assert qemu.ask("run", translate(qemu, END, TEXT, "alone"), 0) == ""
    assert end_of(qemu) == (
        "recorder: cannot write the trace: No space left on device: QEMU ends here\n", 1)


@pytest.mark.parametrize("options, vcpus, said", [
    ([], 1, "the one option it wants is trace=FILE"),
    (["trace={}", "x"], 1, "the one option it wants is trace=FILE"),
    (["trice={}"], 1, "the one option it wants is trace=FILE"),
    (["trace=/nowhere/x"], 1, "cannot write /nowhere/x: No such file or directory"),
    (["trace={}"], 2, "this guest may have 2 vCPUs, and the recorder follows one: use -smp 1")])
def test_options_of_the_recorder(tmp_path, options, vcpus, said):
    qemu = Qemu(Recording(tmp_path), vcpus=vcpus,
                options=[option.format(tmp_path / "trace") for option in options])
    assert not qemu.loaded and end_of(qemu)[0] == f"recorder: {said}\n"


def test_another_qemu(tmp_path):
    for judge in (Recording(tmp_path), Smf("plugin-smf")):
        for target, system, what in (("x86_64", 1, "x86_64"), ("ppc64", 0, "ppc64 programs")):
            qemu = Qemu(judge, target=target, system=system, vcpus=1)
            assert not qemu.loaded
            assert f"this is QEMU for {what}: the plugin needs qemu-system-ppc64" in (
                end_of(qemu)[0])
