#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""make bench: what accesses cost, to the guest alone and with the hypervisor's part.

Usage: tests/bench.py                       print the table, write docs/bench.csv and docs/bench.svg
       tests/bench.py ACCESSOR [VARIANT]    list the instructions of one accessor instead; VARIANT
                                            is kernel, direct, sprg0 (the default), hcall or rfc
"""

import sys

from lab import bench, benchreport, exittime, paths
from lab.errors import LabError
from lab.subject import main_kernel

DOCS = paths.TOP / "docs"


def main(words):
    """Measure, and show what @words ask for."""
    results = bench.measure(main_kernel())
    if words:
        print(benchreport.listing(results, words[0], words[1] if len(words) > 1 else "sprg0"),
              end="")
        return
    exits = exittime.measure(main_kernel())
    print(f"\nRetired guest instructions and device accesses on Linux {results.release}\n")
    print(benchreport.table(results))
    for name, text in (("bench.csv", benchreport.csv_text(results)),
                       ("bench.svg", benchreport.svg(results))):
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"written: {paths.shown(DOCS / name)}")
    print("\nThe whole way of an access, through the hypervisor and back: all that a guest and the "
          "KVM-HV\nunder it execute, QEMU included. The times are those of emulation.\n")
    print(exittime.table(exits), end="")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except LabError as error:
        sys.exit(f"make bench: {error}")
