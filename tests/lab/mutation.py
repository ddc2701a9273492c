# SPDX-License-Identifier: GPL-2.0
"""The mutation score: which witness catches which mutant of the module.

    for row in mutation.score(kernel):
        print(row)

Most of them are built and loaded one after another in one guest. Each has a witness that has to
catch it. A thorough score asks all the others as well, of the module as it is too: nobody may
see anything in that.
"""

import errno
import re
from dataclasses import dataclass, field

from . import fuzz, mutants, ordering, subject, windows
from .errors import LabError
from .mutant_table import ACCESSORS, COPIES, DETOURS, INPUT, SELFTEST, Mutant
from .progress import say
from .subject import BUFFER, CASES, Subject
from .variants import build_variants

WITNESSES = {
    "windows": "the windows in the module file, compared with docs/abi.md",
    "ordering": "barriers, masking and EEH in the module file, compared with the kernel's",
    "load": "the module's own check when it is loaded",
    "self-test": "a case of the self-test fails",
    "oracle": "SPRG0 at each access, and the number of accesses, seen from outside the guest",
    "status": "what the file status counts",
    "plan": "the cases that have to run, and how much they have to do",
    "fuzzer": "bad input to the files in debugfs",
    "parameters": "bad input to the parameters; it takes long, and is asked of few",
    "control": "the self-test, or the check at load, accepts a module that is wrong",
}

# Those that mutants.py has, for many tests.
_WINDOW = {
    "off-by-one-register": "the word names the next register",
    "restore-before-access": "SPRG0 is restored before the access",
    "other-base-register": "the word names another address register",
    "other-direction": "the word of a load is that of a store, and the other way round",
    "update-form": "the word is that of the update form: one bit off",
    "upper-bits": "the upper half of SPRG0 is all ones",
    "no-restore": "SPRG0 is not restored",
}
_HCALL = {
    "hcall-byte-order": ("a value is taken as the hypervisor has it", ("edu", "load_values")),
    "hcall-width": ("half of what is wanted is stored", ("pci-testdev", "store_match")),
    "hcall-address": ("the offset in the page is lost", ("pci-testdev", "load_values")),
}
TABLE = {
    **{name: Mutant(what, "load", tuple(mutants.MUTANTS[name]))
       for name, what in _WINDOW.items()},
    **ACCESSORS, **COPIES, **DETOURS,
    **{name: Mutant(what, "self-test", tuple(mutants.HCALL[name]), case, backend="hcall")
       for name, (what, case) in _HCALL.items()},
    **SELFTEST, **INPUT,
}
UNCHANGED = Mutant("nothing: this is the module as it is", None, ())
# Whatever can be built; some of it tests of their own ask for, and no score.
KNOWN = {
    "unchanged": UNCHANGED,
    **{name: Mutant("what its own test looks for", None, tuple(replace))
       for name, replace in mutants.HCALL.items()},
    **TABLE,
}

# Those that only time would tell apart from the rest are left to their own tests.
SLOW = ("nested_timer", "nested_ipi", "stress")
COPIES_WANTED = 10_000

# Enough bad input to meet what is wrong with a mutant.
FUZZ = {"access": 4000, "run": 1500, "files": 500, "gone": 500}
LOADS = 12


@dataclass
class Row:
    """What became of one mutant."""

    name: str
    mutant: Mutant
    seen: dict = field(default_factory=dict)    # witness asked -> whether it saw something wrong

    @property
    def caught(self):
        """The witnesses that caught it."""
        return [witness for witness, saw in self.seen.items() if saw]

    @property
    def good(self):
        """Whether it was caught by who has to; the module as it is, by nobody."""
        return self.mutant.by in self.caught if self.mutant.by else not self.caught

    def __str__(self):
        others = [witness for witness in self.caught if witness != self.mutant.by]
        missed = [witness for witness, saw in self.seen.items() if not saw]
        verdict = ("ok" if not self.mutant.by else "caught") if self.good else "WRONG"
        first = self.mutant.by if self.mutant.by in self.caught else ""
        return (f"{self.name:<22} {self.mutant.what:<66} {verdict:<7} {first:<10}"
                f"{'also ' + ', '.join(others) if others else '':<34}"
                f"{'not ' + ', '.join(missed) if missed else ''}").rstrip()


def by(witness):
    """The names of the mutants that @witness has to catch."""
    return [name for name, mutant in TABLE.items() if mutant.by == witness]


def variants(names):
    """What is changed for the mutants called @names, all of KNOWN: a dict of name to files.

    One that is refused at load is there a second time, as unchecked(name), for the others.
    """
    made = {}
    for name in names:
        mutant = KNOWN[name]
        replace = list(mutant.replace)
        if mutant.control:
            replace += TABLE[mutant.control].replace
            if mutant.control in mutants.MUTANTS and mutant.case:
                replace.append(mutants.NO_LOAD_CHECK)
        made[name] = mutants.changed(name, replace)
        if mutant.by == "load":
            made[unchecked(name)] = mutants.changed(name, [*replace, mutants.NO_LOAD_CHECK])
    return made


