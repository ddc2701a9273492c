# SPDX-License-Identifier: GPL-2.0
"""BARs of 64 MiB and 1 GiB, which are mapped by huge leaves: right values with each backend, on
old and new kernels, radix and hash. And string accessors with a negative count move nothing.
"""

import pytest
from lab import dropin, kernelbuild, kernelmatrix, paths
from lab.build import build_module
from lab.guest import Guest

DRIVER = paths.TOP / "tests/drivers/big_bar"
SIZES = (64, 1024)      # MiB
BACKENDS = ("sprg0", "hcall")
HASH = "disable_radix"
KERNELS = [*((name, "") for name in (*kernelbuild.SECURE, "6.1", "7.2")), ("6.1", HASH),
           *((name, HASH) for name in kernelbuild.SECURE if name == "5.10-4k")]


@pytest.mark.parametrize("name, append", KERNELS, ids=lambda text: text or "radix")
def test_values(name, append):
    kernel = kernelmatrix.get(name)
    module = dropin.module(kernel)
    driver = build_module(kernel, DRIVER, extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"},
                          symvers=[module])
    backends = [part for mib in SIZES for part in
                ("-object", f"memory-backend-ram,id=bar{mib},size={mib}M")]
    with Guest.boot(kernel, name=f"big-bar-{name}", smp=1, append=append,
                    devices=[f"ivshmem-plain,memdev=bar{mib}" for mib in SIZES],
                    qemu_args=backends,
                    files={"/svm_mmio.ko": module.ko["svm_mmio"],
                           "/big_bar.ko": driver.ko["big_bar"]}) as guest:
        for backend in BACKENDS:
            guest.check(f"insmod /svm_mmio.ko backend={backend}")
            mark = guest.mark()
            guest.check("insmod /big_bar.ko; rmmod big_bar", 120)
            said = [text for _, text in guest.dmesg(mark)]
            for mib in SIZES:
                assert f"big_bar: {mib} MiB, 128 places: 0 wrong" in said, said
            status = guest.check("cat /sys/kernel/debug/svm_mmio/status")
            assert "hcall_errors: 0" in status, status
            guest.check("rmmod svm_mmio")
