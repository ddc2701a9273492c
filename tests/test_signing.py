# SPDX-License-Identifier: GPL-2.0
"""Kernel lockdown and enforced signatures: what can be read, and what an unsigned module gets."""

import errno

import pytest
from lab.guest import Guest
from lab.subject import DEBUGFS

MODULE = "/svm_mmio.ko"
LOCK_DOWN = ("mount -t securityfs securityfs /sys/kernel/security &&"
             " echo integrity >/sys/kernel/security/lockdown")


@pytest.fixture(scope="module")
def locked(kernel, ko):
    """A guest whose kernel was locked down once the module was loaded."""
    with Guest.boot(kernel, name="signing", files={MODULE: ko}, smp=1) as guest:
        guest.check(f"insmod {MODULE}")
        guest.check(LOCK_DOWN)
        yield guest


def insmod(guest):
    """Busybox's insmod returns the errno; what the kernel said to it."""
    mark = guest.mark()
    code = guest.run(f"insmod {MODULE}").rc
    return errno.errorcode[code], "\n".join(text for _, text in guest.dmesg(mark))


def test_status_can_be_read_and_nothing_be_run(locked):
    """debugfs lets only files be opened that are for reading, by anybody."""
    bar = f"{DEBUGFS}/0000:00:00.0/bar0"
    assert "backend: direct" in locked.check(f"cat {DEBUGFS}/status")
    assert "0x" in locked.check(f"cat {DEBUGFS}/windows")
    locked.check(f"cat {bar}/results")
    for file in ("run", "access"):
        assert "Operation not permitted" in locked.run(f"echo all >{bar}/{file}").out


def test_unsigned_module_is_not_permitted(locked):
    locked.run("rmmod svm_mmio")
    code, said = insmod(locked)
    assert code == "EPERM" and "unsigned module loading is restricted" in said


def test_unsigned_module_is_rejected_where_signatures_are_enforced(locked):
    locked.run("rmmod svm_mmio")
    locked.check("echo 1 >/sys/module/module/parameters/sig_enforce")
    code, said = insmod(locked)
    assert code == "EKEYREJECTED" and "oading of unsigned module is rejected" in said
