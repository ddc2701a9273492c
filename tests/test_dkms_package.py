# SPDX-License-Identifier: GPL-2.0
"""svm-mmio-dkms in a Debian of ppc64le: built there by dpkg -i, rebuilt for another kernel, gone.

The tests are one story about one guest, in their order: the last one purges the package.
"""

import re
import subprocess

import pytest
from lab import host, packages, tool
from lab.debian import SUITES, Debian
from lab.soak import SOAK

# A package asks for the DKMS of the Debian it was built on, which may be newer than the guest's.
INSTALL = "dpkg -i" if host.codename() in SUITES else "dpkg --force-depends -i"
# Debug information, which DKMS strips again, is a good part of what a build takes here. (Later
# kernels make BTF of it.)
SOONER = "KCFLAGS=-g0"
DKMS = "/usr/src/svm-mmio-*/dkms.conf"
OVERRIDE = "/etc/dkms/svm-mmio.conf"

# A quarter of an hour of a processor: a compiler, emulated.
pytestmark = pytest.mark.skipif(not SOAK, reason="an emulated Debian; SOAK=1 boots it")

# What DKMS and dpkg keep for themselves, whatever was installed.
KEPT = ("/var/lib/dpkg/", "/var/log/", "/var/cache/debconf/", "/var/lib/dkms/mok.",
        "/var/lib/dkms/dkms_dbversion", "/usr/lib/modules/{release}/modules.")

HEADERS = """\
Package: linux-headers-{release}
Version: 1
Architecture: all
Maintainer: svm-mmio maintainers <maintainers@svm-mmio.invalid>
Description: as much of a kernel's headers as DKMS looks at before it builds
"""
# What the packages of Debian's kernel headers do.
POSTINST = """\
#!/bin/sh
exec run-parts --report --exit-on-error --arg={release} /etc/kernel/header_postinst.d
"""


def headers_package(directory, release, config):
    """A package of the headers of a kernel @release with which no module can be built."""
    root = directory / release
    tree = root / f"usr/src/linux-headers-{release}"
    for path, text in ((root / "DEBIAN/control", HEADERS.format(release=release)),
                       (root / "DEBIAN/postinst", POSTINST.format(release=release)),
                       (tree / ".config", config), (tree / "include/config/auto.conf", config)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "DEBIAN/postinst").chmod(0o755)
    modules = root / "usr/lib/modules" / release
    modules.mkdir(parents=True)
    (modules / "build").symlink_to(f"/usr/src/linux-headers-{release}")
    package = directory / f"{release}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", root, package], check=True,
                   capture_output=True)
    return package


@pytest.fixture(scope="module")
def debian(kernel, tmp_path_factory):
    """A Debian with the packages, not yet installed, and the names of its files before."""
    package = packages.build(tmp_path_factory.mktemp("release"), "-A")["svm-mmio-dkms"]
    scratch = tmp_path_factory.mktemp("headers")
    config = kernel.config.read_text(encoding="utf-8")
    # Its own package would be this machine's: what is tried here is the module's.
    command = f"/usr/bin/{tool.PROGRAM}"
    files = {"/packages/svm-mmio-dkms.deb": package, command: tool.guest_files()[command]}
    for release, text in (("99.1.0-too-new", config),
                          ("6.1.0-no-pci", config.replace("\nCONFIG_PCI=y\n", "\n"))):
        files[f"/packages/{release}.deb"] = headers_package(scratch, release, text)
    with Debian.boot(kernel, name="dkms", smp=1, mem="2G", devices=("pci-testdev", "edu"),
                     files=files) as it:
        it.before = set(it.check("find / -xdev").splitlines())
        yield it


@pytest.fixture(scope="module")
def installed(debian):
    """The same, once dpkg -i has returned 0."""
    debian.said = debian.check(f"{SOONER} {INSTALL} /packages/svm-mmio-dkms.deb")
    return debian


@pytest.fixture
def conf(installed):
    """Lets a test change the package's dkms.conf: conf(sed expression)."""
    installed.check(f"cp {DKMS} /tmp/dkms.conf")
    yield lambda expression: installed.check(f"sed -i -E '{expression}' {DKMS}")
    installed.check(f"cp /tmp/dkms.conf {DKMS}")


