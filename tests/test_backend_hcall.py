# SPDX-License-Identifier: GPL-2.0
"""backend=hcall: the whole self-test passes, and no instruction of the module's text accesses a
device: the hypervisor is asked to. Modules that do not ask again, or ignore errors, are noticed;
what else there is of failures is in test_hcall_failures.py.
"""

import re

import pytest
from lab import mutants, mutation
from lab.subject import BUFFER, CASES, Subject
from test_selftest import LIST

# Those that a case of the self-test sees.
CAUGHT = [name for name in mutants.HCALL if name in mutation.TABLE]


@pytest.fixture(scope="module")
def hcall(kernel):
    with Subject.boot(kernel, name="hcall") as it:
        it.load("backend=hcall")
        yield it


def test_status(hcall):
    status = hcall.status()
    assert (status["backend"], status["requested"]) == ("hcall", "hcall")
    assert status["reason"] == "parameter backend names it"


@pytest.mark.parametrize("device, case", LIST)
def test_case(hcall, device, case):
    run = hcall.run(device, case)
    assert run.case.ok and run.case.skipped is None, str(run.case)
    assert run.accesses > 0
    assert run.seen.accesses == 0 and run.seen.unresolved == 0, run


def test_nothing_else_runs(hcall):
    """What is not in the table is skipped with the device it needs."""
    for device, names in CASES.items():
        for case in set(hcall.cases(device)) - set(names):
            assert hcall.run(device, case).case.skipped, case


def test_enough_copies(hcall):
    run = hcall.run(BUFFER, "copy_fuzz")
    assert int(re.search(r"copies=(\d+)", str(run.case))[1]) >= 10_000


def test_stress_on_all_cpus(hcall):
    for device in ("pci-testdev", "edu"):
        run = hcall.run(device, "stress threads=8 secs=5")
        assert run.case.ok, str(run.case)
        assert run.accesses > 10_000 and run.seen.accesses == 0
    assert hcall.status()["hcall_errors"] == "0"


@pytest.fixture(scope="module")
def mutants_guest(kernel):
    """A guest with all mutants of this backend: load_mutant(name) loads one."""
    built = mutation.build(kernel, mutants.HCALL)
    files = {f"/{name}.ko": ko for name, ko in built.items()}
    with Subject.boot(kernel, name="hcall-mutants", files=files) as it:
        it.load_mutant = lambda name, backend="hcall": it.load(
            f"backend={backend}", f"/{name}.ko", built[name])
        yield it


@pytest.mark.parametrize("name", CAUGHT)
def test_mutant_is_caught(mutants_guest, name):
    """Negative control."""
    mutants_guest.load_mutant(name)
    assert mutants_guest.run(*mutation.TABLE[name].case).case.ok is False
    mutants_guest.unload()


def test_what_threads_find_wrong_is_added_up(mutants_guest):
    """A stress whose every value is wrong says how many, and not that all is well."""
    mutants_guest.load_mutant("hcall-byte-order")
    run = mutants_guest.run("edu", "stress threads=4 secs=1")
    mutants_guest.unload()
    wrong = re.search(r"(\d+) wrong values; the first: ", str(run.case))
    assert not run.case.ok and wrong and int(wrong[1]) > run.accesses // 10, str(run.case)


def test_refused_by_the_hypervisor(mutants_guest):
    """A width that QEMU refuses is an error: all ones, and nothing stored."""
    it = mutants_guest
    results = {}
    for name in ("hcall-refused", "hcall-error-ignored"):
        it.load_mutant(name)
        mark = it.guest.mark()
        bar = it.bars["pci-testdev"]
        it.guest.check(f"cd {bar}; echo 'w32 0x800 0xfa' >access; echo 'r32 0x4' >access")
        results[name] = it.guest.check(f"cat {bar}/access").strip()
        assert int(it.status()["hcall_errors"]) >= 2
        assert any("the hypervisor returned H_PARAMETER (-4)" in text and "0000:00:" in text
                   and " bar0+0x800 by store_" in text for _, text in it.guest.dmesg(mark))
        it.unload()
    assert results["hcall-refused"] == "0xffffffff"
    assert results["hcall-error-ignored"] != "0xffffffff"       # negative control


def test_busy_hypervisor_is_asked_again(mutants_guest):
    """As the kernel's own users of hcalls do; a module that does not is the negative control."""
    it = mutants_guest
    results = {}
    for name in ("hcall-busy", "hcall-busy-is-an-error"):
        it.load_mutant(name)
        results[name] = (it.run("edu", "load_values").case.ok,
                         it.status()["hcall_errors"] == "0")
        it.unload()
    assert results == {"hcall-busy": (True, True), "hcall-busy-is-an-error": (False, False)}


def test_oracle_would_see_an_access(kernel):
    """Negative control: with backend direct it does."""
    with Subject.boot(kernel, name="hcall-control") as it:
        it.load("backend=direct")
        assert it.run("pci-testdev", "load_values").seen.accesses > 100
