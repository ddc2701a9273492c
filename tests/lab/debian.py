# SPDX-License-Identifier: GPL-2.0
"""A guest that is a whole Debian for ppc64le: dpkg, dkms, a native compiler, kernel headers.

Its disk is made once, of packages that are unpacked as if they had been installed; what a guest
writes to it is gone when the guest is. The guest boots as all do (guest.py), from an initramfs
with the agent, and everything is run in a chroot.

    with Debian.boot(kernel, name="dkms", files={"/tmp/x.deb": path}) as debian:
        debian.check("dpkg -i /tmp/x.deb")
"""

import hashlib
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import paths
from .apt import Apt
from .errors import LabError
from .guest import Guest
from .once import make_once
from .progress import say
from .root import ENVIRONMENT, unpack
from .stock import stock_modules

SUITES = ("bookworm", "bookworm-backports")
# The libraries are those of the command svm-mmio.
PACKAGES = ["?essential", "dkms", "kmod", "make", "mount", "openssl",
            "libcapstone4", "libdw1", "libelf1"]

# Another kernel: its headers are for a test to install. All they depend on is there, but for the
# kernel itself, which nobody boots.
LATER = r"linux-headers-6\.12\.\d+\+deb12-powerpc64le"
LATER_NEEDS = ["linux-base/bookworm-backports", "linux-kbuild-{abi}", "{headers}-common"]

# What a kernel needs to mount it.
DISK_DRIVERS = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
DISK_SIZE = "1500M"     # sparse: it takes what is in it
INSTALL_LIMIT = 3600    # seconds; a build takes five minutes where nothing else runs


def _disk(kernel):
    """The directory with the disk of a Debian that has @kernel's headers, made once:
    root.ext4, and the package of the later headers.
    """
    ask = hashlib.sha256(repr((SUITES, PACKAGES, LATER, LATER_NEEDS, DISK_SIZE, kernel.release))
                         .encode()).hexdigest()[:8]
    return make_once(paths.ROOTS / f"debian-{ask}", lambda new: _make_disk(kernel, new))


def _make_disk(kernel, new):
    with Apt(*SUITES, architectures=("ppc64el",)) as apt:
        later = apt.newest(LATER)
        headers = later.removesuffix("-powerpc64le")
        needs = [name.format(headers=headers, abi=headers.removeprefix("linux-headers-"))
                 for name in LATER_NEEDS]
        debs = apt.with_dependencies([*PACKAGES, f"linux-headers-{kernel.release}", *needs])
        debs_later = apt.alone([later])
        size = sum(deb.size for deb in debs + debs_later) // 1000000
        say(f"fetching {len(debs)} packages for a Debian of ppc64le ... {size} MB")
        files = apt.fetch(debs)
        shutil.move(apt.fetch(debs_later)[0], new)
        root = new / "root"
        install(files, root)
    finish(kernel, root)
    make_image(root, new / "root.ext4", DISK_SIZE)
    shutil.rmtree(root)


def install(debs, root):
    """Unpack @debs, which go, into @root, as if dpkg had installed them."""
    say("unpacking them")
    unpack(debs, root)
    _pretend_installed(debs, root)
    for deb in debs:
        deb.unlink()


def _pretend_installed(debs, root):
    """Tell dpkg in @root that it has installed @debs."""
    database = root / "var/lib/dpkg"
    for directory in ("info", "updates", "triggers"):
        (database / directory).mkdir(parents=True, exist_ok=True)
    status = []
    for deb in debs:
        control = subprocess.run(["dpkg-deb", "-f", deb], check=True, capture_output=True,
                                 text=True).stdout
        fields = dict(line.split(": ", 1) for line in control.splitlines()
                      if not line.startswith(" ") and ": " in line)
        status.append(f"{control.rstrip()}\nStatus: install ok installed\n")
        name = fields["Package"]
        if fields.get("Multi-Arch") == "same":
            name += f":{fields['Architecture']}"
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb],
                              stdout=subprocess.PIPE) as data:
            listed = subprocess.run(["tar", "-t"], stdin=data.stdout, check=True,
                                    capture_output=True, text=True).stdout
        names = [line.removeprefix(".").rstrip("/") or "/." for line in listed.splitlines()]
        (database / f"info/{name}.list").write_text("\n".join(names) + "\n", encoding="utf-8")
        _keep_control(deb, database / "info", name)
    (database / "status").write_text("\n".join(status), encoding="utf-8")
    # Names of files have architectures.
    (database / "info/format").write_text("1\n", encoding="ascii")


