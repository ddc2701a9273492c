# SPDX-License-Identifier: GPL-2.0
"""What can be seen of a guard in one guest: for mutants of it, which are loaded there one after
another (tests/test_guard_mutants.py, mutant_judges.py).

    with boot(kernel, modules, "guard-mutants") as it:
        seen = observe(it, "unchanged")

The guest is an SVM as far as it can tell, without protection of programs' memory from the kernel:
that alone would end a mutant that reads a program's instruction.
"""

import contextlib
import re

from . import guard, paths, subject
from .build import build_module
from .driven import Driven
from .errors import GuestError
from .guard_mutants import CASES, COPIES, REFUSED
from .program import build_program

# The kernel would not survive that the pages of its interrupt controller are guarded, as in one.
MACHINE = "ic-mode=xics"
HOW_MANY = 2000
SEGV = 128 + 11
P = "/sys/module/guard_peek/parameters"
HELPERS = f"""
    peek() {{ echo $1 >{P}/do; echo "$1: $(cat {P}/result)"; }}
    counts() {{ sed -n "s/^guard_/$1 /p" {subject.DEBUGFS}/status; }}
"""
IDENTITY = ("0x10000ed", "0xed000001")      # in which byte order depends on the QEMU
THE_GUEST = "the guest"         # what differs if it does not survive

# What is seen of the guard as it is.
RIGHT = {
    "faults of a thread": "0",
    "guarded, found": True, "guarded, made": True, "captured": True,
    "load": "right", "store": "stored", "load-later": "right", "load-read-only": "right",
    "store-read-only": "fault", "load-at-end": "fault", "load-refused": "fault",
    "load-beside": "fault", "load-store": "fault", "load-probed": "right", "program": SEGV,
    "mappings found": 3, "mappings made": 1, "counts": (3, 1, 0),
    "rmmod, bound before": "refused", "rmmod, bound later": "refused",
    "faults of a thread, unloading": "0", "load, unloaded": "right",
    "store, unloaded": "stored", "load-later, unloaded": "right",
    "store-read-only, unloaded": "fault",
    CASES: 0, COPIES: "right", REFUSED: "right",
}
# Of programs that map a BAR: what /bar and /words are asked.
PROGRAMS = ("bar rights", "bar copies", "bar threads", "bar futex", "bar step", "bar double",
            "bar races 1", "words forms 400 1", "words random 400 7")
COUNTED = ("bar copies", "bar double", "words forms 400 1")
TRACING = "/sys/kernel/tracing"
SWITCHES = {"ftrace": "/proc/sys/kernel/ftrace_enabled",
            "kprobes": "/sys/kernel/debug/kprobes/enabled"}
PARAMETERS = ("guard=on guard_user=on", "guard=on guard_user=off", "guard=auto", "guard=off",
              "guard=off guard_user=on", "guard=off guard_user=off", "guard=yes", "guard_user=yes",
              "backend=direct", "backend=direct guard=on")


def boot(kernel, modules, name):
    """Boot a guest with these modules, {name: file}, and what they are observed by: a Driven."""
    drivers = {name: build_module(kernel, paths.TOP / "tests/drivers" / name).ko[name]
               for name in ("guard_peek", "guard_maps")}
    files = {**modules, **drivers, "guard_cases": guard.files(kernel)["/guard_cases.ko"]}
    programs = {f"/{program}": build_program(paths.TOP / "tests/guest" / program)
                for program in ("touch", "bar", "words", "maps")}
    it = Driven.boot(kernel, name=name, ko=files, smp=2, secure=True, strict=False,
                     machine=MACHINE, append="nosmap", files=programs,
                     devices=("edu", guard.DEVICE))
    it.guest.check("insmod /guard_peek.ko")
    return it


def peeks(text):
    """What the driver has said of each command: a dict."""
    return {command: "right" if said in IDENTITY else said
            for command, said in re.findall(r"^([a-z-]+): (.*)$", text, re.MULTILINE)}


def counts(text, what):
    """What the guard had counted when the guest printed that as @what: a dict."""
    return {key: int(value) for key, value in
            re.findall(rf"^{what} (\w+): (\d+)$", text, re.MULTILINE)}


def observe(it, name, backend="sprg0", until=None):
    """What is seen of the guard in @name.ko: a dict as RIGHT is. Of a mutant no more than @until
    is: it might not survive the rest, nor might the guest.
    """
    seen = {}
    for phase in (come, access, draw, go):
        phase(it, seen, f"/{name}.ko guard=on backend={backend}",
              until is None or "thread" in until)
        if until in seen and phase is not go:
            it.guest.check("rmmod svm_mmio")
            break
    return seen


