# SPDX-License-Identifier: GPL-2.0
"""The tree tells the way of an access: who includes whom, and who calls whom, goes downwards only.

Asked of the sources (#include) and of the objects (what each leaves undefined for another).
"""

import re

import pytest
from elftools.elf.elffile import ELFFile
from lab import paths, sources, subject, tool

pytestmark = pytest.mark.quick

INCLUDE = re.compile(r'^#\s*include\s+"([^"]+)"', re.MULTILINE)
MOST_AT_THE_TOP = 16
C_AT_THE_TOP = {"svm_mmio.h", "svm_mmio_mod.c", "svm_mmio_version.h"}


def name(file, top):
    return str(file.relative_to(top))


def includes(top=paths.TOP):
    """Who includes whom: {file: {file}}."""
    files = {name(file, top): file for file in sources.module(top)}
    return {own: {wanted for included in INCLUDE.findall(file.read_text(encoding="utf-8"))
                  for wanted in (included, name(file.parent / included, top)) if wanted in files}
            for own, file in files.items()}


def calls(tree):
    """Who needs a symbol of whom, in the objects of a build in @tree: {file.c: {file.c}}."""
    return needs({name(file, tree): file.with_suffix(".o") for file in sources.module(tree)
                  if file.suffix == ".c"})


def needs(objects):
    """The same of @objects, {name: object file}."""
    defined, undefined = {}, {}
    for own, path in objects.items():
        with open(path, "rb") as file:
            for symbol in ELFFile(file).get_section_by_name(".symtab").iter_symbols():
                if symbol["st_info"]["bind"] == "STB_LOCAL" or not symbol.name:
                    continue
                if symbol["st_shndx"] == "SHN_UNDEF":
                    undefined.setdefault(own, set()).add(symbol.name)
                else:
                    defined[symbol.name] = own
    return {own: {defined[symbol] for symbol in wanted if symbol in defined} - {own}
            for own, wanted in undefined.items()}


def circles(graph):
    """The circles of {node: {node}}: a list of lists of nodes."""
    found, done, way = [], set(), []

    def visit(node):
        if node in way:
            found.append(way[way.index(node):])
        elif node not in done:
            way.append(node)
            for wanted in sorted(graph.get(node, ())):
                visit(wanted)
            way.pop()
            done.add(node)

    for node in sorted(graph):
        visit(node)
    return found


def upwards(graph):
    """Where a room needs one above it, or one file of a room the top: a list of (who, whom)."""
    order = {"": -1, **{room: at for at, room in enumerate(sources.ROOMS)}}
    allowed = {"svm_mmio.h", "svm_mmio_version.h"}
    return [(own, wanted) for own, them in graph.items() for wanted in them
            if wanted not in allowed
            and order[own.rpartition("/")[0]] > order[wanted.rpartition("/")[0]]]


@pytest.fixture(scope="module")
def tree(kernel):
    """The tree that the module was built in."""
    return subject.build(kernel).tree


def test_what_is_at_the_top():
    """What a user, a driver's author or a packager looks for first."""
    files = [path for path in paths.TOP.iterdir() if path.is_file() and path.name != ".git"]
    ours = {path.name for path in files if path.suffix in {".c", ".h"}}
    assert {found for found in ours if not found.endswith(".mod.c")} == C_AT_THE_TOP
    tracked = [path for path in files if not re.search(r"\.(o|ko|mod|cmd|symvers|order|mod\.c)$",
                                                       path.name)]
    assert len(tracked) <= MOST_AT_THE_TOP, tracked


def test_a_driver_includes_nothing_private():
    text = (paths.TOP / "svm_mmio.h").read_text(encoding="utf-8")
    assert INCLUDE.findall(text) == []


def test_each_room_has_a_place():
    """No directory has sources of the module and is not in the list that all this rests on."""
    built = re.findall(r"\+= (\w+)/\w+\.o", (paths.TOP / "Kbuild").read_text(encoding="ascii"))
    assert built and set(built) <= set(sources.ROOMS)


def test_includes_have_no_circle():
    graph = includes()
    assert sum(map(len, graph.values())) > 60
    assert circles(graph) == []


def test_includes_go_down():
    assert upwards(includes()) == []


def test_objects_have_no_circle(tree):
    graph = calls(tree)
    assert sum(map(len, graph.values())) > 40
    assert circles(graph) == []


def test_objects_go_down(tree):
    assert upwards(calls(tree)) == []


def test_command_has_no_circle():
    """The same of the command svm-mmio: its audit needs nothing of what asks for it."""
    files = sorted(tool.SOURCE.rglob("*.[ch]"))
    included = {file: {(file.parent / wanted).resolve() for wanted in INCLUDE.findall(
        file.read_text(encoding="utf-8"))} for file in files}
    built = tool.host().parent
    called = needs({name(file, built): file for file in built.rglob("*.o")})
    assert len(included) > 25 and sum(map(len, called.values())) > 40
    assert circles(included) == circles(called) == []
    assert not [(own, wanted) for own, them in called.items() for wanted in them
                if own.startswith("audit/") and wanted.startswith(("cmd_", "svm-mmio"))]


@pytest.mark.parametrize("file, line, wrong", [
    ("capture/access.c", '#include "backend/choice.h"', ("capture/access.c", "backend/choice.h")),
    ("accessors/bulk.c", '#include "selftest/run.h"', ("accessors/bulk.c", "selftest/run.h")),
])
def test_include_that_goes_up_is_seen(tmp_path, file, line, wrong):
    """Negative control."""
    copy(tmp_path)
    place = tmp_path / file
    place.write_text(f"{line}\n{place.read_text(encoding='utf-8')}", encoding="utf-8")
    assert upwards(includes(tmp_path)) == [wrong]


def test_circle_is_seen(tmp_path):
    """Negative control: two headers of one room."""
    copy(tmp_path)
    for one, other in (("hcall", "detour"), ("detour", "hcall")):
        place = tmp_path / "backend" / f"{one}.h"
        place.write_text(f'#include "{other}.h"\n{place.read_text(encoding="utf-8")}',
                         encoding="utf-8")
    assert circles(includes(tmp_path)) == [["backend/detour.h", "backend/hcall.h"]]


def copy(top):
    for file in sources.module():
        place = top / file.relative_to(paths.TOP)
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(file.read_bytes())
