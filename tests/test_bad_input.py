# SPDX-License-Identifier: GPL-2.0
"""Bad input to a debugfs file: the errno of the design, nothing accessed or changed, no alarm."""

import errno
import re

import pytest
from lab import console
from lab.subject import BUFFER, DEBUGFS
from lab.underway import interrupted

pytestmark = pytest.mark.quick

MESSAGES = {errno.EINVAL: "Invalid argument", errno.ERANGE: "Numerical result out of range",
            errno.EBUSY: "Device or resource busy"}

BAR_BYTES = {"pci-testdev": 0x1000, "edu": 0x100000}

# printf formats, so that any byte can be written.
ACCESS_EINVAL = [
    "", " ", r"\n", "r", "w", "x32 0x4", "R32 0x4", "r32", "w32 0x4", "r32 0x4 0x5 0x6",
    "r32 0x4 1", "w32 0x4 1 2", "w32 0x4 1 2 3 4 5", "r31 0x4", "r128 0x4", "r032 0x4",
    "r32le 0x4", "r32bee 0x4", "r32 be 0x4", "rbe 0x4", "r-32 0x4",
    "r32 4x", "r32 0x", "r32 -4", "r32 +", "r32 0x4,",
    "r32 0x1ffffffffffffffff", "w32 0x4 y", "w32 0x4 -1", "w8 0 0x100", "w16be 0 0x10000",
    "w32 0x4 0x100000000", "w64 0x80 0x10000000000000000", "r16 0x1", "r32 0x2", "r64 0x4",
    "w64be 0x81 1", r"r32 0x4\0", r"\0", r"r32\0000x4", r"\377\376", "r32 0x4; w32 0x4 1",
    "r" * 128, "r32 0x4" + " " * 200, "0" * 5000,
]
ACCESS_ERANGE = ["r32 {size}", "r8 {size}", "w64 {size} 1", "r32be 0xfffffffffffffffc",
                 "r8 0xffffffffffffffff", "r64 0x8000000000000000", "w32 0x7fffffff00000000 0"]
EDU_REFUSES = ["r8 0x0", "r16be 0x4", "r64 0x0", "w8 0x4 1", "w64 0x40 1", "r8 0x80", "w16 0x88 1"]
RUN_EINVAL = [
    "", " ", r"\n", "bogus", "ALL", "al", "alll", "all all", "all threads=1", "load_values secs=1",
    "stress threads=0", "stress secs=0", "stress threads=-1", "stress threads=257",
    "stress secs=86401", "stress threads=4294967297", "stress secs=99999999999999999999",
    "stress threads", "stress threads=", "stress threads=2,secs=1", "stress secs=1s", "stress 8 10",
    "stress threads=2 secs=1 x", r"all\0", r"\0all", r"\377", "s" * 128, "stress" + " " * 200,
]


def write(it, device, file, command):
    """Write the printf format @command in one write; what it returned, and what was said."""
    mark = it.guest.mark()
    result = it.guest.run(f"printf '{command}' >/tmp/command\n"
                          f"dd if=/tmp/command of={it.bars[device]}/{file} bs=64k 2>&1")
    if "0+0 records in" in result.out:      # dd writes nothing at all for an empty file
        return None, []
    messages = it.guest.dmesg(mark)
    assert console.worse_than_notice(messages) == []
    return result, messages


def answers(it, device):
    """What the files of @device say."""
    return it.guest.check(f"cd {it.bars[device]}; cat access results; md5sum run")


def refused(it, device, file, command, error):
    before = answers(it, device)
    seen = it.oracle.counts()
    result, _ = write(it, device, file, command)
    if result is None:
        return
    assert result.rc and MESSAGES[error] in result.out, result.out
    assert answers(it, device) == before
    assert (it.oracle.counts() - seen)["svm_mmio"].accesses == 0


@pytest.mark.parametrize("command", ACCESS_EINVAL)
def test_access_einval(sprg0, command):
    refused(sprg0, "pci-testdev", "access", command, errno.EINVAL)


@pytest.mark.parametrize("device", BAR_BYTES)
@pytest.mark.parametrize("command", ACCESS_ERANGE)
def test_access_outside_the_bar(sprg0, device, command):
    refused(sprg0, device, "access", command.format(size=hex(BAR_BYTES[device])),
            errno.ERANGE)


