# SPDX-License-Identifier: GPL-2.0
"""How a file of the module is compiled, outside Kbuild: for what reads the sources, and compiles a
single one of them.
"""

from . import clang, paths

# What compat/compat.mk finds out of 6.1.
HAS = ("-DSVM_HAVE_LINUX_ALIGN", "-DSVM_HAVE_ASM_INTERRUPT", "-DSVM_HAVE_PPC_INST_T",
       "-DSVM_HAVE_FTRACE_GET_REGS")
PARTS = ("-DSVM_MMIO_GUARD", "-DSVM_MMIO_SELFTEST")


def for_clang(kernel):
    """What clang has to be told to read a file of the module, with the headers of 6.1."""
    common = kernel.headers.replace("-powerpc64le", "-common")
    generated = [name.replace("include", "include/generated", 1) for name in clang.INCLUDES]
    includes = [f"-I{kernel.root}{top}/{name}" for top, names in (
        (common, clang.INCLUDES), (kernel.headers, clang.INCLUDES), (kernel.headers, generated))
                for name in names]
    configuration = paths.BUILD / "changes" / "compiler.h"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_bytes(clang.CONFIGURATION)
    first = [f"{kernel.root}{common}/include/linux/{name}" for name in (
        "compiler-version.h", "kconfig.h", "compiler_types.h")]
    first.insert(1, str(configuration))
    return (f"--target={clang.TARGET}", *clang.FLAGS, *includes, f"-I{paths.TOP}",
            *(word for header in first for word in ("-include", header)),
            '-DKBUILD_BASENAME="read"', *PARTS, *HAS)
