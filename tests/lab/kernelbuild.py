# SPDX-License-Identifier: GPL-2.0
"""Kernels that the lab builds from Debian's source: what no distribution ships.

    kernel = kernelbuild.get("5.10")

Each has everything off but what the fragments in tests/kernels ask for. It is built once, in a
root that has the compiler, and kept there: what the build of a module needs of it, and the image.
"""

import functools
import hashlib
import os
import re
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import linux_source, paths, series
from .apt import Apt
from .errors import BuildError, LabError
from .kernels import CROSS, TOOLS, Kernel
from .once import make_once
from .progress import say
from .root import Recipe, build, make_root
from .soak import DEBUG_KERNEL, SOAK, UPSTREAM

FRAGMENTS = paths.TOP / "tests/kernels"
CHECKSUMS = "lab-checksums"
EVERY = 30      # seconds between two signs of life

# Patterns of what no guest of ours uses; Kconfig files and Makefiles have to stay.
UNUSED = ("Documentation/[!a]*/*", "tools/perf/*", "tools/testing/*", "arch/*.dts", "arch/*.dtsi",
          *(f"{directory}/*.[chS]" for directory in (
              "arch/[!p]*", "arch/parisc", "drivers/gpu", "drivers/hid", "drivers/infiniband",
              "drivers/media", "drivers/mtd", "drivers/net/ethernet/[!i]*", "drivers/net/wireless",
              "drivers/scsi", "drivers/staging", "fs/btrfs", "fs/ext4", "fs/ocfs2", "fs/xfs",
              "samples", "sound")))

# What is compiled before upstream/ is applied and after it, to be compared: what it changes, and
# what it is to leave alone, kernel and drivers that access devices.
COMPARED = ("arch/powerpc/mm/fault", "arch/powerpc/mm/ioremap_64", "arch/powerpc/kernel/pci_64",
            "arch/powerpc/kernel/isa-bridge", "arch/powerpc/platforms/pseries/setup",
            "arch/powerpc/sysdev/xive/spapr", "arch/powerpc/kernel/io", "arch/powerpc/kernel/iomap",
            "drivers/net/ethernet/intel/e1000/e1000_hw", "drivers/nvme/host/pci",
            "drivers/usb/host/xhci", "drivers/virtio/virtio_pci_modern_dev")
# Where these are kept, and the source that the series is for.
OBJECTS = "lab-objects"
PRISTINE = "lab-pristine.tar.gz"
SVM = "CONFIG_PPC_SVM"

# Drivers whose sources stay, to be rebuilt on the drop-in.
KEPT_SOURCES = ("drivers/net/ethernet/intel/e1000", "drivers/nvme/host")


@dataclass(frozen=True)
class Spec:
    """How to build a kernel."""

    package: str            # the source package
    suite: str              # that has it
    gcc: str                # the cross compiler
    fragments: tuple        # names in tests/kernels
    tools: str = "bookworm"     # the suite of that, and of all else that a build runs
    series: str = field(default="", repr=False)     # key of upstream/, if it has its patches


# To build one takes minutes: these are left to SOAK=1 (docs/testing.md says what shows the same),
# and the last two to commands of their own.
WITH_SERIES = "7.2-upstream"
DEBUG = "debug"
LEFT_OUT = (*(() if SOAK else ("5.10-4k", "7.2-secure")), *(() if UPSTREAM else (WITH_SERIES,)),
            *(() if DEBUG_KERNEL else (DEBUG,)))

TABLE = {
    "5.10": Spec("linux-source-5.10", "bullseye", "gcc-12", ("guest", "secure")),
    "5.10-4k": Spec("linux-source-5.10", "bullseye", "gcc-12", ("guest", "secure", "4k-pages")),
    DEBUG: Spec("linux-source-6.12", "trixie", "gcc-14", ("guest", "debug"), "trixie"),
    # With a compiler newer than bookworm's ftrace's code is out of line, as in Debian's 7.2.
    "7.2-secure": Spec("linux-source-7.2", "sid", "gcc-14", ("guest", "secure"), "trixie"),
    WITH_SERIES: Spec("linux-source-7.2", "sid", "gcc-14", ("guest", "secure", "built-in"),
                      "trixie", series.key()),
}

