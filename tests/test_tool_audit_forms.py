# SPDX-License-Identifier: GPL-2.0
"""svm-mmio audit knows each form that an access can have: every instruction, every function of the
kernel's that makes one or maps a device, each way in which a window can be wrong.

A few instructions are assembled for each. What they are is said here, or by binutils.
"""

import gzip
import os
import re
import subprocess

import pytest
from lab import kernels, native, paths, tool
from test_load_check import BAD, GOOD
from test_window_judges import ALSO, Object

pytestmark = pytest.mark.quick

ACCESSOR = re.compile(r"(?:__)?io(?P<way>read|write)(?P<bits>8|16|32|64)(?:be)?"
                      r"(?:_rep|_lo_hi|_hi_lo|_copy)?|_(?P<string>ins|outs)(?P<width>[bwl])(?:_ns)?"
                      r"|_?mem(?P<copy>cpy_fromio|cpy_toio|set_io)")
# Those that some kernel has as functions: in 6.1, or where there is no GENERIC_IOMAP, or later.
NAMES = [*(f"io{way}{width}{rest}" for way in ("read", "write")
           for width in ("8", "16", "16be", "32", "32be", "64", "64be")
           for rest in ("", "_rep", "_lo_hi", "_hi_lo")
           if (rest == "_rep") <= (width in ("8", "16", "32"))
           and (rest in ("_lo_hi", "_hi_lo")) <= width.startswith("64")),
         *(f"__io{way}64{order}{half}" for way in ("read", "write") for order in ("", "be")
           for half in ("_lo_hi", "_hi_lo")),
         "__ioread32_copy", "__iowrite32_copy", "__iowrite64_copy",
         *(f"_{way}{width}" for way in ("ins", "outs")
           for width in ("b", "w", "l", "w_ns", "l_ns")),
         *(f"{under}mem{name}" for under in ("", "_")
           for name in ("cpy_fromio", "cpy_toio", "set_io"))]
MAPPINGS = ["ioremap", "ioremap_wc", "pci_iomap", "pci_iomap_range", "devm_ioremap",
            "devm_ioremap_resource", "pcim_iomap", "of_iomap", "ioport_map", "__ioremap",
            "pcim_iomap_regions", "pcim_iomap_table", "devm_platform_ioremap_resource"]
NO_MAPPINGS = ["ioremap_bot", "iounmap", "pci_iounmap", "ioread", "iowrite33", "memcpy_fromi",
               "pcim_iounmap_regions", "readl"]
WIDTHS = {"b": 1, "w": 2, "l": 4}

FORMS = ["lbz", "lhz", "lha", "lwz", "lwa", "ld", "stb", "sth", "stw", "std"]
INDEXED = [*(f"{form}x" for form in FORMS), "lhbrx", "lwbrx", "ldbrx", "sthbrx", "stwbrx", "stdbrx"]

# Whether r3 is another value afterwards.
CHANGES = {
    **dict.fromkeys((
        "li 3,0", "lis 3,1", "mr 3,4", "add 3,4,5", "subf 3,4,5", "mulld 3,4,5", "divd 3,4,5",
        "neg 3,4", "and 3,4,5", "or 3,4,5", "xor 3,4,5", "nor 3,4,5", "andi. 3,4,1", "ori 3,4,1",
        "xori 3,4,1", "slw 3,4,5", "srd 3,4,5", "sradi 3,4,2", "rlwinm 3,4,0,0,15",
        "rldicl 3,4,0,32", "extsw 3,4", "cntlzd 3,4", "cnttzd 3,4", "cnttzw 3,4", "andc 3,4,5",
        "orc 3,4,5", "eqv 3,4,5", "nand 3,4,5", "sraw 3,4,5", "sld 3,4,5", "extsb 3,4",
        "extsh 3,4", "cntlzw 3,4", "prtyd 3,4", "bpermd 3,4,5", "popcntd 3,4", "addc 3,4,5",
        "adde 3,4,5", "addze 3,4", "subfc 3,4,5", "mulhd 3,4,5", "divwu 3,4,5", "modsd 3,4,5",
        "lbzx 3,4,5", "lhax 3,4,5", "ldbrx 3,4,5", "lbz 3,0(4)", "lwz 3,0(4)", "lha 3,0(4)",
        "ld 3,0(4)", "ldx 3,4,5", "lwzx 3,4,5", "lhbrx 3,4,5", "lwarx 3,0,4", "mflr 3", "mfctr 3",
        "mfspr 3,272", "mfcr 3", "isel 3,4,5,2", "mulli 3,4,5", "subfic 3,4,5", "lwzu 5,4(3)",
        "stwu 5,4(3)", "stdu 5,8(3)", "ldu 5,8(3)", "stwux 5,3,6", "lwzux 5,3,6"), True),
    **dict.fromkeys((
        "nop", "li 4,0", "mr 4,3", "cmpwi 3,0", "cmpld 3,4", "stw 3,0(4)", "std 3,0(4)",
        "stdx 3,4,5", "stb 3,0(4)", "mtctr 3", "mtlr 3", "sync", "isync", "lwsync", "tdnei 3,0",
        "lwz 4,0(5)", "add 4,3,5", "and 4,3,5", "stwu 5,4(4)", "lwzu 5,4(4)", "rlwinm 4,3,0,0,15",
        "dcbt 0,3", "stwcx. 3,0,4", "mtcrf 255,3", "twi 0,3,0", "sthbrx 3,4,5",
        "cmpw 3,4", "cnttzd 4,3", "cntlzd 4,3", "extsb 4,3", "extsw 4,3", "popcntd 4,3",
        "srad 4,3,5", "sradi 4,3,2", "xor 4,3,5", "andi. 4,3,1", "rldicl 4,3,0,32"), False),
}


