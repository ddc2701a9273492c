# SPDX-License-Identifier: GPL-2.0
"""The reader of KTAP takes what is a whole report, and nothing else: results cut short, out of
order or one too many are an error, and never a pass.
"""

import pytest
from lab import ktap
from lab.ktap import Case, KtapError

pytestmark = pytest.mark.quick

HEAD = "KTAP version 1\n"
WHOLE = (HEAD + "# before the plan\n1..3\n# of one\nok 1 one\n"
         "  KTAP version 1\n  1..2\n  ok 1 - inner\n  # of inner 2\n  not ok 2 inner two\n"
         "# of two\nnot ok 2 two\nok 3 three # SKIP no device\n# last\n")


def test_a_whole_report():
    assert ktap.parse(WHOLE) == [
        Case("one", True, None, ["before the plan", "of one"]),
        Case("two", False, None, ["of two"], [
            Case("inner", True), Case("inner two", False, None, ["of inner 2"])]),
        Case("three", True, "no device", ["last"])]


def test_failures():
    """A case that was skipped has not failed."""
    assert [case.name for case in ktap.failures(ktap.parse(WHOLE))] == ["two"]


def test_shown():
    _, two, three = ktap.parse(WHOLE)
    assert str(two).splitlines() == ["not ok two", "  of two", "  ok inner",
                                     "  not ok inner two", "    of inner 2"]
    assert str(three).splitlines() == ["ok three", "  last"]


def test_nothing_planned():
    assert ktap.parse(HEAD + "1..0\n") == ktap.parse(HEAD + "1..0 # SKIP none\n") == []
    assert ktap.parse(HEAD + "# why\n1..0\n# why not\n") == []


@pytest.mark.parametrize("line, name, ok, why", [
    ("ok 1 a b", "a b", True, None), ("not ok 1 - a", "a", False, None),
    ("ok 1 a # SKIP", "a", True, ""), ("not ok 1 a # SKIP why so", "a", False, "why so")])
def test_results(line, name, ok, why):
    assert ktap.parse(f"{HEAD}1..1\n{line}\n") == [Case(name, ok, why)]


@pytest.mark.parametrize("end", range(1, len(WHOLE) - len("# last\n")))
def test_cut_short(end):
    """Wherever it ends: in a line, or between two."""
    with pytest.raises(KtapError):
        ktap.parse(WHOLE[:end])


@pytest.mark.parametrize("text, line, why", [
    ("", 1, "empty"), ("1..1\nok 1 a\n", 1, "no 'KTAP version 1'"),
    ("KTAP version 2\n1..0\n", 1, "no 'KTAP version 1'"),
    (HEAD + "ok 1 a\n", 2, "no plan"), (HEAD + "1..1 of them\nok 1 a\n", 2, "no plan"),
    (HEAD + "1..1\n", 3, "no result 1"), (HEAD + "1..2\nok 1 a\n", 4, "no result 2"),
    (HEAD + "1..1\nok 2 a\n", 3, "a result out of order, 1 comes next"),
    (HEAD + "1..2\nok 1 a\nok 1 a\n", 4, "a result out of order, 2 comes next"),
    (HEAD + "1..1\nok 1 a\nok 2 b\n", 4, "text after the last result"),
    (HEAD + "1..1\nok 1 a\n\n", 4, "text after the last result"),
    (HEAD + "1..1\nok 1 a", 1, "cut off"), (HEAD + "1..1\nok 1\n", 3, "no result 1"),
    (HEAD + "1..1\nfine 1 a\n", 3, "no result 1"), (HEAD + "1..1\nok 1 a # TODO\n", 3,
                                                    "no result 1"),
    (HEAD + "1..1\n  KTAP version 1\n  1..2\n  ok 1 b\nok 1 a\n", 6, "no result 2"),
    (HEAD + "1..1\n  ok 1 b\nok 1 a\n", 3, "no 'KTAP version 1'"),
    (HEAD + "1..1\n    KTAP version 1\n    1..0\nok 1 a\n", 3, "no 'KTAP version 1'")])
def test_no_report(text, line, why):
    """The error says where, and shows all of it."""
    with pytest.raises(KtapError) as error:
        ktap.parse(text)
    first, *rest = str(error.value).split("\n", 1)
    assert f"line {line}: " in first and why in first, first
    assert rest == ["\n".join(text.splitlines())]


def test_where_an_error_is():
    for text, where in ((HEAD + "1..1\nfine\n", "(at 'fine')"), (HEAD + "1..1\n", "(at the end)")):
        with pytest.raises(KtapError) as error:
            ktap.parse(text)
        assert where in str(error.value)
