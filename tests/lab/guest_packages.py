# SPDX-License-Identifier: GPL-2.0
"""The project's Debian packages for a guest of ppc64le, built on this machine: make deb-ppc64el.

What builds them is in a private root: debhelper and a cross compiler of the guest's own Debian, so
that the command asks for the libraries that this one has.
"""

import hashlib
import shutil
import subprocess

from . import paths
from .apt import Apt
from .debian import install
from .kernels import CROSS
from .once import make_once
from .progress import say
from .root import build, workplace
from .tool import NEEDS

SUITES = ("bookworm", "trixie")
TRIPLET = CROSS.rstrip("-")
PACKAGES = ["base-files", "bash", "coreutils", "dash", "debhelper", "dh-dkms", "diffutils",
            "dpkg-dev", "findutils", f"gcc-{TRIPLET}", "grep", "gzip", "hostname", "mawk", "perl",
            "pkgconf", "sed", "tar", "xz-utils", *(f"{name}:ppc64el" for name in NEEDS)]

# What is there answers no question of packages that are installed: hence -d.
SCRIPT = """\
set -e
export PKG_CONFIG_LIBDIR={pkg_config}
cd /build/{place}
tar -xf svm-mmio.tar.xz
cd svm-mmio-*
cp -R packaging/debian debian
dpkg-buildpackage -us -uc -b -d -a ppc64el
"""
PKG_CONFIG = f"/usr/lib/{TRIPLET}/pkgconfig:/usr/share/pkgconfig"


def make(suite):
    """Build them for a guest that is Debian @suite: {name: file}."""
    root = _root(suite)
    release = paths.BUILD / f"deb-ppc64el-{suite}.tar.xz"
    subprocess.run([paths.TOP / "packaging/export.sh", release], check=True)
    content = release.read_bytes()
    release.unlink()

    def fill(new):
        say(f"building the packages for ppc64el, {suite}")
        place = new.name.removesuffix(".new")
        with workplace(root, place, {"svm-mmio.tar.xz": content}) as inside:
            build(root, ["sh", "-c", SCRIPT.format(place=place, pkg_config=PKG_CONFIG)],
                  paths.log(f"build-{place}"), "packages for ppc64el")
            for file in inside.glob("*.deb"):
                shutil.move(file, new)

    key = hashlib.sha256(content + repr((SCRIPT, root.name)).encode()).hexdigest()[:12]
    made = make_once(paths.BUILD / "deb-ppc64el" / f"{suite}-{key}", fill)
    return {file.name.partition("_")[0]: file for file in sorted(made.glob("*.deb"))}


def _root(suite):
    ask = hashlib.sha256(repr((suite, PACKAGES)).encode()).hexdigest()[:8]
    return make_once(paths.ROOTS / f"deb-ppc64el-{suite}-{ask}",
                     lambda new: _make_root(suite, new))


def _make_root(suite, new):
    with Apt(suite) as apt:
        debs = apt.with_dependencies(PACKAGES)
        size = sum(deb.size for deb in debs) // 1000000
        say(f"fetching {len(debs)} packages to build packages with ... {size} MB")
        install(apt.fetch(debs), new)
    # What maintainer scripts, and a package of pkgconf's for each architecture, would have made.
    for link, to in (("etc/dpkg/origins/default", "debian"),
                     (f"usr/bin/{CROSS}pkg-config", "pkgconf")):
        if not (new / link).is_symlink():
            (new / link).symlink_to(to)
