# SPDX-License-Identifier: GPL-2.0
"""The model of the ultravisor finds out about one access what docs/ultravisor.md says: it takes no
word that does not fit the fault, nor one that the published ultravisor cannot emulate. What it has
seen it says in its files.

Its decoder, verdicts and records, compiled for this machine; the instructions are binutils'.
"""

import ctypes
import shutil

import pytest
from lab import native

pytestmark = pytest.mark.quick

VERDICTS = ("left_to_kvm", "captured", "fetched_as_physical", "not_resident",
            "refused_upper_bits", "refused_undecodable", "refused_update_form",
            "refused_direction", "refused_address", "refused_no_memory")
X, D, DS = range(3)
BASE, INDEX = 0xc00a000080001000, 0x2468
# lwz 4,d(5) and so on; the displacement is the low half.
LWZ, STW, LD, LWZU, LWZX = 0x80850000, 0x90850000, 0xe8850000, 0x84850000, 0x7c85302e


class Vcpu(ctypes.Structure):
    """As tests/native/kernel.h has it."""

    _fields_ = [("kvm", ctypes.c_void_p), ("sprg0", ctypes.c_uint64),
                ("gpr", ctypes.c_ulong * 32), ("pc", ctypes.c_ulong),
                ("other_order", ctypes.c_bool), ("page", ctypes.c_uint64),
                ("memory", ctypes.c_uint32 * 1024), ("vcpu_id", ctypes.c_int)]


class Access(ctypes.Structure):
    """As uvmodel_verdict.h has it."""

    _fields_ = [("vcpu", ctypes.POINTER(Vcpu)), ("gpa", ctypes.c_ulong), ("ea", ctypes.c_ulong),
                ("store", ctypes.c_bool), ("word", ctypes.c_uint32)]


class Insn(ctypes.Structure):
    """As uvmodel_decode.h has it."""

    _fields_ = [("mnemonic", ctypes.c_char_p), ("bytes", ctypes.c_uint8),
                ("store", ctypes.c_bool), ("update", ctypes.c_bool),
                ("displacement", ctypes.c_int)]


@pytest.fixture(scope="module", name="model")
def build():
    lib = native.model()
    lib.uv_decode.restype = ctypes.POINTER(Insn)
    lib.uv_verdict_name.restype = ctypes.c_char_p
    return lib


def name(model, verdict):
    return model.uv_verdict_name(verdict).decode()


def test_names(model):
    assert tuple(name(model, verdict) for verdict in range(len(VERDICTS))) == VERDICTS


def test_decoder(model):
    """Whatever the ISA's integer loads and stores are; bit 31 of X-forms it does not look at."""
    words = native.words()
    accepted = 0
    for word, mnemonic in words.items():
        extended = word >> 26 == 31
        known = native.described(words[word & ~1] if extended else mnemonic)
        found = model.uv_decode(ctypes.c_uint32(word))
        assert bool(found) == (known is not None), (hex(word), mnemonic)
        if known:
            accepted += 1
            insn = found.contents
            assert (insn.bytes, insn.store, insn.update) == known
            assert insn.mnemonic.decode() == (words[word & ~1] if extended else mnemonic)
            assert insn.displacement == (X if extended else DS if word >> 26 in (58, 62) else D)
    assert accepted == 4 * 14 + 3 + 2 + 2 * 26


def judged(model, sprg0, ea, store=False, gpr=()):
    """What it says of an access to @ea, with BASE in r5 and INDEX in r6; and the word it took."""
    vcpu = Vcpu(sprg0=sprg0)
    for register, value in {0: 0x11111111, 5: BASE, 6: INDEX, **dict(gpr)}.items():
        vcpu.gpr[register] = value
    access = Access(ctypes.pointer(vcpu), 0, ea, store, 0)
    return name(model, model.uv_judge_sprg0(ctypes.byref(access))), access.word


@pytest.mark.parametrize("word, ea, store", [
    (LWZ, BASE, False), (STW, BASE, True), (LWZ | 0x7ffc, BASE + 0x7ffc, False),
    (LWZ | 0xfffc, BASE - 4, False), (LWZ | 0x8000, BASE - 0x8000, False),
    (LWZ | 3, BASE + 3, False), (LD | 0xfff8, BASE - 8, False),
    (LD | 0x7ffc, BASE + 0x7ffc, False), (LD | 2, BASE, False),       # lwa
    (LWZX, BASE + INDEX, False), (LWZX & ~(31 << 16), INDEX, False),
    (LWZ & ~(31 << 16) | 0x1000, 0x1000, False), (LWZX | 1, BASE + INDEX, False)])
def test_captured(model, word, ea, store):
    assert judged(model, word, ea, store) == ("captured", word)
    # Negative controls: another address, another direction, a bit of the upper half.
    for wrong in (ea + 1, ea - 1, ea ^ 1 << 63):
        assert judged(model, word, wrong, store)[0] == "refused_address"
    assert judged(model, word, ea, not store)[0] == "refused_direction"
    for bit in (32, 63):
        assert judged(model, word | 1 << bit, ea, store) == ("refused_upper_bits", word)


@pytest.mark.parametrize("word, why", [
    (0, "refused_undecodable"), (0x60000000, "refused_undecodable"),
    (0x7c853028, "refused_undecodable"),            # lwarx
    (LWZU | 4, "refused_update_form"), (0x7c85306e, "refused_update_form")])
