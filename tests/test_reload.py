# SPDX-License-Identifier: GPL-2.0
"""The module can be loaded and unloaded any number of times, and leaves nothing behind."""

import errno

import pytest
from lab.subject import DEBUGFS, Subject

TIMES = 20


@pytest.fixture(scope="module")
def subject(kernel):
    with Subject.boot(kernel, name="reload") as it:
        yield it


def test_twenty_times(subject):
    guest = subject.guest
    owned = []
    for turn in range(TIMES):
        subject.load(f"backend={('sprg0', 'direct', 'auto')[turn % 3]}")
        for device in ("pci-testdev", "edu"):
            run = subject.run(device, "load_values")
            assert run.case.ok, str(run.case)
            assert run.all_captured if turn % 3 == 0 else run.none_captured, run
            assert run.seen.accesses > 0
        owned.append(guest.check("cat /proc/iomem /proc/ioports | grep -c svm_mmio").strip())
        subject.unload()
        assert guest.run(f"test -e {DEBUGFS}").rc
        assert guest.run("grep svm_mmio /proc/iomem /proc/ioports /proc/modules").rc
    assert owned == ["5"] * TIMES       # each BAR was claimed, and given back, each time


def test_loading_twice_is_refused(subject):
    subject.load("backend=sprg0")
    result = subject.guest.run("insmod /svm_mmio.ko backend=direct")
    assert result.rc == errno.EEXIST        # busybox's insmod returns the errno
    assert subject.status()["backend"] == "sprg0"
    subject.unload()
