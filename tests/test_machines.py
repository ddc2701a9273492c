# SPDX-License-Identifier: GPL-2.0
"""The self-test passes under the oracle on other processors, with the hash MMU and with SMT."""

import pytest
from lab.soak import SOAK
from lab.subject import Subject
from test_selftest import LIST

# The same loops on any machine, and the same windows on POWER8 and with SMT as elsewhere.
LEFT_OUT = () if SOAK else ("copy_fuzz",)

# A name, and what Guest.boot() is told.
MACHINES = {
    "power8": {"cpu": "power8"},
    "power10": {"cpu": "power10"},
    "hash": {"append": "disable_radix"},
    "smt": {"smp": 4, "threads": 4},
}
# What /proc/cpuinfo, or the kernel's log, says then; so the machine is what it is meant to be.
SAYS = {
    "power8": ("/proc/cpuinfo", r"^cpu.*POWER8"),
    "power10": ("/proc/cpuinfo", r"^cpu.*POWER10"),
    "hash": ("/proc/cpuinfo", r"^MMU.*Hash"),
    "smt": ("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", r"^0-3$"),
}


@pytest.mark.parametrize("machine", MACHINES if SOAK else ("power10", "hash"))
def test_selftest(kernel, machine):
    with Subject.boot(kernel, name=f"machine-{machine}", **MACHINES[machine]) as it:
        file, says = SAYS[machine]
        it.guest.check(f"grep -q '{says}' {file} || {{ cat {file}; exit 1; }}")
        it.load("backend=sprg0")
        ran = set()
        for run in it.run_every_case(without=LEFT_OUT):
            assert run.case.ok, str(run.case)
            assert run.all_captured, run
            if run.case.skipped is None:
                ran.add((run.device, run.case.name))
        it.unload()
    assert ran == {(device, case) for device, case in LIST if case not in LEFT_OUT}
