# SPDX-License-Identifier: GPL-2.0
"""Generated mutants: which files they are made of, and a sample of them that a seed draws.

    for change in generated.draw(seed=20261128, count=432): ...

An area is a part of the project whose mutants are judged in the same way, by the tests that it
names: the cheapest first.
"""

import fnmatch
import functools
import hashlib
import pickle
import random
import shlex
import subprocess
from dataclasses import dataclass

from . import changes_c, changes_python, kernels, linux_options, paths, plugin
from .errors import LabError

HOST = ("-std=gnu11", "-D_GNU_SOURCE", "-w")
GLIB = ("glib-2.0",)


@dataclass(frozen=True)
class Area:
    """Files, by patterns in which * does not match /; and who judges their mutants."""

    name: str
    files: tuple
    how: str                    # "tool", "plugin", "native", "python", "module" or "guard"
    tests: dict                 # of pattern, of files, to arguments of pytest, the cheapest first


def _quick(*names):
    return tuple((f"tests/test_{name}.py", "-m", "quick") for name in names)


def _whole(*names):
    return tuple((f"tests/test_{name}.py",) for name in names)


# In one guest, for one mutant after another. What takes long, by the clock, is for those that it
# is about.
SLOW = "not stress and not nested and not copy_fuzz and not all_runs"
ACCESS, TRACE, BAD_INPUT, PARAMETER, NOTICES, FAILURES, GUARDED = (
    (f"tests/test_{name}.py",) for name in (
        "access_file", "trace", "bad_input", "backend_parameter", "selftest_notices",
        "hcall_failures", "guarded_accessors"))
SELFTEST = ("tests/test_selftest.py", "-k", SLOW)
BOOT = ("tests/test_tool_boot.py",)
ALL = ("tests/test_selftest.py", "-k", "all_runs")
COPIES = ("tests/test_selftest.py", "-k", "copy_fuzz")
STRESS = ("tests/test_selftest.py", "-k", "stress or nested")
GONE = ("tests/test_removal.py", "-k", "unbind or interrupt")
STATUS = ("tests/test_status.py", "-k", "not every_access")
LISTED = ("tests/test_windows.py", "-k", "debugfs")
HCALL_COPIES = ("tests/test_backend_hcall.py", "-k", "test_case and copy_fuzz")
HCALL = ("tests/test_backend_hcall.py", "-k", f"(test_status or test_case) and {SLOW}")


AREAS = (
    Area("audit", ("tools/audit/*.c", "tools/cmd_audit.c", "tools/json.c"), "tool", {
        "*": (*_whole("tool_audit_forms"), *_quick("tool_audit"), *_whole("tool_audit"))}),
    Area("command", ("tools/cmd_status.c", "tools/cmd_test.c", "tools/results.c",
                     "tools/status.c"), "tool", {"*": _whole("tool_sysfs")}),
    Area("commands", ("tools/boot.c", "tools/cmd_access.c", "tools/cmd_b*.c", "tools/cmd_d*.c",
                      "tools/cmd_probe.c", "tools/guest.c", "tools/initramfs.c", "tools/loaded.c",
                      "tools/programs.c", "tools/svm-mmio.c", "tools/util.c"), "tool", {
        "tools/initramfs.c": _whole("tool_boot_states", "tool_boot"),
        "tools/*boot.c": (*_whole("tool_boot_states"), BOOT),
        "tools/cmd_doctor.c": _whole("tool_doctor_states"),
        "tools/[lp]*.c": _whole("tool_doctor_states"),
        "tools/[su]*.c": _whole("tool_options", "tool_devices", "tool_doctor_states"),
        "tools/guest.c": _whole("tool_devices", "tool_doctor_states", "tool_sysfs"),
        "*": _whole("tool_devices")}),
    Area("oracle", ("tests/oracle/*.c", "tests/oracle/control.h", "tests/oracle/instruction.h",
                    "tests/plugin/guest.h"), "plugin", {"*": _whole("oracle_plugin")}),
    Area("plugins", ("tests/smf/smf.c", "tests/bench/plugin/recorder.c"), "plugin",
         {"*": _whole("plugins")}),
    Area("model", ("tests/uvmodel/uvmodel_decode.c", "tests/uvmodel/uvmodel_verdict.c"), "native",
         {"*": _whole("uvmodel_judges")}),
    Area("records", ("tests/uvmodel/uvmodel_record.c",), "native",
         {"*": _whole("uvmodel_judges")}),
    Area("load", ("capture/table.c", "capture/insn.c"), "native",
         {"*": _whole("load_check")}),
    Area("search", ("backend/alias.c", "backend/probe.c", "backend/register.c",
                    "backend/search.c", "backend/trials.c"), "native", {"*": _whole("search")}),
    Area("judges", ("tests/lab/windows.py", "tests/lab/ordering.py", "tests/lab/ktap.py",
                    "tests/lab/oracle.py"), "python", {
        "tests/lab/ktap.py": _whole("ktap"),
        "tests/lab/oracle.py": _whole("oracle_plugin"),
        "tests/lab/windows.py": _whole("window_judges"),
        "tests/lab/ordering.py": _whole("ordering")}),
    Area("module", ("svm_mmio_mod.c", "accessors/*.c", "capture/access.c", "backend/choice.c",
                    "backend/detour.c", "backend/hcall.c", "backend/tables.c", "observe/*.c"),
         "module", {
        "backend/detour.c": (TRACE, STATUS, HCALL, SELFTEST, HCALL_COPIES, GUARDED),
        "backend/[ht]*": (HCALL, FAILURES, TRACE, STATUS, PARAMETER),
        "accessors/bulk.c": (SELFTEST, COPIES, TRACE, HCALL, HCALL_COPIES, FAILURES),
        "accessors/*": (SELFTEST, HCALL, TRACE),
        "observe/*": (STATUS, TRACE, LISTED),
        "*": (STATUS, PARAMETER, TRACE, GUARDED)}),
    Area("selftest", ("selftest/*.c",), "module", {
        "selftest/case_bulk.c": (SELFTEST, COPIES, NOTICES, BAD_INPUT),
        "selftest/case_[ns]*": (SELFTEST, STRESS, NOTICES),
        "selftest/[wm]*": (STRESS, SELFTEST, NOTICES),
        "selftest/case_*": (SELFTEST, NOTICES),
        "selftest/ops.c": (SELFTEST, ACCESS),
        "selftest/[dot]*": (SELFTEST, ACCESS, NOTICES, STRESS),
        "*": (ACCESS, SELFTEST, BAD_INPUT, ALL, NOTICES, GONE)}),
    Area("guard", ("guard/*.c",), "guard", {"*": _whole("guard_mutants")}),
)


