# SPDX-License-Identifier: GPL-2.0
"""Progress lines for whoever waits: one line to stderr for anything longer than a second or two."""

import sys


def say(text):
    """Print one progress line."""
    print(f"lab: {text}", file=sys.stderr, flush=True)
