# SPDX-License-Identifier: GPL-2.0
"""What is asked for in the environment: SOAK=1 makes long tests much longer, UPSTREAM=1 adds those
that need the kernel with the series in upstream/, DEBUG_KERNEL=1 those that need the debug kernel.
"""

import os


def _asked_for(name):
    return os.environ.get(name, "0") not in ("", "0")


SOAK = _asked_for("SOAK")
UPSTREAM = SOAK or _asked_for("UPSTREAM")
DEBUG_KERNEL = SOAK or _asked_for("DEBUG_KERNEL")

# By how much.
FACTOR = 20 if SOAK else 1
