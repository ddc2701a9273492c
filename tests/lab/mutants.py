# SPDX-License-Identifier: GPL-2.0
"""Mutants: builds of the module with one thing wrong, which a witness has to catch.

A mutant is a list of replacements in the sources. Text that is not there exactly once is an error,
so a mutant cannot quietly stop being one when the code changes.
"""

import re

from . import paths
from .errors import LabError
from .variants import build_variants

# For a mutant that the check at load would not let in.
NO_LOAD_CHECK = ("svm_mmio_mod.c", "err = svm_windows_verify();", "err = 0;")

MUTANTS = {
    # The captured word names the next register as target or source.
    "off-by-one-register": [
        ("capture/window.h", '" << 26) | (%[val] << 21) | (%[addr] << 16))"',
         '" << 26) | (((%[val] + 1) & 31) << 21) | (%[addr] << 16))"'),
        ("capture/window.h", '"((31 << 26) | (%[val] << 21) | (%[addr] << 11) | ("',
         '"((31 << 26) | (((%[val] + 1) & 31) << 21) | (%[addr] << 11) | ("'),
    ],
    # SPRG0 has its old value again when the access is made.
    "restore-before-access": [
        ("capture/window.h",
         '"77:	" insn "\\n" \\\n'
         '	after \\\n'
         '	"78:	mtspr	%[sprg0],%[saved]\\n" \\\n',
         '"78:	mtspr	%[sprg0],%[saved]\\n" \\\n'
         '	"77:	" insn "\\n" \\\n'
         '	after \\\n'),
    ],
    # The word accesses what another register points to.
    "other-base-register": [
        ("capture/window.h", '(%[val] << 21) | (%[addr] << 16))"',
         '(%[val] << 21) | (((%[addr] + 1) & 31) << 16))"'),
        ("capture/window.h", '(%[val] << 21) | (%[addr] << 11) | ("',
         '(%[val] << 21) | (((%[addr] + 1) & 31) << 11) | ("'),
    ],
    # The word of a D-form load is the store of that width, and the other way round.
    "other-direction": [
        ("capture/window.h", '"((" __stringify(opcode) " << 26) |',
         '"(((" __stringify(opcode) " ^ 4) << 26) |'),
    ],
    # The word of a D-form access is that of its update form.
    "update-form": [
        ("capture/window.h", '"((" __stringify(opcode) " << 26) |',
         '"(((" __stringify(opcode) " | 1) << 26) |'),
    ],
    # What lis does to a word with its top bit set: the upper half of SPRG0 is all ones.
    "upper-bits": [
        ("capture/window.h",
         '"	li	%[capture],0\\n" \\\n'
         '	"	oris	%[capture],%[capture],(" word " >> 16)\\n"',
         '"	lis	%[capture],((" word ") >> 16) - 0x10000\\n" \\\n'
         '	"	nop\\n"'),
    ],
    # SPRG0 keeps the word.
    "no-restore": [
        ("capture/window.h", '"78:	mtspr	%[sprg0],%[saved]\\n" \\\n',
         '"78:\\n" \\\n'),
    ],
}

# Those that "make check-quick" builds, all at once.
QUICK = ("off-by-one-register", "no-restore")

# Those of backend hcall: no window is wrong, so the check at load lets them in.
HCALL = {
    # The value as the hypervisor has it.
    "hcall-byte-order": [
        ("backend/hcall.c", "return swab_bytes(ret[0], bytes);", "return ret[0];"),
    ],
    # Half of what is wanted is stored.
    "hcall-width": [
        ("backend/hcall.c", "H_LOGICAL_CI_STORE, (unsigned long)bytes, physical",
         "H_LOGICAL_CI_STORE, bytes == 4 ? 2UL : bytes, physical"),
    ],
    # The offset in the page is lost.
    "hcall-address": [
        ("backend/tables.c", " | (addr & mask);", ";"),
    ],
    # The hypervisor refuses each access.
    "hcall-refused": [
        ("backend/hcall.c", "ret, (unsigned long)bytes, physical", "ret, 3UL, physical"),
        ("backend/hcall.c", "H_LOGICAL_CI_STORE, (unsigned long)bytes", "H_LOGICAL_CI_STORE, 3UL"),
    ],
    # So it does here, and what the call left is taken for the value.
    "hcall-error-ignored": [
        ("backend/hcall.c", "ret, (unsigned long)bytes, physical", "ret, 3UL, physical"),
        ("backend/hcall.c", "H_LOGICAL_CI_STORE, (unsigned long)bytes", "H_LOGICAL_CI_STORE, 3UL"),
        ("backend/hcall.c", "rc, caller);\n		return ~0ULL >> (64 - 8 * bytes);",
         "rc, caller);\n		return ret[0] & 0xffff;"),
    ],
    # Each hcall has to be made four times. No mutant: the module has to go on trying.
    "hcall-busy": [
        ("backend/hcall.c", "ret, (unsigned long)bytes, physical);",
         "ret, (unsigned long)bytes, physical);\n"
         "		if (tries++ & 3)\n			rc = tries & 1 ? H_BUSY : H_LONG_BUSY_ORDER_1_MSEC;"),
        ("backend/hcall.c", "	unsigned long ret[PLPAR_HCALL_BUFSIZE];\n	long rc;",
         "	unsigned long ret[PLPAR_HCALL_BUFSIZE], tries = 1;\n	long rc;"),
    ],
    "hcall-busy-is-an-error": [
        ("backend/hcall.c", "ret, (unsigned long)bytes, physical);",
         "ret, (unsigned long)bytes, physical);\n		rc = H_BUSY;"),
        ("backend/hcall.c", "	else if (rc == H_BUSY)\n", "	else if (rc == LONG_MIN)\n"),
    ],
}


def build(kernel, names=QUICK):
    """Build those of MUTANTS called @names as they are, with the check at load, which lets none in:
    a dict of name to module file.
    """
    return build_variants(kernel, {name: changed(name, MUTANTS[name]) for name in names})


def changed(name, replacements):
    """The files that @replacements change, as they are then: a dict of path to bytes."""
    files = {}
    for file, old, new in replacements:
        text = files.get(file) or _flowed((paths.TOP / file).read_text(encoding="utf-8"))
        old, new = _flowed(old), _flowed(new)
        if text.count(old) != 1:
            raise LabError(f"mutant {name}: {file} has this {text.count(old)} times, not once:\n"
                           f"{old}\nThe code has changed: change tests/lab/mutants.py or "
                           "mutant_table.py with it.")
        files[file] = text.replace(old, new)
    return {file: text.encode() for file, text in files.items()}


def _flowed(text):
    """@text with one blank before each backslash that ends a line: columns are no part of it."""
    return re.sub(r"[ \t]*\\\n", r" \\\n", text)
