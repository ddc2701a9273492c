# SPDX-License-Identifier: GPL-2.0
"""Programs for the guest, in C: cross-built and linked with all they need of the C library."""

import hashlib
import shutil

from . import paths
from .kernels import CROSS
from .once import make_once
from .root import Recipe, build, make_root, workplace

COMPILER = ["gcc-powerpc64le-linux-gnu", "libc6-dev-ppc64el-cross"]
SUITES = ("bookworm",)
CFLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2", "-static"]


def build_program(source):
    """Build the C files of directory @source into one static program: its path on the host."""
    files = {path.name: path.read_bytes() for path in sorted(source.glob("*.[ch]"))}
    root = make_root("libc-ppc64el", SUITES, COMPILER, lambda apt: Recipe(install=COMPILER))
    key = hashlib.sha256(repr((root.name, CFLAGS, files)).encode()).hexdigest()[:12]

    def fill(new):
        with workplace(root, key, files) as inside:
            build(root, [f"{CROSS}gcc", *CFLAGS, "-o", f"/build/{key}/program",
                         *(f"/build/{key}/{name}" for name in files if name.endswith(".c"))],
                  paths.log(f"build-program-{key}"), paths.shown(source))
            shutil.move(inside / "program", new / source.name)

    return make_once(paths.BUILD / "programs" / f"{source.name}-{key}", fill) / source.name
