# SPDX-License-Identifier: GPL-2.0
"""The project's Debian packages, built from a clean export of the tree: another test may be
building in the tree itself.
"""

import subprocess

from . import paths


def build(directory, *options):
    """Build them in @directory, with @options of dpkg-buildpackage's: {name: file}."""
    release = directory / "release.tar.xz"
    for argv in ([paths.TOP / "packaging/export.sh", release],
                 ["tar", "-C", directory, "--strip-components=1", "-xf", release],
                 [directory / "packaging/deb.sh", *options]):
        subprocess.run(argv, check=True, capture_output=True)
    return {file.name.partition("_")[0]: file for file in directory.glob("build/deb/*.deb")}