def everything(it, name):
    """Yield what is seen of @name.ko, little by little: dicts."""
    module = f"/{name}.ko guard=on backend=sprg0"
    for phase in (come, access, draw, go, programs, hcalls, traced, loads):
        seen = {}
        phase(it, seen, module, True)
        yield seen


def differs(it, name, right):
    """The first of what is seen of @name.ko that is not @right, or None. With THE_GUEST that has
    ended; else the guest is as before.
    """
    found = None
    try:
        for seen in everything(it, name):
            found = next((what for what in seen if seen[what] != right[what]), None)
            if found:
                it.seen = f"{found}: {seen[found]}, not {right[found]}"
                break
    except (GuestError, KeyError, ValueError):
        found = "a script that fails"
    if not found:
        return None
    try:
        it.guest.check(f"""{HELPERS}
            [ ! -e /sys/bus/pci/drivers/guard_peek ] || peek unbind
            [ ! -e /sys/module/svm_mmio ] || rmmod svm_mmio
            [ ! -e /sys/module/guard_maps ] || rmmod guard_maps
            rmmod guard_peek
            for switch in {' '.join(SWITCHES.values())}; do echo 1 >$switch; done
            insmod /unchanged.ko guard=on backend=sprg0 && rmmod svm_mmio &&
                insmod /guard_peek.ko""")
    except GuestError:
        with contextlib.suppress(GuestError):
            it.guest.close()
        return THE_GUEST
    return found


def come(it, seen, module, spinning):
    """While it comes a thread makes accesses, and a device is bound."""
    text = it.guest.check(f"""{HELPERS}
        peek map; peek bind
        {"peek spin; sleep 0.1" if spinning else ""}
        insmod {module}
        {"peek stop" if spinning else ""}
        counts come
        rmmod svm_mmio && echo gone; peek unbind; peek bind
        [ -e /sys/module/svm_mmio ] && rmmod svm_mmio && echo gone later; peek unbind
        [ -e /sys/module/svm_mmio ] || insmod {module}
        peek later""", guard.LIMIT)
    counted = counts(text, "come")
    if spinning:
        seen["faults of a thread"] = peeks(text)["stop"]
    seen["mappings found"] = counted["mappings_found"]
    seen["rmmod, bound before"] = "unloaded" if "gone\n" in text else "refused"
    seen["rmmod, bound later"] = "unloaded" if "gone later" in text else "refused"
    it.made = counted["mappings_made"]


def access(it, seen, *_):
    """Single accesses, in one place for the oracle: whoever makes them, they are captured."""
    before = it.counts().total
    text = it.guest.check(f"""{HELPERS}
        counts before
        for access in load store load-read-only; do peek $access; done; counts found
        peek load-later; counts after
        for access in store-read-only load-at-end load-refused load-beside load-store \\
            load-probed; do peek $access; done
        /touch $(printf %x $(cat {P}/where)) >/dev/null 2>&1; echo "program: $?" """, guard.LIMIT)
    judged = it.counts().total - before
    seen.update(peeks(text))
    seen["program"] = int(seen["program"])
    first, found, after = (counts(text, what) for what in ("before", "found", "after"))
    seen["mappings made"] = first["mappings_made"] - it.made
    seen["guarded, found"] = found["loads"] + found["stores"] > first["loads"] + first["stores"]
    seen["guarded, made"] = after["loads"] + after["stores"] > found["loads"] + found["stores"]
    seen["counts"] = tuple(after[key] - first[key] for key in ("loads", "stores", "kernel"))
    seen["captured"] = judged.clean and judged.accesses > 0


def draw(it, seen, *_):
    """Accesses of all forms."""
    seen[CASES] = guard.run_cases(it.guest, HOW_MANY).wrong
    seen[COPIES] = ("right" if guard.run(it.guest, "mode=copies").split() ==
                    ["copies", "22", "wrong", "0"] else "wrong")
    lines = guard.run(it.guest, "mode=refused").splitlines()
    seen[REFUSED] = ("right" if lines and all("faulted, nothing changed" in line
                                              for line in lines) else "wrong")


def go(it, seen, *_):
    """While it goes a thread makes accesses, and there are some afterwards."""
    text = it.guest.check(f"""{HELPERS}
        peek spin; sleep 0.1; rmmod svm_mmio; peek stop
        for access in load store load-later store-read-only; do peek $access; done""", guard.LIMIT)
    left = peeks(text)
    seen["faults of a thread, unloading"] = left["stop"]
    for what in ("load", "store", "load-later", "store-read-only"):
        seen[f"{what}, unloaded"] = left[what]


# ---- Of generated mutants, besides: compared with the guard as it is.