def audited(directory, functions):
    """What is said of {name: lines of assembler}: {name: [finding]}, without mappings."""
    lines = [".abiversion 2", ".machine power10", ".text"]
    for name, body in functions.items():
        lines += [f".globl {name}", f".type {name},@function", f"{name}:", *body, "blr",
                  f".size {name},.-{name}"]
    source = directory / "forms.s"
    source.write_text("\n".join([*lines, ""]), encoding="ascii")
    subprocess.run(["powerpc64le-linux-gnu-as", "-mlittle", "-o", directory / "forms.o", source],
                   check=True)
    found = {name: [] for name in functions}
    for finding in tool.audit_one(directory / "forms.o")["findings"]:
        found[finding["where"].rpartition("+")[0]].append(finding)
    return found


def through_ioremap(*lines):
    return ["bl ioremap", "nop", *lines]


def accesses(findings):
    return [(finding["kind"], finding["bytes"], finding["direction"]) for finding in findings
            if finding["kind"] != "mapping"]


@pytest.mark.parametrize("good, lines", [*((True, lines) for lines in (*GOOD, *ALSO)),
                                         *((False, lines) for lines, _ in BAD)])
def test_windows(tmp_path, good, lines):
    """Each that is wrong in one way is called so, and none that is right."""
    window, = (f for f in tool.audit_one(Object(tmp_path, {"f": lines}).path)["findings"]
               if f["kind"] == "window")
    assert (window["fault"] is None) == good, window


def test_plain_accesses(tmp_path):
    """Each load and store by the address that ioremap() has returned, in each form."""
    functions = {**{name: through_ioremap(f"{name} 5,8(3)") for name in FORMS},
                 **{name: through_ioremap(f"{name} 5,0,3") for name in INDEXED},
                 **{f"{name}_2": through_ioremap(f"{name} 5,3,4") for name in INDEXED}}
    for name, found in audited(tmp_path, functions).items():
        bytes_, store, _ = native.described(name.partition("_")[0])
        assert accesses(found) == [("plain", bytes_, "store" if store else "load")], name


@pytest.mark.parametrize("changes", [True, False])
def test_what_a_register_holds(tmp_path, changes):
    """The address is followed for as long as the register has it, and no longer."""
    lines = [line for line, does in CHANGES.items() if does == changes]
    functions = {f"case_{number}": through_ioremap(line, "lhz 7,0(3)")
                 for number, line in enumerate(lines)}
    for line, found in zip(lines, audited(tmp_path, functions).values()):
        seen = any(f["kind"] == "plain" and f["what"].startswith("lhz ") for f in found)
        known = native.described(line.split()[0])
        update = known is not None and known[2]
        # A register that an update form has changed has an address of the device still.
        assert seen == (not changes or update), line


def test_functions_that_access(tmp_path):
    """All of the kernel's accessors that are functions, with width, direction and advice."""
    names = sorted({*NAMES, *exported(ACCESSOR)})
    assert len(names) >= 53
    functions = {f"calls_{name}": [f"bl {name}", "nop"] for name in names}
    header = (paths.TOP / "svm_mmio.h").read_text(encoding="utf-8")
    for name, found in zip(names, audited(tmp_path, functions).values()):
        match = ACCESSOR.fullmatch(name)
        bytes_ = (int(match["bits"]) // 8 if match["bits"] else
                  WIDTHS[match["width"]] if match["width"] else 0)
        store = (match["way"] == "write" or match["string"] == "outs"
                 or (match["copy"] or "").endswith(("toio", "set_io")))
        finding, = found
        assert (finding["kind"], finding["what"], finding["direction"]) == (
            "call", name, "store" if store else "load")
        assert finding.get("bytes", 0) == bytes_, name
        for advised in re.findall(r"svm_(\w+)", finding["advice"]):
            assert re.search(rf"\b{advised}\b", header), (name, advised)


