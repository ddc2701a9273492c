# SPDX-License-Identifier: GPL-2.0
"""make deb, make rpm and make dkms-install: what is in the packages, and what the lints say."""

import re
import subprocess

import pytest
from lab import kernelmatrix, paths, sources

VERSION = re.search(r'SVM_MMIO_VERSION "(.*)"',
                    (paths.TOP / "svm_mmio_version.h").read_text(encoding="ascii"))[1]
SOURCES = f"/usr/src/svm-mmio-{VERSION}"


def command(*argv, **options):
    """What @argv prints; it must succeed."""
    done = subprocess.run(argv, cwd=paths.TOP, text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def debs():
    """build/deb, as make deb leaves it."""
    command("packaging/deb.sh")
    return paths.BUILD / "deb"


@pytest.fixture(scope="module")
def rpms():
    """build/rpm, as make rpm leaves it."""
    command("packaging/rpm.sh")
    return paths.BUILD / "rpm"


def needed():
    """What a build of the module, or of a driver with the drop-in, needs of the tree."""
    names = [*sources.module(), *paths.TOP.glob("guard/*.S"), *paths.TOP.glob("dropin/**/*.h"),
             *paths.TOP.glob("*/*.mk"),
             *(paths.TOP / name for name in ("Kbuild", "Makefile", "dkms.conf", "capture/table.lds",
                                             "selftest/run_selftest.sh",
                                             "packaging/dkms_initramfs.sh"))]
    return {f"{SOURCES}/{path.relative_to(paths.TOP)}" for path in names}


def test_deb_has_all_that_a_build_needs(debs):
    """And nothing else below /usr/src: no lab, no product of a build in this tree."""
    package, = debs.glob("svm-mmio-dkms_*_all.deb")
    listed = command("dpkg-deb", "-c", package)
    files = {line.split()[-1].removeprefix(".") for line in listed.splitlines()
             if not line.startswith("d")}
    assert {name for name in files if name.startswith("/usr/src/")} == needed()


@pytest.mark.parametrize("package, scripts", [("svm-mmio", ("postinst", "postrm")),
                                              ("svm-mmio-dkms", ("postrm",))])
def test_deb_makes_initramfs_anew(debs, package, scripts, tmp_path):
    """Its scripts have what they call to do so; test_dracut.py shows that it does."""
    file, = debs.glob(f"{package}_*.deb")
    command("dpkg-deb", "-e", file, tmp_path)
    for script in scripts:
        text = (tmp_path / script).read_text(encoding="utf-8")
        assert text.count("remake_initramfs() {\n") == 1
        assert len(re.findall(r"^\tremake_initramfs\b", text, re.MULTILINE)) == 1, text
        assert "#REMAKE" not in text


def test_rpm_has_all_that_a_build_needs(rpms):
    package, = rpms.glob("RPMS/noarch/svm-mmio-dkms-*.rpm")
    files = set(command("rpm", "-qp", "--qf", r"[%{FILEMODES:perms} %{FILENAMES}\n]", package)
                .splitlines())
    plain = {line.split()[1] for line in files if not line.startswith("d")}
    assert {name for name in plain if name.startswith("/usr/src/")} == needed()


# The command; and what loads the module at boot, if that is asked for.
COMMAND = {"/usr/bin/svm-mmio", "/usr/share/bash-completion/completions/svm-mmio",
           "/usr/lib/svm-mmio/load-first", "/usr/share/initramfs-tools/hooks/svm-mmio",
           "/usr/share/initramfs-tools/scripts/init-top/00-svm-mmio",
           "/usr/lib/dracut/modules.d/90svm-mmio/module-setup.sh",
           "/usr/lib/dracut/modules.d/90svm-mmio/svm-mmio.sh",
           "/usr/lib/systemd/system/svm-mmio.service",
           "/usr/lib/systemd/system/sysinit.target.wants/svm-mmio.service"}
MANUAL = "/usr/share/man/man8/svm-mmio.8"


def unpacked(root):
    """The files below @root, named from there."""
    return {f"/{path.relative_to(root)}" for path in root.rglob("*") if path.is_file()}


def test_command_is_in_a_deb_of_its_own(debs, tmp_path, ko):
    """With its manual and completion, for this machine's architecture, where it judges modules."""
    package, = debs.glob("svm-mmio_*_amd64.deb")
    command("dpkg-deb", "-x", package, tmp_path)
    assert {name for name in unpacked(tmp_path) if not name.startswith(
        ("/usr/share/doc/", "/usr/share/lintian/"))} == COMMAND | {f"{MANUAL}.gz"}
    assert VERSION in command(tmp_path / "usr/bin/svm-mmio", "--version")
    assert "safe" in command(tmp_path / "usr/bin/svm-mmio", "audit", ko)


def test_command_is_in_an_rpm_of_its_own(rpms):
    package, = rpms.glob("RPMS/x86_64/svm-mmio-[0-9]*.rpm")
    # Without directories of its own.
    listed = [line.split()[1] for line in command(
        "rpm", "-qp", "--qf", r"[%{FILEMODES:perms} %{FILENAMES}\n]", package).splitlines()
        if not line.startswith("d")]
    assert {name.removesuffix(".gz") for name in listed if not name.startswith(
        ("/usr/share/doc/", "/usr/share/licenses/"))} == COMMAND | {MANUAL}


def test_dkms_install_respects_destdir(tmp_path):
    command("make", "dkms-install", f"DESTDIR={tmp_path}", "KERNELDIR=/nowhere")
    assert unpacked(tmp_path) == needed() | {f"{SOURCES}/COPYING"}


def test_packages_are_of_the_version_in_the_header():
    for name, pattern in (("dkms.conf", r'^PACKAGE_VERSION="(.*)"'),
                          ("packaging/debian/changelog", r"\((.*)-\d+\)"),
                          ("packaging/rpm/svm-mmio.spec", r"^Version: *(.*)"),
                          ("CHANGELOG.md", r"^## (\S+) \(")):
        text = (paths.TOP / name).read_text(encoding="utf-8")
        assert re.search(pattern, text, re.MULTILINE)[1] == VERSION, name


def test_lintian_is_content(debs):
    """The packages follow the policy of Debian 12, which a newer lintian calls out of date; nor
    does that know each tag that the older one has to be told to leave out.
    """
    changes, = debs.glob("*.changes")
    said = command("lintian", "--allow-root", "--display-info", "--pedantic",
                   "--suppress-tags", "out-of-date-standards-version,alien-tag",
                   "--fail-on", "error,warning,info,pedantic", changes)
    assert said == "", said


def test_lintian_is_heeded(debs, tmp_path):
    """Negative control: a package with a fault is reported by the same command."""
    package, = debs.glob("svm-mmio-dkms_*_all.deb")
    root = tmp_path / "root"
    command("dpkg-deb", "-R", package, root)
    (root / "usr/bin").mkdir()
    (root / "usr/bin/svm").write_text("#!/bin/sh\n", encoding="ascii")
    command("dpkg-deb", "-b", root, tmp_path)
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning",
                           *tmp_path.glob("*.deb")], capture_output=True, text=True, check=False)
    assert done.returncode and "usr/bin/svm" in done.stdout, done.stdout


