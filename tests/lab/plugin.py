# SPDX-License-Identifier: GPL-2.0
"""QEMU's plugins: compiled on this machine, for the QEMU of qemu.py.

Each has its C files in a directory of its own, and shares those in tests/plugin.
"""

import hashlib
import os
import shlex
import shutil
import subprocess

from . import paths
from .errors import LabError
from .root import write_files

SHARED = paths.TOP / "tests/plugin"
PLUGINS = paths.BUILD / "plugins"
CFLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-fvisibility=hidden",
          "-shared", "-I", str(SHARED)]


def build(name, directory, replace=()):
    """Compile the plugin called @name, in @directory, unless that was done before; its path.

    @replace    [(old, new)] of its source, each old text there once: for a plugin that is to
                be wrong in a known way
    """
    glib = shlex.split(_output(["pkg-config", "--cflags", "--libs", "glib-2.0"]))
    sources = {path.name: path.read_text(encoding="ascii")
               for path in sorted(directory.glob("*.[ch]"))}
    for old, new in replace:
        file, = (file for file, text in sources.items() for _ in range(text.count(old)))
        sources[file] = sources[file].replace(old, new)
    shared = [path.read_text(encoding="ascii") for path in sorted(SHARED.glob("*.h"))]

    # -l and its like come last, behind what needs them.
    options = [*CFLAGS, f'-DPLUGIN_NAME="{name}"']
    digest = hashlib.sha256(repr((options, glib, sources, shared)).encode()).hexdigest()[:16]
    plugin = PLUGINS / f"{name}-{digest}.so"
    if not plugin.exists():
        # Under another name first: another process may be building the same.
        new = plugin.with_suffix(f".{os.getpid()}")
        write_files(new, {file: text.encode() for file, text in sources.items()})
        _output(["gcc", *options, "-o", str(new / "plugin.so"),
                 *(str(new / file) for file in sources if file.endswith(".c")), *glib])
        (new / "plugin.so").replace(plugin)
        shutil.rmtree(new)
    return plugin


def _output(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
    except FileNotFoundError as error:
        raise LabError(f"{command[0]} is missing, and QEMU's plugins need it to build: "
                       "install gcc, pkgconf and libglib2.0-dev") from error
    if done.returncode:
        raise LabError(f"building a plugin of QEMU's failed:\n{shlex.join(command)}\n"
                       f"{done.stdout.strip()}")
    return done.stdout
