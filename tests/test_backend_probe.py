# SPDX-License-Identifier: GPL-2.0
"""An SVM finds the backend that works, whatever ultravisor is below, and survives to tell.

In an L2 over a real HDSI (tests/uvmodel): the hypervisor fetches, reads SPRG0, or does neither and
lets an access fault for ever; and it answers the hcalls or not.
"""

import errno
import json
import os
import re
import time

import pytest
from lab import console, mutants, paths, subject, tool
from lab.build import build_module
from lab.errors import GuestDied
from lab.hypervisor import Hypervisor, refused
from lab.soak import SOAK
from lab.subject import DEBUGFS, Subject
from lab.variants import build_variants

PROBES = 1000 if SOAK else 15   # each of two loads
SMP = 2 if SOAK else 1          # of both: with two they take more than twice as long
MOST_US = 100_000               # that a load which has no end may take
LIMIT = 1800            # seconds for all of them
SPINS = 2000                    # faults of one access that are taken for ever
UNQUIET = "/sys/module/unquiet/parameters"
NO_DRIVER = "virtio-rng-pci"    # for which the lab has none, so its memory is off
DEVICES = (*subject.DEVICES, NO_DRIVER)

# What the hypervisor does, whether it answers the hcalls: the backend, and why.
AUTO = "auto, in a secure guest"
READ = "SPRG0 is read"
RIGHT = {
    ("off", True): ("sprg0", READ),
    ("off", False): ("sprg0", READ),
    ("strict", True): ("sprg0", READ),
    ("strict", False): ("sprg0", READ),
    ("legacy", True): ("hcall", "SPRG0 is not read, the hypervisor answers hcalls"),
}
# What the file "probe" says then of direct, sprg0 and hcall, and what to load with.
TRIED = {
    ("off", True): ("works", "works", "works", "sprg0"),
    ("off", False): ("works", "works", "refused", "sprg0"),
    ("strict", True): ("refused", "works", "works", "sprg0"),
    ("strict", False): ("refused", "works", "refused", "sprg0"),
    ("legacy", True): ("no end", "no end", "works", "hcall"),
    ("legacy", False): ("no end", "no end", "refused", "none"),
}
CASES = (("pci-testdev", "load_values"), ("pci-testdev", "store_match"), ("edu", "sprg0_kept"),
         ("edu", "store_readback"))

PROBE = "backend/probe.c"
MUTANTS = {
    "no-end-works": [(PROBE, "trial->outcome = SVM_NO_END;", "trial->outcome = SVM_WORKS;")],
    "behind-the-restore": [(PROBE, "instruction_pointer_set(regs, after);",
                            "instruction_pointer_set(regs, after + 4);")],
    "interrupts-masked": [
        (PROBE, "	preempt_disable();\n", "	unsigned long flags;\n	local_irq_save(flags);\n"),
        (PROBE, "	preempt_enable();\n", "	local_irq_restore(flags);\n")],
    "another-place": [(PROBE, "instruction_pointer(regs) == access",
                       "instruction_pointer(regs) == after")],
    "any-place": [(PROBE, "instruction_pointer(regs) == access", "access")],
    "no-fixup": [("capture/window.h", "		     EX_TABLE(77b, 79b)							\\\n",
                  "")],
}


def build_mutants(kernel, *names):
    return build_variants(kernel, {
        name: mutants.changed(name, MUTANTS[name]) for name in names})


@pytest.fixture(scope="module", name="built")
def build_all(kernel):
    """Module files, by name."""
    return {"svm_mmio": subject.build(kernel).ko["svm_mmio"],
            "unquiet": build_module(kernel, paths.TOP / "tests/drivers/unquiet").ko["unquiet"],
            **build_mutants(kernel, *(name for name in MUTANTS if SOAK or name != "any-place"))}


@pytest.fixture(scope="module", name="l1")
def boot(kernel, built):
    files = {**{f"/{name}.ko": ko for name, ko in built.items()}, **tool.guest_files()}
    # A clock that counts instructions does not go on while the host does other things.
    with Hypervisor.boot(kernel, name="backend-probe", mode="off", smp=SMP, icount=SOAK,
                         secure=True, files=files) as it:
        yield it


