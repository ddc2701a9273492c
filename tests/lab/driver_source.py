# SPDX-License-Identifier: GPL-2.0
"""Drivers of Debian's own kernel source, to be rebuilt as they are.

The source package is fetched once; all but what is in DIRECTORIES is dropped again. To get
another driver, add its directory, or its files: the package is then fetched once more.
"""

import hashlib

from . import linux_source, paths
from .apt import Apt
from .errors import LabError
from .once import make_once

# Of the suite of the kernel "6.1" in kernels.py: the drivers must fit its headers.
SUITE = "bookworm"
PACKAGE = "linux-source-6.1"
DIRECTORIES = (
    "drivers/ata",
    "drivers/net/ethernet/8390",
    "drivers/net/ethernet/broadcom/tg3.c",
    "drivers/net/ethernet/broadcom/tg3.h",
    "drivers/net/ethernet/intel/e1000",
    "drivers/net/ethernet/realtek/8139too.c",
    "drivers/net/wireless/intersil/p54",
    "drivers/nvme/host",
)

# nvme, and what make is to leave out of it: the transports that are no PCI.
NVME = "drivers/nvme/host"
NVME_ARGS = tuple(f"CONFIG_NVME_{name}=n" for name in ("FABRICS", "RDMA", "FC", "TCP"))


def get(directory):
    """The path of @directory, one of DIRECTORIES, with its sources and its Makefile; or of a
    file that is one of them.
    """
    if directory not in DIRECTORIES:
        raise LabError(f"{directory} is not taken from {PACKAGE}. Add it to DIRECTORIES in "
                       "tests/lab/driver_source.py")
    key = hashlib.sha256(repr((SUITE, DIRECTORIES)).encode()).hexdigest()[:8]
    return make_once(paths.BUILD / "driver-source" / f"{PACKAGE}-{key}", _fill) / directory


def _fill(new):
    with Apt(SUITE) as apt:
        linux_source.unpack(apt, PACKAGE, new, [f"{PACKAGE}/{name}" for name in DIRECTORIES])