# Those that this run has; and those of them that are SVMs with drivers that move data, and need
# the module for it.
NAMES = tuple(name for name in TABLE if name not in LEFT_OUT)
SECURE = tuple(name for name in NAMES
               if "secure" in TABLE[name].fragments and not TABLE[name].series)


@dataclass(frozen=True)
class BuiltKernel(Kernel):
    """A kernel of TABLE, ready to build for and to boot."""

    tree: str = ""          # where it was built, inside the root

    @property
    def headers(self):
        """Where its headers are, inside the root."""
        return f"/{self.tree}"

    @property
    def identity(self):
        """What tells it from other kernels, for a cache of builds."""
        return f"{self.root.name}/{self.tree}"

    @property
    def modules(self):
        """Its own are where they were built."""
        return self.root / self.tree

    def source(self, directory):
        """The path of @directory, one of KEPT_SOURCES, with its sources and its Makefile."""
        return self.root / self.tree / directory

    def compared(self, name, svm, patched):
        """The object of @name, one of COMPARED: with PPC_SVM if @svm, of upstream/ if @patched."""
        return self.modules / OBJECTS / _variant(svm, patched) / name.replace("/", "-")

    @property
    def pristine(self):
        """The source that upstream/ is for, as series.restore() takes it."""
        return self.modules / PRISTINE


@functools.cache
def get(name):
    """The kernel called @name in TABLE; the first call ever builds it, which takes minutes."""
    if name not in TABLE:
        raise LabError(f"the lab builds no kernel '{name}'; it builds: {', '.join(TABLE)}")
    spec = TABLE[name]
    root = _tools(spec)
    wanted = options("".join((FRAGMENTS / f"{fragment}.config").read_text(encoding="ascii")
                             for fragment in spec.fragments))
    what = (spec, sorted(wanted.items()), *([spec.series] if spec.series else []))
    key = hashlib.sha256(repr(what).encode()).hexdigest()[:8]
    tree = f"usr/src/linux-{name}-{key}"
    place = make_once(root / tree, functools.partial(_build, name, spec, root, wanted))
    verify(name, place)
    release = (place / "include/config/kernel.release").read_text(encoding="ascii").strip()
    return BuiltKernel(name, spec, release, root, place / "vmlinux", place / ".config",
                       tree=tree)


def options(text):
    """What a .config or a part of one says: a dict of name to value, "n" for what is not set."""
    found = dict(re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.MULTILINE))
    return found | dict.fromkeys(re.findall(r"^# (CONFIG_\w+) is not set$", text, re.MULTILINE),
                                 "n")


def lacking(wanted, have):
    """The options that are not in @have as they are in @wanted: both as options() gives them."""
    return [f"{name}={value}" for name, value in wanted.items() if have.get(name, "n") != value]


def _tools(spec):
    """The root with all that a build of a kernel runs."""
    cross = f"{spec.gcc}-{CROSS.rstrip('-')}"
    programs = [*TOOLS, "bash", "bc", "bison", "flex", "gcc", "libc6-dev", "perl", cross]
    return make_root("kernel-build", (spec.tools,), programs,
                     lambda apt: Recipe(install=programs, unpack=["busybox-static:ppc64el"]))


