#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""make demo-quick: the self-test in a ppc64le guest, and what the oracle saw from outside."""

import sys

from lab.errors import LabError
from lab.oracle import OracleError
from lab.subject import Subject, main_kernel

CPUS = 4
ROW = "{:<16} {:<16} {:<8} {:>10} {:>16} {:>12}"


def verdict(run):
    """One word for the table, and whether it is a failure."""
    if run.case.skipped is not None:
        return "-", False
    if not run.case.ok:
        return "FAILED", True
    if not run.all_captured:
        return "UNSAFE", True
    return "ok", False


def show(subject):
    """Run every case on every device, print the table; the number of failures and of accesses."""
    failures = 0
    accesses = 0
    print(ROW.format("case", "device", "result", "accesses", "oracle matched", "mismatched"))
    print(ROW.format("-" * 16, "-" * 16, "-" * 8, "-" * 10, "-" * 16, "-" * 12))
    for device in subject.bars:
        for case in subject.cases(device):
            run = subject.run(device, case)
            word, failed = verdict(run)
            if word == "-":
                continue            # the case is for the other device
            print(ROW.format(case, device, word, f"{run.accesses:,}", f"{run.seen.matched:,}",
                             f"{run.seen.accesses - run.seen.matched:,}"), flush=True)
            if failed:
                failures += 1
                for line in run.case.diagnostics:
                    print(f"    {line}")
            accesses += run.accesses
    return failures, accesses


def main():
    """Returns the exit status."""
    kernel = main_kernel()
    with Subject.boot(kernel, name="demo-quick", smp=CPUS) as subject:
        subject.load("backend=sprg0")
        status = subject.status()
        print(f"\nsvm_mmio {status['version']} on Linux {kernel.release}, {CPUS} CPUs: "
              f"backend {status['backend']}, {status['windows']} capture windows verified\n")
        failures, accesses = show(subject)
        subject.unload()
    if failures:
        print(f"\n{failures} cases failed. The console of the guest: {subject.guest.log}")
        return 1
    print(f"\nEach of the {accesses:,} device accesses was made with its own instruction word in "
          "SPRG0,\nas seen from outside the guest.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (LabError, OracleError) as error:
        sys.exit(f"make demo-quick: {error}")
