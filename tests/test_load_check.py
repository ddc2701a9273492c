# SPDX-License-Identifier: GPL-2.0
"""The check at load refuses each way in which a window can be wrong, and says which it is; the
decoder under it knows each instruction that may be captured, and no other.

capture/table.c and insn.c, compiled for this machine; what the instructions are, binutils says.
"""

import ctypes
import errno
import struct
import subprocess

import pytest
from lab import native, windows

pytestmark = pytest.mark.quick

# A load and a store, as capture/window.h has them. {high} and {low} are of the word marked by *.
LOAD = ["mfspr 3,272", "li 9,0", "oris 9,9,{high}", "mtspr 272,9", "*lwz 4,0(5)", "mtspr 272,3"]
INDEXED = ["mfspr 3,272", "lis 9,{high}", "ori 9,9,{low}", "mtspr 272,9", "*lwbrx 4,0,5",
           "mtspr 272,3"]
# Runs: to a buffer at r7, from it, and of one value.
IN = ["*lbz 4,0(5)", "eieio", "stbu 4,1(7)", "bdnz .-12"]
OUT = ["lbzu 4,1(7)", "*stb 4,0(5)", "addi 5,5,1", "bdnz .-12"]
SET = ["*std 4,0(5)", "addi 5,5,8", "bdnz .-8"]


def load(**changed):
    """LOAD with some lines changed: "at2" is the third, "rest" what follows the access."""
    return _changed(LOAD, changed)


def indexed(**changed):
    """The same of INDEXED."""
    return _changed(INDEXED, changed)


def _changed(lines, changed):
    lines = list(lines)
    for key, line in changed.items():
        lines[int(key.removeprefix("at"))] = line
    return lines


def run(inner):
    """LOAD with @inner in place of the access."""
    return [*LOAD[:4], *inner, LOAD[5]]


def pairs():
    """Runs of each width, both ways."""
    for load_, store, bytes_ in (("lbz", "stb", 1), ("lhz", "sth", 2), ("lwz", "stw", 4),
                                 ("ld", "std", 8)):
        yield run([f"*{load_} 4,0(5)", "eieio", f"{store}u 4,{bytes_}(7)", "bdnz .-12"])
        yield run([f"{load_}u 4,{bytes_}(7)", f"*{store} 4,0(5)", f"addi 5,5,{bytes_}",
                   "bdnz .-12"])


GOOD = [LOAD, INDEXED, [*LOAD[:3], "sync", *LOAD[3:]], [*INDEXED[:3], "sync", *INDEXED[3:]],
        run(SET), *pairs(),
        # What is loaded may come into the register that had the word.
        load(at4="*lwz 9,0(5)"), indexed(at4="*lwbrx 9,0,5"), load(at4="*stw 4,0(5)")]

NOT_SAVED, NOT_WRITTEN, NOT_RESTORED = (f"SPRG0 is not {what}" for what in (
    "saved", "written", "restored"))
