# SPDX-License-Identifier: GPL-2.0
"""The static check of the windows, tests/lab/windows.py, sees each way in which one can be wrong,
as the check at load does, of which it knows nothing.

The windows of test_load_check.py, assembled into an object file with a table.
"""

import dataclasses
import subprocess

import pytest
from lab import objdump, windows
from test_load_check import BAD, GOOD, IN, LOAD, OUT, SET, fill, load, run

pytestmark = pytest.mark.quick

# What only this one looks for: which registers there may be, and what belongs together in a run.
MORE = [
    load(at4="*lwz 4,4(5)"), load(at4="*lwz 4,0(0)"), load(at4="*lwzx 4,5,6"),
    load(at4="*lha 4,0(5)"),
    run([IN[0], *IN[2:]]), run(IN[:3]), run([*OUT[:2], *OUT[3:]]), run([SET[0], SET[2]]),
    run(["*lbz 4,0(5)", "eieio", "stbu 4,2(7)", "bdnz .-12"]),
    run(["lbzu 4,2(7)", "*stb 4,0(5)", "addi 5,5,1", "bdnz .-12"]),
    run(["*stw 4,0(5)", "addi 5,5,8", "bdnz .-8"]),
    run([*IN[:3], "addi 5,5,2", "bdnz .-16"]),
]
# A run of registers that move on: an "in", and an "out" of one register.
ALSO = [run([*IN[:3], "addi 5,5,1", "bdnz .-16"]), run([*OUT[:2], "bdnz .-8"])]


class Object:
    """An object file of functions that are windows, and its table."""

    def __init__(self, directory, functions, table=True):
        self.path = directory / "windows.o"
        words = _words(directory, functions.values())
        text = [".abiversion 2", ".machine power9", ".text"]
        entries = [f'.section {windows.SECTION},"a"']
        for name, lines in functions.items():
            at = next(number for number, line in enumerate(lines) if line.startswith("*"))
            text += [f".globl {name}", f".type {name},@function", f"{name}:",
                     *fill(lines, words), f".size {name},.-{name}"]
            entries += [f".quad {name}+{4 * at}", f".long {words[lines[at][1:]]:#x}",
                        f".short {-4 * at}, {4 * (len(lines) - 1 - at)}"]
        if not functions:
            entries = []
        source = directory / "windows.s"
        # Local symbols, so that the table refers to the section, as GCC's does.
        source.write_text("\n".join([line for line in text if not line.startswith(".globl")]
                                    + (entries if table else []) + [""]), encoding="ascii")
        subprocess.run(["powerpc64le-linux-gnu-as", "-mlittle", "-o", self.path, source],
                       check=True)
        self.insns = windows.insns_by_address(self.path)
        self.table = windows.table(self.path)

    def fault(self, number=0, **changed):
        return windows.fault(self.insns, dataclasses.replace(self.table[number], **changed))


def _words(directory, cases):
    """The words of the accesses: {line: word}."""
    lines = sorted({line[1:] for lines in cases for line in lines if line.startswith("*")})
    source = directory / "accesses.s"
    source.write_text("\n".join([".machine power9", *lines, ""]), encoding="ascii")
    subprocess.run(["powerpc64le-linux-gnu-as", "-mlittle", "-o", directory / "accesses.o", source],
                   check=True)
    done = subprocess.run([objdump.OBJDUMP, "-d", directory / "accesses.o"], check=True,
                          capture_output=True, text=True)
    found = [match for line in done.stdout.splitlines() if (match := objdump.INSN.match(line))]
    return {line: int.from_bytes(bytes.fromhex(match[2]), "little")
            for line, match in zip(lines, found)}


@pytest.fixture(scope="module", name="it")
def assemble(tmp_path_factory):
    """All cases, each as a function; good ones first."""
    cases = [*GOOD, *ALSO, *(lines for lines, _ in BAD), *MORE]
    return Object(tmp_path_factory.mktemp("windows"),
                  {f"case_{number}": lines for number, lines in enumerate(cases)})


@pytest.mark.parametrize("number", range(len(GOOD) + len(ALSO)))
def test_accepted(it, number):
    assert it.fault(number) is None


@pytest.mark.parametrize("number", range(len(BAD) + len(MORE)))
def test_refused(it, number):
    assert it.fault(len(GOOD) + len(ALSO) + number), [*(lines for lines, _ in BAD), *MORE][number]


def test_reasons(it):
    """The word, and where the window begins and ends."""
    window = it.table[0]
    assert it.fault(word=window.word ^ 1) == "word is not the instruction"
    for changed in ({"save": window.save + 4}, {"restore": window.restore - 4},
                    {"save": window.save - 4} if window.save else {"restore": window.save}):
        assert it.fault(**changed)
    number = len(GOOD) + len(ALSO)
    assert it.fault(number) == "may not be captured"


def test_table(it):
    """Entries are found where they are: an access, its word, the two ends."""
    first, second = it.table[:2]
    assert (first.access, first.save, first.restore) == (16, 0, 20)
    assert second.access - first.access == 4 * len(LOAD) and first.word == 0x80850000


@pytest.mark.parametrize("name, lines, said", [
    ("__svm_readl", LOAD, None), ("__svm_readw", LOAD, "readw captures lwz, not lhz"),
    ("__svm_unknown", LOAD, "unknown captures lwz, not None"),
    ("run_ins_1", run(IN), None), ("run_ins_2", run(IN), "run_ins_2 captures lbz, not lhz"),
    ("__svm_readl", load(at3="nop"), "another shape")])
def test_of_a_file(tmp_path, name, lines, said):
    """A function that captures what it should not, or that nobody knows, is told as well."""
    told = windows.faults(Object(tmp_path, {name: lines}).path)
    assert told == [] if said is None else len(told) == 1 and said in told[0], told


def test_window_that_is_no_text(tmp_path):
    """An entry that points to data is no window, and an error."""
    Object(tmp_path, {"__svm_readl": LOAD})
    source = tmp_path / "windows.s"
    source.write_text(source.read_text(encoding="ascii").replace(".text\n", ".data\n", 1),
                      encoding="ascii")
    other = tmp_path / "other.o"
    subprocess.run(["powerpc64le-linux-gnu-as", "-mlittle", "-o", other, source], check=True)
    with pytest.raises(AssertionError):
        windows.table(other)


def test_several_of_one_function(tmp_path):
    """They are told together, in the order of their names."""
    both = Object(tmp_path, {"svm_sprg0_store": [*load(at4="*stw 4,0(5)")]})
    assert windows.captured(both.path) == {"svm_sprg0_store": "stw"}
    assert len(windows.faults(both.path)) == 1


def test_where_a_fault_is(tmp_path):
    told = windows.faults(Object(tmp_path, {"__svm_readl": LOAD, "__svm_in_le32": load(
        at5="mtspr 272,9")}).path)
    assert len(told) == 1 and told[0].startswith("window at .text+0x28: "), told
