# SPDX-License-Identifier: GPL-2.0
"""svm-mmio audit says of modules with known answers exactly that, and tells good from bad.

The answers come from elsewhere: from what each function of tests/drivers/direct_path calls, from
the table of windows in the module file, from binutils' disassembly of Debian's own e1000.
"""

import gzip
import lzma
import re
import subprocess

import pytest
from lab import (clang, driver_source, dropin, elf, mutation, objdump, paths, sources, subject,
                 tool)
from lab.build import build_module
from lab.stock import stock_modules
from lab.windows import table
from test_direct_path import ACCESSORS

WIDTHS = {"b": 1, "w": 2, "l": 4, "q": 8, "8": 1, "16": 2, "32": 4, "64": 8}
# Where the windows are made, and how many.
WINDOW_FILES = {"accessors/single.c": 36, "accessors/bulk.c": 20, "capture/access.c": 8}
NOT_THE_WORD = "the word captured is not the instruction"
# What is said of a mutant's windows, and whether of those with a reversed byte order too.
MUTANTS = {
    "off-by-one-register": (NOT_THE_WORD, True),
    "other-base-register": (NOT_THE_WORD, True),
    "other-direction": (NOT_THE_WORD, False),
    "update-form": (NOT_THE_WORD, False),
    "restore-before-access": ("SPRG0 is restored before the access", True),
    "no-restore": ("SPRG0 is not restored", True),
    "upper-bits": ("another word is built than the instruction", False),
}


def known_answer(accessor):
    """(kind, bytes, direction, byte-reversed) of the access that @accessor makes."""
    store = re.match("write|out|iowrite|__raw_write", accessor) is not None
    kind = "call" if accessor.startswith("io") else "inline"
    width = re.search(r"(8|16|32|64|[bwlq])(_be|be)?$", accessor.replace("_be", "").replace(
        "be", "").replace("le", ""))[1]
    # There is no 64-bit access in the other byte order: the kernel swaps in registers.
    reversed_ = "be" in accessor and WIDTHS[width] in (2, 4) and kind == "inline"
    return kind, WIDTHS[width], "store" if store else "load", reversed_


@pytest.fixture(scope="module", name="shapes", params=["gcc", "clang"])
def build_shapes(kernel, request):
    """Each accessor once as the kernel has it, once as svm_mmio has it; with debug information."""
    source = paths.TOP / "tests/drivers/direct_path"
    if request.param == "clang":
        return clang.compile_file(kernel, source / "direct_path.c", paths.TOP / "svm_mmio.h")
    return build_module(kernel, source, extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"},
                        symvers=[subject.build(kernel)]).ko["direct_path"]


def by_function(module):
    found = {}
    for finding in module["findings"]:
        found.setdefault(finding["where"].rpartition("+")[0], []).append(finding)
    return found


def described(finding):
    mnemonic = finding["what"].split()[0]
    return (finding["kind"], finding["bytes"], finding["direction"], mnemonic.endswith("brx"))


@pytest.mark.quick
def test_each_width_and_byte_order(shapes):
    found = by_function(tool.audit_one(shapes))
    for name in ACCESSORS:
        accesses = [f for f in found.get(f"kernel_{name}", []) if f["kind"] != "safe call"]
        if name.startswith("__raw_"):
            assert not accesses     # an ordinary load or store: the manual says so
            continue
        assert [described(f) for f in accesses] == [known_answer(name)], name
        assert not accesses[0]["direct_only"] and "svm_" in accesses[0]["advice"]


def test_what_backend_direct_alone_makes_is_told_apart(shapes):
    found = by_function(tool.audit_one(shapes))
    for name in ACCESSORS:
        findings = found[f"direct_{name}"]
        assert any(f["kind"] == "safe call" for f in findings), name
        rest = [f for f in findings if f["kind"] != "safe call"]
        assert all(f["direct_only"] and not f["advice"] for f in rest), name
        assert [described(f) for f in rest] == (
            [] if name.startswith("__raw_") else [known_answer(name)])


