# SPDX-License-Identifier: GPL-2.0
"""svm-mmio audit says of modules with known answers exactly that, and tells good from bad.

The answers come from elsewhere: from what each function of tests/drivers/direct_path calls, from
the table of windows in the module file, from binutils' disassembly of Debian's own e1000, from the
names of the functions of tests/drivers/plain, from the drop-in, which has a call for each access.
"""

import gzip
import lzma
import os
import re
import shutil
import subprocess

import pytest
from lab import (clang, driver_source, dropin, elf, kernels, mutants, objdump, paths, sources,
                 subject, tool)
from lab.build import build_module
from lab.stock import stock_modules
from lab.windows import table
from test_direct_path import ACCESSORS

WIDTHS = {"b": 1, "w": 2, "l": 4, "q": 8, "8": 1, "16": 2, "32": 4, "64": 8}
# Where the windows are made, and how many.
WINDOW_FILES = {"accessors/single.c": 36, "accessors/bulk.c": 20, "capture/access.c": 8}
NOT_THE_WORD = "the word captured is not the instruction"
# What maps a device, as the kernel's headers declare it.
MAPS = re.compile(r"(devm_)?ioremap(?!_bot)\w*|(devm_)?ioport_map|pci_ioremap_\w+"
                  r"|(devm_of|of|pci|pcim|fwnode)_iomap\w*|devm_platform_\w*ioremap\w*"
                  r"|of_io_request_and_map|devm_pci_remap_\w+")
# Drivers that clang puts accesses of into switches, and functions that end in a trap.
BY_CLANG = {
    "tg3": ("drivers/net/ethernet/broadcom/tg3.c", "drivers/net/ethernet/broadcom/tg3.h"),
    "8139too": ("drivers/net/ethernet/realtek/8139too.c",),
}
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
        return clang.compile_file(source / "direct_path.c", paths.TOP / "svm_mmio.h")
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


@pytest.mark.quick
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_plain_accesses(kernel, compiler):
    """Fault 8: the address of a device is followed to ordinary loads and stores, and no other's."""
    source = paths.TOP / "tests/drivers/plain"
    driver = (build_module(kernel, source).ko["plain"] if compiler == "gcc"
              else clang.compile_file(source / "plain.c"))
    found = by_function(tool.audit_one(driver))
    names = [name for name in objdump.functions(driver, ".text")
             if name.startswith(("sure_", "unsure_", "inline_", "helper_", "none_"))]
    assert len(names) == 18
    for name in names:
        kind, count = (*name.split("_"), "")[:2]
        seen = [("unsure" if f.get("unsure") else "sure") if f["kind"] == "plain" else f["kind"]
                for f in found.get(name, []) if f["kind"] != "mapping"]
        assert seen == ([] if kind == "none" else [kind] * int(count)), name


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
def test_windows_by_clang(name):
    compiled = clang.compile_file(paths.TOP / name, *sources.module(), top=paths.TOP)
    module = tool.audit_one(compiled)
    assert (module["verdict"], module["windows"], module["bad_windows"]) == (
        "safe", WINDOW_FILES[name], 0)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutants_of_the_window(kernel, mutant):
    """Each window that is wrong is called so, for the right reason, and no other."""
    fault, reversed_too = MUTANTS[mutant]
    built = mutants.build(kernel, MUTANTS)[mutant]
    module = tool.audit_one(built)
    windows = [f for f in module["findings"] if f["kind"] == "window"]
    assert module["verdict"] == "unsafe" and len(windows) == len(table(built))
    for finding in windows:
        is_reversed = finding["what"].split()[0].endswith("brx")
        assert finding["fault"] == (fault if reversed_too or not is_reversed else None), finding
    assert tool.call("audit", str(built)).rc == 1


@pytest.mark.parametrize("mutant", [None, *mutants.QUICK])
def test_windows_without_their_table(kernel, ko, tmp_path, mutant):
    """Those that begin with the access are found by their instructions, and verified too."""
    bare = tmp_path / "svm_mmio.ko"
    built = mutants.build(kernel)[mutant] if mutant else ko
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
    assert module["not_captured"] + module["mappings"] == len(module["findings"])


def test_e1000_on_the_drop_in(kernel):
    source = driver_source.get("drivers/net/ethernet/intel/e1000")
    safe = tool.audit_one(dropin.build(kernel, source, safe=True).ko["e1000"])
    assert (safe["verdict"], safe["not_captured"]) == ("safe", 0)
    assert safe["safe_calls"] > 500 and safe["direct_only"] > 500
    as_it_is = tool.audit_one(dropin.build(kernel, source, safe=False).ko["e1000"])
    assert as_it_is["verdict"] == "unsafe" and not as_it_is["safe_calls"]