OTHER, ELSE = "another word is built", "something else is in the window"
LOST, OVERWRITTEN = "the saved SPRG0 is lost", "the word overwrites an operand"
MAY_NOT = "not a load or store that may be captured"
BAD = [
    (load(at4="*lwzu 4,4(5)"), MAY_NOT), (load(at4="*nop"), MAY_NOT),
    (load(at4="*lwarx 4,0,5"), MAY_NOT),
    (load(at0="mfspr 3,273"), NOT_SAVED), (load(at0="nop"), NOT_SAVED),
    (load(at1="li 9,1"), OTHER), (load(at1="li 10,0"), OTHER), (load(at2="oris 9,9,1"), OTHER),
    (load(at2="oris 9,10,{high}"), OTHER), (load(at2="oris 10,9,{high}"), OTHER),
    (indexed(at1="lis 9,1"), OTHER), (indexed(at2="ori 9,9,1"), OTHER),
    (indexed(at1="li 9,0"), OTHER), (indexed(at2="ori 9,10,{low}"), OTHER),
    (load(at3="mtspr 273,9"), NOT_WRITTEN), (load(at3="mtspr 272,10"), NOT_WRITTEN),
    (load(at3="nop"), NOT_WRITTEN), ([*LOAD[:3], "lwsync", *LOAD[3:]], NOT_WRITTEN),
    (load(at5="mtspr 273,3"), NOT_RESTORED), (load(at5="mtspr 272,9"), NOT_RESTORED),
    (load(at5="nop"), NOT_RESTORED),
    ([*LOAD[:4], "nop", *LOAD[4:]], ELSE), ([*LOAD[:5], "nop", LOAD[5]], ELSE),
    (run([*SET[:1], "addi 5,5,4", "bdnz .-8"]), ELSE),
    (run([*SET[:1], "addi 6,5,8", "bdnz .-8"]), ELSE),
    (run([*SET[:1], "addi 5,6,8", "bdnz .-8"]), ELSE),
    (run([*SET[:2], "bdnz .-4"]), ELSE), (run([*SET[:2], "bdnz .-12"]), ELSE),
    (run([*OUT[:3], "bdnz .-8"]), ELSE),
    # What fills the buffer: another width, the same direction, no update, another register;
    # its address is that of the device, in the register loaded, in that of SPRG0.
    (run([*IN[:2], "sthu 4,2(7)", IN[3]]), ELSE), (run([*IN[:2], "lbzu 4,1(7)", IN[3]]), ELSE),
    (run([*IN[:2], "stb 4,1(7)", IN[3]]), ELSE), (run([*IN[:2], "stbu 6,1(7)", IN[3]]), ELSE),
    (run([*IN[:2], "stbu 4,1(5)", IN[3]]), ELSE), (run([*IN[:2], "stbu 4,1(4)", IN[3]]), ELSE),
    (run([*IN[:2], "stbu 4,1(3)", IN[3]]), ELSE), (run(["lhzu 4,2(7)", *OUT[1:]]), ELSE),
    (load(at0="mfspr 9,272", at5="mtspr 272,9"), LOST),
    (load(at0="mfspr 4,272", at5="mtspr 272,4"), LOST),
    (load(at0="mfspr 5,272", at5="mtspr 272,5"), LOST),
    (indexed(at0="mfspr 5,272", at5="mtspr 272,5"), LOST),
    (indexed(at0="mfspr 6,272", at4="*lwbrx 4,6,5", at5="mtspr 272,6"), LOST),
    (load(at0="mfspr 4,272", at4="*stw 4,0(5)", at5="mtspr 272,4"), LOST),
    (load(at4="*lwz 4,0(9)"), OVERWRITTEN), (indexed(at4="*lwbrx 4,0,9"), OVERWRITTEN),
    (indexed(at4="*lwbrx 4,9,5"), OVERWRITTEN), (load(at4="*stw 9,0(5)"), OVERWRITTEN),
    (indexed(at4="*stwbrx 9,0,5"), OVERWRITTEN),
]


@pytest.fixture(scope="module", name="assembled")
def assemble(tmp_path_factory):
    """The word of each instruction that the cases have: a dict."""
    directory = tmp_path_factory.mktemp("windows")
    cases = [*GOOD, *(lines for lines, _ in BAD)]
    fixed = sorted({line.lstrip("*") for lines in cases for line in lines if "{" not in line})
    known = _assemble(directory, fixed)
    more = sorted({filled for lines in cases for filled in fill(lines, known)} - {*known})
    return known | _assemble(directory, more)


def _assemble(directory, lines):
    source = directory / "lines.s"
    source.write_text("\n".join([".machine power9", *lines, ""]), encoding="ascii")
    for tool, *args in (("as", "-mlittle", "-o", "lines.o", "lines.s"),
                        ("objcopy", "-O", "binary", "-j", ".text", "lines.o", "lines.bin")):
        subprocess.run([f"powerpc64le-linux-gnu-{tool}", *args], cwd=directory, check=True)
    words = struct.unpack(f"<{len(lines)}I", (directory / "lines.bin").read_bytes())
    return dict(zip(lines, words))


def fill(lines, known):
    """@lines with the word of the access put in where it is built."""
    access = next(line for line in lines if line.startswith("*"))
    word = known[access[1:]]
    return [line.lstrip("*").format(high=word >> 16, low=word & 0xffff) for line in lines]


class Window:
    """Instructions in this process, and their entry of the table."""

    def __init__(self, lines, known):
        words = [known[line] for line in fill(lines, known)]
        self.at = next(number for number, line in enumerate(lines) if line.startswith("*"))
        self.text = (ctypes.c_uint32 * len(words))(*words)
        self.word = words[self.at]
        self.save, self.restore = -4 * self.at, 4 * (len(words) - 1 - self.at)

    @property
    def entry(self):
        return windows.ENTRY.pack(ctypes.addressof(self.text) + 4 * self.at, self.word,
                                  self.save, self.restore)


class Check:
    """The check at load, of a table of two: the second is the one to be judged."""

    def __init__(self, known):
        self.lib = native.load_check()
        self._table = ctypes.addressof(ctypes.c_char.in_dll(self.lib, "windows"))
        self.good = Window(LOAD, known)

    def verify(self, *tables):
        """0, or the errno, of two windows; and what was said."""
        ctypes.memmove(self._table, b"".join(window.entry for window in tables),
                       len(tables) * windows.ENTRY.size)
        said = (ctypes.c_char * 4096).in_dll(self.lib, "said")
        said.value = b""
        return self.lib.svm_windows_verify(), said.value.decode()


@pytest.fixture(scope="module", name="check")
def make_check(assembled):
    return Check(assembled)


def named(lines):
    """What is not as in LOAD."""
    return "; ".join(line for line in lines if line not in LOAD) or "as it is"


