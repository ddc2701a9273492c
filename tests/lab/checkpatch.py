# SPDX-License-Identifier: GPL-2.0
"""The kernel's own style checker, scripts/checkpatch.pl.

Debian ships it in no package but the whole kernel source: that is fetched once, and all but the
script and the two word lists it reads is dropped again.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from . import linux_source, paths
from .apt import Apt
from .errors import LabError
from .once import make_once

SUITE = "bookworm-backports"
PACKAGE = "linux-source-6.12"
FILES = ("checkpatch.pl", "spelling.txt", "const_structs.checkpatch")


def get():
    """The path of checkpatch.pl, its word lists beside it; fetched on the first call."""
    return make_once(paths.BUILD / "checkpatch" / PACKAGE, _fill) / FILES[0]


def complaints(files, ignore=(), types=(), is_patch=False):
    """What checkpatch.pl --strict has to say of @files: lines of FILE:LINE: LEVEL:TYPE: text.

    @ignore    complaint types that are not wanted
    @types     names to take for types, which it cannot know from one file
    @is_patch  whether they are patches, and not sources
    """
    # It leaves a cache in the directory it is run in, and asks git about the kernel's history:
    # let neither happen in the tree.
    with tempfile.TemporaryDirectory() as scratch:
        typedefs = Path(scratch, "typedefs")
        typedefs.write_text("".join(f"{name}\n" for name in types), encoding="ascii")
        command = ["perl", get(), "--no-tree", "--strict", "--terse", "--show-types",
                   "--no-summary", "--color=never", "--max-line-length=100",
                   f"--typedefsfile={typedefs}"]
        if ignore:
            command.append("--ignore=" + ",".join(ignore))
        kind = "--patch" if is_patch else "-f"
        done = subprocess.run([*command, kind, *(paths.TOP / file for file in files)],
                              cwd=scratch, env={**os.environ, "GIT_DIR": scratch},
                              capture_output=True, text=True, check=False)
    said = done.stdout.replace(f"{paths.TOP}/", "").splitlines()
    if done.returncode and not said:
        raise LabError(f"checkpatch.pl failed:\n{done.stderr.strip()[-2000:]}")
    return said


def _fill(new):
    # Of its directory scripts nothing but these: without the directory itself.
    members = ["--strip-components=2", *(f"{PACKAGE}/scripts/{name}" for name in FILES)]
    with Apt(SUITE) as apt:
        linux_source.unpack(apt, PACKAGE, new, members)
