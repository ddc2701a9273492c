# SPDX-License-Identifier: GPL-2.0
"""A guest that is to find itself secure does so at every mfmsr, and its ultracalls are answered.

What the plugin tests/smf does is seen by a driver that asks, and mistakes of the plugin are, too.
"""

import re

import pytest
from lab import paths
from lab.build import build_module
from lab.errors import GuestDied
from lab.guest import Guest
from lab.program import build_program
from lab.smf import MSR_IR, Smf

SHARE, UNSHARE, UNSHARE_ALL = 0xf130, 0xf134, 0xf140
# UV_WRITE_PATE, which only a hypervisor may make.
UNKNOWN = 0xf104
REGISTERS = 29
ILLEGAL = 128 + 4       # the status of a program that died of SIGILL


@pytest.fixture(scope="module")
def files(kernel):
    built = build_module(kernel, paths.TOP / "tests/drivers/ask_secure")
    return {"/ask_secure.ko": built.ko["ask_secure"],
            "/bin/privileged": build_program(paths.TOP / "tests/guest/privileged")}


def ask(guest, ultracall, page=0):
    """What the driver learns: (how many reads, secure ones, wrong ones, what the call gave)."""
    mark = guest.mark()
    guest.check(f"insmod /ask_secure.ko ultracall={ultracall} page={page}; rmmod ask_secure")
    said = "\n".join(text for _, text in guest.dmesg(mark))
    reads = re.search(r"(\d+) reads, (\d+) secure, (\d+) wrong", said)
    return (*map(int, reads.groups()), int(re.search(r"ultracall \S+ gave (-?\d+)", said)[1]))


def test_secure(kernel, files):
    """In blocks of many instructions and of one; programs learn nothing."""
    with pytest.raises(GuestDied, match=f"ultracall {UNKNOWN:#x} .* add it to calls"):
        with Guest.boot(kernel, name="smf", files=files, devices=(), smp=1,
                        secure=True) as guest:
            assert ask(guest, SHARE, 0x123) == (REGISTERS, REGISTERS, 0, 0)
            assert guest.smf.shared_pages() == {0x123}
            with guest.one_insn_per_tb():
                assert ask(guest, SHARE, 0x456) == (REGISTERS, REGISTERS, 0, 0)
            assert ask(guest, UNSHARE, 0x123) == (REGISTERS, REGISTERS, 0, 0)
            assert guest.smf.shared_pages() == {0x456}
            assert ask(guest, UNSHARE_ALL) == (REGISTERS, REGISTERS, 0, 0)
            calls = guest.smf.calls()
            assert [(call.name, call.first) for call in calls] == [
                ("share", 0x123), ("share", 0x456), ("unshare", 0x123), ("unshare_all", 0)]
            assert all(call.msr & MSR_IR for call in calls)
            assert guest.smf.shared_pages() == set()
            assert guest.run("privileged").rc == ILLEGAL
            ask(guest, UNKNOWN)


# What is wrong with a plugin, and what the driver then learns.
MISTAKES = {
    "one register is missed": (
        [("msr & MSR_PR)", "msr & MSR_PR || site->rt == 9)")], (REGISTERS, REGISTERS - 1, 0, 0)),
    "another bit": ([("1ULL << 22", "1ULL << 23")], (REGISTERS, 0, 0, 0)),
    # In modules only: the kernel itself cannot do without it.
    "a bit is lost": (
        [("msr | MSR_S)", "(msr & ~(site->vaddr >> 48 == 0xc008 ? 2ULL : 0)) | MSR_S)")],
        (REGISTERS, REGISTERS, REGISTERS, 0)),
    "another answer": ([("U_SUCCESS	0", "U_SUCCESS	-4")], (REGISTERS, REGISTERS, 0, -4)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_seen(kernel, files, mistake):
    """Negative control."""
    replace, seen = MISTAKES[mistake]
    smf = Smf("smf-mistake", replace=replace)
    with Guest.boot(kernel, name="smf-mistake", files=files, devices=(), smp=1,
                    plugins=[smf.plugin_argument()]) as guest:
        assert ask(guest, SHARE) == seen


def test_only_as_asked(kernel, files):
    """A guest that is not to be secure is not; nor is one whose guests are to be."""
    smf = Smf("smf-guests", guests=True)
    for plugins in ([], [smf.plugin_argument()]):
        with Guest.boot(kernel, name="smf-normal", files=files, devices=(), smp=1,
                        plugins=plugins) as guest:
            mark = guest.mark()
            guest.check("insmod /ask_secure.ko")
            assert any(f"{REGISTERS} reads, 0 secure, 0 wrong" in text
                       for _, text in guest.dmesg(mark))
