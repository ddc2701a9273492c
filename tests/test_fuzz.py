# SPDX-License-Identifier: GPL-2.0
"""Bad input, drawn at random from a seed: the right errno each time, nothing changed by what is
refused, no message worse than a notice, and the module still works afterwards.

SEED=0x1234 tries other inputs than the usual ones; SOAK=1 tries ten times as many.
"""

import re

import pytest
from lab import fuzz, mutation
from lab.guest import Guest
from lab.soak import SOAK
from lab.subject import Subject

TIMES = 10 if SOAK else 1

# Inputs of each phase, in an order that suits the fuzzer: "gone" gives it new files.
PHASES = {"access": 60_000 * TIMES, "run": 20_000 * TIMES, "files": 20_000 * TIMES,
          "race": 20_000 * TIMES, "gone": 5000 * TIMES}
PARAMETERS = 60 * TIMES


@pytest.fixture(scope="module")
def guest(kernel):
    """A guest with the module loaded; each phase leaves it as it was."""
    with Subject.boot(kernel, name="fuzz", files=fuzz.files()) as it:
        it.load("backend=sprg0")
        it.counts = {}
        yield it


def run(it, phase):
    before = it.oracle.counts()
    outcome = fuzz.run(it.guest, {phase: PHASES[phase]})
    it.seen = (it.oracle.counts() - before)["svm_mmio"]
    it.counts |= outcome.counts
    print(f"seed {fuzz.SEED:#x}: {outcome.counts}")
    assert outcome.clean, "\n".join(outcome.failures)
    return outcome.counts


def test_access(guest):
    """What is refused accesses nothing, as the oracle sees it; what is accepted accesses once."""
    counts = run(guest, "access")
    assert guest.seen.clean and guest.seen.matched == counts["accesses"]
    assert counts["accesses"] > PHASES["access"] // 20
    assert counts["access_refused"] > PHASES["access"] // 2
    assert counts["values_checked"] > PHASES["access"] // 100


def test_run(guest):
    counts = run(guest, "run")
    assert PHASES["run"] * 0.9 < counts["run_refused"] < PHASES["run"]


def test_files(guest):
    """Reads, seeks and other system calls at odd places, on every file; none accesses a device."""
    run(guest, "files")
    assert guest.seen.accesses == 0


def test_race(guest):
    """Six writers and three readers at once; all that is read is whole."""
    counts = run(guest, "race")
    assert counts["race_busy"] > 0 and counts["race_reads"] > 1000


def test_gone(guest):
    """Files left open after their device has gone: ENODEV, and no access."""
    counts = run(guest, "gone")
    assert counts["gone_inputs"] == PHASES["gone"] and guest.seen.accesses == 0


def test_enough_inputs_and_the_module_still_works(guest):
    """All of the above in the same guest, and then the whole self-test."""
    if guest.counts.keys() < {"access_inputs", "gone_inputs"}:
        pytest.skip("only the whole file has enough inputs")
    assert sum(PHASES.values()) >= 100_000
    for bar in guest.bars.values():
        text = guest.guest.check(f"cd {bar} && echo all >run && cat results", 600)
        assert re.search(r"^# Totals: pass:[1-9]\d* fail:0 ", text, re.MULTILINE), text
    assert guest.status()["backend"] == "sprg0"


def test_parameters(kernel):
    """Loads are refused with the right errno and leave nothing behind; the others unload."""
    ko = mutation.build(kernel, ["unchanged"])["unchanged"]     # small: it is read each time
    files = {**fuzz.files(), "/svm_mmio.ko": ko}
    with Guest.boot(kernel, name="fuzz-parameters", files=files, devices=("edu",)) as it:
        it.check("insmod /svm_mmio.ko; rmmod svm_mmio")     # the first taints, with a message
        outcome = fuzz.run_parameters(it, PARAMETERS, "/svm_mmio.ko")
        print(f"seed {fuzz.SEED:#x}: {outcome.counts}")
        assert outcome.clean, "\n".join(outcome.failures)
        assert 0 < outcome.counts["parameters_refused"] < PARAMETERS
        it.check("insmod /svm_mmio.ko backend=sprg0; rmmod svm_mmio")


@pytest.fixture(scope="module")
def wrong(kernel):
    """A guest for the negative controls: wrong(name) is what the fuzzer says of that mutant."""
    built = mutation.build(kernel, mutation.by("fuzzer"))
    files = {**fuzz.files(), **{f"/{name}.ko": ko for name, ko in built.items()}}
    with Subject.boot(kernel, name="fuzz-controls", files=files) as it:
        def outcome(name):
            it.load("backend=sprg0", f"/{name}.ko", built[name])
            try:
                return fuzz.run(it.guest, mutation.FUZZ)
            finally:
                it.unload()
        yield outcome


@pytest.mark.parametrize("name", mutation.by("fuzzer"))
def test_mutant_is_caught(wrong, name):
    """Negative control. What was wrong is said with what it takes to try it again."""
    outcome = wrong(name)
    assert not outcome.clean
    assert all(re.match(rf"FAILED seed {fuzz.SEED:#x} \w+ input \d+: |the kernel's log", line)
               for line in outcome.failures), outcome.failures


def test_the_same_seed_fails_the_same_way(wrong):
    name = mutation.by("fuzzer")[0]
    assert wrong(name) == wrong(name)