@pytest.fixture(scope="module")
def l2(l1, built):
    with Subject.boot_nested(l1, built["svm_mmio"], devices=DEVICES, smp=SMP) as it:
        it.l1 = l1
        yield it


@pytest.fixture
def unloaded(l2):
    """The L2 without the module, and its hypervisor as it begins."""
    l2.l1.set_mode("off")
    l2.l1.set_hcalls(True)
    l2.guest.run("rmmod svm_mmio")
    yield l2
    l2.l1.set_mode("off")
    l2.l1.set_hcalls(True)


def commands(l2):
    """The first bytes of all PCI functions' configuration, the command register among them."""
    return l2.guest.check("cd /sys/bus/pci/devices && for d in *; do echo $d;"
                          " head -c 8 $d/config | od -An -tx1; done")


def tried(l2, name="any"):
    """The file "probe" of @name: (direct, sprg0, hcall, what to load with), and its text."""
    text = l2.guest.check(f"echo {name} >{DEBUGFS}/probe && cat {DEBUGFS}/probe")
    said = dict(line.split(": ", 1) for line in text.splitlines())
    return tuple(said[key].partition(",")[0]
                 for key in ("direct", "sprg0", "hcall", "load_with")), text


@pytest.mark.parametrize("mode, hcalls", RIGHT)
def test_right_backend(unloaded, mode, hcalls):
    """It is found, and its self-test passes there."""
    l2 = unloaded
    l2.l1.set_mode(mode)
    l2.l1.set_hcalls(hcalls)
    mark = l2.guest.mark()
    l2.load()
    backend, why = RIGHT[mode, hcalls]
    said = [text for _, text in l2.guest.dmesg(mark) if "found out which backend works" in text]
    assert len(said) == 1 and said[0].endswith(f"taking {backend}"), said
    status = l2.status()
    assert (status["secure"], status["requested"]) == ("yes", "auto")
    assert (status["backend"], status["reason"]) == (backend, f"{AUTO}: {why}")
    assert re.fullmatch(r"0000:00:\S+ BAR \d \+ 0x\w+, .+", status["probe_register"])
    assert status["probe_sprg0"].startswith("no end, " if mode == "legacy" else "works, ")
    assert status["probe_hcall"] == ("works" if mode == "legacy" else "not tried")
    for device, case in CASES:
        result = l2.run(device, case)
        assert result.case.ok, str(result.case)
    assert l2.guest.check("svm-mmio status").count("Found out on 0000:00:") == 1
    l2.unload()
    l2.guest.check("insmod /svm_mmio.ko backend=probe")
    status = l2.status()
    assert (status["backend"], status["reason"]) == (backend, f"probe: {why}")
    l2.unload()


def test_none_works(unloaded):
    """Then the load is refused, and says what was tried; the devices are as they were."""
    l2 = unloaded
    before = commands(l2)
    l2.l1.set_mode("legacy")
    l2.l1.set_hcalls(False)
    mark = l2.guest.mark()
    assert l2.guest.run("insmod /svm_mmio.ko").rc == errno.EOPNOTSUPP
    messages = l2.guest.dmesg(mark)
    assert console.worse_than_notice(messages) == []
    said = "\n".join(text for _, text in messages)
    assert "H_LOGICAL_CI_STORE of width 0" in said
    assert "no backend works here: sprg0: no end" in said
    assert l2.guest.run("test -e /sys/module/svm_mmio").rc
    assert commands(l2) == before


def test_without_pci(unloaded):
    """Nothing to read from: hcall before sprg0."""
    l2 = unloaded
    l2.guest.check("for d in /sys/bus/pci/devices/*; do echo 1 >$d/remove; done")
    assert not l2.guest.check("ls /sys/bus/pci/devices")
    try:
        for mode, hcalls, backend, why in (
                ("legacy", True, "hcall",
                 "nothing to try SPRG0 on, the hypervisor answers hcalls"),
                ("strict", True, "hcall",
                 "nothing to try SPRG0 on, the hypervisor answers hcalls"),
                ("strict", False, "sprg0", "nothing to try SPRG0 on, and hcalls are refused")):
            l2.l1.set_mode(mode)
            l2.l1.set_hcalls(hcalls)
            l2.guest.check("insmod /svm_mmio.ko")
            status = l2.status()
            assert (status["backend"], status["reason"]) == (backend, f"{AUTO}: {why}")
            assert (status["probe_register"], status["probe_sprg0"]) == ("none found", "not tried")
            assert tried(l2)[0][:2] == ("not tried", "not tried")
            l2.unload()
    finally:
        l2.l1.set_mode("off")
        l2.guest.check("echo 1 >/sys/bus/pci/rescan")


