# SPDX-License-Identifier: GPL-2.0
"""Private roots: Debian packages unpacked below build/roots, without running any of their scripts.

A root holds the programs of the suite it was asked for, whatever the host is, so a kernel is
always built with the compiler it was configured with, and QEMU is always new enough.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import paths
from .apt import Apt
from .errors import BuildError, LabError
from .mounts import in_own_mounts
from .once import locked, make_once
from .progress import say

MANIFEST = "lab-manifest"
TAIL = 40       # lines of a log that an error quotes
UNWANTED = ("./usr/share/doc", "./usr/share/info", "./usr/share/locale", "./usr/share/man")

# What a program in a root sees. TMPDIR and friends of the host mean nothing there.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/"}


@dataclass(frozen=True)
class Recipe:
    """What goes into a root."""

    install: list = field(default_factory=list)     # with their dependencies
    unpack: list = field(default_factory=list)      # alone
    suite: str = None                               # preferred for what to install


def root_path(name, suites, ask):
    """Where make_root() puts, or has put, the root that is asked for."""
    key = hashlib.sha256(repr((suites, ask)).encode()).hexdigest()[:8]
    return paths.ROOTS / f"{name}-{key}"


def make_root(name, suites, ask, resolve, **options):
    """Return the path of root @name, made on the first call.

    @ask is whatever the contents follow from: a root is made again when it changes.
    resolve(apt) turns it into a Recipe, once: later runs use what is there, without network.

    Other options are those of Apt().
    """
    def fill(new):
        with Apt(*suites, **options) as apt:
            recipe = resolve(apt)
            debs = (apt.with_dependencies(recipe.install, recipe.suite)
                    + apt.alone(recipe.unpack))
            size = sum(deb.size for deb in debs) // 1000000
            say(f"fetching {len(debs)} packages for {name} ... {size} MB")
            files = apt.fetch(debs)
            say(f"unpacking {name}")
            unpack(files, new)
            manifest = "".join(sorted(f"{deb.exact}\n" for deb in debs))
            (new / MANIFEST).write_text(manifest, encoding="ascii")
            for file in files:
                file.unlink()

    return make_once(root_path(name, suites, ask), fill)


def unpack(debs, root):
    """Unpack package files into @root, a merged-/usr layout with a /dev/null."""
    for directory in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / directory).mkdir(parents=True)
        (root / directory).symlink_to(f"usr/{directory}")
    tar = ["tar", "-C", root, "-x", "--keep-directory-symlink", "--no-same-owner",
           *(f"--exclude={path}" for path in UNWANTED)]
    for deb in debs:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb],
                              stdout=subprocess.PIPE) as data:
            unpacked = subprocess.run(tar, stdin=data.stdout, check=False).returncode
        if unpacked or data.returncode:
            raise LabError(f"{deb.name} does not unpack into {root}. Is the disk full? "
                           f"If not, remove {paths.shown(deb)} and try again.")
    # The only maintainer script whose absence is felt: mawk's link for awk.
    awk = root / "usr/bin/awk"
    if (root / "usr/bin/mawk").exists() and not awk.exists():
        awk.symlink_to("mawk")
    (root / "tmp").mkdir(mode=0o1777, exist_ok=True)
    (root / "dev").mkdir(exist_ok=True)
    _make_null(root / "dev/null")


def _make_null(null):
    """Make the device node, or else a file for run() to mount the host's node on.

    It has to be the real thing: Kbuild's option probes write to it, and if that fails some
    thirty compiler flags silently vanish.
    """
    try:
        os.mknod(null, 0o666 | 0o020000, os.makedev(1, 3))
        null.chmod(0o666)
    except PermissionError:
        null.touch()


def _null_works(null):
    try:
        with open(null, "wb"):
            return null.is_char_device()
    except OSError:     # a node, but on a file system mounted nodev
        return False


def chroot_command(root, argv):
    """The command line that runs @argv in @root, as root or as an ordinary user."""
    if os.geteuid() == 0 and _null_works(root / "dev/null"):
        return ["chroot", str(root), *argv]
    return in_own_mounts('mount --bind /dev/null "$1/dev/null" && exec chroot "$@"', root, *argv)


def write_files(top, files):
    """Write @files, a dict of "relative/path" to bytes or Path, below @top.

    A copy of a Path can be executed if that can: a build may run it.
    """
    for name, what in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, Path):
            shutil.copy(what, path)
        else:
            path.write_bytes(what)


@contextlib.contextmanager
def workplace(root, name, files):
    """A directory /build/@name in @root that has @files and nothing else; it does not stay.

    Another process that wants it waits: trees may share build/, and with it the root.
    """
    inside = root / "build" / name
    with locked(inside.with_name(f"{name}.lock")):
        shutil.rmtree(inside, ignore_errors=True)
        write_files(inside, files)
        try:
            yield inside
        finally:
            shutil.rmtree(inside, ignore_errors=True)


def build(root, argv, log, what):
    """Run @argv, which builds @what, as run() does; a BuildError if it fails."""
    if run(root, argv, log):
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        raise BuildError(f"{what} does not build:\n" + "\n".join(last)
                         + f"\nThe whole log: {paths.shown(log)}")


def run(root, argv, log):
    """Run @argv in @root, output to the file @log; the exit status."""
    with Path(log).open("wb") as output:
        return subprocess.run(chroot_command(root, argv), env=ENVIRONMENT, stdout=output,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              check=False).returncode