def test_lookalikes(kernel):
    """A barrier with a store or load after it is no access; one that is hard to see is one."""
    driver = build_module(kernel, paths.TOP / "tests/drivers/lookalikes").ko["lookalikes"]
    found = by_function(tool.audit_one(driver))
    functions = [name for name in objdump.functions(driver, ".text")
                 if name.startswith(("none_", "one_", "two_"))]
    assert len(functions) == 8
    count = {"none": 0, "one": 1, "two": 2}
    assert ({name: len(found.get(name, [])) for name in functions}
            == {name: count[name.split("_")[0]] for name in functions})


def test_source_lines(shapes):
    """-g is in Debian's own flags. A line is that of the access, in the kernel's header, or of
    the call, in the driver."""
    for finding in tool.audit_one(shapes)["findings"]:
        if finding.get("advice"):
            assert re.search(r"(asm/io\.h|direct_path\.c):\d+$", finding["source"]), finding


def test_without_debug_information(shapes, tmp_path):
    stripped = tmp_path / "direct_path.ko"
    subprocess.run(["powerpc64le-linux-gnu-strip", "-g", "-o", stripped, shapes], check=True)
    with_lines, without = tool.audit_one(shapes), tool.audit_one(stripped)
    assert {f["source"] for f in without["findings"]} == {None}
    assert without["not_captured"] == with_lines["not_captured"] == len(
        [name for name in ACCESSORS if not name.startswith("__raw_")])


@pytest.mark.quick
def test_own_module(kernel, ko):
    """Every window of the table, and nothing else is one."""
    module = tool.audit_one(ko)
    assert module["verdict"] == "safe" and not module["bad_windows"]
    windows = [f for f in module["findings"] if f["kind"] == "window"]
    assert len(windows) == len(table(ko)) == module["windows"]
    functions = objdump.functions(ko, ".text")
    at = {functions[name][0].address + int(offset, 16) for name, _, offset in
          (f["where"].rpartition("+") for f in windows)}
    assert at == {window.access for window in table(ko)}
    assert tool.audit_one(dropin.module(kernel).ko["svm_mmio"])["verdict"] == "safe"


@pytest.mark.parametrize("name", WINDOW_FILES)
def test_windows_by_clang(kernel, name):
    compiled = clang.compile_file(kernel, paths.TOP / name, *sources.module(), top=paths.TOP)
    module = tool.audit_one(compiled)
    assert (module["verdict"], module["windows"], module["bad_windows"]) == (
        "safe", WINDOW_FILES[name], 0)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutants_of_the_window(kernel, mutant):
    """Each window that is wrong is called so, for the right reason, and no other."""
    fault, reversed_too = MUTANTS[mutant]
    built = mutation.build(kernel, MUTANTS)[mutant]
    module = tool.audit_one(built)
    windows = [f for f in module["findings"] if f["kind"] == "window"]
    assert module["verdict"] == "unsafe" and len(windows) == len(table(built))
    for finding in windows:
        is_reversed = finding["what"].split()[0].endswith("brx")
        assert finding["fault"] == (fault if reversed_too or not is_reversed else None), finding
    assert tool.call("audit", str(built)).rc == 1


@pytest.mark.parametrize("mutant", [None, "off-by-one-register", "no-restore"])
def test_windows_without_their_table(kernel, ko, tmp_path, mutant):
    """Those that begin with the access are found by their instructions, and verified too."""
    bare = tmp_path / "svm_mmio.ko"
    built = mutation.build(kernel, [mutant])[mutant] if mutant else ko
    subprocess.run(["powerpc64le-linux-gnu-objcopy", "--rename-section",
                    "__svm_mmio_windows=.another_name", built, bare], check=True)
    windows = [f for f in tool.audit_one(bare)["findings"] if f["kind"] == "window"]
    # In the eight runs that store from a buffer the access to that comes first.
    assert len(windows) == len(table(built))
    begin_with_buffer = [f for f in windows if f["what"].split()[0].endswith("u")]
    assert len(begin_with_buffer) == 8
    assert all(f["fault"] for f in begin_with_buffer)
    rest = {f["fault"] is None for f in windows if f not in begin_with_buffer}
    assert rest == {mutant is None}


