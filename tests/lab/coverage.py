# SPDX-License-Identifier: GPL-2.0
"""Which lines of the module's C code have run in a guest, as gcov counted them.

    built = subject.build(kernel, make_args=coverage.ARGUMENTS)
    ... a guest with CONFIG_GCOV_KERNEL=y and coverage.APPEND loads and uses it ...
    print(coverage.table(coverage.collect(guest, kernel, built), {}))
"""

import io
import json
import os
import re
import tarfile
from pathlib import PurePath

from . import paths
from .errors import LabError
from .kernels import CROSS
from .root import build, workplace

ARGUMENTS = ("GCOV_PROFILE=y",)
REPORT = paths.BUILD / "coverage.txt"
APPEND = "gcov_persist=1"       # what was counted stays when the module goes

DATA = "/sys/kernel/debug/gcov"
COLLECT = f"""
rm -rf /tmp/gcov; cd {DATA} || exit
find . -name '*.gcda' -type f | while read -r file; do
    mkdir -p "/tmp/gcov/${{file%/*}}" && cat "$file" >"/tmp/gcov/$file" || exit
done
tar -C /tmp/gcov -c ."""


def collect(guest, kernel, built):
    """What ran so far in @guest of BuildResult @built: {file: {line: how often}}, where the lines
    are those that have code.
    """
    result = guest.run(COLLECT, 600)
    if result.rc:
        raise LabError(f"guest {guest.name} has no counts of gcov in {DATA}: {result.out[-500:]}")
    files = {}
    with tarfile.open(fileobj=io.BytesIO(result.data)) as tar:
        for member in filter(tarfile.TarInfo.isfile, tar.getmembers()):
            # As the build called it: /build/KEY/selftest/bar.gcda
            inside = PurePath(*PurePath(member.name).parts[2:])
            notes = built.tree / inside.with_suffix(".gcno")
            files[f"{inside}"] = tar.extractfile(member).read()
            files[f"{inside.with_suffix('.gcno')}"] = notes.read_bytes()
    log = paths.log("gcov")
    with workplace(kernel.root, "gcov", files):
        build(kernel.root, ["sh", "-c", "cd /build/gcov && find . -name '*.gcda' -exec "
                            f"{CROSS}gcov-{_version(kernel)} --json-format --stdout {{}} +"],
              log, "the report of gcov")
    counts = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        if line.startswith("{"):
            _add(json.loads(line), counts)
    return counts


def _version(kernel):
    return re.search(r"^CONFIG_GCC_VERSION=(\d+)\d{4}$", kernel.config.read_text("utf-8"),
                     re.MULTILINE)[1]


def _add(report, counts):
    """Add one object's counts; those of the kernel's own headers are not of interest."""
    for file in report["files"]:
        name = os.path.normpath(re.sub(r"^/build/[^/]+/", "", file["file"]))
        if not (paths.TOP / name).is_file():
            continue
        lines = counts.setdefault(name, {})
        for line in file["lines"]:
            number = line["line_number"]
            lines[number] = lines.get(number, 0) + line["count"]


def missed(counts):
    """The lines that never ran: a list of (file, number, text)."""
    return [(name, number, text[number - 1].strip())
            for name, lines in sorted(counts.items())
            for text in [(paths.TOP / name).read_text(encoding="utf-8").splitlines()]
            for number, count in sorted(lines.items()) if not count]


def share(lines):
    """How many of @lines, a dict of line to count, have run: a number from 0 to 1."""
    return sum(count > 0 for count in lines.values()) / len(lines)


def total(counts):
    """All lines of all files in one dict."""
    return {(name, number): count for name, lines in counts.items()
            for number, count in lines.items()}


def table(counts, reasons):
    """A table to read, and then each line that never ran. @reasons says why, for some files."""
    rows = [f"{'file':<30}{'lines':>6}{'run':>6}{'':>8}   why not all"]
    for name, lines in [*sorted(counts.items()), ("all", total(counts))]:
        ran = sum(count > 0 for count in lines.values())
        why = reasons.get(name, "") if ran < len(lines) else ""
        rows.append(f"{name:<30}{len(lines):>6}{ran:>6}{share(lines):>8.1%}   {why}".rstrip())
    rows.append("")
    rows += [f"{name}:{number}: {text}" for name, number, text in missed(counts)]
    return "\n".join(rows)
