#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""make check-matrix: the self-test under the oracle on each kernel, in a table.

Usage: tests/kernel_matrix.py [KERNEL...]
"""

import sys

from lab import kernelmatrix
from lab.errors import LabError
from lab.oracle import OracleError


def main(names):
    """Returns the exit status."""
    unknown = set(names) - set(kernelmatrix.NAMES)
    if unknown:
        sys.exit(f"make check-matrix: there is no kernel {', '.join(sorted(unknown))}; there are: "
                 + ", ".join(kernelmatrix.NAMES))
    names = names or kernelmatrix.NAMES
    for name in names:
        kernelmatrix.get(name)      # what is to be fetched and built, before the table begins
    print(kernelmatrix.heading(), flush=True)
    good = True
    for name in names:
        row = kernelmatrix.run(name)
        print(kernelmatrix.line(row), *row.failures, sep="\n", flush=True)
        good = good and row.good
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (LabError, OracleError) as error:
        sys.exit(f"make check-matrix: {error}")
