# SPDX-License-Identifier: GPL-2.0
"""The self-test passes on each kernel, built with the compiler that kernel was configured with."""

import re

import pytest
from lab import clang, dropin, kernelbuild, kernelmatrix, paths, subject, tool
from lab.errors import LabError
from lab.soak import SOAK
from lab.subject import BUFFER, Subject
from test_selftest import LIST


@pytest.mark.parametrize("name", [name for name in kernelmatrix.NAMES if name != "6.1"])
def test_selftest_under_the_oracle(name):
    """6.1 is the one that all other tests use."""
    row = kernelmatrix.run(name)
    print(kernelmatrix.heading(), kernelmatrix.line(row), sep="\n")
    assert not row.failures, "\n".join(row.failures)
    assert row.good and row.mismatched == 0
    assert row.ran == set(LIST)


def complaints(build):
    """What a kernel's own tree says to W=1 is not about the module."""
    return [line for line in build.output.splitlines()
            if re.search("warning|error:", line, re.IGNORECASE)]


@pytest.mark.parametrize("name", kernelmatrix.NAMES)
def test_builds_without_warnings_and_without_selftest(name):
    kernel = kernelmatrix.get(name)
    for build in (subject.build(kernel), dropin.module(kernel)):
        assert complaints(build) == [], build.output


@pytest.mark.parametrize("name", kernelmatrix.NAMES if SOAK else kernelmatrix.NAMES[-1:])
def test_builds_without_warnings_of_w1(name):
    """Other tests build without. GCC then makes somewhat different code."""
    build = subject.build(kernelmatrix.get(name), make_args=("W=1",))
    assert complaints(build) == [], build.output


def test_warning_of_w1_is_seen(kernel):
    """Negative control."""
    name = "capture/insn"
    source = (paths.TOP / f"{name}.c").read_bytes()
    build = subject.build(kernel, make_args=("W=1",), targets=(f"{name}.o",), extra={
        f"{name}.c": source + b"static const int of_no_use = 1;\n"})
    assert len(complaints(build)) == 1 and "of_no_use" in complaints(build)[0]


def test_built_with_its_own_compiler():
    """The compiler of the kernel is the compiler of the module."""
    for name in kernelmatrix.NAMES:
        kernel = kernelmatrix.get(name)
        wanted = kernelmatrix.compiler(kernelbuild.options(kernel.config.read_text("utf-8")))
        comment = subject.build(kernel).ko["svm_mmio"].read_bytes()
        versions = set(re.findall(rb"GCC: \(.*?\) ([\d.]+)\0", comment))
        assert versions == {wanted.removeprefix("gcc ").encode()}, name


def test_built_by_clang():
    """By Kbuild as any other; the drop-in by clang is in test_dropin_edge_cases.py."""
    kernel = clang.get()
    build = subject.build(kernel)
    assert complaints(build) == [], build.output
    ko = build.ko["svm_mmio"]
    assert b"clang version " in ko.read_bytes() and b"GCC: (" not in ko.read_bytes()
    audit = tool.audit_one(ko)
    assert (audit["verdict"], audit["bad_windows"]) == ("safe", 0)
    with Subject.boot(kernel, name="by-clang") as it:
        it.load("backend=sprg0")
        ran = set()
        for run in it.run_every_case():
            assert run.case.ok and run.all_captured, run
            ran.add((run.device, run.case.name))
        assert ran == set(LIST)
        it.unload()
        for parameters in ("backend=hcall", "backend=sprg0 guard=on"):
            it.load(parameters)
            for device, case in (("edu", "load_values"), (BUFFER, "string_values")):
                assert it.run(device, case).case.ok
            it.unload()


def test_without_selftest(kernel):
    """It loads, says what it is, and claims no device."""
    ko = dropin.module(kernel).ko["svm_mmio"]
    with Subject.boot(kernel, name="without-selftest", ko=ko) as it:
        it.load("backend=sprg0")
        assert it.bars == {}
        assert it.status()["backend"] == "sprg0"
        assert it.guest.run("test -e /sys/bus/pci/drivers/svm_mmio").rc
        it.unload()


def test_option_that_a_kernel_lacks_is_found():
    """The check of a configuration that a kernel is built with: it misses nothing."""
    wanted = kernelbuild.options("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=3\nCONFIG_D=y\n")
    have = kernelbuild.options("CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=4\n# CONFIG_D is not set\n")
    assert kernelbuild.lacking(wanted, have) == ["CONFIG_C=3", "CONFIG_D=y", "CONFIG_B=n"]
    assert kernelbuild.lacking(wanted, wanted) == []
    assert kernelbuild.lacking(wanted, {}) == ["CONFIG_A=y", "CONFIG_C=3", "CONFIG_D=y"]


@pytest.mark.parametrize("name", kernelbuild.NAMES)
def test_built_kernel_is_what_was_asked_for(name):
    """Each line of its fragments is in the configuration it was built with."""
    wanted = "".join((kernelbuild.FRAGMENTS / f"{fragment}.config").read_text(encoding="ascii")
                     for fragment in kernelbuild.TABLE[name].fragments)
    have = kernelbuild.get(name).config.read_text(encoding="ascii")
    assert len(kernelbuild.options(wanted)) > 30
    assert kernelbuild.lacking(kernelbuild.options(wanted), kernelbuild.options(have)) == []


@pytest.mark.parametrize("damage", ["vmlinux", ".config", "Module.symvers", "lab-checksums"])
def test_damaged_kernel_is_not_used(tmp_path, damage):
    for name in ("vmlinux", ".config", "Module.symvers"):
        (tmp_path / name).write_text(name, encoding="ascii")
    kernelbuild.seal(tmp_path)
    kernelbuild.verify("x", tmp_path)
    (tmp_path / damage).unlink()
    with pytest.raises(LabError, match="Remove that directory"):
        kernelbuild.verify("x", tmp_path)
    (tmp_path / damage).write_text("other", encoding="ascii")
    with pytest.raises(LabError, match="Remove that directory"):
        kernelbuild.verify("x", tmp_path)
