# SPDX-License-Identifier: GPL-2.0
"""make, make install, make clean and what DKMS does, in a tree of their own."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from lab import build, paths
from lab.kernels import CROSS
from lab.root import run, write_files

pytestmark = pytest.mark.quick

MENU = ["Makefile", "dkms.conf", "README.md"]


@pytest.fixture
def tree(kernel, tmp_path):
    """A fresh copy of the sources inside the kernel's root; tree(command) runs it there."""
    (kernel.root / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="make-", dir=kernel.root / "build") as directory:
        inside = Path(directory)
        write_files(inside, {**build.sources(paths.TOP),
                             **{name: paths.TOP / name for name in MENU}})

        def call(command):
            log = tmp_path / "log"
            script = f"cd /build/{inside.name} && {command}"
            status = run(kernel.root, ["sh", "-c", script], log)
            return status, log.read_text(encoding="utf-8")

        call.path = inside
        yield call


def files(top):
    return sorted(str(path.relative_to(top)) for path in top.rglob("*"))


def good(answer):
    status, output = answer
    assert status == 0, output
    return output


def test_make_and_clean(tree, kernel):
    before = files(tree.path)
    good(tree(f"make KERNELDIR={kernel.headers} CROSS_COMPILE={CROSS}"))
    assert (tree.path / "svm_mmio.ko").exists()
    good(tree("make clean"))
    assert files(tree.path) == before


def test_install_respects_destdir(tree, kernel):
    good(tree(f"make KERNELDIR={kernel.headers} CROSS_COMPILE={CROSS} SVM_MMIO_SELFTEST=n"
              " DESTDIR=dest install"))
    installed = [name for name in files(tree.path / "dest") if name.endswith(".ko")]
    assert installed == [f"lib/modules/{kernel.release}/updates/svm_mmio.ko"]


def test_what_dkms_does_builds(tree, kernel):
    """Its MAKE line, with the variable that DKMS sets, for another kernel than the running one."""
    settings = subprocess.run(
        ["bash", "-c", f"kernel_source_dir={kernel.headers}; . ./dkms.conf; "
         'printf "%s\\n" "${MAKE[0]}" "${BUILT_MODULE_NAME[0]}" "$PACKAGE_VERSION" "$CLEAN"'],
        cwd=tree.path, check=True, capture_output=True, text=True).stdout.splitlines()
    make, module, version, clean = settings
    before = files(tree.path)
    good(tree(f"SVM_MMIO_SELFTEST=n CROSS_COMPILE={CROSS} {make}"))     # sooner done
    assert (tree.path / f"{module}.ko").exists()
    header = (paths.TOP / "svm_mmio_version.h").read_text(encoding="ascii")
    assert version == re.search(r'SVM_MMIO_VERSION "(.*)"', header)[1]
    good(tree(clean))
    assert files(tree.path) == before


def test_wrong_architecture(tree):
    """A clear error, before any compiler runs."""
    other = tree.path / "x86"
    (other / "include/config").mkdir(parents=True)
    (other / "include/config/auto.conf").write_text("CONFIG_X86_64=y\n", encoding="ascii")
    status, output = tree("make KERNELDIR=x86")
    assert status and "is not for ppc64le" in output and "make demo" in output, output
    assert "CC " not in output


def test_header_on_another_architecture_says_so(kernel):
    """The header itself refuses, for a driver whose Kbuild does not."""
    header = (paths.TOP / "svm_mmio.h").read_text(encoding="utf-8")
    condition = re.search(r"#if !defined\(CONFIG_PPC64\).*?#endif\n", header, re.DOTALL)[0]
    result = subprocess.run(["gcc", "-fsyntax-only", "-x", "c", "-"], input=condition, text=True,
                            capture_output=True, check=False)
    assert result.returncode and "ppc64le" in result.stderr


def test_no_headers(tree):
    status, output = tree("make KERNELDIR=/nowhere")
    assert status and "Install the headers of your kernel" in output, output


def test_help_lists_every_command(tree):
    output = good(tree("make help"))
    makefile = Path(paths.TOP / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE)
    assert len(commands) > 8
    for command in set(commands) - {"check-kerneldir"}:
        assert re.search(rf"^  make {command} ", output, re.MULTILINE), (command, output)