@pytest.mark.parametrize("lines", GOOD, ids=named)
def test_accepted(check, assembled, lines):
    assert check.verify(check.good, Window(lines, assembled)) == (0, "")


@pytest.mark.parametrize("lines, why", BAD, ids=lambda it: "" if isinstance(it, str)
                         else named(it))
def test_refused(check, assembled, lines, why):
    window = Window(lines, assembled)
    for tables in ((check.good, window), (window, check.good)):
        rc, said = check.verify(*tables)
        assert rc == -errno.ENOEXEC and f"(word 0x{window.word:08x}): {why}: " in said, said


@pytest.mark.parametrize("lines, expected, found", [
    (load(at0="mfspr 3,273"), "mfspr 3,272", "mfspr 3,273"),
    (load(at1="li 9,1"), "li 9,0", "li 9,1"), (load(at3="mtspr 272,10"), "mtspr 272,9",
                                               "mtspr 272,10"),
    (load(at5="mtspr 272,9"), "mtspr 272,3", "mtspr 272,9"),
    ([*LOAD[:5], "nop", LOAD[5]], "lwz 4,0(5)", "nop"),
    (load(at4="*lwzu 4,4(5)"), "lwzu 4,4(5)", "lwzu 4,4(5)")])
def test_what_was_expected_and_found(check, assembled, lines, expected, found):
    """The two numbers of a message are the right way round."""
    _, said = check.verify(check.good, Window(lines, assembled))
    assert f"expected 0x{assembled[expected]:08x}, found 0x{assembled[found]:08x}" in said
    assert said.startswith("refusing to load: ")


def test_which_register_is_overwritten(check, assembled):
    """The word, and the register that carries it."""
    window = Window(load(at4="*lwz 4,0(9)"), assembled)
    _, said = check.verify(check.good, window)
    assert f"expected 0x{window.word:08x}, found 0x00000009" in said
    window = Window(load(at0="mfspr 4,272", at5="mtspr 272,4"), assembled)
    _, said = check.verify(check.good, window)
    assert "expected 0x00000004, found 0x00000009" in said


def test_word_of_another_instruction(check, assembled):
    window = Window(LOAD, assembled)
    window.word ^= 1 << 16
    rc, said = check.verify(check.good, window)
    assert rc == -errno.ENOEXEC and ": the word is not the instruction: " in said
    assert f"expected 0x{window.word:08x}, found 0x{window.word ^ 1 << 16:08x}" in said


@pytest.mark.parametrize("save, restore", [(0, 4), (4, 4), (-16, 0), (-16, -4)])
def test_damaged_entry(check, assembled, save, restore):
    window = Window(LOAD, assembled)
    window.save, window.restore = save, restore
    rc, said = check.verify(check.good, window)
    assert rc == -errno.ENOEXEC and ": the entry is damaged: " in said


def test_empty_table():
    lib = native.load_check(windows=0)
    assert lib.svm_windows_count() == 0 and lib.svm_windows_verify() == -errno.ENOEXEC
    assert b"empty" in (ctypes.c_char * 4096).in_dll(lib, "said").value


def test_listed(check, assembled):
    """A line for each: where, the word, the mnemonic."""
    other = Window(INDEXED, assembled)
    check.verify(check.good, other)
    check.lib.svm_windows_show(None)
    lines = (ctypes.c_char * 4096).in_dll(check.lib, "said").value.decode().splitlines()
    assert check.lib.svm_windows_count() == len(lines) == 2
    # The kernel would print a symbol for the address.
    for line, window, mnemonic in zip(lines, (check.good, other), ("lwz", "lwbrx")):
        where = ctypes.addressof(window.text) + 4 * window.at
        assert line == f"{where:#x}S 0x{window.word:08x} {mnemonic}"


class Insn(ctypes.Structure):
    _fields_ = [("mnemonic", ctypes.c_char_p), ("bytes", ctypes.c_uint8),
                ("store", ctypes.c_bool), ("rt", ctypes.c_int8), ("ra", ctypes.c_int8),
                ("rb", ctypes.c_int8)]


def test_decoder(check):
    """All forms of instruction that there are, update forms among them."""
    decode = check.lib.svm_insn_decode
    decode.argtypes = [ctypes.c_uint32, ctypes.POINTER(Insn)]
    decode.restype = ctypes.c_bool
    accepted = 0
    for word, mnemonic in native.words().items():
        insn = Insn()
        known = native.described(mnemonic)
        assert decode(word, insn) == (known is not None and not known[2]), (hex(word), mnemonic)
        if known and not known[2]:
            accepted += 1
            assert (insn.mnemonic.decode(), insn.bytes, insn.store) == (mnemonic, *known[:2])
            assert (insn.rt, insn.ra) == (4, 5)
            assert insn.rb == (6 if mnemonic.endswith("x") else -1)
    # The two low bits of a D-form are displacement: four words each.
    assert accepted == 4 * 7 + 3 + 16
