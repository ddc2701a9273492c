# SPDX-License-Identifier: GPL-2.0
"""Negative controls of the model: it refuses what is captured wrongly, for the right reason.

Mode fallback: what is refused is counted, and then emulated as by any KVM, so that a whole case
can be run on a module that captures nothing right.
"""

import pytest
from lab import mutants, mutation
from lab.driven import MODULES
from lab.hypervisor import Hypervisor, refused
from lab.subject import Subject

# Mutant, and the reasons for which its accesses are refused.
REASONS = {
    "restore-before-access": {"undecodable"},       # SPRG0 is 0
    "other-base-register": {"address"},
    "other-direction": {"direction"},
    # ld and std have their update forms elsewhere: what the mutant makes of them is no access.
    "update-form": {"update_form", "undecodable"},
    "upper-bits": {"upper_bits"},
}
# These get only D-forms wrong; accesses of the other byte order are X-forms.
ONLY_D_FORM = {"other-direction", "update-form", "upper-bits"}
# Wrong, but not in a way that a reader of SPRG0 can see. The test names who sees it.
UNSEEN = {"off-by-one-register", "no-restore"}


@pytest.fixture(scope="module")
def l2(kernel):
    """An L2 with all mutants as files; the check at load is not in them."""
    built = mutation.build(kernel, mutants.MUTANTS)
    with (Hypervisor.boot(kernel, name="uvmodel-mutants", mode="fallback",
                          files={f"/{name}.ko": ko for name, ko in built.items()}) as l1,
          Subject.boot_nested(l1, None) as it):
        it.l1 = l1
        it.built = built
        yield it


# For the module: to load one takes long in an L2, so pytest runs the tests of each together.
@pytest.fixture(scope="module")
def mutant(l2, request):
    """The mutant that the test names, loaded."""
    l2.name = request.param
    unchecked = mutation.unchecked(l2.name)
    l2.load("backend=sprg0", f"/{unchecked}.ko", l2.built[unchecked])
    yield l2
    l2.unload()


def test_no_mutant_is_forgotten_here():
    assert {*REASONS, *UNSEEN} == {*mutants.MUTANTS}


@pytest.mark.parametrize("mutant", REASONS, indirect=True)
def test_refused(mutant):
    before = mutant.l1.counts()
    accesses = 0
    for device in ("pci-testdev", "edu"):
        run = mutant.run(device, "load_values")
        assert run.case.ok, str(run.case)       # KVM has fetched
        accesses += run.accesses
    counts = {key: count - before[key] for key, count in mutant.l1.counts().items()}
    assert refused(counts).keys() == REASONS[mutant.name], "\n".join(mutant.l1.refusals())
    assert sum(refused(counts).values()) + counts["captured"] == accesses
    assert bool(counts["captured"]) == (mutant.name in ONLY_D_FORM)


@pytest.mark.parametrize("mutant", REASONS, indirect=True)
def test_the_last_refusal_says_what_was_refused(mutant):
    """For a person who looks into debugfs."""
    mutant.guest.check(f"echo 'r32 0x4' >{mutant.bars['edu']}/access")
    last = mutant.l1.refusals()[-1]
    reason, _, rest = last.partition(": ")
    assert reason.removeprefix("refused_") in REASONS[mutant.name]
    assert rest.startswith("load of gpa 0x") and " nip 0xc008" in rest and " sprg0 0x" in rest
    assert int(rest.split(" ea ")[1].split(",")[0], 16) & 0xFFF == 4


@pytest.mark.parametrize("mutant", ["no-restore"], indirect=True)
def test_a_word_left_behind_is_for_the_selftest_to_see(mutant):
    """Each access is captured. After it nobody looks at SPRG0 but the guest itself."""
    run = mutant.run("edu", "sprg0_kept")
    assert run.all_captured
    assert not run.case.ok


@pytest.mark.parametrize("mutant", ["off-by-one-register"], indirect=True)
def test_a_word_with_another_target_is_for_the_selftest_to_see(mutant):
    """Nothing in the fault says where the value has to go: it goes where the word says."""
    run = mutant.run("edu", "load_values")
    assert run.all_captured
    assert not run.case.ok
    assert any("wrong values" in line for line in run.case.diagnostics)


@pytest.mark.parametrize("mutant", ["other-direction"], indirect=True)
def test_text_out_of_range_is_left_to_kvm(mutant):
    """What has to be captured is a parameter: of no text at all nothing is judged."""
    before = mutant.l1.counts()
    mutant.l1.set_text(0, 0)
    run = mutant.run("edu", "load_values")
    after = mutant.l1.counts()
    mutant.l1.set_text(*MODULES)
    assert run.case.ok and run.seen.accesses == 0
    assert after["left_to_kvm"] - before["left_to_kvm"] >= run.accesses


@pytest.mark.parametrize("parameter, value, valid", [
    ("mode", "bogus", "off, strict, fallback, legacy"), ("mode", "", "off, strict"),
    ("hcalls", "perhaps", "y or n"),
    ("text", "nonsense", "0xc008000000000000-0xc00a000000000000"),
    ("text", "0x2-0x1", "0xc008000000000000-0xc00a000000000000")])
def test_bad_parameters_change_nothing(l2, parameter, value, valid):
    l1 = l2.l1.guest
    file = f"/sys/module/uvmodel/parameters/{parameter}"
    before = l1.check(f"cat {file}")
    mark = l1.mark()
    assert l1.run(f"echo '{value}' >{file}").rc
    assert any(valid in text for _, text in l1.dmesg(mark))
    assert l1.check(f"cat {file}") == before


@pytest.mark.parametrize("mutant", ["other-direction"], indirect=True)
def test_without_the_model_all_of_it_goes_unnoticed(mutant):
    """The control of this control: a hypervisor that fetches does not care about SPRG0."""
    mutant.l1.set_mode("off")
    before = mutant.l1.counts()
    assert mutant.run("edu", "load_values").case.ok
    assert mutant.l1.counts() == before
    mutant.l1.set_mode("fallback")
