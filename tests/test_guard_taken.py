# SPDX-License-Identifier: GPL-2.0
"""A BAR that is taken from a program while it accesses it is not accessed for it afterwards: the
guard looks at the entry again, and makes the access, with the entry locked.

The kernel takes away what programs have mapped of a BAR when a driver claims that. A trap in the
module waits for it at the one place where it must not come in between.
"""

import pytest
from lab import mutants, subject
from lab.variants import build_variants
from test_guard_user import BAR, boot

USER = "guard/user.c"
DEVICE, _, FILE = BAR.rpartition("/")
BDF = DEVICE.rpartition("/")[2]
DRIVER = "/sys/bus/pci/drivers/svm_mmio"
MARK = "0x11111111"         # what the driver stores

# Wait until the entry has gone, or a tenth of a second; and if it has, until the mark is there.
TRAP = (
    "static void trap(pte_t *ptep, pte_t pte, unsigned long addr)\n"
    "{\n"
    "	struct svm_place place;\n"
    "	int i;\n"
    "\n"
    "	for (i = 0; i < 100 && is_guarded(READ_ONCE(*ptep)); i++)\n"
    "		mdelay(1);\n"
    "	if (is_guarded(READ_ONCE(*ptep)) ||\n"
    "	    !svm_alias_of(PFN_PHYS(pte_pfn(pte)) | (addr & ~PAGE_MASK), &place))\n"
    "		return;\n"
    f"	for (i = 0; i < 30000 && svm_place_load(&place, 4, 0) != {MARK}; i++)\n"
    "		mdelay(1);\n"
    "}\n"
    "\n")
MAKE = "/* Once the entry is locked: the access, if it is still guarded. */\n"
HAS_TRAP = ((USER, "#include <linux/kprobes.h>\n",
             "#include <linux/delay.h>\n#include <linux/kprobes.h>\n"),
            (USER, '#include "backend/alias.h"\n',
             '#include "backend/alias.h"\n#include "backend/detour.h"\n'),
            (USER, MAKE, TRAP + MAKE))
# Between the look at the entry and the access.
BETWEEN = (*HAS_TRAP, (USER, "	if (is_nothing(op)) {\n",
                       "	trap(ptep, pte, addr);\n	if (is_nothing(op)) {\n"))
LOCK = "	if (svm_user_is_private(vma) || !ptep || !spin_trylock(lock))\n		return again();\n"

MODULES = {
    "trap": BETWEEN,
    "no-lock": (*BETWEEN, (USER, " || !spin_trylock(lock))", ")"),
                (USER, "	spin_unlock(lock);\n", "")),
    # The entry is looked at before it is locked, and not again.
    "early": (*HAS_TRAP, (USER, "	pte_t *ptep;\n\n	/* If there", "	pte_t *ptep, early;\n\n"
                          "	/* If there"),
              (USER, LOCK, "	if (svm_user_is_private(vma) || !ptep)\n		return again();\n"
               "	early = READ_ONCE(*ptep);\n	trap(ptep, early, addr);\n"
               "	if (!spin_trylock(lock))\n		return again();\n"),
              (USER, "make(regs, entry, ptep, addr, op)", "make(regs, entry, &early, addr, op)")),
}


@pytest.fixture(scope="module")
def it(kernel):
    """A guest with the modules, none of them loaded."""
    built = build_variants(kernel, {
        name: mutants.changed(name, replace) for name, replace in MODULES.items()})
    with boot(kernel, "guard-taken", {f"/{name}.ko": ko for name, ko in built.items()}) as it:
        it.built = built
        yield it


def take(it, name):
    """Take the BAR from a program that stores to it: what is there once the driver has stored its
    mark and the program has ended; and the signal that this has got.
    """
    it.ko = it.built[name]
    it.load(module=f"/{name}.ko")
    text = it.guest.check(
        f"/bar {BAR} taken >/tmp/said 2>&1 &\n"
        "until grep -q mapped /tmp/said; do sleep 0.1; done; sleep 0.5\n"
        f"echo svm_mmio >{DEVICE}/driver_override; echo {BDF} >{DRIVER}/bind\n"
        f"cd {subject.DEBUGFS}/{BDF}/bar2; echo w32 0x10000 {MARK} >access; wait\n"
        "echo r32 0x10000 >access; cat access; cd /\n"
        f"echo {BDF} >{DRIVER}/unbind; echo >{DEVICE}/driver_override; cat /tmp/said\n"
        "rmmod svm_mmio")
    found, _, signal, _ = text.splitlines()
    print(f"{name}: {found}, {signal}")
    return found, signal


def test_taken(it):
    assert take(it, "trap") == (MARK, "signal 7")


@pytest.mark.parametrize("name", [name for name in MODULES if name != "trap"])
def test_without_is_noticed(it, name):
    """Negative control: the program's store comes after the driver's."""
    found, signal = take(it, name)
    assert found.startswith("0x5a00") and signal == "signal 7"
