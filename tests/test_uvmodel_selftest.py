# SPDX-License-Identifier: GPL-2.0
"""Over a real HDSI, a hypervisor that only has SPRG0 emulates every access of the self-test.

The guest (L2) runs under KVM-HV, whose MMIO emulation never fetches an instruction of a module:
tests/uvmodel, mode strict. L1 and L2 have one CPU. With SOAK=1 they have two as well, where all
takes more than twice as long, and a later kernel is tried, too.
"""

import pytest
from lab import kernels, subject
from lab.hypervisor import Hypervisor, refused
from lab.soak import SOAK
from lab.subject import DEBUGFS, Subject
from test_selftest import LIST

# Kernel, and how many processors it has as L1 and as L2.
PROCESSORS = {"6.1": 2, "6.12": 1} if SOAK else {"6.1": 1}
STRESS = 100_000        # accesses, at least, on two CPUs
LIMIT = 900             # seconds for a case
# The copies take minutes, most of them for the kernel's own function to read back.
LEFT_OUT = () if SOAK else ("copy_fuzz",)
CONCURRENT = ("nested_timer", "nested_ipi", "stress")
STORES = {"stb", "sth", "stw", "std", "sthbrx", "stwbrx", "stdbrx"}
LOADS = {"lbz", "lhz", "lwz", "ld", "lhbrx", "lwbrx", "ldbrx"}


@pytest.fixture(scope="module", params=PROCESSORS)
def l2(request):
    """The module in an L2 with backend=sprg0; .l1 is its hypervisor."""
    kernel = kernels.get(request.param)
    ko = subject.build(kernel).ko["svm_mmio"]
    smp = PROCESSORS[request.param]
    with (Hypervisor.boot(kernel, name=f"uvmodel-{request.param}", smp=smp,
                          files={"/svm_mmio.ko": ko}) as l1,
          Subject.boot_nested(l1, ko, smp=smp) as it):
        it.load("backend=sprg0")
        it.l1 = l1
        it.smp = smp
        yield it


def what_runs(smp):
    """The cases that run in an L2 of @smp processors: a list of (device, case)."""
    if smp > 1 and not SOAK:
        return [(device, case) for device, case in LIST if case in CONCURRENT]
    left_out = {*LEFT_OUT, *(("nested_ipi",) if smp == 1 else ())}
    return [(device, case) for device, case in LIST if case not in left_out]


def run(l2, device, command):
    """Run one case: the model has captured as many accesses as the guest says it made."""
    result = l2.run(device, command, LIMIT)
    assert result.case.ok, str(result.case)
    assert result.all_captured, f"{result}\n" + "\n".join(l2.l1.refusals())
    return result


def test_cases(l2):
    for device, case in what_runs(l2.smp):
        assert run(l2, device, case).case.skipped is None, case


def test_stress(l2):
    """Threads and timers on all CPUs."""
    assert int(l2.guest.check("nproc")) == l2.smp
    accesses = 0
    while accesses < (STRESS if l2.smp > 1 or SOAK else 1000):
        for device in ("pci-testdev", "edu"):
            accesses += run(l2, device, "stress threads=4 secs=5").accesses


def test_every_word(l2):
    """After all this: few words, each of them one that the module lists, none of another kind."""
    if l2.smp > 1 and not SOAK:
        pytest.skip("not every case has run here")
    listed = {}
    for line in l2.guest.check(f"cat {DEBUGFS}/windows").splitlines():
        _, word, mnemonic = line.split()
        listed[int(word, 16)] = mnemonic
    words = l2.l1.words()
    assert {word: mnemonic for word, (_, mnemonic) in words.items()}.items() <= listed.items()
    assert {mnemonic for _, mnemonic in words.values()} == LOADS | STORES
    print(f"{len(words)} words")
    assert len(words) <= 48
    counts = l2.l1.counts()
    assert sum(count for count, _ in words.values()) == counts["captured"]
    assert not refused(counts)


def test_kvm_fetches_only_what_is_left_to_it(l2):
    """Accesses by text of the kernel image, which captures nothing. They are counted apart."""
    tracing = "/sys/kernel/debug/tracing"
    l1 = l2.l1.guest
    l1.check(f"cd {tracing} && echo 'p:fetch kvmppc_load_last_inst' >kprobe_events"
             " && echo 1 >events/kprobes/fetch/enable")
    before = l2.l1.counts()
    own = run(l2, "edu", "same_as_kernel").accesses
    after = l2.l1.counts()
    fetched = int(l1.check(f"cd {tracing} && awk '$1 == \"fetch\" {{ print $2 }}' kprobe_profile"))
    l1.check(f"cd {tracing} && echo 0 >events/kprobes/fetch/enable && echo >kprobe_events")
    assert after["captured"] - before["captured"] == own
    left = after["left_to_kvm"] - before["left_to_kvm"]
    # L2 goes on between the readings: a few accesses of its interrupt controller.
    assert own < left <= fetched < left + 100
