# SPDX-License-Identifier: GPL-2.0
"""SOAK=1 in the environment makes long tests much longer."""

import os

SOAK = os.environ.get("SOAK", "0") not in ("", "0")

# By how much.
FACTOR = 20 if SOAK else 1
