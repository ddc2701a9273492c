#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What "make api-docs" runs: writes docs/api.rst from the kernel-doc comments of the sources.

Usage: tests/api_docs.py [FILE]     (default: docs/api.rst)

The comments are read by the kernel's own scripts/kernel-doc. It knows no function that a macro
defines, and the accessors are all defined by macros: so svm_mmio.h is preprocessed, without what it
includes, and their prototypes are listed below the section (DOC:) that they follow.
"""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from lab import kernels, paths, sources
from lab.errors import LabError

HEADER = "svm_mmio.h"
API = paths.TOP / "docs" / "api.rst"

# What accessors of the header are made of, and no driver calls.
HELPERS = ("svm_is_memory", "svm_port_address", "svm_clrsetbits")

# What the header needs to know of the kernel: its architecture, and what only some kernels have.
DEFINES = ("CONFIG_PPC64", "__LITTLE_ENDIAN__", "readsq=readsq", "ioread64_rep=ioread64_rep")

ITEM = re.compile(
    r"/\*\*\n \* DOC: (?P<section>.*)$"
    r"|static __always_inline (?P<type>[^;{}()#]*?)(?P<function>svm_\w+) ?\((?P<parameters>[^)]*)\)"
    r"|^#define (?P<macro>svm_\w+)(\((?P<arguments>[^)]*)\))? (?P<body>.*)$", re.MULTILINE)

INTRODUCTION = """\
.. SPDX-License-Identifier: GPL-2.0
.. Made by "make api-docs" from comments in the sources: change those.

=============
API reference
=============

What a driver includes is svm_mmio.h; docs/driver.md tells how it is used.
"""

INTERNALS = """
Inside the module
=================

Nothing below is exported: this is for whoever changes the module.
"""


@dataclass
class Section:
    """A section of the header, and what a driver can call in it."""

    title: str
    names: list = field(default_factory=list)
    lines: list = field(default_factory=list)   # C, one declaration or macro each


def kernel_doc_script():
    """The path of the kernel's kernel-doc."""
    # Of the kernels that have it in Perl, the newest: the older one has no -Wall.
    script, = kernels.get("6.12").root.glob("usr/lib/linux-kbuild-*/scripts/kernel-doc")
    return script


def kernel_doc(file, *arguments):
    """What kernel-doc makes of a source @file: reStructuredText, "" if it has no such comments."""
    # The output depends on Sphinx's version, and else on whether there is one.
    command = ["perl", kernel_doc_script(), "-rst", "-sphinx-version", "3.0.0", *arguments, file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if "no structured comments found" not in line]
    if done.returncode or said:
        raise LabError(f"kernel-doc complains of {paths.shown(file)}:\n" + "\n".join(said))
    return done.stdout


def sections(header):
    """The Sections of a header file; names in the order in which they are defined."""
    text = re.sub(r"^#include.*", "", header.read_text(encoding="utf-8"), flags=re.MULTILINE)
    command = ["gcc", "-E", "-P", "-C", "-dD", "-undef", "-x", "c",
               *(f"-D{define}" for define in DEFINES), "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"{paths.shown(header)} cannot be preprocessed:\n{done.stderr}")
    found = [Section("")]
    for item in ITEM.finditer(done.stdout):
        name = item["function"] or item["macro"]
        if item["section"]:
            found.append(Section(item["section"]))
        elif name not in HELPERS:
            found[-1].names.append(name)
            found[-1].lines.append(_words(
                f"{item['type']} {name}({item['parameters']});" if item["function"] else
                f"#define {name}{_arguments(item['arguments'])} {item['body']}"))
    if found[0].names:
        raise LabError(f"{paths.shown(header)}: no section (DOC:) is before {found[0].names[0]}")
    return found[1:]


def _arguments(names):
    """What follows the name of a macro that has arguments "a,b": "(a, b)"; "" if it has none."""
    return "" if names is None else f"({', '.join(names.split(','))})"


def _words(text):
    """@text with one blank wherever it has several, and none behind a *."""
    return " ".join(text.split()).replace("* ", "*")


def text(top=paths.TOP):
    """The reference for the sources in the directory @top."""
    parts = [INTRODUCTION]
    for section in sections(top / HEADER):
        parts.append(_heading(section.title, "="))
        parts.append(kernel_doc(top / HEADER, "-function", section.title))
        if section.lines:
            parts.append("::\n\n" + "".join(f"    {line}\n" for line in section.lines))
    parts.append(INTERNALS)
    for file in sources.module(top, [room for room in sources.ROOMS if room != "selftest"]):
        if file.name != HEADER and (documented := kernel_doc(file)):
            parts += [_heading(str(file.relative_to(top)), "-"), documented]
    lines = [line.rstrip() for line in "\n".join(parts).expandtabs().split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def _heading(title, line):
    return f"\n{title}\n{line * len(title)}\n"


def is_current(file=API, top=paths.TOP):
    """Whether the reference in @file is that of the sources in the directory @top."""
    return file.exists() and file.read_text(encoding="utf-8") == text(top)


def main(arguments):
    """Write the reference."""
    file = Path(arguments[0]) if arguments else API
    file.write_text(text(), encoding="utf-8")
    print(paths.shown(file))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except LabError as error:
        sys.exit(f"api-docs: {error}")
