# SPDX-License-Identifier: GPL-2.0
"""After "svm-mmio boot on" dracut makes an initramfs that loads svm_mmio before udev, and without
systemd in it as with; before, one without anything of it, and again when Debian's packages go.
With Debian's dracut, for a kernel of ppc64le, in a root of this machine's architecture: dracut only
copies the module.
"""

import re
import shutil
import subprocess

import pytest
from lab import paths
from lab.mounts import in_own_mounts
from lab.root import ENVIRONMENT, Recipe, make_root, write_files
from test_tool_boot import LOADER, OK, BAD, STATE, Tree

SUITE = "bookworm"
PACKAGES = ("bash", "coreutils", "cpio", "dracut-core", "findutils", "gzip", "kmod", "mawk", "sed",
            "systemd", "util-linux", "grep", "mount")
UNIT = "usr/lib/systemd/system/svm-mmio.service"
WANTED = "usr/lib/systemd/system/sysinit.target.wants/svm-mmio.service"
HOOK = re.compile(r"/hooks/cmdline/00-svm-mmio\.sh$", re.MULTILINE)
DEBIAN, TOKEN = paths.TOP / "packaging/debian", "#REMAKE_INITRAMFS#"
# No more of dracut than has to do with it: what else it would take is this machine's.
BASE, SYSTEMD = "bash base svm-mmio", "bash base systemd systemd-initrd dracut-systemd svm-mmio"


class Root:
    """A root with dracut, the files of the package, and one kernel."""

    def __init__(self, top, kernel, ko, tree):
        self.top, self.release, self.tree = top, kernel.release, tree
        self.image = f"boot/initrd.img-{self.release}"
        subprocess.run(["make", "-C", paths.TOP / "tools", "install-boot", f"DESTDIR={top}"],
                       check=True, capture_output=True)
        write_files(top, {
            f"boot/config-{self.release}": kernel.config,
            f"usr/lib/modules/{self.release}/modules.builtin": b"",
            f"usr/lib/modules/{self.release}/modules.order": b"",
            f"usr/lib/modules/{self.release}/updates/dkms/svm_mmio.ko": ko})
        for directory in ("var/tmp", "proc"):
            (top / directory).mkdir(parents=True, exist_ok=True)
        self.good("depmod", self.release)

    def good(self, *argv):
        """Run a program in the root, which must succeed: what it says. bash has <(...) below
        /dev/fd, and that is in /proc.
        """
        done = subprocess.run(
            in_own_mounts(
                'for d in proc dev; do mount --rbind /$d "$1/$d"; done && exec chroot "$@"',
                self.top, *argv),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL, check=False, env=ENVIRONMENT)
        assert done.returncode == 0, f"{argv}: {done.stdout}"
        return done.stdout

    def dracut(self, modules):
        """Make the initramfs: (what dracut says, the names in it)."""
        said = self.good("dracut", "--quiet", "--force", "--no-hostonly", "--no-early-microcode",
                         "--gzip", "--modules", modules, f"/{self.image}", self.release)
        return said, self.names()

    def names(self):
        """The names in the initramfs."""
        self.tree.write(self.image, (self.top / self.image).read_bytes())
        return self.good("bash", "-c", f"gzip -dc /{self.image} | cpio -t --quiet")

    def without_the_module(self):
        """Take the module away."""
        (self.top / f"usr/lib/modules/{self.release}/updates/dkms/svm_mmio.ko").unlink()
        self.good("depmod", self.release)

    def removed(self, package, modules):
        """Run what dpkg does when it has removed the files of @package, with a dracut that takes
        @modules: what it says. That dh_installdeb does the same is for test_packages.py.
        """
        script = (DEBIAN / f"{package}.postrm").read_text(encoding="ascii")
        assert script.count(TOKEN) == 1
        remake = (DEBIAN / "remake_initramfs.sh").read_text(encoding="ascii")
        write_files(self.top, {
            "postrm": script.replace(TOKEN, remake).encode(),
            "etc/dracut.conf.d/lab.conf": (f'dracutmodules="{modules}"\nhostonly="no"\n'
                                           'compress="gzip"\nearly_microcode="no"\n').encode()})
        return self.good("bash", "--posix", "/postrm", "remove")

    def switch(self):
        """Switch it on."""
        for top in (self.top, self.tree.top):
            (top / STATE).parent.mkdir(parents=True, exist_ok=True)
            (top / STATE).touch()


