# SPDX-License-Identifier: GPL-2.0
"""What the debug kernel's witnesses say, and how to make its allocations fail.

Most of what they find is in the kernel's log, where console.complaint() sees it. Two things are
not: memory that nobody frees, for which somebody has to look, and a lockdep that has given up.
"""

import re

from . import elf, paths
from .driven import MODULES
from .errors import GuestError
from .program import build_program

BOOT_LIMIT = 600        # seconds; the guest is several times slower than others
KMEMLEAK = "/sys/kernel/debug/kmemleak"
LOAD = "/bin/load"      # a program for the guest: tests/guest/load
FAILSLAB = "/sys/kernel/debug/failslab"
OLD_ENOUGH = 6          # seconds: kmemleak does not report what is younger than 5
INJECTIONS = 1000000    # more than there ever are
MANY = 1000             # more allocations than any command makes
LIMIT = 3600            # seconds for all the times that a command runs

# Only out-of-tree and unsigned: bits 12 and 13 of Documentation/admin-guide/tainted-kernels.rst.
HARMLESS_TAINT = 1 << 12 | 1 << 13


def files():
    """What failing() needs in the guest to load a module."""
    return {LOAD: build_program(paths.TOP / "tests/guest/load")}


def forget_leaks(guest):
    """Whatever looks lost by now is none of ours."""
    guest.check(f"sleep {OLD_ENOUGH}; echo scan >{KMEMLEAK}; echo clear >{KMEMLEAK}", 300)


def leaks(guest):
    """What kmemleak says is lost, as text. It looks twice: a pointer may be on its way."""
    return guest.check(f"for i in 1 2; do sleep {OLD_ENOUGH}; echo scan >{KMEMLEAK}; done;"
                       f" cat {KMEMLEAK}", 600)


def lockdep_works(guest):
    """Whether lockdep still looks: it gives up at the first report, and when it is out of space."""
    return re.search(r"debug_locks:\s+1$", guest.check("cat /proc/lockdep_stats"),
                     re.MULTILINE) is not None


def taint(guest):
    """The bits by which the kernel says that something was wrong."""
    return int(guest.check("cat /proc/sys/kernel/tainted")) & ~HARMLESS_TAINT


def fail_allocations(guest, kernel):
    """Prepare for failing(): only what is asked for with code of a module on the stack fails."""
    # A module's constructors register its counters with gcov: that is none of the module's doing.
    gcov = next(symbol[:2] for symbol in elf.functions(kernel.vmlinux)[".text"]
                if symbol[2] == "__gcov_init")
    guest.check(f"cd {FAILSLAB}; echo 0 >verbose; echo N >ignore-gfp-wait; echo 0 >probability;"
                f" echo {MODULES[0]:#x} >require-start; echo {MODULES[1]:#x} >require-end;"
                f" echo {gcov[0]:#x} >reject-start; echo {gcov[1]:#x} >reject-end;"
                " echo 32 >stacktrace-depth")


def failing(guest, command, numbers, after="true"):
    """Run shell @command again and again, each time with another one of its allocations failing:
    those of @numbers, the first being 1, until it makes fewer: some below MANY. @after, which
    undoes the command, runs each time with none failing.

    The @command must be one program, or built into the shell, and have no single quotes.
    Returns what came of each: a list of (status, output).
    """
    text = guest.check(f"""
        for n in {" ".join(map(str, numbers))}; do
            echo {INJECTIONS} >{FAILSLAB}/times
            (sh -c 'echo '$n' >/proc/self/fail-nth; {command}') >/tmp/said 2>&1
            echo "status $?"; cat /tmp/said; echo
            {{ {after}; }} || exit
            [ "$(cat {FAILSLAB}/times)" -lt {INJECTIONS} ] || {{ echo over; break; }}
        done""", LIMIT)
    text, over, _ = text.rpartition("over\n")
    if not over:
        raise GuestError(f"{command}: there are still allocations to fail after {numbers[-1]}")
    results = [(int(rc), said.strip()) for rc, said in
               re.findall(r"^status (\d+)\n(.*?)(?=^status |\Z)", text, re.MULTILINE | re.DOTALL)]
    if results[-1][0]:
        raise GuestError(f"{command}: it fails though no allocation does:\n{text}")
    return results[:-1]