@pytest.mark.parametrize("command", EDU_REFUSES)
def test_width_that_the_device_refuses(sprg0, command):
    """It would be a machine check."""
    refused(sprg0, "edu", "access", command, errno.EINVAL)


@pytest.mark.parametrize("command", RUN_EINVAL)
def test_run_einval(sprg0, command):
    refused(sprg0, "edu", "run", command, errno.EINVAL)


@pytest.mark.parametrize("file", ["status", "windows", "results"])
def test_files_that_are_only_read(sprg0, file):
    directory = DEBUGFS if file != "results" else sprg0.bars["edu"]
    before = sprg0.guest.check(f"cat {directory}/{file}")
    mark = sprg0.guest.mark()
    result = sprg0.guest.run(f"echo x >{directory}/{file}")
    assert result.rc and MESSAGES[errno.EINVAL] in result.out, result.out
    assert sprg0.guest.check(f"cat {directory}/{file}") == before
    assert console.worse_than_notice(sprg0.guest.dmesg(mark)) == []


def test_every_refusal_is_explained(sprg0):
    """One message each, that says what to do; there are fewer than the rate limit lets through."""
    sprg0.guest.check("sleep 5.5")
    for file, command, expected in [
            ("access", "r31 0x4", "write r or w, a width of 8, 16, 32 or 64"),
            ("access", "r32 0x2", "not a multiple of 4 bytes"),
            ("access", "w8 0 256", "does not fit in 8 bits"),
            ("access", "r32 0x1000", "outside the BAR: it has 0x1000 bytes"),
            ("access", r"r32 0\0", "must be text, without a zero byte"),
            ("run", "s" * 129, "a command of 129 bytes is longer than any valid one"),
            ("run", "bogus", 'no case "bogus": read this file'),
            ("run", "stress secs=0", "with 1 to 256 threads and 1 to 86400 seconds"),
            ("run", "all x", "takes no arguments")]:
        _, messages = write(sprg0, "pci-testdev", file, command)
        said = [text for _, text in messages if "svm_mmio: " in text]
        assert len(said) == 1 and expected in said[0], (command, messages)
        assert " bar0: " in said[0]


def test_busy(sprg0):
    """While a run is under way, access and run say -EBUSY, and the run is not disturbed."""
    with interrupted(sprg0, "pci-testdev"):
        for file, command in [("access", "r32 0"), ("run", "load_values")]:
            result, _ = write(sprg0, "pci-testdev", file, command)
            assert result.rc and MESSAGES[errno.EBUSY] in result.out
    results = sprg0.guest.check(f"cat {sprg0.bars['pci-testdev']}/results")
    assert "Bail out! interrupted" in results and "stress: ended early" in results
    assert "wrong values" not in results and "SPRG0" not in results, results


def test_copies_end_when_they_are_told_to(sprg0):
    """Nobody has to wait for the rest of them."""
    for attempt in range(1, 31):        # all of them may be done before the signal comes
        sprg0.guest.check(
            f"(exec sh -c 'echo copy_fuzz >{sprg0.bars[BUFFER]}/run') >/dev/null 2>&1 & pid=$!\n"
            f"sleep {0.01 * attempt}; kill -TERM $pid\n"
            "while kill -0 $pid 2>/dev/null; do sleep 0.01; done")
        results = sprg0.guest.check(f"cat {sprg0.bars[BUFFER]}/results")
        if made := re.search(r"copies=(\d+)", results):
            if "Bail out! interrupted" in results:
                break
    assert made and "Bail out! interrupted" in results, results
    assert int(made[1]) < 10_000, results


def test_good_input_still_works(sprg0):
    """The same path as above accepts what is right: the refusals are not for another reason."""
    for command in ["w32 0x4 0x1234", "r32 0x4", " r32\\t0x4 \\n", "w64be 128 077", "r64 0x80",
                    "r32be 0xffffc"]:
        result, _ = write(sprg0, "edu", "access", command)
        assert result.rc == 0, result.out
    for command in ["r8be 0", "r8 0xfff", "w8 0x900 255", "w64 0x900 0xffffffffffffffff"]:
        result, _ = write(sprg0, "pci-testdev", "access", command)
        assert result.rc == 0, result.out
    result, _ = write(sprg0, "edu", "run", " stress secs=1 threads=2\\n")
    assert result.rc == 0, result.out