def status(debian):
    """What DKMS has, as "RELEASE STATE" each."""
    return sorted(line.split(", ")[1] + " " + line.rsplit(": ", 1)[1]
                  for line in debian.check("dkms status svm-mmio").splitlines() if ", " in line)


def test_dpkg_builds_and_installs_it(installed, kernel):
    """With the native compiler, for the kernel that runs, and signed with DKMS's own key."""
    print(installed.said)
    assert "Building initial module" in installed.said and "Error" not in installed.said
    assert status(installed) == [f"{kernel.release} installed"], installed.said
    assert installed.check("modinfo -F vermagic svm_mmio").split()[0] == kernel.release
    assert installed.check("modinfo -F signer svm_mmio").strip() == "DKMS module signing key"


def test_selftest_passes_with_what_was_built(installed):
    """As an administrator would try it."""
    installed.check("modprobe svm_mmio backend=sprg0")
    status_said = installed.check("svm-mmio status")
    said = installed.check("svm-mmio test")
    print(status_said, said, sep="\n")
    assert "Backend sprg0" in status_said
    passed, failed = re.search(r"^(\d+) passed, (\d+) failed", said, re.MULTILINE).groups()
    assert int(passed) > 20 and failed == "0"
    installed.check("modprobe -r svm_mmio")


@pytest.mark.parametrize("release", ["99.1.0-too-new", "6.1.0-no-pci"])
def test_unsupported_kernel_is_skipped(installed, release):
    """Its headers are installed as if svm-mmio were not there."""
    before = status(installed)
    said = installed.check(f"dpkg -i /packages/{release}.deb")
    assert "Error" not in said and "Building" not in said, said
    assert status(installed) == before
    installed.check(f"dpkg --purge linux-headers-{release}")


@pytest.mark.parametrize("without", ["BUILD_EXCLUSIVE|_svm", "_svm"] if SOAK else ["_svm"])
def test_without_what_dkms_conf_says_it_would_break(installed, conf, without):
    """Negative controls: the kernel's headers cannot be installed. With BUILD_EXCLUSIVE_ alone
    neither: this Debian's DKMS calls what it skips a failure.
    """
    conf(rf"/^({without})|^if|^\t|^fi/d")
    assert "AUTOINSTALL" in installed.check(f"bash -n {DKMS} && cat {DKMS}")
    result = installed.run("dpkg -i /packages/99.1.0-too-new.deb")
    assert result.rc and "Error!" in result.out, result.out
    assert ("BUILD_EXCLUSIVE directive" in result.out) == (without == "_svm"), result.out
    installed.check("dpkg --purge linux-headers-99.1.0-too-new; rm -rf /var/lib/dkms/*/*/build")


def test_headers_installed_later_trigger_a_build(installed, kernel):
    """For the kernel they are of, not for the one that runs; built as the administrator says."""
    installed.check(f"""cat >{OVERRIDE} <<'END'
MAKE[0]="make KERNELDIR=$kernel_source_dir SVM_MMIO_SELFTEST=n module"
END""")
    release = installed.later.name.removeprefix("linux-headers-").partition("_")[0]
    # Nobody boots that kernel, so it is not installed though its headers ask for it.
    said = installed.check(f"dpkg --force-depends --force-unsafe-io -i {installed.later}")
    assert status(installed) == sorted(f"{name} installed" for name in (kernel.release, release)), \
        said
    assert installed.check(f"modinfo -k {release} -F vermagic svm_mmio").split()[0] == release
    log = installed.check(f"cat /var/lib/dkms/svm-mmio/*/{release}/ppc64le/log/make.log")
    assert "accessors/single.o" in log and "selftest/" not in log, log
    installed.check(f"rm {OVERRIDE}")


def test_purge_leaves_nothing_behind(installed, kernel):
    """The modules for both kernels go too. Comes last."""
    installed.check("dpkg --purge svm-mmio-dkms")
    others = set(installed.check("dpkg-query -W -f '${Package}\\n' 'linux-headers-*-powerpc64le' |"
                                 "xargs dpkg -L").splitlines())
    kept = tuple(name.format(release=kernel.release) for name in KEPT)
    after = set(installed.check("find / -xdev").splitlines())
    left = {name for name in after - installed.before - others
            if not name.startswith(kept) and not name.startswith("/usr/lib/modules/6.12")}
    assert not left, sorted(left)
    assert installed.run("modinfo svm_mmio").rc