def test_a_backend_that_is_named_is_not_probed(unloaded):
    l2 = unloaded
    for mode, backend in (("legacy", "hcall"), ("strict", "sprg0")):
        before = l2.l1.counts()
        l2.l1.set_mode(mode)
        l2.guest.check(f"insmod /svm_mmio.ko backend={backend}")
        status = l2.status()
        assert status["reason"] == "parameter backend names it"
        assert (status["probe_register"], status["probe_sprg0"], status["probe_hcall"]) == (
            "-", "not tried", "not tried")
        assert refused(l2.l1.counts()) == refused(before)
        l2.unload()


@pytest.mark.parametrize("mode, hcalls", TRIED)
def test_all_backends_tried(unloaded, mode, hcalls):
    """By the file "probe" and by "svm-mmio probe", in a guest whose module has another backend."""
    l2 = unloaded
    l2.l1.set_hcalls(True)
    l2.load("backend=hcall")
    l2.l1.set_mode(mode)
    l2.l1.set_hcalls(hcalls)
    found, text = tried(l2)
    assert found == TRIED[mode, hcalls], text
    done = l2.guest.run("svm-mmio --json probe")
    said = json.loads(done.out)
    assert tuple(said[name]["outcome"] for name in ("direct", "sprg0", "hcall")) == found[:3]
    assert said["load_with"] == found[3]
    assert done.rc == (1 if found[3] == "none" else 0)
    table = l2.guest.run("svm-mmio probe").out
    assert ("No backend works here" if found[3] == "none" else f"backend={found[3]}\n") in table
    assert l2.status()["hcall_errors"] == "0"
    l2.unload()


def test_vector_control_of_msix(unloaded):
    """What there is to read in an SVM without test devices: of the nvme, under its driver."""
    l2 = unloaded
    l2.load("backend=hcall")
    nvme = l2.bars[subject.BUFFER].split("/")[-2]
    for mode in ("strict", "legacy"):
        l2.l1.set_mode(mode)
        found, text = tried(l2, nvme)
        assert found == TRIED[mode, True], text
        assert f"register: {nvme} BAR 0 + 0x200c, vector control of MSI-X\n" in text
    l2.unload()


def test_bad_input(unloaded):
    """Nothing is tried, and what the file says stays."""
    l2 = unloaded
    l2.guest.check("insmod /svm_mmio.ko backend=hcall")
    before = tried(l2)[1]
    off = l2.guest.check("cd /sys/bus/pci/devices; grep -l 0x1af4 */vendor | cut -d/ -f1").strip()
    for text, err, said in (("nonsense", errno.ENODEV, "there is no PCI function"),
                            ("", errno.ENODEV, "there is no PCI function"),
                            ("0000:00:1f.7", errno.ENODEV, "there is no PCI function"),
                            (off, errno.ENXIO, "no register that is harmless to read"),
                            ("x" * 33, errno.EINVAL, "no name of a PCI function")):
        mark = l2.guest.mark()
        done = l2.guest.run(f"echo {text} >{DEBUGFS}/probe")
        assert done.rc and errno_name(err) in done.out, done
        messages = l2.guest.dmesg(mark)
        assert any(said in line for _, line in messages), messages
        assert console.worse_than_notice(messages) == []
        assert l2.guest.check(f"cat {DEBUGFS}/probe") == before
    mark = l2.guest.mark()
    l2.guest.check(f"for i in $(seq 30); do echo nonsense >{DEBUGFS}/probe; done 2>/dev/null;"
                   f" sleep 6; echo nonsense >{DEBUGFS}/probe; true")
    messages = l2.guest.dmesg(mark)
    assert 1 < len(messages) < 20 and console.worse_than_notice(messages) == [], messages
    done = l2.guest.run(f"svm-mmio probe {off}")
    assert done.rc == 3 and "no register that is harmless" in done.out
    assert l2.guest.run("svm-mmio probe nonsense").rc == 2
    l2.unload()


