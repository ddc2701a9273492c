# SPDX-License-Identifier: GPL-2.0
"""With svm_only=1 the module is loaded in an SVM, as without; in a normal guest it refuses, with an
errno of its own, and leaves nothing.
"""

import errno

import pytest
from lab.guest import Guest

DRIVER = "/sys/bus/pci/drivers/svm_mmio"
REFUSES = "svm_mmio: not loaded, as svm_only asks: this guest is no SVM"


@pytest.fixture(scope="module", params=[True, False], ids=["secure", "normal"])
def guest(request, kernel, ko):
    with Guest.boot(kernel, name=f"svm-only-{request.param}", files={"/svm_mmio.ko": ko},
                    secure=request.param, smp=1, devices=("pci-testdev",)) as it:
        it.secure = request.param
        yield it


@pytest.mark.parametrize("parameters", ["svm_only=1", "svm_only=1 backend=sprg0 guard=on"])
def test_asked_for(guest, parameters):
    mark = guest.mark()
    rc = guest.run(f"insmod /svm_mmio.ko {parameters}").rc
    said = [text for _, text in guest.dmesg(mark)]
    assert rc == (0 if guest.secure else errno.ENODEV)
    assert (REFUSES in said) != guest.secure
    assert (guest.run(f"test -e {DRIVER}").rc == 0) == guest.secure
    if guest.secure:
        guest.check("rmmod svm_mmio")
    else:
        # Nothing came before: nothing was chosen, tried or claimed. (insmod tries it in two ways.)
        assert {text for text in said if text.startswith("svm_mmio: ")
                and "taint" not in text and "verification" not in text} == {REFUSES}


def test_not_asked_for(guest):
    """Negative control: it is loaded in both."""
    guest.check("insmod /svm_mmio.ko svm_only=0; test -e /sys/module/svm_mmio; rmmod svm_mmio")
    guest.check("insmod /svm_mmio.ko")
    assert guest.check("cat /sys/module/svm_mmio/parameters/svm_only").strip() == "N"
    guest.check("rmmod svm_mmio")