def raw_accesses(ko):
    """Loads between a sync and a twi, and stores right after a sync, in binutils' disassembly.

    In e1000 no barrier has a store after it, so each is an access.
    """
    loads = stores = 0
    for section in elf.text_sections(ko):
        for function in objdump.functions(ko, section).values():
            for sync, access, after in zip(function, function[1:], function[2:]):
                if sync.mnemonic == "hwsync":
                    loads += access.mnemonic.startswith("l") and after.mnemonic == "twi"
                    stores += re.fullmatch("st[bhwd](brx)?[ux]*", access.mnemonic) is not None
    return loads, stores


def test_e1000(kernel):
    """Debian's own is unsafe, by as many accesses as binutils sees."""
    stock = stock_modules(kernel, "e1000")["e1000"]
    module = tool.audit_one(stock)
    assert module["verdict"] == "unsafe"
    inline = [f for f in module["findings"] if f["kind"] == "inline"]
    seen = (sum(f["direction"] == "load" for f in inline),
            sum(f["direction"] == "store" for f in inline))
    print("loads, stores:", seen)
    assert seen == raw_accesses(stock)
    assert module["not_captured"] == len(module["findings"])


def test_e1000_on_the_drop_in(kernel):
    source = driver_source.get("drivers/net/ethernet/intel/e1000")
    safe = tool.audit_one(dropin.build(kernel, source, safe=True).ko["e1000"])
    assert (safe["verdict"], safe["not_captured"]) == ("safe", 0)
    assert safe["safe_calls"] > 500 and safe["direct_only"] > 500
    as_it_is = tool.audit_one(dropin.build(kernel, source, safe=False).ko["e1000"])
    assert as_it_is["verdict"] == "unsafe" and not as_it_is["safe_calls"]


def test_compressed(shapes, tmp_path):
    plain = tool.audit_one(shapes)
    data = shapes.read_bytes()
    (tmp_path / "a.ko.xz").write_bytes(lzma.compress(data, check=lzma.CHECK_CRC32, preset=1))
    (tmp_path / "b.ko.gz").write_bytes(gzip.compress(data, compresslevel=1))
    subprocess.run(["zstd", "-q", "-1", shapes, "-o", tmp_path / "c.ko.zst"], check=True)
    modules = tool.audit(tmp_path)["modules"]
    assert len(modules) == 3
    for module in modules:
        assert module["findings"] == plain["findings"], module["file"]
    (tmp_path / "cut.ko.xz").write_bytes((tmp_path / "a.ko.xz").read_bytes()[:-1000])
    assert "damaged" in tool.call("audit", str(tmp_path / "cut.ko.xz")).err


@pytest.mark.quick
def test_messages_and_exit_codes(shapes, tmp_path):
    ordinary = tmp_path / "ordinary.o"
    ordinary.write_text("no module")
    for args, rc, said in ((["audit"], 2, "audit what"), (["nonsense"], 2, "no command"),
                           (["audit", "/nonexistent.ko"], 3, "No such file"),
                           (["audit", str(ordinary)], 3, "is it a module?"),
                           (["audit", "/bin/true"], 3, "not for ppc64le"),
                           (["audit", str(tmp_path)], 3, "no module in it"),
                           (["audit", str(shapes)], 1, ""),
                           (["status"], 3, "audit is what works here"),
                           (["--help"], 0, ""), (["--version"], 0, "")):
        done = tool.call(*args)
        assert (done.rc, said in done.err) == (rc, True), (args, done)
    assert "\033" not in tool.call("audit", str(shapes)).out
    assert "\033[31m" in tool.call("--colour=always", "audit", str(shapes)).out


def test_debian_tree(kernel):
    """All modules of Debian's 6.1: no error, known verdicts, and in less than a minute."""
    totals = tool.audit(kernel.modules / "kernel", timeout=60)["totals"]
    print(totals)
    assert totals["modules"] > 3000
    assert totals["error"] == totals["safe"] == 0
    assert totals["unsafe"] + totals["no MMIO"] == totals["modules"]
    assert 400 < totals["unsafe"] < 600