def loads(it, seen, module, _):
    """What loads with each sort of parameter come to, and what is left behind."""
    file = module.partition(" ")[0]
    tries = [("", parameters) for parameters in PARAMETERS]
    tries += [(switch, "guard=on") for switch in SWITCHES.values()]
    tries += [(switch, "guard=auto") for switch in SWITCHES.values()]
    for switch, parameters in tries:
        backend = "" if "backend" in parameters else "backend=sprg0"
        mark = it.guest.mark()
        text = it.guest.check(f"""
            {f"echo 0 >{switch}" if switch else ""}
            insmod {file} {parameters} {backend} 2>/dev/null && echo loaded
            [ ! -e /sys/module/svm_mmio ] || sed -n '/^guard/p; /^probe/p' {subject.DEBUGFS}/status
            [ ! -e /sys/module/svm_mmio ] || rmmod svm_mmio
            {f"echo 1 >{switch}" if switch else ""}
            grep -c ioremap /proc/vmallocinfo""", guard.LIMIT)
        said = [line for _, line in it.guest.dmesg(mark) if "svm_mmio: " in line]
        seen[f"load with {parameters} {switch}".strip()] = (
            re.sub(r"(?m)^guard_(since|loads|stores|kernel).*\n", "", text), said)


def programs(it, seen, module, _):
    """Programs that map a BAR: one that has it already, and others."""
    resource = it.guest.check("""for d in /sys/bus/pci/devices/*; do echo 1 >$d/enable; done
        dirname $(grep -l 0x0010 /sys/bus/pci/devices/*/device)""").strip() + "/resource2"
    seen["a program that was there"] = it.guest.check(f"""rm -f /tmp/go
        /bar {resource} wait >/tmp/said 2>&1 & until [ -s /tmp/said ]; do sleep 0.1; done
        insmod {module} guard_user=on; sed -n '/^guard_user_mappings/p' {subject.DEBUGFS}/status
        touch /tmp/go; wait; tail -n 1 /tmp/said
        sed -n '/^guard_user_[ls].*s:/p' {subject.DEBUGFS}/status""", guard.LIMIT)
    for program in PROGRAMS:
        name, _, rest = program.partition(" ")
        # How often the races are refused is a matter of luck, and what is tried again.
        wanted = "" if "races" in program else r"/^guard_user_\(loads\|stores\|refused\|kernel\)/p"
        shown = f"sed -n '{wanted}' {subject.DEBUGFS}/status "
        said = it.guest.run(f"{shown}; /{name} {resource} {rest} >/tmp/said 2>&1; echo rc $?;"
                            f" tail -n 1 /tmp/said; {shown}", timeout=guard.LIMIT)
        before, after = said.out.split("rc ")
        first, last = (dict(line.split(": ") for line in text.splitlines() if ": " in line)
                       for text in (before, after))
        # Threads and futexes have as many turns as there is time for.
        seen[program] = (after.splitlines()[:2], {
            key: int(last[key]) - int(first[key]) for key in first
            if program in COUNTED or "refused" in key})
    seen["mappings of a driver"] = it.guest.check(f"""
        insmod /guard_maps.ko bar=$(sed -n 3p $(dirname {resource})/resource | cut -d' ' -f1)
        for page in 0 1 2 3; do /maps /dev/guard_maps $page; done; rmmod guard_maps""", guard.LIMIT)
    seen["programs, unloaded"] = it.guest.check(
        f"rmmod svm_mmio; /bar {resource} read; /bar {resource} copies")


def traced(it, seen, module, _):
    """Trace events of a driver's accesses, and of a program's; which functions are hooked."""
    resource = it.guest.check("dirname $(grep -l 0x0010 /sys/bus/pci/devices/*/device)"
                              ).strip() + "/resource2"
    text = it.guest.check(f"""{HELPERS}
        grep -q {TRACING} /proc/mounts || mount -t tracefs tracefs {TRACING}
        insmod {module} guard_user=on
        cut -d' ' -f1 {TRACING}/enabled_functions | sort | head -n 200
        peek map; cd {TRACING}; echo >trace; echo 1 >events/svm_mmio/enable
        peek load; peek store; /bar {resource} double; /bar {resource} rights
        echo 0 >events/svm_mmio/enable; cat trace; cd /; umount {TRACING}; rmmod svm_mmio""",
                          guard.LIMIT)
    events = re.findall(r"svm_mmio_(?:guard|user)_.*", text)
    seen["hooks"] = text.partition("map:")[0]
    seen["trace"] = [re.sub(r"pid=\d+ |addr=\S+ |: 0x\w+", "", event) for event in events]
    seen["traced at all"] = bool(events)


def hcalls(it, seen, module, _):
    """The same accesses by hcalls."""
    it.guest.check(f"insmod {module.replace('sprg0', 'hcall')}")
    seen["differential, by hcall"] = guard.run_cases(it.guest, 300).wrong
    it.guest.check("rmmod svm_mmio")
