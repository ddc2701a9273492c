# SPDX-License-Identifier: GPL-2.0
"""Whether the guard is on is decided once, and said: in an SVM without being asked, elsewhere only
if asked. Where it cannot be, the reason is given: `on` refuses the load, `auto` goes on without.

In an SVM the module stays as long as a device is bound to a driver that would not survive it.
"""

import errno
import os

import pytest
from lab import dropin, guard, paths, stock
from lab.build import build_module
from lab.guest import Guest
from lab.subject import DEBUGFS

NIC = "e1000,netdev=n0,romfile="
NETWORK = ("-netdev", "user,id=n0")
BY_KERNEL = "the kernel itself makes all accesses"
AUTO = "drivers that are not rebuilt for svm_mmio are not safe in this guest"


@pytest.fixture(scope="module")
def files(kernel):
    by_kernel = build_module(kernel, paths.TOP / "tests/drivers/by_kernel")
    return {"/svm_mmio.ko": dropin.module(kernel).ko["svm_mmio"],
            "/by_kernel.ko": by_kernel.ko["by_kernel"],
            # Built for a kernel that has the key: where modules have versions, it needs the key's.
            "/knows_key.ko": dropin.module(kernel, symvers=[by_kernel]).ko["svm_mmio"],
            **{f"/{name}.ko": file for name, file in stock.stock_modules(kernel, "e1000").items()}}


@pytest.fixture(scope="module")
def secure(kernel, files):
    """A guest that is an SVM as far as it can tell."""
    with Guest.boot(kernel, name="guard-secure", files=files, secure=True, smp=1, devices=(NIC,),
                    qemu_args=NETWORK) as it:
        yield it


@pytest.fixture(scope="module")
def normal(kernel, files):
    """A guest in which large mappings are off."""
    with Guest.boot(kernel, name="guard-normal", files=files, smp=1, append="nohugeiomap") as it:
        yield it


@pytest.fixture(scope="module")
def hashed(kernel, files):
    """An SVM with an MMU that no SVM has."""
    with Guest.boot(kernel, name="guard-hash", files=files, secure=True, smp=1,
                    append="disable_radix") as it:
        yield it


def load(guest, parameters="", file="svm_mmio"):
    """Load the module; the status of insmod, and what the guard says in the log."""
    mark = guest.mark()
    rc = guest.run(f"insmod /{file}.ko {parameters}").rc
    return rc, [text.partition("svm_mmio: ")[2] for _, text in guest.dmesg(mark)
                if "guard" in text]


@pytest.fixture
def loaded(request):
    """Load it with load(loaded.guest, ...); it is unloaded afterwards."""
    guest = request.getfixturevalue(request.param)
    yield guest
    guest.check("rmmod svm_mmio")


def decided(guest):
    status = guard.status(guest)
    return status["guard"], status["guard_reason"], status["guard_requested"]


@pytest.mark.parametrize("loaded, parameters, want", [
    ("secure", "", ("on", "auto, in a secure guest", "auto")),
    ("secure", "guard=auto backend=hcall", ("on", "auto, in a secure guest", "auto")),
    ("secure", "guard=off", ("off", "parameter guard says so", "off")),
    ("secure", "backend=direct",
     ("off", "auto, and backend direct has nothing to make an access by", "auto")),
    ("normal", "", ("off", "auto, in a normal guest", "auto")),
    ("hashed", "", ("off", "the MMU is in hash mode: boot without disable_radix", "auto")),
], indirect=["loaded"])
def test_decided(loaded, parameters, want):
    rc, said = load(loaded, parameters)
    assert rc == 0
    assert decided(loaded) == want
    if want[0] == "on":
        assert said[-1].startswith("guard on: PCI windows: 3, mappings found: ")
    elif "MMU" in want[1]:
        assert said == [f"no guard: {want[1]}: {AUTO}"]
    else:
        assert said == []


@pytest.mark.parametrize("name, reason", [
    ("normal", "large mappings are off: boot without nohugeiomap"),
    ("hashed", "the MMU is in hash mode: boot without disable_radix")])