def errno_name(err):
    """As busybox's shell says it."""
    return os.strerror(err)


@pytest.fixture
def unquiet(unloaded):
    """An L2 whose processors are interrupted all the time, with work besides."""
    l2 = unloaded
    l2.guest.check("insmod /unquiet.ko")
    l2.guest.check("for n in 1 2; do while :; do :; done & done; jobs -p >/tmp/busy")
    yield l2
    l2.guest.check("kill $(cat /tmp/busy); rmmod unquiet")


def lost(l2):
    """On how many processors SPRG0 is not what it was set to."""
    return int(l2.guest.check(f"cat {UNQUIET}/lost"))


def test_many_probes(unquiet):
    """Under legacy: each comes to an end, in time, and leaves no SPRG0 behind."""
    l2 = unquiet
    l2.guest.check("insmod /svm_mmio.ko backend=hcall")
    l2.l1.set_mode("legacy")
    before = int(l2.guest.check(f"cat {UNQUIET}/softirqs"))
    text = l2.guest.check(f"n=0; while [ $n -lt {PROBES} ]; do echo any >{DEBUGFS}/probe &&"
                          f" cat {DEBUGFS}/probe || exit; n=$((n + 1)); done", timeout=LIMIT)
    assert lost(l2) == 0
    took = [int(us) for us in re.findall(r"^(?:direct|sprg0): no end, (\d+) us$", text, re.M)]
    assert len(took) == 2 * PROBES, text
    softirqs = int(l2.guest.check(f"cat {UNQUIET}/softirqs")) - before
    print(f"{len(took)} loads without end took {min(took)} to {max(took)} us, "
          f"{sorted(took)[len(took) // 2]} us in the middle; {softirqs} softirqs of 3 ms and "
          f"{l2.guest.check(f'cat {UNQUIET}/ipis').strip()} IPIs meanwhile")
    if SOAK:
        assert max(took) < MOST_US
    else:
        assert sorted(took)[len(took) * 3 // 4] < MOST_US and max(took) < 10 * MOST_US
    assert softirqs > PROBES
    l2.unload()


# The mutants: the last of them are the end of the guest.

def try_mutant(l2, name, mode):
    l2.guest.check(f"insmod /{name}.ko backend=hcall")
    l2.l1.set_mode(mode)
    return tried(l2)


def test_mutant_that_takes_no_end_for_works(unloaded):
    found, _ = try_mutant(unloaded, "no-end-works", "legacy")
    assert found == ("works", "works", "works", "sprg0")


def test_mutant_that_does_not_give_sprg0_back(unquiet):
    try_mutant(unquiet, "behind-the-restore", "legacy")
    assert lost(unquiet) == 1


@pytest.mark.parametrize("name", ["interrupts-masked", "another-place"])
def test_mutant_that_does_not_escape(unloaded, name):
    """Until the hypervisor fetches."""
    l2 = unloaded
    l2.guest.check(f"insmod /{name}.ko backend=hcall")
    l2.l1.set_mode("legacy")
    before = sum(refused(l2.l1.counts()).values())
    finish = l2.guest.begin(f"echo any >{DEBUGFS}/probe", LIMIT)
    while sum(refused(l2.l1.counts()).values()) - before < SPINS:
        assert not l2.guest.has_answered()
        time.sleep(0.2)
    l2.l1.set_mode("off")
    assert finish().rc == 0


def test_mutant_without_fixup(l1, l2):
    l1.set_mode("off")
    l2.guest.run("rmmod svm_mmio")
    with pytest.raises(GuestDied, match="Unable to handle kernel data access"):
        try_mutant(l2, "no-fixup", "strict")


@pytest.mark.skipif(not SOAK, reason="a boot more, for one mutant")
def test_mutant_that_escapes_from_anywhere(l1, built):
    """A softirq is sent behind an access that it has not made."""
    l1.set_mode("off")
    with Subject.boot_nested(l1, built["svm_mmio"], devices=DEVICES, smp=SMP,
                             limit=LIMIT) as it:
        it.l1 = l1
        it.guest.check("insmod /unquiet.ko")
        with pytest.raises(GuestDied):
            for _ in range(PROBES):
                try_mutant(it, "any-place", "legacy")
                it.unload()
                l1.set_mode("off")
