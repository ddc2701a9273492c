# SPDX-License-Identifier: GPL-2.0
"""Negative controls: a module that is wrong is caught, by the witness that has to catch it."""

import errno

import pytest
from lab import mutants, mutation
from lab.subject import Subject

NAMES = list(mutants.MUTANTS)


@pytest.fixture(scope="module")
def guest(kernel):
    """One guest for all; each mutant is a file in it, with and without the check at load."""
    built = mutation.build(kernel, NAMES)
    files = {f"/{name}.ko": ko for name, ko in built.items()}
    with Subject.boot(kernel, name="mutants", files=files) as it:
        it.built = built
        yield it


@pytest.fixture
def unchecked(guest, request):
    """The mutant that the test names, loaded; the check at load is not in it."""
    name = mutation.unchecked(request.param)
    guest.load("backend=sprg0", f"/{name}.ko", guest.built[name])
    yield guest
    guest.unload()


@pytest.mark.parametrize("name", NAMES)
def test_refused_at_load(guest, name):
    mark = guest.guest.mark()
    result = guest.guest.run(f"insmod /{name}.ko backend=sprg0")
    assert result.rc == errno.ENOEXEC       # busybox's insmod returns the errno
    said = [text for _, text in guest.guest.dmesg(mark) if "refusing to load" in text]
    # busybox's insmod tries two system calls.
    assert said and all("capture window at __svm_" in text for text in said), said
    assert guest.guest.run("test -e /sys/module/svm_mmio").rc


@pytest.mark.parametrize("unchecked", ["off-by-one-register", "restore-before-access"],
                         indirect=True)
def test_oracle_flags_every_access(unchecked):
    """Only the oracle can: values and SPRG0 are right where the access was not captured."""
    for device in ("pci-testdev", "edu"):
        run = unchecked.run(device, "load_values")
        assert run.case.ok, str(run.case)
        assert (run.seen.matched, run.seen.mismatched) == (0, run.accesses), run


@pytest.mark.parametrize("unchecked", ["no-restore"], indirect=True)
def test_selftest_fails(unchecked):
    """Every access is captured; that SPRG0 is not given back shows in the guest only."""
    for device in ("pci-testdev", "edu"):
        run = unchecked.run(device, "sprg0_kept")
        assert not run.case.ok
        assert any("changed SPRG0 from" in line for line in run.case.diagnostics)
        assert run.all_captured, run
        assert not unchecked.run(device, "stress secs=1").case.ok
