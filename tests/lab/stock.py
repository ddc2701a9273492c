# SPDX-License-Identifier: GPL-2.0
"""Modules of a kernel's own package, ready to be put into a guest."""

import hashlib
import lzma

from . import elf, paths
from .once import make_once


def stock_modules(kernel, *names):
    """Modules of the kernel's own package, those they need before them: {name: file}."""
    found = {}
    for name in names:
        file = _unpacked(next(kernel.modules.rglob(f"{name}.ko*")))
        found.update(stock_modules(kernel, *elf.depends(file)))
        found[name] = file
    return found


def is_module(kernel, name):
    """Whether @kernel has @name as a module; else it is built in, or not there."""
    return any(kernel.modules.rglob(f"{name}.ko*"))


def _unpacked(file):
    """@file, or what it is compressed from: elsewhere, as the kernel's root stays as it is."""
    if file.suffix != ".xz":
        return file
    data = lzma.decompress(file.read_bytes())
    name = f"{file.stem.removesuffix('.ko')}-{hashlib.sha256(data).hexdigest()[:12]}"
    return make_once(paths.BUILD / "stock-modules" / name,
                     lambda new: (new / file.stem).write_bytes(data)) / file.stem
