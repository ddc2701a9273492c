# SPDX-License-Identifier: GPL-2.0
"""The kernels the module is tested on: Debian's, each with the compiler it was configured with.

A kernel is one root: its image and headers (ppc64el), and the cross tools of its own suite
(amd64). Everything comes from the main suite, never from the security suite, whose linux-kbuild
would be newer than the headers. To add a kernel, add a line to TABLE.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from .errors import FetchError, LabError
from .progress import say
from .root import Recipe, make_root, root_path

CROSS = "powerpc64le-linux-gnu-"
TOOLS = ["base-files", "coreutils", "dash", "diffutils", "dwarves", "findutils", "grep", "make",
         "mawk", "sed"]


@dataclass(frozen=True)
class Spec:
    """How to find a kernel in the archive. {release} and {abi} (no flavour) are filled in."""

    suites: tuple               # the last one has the kernel, the others what it depends on
    release: str                # a pattern: the newest that matches is taken
    gcc: str
    kbuild: str
    kernel_doc: str             # what its kernel-doc, which W=1 runs, is written in
    image: tuple                # the packages that have vmlinux, config and perhaps modules
    vmlinux: str
    config: str
    modules: str = None         # the package that has the modules, if the image has none


# What may be had in several suites is taken from the first that can be fetched.
TABLE = {
    "6.1": (Spec(
        suites=("bookworm",), release=r"6\.1\.0-\d+-powerpc64le", gcc="gcc-12",
        kbuild="linux-kbuild-6.1", kernel_doc="perl", image=("linux-image-{release}",),
        vmlinux="boot/vmlinux-{release}", config="boot/config-{release}"),),
    "6.12": tuple(Spec(
        suites=suites, release=rf"6\.12\.\d+\+{vendor}-powerpc64le", gcc=gcc,
        kbuild="linux-kbuild-{abi}", kernel_doc="perl", image=("linux-image-{release}",),
        vmlinux="boot/vmlinux-{release}", config="boot/config-{release}")
        for suites, vendor, gcc in ((("trixie",), "deb13", "gcc-14"),
                                    (("bookworm", "bookworm-backports"), "deb12", "gcc-12"))),
    "7.2": (Spec(
        suites=("sid",), release=r"7\.2\.\d+\+deb14-powerpc64le", gcc="gcc-16",
        kbuild="linux-kbuild-{abi}", kernel_doc="python3",
        image=("linux-binary-{release}", "linux-base-{release}"),
        vmlinux="usr/lib/modules/{release}/vmlinuz", config="usr/lib/modules/{release}/config",
        modules="linux-modules-{release}"),),
}


@dataclass(frozen=True)
class Kernel:
    """A kernel that is ready to build for and to boot."""

    name: str
    spec: Spec
    release: str
    root: Path
    vmlinux: Path
    config: Path
    make_args: tuple = ()       # what every build for it says to make

    @property
    def headers(self):
        """Where its headers are, inside the root."""
        return f"/usr/src/linux-headers-{self.release}"

    @property
    def identity(self):
        """What tells it from other kernels, for a cache of builds."""
        return self.root.name

    @property
    def busybox(self):
        """The static ppc64el busybox of the kernel's suite."""
        return self.root / "usr/bin/busybox"

    @functools.cached_property
    def modules(self):
        """The directory of the kernel's own modules (lib/modules/RELEASE); may fetch them."""
        spec = self.spec
        root = self.root
        if spec.modules:
            package = spec.modules.format(release=self.release)
            root = make_root(f"modules-{self.name}", spec.suites, package,
                             lambda apt: Recipe(unpack=[f"{package}:ppc64el"]))
        return root / "usr/lib/modules" / self.release


def get(name):
    """The kernel called @name in TABLE; its root is made on the first call."""
    if name not in TABLE:
        raise LabError(f"there is no kernel '{name}' in the lab; there are: {', '.join(TABLE)}")
    spec, root = _root(name)
    headers, = root.glob("usr/src/linux-headers-*-powerpc64le")
    release = headers.name.removeprefix("linux-headers-")
    return Kernel(name, spec, release, root,
                  vmlinux=root / spec.vmlinux.format(release=release),
                  config=root / spec.config.format(release=release))


def _root(name):
    """Where the kernel called @name is taken from, and its root: one that is there, or else the
    first that can be made.

    A mirror may be at odds with itself about one suite for days.
    """
    def ask(spec):
        return f"kernel-{name}", spec.suites, (spec, TOOLS)

    specs = TABLE[name]
    specs = [spec for spec in specs if root_path(*ask(spec)).exists()] or specs
    for spec in specs:
        try:
            return spec, make_root(*ask(spec), functools.partial(recipe, spec))
        except FetchError as error:
            if spec is specs[-1]:
                raise
            say(f"Linux {name} is not to be had from Debian {spec.suites[-1]}, trying another "
                f"suite: {str(error).splitlines()[1]}")


def recipe(spec, apt, *more):
    """The Recipe of a root for the kernel of @spec, with the programs @more."""
    headers = apt.newest(f"linux-headers-{spec.release}")
    release = headers.removeprefix("linux-headers-")
    abi = release.removesuffix("-powerpc64le")
    names = {"release": release, "abi": abi}
    cross = f"{spec.gcc}-{CROSS.rstrip('-')}"
    return Recipe(
        install=[*TOOLS, *more, cross, spec.kbuild.format(**names), spec.kernel_doc],
        # The headers' own dependencies ask for a native ppc64el compiler, and sparse's for a
        # second amd64 one, of which it runs nothing.
        unpack=[f"{headers}:ppc64el", f"linux-headers-{abi}-common", "sparse",
                "busybox-static:ppc64el",
                *(f"{package.format(**names)}:ppc64el" for package in spec.image)])
