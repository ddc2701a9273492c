# SPDX-License-Identifier: GPL-2.0
"""The self-test passes on each kernel, built with the compiler that kernel was configured with."""

import re

import pytest
from lab import dropin, kernelbuild, kernelmatrix, paths, subject
from lab.errors import LabError
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
    """With W=1 as well, which other tests do not use: GCC then makes somewhat different code."""
    kernel = kernelmatrix.get(name)
    for build in (subject.build(kernel, make_args=("W=1",)), subject.build(kernel),
                  dropin.module(kernel)):
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
