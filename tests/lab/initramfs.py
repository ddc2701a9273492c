# SPDX-License-Identifier: GPL-2.0
"""The guest's root file system: busybox, tests/guest and what a test adds, as newc cpio.

The archive is written here rather than by cpio(1), which would need a staging tree with the
right modes and times to give the same bytes twice.
"""

import gzip
import hashlib
import os
import stat
from pathlib import Path, PurePosixPath

from . import paths

DIRECTORY = stat.S_IFDIR | 0o755
PROGRAM = stat.S_IFREG | 0o755
DATA = stat.S_IFREG | 0o644


def make_initramfs(kernel, files=None):
    """Return the path of an initramfs with @files: {"/path/in/guest": bytes or Path}.

    A file that is executable on the host is executable in the guest. Its name says its content,
    so it is made once.
    """
    entries = {"init": (PROGRAM, paths.GUEST_INIT.read_bytes()),
               "agent": (DATA, paths.GUEST_AGENT.read_bytes()),
               "bin/busybox": (PROGRAM, kernel.busybox.read_bytes())}
    for name, what in (files or {}).items():
        is_program = isinstance(what, Path) and os.access(what, os.X_OK)
        entries[name.lstrip("/")] = (PROGRAM if is_program else DATA,
                                     what.read_bytes() if isinstance(what, Path) else what)
    archive = newc(entries)
    path = paths.INITRAMFS / f"{hashlib.sha256(archive).hexdigest()[:16]}.cpio.gz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.{os.getpid()}")
        new.write_bytes(gzip.compress(archive, compresslevel=1, mtime=0))
        new.rename(path)
    return path


def newc(entries):
    """A cpio archive of @entries: {"path": (mode, content)}."""
    parents = {str(parent) for name in entries for parent in PurePosixPath(name).parents}
    entries = {**{name: (DIRECTORY, b"") for name in parents - {"."}}, **entries}
    # Sorted, a directory comes before what is in it.
    members = [_member(number, name, *entries[name])
               for number, name in enumerate(sorted(entries), start=1)]
    return b"".join(members) + _member(0, "TRAILER!!!", 0, b"")


def _member(inode, name, mode, content):
    fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return _padded(header) + _padded(content)


def _padded(data):
    return data + bytes(-len(data) % 4)
