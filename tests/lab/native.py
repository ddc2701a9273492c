# SPDX-License-Identifier: GPL-2.0
"""Parts of the module, of the model and of the oracle that only compute, compiled for this machine.

What they include of the kernel is empty here; tests/native has what they need of it. So every
answer that they can give is asked for in a moment, without a guest.
"""

import ctypes
import hashlib
import re
import shlex
import subprocess

from . import objdump, paths, plugin
from .errors import BuildError
from .once import make_once
from .root import write_files

FAKES = paths.TOP / "tests/native"
CFLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-w", "-O2"]
KERNELS = re.compile(r'^#\s*include\s+<((?:linux|asm)/[^>]+)>', re.MULTILINE)


def load_check(windows=2):
    """The check at load and its decoder, with a table of so many windows: a ctypes.CDLL."""
    return _library("kernel", "capture/table.c", "capture/insn.c",
                    options=(f"-DWINDOWS={windows}",))


def model():
    """The decoder, the verdicts and the records of the model: a ctypes.CDLL."""
    return _library("kernel", *(f"tests/uvmodel/uvmodel_{name}.c" for name in (
        "decode", "verdict", "record")))


def search():
    """The search for a backend, its trials and the aliases: the path of a library, as what it has
    found out it keeps as long as it is loaded.
    """
    return _library("search", *(f"backend/{name}.c" for name in (
        "search", "trials", "probe", "register", "alias")), "observe/limit.h",
                    "tests/native/kernel.c")._name


def of(source):
    """The path of the library that @source is a part of."""
    if source.startswith("backend/"):
        return search()
    return (model() if source.startswith("tests/uvmodel/") else load_check())._name


def _library(fake, *sources, options=()):
    """@sources, paths below the top, with tests/native/@fake.c and .h: a ctypes.CDLL."""
    directories = sorted({(paths.TOP / source).parent for source in sources})
    files = [*(paths.TOP / source for source in sources), FAKES / f"{fake}.c",
             FAKES / f"{fake}.h", *(file for directory in directories
                                    for file in sorted(directory.glob("*.h")))]
    texts = [file.read_text(encoding="utf-8") for file in files]
    # A header of the kernel's may be included by one of the tree's own.
    empty = {name: b"" for text in texts for name in KERNELS.findall(text)}

    def fill(new):
        write_files(new / "include", empty)
        # Behind those of the host, whose C library asks for linux/errno.h.
        _run(["gcc", *CFLAGS, "-fPIC", "-shared", *options, "-idirafter", str(new / "include"),
              f"-I{paths.TOP}", *(f"-I{directory}" for directory in directories),
              "-include", str(FAKES / f"{fake}.h"), "-o", str(new / "library.so"),
              *(str(file) for file in files if file.suffix == ".c")])

    return ctypes.CDLL(str(_made(fake, (texts, options), fill) / "library.so"))


def qemu():
    """tests/native/qemu.c, a program: its path."""
    source = FAKES / "qemu.c"
    headers = [file.read_text(encoding="ascii") for file in sorted(plugin.SHARED.glob("*.h"))]

    def fill(new):
        flags = shlex.split(_run(["pkg-config", "--cflags", "--libs", "glib-2.0"]))
        _run(["gcc", *CFLAGS, "-rdynamic", f"-I{plugin.SHARED}", "-o", str(new / "qemu"),
              str(source), *flags, "-ldl"])

    return _made("qemu", (source.read_text(encoding="ascii"), headers), fill) / "qemu"


def guest():
    """tests/native/guest.c, which is preloaded: its path."""
    source = FAKES / "guest.c"

    def fill(new):
        _run(["gcc", *CFLAGS, "-fPIC", "-shared", "-o", str(new / "guest.so"), str(source)])

    return _made("guest", source.read_text(encoding="ascii"), fill) / "guest.so"


def _made(name, what, fill):
    digest = hashlib.sha256(repr(what).encode()).hexdigest()[:16]
    return make_once(paths.BUILD / "native" / f"{name}-{digest}", fill)


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{shlex.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


# The loads and stores of Power ISA v3.0B, Book I, 3.3.2 to 3.3.5, of 1, 2, 4 and 8 bytes:
# (bytes, whether it is a store). What ends in u or ux is an update form.
WIDTHS = {"b": 1, "h": 2, "w": 4, "d": 8}
NAME = re.compile(r"(?:(?P<load>l)(?P<kind>bz|hz|ha|wz|wa|d|hbr|wbr|dbr)"
                  r"|st(?P<stored>b|h|w|d|hbr|wbr|dbr))(?P<update>u?)(?P<indexed>x?)")


def described(mnemonic):
    """(bytes, is a store, is an update form) of an integer load or store; else None."""
    match = NAME.fullmatch(mnemonic)
    if not match:
        return None
    return WIDTHS[(match["kind"] or match["stored"])[0]], not match["load"], bool(match["update"])


def words():
    """Each form of instruction once: {word: its mnemonic in binutils}, with r4, and r5 and r6 or
    a displacement that is no multiple of four but for the two low bits."""
    registers = 4 << 21 | 5 << 16
    drawn = [primary << 26 | registers | 0x6670 | low
             for primary in range(64) if primary != 31 for low in range(4)]
    drawn += [31 << 26 | registers | 6 << 11 | extended for extended in range(2048)]
    path = paths.BUILD / "native" / "words.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(word.to_bytes(4, "little") for word in drawn))
    said = _run([objdump.OBJDUMP, "-D", "-b", "binary", "-m", "powerpc:common64", "-EL",
                 "-M", "power9", str(path)])
    found = {}
    for line in said.splitlines():
        if match := objdump.INSN.match(line):
            found[int.from_bytes(bytes.fromhex(match[2]), "little")] = match[3]
    return found
