# SPDX-License-Identifier: GPL-2.0
"""Drivers of Debian's own kernel source, to be rebuilt as they are.

The source package is fetched once; all but the directories in DIRECTORIES is dropped again. To
get another driver, add its directory: the package is then fetched once more.
"""

import hashlib
import subprocess

from . import paths
from .apt import Apt
from .errors import LabError
from .once import make_once
from .progress import say

# Of the suite of the kernel "6.1" in kernels.py: the drivers must fit its headers.
SUITE = "bookworm"
PACKAGE = "linux-source-6.1"
DIRECTORIES = (
    "drivers/net/ethernet/8390",
    "drivers/net/ethernet/intel/e1000",
    "drivers/nvme/host",
)


def get(directory):
    """The path of @directory, one of DIRECTORIES, with its sources and its Makefile."""
    if directory not in DIRECTORIES:
        raise LabError(f"{directory} is not taken from {PACKAGE}. Add it to DIRECTORIES in "
                       "tests/lab/driver_source.py")
    key = hashlib.sha256(repr((SUITE, DIRECTORIES)).encode()).hexdigest()[:8]
    return make_once(paths.BUILD / "driver-source" / f"{PACKAGE}-{key}", _fill) / directory


def _fill(new):
    with Apt(SUITE) as apt:
        deb, = apt.alone([PACKAGE])
        say(f"fetching {PACKAGE} for the drivers to rebuild ... {deb.size // 1000000} MB")
        file, = apt.fetch([deb])
        say(f"unpacking {len(DIRECTORIES)} directories of {PACKAGE}")
        _extract(file, new)
        file.unlink()


def _extract(deb, directory):
    """Put DIRECTORIES of the source in package file @deb into @directory.

    Three programs in a row, so that neither the tar file in the package nor the source in that
    one ever lies on the disk.
    """
    inner = f"./usr/src/{PACKAGE}.tar.xz"
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb],
                          stdout=subprocess.PIPE) as package, \
         subprocess.Popen(["tar", "-xO", inner], stdin=package.stdout,
                          stdout=subprocess.PIPE) as source:
        done = subprocess.run(["tar", "-C", directory, "-xJ", "--strip-components=1",
                               "--no-same-owner",
                               *(f"{PACKAGE}/{name}" for name in DIRECTORIES)],
                              stdin=source.stdout, check=False)
    if done.returncode:
        raise LabError(f"{deb.name} does not give {', '.join(DIRECTORIES)}. Is the disk full? "
                       f"If not, remove {paths.shown(deb)} and try again.")