def _build(name, spec, root, wanted, new):
    """Build in @new, a directory in @root."""
    source = _unpack(spec, new)
    # Debian's Makefile reads it, now and when a module is built.
    (new / ".kernelvariables").write_text(f"CC = $(CROSS_COMPILE){spec.gcc}\n", encoding="ascii")
    inside = f"/{new.relative_to(root)}"
    make = ["make", "-C", inside, f"-j{os.cpu_count()}", "ARCH=powerpc",
            f"CROSS_COMPILE={CROSS}",
            # Else two builds differ in what they say of themselves.
            "KBUILD_BUILD_TIMESTAMP=1970-01-01", "KBUILD_BUILD_USER=lab", "KBUILD_BUILD_HOST=lab"]
    log = paths.log(f"build-linux-{name}")

    def configure(options_wanted):
        (new / "lab-fragment").write_text(
            "".join(f"{option}={value}\n" for option, value in options_wanted.items()),
            encoding="ascii")
        _make(name, root, [*make, f"KCONFIG_ALLCONFIG={inside}/lab-fragment", "allnoconfig"], log)
        missing = lacking(options_wanted, options((new / ".config").read_text(encoding="ascii")))
        if missing:
            raise BuildError(f"Linux {name} ({source}) cannot have {', '.join(missing)}: an option "
                             "that it depends on is off or has another name. See tests/kernels.")

    def compile_compared(svm, patched):
        _make(name, root, [*make, *(f"{file}.o" for file in COMPARED)], log)
        place = new / OBJECTS / _variant(svm, patched)
        place.mkdir(parents=True)
        for file in COMPARED:
            shutil.copy(new / f"{file}.o", place / file.replace("/", "-"))

    started = time.monotonic()
    say(f"building Linux {name} from {source}: some minutes, once; log: {paths.shown(log)}")
    if spec.series:
        series.keep(new, new / PRISTINE)
        without = {option: value for option, value in wanted.items() if not option.startswith(SVM)}
        configure({option: value for option, value in wanted.items()
                   if not option.startswith(f"{SVM}_")})
        compile_compared(svm=True, patched=False)
        configure(without | {SVM: "n"})
        compile_compared(svm=False, patched=False)
        series.apply(new)
        # Else the kernel's release would say that it is of no release.
        shutil.rmtree(new / ".git")
        compile_compared(svm=False, patched=True)
    configure(wanted)
    _make(name, root, [*make, "vmlinux", "modules"], log)
    if spec.series:
        compile_compared(svm=True, patched=True)
    say(f"built Linux {name} in {time.monotonic() - started:.0f} s")
    _trim(new)
    seal(new)


def _variant(svm, patched):
    return f"{'svm' if svm else 'no-svm'}-{'patched' if patched else 'pristine'}"


def _unpack(spec, new):
    unused = [f"--exclude={spec.package}/{pattern}" for pattern in UNUSED]
    # The package is for all architectures: any one index has it.
    with Apt(spec.suite, architectures=("amd64",)) as apt:
        return linux_source.unpack(apt, spec.package, new, ["--wildcards", *unused])


def _make(name, root, command, log):
    """Run make in @root, and say now and then how far it is."""
    done = threading.Event()

    def tick():
        while not done.wait(EVERY):
            compiled = log.read_text(encoding="utf-8", errors="replace").count("  CC  ")
            say(f"building Linux {name}: {compiled} files compiled")

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        build(root, command, log, f"Linux {name} ({' '.join(command[-2:])})")
    finally:
        done.set()
        ticker.join()


def _trim(tree):
    """Drop the objects and sources that no build of a module reads."""
    keep = tree / "scripts"
    for directory, names, files in os.walk(tree):
        if Path(directory) == tree:
            names.remove(keep.name)
        if str(Path(directory).relative_to(tree)) in KEPT_SOURCES:
            continue
        for file in files:
            if file.endswith((".o", ".a", ".c", ".S", ".cmd")) and file != "crtsavres.o":
                os.unlink(os.path.join(directory, file))


def seal(tree):
    """Write down the checksums of what everything in @tree rests on, as sha256sum has them."""
    (tree / CHECKSUMS).write_text(_checksums(tree), encoding="ascii")


def verify(name, tree):
    """See to it that the kernel called @name is still what seal() saw."""
    try:
        good = (tree / CHECKSUMS).read_text(encoding="ascii") == _checksums(tree)
    except FileNotFoundError:
        good = False
    if not good:
        raise LabError(f"Linux {name} in {paths.shown(tree)} is not what was built there. Remove "
                       "that directory: it is then built again.")


def _checksums(tree):
    return "".join(f"{hashlib.sha256((tree / name).read_bytes()).hexdigest()}  {name}\n"
                   for name in ("vmlinux", ".config", "Module.symvers"))
