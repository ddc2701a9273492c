# SPDX-License-Identifier: GPL-2.0
"""Builds kernel modules in a kernel's root; an unchanged build is not done twice."""

import fnmatch
import hashlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .errors import BuildError
from .kernels import CROSS
from .once import make_once
from .progress import say
from .root import run

# What is no part of a module's sources: left out of a build and of what makes it a new one.
# Products of a build in the source tree itself would also hide a missing rule.
NOT_SOURCES = ("build", "docs", "packaging", "samples", "tests", "tools", ".*", "__pycache__",
               "*.md", "*.o", "*.ko", "*.mod", "*.mod.c", "*.symvers", "modules.order")
TAIL = 40


@dataclass(frozen=True)
class BuildResult:
    """A finished build."""

    tree: Path          # the directory it was built in: sources, objects, .cmd files
    log: Path           # all that make said

    @property
    def ko(self):
        """The modules: a dict of name (without .ko) to path."""
        return {ko.stem: ko for ko in sorted(self.tree.rglob("*.ko"))}

    @property
    def symvers(self):
        """The Module.symvers, for a build against these modules."""
        return self.tree / "Module.symvers"

    @property
    def output(self):
        """The text of the log."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def build_module(kernel, source, *, make_args=(), targets=("modules",), extra=None, symvers=()):
    """Build the modules of directory @source for @kernel; returns a BuildResult.

    @make_args  more arguments to make, such as "W=1", "C=2", "SVM_MMIO_SELFTEST=n"
    @extra      files to put beside the sources: {"relative/path": bytes or Path}
    @symvers    other BuildResults whose exported symbols these modules use
    """
    files = {**_sources(Path(source)), **{name: _content(what)
                                          for name, what in (extra or {}).items()}}
    others = [f"extra-{n}.symvers" for n in range(len(symvers))]
    files.update(zip(others, (other.symvers.read_bytes() for other in symvers)))

    key = _key(kernel.identity, files, make_args, targets)
    label = f"{Path(source).resolve().name}-{kernel.name}"

    def fill(new):
        work = f"build/{key}"
        inside = kernel.root / work
        shutil.rmtree(inside, ignore_errors=True)
        for name, content in files.items():
            path = inside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        args = [*make_args]
        if others:
            args.append("KBUILD_EXTRA_SYMBOLS=" + " ".join(f"/{work}/{name}" for name in others))
        say(f"building {label} {' '.join(make_args)}".rstrip())
        started = time.monotonic()
        log = paths.log(f"build-{label}-{key}")
        status = run(kernel.root,
                     ["make", f"-j{os.cpu_count()}", "-C", kernel.headers, f"M=/{work}",
                      "ARCH=powerpc", f"CROSS_COMPILE={CROSS}", *args, *targets], log)
        if status:
            shutil.rmtree(inside)
            last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
            raise BuildError(f"{label} does not build (kernel {kernel.release}):\n"
                             + "\n".join(last)
                             + f"\nThe whole log: {paths.shown(log)}")
        say(f"built {label} in {time.monotonic() - started:.0f} s")
        shutil.move(inside, new / "tree")
        shutil.move(log, new / "log")

    done = make_once(paths.MODULES / f"{label}-{key}", fill)
    return BuildResult(done / "tree", done / "log")


def _content(what):
    return what.read_bytes() if isinstance(what, Path) else what


def _sources(top):
    """The source files below @top: a dict of relative path to content."""
    files = {}
    for directory, names, plain in os.walk(top):
        names[:] = [name for name in names if not _ignored(name)]
        for name in plain:
            path = Path(directory, name)
            if not _ignored(name) and path.is_file():
                files[str(path.relative_to(top))] = path.read_bytes()
    return files


def _ignored(name):
    return any(fnmatch.fnmatch(name, pattern) for pattern in NOT_SOURCES)


def _key(kernel, files, make_args, targets):
    digest = hashlib.sha256(repr((kernel, tuple(make_args), tuple(targets))).encode())
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()[:12]
