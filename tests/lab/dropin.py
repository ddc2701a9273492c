# SPDX-License-Identifier: GPL-2.0
"""Builds a driver twice: as it is, and on the drop-in (docs/dropin.md)."""

import re

from . import paths, subject
from .build import build_module

# The headers and the makefile that a driver needs of this tree. In a driver's directory they are
# in svm-mmio/, as a driver outside the kernel might have a copy or a link.
FILES = ("svm_mmio.h", "dropin/override.h", "dropin/dropin.mk", "dropin/asm/io.h",
         "dropin/linux/io.h", "dropin/svm_mmio_first.h")
ONE_LINE = "include $(src)/svm-mmio/dropin/dropin.mk\n"

# A Kbuild is preferred to a Makefile: with this one beside it, the Makefile can stay as it is.
KBUILD = "include $(src)/Makefile\n"


def module(kernel, **options):
    """The svm_mmio that drivers are built for: without the self-test, which claims devices.

    Other options are those of build_module().
    """
    return subject.build(kernel, make_args=("SVM_MMIO_SELFTEST=n",), **options)


def files(kernel):
    """What a driver's directory has in svm-mmio/: {"relative/path": Path}."""
    return {"svm-mmio/Module.symvers": module(kernel).symvers,
            **{f"svm-mmio/{name}": paths.TOP / name for name in FILES}}


def build(kernel, source, *, safe, **options):
    """Build the driver in directory @source: a BuildResult.

    @safe    whether on the drop-in; else the result is the driver as anyone would build it

    Other options are those of build_module().
    """
    own = source / "Kbuild"
    kbuild = own.read_text(encoding="ascii") if own.exists() else KBUILD
    extra = {**options.pop("extra", {}), "Kbuild": kbuild.encode()}
    if safe:
        extra["Kbuild"] += ONE_LINE.encode()
        extra.update(files(kernel))
    return build_module(kernel, source, extra=extra, **options)


def warnings(result):
    """What the tools complained of in build @result, without what differs from build to build."""
    return {re.sub(r"/build/[0-9a-f]+/", "", line) for line in result.output.splitlines()
            if re.search(r"\bwarning\b", line, re.IGNORECASE)}
