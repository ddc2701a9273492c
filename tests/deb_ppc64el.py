#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""make deb-ppc64el [SUITE=trixie]: Debian packages for a guest, built on this machine."""

import shutil
import sys

from lab import guest_packages, paths
from lab.errors import LabError

# Of no use without the command's debugger.
DEBUG = "svm-mmio-dbgsym"


def main():
    """Returns the exit status."""
    suite = sys.argv[1] if len(sys.argv) > 1 else guest_packages.SUITES[0]
    if suite not in guest_packages.SUITES:
        raise LabError(f"SUITE={suite} is not one of {', '.join(guest_packages.SUITES)}, the "
                       "releases of Debian that guests of it are")
    there = paths.BUILD / "deb"
    there.mkdir(exist_ok=True)
    for name, file in guest_packages.make(suite).items():
        if name != DEBUG:
            print(shutil.copy(file, there))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"make deb-ppc64el: {error}")
