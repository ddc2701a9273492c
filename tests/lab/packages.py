# SPDX-License-Identifier: GPL-2.0
"""The project's Debian packages, built from a clean export of the tree: another test may be
building in the tree itself.
"""

import shutil
import subprocess

from . import paths, tool


def build(directory, *options):
    """Build them in @directory, with @options of dpkg-buildpackage's: {name: file}."""
    release = directory / "release.tar.xz"
    for argv in ([paths.TOP / "packaging/export.sh", release],
                 ["tar", "-C", directory, "--strip-components=1", "-xf", release],
                 [directory / "packaging/deb.sh", *options]):
        subprocess.run(argv, check=True, capture_output=True)
    return {file.name.partition("_")[0]: file for file in directory.glob("build/deb/*.deb")}


def for_ppc64el(package, directory):
    """The package of the command as it would be on ppc64el: this machine's, with the command that
    the lab builds for guests in place of its own.
    """
    root = directory / "root"
    subprocess.run(["dpkg-deb", "-R", package, root], check=True)
    command = f"/usr/bin/{tool.PROGRAM}"
    shutil.copy(tool.guest_files()[command], root / command.lstrip("/"))
    (root / "DEBIAN/md5sums").unlink()
    control = root / "DEBIAN/control"
    text = control.read_text(encoding="utf-8")
    control.write_text(text.replace("Architecture: amd64\n", "Architecture: ppc64el\n"),
                       encoding="utf-8")
    made = directory / "svm-mmio_ppc64el.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", root, made], check=True,
                   capture_output=True)
    return made
