# SPDX-License-Identifier: GPL-2.0
"""Programs for the guest, in C: cross-built and linked with all they need of the C library."""

import hashlib
import shutil
import subprocess

from . import paths
from .errors import BuildError
from .kernels import CROSS
from .once import make_once
from .root import Recipe, chroot_command, make_root

COMPILER = ["gcc-powerpc64le-linux-gnu", "libc6-dev-ppc64el-cross"]
SUITES = ("bookworm",)
CFLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2", "-static"]


def build_program(source):
    """Build the C files of directory @source into one static program: its path on the host."""
    files = {path.name: path.read_bytes() for path in sorted(source.glob("*.[ch]"))}
    root = make_root("libc-ppc64el", SUITES, COMPILER, lambda apt: Recipe(install=COMPILER))
    key = hashlib.sha256(repr((root.name, CFLAGS, files)).encode()).hexdigest()[:12]

    def fill(new):
        inside = root / "build" / key
        shutil.rmtree(inside, ignore_errors=True)
        inside.mkdir(parents=True)
        for name, content in files.items():
            (inside / name).write_bytes(content)
        done = subprocess.run(
            chroot_command(root, [f"{CROSS}gcc", *CFLAGS, "-o", f"/build/{key}/program",
                                  *(f"/build/{key}/{name}" for name in files
                                    if name.endswith(".c"))]),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise BuildError(f"{paths.shown(source)} does not build:\n{done.stdout}")
        shutil.move(inside / "program", new / source.name)
        shutil.rmtree(inside)

    return make_once(paths.BUILD / "programs" / f"{source.name}-{key}", fill) / source.name