def test_refused(model, word, why):
    assert judged(model, word, BASE + 4) == (why, word)


class Guest:
    """A guest with one page, and an instruction in it."""

    def __init__(self, word, pc, page=0x1000, order="little", visible=False):
        self.kvm = ctypes.c_bool(visible)
        self.vcpu = Vcpu(kvm=ctypes.addressof(self.kvm), pc=pc, page=page,
                         other_order=order == "big")
        offset = (pc & 0xfff) // 4
        self.vcpu.memory[offset] = word if order == "little" else int.from_bytes(
            word.to_bytes(4, "little"), "big")
        self.access = Access(ctypes.pointer(self.vcpu), 0, BASE, False, 0)

    def fetched(self, model):
        verdict = model.uv_fetch_as_physical(ctypes.byref(self.access))
        return name(model, verdict), self.access.word


@pytest.mark.parametrize("pc", [0x1000, 0x1ffc, 0xc000000000001010])
@pytest.mark.parametrize("order", ["little", "big"])
def test_fetched(model, pc, order):
    """In the linear mapping the NIP is the address; it does not ask whether the word fits."""
    assert Guest(STW, pc, order=order).fetched(model) == ("fetched_as_physical", STW)
    assert Guest(LWZU, pc, order=order).fetched(model) == ("fetched_as_physical", LWZU)
    assert Guest(0x60000000, pc, order=order).fetched(model) == (
        "refused_undecodable", 0x60000000)


def test_not_fetched(model):
    """Module text is at no address that the guest has; and a page may be away for a moment."""
    for pc in (0xc008000000001000, 0x2000, 0xffc):
        assert Guest(LWZ, pc).fetched(model) == ("refused_no_memory", 0)
        assert Guest(LWZ, pc, visible=True).fetched(model) == ("not_resident", 0)
    # Of 52 bits the highest counts.
    assert Guest(LWZ, 0xc008000000001000, page=0x8000000001000).fetched(model) == (
        "fetched_as_physical", LWZ)


# ---- What it records.

class Records:
    """A copy of the library, that has seen nothing."""

    def __init__(self, directory):
        path = directory / "records.so"
        shutil.copy(native.model()._name, path)
        self.library = ctypes.CDLL(str(path))
        self.library.file_of.restype = ctypes.c_char_p
        self.library.uv_record_init()

    def see(self, verdict, word=0, vcpu=0, store=False, at=0):
        """An access."""
        own = Vcpu(vcpu_id=vcpu, pc=0x1000 + at, sprg0=0x5555 + at)
        self.library.uv_record(ctypes.byref(Access(
            ctypes.pointer(own), 0x2000 + at, 0x3000 + at, store, word)),
            VERDICTS.index(verdict))

    def file(self, name):
        text = self.library.file_of(name.encode()).decode()
        assert ctypes.c_int.in_dll(self.library, "locked").value == 0
        return text.splitlines()


@pytest.fixture(name="records")
def fresh(tmp_path):
    return Records(tmp_path)


def test_counters(records):
    assert records.file("counters") == [f"{verdict}: 0" for verdict in VERDICTS]
    for number, verdict in enumerate(VERDICTS):
        for _ in range(number):
            records.see(verdict, LWZ)
    assert records.file("counters") == [f"{verdict}: {n}" for n, verdict in enumerate(VERDICTS)]
    # Words are of what was captured, refusals of what was refused, and not of what is neither.
    assert records.file("words") == [f"0x{LWZ:08x} 1 lwz"]
    assert [line.split(": ")[0] for line in records.file("refusals")] == [
        verdict for number, verdict in enumerate(VERDICTS)
        for _ in range(number) if verdict.startswith("refused_")][-16:]


def test_words(records):
    """Each once, with how often; of more than there is room for, their number."""
    for word in (LWZ, STW, LWZ, LWZX, LWZ):
        records.see("captured", word)
    assert records.file("words") == [f"0x{LWZ:08x} 3 lwz", f"0x{STW:08x} 1 stw",
                                     f"0x{LWZX:08x} 1 lwzx"]
    for word in range(253):
        records.see("captured", LWZ + 0x100 + word)
    lines = records.file("words")
    assert len(lines) == 256 and lines[-1] == f"0x{LWZ + 0x100 + 252:08x} 1 lwz"
    records.see("captured", STW)
    assert records.file("words")[1] == f"0x{STW:08x} 2 stw" and len(records.file("words")) == 256
    for word in (1, 2):
        records.see("captured", STW + word)
    assert records.file("words")[255:] == [lines[-1], "others 2"]


def test_refusals(records):
    """The last sixteen, the oldest first."""
    for count in range(1, 20):
        records.see("refused_address", vcpu=count % 4, store=bool(count % 2), at=count)
        lines = records.file("refusals")
        assert lines == [
            f"refused_address: {'store' if n % 2 else 'load'} of gpa {0x2000 + n:#x}, ea "
            f"{0x3000 + n:#x}, by vcpu {n % 4} at nip {0x1000 + n:#x}, sprg0 {0x5555 + n:#x}"
            for n in range(max(1, count - 15), count + 1)]


def test_files_go(records):
    records.library.uv_record_exit()
    assert records.library.file_of(b"words") is None
