# SPDX-License-Identifier: GPL-2.0
"""Builds kernel modules in a kernel's root; an unchanged build is not done twice."""

import fnmatch
import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .kernels import CROSS
from .once import make_once
from .progress import say
from .root import build, workplace

# Products of a build are no part of a module's sources: they would hide a missing rule.
PRODUCTS = (".*", "__pycache__", "*.o", "*.ko", "*.mod", "*.mod.c", "*.symvers", "modules.order")


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
    files = {**sources(source), **(extra or {})}
    others = [f"extra-{n}.symvers" for n in range(len(symvers))]
    files.update(zip(others, (other.symvers.read_bytes() for other in symvers)))

    key = content_key(kernel.identity, files, make_args, targets)
    # The tree may have any name: of two that are the same and share build/, one has to build.
    label = f"{'svm_mmio' if source == paths.TOP else source.resolve().name}-{kernel.name}"

    def fill(new):
        say(f"building {label} {' '.join(make_args)}".rstrip())
        started = time.monotonic()
        log = paths.log(f"build-{label}-{key}")
        with workplace(kernel.root, key, files) as inside:
            args = [*make_args]
            if others:
                args.append("KBUILD_EXTRA_SYMBOLS="
                            + " ".join(f"/build/{key}/{name}" for name in others))
            make(kernel, key, args, targets, log, label)
            say(f"built {label} in {time.monotonic() - started:.0f} s")
            shutil.move(inside, new / "tree")
        shutil.move(log, new / "log")

    done = make_once(paths.MODULES / f"{label}-{key}", fill)
    return BuildResult(done / "tree", done / "log")


def make(kernel, directory, args, targets, log, label):
    """Run Kbuild on /build/@directory in the root of @kernel."""
    build(kernel.root, ["make", f"-j{os.cpu_count()}", "-C", kernel.headers,
                        f"M=/build/{directory}", "ARCH=powerpc", f"CROSS_COMPILE={CROSS}",
                        *kernel.make_args, *args, *targets],
          log, f"{label} (kernel {kernel.release})")


def sources(top):
    """The source files of the module in directory @top: a dict of relative path to Path.

    Of the project's own tree that is what its packages have. A driver has its directory to itself.
    """
    if top == paths.TOP:
        names = subprocess.run([top / "packaging/sources.sh"], check=True, stdout=subprocess.PIPE,
                               text=True).stdout.split()
        return {name: top / name for name in names}
    files = {}
    for directory, names, plain in os.walk(top):
        names[:] = [name for name in names if not _is_product(name)]
        for name in plain:
            path = Path(directory, name)
            if not _is_product(name) and path.is_file():
                files[str(path.relative_to(top))] = path
    return files


def _is_product(name):
    return any(fnmatch.fnmatch(name, pattern) for pattern in PRODUCTS)


def content_key(kernel, files, make_args, targets):
    digest = hashlib.sha256(repr((kernel, tuple(make_args), tuple(targets))).encode())
    for name, what in sorted(files.items()):
        content = what.read_bytes() if isinstance(what, Path) else what
        program = "program" if isinstance(what, Path) and os.access(what, os.X_OK) else ""
        digest.update(f"{name}\0{program}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]
