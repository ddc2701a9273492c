# SPDX-License-Identifier: GPL-2.0
"""docs/api.rst is what "make api-docs" makes of the sources, and has all that a driver can call."""

import re
import shutil

import api_docs
import pytest
from elftools.elf.elffile import ELFFile
from lab import paths, sources

# Each negative control makes the reference anew: together that is too long between two edits.
quick = pytest.mark.quick

# A name where it is declared, or defined as a macro.
DOCUMENTED = re.compile(r"^    (?:#define |[\w ]+ )(svm_\w+)[( ]", re.MULTILINE)


@pytest.fixture
def copy(tmp_path):
    """A copy of the sources that the reference is made of, to be changed."""
    for file in sources.module():
        place = tmp_path / file.relative_to(paths.TOP)
        place.parent.mkdir(exist_ok=True)
        shutil.copy(file, place)
    return tmp_path


@pytest.fixture(scope="module")
def documented():
    """The names in the reference, as it is in the tree: a list."""
    return DOCUMENTED.findall(api_docs.API.read_text(encoding="utf-8"))


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, (file, old)
    file.write_text(text.replace(old, new), encoding="utf-8")


def exports(ko):
    """The symbols that module file @ko exports."""
    with open(ko, "rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name.removeprefix("__ksymtab_") for symbol in symbols.iter_symbols()
                if symbol.name.startswith("__ksymtab_")}


@quick
def test_is_current():
    assert api_docs.is_current(), "type: make api-docs"


def test_is_the_same_from_a_copy_of_the_sources(copy):
    """So nothing of where they are is in it."""
    assert api_docs.is_current(top=copy)


@pytest.mark.parametrize("file, old, new", [
    ("svm_mmio.h", "DEF_SVM_READ(readb, u8)\n", "DEF_SVM_READ(readb, u8)\nDEF_SVM_READ(new, u8)\n"),
    ("svm_mmio.h", "DEF_SVM_READ(readb, u8)", "DEF_SVM_READ(readb, u32)"),
    ("svm_mmio.h", "#define svm_inb_p(port)", "#define svm_inb_p(number)"),
    ("svm_mmio.h", "DOC: Ports\n", "DOC: Numbers\n"),
    ("svm_mmio.h", "By number. Ordered.", "By number. Not ordered."),
    ("backend/choice.c", "Return: its name, as the parameter", "Return: its name, as no parameter"),
])
def test_stale_copy_is_noticed(copy, file, old, new):
    """Negative control: a change of an accessor, or of a comment, without make api-docs."""
    change(copy / file, old, new)
    assert not api_docs.is_current(top=copy)


def test_changed_copy_is_noticed(tmp_path):
    """Negative control: a change of the reference itself."""
    copy = tmp_path / "api.rst"
    shutil.copy(api_docs.API, copy)
    assert api_docs.is_current(copy)
    change(copy, "u8 svm_readb(", "u8 svm_readx(")
    assert not api_docs.is_current(copy)
    assert not api_docs.is_current(tmp_path / "missing.rst")


@quick
def test_each_name_is_there_once(documented):
    assert len(documented) == len(set(documented)) > 100


@quick
def test_every_export_is_there(documented, ko):
    """A driver calls the inline half of what is exported; the static key has its own section."""
    names = exports(ko)
    accessors = {name.removeprefix("__") for name in names if name.startswith("__svm_")}
    assert len(accessors) > 50
    assert names - {f"__{name}" for name in accessors} == {"svm_mmio_out_of_line"}
    assert accessors - set(documented) == set()
    assert "svm_mmio_out_of_line" in api_docs.API.read_text(encoding="utf-8")


@quick
def test_every_name_that_the_dropin_gives_is_there(documented):
    """That list is compared with the kernel's headers (test_accessor_names.py)."""
    header = (paths.TOP / "dropin/override.h").read_text(encoding="utf-8")
    given = set(re.findall(r"^#define \w+\s+(svm_\w+)$", header, re.MULTILINE))
    assert len(given) > 100
    assert given - set(documented) == set()