def test_rpmlint_is_content(rpms):
    said = command("rpmlint", "-c", "packaging/rpm/rpmlint.toml", "packaging/rpm/svm-mmio.spec",
                   *rpms.glob("RPMS/*/*.rpm"), *rpms.glob("SRPMS/*.rpm"))
    assert "0 errors, 0 warnings" in said, said


def test_kernels_of_the_lab_are_supported_and_the_next_is_not():
    """dkms.conf is for what was tested: its newest kernel is the lab's newest."""
    conf = (paths.TOP / "dkms.conf").read_text(encoding="utf-8")
    supported = re.compile(re.search(r'^BUILD_EXCLUSIVE_KERNEL="(.*)"', conf, re.MULTILINE)[1])
    versions = [kernelmatrix.version(name) for name in kernelmatrix.NAMES]
    for major, minor in versions:
        assert supported.match(f"{major}.{minor}.0-powerpc64le"), (major, minor)
    major, minor = max(versions)
    for other in (f"{major}.{minor + 1}", f"{major + 1}.0", "5.9", "4.19", "3.10"):
        assert not supported.match(f"{other}.0-powerpc64le"), other


def test_export_gives_the_same_bytes_twice(tmp_path):
    """And has what git has: no more, no less."""
    for name in ("one", "two"):
        command("packaging/export.sh", tmp_path / f"{name}.tar.xz")
    one, two = ((tmp_path / f"{name}.tar.xz").read_bytes() for name in ("one", "two"))
    assert one == two
    known = command("git", "-c", "safe.directory=*", "ls-files", "--cached", "--others",
                    "--exclude-standard").split()
    listed = command("tar", "-tf", tmp_path / "one.tar.xz").split()
    assert sorted(listed) == sorted(f"svm-mmio-{VERSION}/{name}" for name in known
                                    if (paths.TOP / name).exists())


def test_export_of_a_release_is_the_release(tmp_path):
    """Unpacked, without git, it exports itself again."""
    command("packaging/export.sh", tmp_path / "one.tar.xz")
    command("tar", "-xf", tmp_path / "one.tar.xz", "-C", tmp_path)
    command(tmp_path / f"svm-mmio-{VERSION}/packaging/export.sh", tmp_path / "two.tar.xz")
    assert command("tar", "-tf", tmp_path / "one.tar.xz") == command(
        "tar", "-tf", tmp_path / "two.tar.xz")
