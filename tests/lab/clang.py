# SPDX-License-Identifier: GPL-2.0
"""Builds with clang, for a kernel that GCC was used for: modules, and single files.

    kernel = clang.get()            # a kernel of kernels.TABLE, whose modules clang builds

Kbuild hands the options of the kernel's own compiler to the one that it is told of, and the headers
ask the configuration which compiler it is. A wrapper around clang and arguments to make put both
right.
"""

import dataclasses
import functools
import hashlib
import shutil

from . import dropin, kernels, paths
from .kernels import CROSS
from .once import make_once
from .progress import say
from .root import build, make_root, workplace

NAME = "6.1"
COMPILER = "usr/bin/lab-clang"
TARGET = CROSS.rstrip("-")
# What clang has no word for and does not need: where the kernel keeps the stack's canary, the
# assembler's own debug information, warnings.
WRAPPER = f"""#!/bin/sh
for word; do
    shift
    case $word in
    -mstack-protector-guard*|-ftrivial-auto-var-init=*|-Wa,-g*) ;;
    -fstack-protector*) set -- "$@" -fno-stack-protector ;;
    *) set -- "$@" "$word" ;;
    esac
done
exec clang --target={TARGET} -Qunused-arguments "$@" -Wno-unknown-warning-option
"""
# -mprofile-kernel, by which functions can be traced, is GCC's alone.
MAKE_ARGS = (f"CC=/{COMPILER}", "CC_FLAGS_FTRACE=", "CONFIG_CC_IS_GCC=", "CONFIG_CC_IS_CLANG=y",
             "KCPPFLAGS=-DCONFIG_CC_IS_CLANG=1 -UCONFIG_CC_IS_GCC")

INCLUDES = ("arch/powerpc/include", "include", "arch/powerpc/include/uapi", "include/uapi")
FLAGS = ("-nostdinc", "-std=gnu11", "-O2", "-g", "-w",
         "-mcpu=power8", "-msoft-float", "-mno-altivec", "-mno-vsx", "-mcmodel=medium",
         "-fno-strict-aliasing", "-fshort-wchar", "-D__KERNEL__", "-DMODULE",
         '-DKBUILD_MODNAME="clang"', "-D__KBUILD_MODNAME=kmod_clang", '-Dpr_fmt(fmt)=fmt')
# The headers ask the configuration which compiler it is.
CONFIGURATION = b"#undef CONFIG_CC_IS_GCC\n#define CONFIG_CC_IS_CLANG 1\n"


@functools.cache
def get():
    """The kernel, with a root that has clang too."""
    kernel = kernels.get(NAME)
    root = make_root("clang", kernel.spec.suites, (kernel.spec, kernels.TOOLS, WRAPPER),
                     lambda apt: kernels.recipe(kernel.spec, apt, "clang"))
    wrapper = root / COMPILER
    if not wrapper.exists():
        new = wrapper.with_suffix(".new")
        new.write_text(WRAPPER, encoding="ascii")
        new.chmod(0o755)
        new.rename(wrapper)
    return dataclasses.replace(kernel, name=f"{NAME}-clang", root=root, make_args=MAKE_ARGS)


def compile_file(source, *beside, top=None, safe=False):
    """The object file of @source; files @beside it are found by #include: by their paths below
    @top, by their names if that is None.

    Not by Kbuild: what the compiler makes of it is all that is wanted, of any file.

    @safe    on the drop-in (docs/dropin.md)
    """
    kernel = get()
    names = {path: str(path.relative_to(top)) if top else path.name for path in (source, *beside)}
    files = {name: path.read_bytes() for path, name in names.items()}
    files["compiler.h"] = CONFIGURATION
    if safe:
        files |= {f"svm-mmio/{name}": (paths.TOP / name).read_bytes() for name in dropin.FILES}
    key = hashlib.sha256(repr((kernel.identity, FLAGS, names[source],
                               sorted(files.items()))).encode()).hexdigest()[:12]

    def fill(new):
        say(f"compiling {source.name} with clang")
        common = kernel.headers.replace("-powerpc64le", "-common")
        generated = [name.replace("include", "include/generated", 1) for name in INCLUDES]
        includes = [f"-I{top}/{name}" for top, names in (
            (common, INCLUDES), (kernel.headers, INCLUDES), (kernel.headers, generated))
                    for name in names]
        before = [f"-I/build/{key}/svm-mmio/dropin"] if safe else []
        first = [word for name in ("compiler-version.h", "kconfig.h", "compiler_types.h")
                 for word in ("-include", f"{common}/include/linux/{name}")]
        first[4:4] = ["-include", f"/build/{key}/compiler.h"]
        with workplace(kernel.root, key, files) as inside:
            build(kernel.root, [
                "clang", f"--target={TARGET}", *FLAGS, *before, *includes, f"-I/build/{key}",
                *first, f'-DKBUILD_BASENAME="{source.stem}"', "-c",
                f"/build/{key}/{names[source]}", "-o", f"/build/{key}/out.o"],
                paths.log(f"clang-{key}"), f"{source.name}, with clang,")
            shutil.move(inside / "out.o", new / f"{source.stem}.o")

    return make_once(paths.MODULES / f"clang-{key}", fill) / f"{source.stem}.o"