def test_refused(request, name, reason):
    guest = request.getfixturevalue(name)
    rc, said = load(guest, "guard=on")
    assert rc == errno.EOPNOTSUPP
    # busybox's insmod tries two system calls.
    assert set(said) == {f"no guard: {reason}: load with guard=off, or guard=auto to go without "
                         "where it cannot be"}
    assert guest.run("test -e /sys/module/svm_mmio").rc


def test_a_kernel_that_makes_all_accesses(secure):
    """It is left alone. The stand-in has its key, and no more of upstream/."""
    secure.check("insmod /by_kernel.ko on=1")
    try:
        rc, said = load(secure, "guard=on", "knows_key")
        assert rc == errno.EBUSY
        assert set(said) == {f"no guard: {BY_KERNEL}: load with guard=off, or guard=auto to go "
                             "without where it cannot be"}
        assert load(secure, file="knows_key") == (0, [])
        assert decided(secure) == ("the kernel itself", BY_KERNEL, "auto")
        assert {"backend: direct", "probe_sprg0: not tried",
                f"reason: auto, in a secure guest: {BY_KERNEL}"} <= {
            *secure.check(f"cat {DEBUGFS}/status").splitlines()}
    finally:
        secure.check("rmmod svm_mmio; rmmod by_kernel")


def test_a_kernel_that_could_but_does_not(secure):
    """Negative control: with the key off it is a kernel as any other."""
    secure.check("insmod /by_kernel.ko on=0")
    try:
        assert load(secure, file="knows_key")[0] == 0
        assert decided(secure) == ("on", "auto, in a secure guest", "auto")
    finally:
        secure.check("rmmod svm_mmio; rmmod by_kernel")


@pytest.mark.parametrize("switch", ["/proc/sys/kernel/ftrace_enabled",
                                    "/sys/kernel/debug/kprobes/enabled"])
def test_hooks_are_off(secure, switch):
    """Nothing that is hooked while they are off would be called: that is said, with both names."""
    secure.check(f"echo 0 >{switch}")
    try:
        rc, said = load(secure, "guard=on backend=sprg0")
        mark = secure.mark()
        assert secure.run("insmod /svm_mmio.ko guard=off backend=hcall").rc
        said += [text for _, text in secure.dmesg(mark) if "no backend hcall" in text]
    finally:
        secure.check(f"echo 1 >{switch}")
    assert rc and all("kprobes and kernel.ftrace_enabled" in text.replace(",", "")
                      for text in said), said
    assert len(said) == 4, said     # busybox's insmod tries two system calls


@pytest.mark.parametrize("value", ["", "yes", "ON", "auto,on", "x" * 100])
def test_misspelt(normal, value):
    rc, said = load(normal, f"guard={value}")
    assert rc == errno.EINVAL
    assert set(said) == {f'guard must be one of auto, on, off, not "{value[:40]}"'}


@pytest.mark.parametrize("loaded", ["secure"], indirect=True)
def test_bound_devices_hold_the_module(loaded):
    """Bound before, or later: until the last is unbound. Which they are is said."""
    busy = os.strerror(errno.EWOULDBLOCK)
    loaded.check("insmod /e1000.ko")
    load(loaded)
    held = guard.status(loaded)["guard_held_by"]
    assert held.startswith("0000:00:") and held.endswith("(e1000)"), held
    result = loaded.run("rmmod svm_mmio")
    assert result.rc and busy in result.out, result
    loaded.check("rmmod e1000")
    assert guard.status(loaded)["guard_held_by"] == "-"
    loaded.check("insmod /e1000.ko")
    assert guard.status(loaded)["guard_held_by"] == held
    assert loaded.run("rmmod svm_mmio").rc
    # It works, and is guarded.
    assert int(guard.status(loaded)["guard_loads"]) > 100
    loaded.check("rmmod e1000")


def test_a_normal_guest_holds_nothing(kernel, files):
    """Negative control: there the driver goes on without."""
    with Guest.boot(kernel, name="guard-unheld", files=files, smp=1, devices=(NIC,),
                    qemu_args=NETWORK) as guest:
        guest.check("insmod /svm_mmio.ko guard=on backend=sprg0 && insmod /e1000.ko")
        status = guard.status(guest)
        assert status["guard_held_by"] == "-" and int(status["guard_loads"]) > 100
        guest.check("rmmod svm_mmio; ip link set eth0 up; rmmod e1000")