def exported(pattern):
    """What Debian's 6.1 exports that @pattern matches."""
    kernel = kernels.get("6.1")
    text = (kernel.root / kernel.headers.lstrip("/") / "Module.symvers").read_text("ascii")
    return [name for name in (line.split("\t")[1] for line in text.splitlines())
            if pattern.fullmatch(name)]


def test_functions_that_map(tmp_path):
    functions = {f"calls_{name}": [f"bl {name}", "nop"] for name in (*MAPPINGS, *NO_MAPPINGS)}
    found = audited(tmp_path, functions)
    for name in MAPPINGS:
        assert [(f["kind"], f["what"]) for f in found[f"calls_{name}"]] == [("mapping", name)]
    for name in NO_MAPPINGS:
        assert found[f"calls_{name}"] == [], name


def test_ways_to_call(tmp_path):
    """From code that keeps no TOC, as a POWER10's does; by a branch; by the function's address."""
    functions = {"notoc": ["bl ioread32@notoc"], "tail": ["b ioread32"],
                 "helper": ["bl ata_wait_register", "nop"],
                 "conditional": ["beq ioread32"], "pointer": [
                     "addis 3,2,ioread32@toc@ha", "addi 3,3,ioread32@toc@l"]}
    kinds = {name: [f["kind"] for f in found]
             for name, found in audited(tmp_path, functions).items()}
    assert kinds["notoc"] == kinds["tail"] == kinds["conditional"] == ["call"]
    assert set(kinds["pointer"]) == {"address"} and kinds["helper"] == ["helper"]


@pytest.mark.parametrize("between", [0, 7, 8, 9, 30, 200])
def test_far_from_its_address(tmp_path, between):
    """However many instructions come between where an address comes from and where it is used."""
    found = audited(tmp_path, {"far": through_ioremap(*["nop"] * between, "lwz 4,0(3)"),
                               "kept": through_ioremap("mr 31,3", *["nop"] * between, "bl schedule",
                                                       "nop", "stw 4,8(31)")})
    assert accesses(found["far"]) == [("plain", 4, "load")]
    assert accesses(found["kept"]) == [("plain", 4, "store")]


def branches(*between, compare="cmpdi 31,0", branch="beq 1f"):
    """A mapping that may have failed: one way loads a word through it, the other a half-word."""
    return through_ioremap("mr 31,3", compare, *between, branch, "lwz 4,0(31)", "blr", "1:",
                           "lhz 4,0(31)")


# What comes between a comparison and its branch, and is a comparison, a call, or ends in a dot.
OTHER_CONDITION = ["cmpwi 4,0", "cmplwi 4,0", "cmpd 4,5", "cmpld 4,5", "andi. 4,5,1",
                   "andis. 4,5,1", "addic. 4,5,1", "add. 4,5,6", "rlwinm. 4,5,0,0,15",
                   "rldicl. 4,5,0,32", "bl schedule", "bctrl"]


def test_mappings_that_may_have_failed(tmp_path):
    """Where an address was found to be 0 it is none: so says the comparison before the branch."""
    never = {"plain": branches(), "dot": branches(compare="mr. 31,3"),
             "sum": branches("add 4,5,6"), "load": branches("lwz 5,0(1)"),
             "field": branches(compare="cmpdi 1,31,0", branch="beq 1,1f"),
             "hint": branches(branch="beq+ 1f"), "far": branches(*["nop"] * 15)}
    turned = {"turned": branches(branch="bne 1f"), "hint_turned": branches(branch="bne- 1f"),
              "turned_field": branches(compare="cmpdi 7,31,0", branch="bne 7,1f")}
    both = {**{f"between_{number}": branches(line)
               for number, line in enumerate(OTHER_CONDITION)},
            "other_field": branches(compare="cmpdi 1,31,0"),
            "other_bit": branches(branch="blt 1f"),
            "other_register": branches(compare="cmpdi 30,0"), "one": branches(compare="cmpdi 31,1"),
            "word": branches(compare="cmpwi 31,0")}
    found = {name: sorted(f["what"].split()[0] for f in findings if f["kind"] == "plain")
             for name, findings in audited(tmp_path, {**never, **turned, **both}).items()}
    assert {name: found[name] for name in never} == dict.fromkeys(never, ["lwz"])
    assert {name: found[name] for name in turned} == dict.fromkeys(turned, ["lhz"])
    assert {name: found[name] for name in both} == dict.fromkeys(both, ["lhz", "lwz"])