def build(kernel, names):
    """Build variants(@names): a dict of name to module file."""
    return build_variants(kernel, variants(names))


def unchecked(name):
    """What variants() calls mutant @name without the check at load, which would not let it in."""
    return f"{name}-unchecked"


def score(kernel, names=tuple(TABLE), thorough=False):
    """Ask the witnesses of the mutants @names, and of the module as it is: yields a Row for each.
    """
    entries = {"unchanged": UNCHANGED, **{name: TABLE[name] for name in names}}
    built = build(kernel, entries)
    theirs = ordering.kernel_accessors(kernel, subject.build(kernel))
    files = {**fuzz.files(), **{f"/{name}.ko": ko for name, ko in built.items()}}
    with Subject.boot(kernel, name="mutation", files=files) as it:
        # The first module to be loaded makes the kernel warn of taint, whatever module it is.
        it.load(module="/unchanged.ko", ko=built["unchanged"])
        it.unload()
        for number, (name, mutant) in enumerate(entries.items(), 1):
            say(f"mutant {number} of {len(entries)}: {name}")
            row = Row(name, mutant)
            if mutant.control:
                row.seen["control"] = _control(it, name, mutant, built[name])
            else:
                asked = set(WITNESSES if thorough or not mutant.by else (mutant.by,))
                asked.discard("control")
                if mutant.by not in (None, "parameters"):
                    asked.discard("parameters")
                _ask(it, row, built, theirs, asked)
            yield row


def _ask(it, row, built, theirs, asked):
    name, mutant = row.name, row.mutant
    if "windows" in asked:
        row.seen["windows"] = bool(windows.faults(built[name]))
    if "ordering" in asked:
        row.seen["ordering"] = bool(ordering.faults(built[name], theirs))
    if "parameters" in asked:
        row.seen["parameters"] = not fuzz.run_parameters(it.guest, LOADS, f"/{name}.ko").clean
    inside = asked - {"windows", "ordering", "parameters"}
    if not inside:
        return
    if "load" in inside:
        rc = it.guest.run(f"insmod /{name}.ko").rc
        if rc not in (0, errno.ENOEXEC):
            raise LabError(f"mutant {name} does not load, and not for what is wrong with it: "
                           f"errno {rc}")
        if not rc:
            it.unload()
        row.seen["load"] = bool(rc)
        if rc and mutant.by != "load":
            return
        if inside == {"load"}:
            return
        if rc:
            name = unchecked(name)
    it.load(f"backend={mutant.backend}", f"/{name}.ko", built[name])
    if {"self-test", "oracle", "plan"} & inside:
        cases = [mutant.case] if len(inside) == 1 else [
            (device, case) for device, cases in CASES.items() for case in cases
            if case not in SLOW]
        runs = [it.run(*case) for case in cases]
        row.seen |= {witness: saw for witness, saw in (
            ("self-test", any(not run.case.ok for run in runs)),
            ("oracle", not all(run.all_captured if mutant.backend == "sprg0" else run.none_seen
                               for run in runs)),
            ("plan", not all(map(_did_enough, runs)))) if witness in inside}
    if "status" in inside:
        row.seen["status"] = _status_is_wrong(it)
    if "fuzzer" in inside:
        row.seen["fuzzer"] = not fuzz.run(it.guest, FUZZ).clean
    it.unload()


def _did_enough(run):
    """It was not skipped, and did something; copies, so many as there have to be."""
    copies = re.search(r"copies=(\d+)", str(run.case))
    return (run.case.skipped is None and run.accesses > 0
            and (run.device != BUFFER or not copies or int(copies[1]) >= COPIES_WANTED))


def _status_is_wrong(it):
    """One load, of all ones, and one store, of 32 bits each; in decimal, which needs no prefix."""
    wanted = {"loads_32": 1, "stores_32": 1, "all_ones": 1}
    before = it.status()
    it.guest.run(f"cd {it.bars['edu']}; echo r32 64 >access; echo w32 128 1 >access")
    after = it.status()
    return any(int(after[key]) - int(before[key]) != count for key, count in wanted.items())


def _control(it, name, mutant, ko):
    """Whether a blind self-test, or check at load, accepts what it has to refuse."""
    if not mutant.case:
        accepted = it.guest.run(f"insmod /{name}.ko").rc == 0
        if accepted:
            it.unload()
        return accepted
    it.load(f"backend={mutant.backend}", f"/{name}.ko", ko)
    accepted = it.run(*mutant.case).case.ok
    it.unload()
    return accepted