@pytest.fixture(scope="module", name="rebuilt")
def build_rebuilt(kernel, tmp_path_factory):
    """libahci and p54pci on the drop-in, in one build: {name: module file}."""
    source = tmp_path_factory.mktemp("rebuilt")
    for name in ("ata/libahci.c", "ata/ahci.h", "ata/libata.h", *(
            f"net/wireless/intersil/p54/{part}" for part in ("p54pci.c", "p54pci.h", "p54.h",
                                                             "lmac.h"))):
        directory, _, file = f"drivers/{name}".rpartition("/")
        shutil.copy(driver_source.get(directory) / file, source)
    (source / "Kbuild").write_text("obj-m := libahci.o p54pci.o\n", encoding="ascii")
    return dropin.build(kernel, source, safe=True).ko


def test_p54pci(kernel, rebuilt):
    """Fault 8: all its accesses are __raw_ ones. The drop-in has a call for each."""
    stock = tool.audit_one(stock_modules(kernel, "p54pci")["p54pci"])
    safe = tool.audit_one(rebuilt["p54pci"])
    assert safe["verdict"] == "safe" and not safe["not_captured"]
    assert stock["verdict"] == "unsafe" and stock["not_captured"] == safe["safe_calls"] == 35
    assert {f["kind"] for f in stock["findings"]} == {"plain", "mapping"}


def test_helpers_of_the_kernel(rebuilt):
    """Fault 9: libahci's own accesses are safe, but libata's, in the kernel image, are not."""
    module = tool.audit_one(rebuilt["libahci"])
    unsafe = [f for f in module["findings"] if f.get("advice")]
    assert module["verdict"] == "unsafe" and module["safe_calls"] > 100
    assert {(f["kind"], f["what"]) for f in unsafe} == {("helper", "ata_wait_register")}
    # It calls that in five places.
    assert len(unsafe) == module["not_captured"] == 5


def test_helpers_are_named_as_the_kernel_does(kernel):
    """Each name in the audit's list is that of something that one of Debian's kernels exports."""
    text = (tool.SOURCE / "audit/exports.c").read_text(encoding="ascii")
    names = re.findall(r'\{ "(\w+\*?)", EXPORT_(?:HELPER|SCREEN|TABLE|MAPPING_IN_TABLE) \}', text)
    assert len(names) > 40
    exported = {line.split("\t")[1] for each in kernels.TABLE
                for line in symvers(kernels.get(each)).splitlines()}
    assert [name for name in names if not any(
        re.fullmatch(name.replace("*", ".*"), symbol) for symbol in exported)] == []
    # And as they are, they are found: a driver of Debian's for one.
    driver = tool.audit_one(stock_modules(kernel, "gpio-exar")["gpio-exar"])
    assert [f["what"] for f in driver["findings"] if f["kind"] == "helper"] == [
        "__devm_regmap_init_mmio_clk"]


def symvers(kernel):
    """The list of what @kernel and its modules export."""
    return (kernel.root / kernel.headers.lstrip("/") / "Module.symvers").read_text(
        encoding="ascii")


@pytest.mark.parametrize("name", BY_CLANG)
def test_drivers_by_clang(name):
    """Fault 10: what clang makes of the static key and of switches is followed, too."""
    files = [driver_source.get(file) for file in BY_CLANG[name]]
    safe = tool.audit_one(clang.compile_file(*files, safe=True))
    assert (safe["verdict"], safe["not_captured"]) == ("safe", 0)
    assert safe["safe_calls"] > 150 and safe["direct_only"] > 150
    # Negative control: without the drop-in as many are unsafe.
    stock = tool.audit_one(clang.compile_file(*files))
    assert stock["verdict"] == "unsafe" and stock["not_captured"] >= safe["direct_only"]


def test_raw_stores_behind_a_barrier(kernel):
    """Fault 12: mpt3sas starts commands by __raw_writeq(), or two halves of it, behind a sync."""
    module = tool.audit_one(stock_modules(kernel, "mpt3sas")["mpt3sas"])
    plain = [f for f in module["findings"] if f["kind"] == "plain"]
    assert len(plain) == 11
    assert {f["where"].rpartition("+")[0] for f in plain} >= {
        "_base_put_smid_scsi_io", "_base_put_smid_fast_path", "_base_put_smid_hi_priority",
        "_base_put_smid_mpi_ep_scsi_io", "_base_put_smid_default"}
    # RequestDescriptorPostLow and ..High
    assert all(f["direction"] == "store" and re.search(r" 0xc[04]\(", f["what"]) for f in plain)


def gzip_members(data):
    """As gzip -c writes one file after another, padded as tar pads."""
    half = len(data) // 2
    return gzip.compress(data[:half], 1) + gzip.compress(data[half:], 1) + bytes(512)


