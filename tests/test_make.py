# SPDX-License-Identifier: GPL-2.0
"""make, make install, make clean and what DKMS does, in a tree of their own."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from lab import build, paths, tool
from lab.kernels import CROSS
from lab.root import run, write_files

# But for what compiles the whole module.
quick = pytest.mark.quick

MENU = ["Makefile", "dkms.conf", "README.md", "samples/edu/Makefile"]


@pytest.fixture
def tree(kernel, tmp_path):
    """A fresh copy of the sources inside the kernel's root; tree(command) runs it there."""
    (kernel.root / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="make-", dir=kernel.root / "build") as directory:
        inside = Path(directory)
        write_files(inside, {**build.sources(paths.TOP),
                             **{name: paths.TOP / name for name in MENU}})

        def call(command, where="."):
            log = tmp_path / "log"
            script = f"cd '/build/{inside.name}/{where}' && {command}"
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


def test_make_install_and_clean(tree, kernel):
    """What is installed goes below DESTDIR."""
    before = files(tree.path)
    make = f"make KERNELDIR={kernel.headers} CROSS_COMPILE={CROSS}"
    good(tree(make))
    assert (tree.path / "svm_mmio.ko").exists()
    good(tree(f"{make} DESTDIR=dest install"))
    installed = [name for name in files(tree.path / "dest") if name.endswith(".ko")]
    assert installed == [f"lib/modules/{kernel.release}/updates/svm_mmio.ko"]
    shutil.rmtree(tree.path / "dest")
    good(tree("make clean"))
    assert files(tree.path) == before


@quick
def test_clean_leaves_what_was_downloaded(tree):
    """Below build/ are other builds, too: what took minutes to make; only distclean takes it."""
    kept = ["build/roots/a/b.o", "build/modules/c.ko", "build/logs/d.log"]
    write_files(tree.path, {name: b"" for name in (*kept, "e.o", "backend/f.o.d", ".g.o.cmd")})
    good(tree("make clean"))
    assert [name for name in files(tree.path) if name.endswith((".o", ".d", ".cmd", ".ko", ".log"))
            ] == sorted(kept)
    good(tree("make distclean"))
    assert not (tree.path / "build").exists() and (tree.path / "Makefile").exists()


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


@quick
@pytest.mark.parametrize("where", ["My Drivers", "a:b"])
def test_path_that_make_cannot_take(tree, where):
    """In it or for it: said by its name, before anything is built, or installed elsewhere."""
    (tree.path / where).mkdir()
    shutil.copy(paths.TOP / "Makefile", tree.path / where)
    before = files(tree.path)
    for command, directory in (("make", where), ("make install", where), ("make check", where),
                               (f"make KERNELDIR='/usr/src/{where}'", "."),
                               (f"make KERNELDIR=/nowhere DESTDIR='/tmp/{where}' install", ".")):
        status, output = tree(command, directory)
        assert status and "path with a blank or a colon" in output and where in output, output
    assert files(tree.path) == before


@quick
def test_drop_in_in_a_path_with_a_blank(tmp_path):
    """And the negative control: in another path it is taken."""
    for where, taken in (("My Drivers", False), ("drivers", True)):
        shutil.copytree(paths.TOP / "dropin", tmp_path / where)
        name = str(tmp_path / where / "dropin.mk").replace(" ", "\\ ")
        done = subprocess.run(["make", "-f", "-", "all"], input=f"include {name}\nall:\n",
                              capture_output=True, text=True, check=False, cwd=tmp_path)
        assert ("path with a blank" in done.stderr) == (not taken), done.stderr
        assert (done.returncode == 0) == taken, done.stderr


@quick
def test_command_is_installed_below_a_path_with_a_blank(tmp_path):
    (tmp_path / tool.PROGRAM).touch()
    destination = tmp_path / "My Root"
    # Nothing is built.
    subprocess.run(["make", "-C", tool.SOURCE, "-o", "all", "install", f"BUILD={tmp_path}",
                    f"DESTDIR={destination}"], check=True, capture_output=True)
    assert (destination / "usr/local/bin/svm-mmio").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["My Root", tool.PROGRAM]


@quick
def test_sample_in_a_path_with_a_blank(tree):
    shutil.copytree(tree.path / "samples", tree.path / "My Drivers/samples")
    for command, where in (("make", "My Drivers/samples/edu"),
                           ("make KERNELDIR='/usr/my src'", "samples/edu")):
        status, output = tree(command, where)
        assert status and "path with a blank" in output, output


@quick
@pytest.mark.parametrize("processors, gigabytes, jobs", [
    (2, 24, 3), (1, 24, 2), (8, 32, 8), (8, 64, 9), (64, 32, 8), (2, 8, 2), (2, 3, 1)])
def test_jobs_from_processors_and_memory(processors, gigabytes, jobs):
    said = subprocess.run([paths.TOP / "tests/jobs.sh", str(processors), str(gigabytes)],
                          check=True, capture_output=True, text=True).stdout
    assert said == f"{jobs}\n"


@quick
def test_jobs_of_this_machine():
    """What make takes if nobody says, and that it can be told."""
    mine = subprocess.run([paths.TOP / "tests/jobs.sh"], check=True, capture_output=True,
                          text=True).stdout.strip()
    assert 1 <= int(mine) <= len(os.sched_getaffinity(0)) + 1
    # Whoever runs this may have said something else, to make or to the shell.
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("JOBS", "MAKEFLAGS", "MAKELEVEL")}
    for command, jobs in (("make -n check", mine), ("make -n check JOBS=7", "7"),
                          ("JOBS=5 make -n check-quick", "5")):
        output = subprocess.run(command, shell=True, cwd=paths.TOP, check=True, text=True,
                                capture_output=True, env=environment).stdout
        assert f"--numprocesses={jobs} " in output, output


@quick
@pytest.mark.parametrize("configuration", [
    "CONFIG_X86_64=y\n", "CONFIG_PPC64=y\nCONFIG_CPU_BIG_ENDIAN=y\n",
    "CONFIG_PPC32=y\nCONFIG_CPU_LITTLE_ENDIAN=y\n"])
def test_wrong_architecture(tree, configuration):
    """A clear error, before any compiler runs; a big-endian PowerPC is another, too."""
    other = tree.path / "x86"
    (other / "include/config").mkdir(parents=True)
    (other / "include/config/auto.conf").write_text(configuration, encoding="ascii")
    status, output = tree("make KERNELDIR=x86")
    assert status and "is not for ppc64le" in output and "make demo" in output, output
    assert "CC " not in output


@quick
def test_header_on_another_architecture_says_so(kernel):
    """The header itself refuses, for a driver whose Kbuild does not."""
    header = (paths.TOP / "svm_mmio.h").read_text(encoding="utf-8")
    condition = re.search(r"#if !defined\(CONFIG_PPC64\).*?#endif\n", header, re.DOTALL)[0]
    result = subprocess.run(["gcc", "-fsyntax-only", "-x", "c", "-"], input=condition, text=True,
                            capture_output=True, check=False)
    assert result.returncode and "ppc64le" in result.stderr


@quick
def test_no_headers(tree):
    status, output = tree("make KERNELDIR=/nowhere")
    assert status and "Install the headers of your kernel" in output, output


@quick
def test_help_lists_every_command(tree):
    output = good(tree("make help"))
    makefile = Path(paths.TOP / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE)
    assert len(commands) > 8
    for command in set(commands) - {"check-kerneldir"}:
        assert re.search(rf"^  make {command} ", output, re.MULTILINE), (command, output)
