# SPDX-License-Identifier: GPL-2.0
"""The drop-in reaches every way to use an accessor, and the oracle names the two that it cannot."""

from dataclasses import dataclass

import pytest
from lab import clang, dropin, kernels, paths
from lab.driven import Driven
from lab.soak import SOAK
from lab.subject import main_kernel

SOURCE = paths.TOP / "tests/drivers/edge_cases"
DEVICES = ("pci-testdev", "nvme,serial=lab,cmb_size_mb=1,legacy-cmb=on")
FORMS = "/sys/kernel/debug/edge_cases"

PLAIN = "plain_dereference"
KERNEL = "kernel_text"
CAPTURED = {
    "polling", "function_pointers", "address_taken", "members", "token_pasting", "relaxed", "raw",
    "ifdef", "io_64_nonatomic", "iomap", "rep", "copies", "copies_by_word", "in_out",
    "powerpc_internals", "ports", "port_cookies", "inline_functions_of_headers",
}


@dataclass(frozen=True)
class Seen:
    """A run of all forms."""

    said: dict          # form -> what it answered
    ranges: dict        # form -> name of module -> Verdicts
    kernel: set         # functions of the kernel that accessed a device


def run(kernel, safe, name, backend="sprg0"):
    """Run each form once, on the drop-in or not: a Seen."""
    ko = dropin.build(kernel, SOURCE, safe=safe).ko
    if safe:
        ko.update(dropin.module(kernel).ko)
    said, ranges = {}, {}
    with Driven.boot(kernel, name=name, ko=ko, kernel_text=True, devices=DEVICES) as it:
        if safe:
            it.load("svm_mmio", f"backend={backend}")
        it.load("edge_cases")
        for form in it.guest.check(f"ls {FORMS}").split():
            before = it.counts()
            said[form] = it.guest.check(f"cat {FORMS}/{form}").strip()
            ranges[form] = (it.counts() - before).ranges
    return Seen(said, ranges, {site.symbol for site in it.sites()
                               if site.where == "kernel" and not site.device.startswith("xive.")})


@pytest.mark.parametrize("kernel_name", [name for name in (*kernels.TABLE, "clang")
                                         if SOAK or name != "6.12"])
def test_on_the_drop_in(kernel_name):
    kernel = clang.get() if kernel_name == "clang" else kernels.get(kernel_name)
    seen = run(kernel, True, f"edge-cases-{kernel_name}")
    assert seen.said == dict.fromkeys(CAPTURED | {PLAIN, KERNEL}, "ok")
    for form in CAPTURED:
        assert seen.ranges[form]["svm_mmio"].clean, form
        assert seen.ranges[form]["svm_mmio"].matched > 1, form
        assert seen.ranges[form]["edge_cases"].accesses == 0, form
    # What no header can reach is seen, and has a name: of the module, or of the function.
    plain = seen.ranges[PLAIN]
    assert (plain["edge_cases"].mismatched, plain["svm_mmio"].accesses) == (2, 0)
    assert seen.kernel == {"check_signature"}


def test_by_hcall():
    """The long way of each: the values are right, and no access is made by an instruction."""
    seen = run(main_kernel(), True, "edge-cases-hcall", "hcall")
    assert seen.said == dict.fromkeys(CAPTURED | {PLAIN, KERNEL}, "ok")
    for form in CAPTURED:
        assert seen.ranges[form]["svm_mmio"].accesses == 0, form
        assert seen.ranges[form]["edge_cases"].accesses == 0, form
    assert seen.kernel == {"check_signature"}


def test_stock():
    """Negative control: the same source, without the line in its Kbuild."""
    seen = run(main_kernel(), False, "edge-cases-stock")
    assert seen.said == dict.fromkeys(CAPTURED | {PLAIN, KERNEL}, "ok")
    assert [form for form, ranges in seen.ranges.items() if ranges["edge_cases"].matched] == []
    # Some forms have every access made by the kernel: an oracle of modules alone would see none.
    unseen = {form for form, ranges in seen.ranges.items() if not ranges["edge_cases"].accesses}
    assert unseen == {"iomap", "copies_by_word", "port_cookies"}
    assert {"ioread8", "_insb", "_memcpy_fromio", "__iowrite64_copy"} < seen.kernel
