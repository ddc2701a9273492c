# SPDX-License-Identifier: GPL-2.0
"""Negative control of the guard's witnesses: each mutant of the guard is shown by the observation
that has to, and the guard as it is gives all of them as they have to be.

The guest is an SVM as far as it can tell, without protection of programs' memory from the kernel:
that alone would end a mutant that reads a program's instruction.
"""

import re

import pytest
from lab import guard, mutants, paths, subject
from lab.build import build_module, build_variants
from lab.driven import Driven
from lab.guard_mutants import CASES, COPIES, REFUSED, TABLE
from lab.program import build_program
from lab.soak import SOAK

# One for each sort of slip; the others repeat what these show.
NAMES = list(TABLE) if SOAK else ["reversed-twice", "no-stub", "dsisr-not-read", "programs-too",
                                  "unhooked-before-open", "held-by-none", "kprobe-not-seen"]
# The kernel would not survive that the pages of its interrupt controller are guarded, as in one.
MACHINE = "ic-mode=xics"
HOW_MANY = 2000
SEGV = 128 + 11
P = "/sys/module/guard_peek/parameters"
HELPERS = f"""
    peek() {{ echo $1 >{P}/do; echo "$1: $(cat {P}/result)"; }}
    counts() {{ sed -n "s/^guard_/$1 /p" {subject.DEBUGFS}/status; }}
"""
IDENTITY = ("0x10000ed", "0xed000001")      # in which byte order depends on the QEMU

# What is seen of the guard as it is.
RIGHT = {
    "faults of a thread": "0",
    "guarded, found": True, "guarded, made": True, "captured": True,
    "load": "right", "store": "stored", "load-later": "right", "load-read-only": "right",
    "store-read-only": "fault", "load-at-end": "fault", "load-refused": "fault",
    "load-beside": "fault", "load-store": "fault", "load-probed": "right", "program": SEGV,
    "mappings found": 3, "mappings made": 1, "counts": (3, 1, 0),
    "rmmod, bound before": "refused", "rmmod, bound later": "refused",
    "faults of a thread, unloading": "0", "load, unloaded": "right",
    "store, unloaded": "stored", "load-later, unloaded": "right",
    "store-read-only, unloaded": "fault",
    CASES: 0, COPIES: "right", REFUSED: "right",
}


@pytest.fixture(scope="module")
def it(kernel):
    made = {"unchanged": {}, **{name: mutants.changed(name, TABLE[name].replace)
                                for name in NAMES}}
    peek = build_module(kernel, paths.TOP / "tests/drivers/guard_peek").ko
    files = {**build_variants(kernel, paths.TOP, made), **peek,
             "guard_cases": guard.files(kernel)["/guard_cases.ko"]}
    touch = build_program(paths.TOP / "tests/guest/touch")
    with Driven.boot(kernel, name="guard-mutants", ko=files, smp=2, secure=True, strict=False,
                     machine=MACHINE, append="nosmap", files={"/touch": touch},
                     devices=("edu", guard.DEVICE)) as it:
        it.guest.check("insmod /guard_peek.ko")
        yield it


def peeks(text):
    """What the driver has said of each command: a dict."""
    return {command: "right" if said in IDENTITY else said
            for command, said in re.findall(r"^([a-z-]+): (.*)$", text, re.MULTILINE)}


def counts(text, what):
    """What the guard had counted when the guest printed that as @what: a dict."""
    return {key: int(value) for key, value in
            re.findall(rf"^{what} (\w+): (\d+)$", text, re.MULTILINE)}


def observe(it, name, backend="sprg0", until=None):
    """What is seen of the guard in @name.ko: a dict as RIGHT is. Of a mutant no more than @until
    is: it might not survive the rest, nor might the guest.
    """
    seen = {}
    for phase in (come, access, draw, go):
        phase(it, seen, f"/{name}.ko guard=on backend={backend}",
              until is None or "thread" in until)
        if until in seen and phase is not go:
            it.guest.check("rmmod svm_mmio")
            break
    return seen