def test_in_words(tmp_path):
    """What is to be done something about is listed, the rest if it is asked for."""
    audited(tmp_path, {"bad": ["bl ioread32", "nop"], "good": ["bl __svm_readl", "nop"]})
    file = str(tmp_path / "forms.o")
    out = tool.call("audit", file).out
    assert "bad+0x0" in out and "use svm_ioread32()" in out and "good+0x0" not in out, out
    out = tool.call("audit", "--all", file).out
    assert "bad+0x0" in out and "good+0x0" in out, out


def test_mappings_in_words(tmp_path):
    """Where something maps a device they are all there is; else accesses are what counts."""
    file = str(tmp_path / "forms.o")
    audited(tmp_path, {"maps": through_ioremap("blr")})
    assert "maps+0x0" in tool.call("audit", file).out
    audited(tmp_path, {"maps": through_ioremap("blr"), "bad": ["bl ioread32", "nop"]})
    out = tool.call("audit", file).out
    assert "bad+0x0" in out and "maps+0x0" not in out, out


def assembled(directory, *lines):
    """What is said of a module with these lines: [(function, kind)]."""
    source = directory / "forms.s"
    source.write_text("\n".join([".abiversion 2", *lines, ""]), encoding="ascii")
    subprocess.run(["powerpc64le-linux-gnu-as", "-mlittle", "-o", directory / "forms.o", source],
                   check=True)
    return [(f["where"].rpartition("+")[0], f["kind"])
            for f in tool.audit_one(directory / "forms.o")["findings"] if f["kind"] != "mapping"]


def test_several_texts(tmp_path):
    """Each section of code is looked at."""
    def function(name):
        return [f".type {name},@function", f"{name}:", *through_ioremap("lwz 4,0(3)"), "blr",
                f".size {name},.-{name}"]
    found = assembled(tmp_path, ".text", *function("one"),
                      ".section .init.text,\"ax\"", *function("two"),
                      ".section .text.unlikely,\"ax\"", *function("three"))
    assert sorted(found) == [("one", "plain"), ("three", "plain"), ("two", "plain")]


@pytest.mark.parametrize("stored, is_devices", [
    ("nop", True), ("li 9,0", True), ("li 9,1", False), ("addi 9,5,0", False), ("lis 9,0", False),
    ("mr 9,5", False), ("ld 9,0(5)", False)])
def test_member_of_a_structure(tmp_path, stored, is_devices):
    """It has an address of a device, as far as is known, if that or 0 is all that it is given."""
    store = [] if stored == "nop" else [stored, "std 9,320(3)"]
    found = audited(tmp_path, {"fill": through_ioremap("std 3,320(30)"), "other": store,
                               "use": ["ld 9,320(3)", "lwz 4,0(9)"]})
    assert accesses(found["use"]) == [("plain", 4, "load")] * is_devices


@pytest.mark.parametrize("called, seen", [("mmiowb_set_pending", ["inline"]), ("other", [])])
def test_store_that_calls(tmp_path, called, seen):
    """The compiler may leave what marks a store for mmiowb() as a function beside it."""
    found = assembled(tmp_path, ".text", *["nop"] * 5, ".type store,@function", "store:", "sync",
                      "stw 4,0(3)", f"bl {called}", "blr", ".size store,.-store",
                      f".type {called},@function", f"{called}:", "blr",
                      f".size {called},.-{called}")
    assert [kind for where, kind in found if where == "store"] == seen


def test_store_before_a_branch(tmp_path):
    """Wherever what marks it is."""
    found = assembled(tmp_path, ".text", ".type store,@function", "store:", "sync", "stw 4,0(3)",
                      "b 1f", *["nop"] * 7, "1:", "bl mmiowb_set_pending", "blr",
                      ".size store,.-store", ".type mmiowb_set_pending,@function",
                      "mmiowb_set_pending:", "blr",
                      ".size mmiowb_set_pending,.-mmiowb_set_pending")
    assert found == [("store", "inline")]


def test_screens(tmp_path):
    """What draws on one accesses a device only where something is mapped."""
    draws = ["bl schedule", "nop", "bl cfb_fillrect", "nop"]
    assert not audited(tmp_path, {"draws": draws})["draws"]
    kinds = [f["kind"] for f in audited(tmp_path, {"draws": through_ioremap(*draws)})["draws"]]
    assert sorted(kinds) == ["helper", "mapping"]


