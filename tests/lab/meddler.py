# SPDX-License-Identifier: GPL-2.0
"""A function of the guest's kernel or of the module made wrong, by a probe (tests/drivers/meddler).

    with meddled(it, "svm_mmio:load_readl", result=1, skip=3, calls=1) as meddler:
        ...
        wrong = meddler.calls()
"""

import contextlib

from . import paths, subject
from .build import build_module

FILE = "/meddler.ko"
UNMAPPED = "/unmapped.ko"


def files(kernel):
    """What a guest needs: for Subject.boot(). Beside it, a driver that uses what is not mapped."""
    unmapped = build_module(kernel, paths.TOP / "tests/drivers/unmapped",
                            extra={"svm_mmio.h": paths.TOP / "svm_mmio.h"},
                            symvers=[subject.build(kernel)])
    meddler = build_module(kernel, paths.TOP / "tests/drivers/meddler")
    return {FILE: meddler.ko["meddler"], UNMAPPED: unmapped.ko["unmapped"]}


class _Meddler:
    def __init__(self, guest):
        self._guest = guest

    def calls(self):
        """How many have been meddled with so far."""
        return int(self._guest.check("cat /sys/module/meddler/parameters/meddled"))


@contextlib.contextmanager
def meddled(it, function, **how):
    """While the block runs, @function is wrong in Subject @it: parameters as in meddler.c."""
    words = " ".join(f"{name}={value}" for name, value in how.items())
    it.guest.check(f"insmod {FILE} at={function} {words}")
    try:
        yield _Meddler(it.guest)
    finally:
        it.guest.run("rmmod meddler")
