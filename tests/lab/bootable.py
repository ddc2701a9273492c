# SPDX-License-Identifier: GPL-2.0
"""A Debian for ppc64le that boots by itself: Debian's kernel, the initramfs that its own
initramfs-tools or dracut has made, systemd, udev and networkd, from its root file system on a disk.

The disk is made once, as debian.py makes its own, and its first initramfs in a chroot of a guest.
A test works on a copy of it, whose boots see what those before have written:

    disk = bootable.disk(kernel, tmp_path)
    with Debian.boot(kernel, name="install", disk=disk.image) as debian: ...    # in a chroot
    with disk.boot("first", secure=True) as machine: ...                        # by itself

A service, the lab's agent (tests/guest/agent), takes a test's scripts as that of all guests does.
"""

import hashlib
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .apt import Apt
from .debian import Debian, finish, install, make_image
from .errors import GuestError, LabError
from .guest import Guest
from .kernels import Kernel
from .once import make_once
from .progress import say

SUITE = "bookworm"
# The libraries are those of the command svm-mmio. A compiler is there for DKMS to ask for.
PACKAGES = ["?essential", "dkms", "kmod", "make", "mount", "openssl", "libcapstone4", "libdw1",
            "libelf1", "e2fsprogs", "iproute2", "udev", "systemd-sysv", "zstd"]
SIZE = "3G"             # sparse
BOOT_LIMIT = 1800       # seconds; about 100 where nothing else runs

FILES = {
    "etc/fstab": "/dev/vda / ext4 defaults 0 0\n",
    "etc/hostname": "debian\n",
    # Without it systemd asks questions at the first boot.
    "etc/machine-id": "5f6d6d696f6c61625f6d616368696e65\n",
    "etc/resolv.conf": "nameserver 10.0.2.3\n",
    "etc/systemd/network/wired.network":
        "[Match]\nType=ether\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n",
    "etc/systemd/system/lab-agent.service":
        "[Unit]\nDescription=Agent of the lab\n[Service]\nType=idle\nExecStart=/lab/agent\n"
        "StandardOutput=null\nStandardError=null\n"
        "Environment=LC_ALL=C HOME=/ DEBIAN_FRONTEND=noninteractive\n",
}
# What maintainer scripts would have switched on.
WANTED = {"lab-agent": "/etc/systemd/system/lab-agent.service",
          "systemd-networkd": "/lib/systemd/system/systemd-networkd.service"}
# What its kernel is told, and the device that the disk is to be.
APPEND = "root=/dev/vda rw systemd.show_status=no"
ROOT = "virtio-blk-pci,drive=root,iommu_platform=on,disable-legacy=on"


@dataclass(frozen=True)
class Generator:
    """What makes the initramfs."""

    package: str
    make: str           # makes the first one of a kernel
    names: str          # lists what is in one
    change: tuple = ()  # a file of its package, what is in it, and what that is to become


# Of drivers only those of what the machine has, and compressed in a hurry: what does it is a shell
# script, and that is emulated.
INITRAMFS_TOOLS = Generator(
    "initramfs-tools", "update-initramfs -c -k {kernel}", "lsinitramfs /boot/initrd.img-{kernel}",
    ("etc/initramfs-tools/initramfs.conf", "MODULES=most",
     "MODULES=dep\nCOMPRESSLEVEL=1"))
# As Debian has it, with all drivers: in a chroot it does not find out which of them the disk needs.
DRACUT = Generator(
    "dracut", "/etc/kernel/postinst.d/dracut {kernel}", "lsinitrd /boot/initrd.img-{kernel}")


class Machine(Guest):
    """A guest of that Debian, in which all is done as root by a service of systemd's."""

    POWEROFF = "systemctl poweroff", 600


