# SPDX-License-Identifier: GPL-2.0
"""What the guard costs, in instructions of the guest: a load by a stock driver's readl(), and a
page fault of a program, which passes the guard's hook too: the shortest there is, another, the mean
one of a program, and the whole life of that. Off, it costs nothing. A load by a program that has
mapped a BAR; and that until one has, its being guarded costs nothing.
"""

from dataclasses import dataclass

import pytest
from lab import dropin, guard, kernels, paths
from lab.guest import Guest
from lab.program import build_program
from test_guard_user import nvme_cli

# For a guarded readl(), the exit below not counted. The second is Debian's newest, whose own part
# of a fault may grow with each update.
MOST = {"6.1": 1500, "7.2": 1600}
# What takes faults, what the guard may make of it, and by how much it varies by itself: an
# allocation by the memory it finds. "file" is the shortest fault there is: the kernel sets an entry
# and no more; or, with pages of 4K (7.2), some. "start" is a program, linked with the C library and
# some more, from fork() to exit().
START = "start {} /usr/sbin/nvme version"
FAULTS = {"anonymous": ("anonymous 1500", 1.05, 0.01), "file": ("file 4000", 1.08, 0.005),
          "start": (START.format(20), 1.01, 0.005)}
MEAN = 1.05
TRACING = "/sys/kernel/tracing"
REPEATS = 5
MOST_USER = 3500        # for a guarded load of a program
BAR = "/sys/bus/pci/devices/0000:00:00.0"


# ftrace calls the hook by way of a list in the first, directly in the second.
@pytest.fixture(scope="module", params=MOST)
def guest(request):
    """A guest whose clock counts instructions, a nanosecond each."""
    kernel = kernels.get(request.param)
    files = {"/svm_mmio.ko": dropin.module(kernel).ko["svm_mmio"], **guard.files(kernel),
             "/faults": build_program(paths.TOP / "tests/guest/faults"),
             "/bar": build_program(paths.TOP / "tests/guest/bar"), **nvme_cli()}
    with Guest.boot(kernel, name=f"guard-cost-{kernel.name}", files=files,
                    devices=(guard.DEVICE,), smp=1, icount=True) as it:
        it.most = MOST[kernel.name]
        it.check("sleep 10")        # the kernel tests its ciphers: there is one CPU
        yield it


def least(guest, command):
    """The least that @command says in some runs: others have an interrupt in them."""
    return min(int(guest.check(command, timeout=guard.LIMIT)) for _ in range(REPEATS))


@dataclass(frozen=True)
class Traced:
    """Calls of the handler of page faults, and what they took by the kernel's tracer."""

    calls: int
    time: float

    def __sub__(self, other):
        return Traced(self.calls - other.calls, self.time - other.time)

    @property
    def mean(self):
        return self.time / self.calls


def traced(guest, what):
    """The handler while /faults does @what. What the tracer itself takes is among it."""
    text = guest.check(f"cd {TRACING}; echo 8192 >buffer_size_kb; echo >trace;"
                       " echo ___do_page_fault >set_ftrace_filter;"
                       " echo function_graph >current_tracer;"
                       f" /faults {what} >/dev/null; echo 0 >tracing_on;"
                       " awk '{ for (i = 2; i <= NF; i++) if ($i == \"us\") "
                       "{ calls++; time += $(i - 1) } } END { print calls, time }' trace;"
                       " cat per_cpu/cpu0/stats; echo nop >current_tracer;"
                       " echo >set_ftrace_filter; echo 1 >tracing_on", timeout=guard.LIMIT)
    assert "overrun: 0\n" in text, text
    calls, time = text.split()[:2]
    return Traced(int(calls), 1000 * float(time))


def mean_fault(guest, of_file):
    """(faults, instructions of the mean one) of a program's life, without the guard.

    By the clock there is what a fault of a file takes, entry and return included: @of_file. The
    tracer says how much more the program's is. Each is the difference of a longer and a shorter
    run, so that what goes before and after is in neither.
    """
    guest.check(f"grep -q {TRACING} /proc/mounts || mount -t tracefs tracefs {TRACING}")
    file = traced(guest, "file 4000") - traced(guest, "file 2000")
    program = traced(guest, START.format(40)) - traced(guest, START.format(20))
    return program.calls / 20, of_file + program.mean - file.mean


def cost(guest):
    faults = {kind: least(guest, f"/faults {what}") for kind, (what, *_) in FAULTS.items()}
    return int(guard.run(guest, "mode=cost")), faults


@pytest.fixture(scope="module")
def costs(guest):
    """(readl(), faults) without the module, with the guard off, on, and with hcall."""
    found = {"none": cost(guest)}
    found["mean"] = mean_fault(guest, found["none"][1]["file"])
    for what, parameters in (("off", "backend=sprg0"), ("sprg0", "guard=on backend=sprg0"),
                             ("hcall", "guard=on backend=hcall"),
                             ("programs", "guard=on guard_user=on backend=sprg0")):
        guest.check(f"insmod /svm_mmio.ko {parameters}")
        found[what] = cost(guest)
        if what == "programs":
            guest.check(f"echo 1 >{BAR}/enable")
            found["load"] = least(guest, f"/bar {BAR}/resource2 cost")
        guest.check("rmmod svm_mmio")
    found["plain load"] = least(guest, f"/bar {BAR}/resource2 cost")
    print(found)
    return found


def test_readl(guest, costs):
    plain, guarded = (costs[what][0] for what in ("none", "sprg0"))
    print(f"readl(): {plain} instructions, {guarded} guarded with sprg0, {costs['hcall'][0]} "
          "with hcall")
    assert plain < 30 < guarded <= guest.most
    assert costs["hcall"][0] < guest.most * 1.2


@pytest.mark.parametrize("kind", FAULTS)
def test_page_faults_of_programs(costs, kind):
    plain, guarded = (costs[what][1][kind] for what in ("none", "sprg0"))
    print(f"page faults, {kind}: {plain} instructions, {guarded} with the guard "
          f"({100 * (guarded / plain - 1):+.1f} %)")
    assert guarded <= plain * FAULTS[kind][1]


def test_the_mean_fault_of_a_program(costs):
    faults, plain = costs["mean"]
    more = (costs["sprg0"][1]["start"] - costs["none"][1]["start"]) / faults
    print(f"{faults:.0f} page faults of a program: {plain:.0f} instructions, {plain + more:.0f} "
          f"with the guard ({100 * more / plain:+.1f} %)")
    assert faults > 50 and more > 0
    assert plain + more <= plain * MEAN


def test_off_it_costs_nothing(costs):
    for kind, (_, _, noise) in FAULTS.items():
        assert abs(costs["off"][1][kind] / costs["none"][1][kind] - 1) < noise
    assert costs["off"][0] == costs["none"][0]


def test_programs(costs):
    print(f"a load of a program: {costs['plain load']} instructions, {costs['load']} guarded")
    assert costs["plain load"] < 20 < costs["load"] <= MOST_USER


@pytest.mark.parametrize("kind", FAULTS)
def test_until_one_maps_a_bar(costs, kind):
    assert costs["programs"][1][kind] <= costs["sprg0"][1][kind] * (1 + FAULTS[kind][2])
