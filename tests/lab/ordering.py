# SPDX-License-Identifier: GPL-2.0
"""What an accessor has around its capture window, read from the object code.

An emulator makes accesses in order whatever the barriers, and nothing here has EEH, so no test
that runs can miss them: they are compared with those of the kernel's own accessors, compiled into
tests/drivers/direct_path. An interrupt that comes into a window is a matter of luck; that it is
masked is not.
"""

import re

from elftools.elf.elffile import ELFFile

from . import objdump, paths, windows
from .build import build_module

BARRIERS = ("hwsync", "lwsync", "eieio", "twi", "isync")
EEH = "eeh_check_failure"
PACA = re.compile(r"(r\d+),(\d+)\(r13\)")
MASK_ALL = 3            # IRQS_DISABLED and IRQS_PMI_DISABLED

# Those of many elements have what the kernel's have, in arch/powerpc/kernel/io.c and asm/eeh.h:
# what is around the run, and whether EEH is asked.
STRINGS = {
    **{f"reads{letter}": (["hwsync", f"run_ins_{size}", "twi", "isync"], True)
       for letter, size in zip("bwlq", (1, 2, 4, 8))},
    **{f"writes{letter}": (["hwsync", f"run_outs_{size}", "hwsync"], False)
       for letter, size in zip("bwlq", (1, 2, 4, 8))},
}
COPIES = {f"{name}{width}": name == "memcpy_fromio" for width in ("", "64")
          for name in ("memcpy_fromio", "memcpy_toio", "memset_io")}
DETOURS = {"svm_detour_load": ["hwsync", "load", "twi", "isync"],
           "svm_detour_store": ["hwsync", "store"]}
# The long way, which an accessor takes when this key is on: what it calls, in which register it
# says how, and what that may be, as backend/detour.h has it.
KEY = "svm_mmio_detour"
LONG = {"svm_detour_load": "r4", "svm_detour_store": "r5"}
BIG, ORDERED, ASK_EEH = 1 << 4, 1 << 5, 1 << 6
WIDTHS = {"b": 1, "h": 2, "w": 4, "d": 8}
ACCESSES = (*LONG, "svm_detour_in", "svm_detour_out", "load", "store")


def kernel_accessors(kernel, module):
    """The kernel's own accessors, by name; @module is the BuildResult of svm_mmio."""
    driver = build_module(kernel, paths.TOP / "tests/drivers/direct_path",
                          extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"}, symvers=[module])
    return {name.removeprefix("kernel_"): insns for name, insns
            in objdump.functions(driver.ko["direct_path"]).items() if name.startswith("kernel_")}


def faults(ko, kernels_own):
    """All that is missing around the windows of @ko: a list of lines."""
    return judge(objdump.functions(ko, ".text"), windows.table(ko), jumps(ko), kernels_own)


def jumps(ko):
    """Where the code of @ko goes when it takes the long way: {address: address}, in .text."""
    with open(ko, "rb") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".symtab")
        at = {entry["r_offset"]: (symbols.get_symbol(entry["r_info_sym"]).name,
                                  entry["r_addend"])
              for entry in elf.get_section_by_name(".rela__jump_table").iter_relocations()}
    # Three relocations for each: where it is, where it goes, its key.
    return {at[offset - 8][1]: at[offset - 4][1] for offset, (name, _) in at.items()
            if name == KEY}


def judge(functions, table, jumps_, kernels_own):
    """The same of the @functions of a module, its @table of windows and its jumps()."""
    by_access = {window.access: window for window in table}
    found = []
    for name in windows.ACCESSORS:
        function = functions[f"__svm_{name}"]
        window, = (by_access[insn.address] for insn in function if insn.address in by_access)
        found += [f"{name}: {fault}" for fault in
                  (*_accessor(function, window, kernels_own[name]), *_mask(function, window),
                   *_long_way(function, jumps_, windows.ACCESSORS[name], kernels_own[name]))]
    for name in windows.RUNS:
        window, = (by_access[insn.address] for insn in functions[name]
                   if insn.address in by_access)
        found += [f"{name}: {fault}" for fault in (*_mask(functions[name], window),
                                                   *_bound(functions[name]))]
    return found + list(_many(functions, jumps_, kernels_own))


def _sequence(function, access):
    """The barriers of @function, and the access at address @access among them."""
    return ["access" if insn.address == access else insn.mnemonic for insn in function
            if insn.address == access or insn.mnemonic in BARRIERS]


def _accessor(ours, window, theirs):
    """One register: the kernel's barriers, mark for mmiowb() and check for EEH."""
    barrier = next((insn.address for insn in theirs if insn.mnemonic == "hwsync"), None)
    wanted = ["access"] if barrier is None else _sequence(theirs, barrier + 4)
    if _sequence(ours, window.access) != wanted:
        yield f"its order is {_sequence(ours, window.access)}, the kernel's is {wanted}"
    if _marks(theirs) - _marks(ours):
        yield "it does not tell mmiowb() of the store"
    if _calls(theirs, EEH) != _calls(ours, EEH):
        yield f"the kernel's calls {EEH}() {_calls(theirs, EEH)} times, it {_calls(ours, EEH)}"


def _marks(function):
    """The halfwords of the PACA that @function writes: of mmiowb's state, there is one."""
    return {match[2] for insn in function
            if insn.mnemonic == "sth" and (match := PACA.fullmatch(insn.operands))}