def settled(guest, limit=BOOT_LIMIT):
    """Wait until systemd in @guest has started all there is: what it says then."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        said = guest.run("systemctl is-system-running", limit).out.strip()
        if said not in ("initializing", "starting"):
            return said
        time.sleep(2)
    raise GuestError(f"guest {guest.name} was still {said} after {limit} s: "
                     f"{paths.shown(guest.log)}")


@dataclass(frozen=True)
class Disk:
    """A file that is the disk of a Debian with @kernel."""

    kernel: Kernel
    image: Path
    generator: Generator

    def file(self, name):
        """The content of the file /@name, while no guest has the disk."""
        # What the journal has is not yet where debugfs looks.
        subprocess.run(["/sbin/e2fsck", "-fp", self.image], capture_output=True, check=False)
        copy = self.image.with_name("file")
        copy.unlink(missing_ok=True)
        done = subprocess.run(["/sbin/debugfs", "-R", f"dump /{name} {copy}", self.image],
                              capture_output=True, text=True, check=False)
        if not copy.exists() or not copy.stat().st_size:
            raise LabError(f"/{name} is not on the disk {self.image}: {done.stderr.strip()}")
        return copy.read_bytes()

    def names_in_initrd(self):
        """The command that lists what is in the initramfs that is on it."""
        return self.generator.names.format(kernel=self.kernel.release)

    def initrd(self):
        """A copy of the initramfs that is on it."""
        initrd = self.image.with_name("initrd")
        initrd.write_bytes(self.file(f"boot/initrd.img-{self.kernel.release}"))
        return initrd

    def boot(self, name, *, append="", devices=(), qemu_args=(), initrd=None, **options):
        """Boot it, with the initramfs that is on it or another @initrd: a Machine. Options are
        those of Guest.boot().
        """
        return Machine.boot(
            self.kernel, name=name, initrd=initrd or self.initrd(), limit=BOOT_LIMIT,
            append=f"{APPEND} {append}".rstrip(), devices=(ROOT, *devices),
            qemu_args=("-drive", f"file={self.image},format=raw,if=none,id=root", *qemu_args),
            **options)


def disk(kernel, directory, generator=INITRAMFS_TOOLS):
    """A copy of the disk with what @generator makes, in @directory: a Disk."""
    ask = hashlib.sha256(repr((SUITE, PACKAGES, SIZE, FILES, WANTED, generator, kernel.release,
                               paths.GUEST_AGENT.read_bytes())).encode()).hexdigest()[:8]
    made = make_once(paths.ROOTS / f"bootable-{ask}",
                     lambda new: _make_disk(kernel, generator, new))
    image = directory / "root.ext4"
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", made / "root.ext4", image],
                   check=True)
    return Disk(kernel, image, generator)


def _make_disk(kernel, generator, new):
    with Apt(SUITE, architectures=("ppc64el",)) as apt:
        debs = apt.with_dependencies([*PACKAGES, generator.package,
                                      f"linux-headers-{kernel.release}",
                                      f"linux-image-{kernel.release}"])
        say(f"fetching {len(debs)} packages for a Debian that boots ... "
            f"{sum(deb.size for deb in debs) // 1000000} MB")
        files = apt.fetch(debs)
        root = new / "root"
        install(files, root)
    finish(kernel, root)
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    agent = root / "lab/agent"
    agent.parent.mkdir()
    shutil.copy(paths.GUEST_AGENT, agent)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    for name, target in WANTED.items():
        (wants / f"{name}.service").symlink_to(target)
    if generator.change:
        name, default, ours = generator.change
        conf = root / name
        text = conf.read_text(encoding="utf-8")
        if default not in text:
            raise LabError(f"/{name} of Debian {SUITE} has no {default} any more")
        conf.write_text(text.replace(default, ours), encoding="utf-8")
    image = new / "root.ext4"
    make_image(root, image, SIZE)
    shutil.rmtree(root)
    say("making its initramfs, in a guest")
    with Debian.boot(kernel, name=f"bootable-{generator.package}", disk=image,
                     mem="2G") as debian:
        debian.check(f"depmod {kernel.release}; {generator.make.format(kernel=kernel.release)}")