@pytest.fixture
def root(kernel, ko, tmp_path):
    made = make_root("dracut", (SUITE,), PACKAGES, lambda apt: Recipe(install=list(PACKAGES)),
                     architectures=("amd64",))
    top = tmp_path / "root"
    subprocess.run(["cp", "-a", made, top], check=True)
    # The command is this machine's, so it looks at the initramfs in a root of its own.
    yield Root(top, kernel, ko, Tree(tmp_path / "tree", kernel, ko))
    shutil.rmtree(top)


def test_off(root):
    _, names = root.dracut(BASE.replace(" svm-mmio", ""))
    assert "svm" not in names and root.tree.one()[:2] == (OK, "ok")
    # Asked for by name, it is refused: it is not on.
    with pytest.raises(AssertionError, match="module 'svm-mmio' cannot be found or installed"):
        root.dracut(BASE)


@pytest.mark.parametrize("modules", [BASE, SYSTEMD], ids=["without systemd", "with systemd"])
def test_on(root, modules):
    root.switch()
    _, names = root.dracut(modules)
    listed = set(names.splitlines())
    assert {STATE, LOADER,
            f"usr/lib/modules/{root.release}/updates/dkms/svm_mmio.ko"} <= listed
    assert HOOK.search(names)
    assert ({UNIT, WANTED} <= listed) == ("systemd" in modules)
    assert root.tree.one() == (OK, "ok", "its initramfs loads it before any driver")


def test_without_the_module(root):
    """It is made all the same, and dracut says what is missing."""
    root.switch()
    root.without_the_module()
    said, names = root.dracut(BASE)
    assert f"there is no module svm_mmio for kernel {root.release}" in said
    assert HOOK.search(names) and "svm_mmio.ko" not in names
    assert root.tree.one() == (BAD, "to do", "its initramfs lacks the module")


def test_packages_go(root):
    """Debian's have it made anew, although dracut there has no update-initramfs."""
    image = root.top / root.image
    image.write_bytes(b"of others")
    root.removed("svm-mmio-dkms", BASE)
    assert image.read_bytes() == b"of others", "it is off"
    root.switch()
    root.dracut(BASE)
    # What is no kernel's has to be left alone.
    write_files(root.top, {f"{root.image}.bak": b"of another time"})
    root.without_the_module()
    assert f"dracut: making /{root.image}\n" in root.removed("svm-mmio-dkms", BASE)
    names = root.names()
    assert HOOK.search(names) and "svm_mmio.ko" not in names
    for name in ("lib/svm-mmio", "lib/dracut/modules.d/90svm-mmio"):
        shutil.rmtree(root.top / "usr" / name)
    # What could not be done is left to be tried again.
    with pytest.raises(AssertionError, match="(?s)'svm-mmio' cannot be found or installed"
                                             ".*see above, then remove the package again"):
        root.removed("svm-mmio", BASE)
    assert (root.top / STATE).exists()
    root.removed("svm-mmio", BASE.replace(" svm-mmio", ""))
    assert not (root.top / STATE).exists()
    names = root.names()
    assert "usr/lib/dracut" in names and not re.search("svm[-_]mmio", names)
    # The command's has done it for both.
    image.write_bytes(b"of others")
    root.removed("svm-mmio-dkms", BASE.replace(" svm-mmio", ""))
    assert image.read_bytes() == b"of others"