def test_a_directory(tmp_path):
    """Its modules, compressed or not, and nothing else; all of them are added up."""
    audited(tmp_path, {"bad": ["bl ioread32", "nop", "bl iowrite8", "nop"]})
    module = (tmp_path / "forms.o").read_bytes()
    for name, content in (("one.ko", module), ("below/two.ko", module), ("notes.txt", b""),
                          ("three.ko.gz", gzip.compress(module)), (".ko", module)):
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_bytes(content)
    out = tool.call("audit", str(tmp_path / "tree")).out
    assert re.search(r"^3 modules in \d+\.\d s: ", out, re.MULTILINE), out
    assert out.endswith(" (6 accesses that only the guard makes safe)\n") and " 3 unsafe" in out


def test_store_before_a_loop(tmp_path):
    """What follows it is not followed for ever."""
    assert not assembled(tmp_path, ".text", ".type store,@function", "store:", "sync",
                         "stw 4,0(3)", "1:", "nop", "b 1b", ".size store,.-store")


@pytest.mark.parametrize("vermagic, smp", [
    ("6.1.0 SMP mod_unload modversions", True), ("6.1.0 mod_unload", False), (None, True)])
def test_a_kernel_for_one_processor(tmp_path, vermagic, smp):
    """It has no mmiowb(): a store after a sync may be an accessor's, and nothing tells."""
    source = tmp_path / "forms.s"
    information = [".section .modinfo,\"a\"", ".asciz \"license=GPL\"",
                   f".asciz \"vermagic={vermagic}\"", ".asciz \"description= SMP\""]
    source.write_text("\n".join([
        ".abiversion 2", ".text", ".type f,@function", "f:", "sync", "stw 4,0(3)", "blr",
        ".size f,.-f", *(information if vermagic else []), ""]), encoding="ascii")
    subprocess.run(["powerpc64le-linux-gnu-as", "-mlittle", "-o", tmp_path / "forms.o", source],
                   check=True)
    found = tool.audit_one(tmp_path / "forms.o")["findings"]
    assert [(f["kind"], f["unsure"]) for f in found] == ([] if smp else [("inline", True)])


def test_inline_loads(tmp_path):
    """A load between sync and twi, isync, all three; and nothing that only looks like it."""
    whole = ["sync", "lwz 4,0(3)", "twi 0,4,0", "isync"]
    functions = {"whole": whole, "no_sync": whole[1:], "no_twi": [*whole[:2], whole[3]],
                 "no_isync": whole[:3], "other": [*whole[:2], "twi 0,5,0", "isync"],
                 "late": [*whole[:2], "nop", *whole[2:]], "lwsync": ["lwsync", *whole[1:]],
                 "reversed": ["sync", "lwbrx 4,0,3", "twi 0,4,0", "isync"],
                 "float": ["sync", "lfd 4,0(3)", "twi 0,4,0", "isync"]}
    found = {name: accesses(findings) for name, findings in audited(tmp_path, functions).items()}
    assert found.pop("whole") == found.pop("reversed") == [("inline", 4, "load")]
    assert not any(found.values()), found


ODD = {b'quote"': None, b"back\\slash": None, b"\x01\x1f\x7f": None,
       "\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff".encode(): None,
       b"\xff": "\ufffd", b"\x80": "\ufffd", b"\xc1\xbf": "\ufffd" * 2,
       b"\xe0\x9f\xbf": "\ufffd" * 3, b"\xed\xa0\x80": "\ufffd" * 3,
       b"\xf0\x8f\xbf\xbf": "\ufffd" * 4, b"\xf4\x90\x80\x80": "\ufffd" * 4,
       b"\xf5\x80\x80\x80": "\ufffd" * 4, b"\xe2\x82": "\ufffd" * 2, b"\xc3": "\ufffd",
       b"\xc3\xa9\xc3": "\u00e9\ufffd"}


@pytest.mark.parametrize("name", ODD)
def test_names_in_json(tmp_path, name):
    """Whatever a file is called, what is printed is JSON, and says that name."""
    path = os.path.join(os.fsencode(tmp_path), b"a" + name + b".ko")
    with open(path, "wb") as file:
        file.write(b"no module")
    module, = tool.audit(os.fsdecode(path))["modules"]
    assert module["file"] == f"{tmp_path}/a{ODD[name] or name.decode()}.ko"
    assert module["verdict"] == "error"
