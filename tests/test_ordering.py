# SPDX-License-Identifier: GPL-2.0
"""Around every window, and on the long way, is what the kernel's own accessor has: barriers in
their order, the mark for mmiowb(), the check for EEH; interrupts are masked, and runs bounded.

Negative controls are changes of the disassembly of the module as it is: one instruction is another
one, is missing, or comes later. So each is known to be seen, in each accessor.
"""

import dataclasses
import re

import pytest
from lab import objdump, ordering, subject, windows
from lab.objdump import Insn

pytestmark = pytest.mark.quick

LOADS = [name for name, insn in windows.ACCESSORS.items() if insn.startswith("l")]
STORES = [name for name, insn in windows.ACCESSORS.items() if insn.startswith("st")]
ORDERED = [name for name in windows.ACCESSORS if not name.startswith("__raw_")]
READS = [name for name in LOADS if name.startswith("read")]
MANY = [*ordering.STRINGS, *ordering.COPIES]


class Module:
    """The disassembly of the module; told() says what is wrong with it."""

    def __init__(self, ko, theirs):
        self.functions = objdump.functions(ko, ".text")
        self.table = windows.table(ko)
        self.jumps = ordering.jumps(ko)
        self.theirs = theirs
        self.accesses = {window.access for window in self.table}

    def told(self, name=None, function=None, **other):
        """What is told of it with function @name replaced, or something else of it."""
        functions = {**self.functions, **({name: function} if name else {})}
        return ordering.judge(functions, other.get("table", self.table),
                              other.get("jumps", self.jumps), other.get("theirs", self.theirs))

    def places(self, name, wanted):
        """Where in function @name there are instructions that @wanted(insn) is true of."""
        return [at for at, insn in enumerate(self.functions[name]) if wanted(insn)]

    def without(self, name, at):
        """Function @name with a nop at place @at."""
        return self.with_(name, at, "nop", "")

    def with_(self, name, at, mnemonic, operands=None):
        """Function @name with something else at place @at."""
        function = list(self.functions[name])
        old = function[at]
        function[at] = dataclasses.replace(
            old, mnemonic=mnemonic, operands=old.operands if operands is None else operands)
        return function

    def swapped(self, name, one, other):
        """Function @name with two instructions in each other's place."""
        function = list(self.functions[name])
        first, second = function[one], function[other]
        function[one] = dataclasses.replace(second, address=first.address)
        function[other] = dataclasses.replace(first, address=second.address)
        return function


@pytest.fixture(scope="module", name="it")
def module(kernel):
    built = subject.build(kernel)
    return Module(built.ko["svm_mmio"], ordering.kernel_accessors(kernel, built))


def is_barrier(insn):
    return insn.mnemonic in ordering.BARRIERS


def calls(symbol):
    return lambda insn: insn.is_branch and insn.operands == symbol


def seen(it, name, function, said=None):
    """The change is told, of this function and no other."""
    told = it.told(name, function)
    own = name.removeprefix("__svm_")
    assert told and all(line.startswith(f"{own}: ") for line in told), told
    assert said is None or any(said in line for line in told), told


def test_as_the_kernels_own(it, kernel):
    assert it.told() == []
    assert ordering.faults(subject.build(kernel).ko["svm_mmio"], it.theirs) == []
    assert set(windows.ACCESSORS) <= set(it.theirs)


@pytest.mark.parametrize("name", ORDERED)
def test_barriers(it, name):
    """One that is missing, another one, one too many."""
    own = f"__svm_{name}"
    found = it.places(own, is_barrier)
    assert len(found) == (3 if name in LOADS else 1)
    for at in found:
        seen(it, own, it.without(own, at), "its order is")
        seen(it, own, it.with_(own, at, "lwsync"), "its order is")
    nop = next(at for at in it.places(own, lambda insn: insn.mnemonic == "nop"))
    seen(it, own, it.with_(own, nop, "isync"), "its order is")


@pytest.mark.parametrize("name", windows.ACCESSORS)
def test_an_access_too_early(it, name):
    """The access is where its barrier was, and that behind it."""
    own = f"__svm_{name}"
    access, = it.places(own, lambda insn: insn.address in it.accesses)
    before = [at for at in it.places(own, is_barrier) if at < access]
    if name not in ORDERED:
        assert not before
        return
    function = it.swapped(own, before[-1], access)
    moved = [dataclasses.replace(window, access=it.functions[own][before[-1]].address)
             if window.access == it.functions[own][access].address else window
             for window in it.table]
    told = it.told(own, function, table=moved)
    assert any(line.startswith(f"{name}: its order is") for line in told), told


