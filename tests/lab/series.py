# SPDX-License-Identifier: GPL-2.0
"""The series of patches for the kernel itself, upstream/: what is in it, and how it is applied.

    series.apply(tree)

A patch has as little of the kernel's text around a change as git takes.
"""

import hashlib
import re
import subprocess
import tarfile

from . import paths
from .errors import LabError

DIRECTORY = paths.TOP / "upstream"
# What it adds is below directories that MAINTAINERS has already.
IGNORE = ("FILE_PATH_CHANGES",)
FILE = re.compile(r"^diff --git a/(\S+) b/\S+\n(new file)?", re.MULTILINE)

# Nothing of who runs it, and no hook, has a say in what comes of it.
GIT = ("git", "-c", "user.name=lab", "-c", "user.email=lab@localhost", "-c", "commit.gpgsign=false",
       "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false", "-c", "safe.directory=*")


def patches():
    """The files of the patches, in order."""
    found = sorted(DIRECTORY.glob("*.patch"))
    if not found:
        raise LabError(f"there are no patches in {paths.shown(DIRECTORY)}")
    return found


def key():
    """What tells this series from another."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in patches())).hexdigest()[:8]


def changed():
    """The files of the kernel that the series changes, and those that it adds: two sets."""
    old, new = set(), set()
    for file in patches():
        for name, added in FILE.findall(file.read_text(encoding="utf-8")):
            (new if added or name in new else old).add(name)
    return old, new


def lines():
    """How many lines the series adds to each file, and takes away: {file: (added, removed)}."""
    found = {}
    for file in patches():
        done = _git(paths.TOP, "apply", "--numstat", "-p1", str(file))
        for line in done.splitlines():
            added, removed, name = line.split("\t")
            before = found.get(name, (0, 0))
            found[name] = (before[0] + int(added), before[1] + int(removed))
    return found


def keep(tree, archive):
    """Put the files of the kernel in @tree that the series changes into the file @archive."""
    with tarfile.open(archive, "w:gz") as file:
        for name in sorted(changed()[0]):
            file.add(tree / name, name)


def restore(archive, tree):
    """Put them into @tree."""
    with tarfile.open(archive) as file:
        # Newer Pythons have several ways, and want to be told which; Debian 12's has the one.
        file.extraction_filter = getattr(tarfile, "data_filter", None)
        file.extractall(tree)


def apply(tree):
    """Apply the series to the kernel in @tree, as a maintainer would: by git am.

    Only the files that it changes need be there.
    """
    old, _ = changed()
    _git(tree, "init", "-q")
    _git(tree, "add", "-f", *sorted(old))
    _git(tree, "commit", "-q", "-m", "The kernel, as far as the series changes it")
    _git(tree, "am", "-q", *map(str, patches()))


def _git(directory, *arguments):
    done = subprocess.run([*GIT, *arguments], cwd=directory, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise LabError(f"git {arguments[0]} in {paths.shown(directory)} says:\n"
                       f"{(done.stdout + done.stderr).strip()}")
    return done.stdout
