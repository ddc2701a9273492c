# SPDX-License-Identifier: GPL-2.0
"""The command svm-mmio: built for this machine, for this machine with sanitizers, for a guest."""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass

from . import elf, paths
from .errors import BuildError, LabError
from .kernels import CROSS, TOOLS
from .nested import LIBRARIES, LOADER
from .once import make_once
from .progress import say
from .root import Recipe, build, make_root, workplace

SOURCE = paths.TOP / "tools"
SANITIZE = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
SUITE = "bookworm"      # whatever the host is: one command for one initramfs
NEEDS = ("libelf-dev", "libdw-dev", "libcapstone-dev", "liblzma-dev", "libzstd-dev", "zlib1g-dev")
PROGRAM = "svm-mmio"


@dataclass(frozen=True)
class Done:
    """What the command returned, and what it printed."""

    rc: int
    out: str
    err: str


def _files():
    """What the command is built of: {"path in the tree": content}."""
    names = [*SOURCE.rglob("*.[ch]"), SOURCE / "Makefile", paths.TOP / "svm_mmio_version.h"]
    return {str(path.relative_to(paths.TOP)): path.read_bytes() for path in sorted(names)}


def _key(*more):
    return hashlib.sha256(repr((_files(), more)).encode()).hexdigest()[:12]


def host(sanitize=False):
    """The path of the command for this machine."""
    flags = SANITIZE if sanitize else "-O2 -g -Werror"

    def fill(new):
        say(f"building {PROGRAM}{' with sanitizers' if sanitize else ''}")
        done = subprocess.run(["make", "-C", SOURCE, f"-j{os.cpu_count()}", f"BUILD={new}",
                               f"CFLAGS={flags}"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(f"{PROGRAM} does not build:\n{done.stdout[-2000:]}{done.stderr}")

    return make_once(paths.BUILD / "tool" / _key(flags), fill) / PROGRAM


def call(*args, program=None, env=None, timeout=300):
    """Run the command: a Done."""
    done = subprocess.run([program or host(), *args], capture_output=True, text=True, check=False,
                          timeout=timeout, stdin=subprocess.DEVNULL,
                          env={**os.environ, **(env or {})})
    return Done(done.returncode, done.stdout, done.stderr)


def audit(*files, **options):
    """What "audit --json" says of @files: the parsed JSON."""
    done = call("--json", "audit", *map(str, files), **options)
    if not done.out:
        raise LabError(f"{PROGRAM} audit printed nothing and returned {done.rc}:\n{done.err}")
    return json.loads(done.out)


def audit_one(file, **options):
    """What it says of one module."""
    module, = audit(file, **options)["modules"]
    return module


def guest_files():
    """The command for ppc64le and its libraries, where a guest is to have them: {"/path": Path}."""
    root = make_root("tool", (SUITE,), (NEEDS, TOOLS), lambda apt: Recipe(
        install=[*TOOLS, f"gcc-{CROSS.rstrip('-')}", "pkgconf",
                 *(f"{name}:ppc64el" for name in NEEDS)]))
    key = _key(root.name)

    def fill(new):
        say(f"building {PROGRAM} for ppc64le")
        where = f"/{LIBRARIES}/pkgconfig"
        with workplace(root, key, _files()) as inside:
            build(root, ["env", f"PKG_CONFIG_LIBDIR={where}", "make", "-C",
                         f"/build/{key}/tools", f"-j{os.cpu_count()}", f"CC={CROSS}gcc"],
                  paths.log(f"build-tool-{key}"), f"{PROGRAM}, for ppc64le,")
            shutil.move(inside / "tools" / PROGRAM, new / PROGRAM)

    program = make_once(paths.BUILD / "tool" / key, fill) / PROGRAM
    found = {f"/usr/bin/{PROGRAM}": program, f"/{LOADER}": root / LIBRARIES / "ld64.so.2"}
    waiting = elf.needed(program)
    while waiting:
        name = waiting.pop()
        if f"/{LIBRARIES}/{name}" not in found and name != "ld64.so.2":
            found[f"/{LIBRARIES}/{name}"] = root / LIBRARIES / name
            waiting += elf.needed(root / LIBRARIES / name)
    return found