@pytest.mark.parametrize("name", READS)
def test_eeh(it, name):
    own = f"__svm_{name}"
    for at in it.places(own, calls(ordering.EEH)):
        seen(it, own, it.without(own, at), ordering.EEH)
    # One more than the kernel's is wrong, too.
    at = it.places(own, calls("svm_detour_load"))[0]
    assert any(ordering.EEH in line for line in
               it.told(own, it.with_(own, at, "bl", ordering.EEH)))


@pytest.mark.parametrize("name", [name for name in STORES if name in ORDERED])
def test_mark_for_mmiowb(it, name):
    own = f"__svm_{name}"
    found = it.places(own, lambda insn: insn.mnemonic == "sth")
    marks = [at for at in found if "(r13)" in it.functions[own][at].operands]
    assert len(marks) == 1
    seen(it, own, it.without(own, marks[0]), "mmiowb()")
    # To another place it is none.
    seen(it, own, it.with_(own, marks[0], "sth", "r9,2(r13)"), "mmiowb()")


@pytest.mark.parametrize("name", [*(f"__svm_{name}" for name in windows.ACCESSORS),
                                  *windows.RUNS])
def test_mask(it, name):
    """Interrupts that stay on, profiling that stays on, a way around it, no end of it."""
    function = it.functions[name]
    first = next(window.save for window in it.table
                 if window.access in {insn.address for insn in function})
    before = [at for at in it.places(name, lambda insn: insn.mnemonic == "stb")
              if function[at].address < first]
    assert before
    mask = before[-1]
    seen(it, name, it.without(name, mask), "masked before the window")
    sets = max(at for at in it.places(name, lambda insn: insn.mnemonic in ("ori", "li"))
               if at < mask and function[at].operands.endswith(",3"))
    kept = function[sets].operands.removesuffix("3")
    seen(it, name, it.with_(name, sets, function[sets].mnemonic, f"{kept}1"), "not all")
    seen(it, name, it.without(name, sets), "not all")
    seen(it, name, it.with_(name, sets, "addi"), "not all")
    # What is set right before the mask is stored is another register.
    other = it.with_(name, mask, "stb")
    other.insert(mask, Insn(function[mask].address - 1, 0, "li", "r31,3"))
    other[sets] = dataclasses.replace(other[sets], operands=f"{kept}1")
    seen(it, name, other, "not all")
    branch = it.with_(name, mask, "stb")
    branch.insert(mask + 1, Insn(function[mask].address + 1, 0, "beq", "0 <x>"))
    seen(it, name, branch, "there is a branch")
    ends = [at for at in it.places(name, calls("arch_local_irq_restore"))
            if function[at].address > first]
    ends += [at for at in it.places(name, lambda insn: insn.mnemonic == "stb")
             if function[at].address > first]
    open_ = [insn if at not in ends else dataclasses.replace(insn, mnemonic="nop", operands="")
             for at, insn in enumerate(function)]
    seen(it, name, open_, "not unmasked")
    # Where the mask is read again, or something else is stored, nothing is unmasked.
    where = function[mask].operands.partition(",")[2]
    for mnemonic, operands in (("lbz", f"r9,{where}"), ("stb", "r9,1(r13)")):
        open_[-1] = dataclasses.replace(open_[-1], mnemonic=mnemonic, operands=operands)
        seen(it, name, open_, "not unmasked")


@pytest.mark.parametrize("name", windows.RUNS)
def test_bound(it, name):
    at, = it.places(name, lambda insn: insn.mnemonic == "cmpldi"
                    and insn.operands.endswith(",64"))
    for bound in (63, 65):
        operands = it.functions[name][at].operands.replace(",64", f",{bound}")
        seen(it, name, it.with_(name, at, "cmpldi", operands), f"bounded by {bound}")
    seen(it, name, it.without(name, at), "bounded by")