# What builds modules of its own, and so takes minutes: asked in a tree that has the change, of what
# lived in the guest.
REST = {"accessors/*": ("tests/test_dropin_edge_cases.py", "-k", "by_hcall")}
# A header has no tree of its own: it is read as a part of a file that includes it.
INCLUDED = {header: "tests/oracle/oracle.c" for header in (
    "tests/oracle/control.h", "tests/oracle/instruction.h", "tests/plugin/guest.h")}


def files(area):
    """The files of @area: a sorted list of paths below the top."""
    found = {str(path.relative_to(paths.TOP)) for pattern in area.files
             for path in paths.TOP.glob(pattern)}
    missing = [pattern for pattern in area.files if not fnmatch.filter(found, pattern)]
    if missing:
        raise LabError(f"there is no {missing[0]}: change AREAS in tests/lab/generated.py")
    return sorted(found)


def area_of(file):
    """The Area that @file belongs to."""
    for area in AREAS:
        if any(fnmatch.fnmatch(file, pattern) for pattern in area.files):
            return area
    raise LabError(f"{file} belongs to no area: AREAS in tests/lab/generated.py")


def tests(change):
    """What judges @change: tuples of arguments of pytest."""
    return next(found for pattern, found in area_of(change.file).tests.items()
                if fnmatch.fnmatch(change.file, pattern))


def all_changes(areas=None):
    """Every Change there is, or of those @areas that are named: {area's name: [Change]}."""
    return {area.name: [change for file in files(area) for change in changes(file, area)]
            for area in AREAS if not areas or area.name in areas}


def changes(file, area=None):
    """The Changes of @file."""
    area = area or area_of(file)
    if area.how == "python":
        return changes_python.changes(file)
    read = INCLUDED.get(file, file)
    # What the kernel's headers make of a file takes half a second to read.
    own = [(paths.TOP / name).read_bytes() for name in sorted({
        file, read, "tests/lab/changes_c.py", "tests/lab/change.py"})]
    kept = paths.BUILD / "changes" / hashlib.sha256(repr((file, own)).encode()).hexdigest()[:24]
    if not kept.exists():
        found = changes_c.changes(read, options(area.how), [file])[file]
        kept.parent.mkdir(parents=True, exist_ok=True)
        new = kept.with_suffix(".new")
        new.write_bytes(pickle.dumps(found))
        new.rename(kept)
    return pickle.loads(kept.read_bytes())


def rest(change):
    """What is asked of a mutant of the module that has lived so far; None if nothing is."""
    return next((args for pattern, args in REST.items()
                 if fnmatch.fnmatch(change.file, pattern)), None)


@functools.cache
def options(how):
    """What clang has to be told to read a file that is judged so."""
    if how == "tool":
        return (*HOST, *_pkg_config("libdw", "libelf", "capstone", "liblzma", "libzstd", "zlib"))
    if how == "plugin":
        return (*HOST, '-DPLUGIN_NAME="oracle"', f"-I{plugin.SHARED}", *_pkg_config(*GLIB))
    return linux_options.for_clang(kernels.get("6.1"))


def _pkg_config(*libraries):
    done = subprocess.run(["pkg-config", "--cflags", *libraries], check=True,
                          capture_output=True, text=True)
    return tuple(shlex.split(done.stdout))


def find(name):
    """The Change called @name, such as backend/hcall.c:17."""
    file, _, number = name.rpartition(":")
    for change in changes(file):
        if str(change.number) == number:
            return change
    raise LabError(f"{file} has no change {number}")


def draw(seed, count, areas=None):
    """@count Changes, as many of each area, or of those @areas that are named.

    The same for the same @seed; of a smaller @count the first of each area.
    """
    wanted = all_changes(areas)
    drawn = []
    for number, (name, found) in enumerate(wanted.items()):
        random.Random(f"{seed} {name}").shuffle(found)
        drawn += found[:count // len(wanted) + (number < count % len(wanted))]
    return drawn
