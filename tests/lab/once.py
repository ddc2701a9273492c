# SPDX-License-Identifier: GPL-2.0
"""Directories that are made once: complete or absent, whatever is interrupted or run twice."""

import contextlib
import fcntl
import os
import shutil

from .paths import shown
from .progress import say


@contextlib.contextmanager
def locked(path):
    """Hold the lock file @path; another process that wants it waits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run that holds {shown(path)}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def make_once(path, fill):
    """Return directory @path; if it is not there, fill(temporary directory) makes it first."""
    if path.exists():
        return path
    with locked(path.with_name(path.name + ".lock")):
        if not path.exists():
            new = path.with_name(path.name + ".new")
            # Left by an interrupted run: nobody else uses it, as we hold the lock.
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            fill(new)
            os.rename(new, path)
    return path
