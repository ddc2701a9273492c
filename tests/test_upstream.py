# SPDX-License-Identifier: GPL-2.0
"""The series of patches in upstream/ applies, is as small as it says, and changes nothing where it
is not asked for. What runs of it is in test_upstream_guest.py.
"""

import re

import pytest
from lab import checkpatch, kernelbuild, objdump, paths, series
from lab.errors import LabError

README = paths.TOP / "upstream/README.md"
NOP = 0x60000000
# What cannot be the same: these have the series's own code.
CHANGED = {"arch/powerpc/mm/fault", "arch/powerpc/mm/ioremap_64", "arch/powerpc/kernel/pci_64",
           "arch/powerpc/kernel/isa-bridge", "arch/powerpc/platforms/pseries/setup",
           "arch/powerpc/sysdev/xive/spapr"}


def test_git_am_takes_it(upstream, tmp_path):
    """Onto the source as it is, and not onto another."""
    series.restore(upstream.pristine, tmp_path)
    series.apply(tmp_path)
    _, new = series.changed()
    assert new and all((tmp_path / name).is_file() for name in new)
    other = tmp_path / "other"
    other.mkdir()
    series.restore(upstream.pristine, other)
    file = other / "arch/powerpc/mm/fault.c"
    file.write_text(file.read_text(encoding="utf-8").replace("\terr = ___do_page_fault(", "\t("),
                    encoding="utf-8")
    with pytest.raises(LabError, match="fault.c"):
        series.apply(other)


def test_checkpatch_likes_it(tmp_path):
    assert not checkpatch.complaints(series.patches(), series.IGNORE, is_patch=True)
    spoilt = tmp_path / "0001-spoilt.patch"
    spoilt.write_text(re.sub(r"^\+\tif \(", "+    if(", series.patches()[0].read_text("utf-8"),
                             flags=re.MULTILINE), encoding="utf-8")
    found = "\n".join(checkpatch.complaints([spoilt], series.IGNORE, is_patch=True))
    assert "CODE_INDENT" in found and "SPACING" in found


def test_no_more_of_the_kernel_than_git_needs():
    """Each change has a line before it and one behind, or is at an end of its file."""
    seen = 0
    for file in series.patches():
        text = file.read_text(encoding="utf-8").partition("\ndiff --git ")[2]
        for hunk in re.split(r"^@@ .*\n", text, flags=re.MULTILINE)[1:]:
            body = re.split(r"^diff --git ", hunk, flags=re.MULTILINE)[0].splitlines()
            kinds = "".join(line[:1] or " " for line in body)
            assert re.fullmatch(r" ?[+-]+( {1,2}[+-]+)* ?", kinds), (file.name, hunk)
            seen += 1
    assert seen > 20


def test_sizes_are_those_that_are_said():
    """The table of upstream/README.md, file by file."""
    said = {name: (int(added), int(removed)) for name, added, removed in re.findall(
        r"^\| `([^`]+)` \| (\d+) \| (\d+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)}
    assert said == series.lines()
    whole = tuple(map(sum, zip(*said.values())))
    assert f"{len(said)} files, +{whole[0]} -{whole[1]}" in README.read_text(encoding="utf-8")


# ---- What is compiled before it and after.

def code(file):
    """The functions of an object: {name: [(word, what a branch leads to)]}."""
    return {name: [(insn.word, insn.operands if insn.is_branch else None) for insn in insns]
            for name, insns in objdump.functions(file).items()}


@pytest.mark.parametrize("name", kernelbuild.COMPARED)
def test_nothing_changes_without_ppc_svm(upstream, name):
    before, after = (code(upstream.compared(name, svm=False, patched=patched))
                     for patched in (False, True))
    assert before and before == after


@pytest.mark.parametrize("name", [name for name in kernelbuild.COMPARED if name not in CHANGED])
def test_accessors_and_drivers_stay_as_they_are(upstream, name):
    """With PPC_SVM, too: readl() and writel() are in each of these."""
    before, after = (code(upstream.compared(name, svm=True, patched=patched))
                     for patched in (False, True))
    assert before and before == after


def test_what_it_changes_is_seen(upstream):
    """Negative control of both: with PPC_SVM each of these is another."""
    for name in CHANGED:
        before, after = (code(upstream.compared(name, svm=True, patched=patched))
                         for patched in (False, True))
        assert before != after, name


def words(file, function):
    return [insn.word for insn in objdump.functions(file)[function]]


def test_page_fault_is_a_nop_longer(upstream):
    """In a guest that is not secure nothing else is executed."""
    before, after = (upstream.compared("arch/powerpc/mm/fault", svm=True, patched=patched)
                     for patched in (False, True))
    assert code(before)["___do_page_fault"] == code(after)["___do_page_fault"]
    assert words(after, "do_page_fault").count(NOP) == words(before, "do_page_fault").count(NOP) + 1
