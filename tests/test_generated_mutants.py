# SPDX-License-Identifier: GPL-2.0
"""Of mutants that a machine makes, the tests catch nine of ten: here a fixed sample of those that
are judged on this machine, in every part of which at least eight of ten have to be.

"make check-mutants SEED=... COUNT=..." draws others, and those of the module.
"""

import pytest
from generated_mutants import table
from lab import changes_c, changes_python, generated
from lab.change import Change, numbered
from lab.errors import LabError
from lab.mutant_judges import EQUIVALENT, KILLED, LIVED, NO_CODE, judge
from lab.soak import SOAK

SEED, COUNT = 23, 96 if SOAK else 48
# Their tests take seconds.
AREAS = ("oracle", "plugins", "model", "load", "search", "judges")
WANTED, WANTED_OF_EACH = 0.9, 0.8


@pytest.fixture(scope="module", name="fates")
def judge_sample():
    """What became of the sample, and of what is put beside it."""
    drawn = generated.draw(SEED, COUNT, AREAS)
    fates = list(judge([*drawn, *controls()]))
    print("\n".join(table(fates[:len(drawn)])))
    for fate in fates[:len(drawn)]:
        if fate.what == LIVED:
            print(f"lived: {fate.change.name}\n{fate.change.diff()}")
    return fates


def controls():
    """One that no test sees, one that changes nothing, one that is no program."""
    file = "tests/lab/ktap.py"
    text = (generated.paths.TOP / file).read_bytes()
    seen = text.index(b"A strict reader")
    comment = text.index(b"# the reason")
    name = text.index(b"parse(")
    return [Change(file, 0, at, at + len(old), old, new, "control", "") for at, old, new in (
        (seen, b"A", b"One"), (comment, b"# the", b"# all"), (name, b"parse", b""))]


def score(fates):
    killed, lived = (sum(fate.what == what for fate in fates) for what in (KILLED, LIVED))
    return killed / (killed + lived)


def test_nine_of_ten(fates):
    sample = fates[:-len(controls())]
    assert len(sample) == COUNT
    assert sum(fate.what in (KILLED, LIVED) for fate in sample) > COUNT * 0.7
    assert score(sample) >= WANTED


@pytest.mark.parametrize("area", AREAS)
def test_eight_of_ten_of_each(fates, area):
    sample = [fate for fate in fates[:-len(controls())]
              if generated.area_of(fate.change.file).name == area]
    assert len(sample) == COUNT // len(AREAS) and score(sample) >= WANTED_OF_EACH


def test_what_is_not_caught_is_said_to_live(fates):
    """Negative control: of what judges, and of what does not count."""
    assert [fate.what for fate in fates[-len(controls()):]] == [LIVED, EQUIVALENT, NO_CODE]


# ---- What makes them.

C = """
int low, high = 7;
int f(int a, int b)
{
    if (a < b && !low)
        return g(a, b);
    for (low = 0; low < 3; low++)
        high += a;
    TWICE(high--);
    return 0;
}
"""
FROM_C = {
    "int f(int a, int b)\n{ return 0;", "if (!(a < b && !low))", "if (0)", "if (1)", "a <= b",
    "a < b || !low", "&& low)", "g(b, a)", "return 0;\n    for", "for (low = 1;", "low <= 3",
    "low < (3 + 1)", "low--)", "low = 0; 0;", "high -= a", "        ;\n", "TWICE(high++)",
    "high = (7 + 1)", "    return 1;\n}"}


def made(changes, text):
    return [change.of(text.encode()).decode() for change in changes]


def test_of_c(tmp_path):
    """Each sort once; of a macro only what stands in the file."""
    source = tmp_path / "f.c"
    text = f"#define TWICE(x) do {{ x; x; }} while (0)\nint g(int a, int b);\n{C}"
    source.write_text(text, encoding="ascii")
    changes = changes_c.changes(str(source), ["-std=gnu11"])[str(source)]
    texts = made(changes, text)
    assert len(set(texts)) == len(changes) and text not in texts
    missing = {part for part in FROM_C if not any(part in text for text in texts)}
    assert not missing, missing
    assert all(changed.startswith(text.partition("\n")[0]) for changed in texts)
    # Nothing but these, and the statements that are dropped.
    assert len(changes) < len(FROM_C) + 8, [change.kind for change in changes]


PYTHON = '''
def f(a, b):
    """Text."""
    if a < b and not a:
        return g(a, b)
    while a != 1:
        a += 2
    return [x for x in b if x in a]
'''
FROM_PYTHON = {
    "return; if", "(not (a < b and not a))", "if True", "if False", "a <= b", "a < b or", "and a:",
    "return None", "g(b, a)", "while False", "a == 1", "!= 2", "pass", "+= 3", "x not in a",
    "if (not (x in a))"}


def test_of_python(tmp_path):
    source = tmp_path / "f.py"
    source.write_text(PYTHON, encoding="ascii")
    changes = changes_python.changes(str(source))
    texts = made(changes, PYTHON)
    missing = {part for part in FROM_PYTHON if not any(part in text for text in texts)}
    assert not missing, missing
    assert len(set(texts)) == len(changes) < len(FROM_PYTHON) + 8


def test_numbers_are_names():
    """Each can be asked for again; a sample is a part of a larger one."""
    for area in AREAS:
        change = generated.all_changes([area])[area][7]
        assert generated.find(change.name) == change and change.diff()
    small, large = (generated.draw(SEED, count, AREAS) for count in (COUNT // 2, COUNT))
    assert set(small) < set(large) and len(set(large)) == COUNT
    assert generated.draw(SEED + 1, COUNT, AREAS) != large
    assert [change.number for change in numbered("f", b"abcd", {
        (2, 3, b""): ("a", ""), (1, 3, b""): ("a", "")})] == [1, 2]
    # Of another text than it was made of it is none.
    with pytest.raises(LabError, match="it has changed"):
        numbered("f", b"abcd", {(2, 3, b""): ("a", "")})[0].of(b"abdc")


def test_there_are_enough():
    counts = {name: len(found) for name, found in generated.all_changes().items()}
    print(counts)
    assert sum(counts.values()) > 5000 and set(AREAS) < set(counts)
