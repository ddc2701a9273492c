# SPDX-License-Identifier: GPL-2.0
"""A program that maps a BAR by VFIO, as DPDK does, is guarded as one that maps it by sysfs: where
VFIO would make large entries, or has made some before, and while it switches the memory of the
device off. Linux 6.1 has no VFIO in a guest of this kind: vfio-pci refuses the device.
"""

import itertools
import re

import pytest
from lab import kernelmatrix, stock
from lab.soak import SOAK
from test_guard_user import boot

# With a BAR of some large pages.
DEVICE = "nvme,serial=lab,cmb_size_mb=8,legacy-cmb=on"
BDF = "0000:00:00.0"
PCI = f"/sys/bus/pci/devices/{BDF}"
TRACING = "/sys/kernel/tracing"
SECONDS = 120 if SOAK else 3
SMALL, LARGE = "vmf_insert_pfn_prot", "vmf_insert_pfn_pmd"
HAVE_LARGE = ("7.2",)       # of VFIO's on this architecture


@pytest.fixture(scope="module", params=["6.12", "7.2"])
def it(request):
    """A secure guest with a device that VFIO has."""
    kernel = kernelmatrix.get(request.param)
    modules = stock.stock_modules(kernel, "vfio_iommu_spapr_tce", "vfio-pci")
    files = {f"/{name}.ko": file for name, file in modules.items()}
    with boot(kernel, f"guard-vfio-{request.param}", files, devices=(DEVICE,), secure=True) as it:
        it.guest.check("\n".join(f"insmod /{name}.ko" for name in modules))
        it.guest.check(f"mount -t tracefs tracefs {TRACING}; echo vfio-pci >{PCI}/driver_override;"
                       f" echo {BDF} >/sys/bus/pci/drivers_probe")
        group = it.guest.check(f"basename $(readlink {PCI}/iommu_group)").strip()
        it.bar = f"/dev/vfio/{group},{BDF},2"
        it.has_large = request.param in HAVE_LARGE
        yield it


@pytest.fixture
def loaded(it):
    """The same with the module, which nobody has asked to guard anything. It cannot go while VFIO
    has the device.
    """
    it.load("backend=sprg0")
    yield it
    it.guest.check(f"echo {BDF} >/sys/bus/pci/drivers/vfio-pci/unbind; rmmod svm_mmio;"
                   f" echo {BDF} >/sys/bus/pci/drivers_probe")


def inserted(it, command, captured):
    """Which functions make the entries for what @command accesses, in their order."""
    it.guest.check(f"cd {TRACING}; echo {SMALL} {LARGE} >set_ftrace_filter; echo >trace;"
                   " echo function >current_tracer")
    text, seen = it.run(command, captured)
    said = it.guest.check(f"cd {TRACING}; grep -o ': vmf_insert_pfn_[a-z]* <' trace;"
                          " echo nop >current_tracer")
    assert "signal 0" in text
    return [name for name, _ in itertools.groupby(re.findall(r"\w+", said))], seen


def test_not_guarded(it):
    """Negative control: its access reaches the device, by a large entry if there can be one."""
    functions, seen = inserted(it, f"/bar {it.bar} read", captured=False)
    assert functions == [LARGE if it.has_large else SMALL]
    assert (seen.outside, seen.ranges) == (1, {})


def test_small_entries(loaded):
    """Asked for a large one, the kernel is told to make small ones, and these are guarded."""
    functions, seen = inserted(loaded, f"/bar {loaded.bar} read", captured=True)
    assert functions == ([LARGE, SMALL] if loaded.has_large else [SMALL])
    assert seen["svm_mmio"].matched == 1


def test_programs(loaded):
    """All that is so with sysfs, and the device's memory switched off and on under its hands: an
    access that came too late would be a machine check.
    """
    for what in ("rights", "copies", "threads", "futex", "step", f"races {SECONDS}",
                 f"off {SECONDS}"):
        text, seen = loaded.run(f"/bar {loaded.bar} {what}")
        assert text.splitlines()[-1] == "ok" and "WRONG" not in text, text
        assert what == "futex" or seen["svm_mmio"].matched > 0


def test_accessed_before(it):
    """Entries of before are found, large ones too."""
    it.guest.check(f"rm -f /tmp/go; /bar {it.bar} wait >/tmp/said 2>&1 &\n"
                   "until grep -q mapped /tmp/said; do sleep 0.1; done")
    it.load("backend=sprg0")
    found = it.status()["mappings_found"]
    text, seen = it.run("echo >/tmp/go; until grep -q ok /tmp/said; do sleep 0.1; done;"
                        " cat /tmp/said")
    assert "signal 0" in text and found == "1"
    assert seen["svm_mmio"].matched == 1
