# SPDX-License-Identifier: GPL-2.0
"""Debian's kernel source packages, unpacked in part: a source is a gigabyte, most of it unused."""

import subprocess

from . import paths
from .errors import LabError
from .progress import say


def unpack(apt, package, directory, arguments):
    """Fetch @package (linux-source-VERSION) with @apt, and put its source into @directory.

    @arguments are more for tar, whose own go before: which members to take, or to leave out;
    their names begin with that of the package.
    """
    deb, = apt.alone([package])
    say(f"fetching {package} ... {deb.size // 1000000} MB")
    file, = apt.fetch([deb])
    say(f"unpacking {package}")
    _extract(file, package, directory, arguments)
    file.unlink()
    return deb.exact


def _extract(deb, package, directory, arguments):
    """Three programs in a row, so that neither the tar file in the package nor the source in that
    one ever lies on the disk.
    """
    inner = f"./usr/src/{package}.tar.xz"
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb],
                          stdout=subprocess.PIPE) as outer, \
         subprocess.Popen(["tar", "-xO", inner], stdin=outer.stdout,
                          stdout=subprocess.PIPE) as source:
        done = subprocess.run(["tar", "-C", directory, "-xJ", "--strip-components=1",
                               "--no-same-owner", *arguments],
                              stdin=source.stdout, check=False)
    if done.returncode:
        raise LabError(f"{deb.name} does not give what is wanted of it: {' '.join(arguments)}. "
                       f"Is the disk full? If not, remove {paths.shown(deb)} and try again.")
