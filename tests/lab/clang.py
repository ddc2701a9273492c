# SPDX-License-Identifier: GPL-2.0
"""Compiles single kernel files with clang, with the headers of a kernel that GCC was used for.

Not a module that could be loaded: what the compiler makes of the kernel's inline assembly is all
that is wanted.
"""

import hashlib
import shutil

from . import dropin, paths
from .once import make_once
from .progress import say
from .root import Recipe, build, make_root, workplace

SUITE = "bookworm"
INCLUDES = ("arch/powerpc/include", "include", "arch/powerpc/include/uapi", "include/uapi")
FLAGS = ("--target=powerpc64le-linux-gnu", "-nostdinc", "-std=gnu11", "-O2", "-g", "-w",
         "-mcpu=power8", "-msoft-float", "-mno-altivec", "-mno-vsx", "-mcmodel=medium",
         "-fno-strict-aliasing", "-fshort-wchar", "-D__KERNEL__", "-DMODULE",
         '-DKBUILD_MODNAME="clang"', "-D__KBUILD_MODNAME=kmod_clang", '-Dpr_fmt(fmt)=fmt')
# The headers ask the configuration which compiler it is.
COMPILER = b"#undef CONFIG_CC_IS_GCC\n#define CONFIG_CC_IS_CLANG 1\n"


def compile_file(kernel, source, *beside, top=None, safe=False):
    """The object file of @source, compiled for @kernel; files @beside it are found by #include:
    by their paths below @top, by their names if that is None.

    @safe    on the drop-in (docs/dropin.md)
    """
    common = f"linux-headers-{kernel.release.removesuffix('-powerpc64le')}-common"
    root = make_root("clang", (SUITE,), (kernel.release,), lambda apt: Recipe(
        install=["clang"],
        unpack=[f"linux-headers-{kernel.release}:ppc64el", common]))
    names = {path: str(path.relative_to(top)) if top else path.name for path in (source, *beside)}
    files = {name: path.read_bytes() for path, name in names.items()}
    files["compiler.h"] = COMPILER
    if safe:
        files |= {f"svm-mmio/{name}": (paths.TOP / name).read_bytes() for name in dropin.FILES}
    key = hashlib.sha256(repr((root.name, FLAGS, names[source],
                               sorted(files.items()))).encode()).hexdigest()[:12]

    def fill(new):
        say(f"compiling {source.name} with clang")
        common_dir = f"/usr/src/{common}"
        generated = [name.replace("include", "include/generated", 1) for name in INCLUDES]
        includes = [f"-I{top}/{name}" for top, names in (
            (common_dir, INCLUDES), (kernel.headers, INCLUDES), (kernel.headers, generated))
                    for name in names]
        before = [f"-I/build/{key}/svm-mmio/dropin"] if safe else []
        first = [word for name in ("compiler-version.h", "kconfig.h", "compiler_types.h")
                 for word in ("-include", f"{common_dir}/include/linux/{name}")]
        first[4:4] = ["-include", f"/build/{key}/compiler.h"]
        with workplace(root, key, files) as inside:
            build(root, ["clang", *FLAGS, *before, *includes, f"-I/build/{key}", *first,
                         f'-DKBUILD_BASENAME="{source.stem}"', "-c",
                         f"/build/{key}/{names[source]}", "-o", f"/build/{key}/out.o"],
                  paths.log(f"clang-{key}"), f"{source.name}, with clang,")
            shutil.move(inside / "out.o", new / f"{source.stem}.o")

    return make_once(paths.MODULES / f"clang-{key}", fill) / f"{source.stem}.o"