def come(it, seen, module, spinning):
    """While it comes a thread makes accesses, and a device is bound."""
    text = it.guest.check(f"""{HELPERS}
        peek map; peek bind
        {"peek spin; sleep 0.1" if spinning else ""}
        insmod {module}
        {"peek stop" if spinning else ""}
        counts come
        rmmod svm_mmio && echo gone; peek unbind; peek bind
        [ -e /sys/module/svm_mmio ] && rmmod svm_mmio && echo gone later; peek unbind
        [ -e /sys/module/svm_mmio ] || insmod {module}
        peek later""", guard.LIMIT)
    counted = counts(text, "come")
    if spinning:
        seen["faults of a thread"] = peeks(text)["stop"]
    seen["mappings found"] = counted["mappings_found"]
    seen["rmmod, bound before"] = "unloaded" if "gone\n" in text else "refused"
    seen["rmmod, bound later"] = "unloaded" if "gone later" in text else "refused"
    it.made = counted["mappings_made"]


def access(it, seen, *_):
    """Single accesses, in one place for the oracle: whoever makes them, they are captured."""
    before = it.counts().total
    text = it.guest.check(f"""{HELPERS}
        counts before
        for access in load store load-read-only; do peek $access; done; counts found
        peek load-later; counts after
        for access in store-read-only load-at-end load-refused load-beside load-store \\
            load-probed; do peek $access; done
        /touch $(printf %x $(cat {P}/where)) >/dev/null 2>&1; echo "program: $?" """, guard.LIMIT)
    judged = it.counts().total - before
    seen.update(peeks(text))
    seen["program"] = int(seen["program"])
    first, found, after = (counts(text, what) for what in ("before", "found", "after"))
    seen["mappings made"] = first["mappings_made"] - it.made
    seen["guarded, found"] = found["loads"] + found["stores"] > first["loads"] + first["stores"]
    seen["guarded, made"] = after["loads"] + after["stores"] > found["loads"] + found["stores"]
    seen["counts"] = tuple(after[key] - first[key] for key in ("loads", "stores", "kernel"))
    seen["captured"] = judged.clean and judged.accesses > 0


def draw(it, seen, *_):
    """Accesses of all forms."""
    seen[CASES] = guard.run_cases(it.guest, HOW_MANY).wrong
    seen[COPIES] = ("right" if guard.run(it.guest, "mode=copies").split() ==
                    ["copies", "22", "wrong", "0"] else "wrong")
    lines = guard.run(it.guest, "mode=refused").splitlines()
    seen[REFUSED] = ("right" if lines and all("faulted, nothing changed" in line
                                              for line in lines) else "wrong")


def go(it, seen, *_):
    """While it goes a thread makes accesses, and there are some afterwards."""
    text = it.guest.check(f"""{HELPERS}
        peek spin; sleep 0.1; rmmod svm_mmio; peek stop
        for access in load store load-later store-read-only; do peek $access; done""", guard.LIMIT)
    left = peeks(text)
    seen["faults of a thread, unloading"] = left["stop"]
    for what in ("load", "store", "load-later", "store-read-only"):
        seen[f"{what}, unloaded"] = left[what]


@pytest.fixture(scope="module")
def right(it):
    """What is seen of the guard as it is."""
    seen = observe(it, "unchanged")
    print(seen)
    return seen


def test_the_guard_as_it_is(right):
    assert right == RIGHT


@pytest.mark.parametrize("name", NAMES)
def test_shown(it, right, name):
    mutant = TABLE[name]
    seen = observe(it, name, mutant.backend, mutant.by)
    differs = sorted(what for what in seen if seen[what] != right[what])
    print(f"{name}: {mutant.what}: {differs}")
    # The ports, which this may have left as it should not, as they were.
    it.guest.check("insmod /unchanged.ko guard=on backend=sprg0; rmmod svm_mmio")
    assert mutant.by in differs


def test_there_are_enough():
    assert len(TABLE) >= 15
    assert {mutant.by for mutant in TABLE.values()} <= RIGHT.keys()
    files = {file for mutant in TABLE.values() for file, *_ in mutant.replace}
    assert {"guard/emulate.c", "guard/holders.c", "guard/hooks.c", "guard/order.c",
            "guard/pages.c"} <= files


@pytest.mark.quick
@pytest.mark.parametrize("name", TABLE)
def test_can_be_made(name):
    """What a mutant replaces is there, in the sources as they are now."""
    assert mutants.changed(name, TABLE[name].replace)
