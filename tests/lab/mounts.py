# SPDX-License-Identifier: GPL-2.0
"""Commands as root of mounts of their own, which nobody else sees."""

import functools
import subprocess

from .errors import LabError

# The first is confined more, and needs not to be root. It is refused in a chroot, and where user
# namespaces are switched off.
WAYS = (("unshare", "--user", "--map-root-user", "--mount"), ("unshare", "--mount"))


@functools.cache
def find(ways=WAYS):
    """The first of @ways that works here."""
    said = []
    for way in ways:
        tried = subprocess.run([*way, "true"], capture_output=True, text=True, check=False)
        if not tried.returncode:
            return way
        said.append(f"{' '.join(way)}: {tried.stderr.strip()}")
    raise LabError("\n".join([
        "Mounts of its own are what this needs, and cannot have here:", *said,
        "Allow user namespaces (sysctl user.max_user_namespaces, or the container's settings), or "
        "run it as root with CAP_SYS_ADMIN."]))


def in_own_mounts(script, *argv):
    """The command line of the shell @script, which can mount what it likes; @argv are $1 and on."""
    return [*find(), "sh", "-c", script, "sh", *map(str, argv)]