def _calls(function, name):
    return sum(insn.is_branch and insn.operands == name for insn in function)


def _mask(function, window):
    """Interrupts are masked before the window, all of them, and unmasked after it."""
    before = [insn for insn in function if insn.address < window.save]
    after = [insn for insn in function if insn.address > window.restore]
    stores = [at for at, insn in enumerate(before)
              if insn.mnemonic == "stb" and PACA.fullmatch(insn.operands)]
    if not stores:
        yield "interrupts are not masked before the window"
        return
    register, mask = PACA.fullmatch(before[stores[-1]].operands).groups()
    last = next((insn for insn in reversed(before[:stores[-1]])
                 if insn.operands.startswith(f"{register},")), None)
    if not (last and last.mnemonic in ("ori", "li")
            and last.operands.endswith(f",{MASK_ALL}")):
        yield "not all interrupts are masked before the window"
    if any(insn.is_branch for insn in before[stores[-1]:]):
        yield "there is a branch between masking and the window"
    if not any(insn.operands == "arch_local_irq_restore" or insn.mnemonic == "stb"
               and insn.operands.endswith(f",{mask}(r13)") for insn in after):
        yield "interrupts are not unmasked after the window"


def _bound(function):
    """A run is never longer than the header says."""
    header = (paths.TOP / "capture/window.h").read_text(encoding="utf-8")
    bound = re.search(r"^#define SVM_WINDOW_RUN\s+(\d+)$", header, re.MULTILINE)[1]
    compared = [insn.operands.rpartition(",")[2] for insn in function
                if insn.mnemonic in ("cmpldi", "cmpdi") and not insn.operands.endswith(",0")]
    if bound not in compared:
        yield f"a run is bounded by {' and '.join(compared) or 'nothing'}, not by {bound}"


def _long_way(function, jumps_, insn, theirs):
    """What it asks of the detour is what the kernel's own does around its access."""
    way = _walk(function, jumps_)
    call = next((at for at, step in enumerate(way) if step.operands in LONG), None)
    if call is None:
        yield "it has no long way"
        return
    register = LONG[way[call].operands]
    said = next((step.operands for step in reversed(way[:call])
                 if step.operands.startswith(f"{register},")), "")
    wanted = WIDTHS[re.match(r"(?:l|st)(.)", insn)[1]] | (BIG if "br" in insn else 0)
    if any(step.mnemonic == "hwsync" for step in theirs):
        wanted |= ORDERED
    if _calls(theirs, EEH):
        wanted |= ASK_EEH
    if said != f"{register},{wanted}":
        yield f"the long way is asked for '{said}', not for '{register},{wanted}'"


def _walk(function, jumps_):
    """The instructions that are executed when no condition holds; where one of @jumps_ is, it is
    taken.
    """
    by_address = {insn.address: insn for insn in function}
    way, seen, at = [], set(), function[0].address
    while at in by_address and at not in seen:
        seen.add(at)
        insn = by_address[at]
        if at in jumps_:
            at = jumps_[at]
            continue
        way.append(insn)
        if insn.mnemonic == "blr":
            break
        target = re.match(r"([0-9a-f]+) <", insn.operands)
        at = int(target[1], 16) if insn.mnemonic == "b" and target else at + 4
    return way


def _order(function, jumps_):
    """The barriers and the accesses of that way."""
    return [insn.operands if insn.is_branch else insn.mnemonic
            for insn in _walk(function, jumps_)
            if insn.mnemonic in BARRIERS or insn.is_branch and insn.operands in ACCESSES]


def _many(functions, jumps_, kernels_own):
    """The accessors of many elements, and the detour."""
    for name, (wanted, eeh) in STRINGS.items():
        function = functions[f"__svm_{name}"]
        order = _way(function)
        if order != wanted:
            yield f"{name}: its order is {order}, not {wanted}"
        if bool(_calls(function, EEH)) != eeh:
            yield f"{name}: {EEH}() is {'not ' if eeh else ''}called"
        order = _order(function, jumps_)
        long = [re.sub("run_(in|out)s_.", r"svm_detour_\1", step) for step in wanted]
        if order != long:
            yield f"{name}: the order of its long way is {order}, not {long}"
    for name, eeh in COPIES.items():
        function = functions[f"__svm_{name}"]
        order = _way(function)
        if [order[0], order[-1]] != ["hwsync", "hwsync"] or len(order) < 3:
            yield f"{name}: its order is {order}, not one between two hwsync"
        if bool(_calls(function, EEH)) != eeh:
            yield f"{name}: {EEH}() is {'not ' if eeh else ''}called"
    for name, wanted in DETOURS.items():
        order = _order(functions[name], {})
        if order != wanted:
            yield f"{name}: its order is {order}, not {wanted}"
    if not _calls(functions["svm_detour_load"], EEH):
        yield f"svm_detour_load: {EEH}() is not called"
    if _marks(kernels_own["writel"]) - _marks(functions["svm_detour_store"]):
        yield "svm_detour_store: it does not tell mmiowb() of the store"


def _way(function):
    """The barriers and the runs up to the first return."""
    order = []
    for insn in function:
        if insn.mnemonic == "blr":
            break
        if insn.mnemonic in BARRIERS:
            order.append(insn.mnemonic)
        elif insn.is_branch and insn.operands.startswith("run_"):
            order.append(insn.operands)
    return order