def zstd(data, *args, program="zstd"):
    return subprocess.run([program, "-q", "-1", "-c", *args], input=data, check=True,
                          capture_output=True).stdout


def pzstd(data):
    """Many frames, each behind one that is to be skipped, which so begins the file."""
    frames = [data[at:at + 100000] for at in range(0, len(data), 100000)]
    return b"".join(bytes((0x5d, 0x2a, 0x4d, 0x18, 4, 0, 0, 0)) + len(frame).to_bytes(4, "little")
                    + zstd(frame) for frame in frames)


COMPRESSED = {
    ".xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32, preset=1),
    ".gz": lambda data: gzip.compress(data, compresslevel=1),
    ".zst": zstd,
    # Fault 11
    "-2.xz": lambda data: lzma.compress(data[:4096]) + lzma.compress(data[4096:], preset=1),
    "-2.gz": gzip_members,
    "-2.zst": lambda data: zstd(data[:4096]) + zstd(data[4096:]),
    "-pzstd.zst": pzstd,
}


@pytest.mark.parametrize("how", COMPRESSED)
def test_compressed(shapes, tmp_path, how):
    data = COMPRESSED[how](shapes.read_bytes())
    whole = tmp_path / f"whole{how}"
    whole.write_bytes(data)
    assert tool.audit_one(whole)["findings"] == tool.audit_one(shapes)["findings"]
    cut = tmp_path / f"cut{how}"
    cut.write_bytes(data[:-1000])
    assert "damaged" in tool.call("audit", str(cut)).err
    # What is behind the end is damage, too, and not ignored.
    cut.write_bytes(data + b"more")
    assert "damaged" in tool.call("audit", str(cut)).err


@pytest.mark.quick
def test_not_a_file(tmp_path):
    """Fault 11: a pipe that nobody writes to is refused, at once."""
    pipe = tmp_path / "pipe.ko"
    os.mkfifo(pipe)
    for name in (pipe, "/dev/zero"):
        done = tool.call("audit", str(name), timeout=60)
        assert done.rc == 3 and "not a regular file" in done.err


def test_quiet(ko):
    """Fault 11: the totals alone, of one module too."""
    done = tool.call("audit", "-q", str(ko))
    assert re.fullmatch(r"1 modules in \S+ s: 0 no MMIO, 0 maps a device, 1 safe, 0 unsafe "
                        r"\(0 accesses that only the guard makes safe\)\n", done.out)


@pytest.mark.quick
def test_verdicts_in_words(shapes, kernel, ko):
    """What the guard makes safe is said to need it; a window that is wrong it does not mend."""
    mutant = mutants.build(kernel)["no-restore"]
    for file, verdict in ((shapes, "unsafe without the guard"), (mutant, "unsafe"), (ko, "safe")):
        done = tool.call("audit", str(file))
        assert done.out.startswith(f"{file}: {verdict}: "), done.out[:200]


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
    """All modules of Debian's 6.1: no error, known verdicts, and in less than a minute.

    Fault 8: of none that imports what maps a device is it said that it has no MMIO.
    """
    report = tool.audit(kernel.modules / "kernel", timeout=60)
    totals = report["totals"]
    print(totals)
    assert totals["modules"] > 3000
    assert totals["error"] == totals["safe"] == 0
    assert totals["unsafe"] + totals["maps a device"] + totals["no MMIO"] == totals["modules"]
    assert 400 < totals["unsafe"] < 600
    verdicts = {module["file"]: module["verdict"] for module in report["modules"]}
    mapping = {file for file, names in imports(verdicts).items()
               if any(MAPS.fullmatch(name) for name in names)}
    assert len(mapping) > 300
    assert {verdicts[file] for file in mapping} == {"unsafe", "maps a device"}
    # Nor does the audit see a mapping where there is none.
    assert {file for file, verdict in verdicts.items() if verdict == "maps a device"} <= mapping


def imports(files):
    """What each of the module @files imports, as binutils sees it: {file: {name}}."""
    said = subprocess.run(["powerpc64le-linux-gnu-nm", "-A", "--undefined-only", *files],
                          check=True, capture_output=True, text=True).stdout
    found = {}
    for line in said.splitlines():
        file, _, name = line.partition(":")
        found.setdefault(file, set()).add(name.split()[-1])
    return found


def test_maps_a_device(kernel):
    """Fault 8: what is said of a module that maps a device, if nothing else is seen."""
    file = stock_modules(kernel, "plat-ram")["plat-ram"]
    module = tool.audit_one(file)
    assert (module["verdict"], module["mappings"], module["not_captured"]) == (
        "maps a device", 1, 0)
    done = tool.call("audit", str(file))
    assert done.rc == 0 and "no access to it was seen" in done.out
    assert "devm_ioremap_resource" in done.out
