# SPDX-License-Identifier: GPL-2.0
"""Which files of the tree are the module, and in which rooms they are."""

from . import paths

# From top to bottom: what is in one needs nothing of those before it (tests/test_layout.py).
ROOMS = ("selftest", "guard", "accessors", "backend", "observe", "capture", "compat")
# Beside them: what a driver, and not the module, is compiled with.
DROPIN = "dropin"


def module(top=paths.TOP, rooms=ROOMS):
    """The C files of the module below @top, those of @rooms and those in no room: sorted paths."""
    found = [file for directory in (top, *(top / room for room in rooms))
             for file in directory.glob("*.[ch]") if not file.name.endswith(".mod.c")]
    return sorted(found)


def room(file, top=paths.TOP):
    """The room that @file is in, "" at the top."""
    parts = file.relative_to(top).parts
    return parts[0] if len(parts) > 1 else ""
