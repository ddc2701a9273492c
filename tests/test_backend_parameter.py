# SPDX-License-Identifier: GPL-2.0
"""The parameter "backend": what it takes, what it refuses, and that nobody changes it later."""

import errno

import pytest
from lab import console
from lab.subject import Subject

pytestmark = pytest.mark.quick


@pytest.fixture(scope="module")
def guest(kernel):
    with Subject.boot(kernel, name="backend-parameter") as it:
        # The first module to be loaded makes the kernel warn of taint, whatever module it is.
        it.load()
        it.unload()
        yield it.guest


@pytest.mark.parametrize("value", ["bogus", "", "SPRG0", "sprg", "sprg00", "hcalls", "auto,direct",
                                   "probed", "x" * 1000])
def test_wrong_value(guest, value):
    mark = guest.mark()
    result = guest.run(f"insmod /svm_mmio.ko backend={value}")
    assert result.rc == errno.EINVAL        # busybox's insmod returns the errno
    messages = guest.dmesg(mark)
    assert console.worse_than_notice(messages) == []
    assert any("auto, probe, direct, sprg0, hcall" in text for _, text in messages), messages
    assert guest.run("test -e /sys/module/svm_mmio").rc, "it is loaded all the same"


@pytest.mark.parametrize("value", ["auto", "probe", "direct", "sprg0", "hcall"])
def test_right_value(guest, value):
    guest.check(f"insmod /svm_mmio.ko backend={value}")
    try:
        assert guest.check("cat /sys/module/svm_mmio/parameters/backend").strip() == value
        assert guest.run("echo direct >/sys/module/svm_mmio/parameters/backend").rc
        modes = guest.check("stat -c %a /sys/module/svm_mmio/parameters/*").split()
        assert len(modes) == 4 and set(modes) == {"444"}
    finally:
        guest.check("rmmod svm_mmio")