def _keep_control(deb, info, name):
    """Put what package @deb says of its libraries into the directory @info, as that of @name."""
    with tempfile.TemporaryDirectory() as control:
        subprocess.run(["dpkg-deb", "-e", deb, control], check=True)
        for kind in ("shlibs", "symbols"):
            if (said := Path(control, kind)).exists():
                shutil.copy(said, info / f"{name}.{kind}")


def finish(kernel, root):
    """What maintainer scripts would have done, and what a kernel's own package has."""
    for name in ("passwd", "group"):
        shutil.copy(root / f"usr/share/base-passwd/{name}.master", root / f"etc/{name}")
    (root / "usr/bin/which").symlink_to("which.debianutils")
    # Without the modules themselves: depmod takes its time with them.
    for file in kernel.modules.glob("modules.*"):
        if file.name == "modules.order" or file.name.startswith("modules.builtin"):
            shutil.copy(file, root / "usr/lib/modules" / kernel.release)


def make_image(root, image, size):
    """Make the disk @image of what is in @root."""
    say("making its disk")
    done = subprocess.run(["/sbin/mke2fs", "-q", "-t", "ext4", "-d", root, image, size],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"mke2fs cannot make a disk of {paths.shown(root)}: {done.stderr.strip()}\n"
                       "Is e2fsprogs installed (tests/setup.sh check), and is the disk full?")


class Debian:
    """A running Debian, from Debian.boot(); use it in a with statement."""

    DISK = "/debian"

    def __init__(self, guest, later):
        self.guest = guest
        self.later = later      # the package of the headers of another kernel

    @classmethod
    def boot(cls, kernel, *, name, disk=None, files=None, devices=(), qemu_args=(), **options):
        """Boot @kernel with the Debian that has its headers, or the one on @disk, a file that keeps
        what is written to it. Options are those of Guest.boot().
        """
        image, later = disk, None
        if not disk:
            image = _disk(kernel) / "root.ext4"
            later, = image.parent.glob("*.deb")
        drivers = stock_modules(kernel, *DISK_DRIVERS)
        inside = {f"/files/{path.lstrip('/')}": what for path, what in (files or {}).items()}
        guest = Guest.boot(
            kernel, name=name, devices=(*devices, "virtio-blk-pci,drive=root"),
            files={**{f"/drivers/{module}.ko": file for module, file in drivers.items()},
                   **inside,
                   **({f"/files/{later.name}": later} if later else {})},
            qemu_args=("-drive", f"file={image},format=raw,if=none,id=root,"
                       f"snapshot={'off' if disk else 'on'}", *qemu_args), **options)
        try:
            guest.check("\n".join([
                "set -e", *(f"insmod /drivers/{module}.ko" for module in drivers),
                f"mkdir -p {cls.DISK} /files", f"mount -t ext4 -o noatime /dev/vda {cls.DISK}",
                # dkms uses <(...).
                "ln -s /proc/self/fd /dev/fd",
                f"for d in proc sys dev; do mount --rbind /$d {cls.DISK}/$d; done",
                f"mount -t tmpfs tmpfs {cls.DISK}/tmp", f"mount -t tmpfs tmpfs {cls.DISK}/run",
                f"cp -R /files/. {cls.DISK}/"]))
        except BaseException as error:
            guest.__exit__(type(error), error, None)
            raise
        return cls(guest, later and Path(f"/{later.name}"))

    def __enter__(self):
        self.guest.__enter__()
        return self

    def __exit__(self, *error):
        self.guest.__exit__(*error)

    def run(self, script, timeout=INSTALL_LIMIT):
        """Run the shell @script in the Debian; its Result, whatever its status."""
        return self.guest.run(self._inside(script), timeout)

    def check(self, script, timeout=INSTALL_LIMIT):
        """Run the shell @script in the Debian, which must return 0; its output."""
        return self.guest.check(self._inside(script), timeout)

    def _inside(self, script):
        environment = {**ENVIRONMENT, "DEBIAN_FRONTEND": "noninteractive"}
        # A path, as busybox takes "sh" for its own, in the chroot too.
        words = ["exec", "env", "-i", *(f"{name}={value}" for name, value in environment.items()),
                 "chroot", self.DISK, "/bin/sh", "-c", script]
        return shlex.join(words)
