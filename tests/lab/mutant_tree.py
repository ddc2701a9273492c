# SPDX-License-Identifier: GPL-2.0
"""A copy of the project in which one file is changed, to run its tests in.

What was built before is there, by links; what the changed tree builds is its own, and goes with it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from . import paths
from .errors import LabError

PREFIX = "mutant-tree-"
# Of build/, what many builds share: each has a name that says what it is made of.
BY_CONTENT = ("changes", "initramfs", "modules", "native", "plugins", "programs", "stock-modules",
              "tool", "variants")
PASSED = 0
NO_TEST = 5


class Tree:
    """The copy; use it in a with statement."""

    def __init__(self):
        paths.BUILD.mkdir(exist_ok=True)
        self._directory = tempfile.TemporaryDirectory(prefix=PREFIX, dir=paths.BUILD)
        self.top = Path(self._directory.name)
        for name in _sources():
            place = self.top / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(paths.TOP / name, place, follow_symlinks=False)
        self._share()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._directory.cleanup()

    def _share(self):
        """Its build/ has what the project's own has by now."""
        build = self.top / "build"
        build.mkdir(exist_ok=True)
        for entry in paths.BUILD.iterdir():
            inside = build / entry.name
            if entry.name in ("logs", "oracle") or entry.name.startswith(PREFIX):
                continue
            if entry.name not in BY_CONTENT:
                if not inside.exists():
                    inside.symlink_to(entry)
                continue
            inside.mkdir(exist_ok=True)
            for product in entry.iterdir():
                place = inside / product.name
                if not product.name.endswith((".lock", ".new")) and not place.exists():
                    place.symlink_to(product)

    @contextlib.contextmanager
    def changed(self, change):
        """With @change in it."""
        place = self.top / change.file
        before, products = place.read_bytes(), self._products()
        place.write_bytes(change.of(before))
        try:
            yield
        finally:
            place.write_bytes(before)
            for product in self._products() - products:
                if product.is_dir():
                    shutil.rmtree(product)
                else:
                    product.unlink()

    def _products(self):
        """What has been built."""
        return {product for name in BY_CONTENT
                for product in (self.top / "build" / name).glob("*")}

    def python(self, script):
        """What a Python script prints that is run in tests/ of the tree."""
        done = subprocess.run([sys.executable, "-B", "-c", script], cwd=self.top / "tests",
                              capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def passes(self, args, limit):
        """Whether pytest passes with these arguments, in @limit seconds; and what it said."""
        command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-x", "-q",
                   *args]
        with subprocess.Popen(command, cwd=self.top, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, start_new_session=True) as process:
            try:
                said, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                return False, f"it did not end in {limit} s"
        if process.returncode == NO_TEST:
            raise LabError(f"{' '.join(args)} names no test:\n{said[-2000:]}")
        return process.returncode == PASSED, said


def _sources():
    """The files that git knows of, or would add."""
    done = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached",
                           "--others", "--exclude-standard"], cwd=paths.TOP, check=True,
                          capture_output=True, text=True)
    return [name for name in done.stdout.split("\0") if name and (
        paths.TOP / name).is_symlink() | (paths.TOP / name).is_file()]
