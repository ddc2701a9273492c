# SPDX-License-Identifier: GPL-2.0
"""What the guard makes of an access is what the instruction would have made of it: all forms, all
registers, drawn at random and compared with the same instruction where nothing is guarded.

What cannot be emulated is left to the kernel and changes nothing. Negative control: modules that
emulate wrongly, in test_guard_mutants.py.
"""

import pytest
from lab import dropin, guard, kernelbuild, kernelmatrix
from lab.guest import Guest
from lab.soak import FACTOR, SOAK

# Kernel, CPU, how many accesses. r14 to r31 come back on three ways: 6.1 lacks
# INTERRUPT_SANITIZE_REGISTERS, later ones have it, 5.10 has neither.
GUESTS = {
    "6.1": ("6.1", "power9", 100_000 * FACTOR),
    "6.1-power10": ("6.1", "power10", 40_000 * FACTOR),
    "7.2": ("7.2", "power9", 40_000 * FACTOR),
}
for secure in kernelbuild.SECURE:
    GUESTS[secure] = (secure, "power9", 40_000 * FACTOR)
if SOAK:
    GUESTS["6.12"] = ("6.12", "power9", 40_000 * FACTOR)

REFUSED = ["lbarx", "lwarx", "ldarx", "dcbz", "dcbf", "lfdx", "stfdx", "lfsx", "stfiwx", "lvebx",
           "stvewx", "lxvd2x", "stxvd2x", "lxsdx", "lwzx into r13"]


def boot(kernel, name, files, **options):
    # Not strict: a message of the guard's about an access that it leaves is an error.
    return Guest.boot(kernel, name=f"guard-{name}", files={**guard.files(kernel), **files},
                      devices=(guard.DEVICE,), smp=1, strict=False, **options)


@pytest.fixture(scope="module", params=GUESTS)
def guest(request):
    """A guest with the guard on."""
    name, cpu, cases = GUESTS[request.param]
    kernel = kernelmatrix.get(name)
    files = {"/svm_mmio.ko": dropin.module(kernel).ko["svm_mmio"]}
    with boot(kernel, request.param, files, cpu=cpu) as it:
        it.check("insmod /svm_mmio.ko guard=on backend=sprg0")
        it.cases = cases
        it.prefixed = cpu == "power10"
        yield it


def counted(guest, *keys):
    found = guard.status(guest)
    return [int(found[key]) for key in keys]


def test_all_forms(guest):
    """Each access is emulated, and leaves what the instruction itself leaves."""
    before = counted(guest, "guard_loads", "guard_stores", "guard_left_instruction")
    outcome = guard.run_cases(guest, guest.cases)
    after = counted(guest, "guard_loads", "guard_stores", "guard_left_instruction")
    print(outcome.text)
    assert (outcome.cases, outcome.wrong) == (guest.cases, 0), outcome.text
    assert sum(after) - sum(before) == guest.cases and after[2] == before[2]
    assert min(after[0] - before[0], after[1] - before[1]) > guest.cases / 3
    # r1 leads to the stack and r13 to the CPU's data: they can be an index, or be stored.
    assert outcome.targets == outcome.bases == outcome.indexes == set(range(32))
    wanted = {form: count for form, count in outcome.forms.items()
              if guest.prefixed or not form.startswith("p")}
    assert len(wanted) == (59 if guest.prefixed else 47)
    assert min(wanted.values()) > guest.cases / 59 / 8, wanted


def test_copies(guest):
    """memcpy() on a write-combining mapping: with vector registers, at all offsets."""
    before = counted(guest, "guard_loads", "guard_stores")
    assert guard.run(guest, "mode=copies").split() == ["copies", "22", "wrong", "0"]
    after = counted(guest, "guard_loads", "guard_stores")
    # 11 of 8 KiB each: fewer instructions than 8 bytes at a time would take.
    for count in (now - then for now, then in zip(after, before)):
        assert 11 * 8192 / 16 <= count < 11 * 8192 / 8 * 0.8


def test_what_cannot_be_emulated(guest):
    """It faults as it would without the guard; a line of the kernel log says what and why."""
    mark = guest.mark()
    before, = counted(guest, "guard_left_instruction")
    text = guard.run(guest, "mode=refused")
    assert text.splitlines() == [f"{name}: faulted, nothing changed" for name in REFUSED]
    assert counted(guest, "guard_left_instruction") == [before + len(REFUSED)]
    said = [line for _, line in guest.dmesg(mark) if "cannot be emulated" in line]
    assert said and all("slot+0x0" in line and "[guard_cases]" in line for line in said)
    assert "load and reserve" in said[0] and "0x7cc03868" in said[0]
