# SPDX-License-Identifier: GPL-2.0
"""The dkms.conf of docs/driver.md: a driver is built after svm-mmio, where that is built, and again
after an update of svm-mmio. With Debian's DKMS, old and new, in a tree of its own; make only looks
whether what it is told to build is there.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab import build, paths
from lab.apt import Apt
from lab.once import make_once

SUITES = ("bookworm", "trixie")
GOOD, EXCLUDED = "6.1.0-good", "99.1.0-too-new"
RECIPE = re.compile(r"^```\n(\. \$source_tree.*?)^```$", re.DOTALL | re.MULTILINE)
# Builds each module by a copy of one that is built already.
MAKE = """\
#!/bin/sh -eu
[ "$1" != clean ] || exit 0
echo "$*" >>{log}
case $* in -C*) cd "$2" ;; esac
for word in "$@"; do
    case $word in
    SVM_MMIO=*) cp {ko} driver.ko; cd "${{word#*=}}"; ls Module.symvers svm_mmio.h; exit ;;
    esac
done
ls Kbuild svm_mmio_mod.c
cp {ko} svm_mmio.ko
touch Module.symvers
"""


@dataclass
class Tree:
    """All that DKMS reads and writes."""

    program: Path
    top: Path

    @property
    def made(self):
        """What make was called with."""
        log = self.top / "made"
        return log.read_text(encoding="utf-8") if log.exists() else ""

    def add(self, name, version, files):
        """Hand the sources of a package to DKMS: a dict of name to text or Path."""
        directory = self.top / f"src/{name}-{version}"
        for file, what in files.items():
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            text = what.read_text(encoding="utf-8") if isinstance(what, Path) else what
            (directory / file).write_text(text, encoding="utf-8")
        self.good("add", f"{name}/{version}")

    def add_svm_mmio(self, version):
        """svm-mmio as @version: its packages have these files."""
        conf = (paths.TOP / "dkms.conf").read_text(encoding="utf-8")
        conf = re.sub(r'(?<=^PACKAGE_VERSION=").*?(?="$)', version, conf, flags=re.MULTILINE)
        # The kernels are not this machine's.
        conf, times = re.subn(r"(?<=\")/lib/modules", f"{self.top}/lib/modules", conf)
        assert times == 1
        self.add("svm-mmio", version, {**build.sources(paths.TOP), "dkms.conf": conf})

    def run(self, *argv, kernel=None):
        """Run dkms: (its exit status, what it said)."""
        trees = ["--dkmstree", self.top / "dkms", "--sourcetree", self.top / "src",
                 "--installtree", self.top / "lib/modules"]
        if kernel:
            trees += ["-k", kernel, "-a", "ppc64le", "--no-depmod", "--kernelsourcedir",
                      self.top / "lib/modules" / kernel / "build"]
        root = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]
        done = subprocess.run(
            [*root, "bash", self.program, argv[0], *trees, *argv[1:]], text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": f"{self.top}/bin:{os.environ['PATH']}"})
        return done.returncode, done.stdout

    def good(self, *argv, kernel=None):
        """The same; it must succeed."""
        status, said = self.run(*argv, kernel=kernel)
        assert status == 0, said
        return said

    def installed(self):
        """The packages that are installed for a kernel."""
        return sorted(line.split(",")[0] for line in self.good("status").splitlines()
                      if line.endswith(": installed"))


@pytest.fixture(params=SUITES)
def tree(request, kernel, ko, tmp_path):
    """A Tree with svm-mmio and a driver that follows the page."""
    def fill(new):
        with Apt(request.param) as apt:
            file, = apt.fetch(apt.alone(["dkms"]))
            subprocess.run(["dpkg-deb", "-x", file, new], check=True)

    package = make_once(paths.BUILD / "dkms" / request.param, fill)
    it = Tree(package / "usr/sbin/dkms", tmp_path)
    for release in (GOOD, EXCLUDED):
        headers = tmp_path / "lib/modules" / release / "build"
        (headers / "include").mkdir(parents=True)
        (headers / ".config").write_bytes(kernel.config.read_bytes())
    for directory in ("bin", "dkms"):
        (tmp_path / directory).mkdir()
    make = tmp_path / "bin/make"
    make.write_text(MAKE.format(log=tmp_path / "made", ko=ko), encoding="ascii")
    make.chmod(0o755)
    it.add_svm_mmio("9.9")
    recipe, = RECIPE.findall((paths.TOP / "docs/driver.md").read_text(encoding="utf-8"))
    it.add("driver", "1.0", {"dkms.conf": recipe, "driver.c": ""})
    return it


def test_driver_is_built_after_svm_mmio_and_again(tree):
    tree.good("autoinstall", kernel=GOOD)
    assert tree.installed() == ["driver/1.0", "svm-mmio/9.9"]
    first = tree.made.splitlines()
    assert len(first) == 3 and "SVM_MMIO" not in first[0], first
    assert re.match(r"-C \S+/driver/1.0/build/svm-mmio KERNELDIR=", first[1])
    # Another version of svm-mmio takes the place of the first.
    tree.good("remove", "svm-mmio/9.9", "--all")
    tree.add_svm_mmio("10.0")
    tree.good("install", "svm-mmio/10.0", kernel=GOOD)
    for action in ("build", "install"):
        tree.good(action, "--force", "driver/1.0", kernel=GOOD)
    assert tree.installed() == ["driver/1.0", "svm-mmio/10.0"]
    assert len(tree.made.splitlines()) == 6


def test_both_are_skipped_for_another_kernel(tree):
    said = tree.good("autoinstall", kernel=EXCLUDED)
    assert tree.installed() == [] and tree.made == "" and "Error" not in said, said


def test_without_its_first_line_it_would_fail(tree):
    """Negative control: the page once had no more than BUILD_DEPENDS."""
    conf = tree.top / "src/driver-1.0/dkms.conf"
    conf.write_text('AUTOINSTALL="yes"\n' + conf.read_text(encoding="utf-8").partition("\n")[2],
                    encoding="utf-8")
    status, said = tree.run("autoinstall", kernel=EXCLUDED)
    assert status == 11 and "driver/1.0" in said, said


def test_with_a_version_in_it_it_would_fail(tree):
    """Negative control: the page once named the version of svm-mmio."""
    conf = tree.top / "src/driver-1.0/dkms.conf"
    text = conf.read_text(encoding="utf-8")
    assert "kernel-$kernelver-$arch/../../source" in text
    conf.write_text(text.replace("kernel-$kernelver-$arch/../../source", "0.1.0/source"),
                    encoding="utf-8")
    status, said = tree.run("autoinstall", kernel=GOOD)
    assert status == 11 and tree.installed() == ["svm-mmio/9.9"], said