@pytest.mark.parametrize("name", windows.ACCESSORS)
def test_long_way(it, name):
    """It asks the detour for the same width, byte order, ordering and check for EEH."""
    own = f"__svm_{name}"
    call, = it.places(own, lambda insn: insn.operands in ordering.LONG)
    register = ordering.LONG[it.functions[own][call].operands]
    at = max(at for at in it.places(own, lambda insn: insn.mnemonic == "li"
                                    and insn.operands.startswith(f"{register},")) if at < call)
    said = int(it.functions[own][at].operands.partition(",")[2])
    assert said & 15 == {"b": 1, "h": 2, "w": 4, "d": 8}[
        windows.ACCESSORS[name].removeprefix("st").removeprefix("l")[0]]
    for bit in range(7):
        seen(it, own, it.with_(own, at, "li", f"{register},{said ^ 1 << bit}"), "the long way")
    seen(it, own, it.without(own, call), "no long way")
    told = it.told(jumps={at: to for at, to in it.jumps.items()
                          if at not in {insn.address for insn in it.functions[own]}})
    assert told == [f"{name}: it has no long way"]


@pytest.mark.parametrize("name", MANY)
def test_many_elements(it, name):
    """Strings and copies: a barrier that is missing, the check for EEH."""
    own = f"__svm_{name}"
    found = it.places(own, is_barrier)
    assert found
    if name in ordering.STRINGS:
        for at in found:
            seen(it, own, it.without(own, at), "order")
            seen(it, own, it.with_(own, at, "lwsync"), "order")
        for at in it.places(own, lambda insn: insn.is_branch
                            and insn.operands.startswith(("run_", "svm_detour_"))):
            seen(it, own, it.without(own, at), "order")
    else:
        end = it.places(own, lambda insn: insn.mnemonic == "blr")[0]
        inside = [at for at in found if at < end]
        assert len(inside) == 2
        for at in inside:
            seen(it, own, it.without(own, at), "not one between two hwsync")
        runs = [at for at in it.places(own, lambda insn: insn.operands.startswith("run_"))
                if at < end]
        function = list(it.functions[own])
        for at in runs:
            function[at] = dataclasses.replace(function[at], mnemonic="nop", operands="")
        seen(it, own, function, "not one between two hwsync")
    asked = it.places(own, calls(ordering.EEH))
    assert bool(asked) == (name.startswith("reads") or name.startswith("memcpy_fromio"))
    for at in asked if len(asked) == 1 else ():
        seen(it, own, it.without(own, at), "not called")
    if not asked:
        seen(it, own, it.with_(own, it.places(own, lambda insn: insn.mnemonic == "nop")[0],
                               "bl", ordering.EEH), "is called")


@pytest.mark.parametrize("name", ordering.DETOURS)
def test_detour(it, name):
    """The sync comes before the access, on the long way too; nothing follows it but what has to."""
    function = it.functions[name]
    barriers = it.places(name, is_barrier)
    access = next(at for at in it.places(name, calls(name.rpartition("_")[2]))
                  if at > barriers[0])
    for at in barriers:
        told = it.told(name, it.without(name, at))
        assert any(name in line and "its order is" in line for line in told), told
    told = it.told(name, it.swapped(name, barriers[0], access))
    assert any("its order is" in line for line in told), told
    if name == "svm_detour_load":
        at, = it.places(name, calls(ordering.EEH))
        assert it.told(name, it.without(name, at)) == [f"{name}: {ordering.EEH}() is not called"]
    else:
        mark, = (at for at in it.places(name, lambda insn: insn.mnemonic == "sth")
                 if "(r13)" in function[at].operands)
        assert it.told(name, it.without(name, mark)) == [
            f"{name}: it does not tell mmiowb() of the store"]


def test_what_a_branch_is():
    """Those to a register have no address."""
    for mnemonic, is_one in (("bl", True), ("beq", True), ("b", True), ("blr", False),
                             ("bctr", False), ("bnelr", False), ("stb", False)):
        assert Insn(0, 0, mnemonic, "").is_branch == is_one


def test_kernels_own_are_those_of_the_driver(it):
    """What is compared with: plain instructions, and no window."""
    for name in windows.ACCESSORS:
        text = [insn.mnemonic for insn in it.theirs[name]]
        assert not any(re.match("m[tf]sprg", mnemonic) for mnemonic in text)
        assert ("hwsync" in text) == (name in ORDERED)
