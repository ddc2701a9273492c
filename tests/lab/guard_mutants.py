# SPDX-License-Identifier: GPL-2.0
"""Mutants of the guard: what is wrong with each, and what has to show it.

They are loaded one after another in one guest, which none of them ends: a driver for tests makes
single accesses that may fault (tests/drivers/guard_peek).
"""

from dataclasses import dataclass

EMULATE, PAGES, HOOKS = "guard/emulate.c", "guard/pages.c", "guard/hooks.c"
HEADER, ORDER, HOLDERS = "guard/pages.h", "guard/order.c", "guard/holders.c"
ALIAS, DETOUR = "backend/alias.c", "backend/detour.c"

# Besides these an observation of test_guard_mutants.py by its name, such as "store, unloaded".
CASES = "differential"      # tests/drivers/guard_cases: accesses of all forms and registers
COPIES = "copies"           # the same driver: memcpy()
REFUSED = "refused"         # the same driver: what cannot be emulated


@dataclass(frozen=True)
class Mutant:
    """A mutant of the guard."""

    what: str               # is wrong
    by: str                 # what has to show it
    replace: tuple          # (file, text that is there once, other text)
    backend: str = "sprg0"


TABLE = {
    # What an access is, and what it leaves. The first the spike had.
    "reversed-twice": Mutant(
        "the bytes of a byte-reversed store are reversed once more", CASES,
        ((EMULATE, "store(fault, bytes, op->val);",
          "store(fault, bytes, op->type & BYTEREV ? swab64(op->val) >>"
          " (64 - 8 * bytes) : op->val);"),)),
    "not-reversed": Mutant(
        "the value of a byte-reversed load is as it was read", CASES,
        ((EMULATE, "if (op->type & BYTEREV)", "if (0)"),)),
    "not-extended": Mutant(
        "an algebraic load does not extend the sign", CASES,
        ((EMULATE, "if (op->type & SIGNEXT)", "if (0)"),)),
    "not-moved": Mutant(
        "an access with update does not write its address back", CASES,
        ((EMULATE, "if (op->type & UPDATE)\n		set_gpr", "if (0)\n		set_gpr"),)),
    "r14-lost": Mutant(
        "r14 is taken for a register that the interrupt restores", CASES,
        ((EMULATE, "	if (n >= 14)\n", "	if (n > 14)\n"),)),
    "no-stub": Mutant(
        "the interrupt does not return by the stub, so r14 to r31 are lost (6.1)", CASES,
        ((EMULATE, "	*address = (unsigned long)svm_guard_restore;\n", ""),)),
    "pair-swapped": Mutant(
        "the registers of an access of 16 bytes are exchanged", CASES,
        ((EMULATE, "first = op->type & PREFIXED ?", "first = !(op->type & PREFIXED) ?"),)),
    "unaligned-shifted": Mutant(
        "the pieces of an access that is not aligned are at other places", CASES,
        ((EMULATE, "val |= svm_place_load(&place, piece, caller) << 8 * done;",
          "val |= svm_place_load(&place, piece, caller) << 16 * done;"),)),
    "page-off": Mutant(
        "the access is made a page further on", CASES,
        ((ALIAS, "place->alias = windows[i].alias + offset;",
          "place->alias = windows[i].alias + offset + PAGE_SIZE;"),)),
    "hcall-by-alias": Mutant(
        "an hcall is given the address of the alias, not the physical one", CASES,
        ((DETOUR, "return svm_hcall_load_physical(place->physical, bytes, caller);",
          "return svm_hcall_load_physical((unsigned long)place->alias, bytes, caller);"),),
        backend="hcall"),
    "vector-halves": Mutant(
        "the halves of a vector are exchanged when it is stored", COPIES,
        ((EMULATE, "		store(fault, 8, vector.half[0]);\n		advance(fault);\n"
          "		store(fault, 8, vector.half[1]);",
          "		store(fault, 8, vector.half[1]);\n		advance(fault);\n"
          "		store(fault, 8, vector.half[0]);"),)),
    "reserves": Mutant(
        "a load and reserve is made as a plain load", REFUSED,
        ((EMULATE, "	if (type == LARX || type == STCX)\n"
          '		return "load and reserve, or store conditional";\n', ""),
         (EMULATE, "	if (type != LOAD && type != STORE && !is_vector)",
          "	if (type != LOAD && type != STORE && type != LARX && !is_vector)"))),
    "not-captured": Mutant(
        "the access is made without SPRG0", "captured",
        ((DETOUR, "	if (backend == SVM_BACKEND_SPRG0)\n		return svm_sprg0_load(",
          "	if (backend == SVM_BACKEND_SPRG0 && bytes != 4)\n		return svm_sprg0_load("),)),

    # Whose faults it takes.
    "dsisr-not-read": Mutant(
        "what a hypervisor has refused is tried again", "load-refused",
        ((EMULATE, "if (!(dsisr & DSISR_PROTFAULT) ||\n	    ", "if ("),)),
    "address-not-compared": Mutant(
        "the fault may be at another address than the instruction's", "load-beside",
        ((EMULATE, "if (addr != fault->addr)", "if (0)"),)),
    "direction-not-compared": Mutant(
        "the fault may have another direction than the instruction", "load-store",
        ((EMULATE, "if (!!(dsisr & DSISR_ISSTORE) != (type == STORE || type == STORE_VMX))",
          "if (0)"),)),
    "read-only-stored": Mutant(
        "a store that the mapping never allowed is made", "store-read-only",
        ((EMULATE, "	if (!(dsisr & DSISR_PROTFAULT) ||\n"
          "	    ((dsisr & DSISR_ISSTORE) && !(fault.leaf & (SVM_GUARD_WRITABLE | _PAGE_WRITE))))",
          "	if (!(dsisr & DSISR_PROTFAULT))"),)),
    "beyond-the-end": Mutant(
        "an access goes on behind the end of its mapping", "load-at-end",
        ((EMULATE, "if (!why && !is_whole(&fault, GETSIZE(op.type)))", "if (0)"),)),
    "programs-too": Mutant(
        "a program's load from the kernel's mapping is made for it", "program",
        ((HOOKS, " || user_mode(regs) ||", " ||"),)),

    "kprobe-not-seen": Mutant(
        "the trap of a kprobe that has just been put there is taken for the instruction",
        "load-probed",
        ((EMULATE, "if (ppc_inst_val(insn) == BREAKPOINT_INSTRUCTION)", "if (0)"),)),

    # Which mappings it takes, and gives back.
    "none-found": Mutant(
        "mappings that there were are not guarded", "guarded, found",
        ((ORDER, "mappings_found = change_all(svm_guard_close_all);", ""),)),
    "none-made": Mutant(
        "new mappings are not guarded", "guarded, made",
        ((HOOKS, "		entry->gpr[5] = svm_guard_close(entry->gpr[5]);\n", ""),)),
    "any-found": Mutant(
        "what is no window of PCI, such as XIVE's pages, is guarded", "mappings found",
        ((PAGES, "svm_alias_covers(PFN_PHYS(pte_pfn(pte)), 1UL << shift) && ", ""),)),
    "any-made": Mutant(
        "the same, when it is mapped", "mappings made",
        ((HOOKS, " && svm_alias_covers(entry->gpr[3], entry->gpr[4])", ""),)),
    "aliases-found": Mutant(
        "the guard's own aliases are guarded", "mappings found",
        ((PAGES, " && !svm_alias_contains(addr)", ""),)),
    "closed-before-hooks": Mutant(
        "mappings lose their rights before anybody takes the faults", "faults of a thread",
        ((ORDER, "	err = svm_guard_hook(why);\n",
          "	change_all(svm_guard_close_all);\n	err = svm_guard_hook(why);\n"),)),
    "unhooked-before-open": Mutant(
        "nobody takes the faults any more while mappings are without rights",
        "faults of a thread, unloading",
        ((ORDER, "	svm_guard_unhook_mappings();\n	change_all(svm_guard_open_all);\n"
          "	static_branch_dec(&svm_mmio_detour);\n"
          "	static_branch_disable(&svm_mmio_aliased);\n	svm_guard_unhook();\n",
          "	svm_guard_unhook_mappings();\n	svm_guard_unhook();\n"
          "	change_all(svm_guard_open_all);\n	static_branch_dec(&svm_mmio_detour);\n"
          "	static_branch_disable(&svm_mmio_aliased);\n"),)),
    "aliases-gone-first": Mutant(
        "which mappings are guarded is not known any more when they are to be opened",
        "load, unloaded",
        ((ORDER, "	svm_guard_unhook_mappings();\n	change_all(svm_guard_open_all);\n"
          "	static_branch_dec", "	svm_guard_unhook_mappings();\n	svm_alias_remove_all();\n"
          "	change_all(svm_guard_open_all);\n	static_branch_dec"),)),
    "read-only-again": Mutant(
        "mappings can only be read when they have their rights again", "store, unloaded",
        ((HEADER, "(val & SVM_GUARD_WRITABLE ? _PAGE_WRITE : 0);", "0;"),)),

    # Counts.
    "count-of-stores": Mutant(
        "stores are counted as loads", "counts",
        ((EMULATE, "	if (dsisr & DSISR_ISSTORE)\n		raw_cpu_inc", "	if (0)\n"
          "		raw_cpu_inc"),)),
    "count-of-kernel": Mutant(
        "accesses of modules are counted as the kernel's", "counts",
        ((EMULATE, "if (regs->nip < RADIX_VMALLOC_START)", "if (1)"),)),

    # Who holds the module, in a secure guest.
    "held-by-none": Mutant(
        "devices that are bound at the load do not hold the module", "rmmod, bound before",
        ((HOLDERS, "		err = hold(&pdev->dev, true);\n", "		err = 0;\n"),)),
    "not-held-later": Mutant(
        "devices that are bound later do not hold the module", "rmmod, bound later",
        ((HOLDERS, "		if (hold(dev, false))\n", "		if (0)\n"),)),
}
