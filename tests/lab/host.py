# SPDX-License-Identifier: GPL-2.0
"""What the lab must know about the Debian it runs on: its release, and the mirror it uses."""

import functools
import platform
import re
import subprocess

from .errors import LabError


@functools.cache
def codename():
    """The host's release: bookworm, trixie, ..."""
    release = platform.freedesktop_os_release()
    if release.get("ID") != "debian" or "VERSION_CODENAME" not in release:
        raise LabError(
            f"the lab needs Debian 12 or 13, and this is {release.get('PRETTY_NAME', 'not')}.\n"
            "Run it in a container, for example: docker run -it -v \"$PWD:/src\" -w /src debian:13")
    return release["VERSION_CODENAME"]


@functools.cache
def mirror():
    """The URI of the archive that the host's own apt uses for its release.

    `update --print-uris` reads .list and .sources alike, needs no root, no network and no
    earlier update. A configuration may call the release by its code name or by its role.
    """
    found = subprocess.run(["apt-get", "update", "--print-uris"], capture_output=True, text=True,
                           check=False)
    suites = f"{re.escape(codename())}|stable|oldstable|testing|unstable"
    match = re.search(rf"^'(\S+?)/*/dists/(?:{suites})/InRelease'", found.stdout, re.MULTILINE)
    if not match:
        raise LabError(
            f"apt knows no mirror for Debian {codename()}. Is there an entry for it in "
            "/etc/apt/sources.list or /etc/apt/sources.list.d?\n" + found.stderr)
    return match.group(1)
