# SPDX-License-Identifier: GPL-2.0
"""Where things are. All that the lab makes is below build/, so `make distclean` undoes it."""

import os
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
GUEST_INIT = TOP / "tests" / "guest" / "init"
GUEST_AGENT = TOP / "tests" / "guest" / "agent"

BUILD = TOP / "build"
APT = BUILD / "apt"
ROOTS = BUILD / "roots"
MODULES = BUILD / "modules"
INITRAMFS = BUILD / "initramfs"
# Tests that run at the same time have guests of the same name.
LOGS = BUILD / "logs" / os.environ.get("PYTEST_XDIST_WORKER", "")


def log(name):
    """The path of the log called @name; its directory exists."""
    LOGS.mkdir(parents=True, exist_ok=True)
    return LOGS / f"{name}.log"


def shown(path):
    """@path as a person at the top of the repository would type it."""
    try:
        return str(Path(path).relative_to(TOP))
    except ValueError:
        return str(path)
