#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What "make lint" runs: the checks of style and of types that need no guest.

Usage: tests/lint.py [WORD...]      (only the checks with one of the words in their name)

A check prints "lint: NAME ... ok", or what it complains of. The exit status is 1 if one did.
"""

import fnmatch
import functools
import re
import subprocess
import sys

from api_docs import kernel_doc_script
from lab import checkpatch, hypervisor, kernels, paths, series
from lab.build import build_module
from lab.errors import LabError

# Types of checkpatch.pl's complaints that are not wanted.
KERNEL_IGNORE = (
    # Accessors take what the kernel's own take: "const volatile void __iomem *".
    "VOLATILE",
    # Macros that define a function, as DEF_MMIO_IN_D in asm/io.h does, can be neither in
    # parentheses nor in do { } while.
    "COMPLEX_MACRO", "MULTISTATEMENT_MACRO_USE_DO_WHILE",
    # for_each_..() and what makes constants and strings for asm have to use an argument twice.
    "MACRO_ARG_REUSE",
)
# What TRACE_EVENT() and its like look like everywhere in the kernel.
TRACE_IGNORE = (*KERNEL_IGNORE, "OPEN_ENDED_LINE", "PARENTHESIS_ALIGNMENT")
# Test drivers define global functions for a test to disassemble: no header wants them, but W=1
# wants a prototype.
DRIVER_IGNORE = (*KERNEL_IGNORE, "AVOID_EXTERNS")
# The oracle is a plugin of QEMU's: these are about what only the kernel has.
PLUGIN_IGNORE = (
    "PREFER_KERNEL_TYPES",              # u64 for uint64_t
    "PREFER_DEFINED_ATTRIBUTE_MACRO",   # __weak, __aligned()
    "BIT_MACRO",                        # BIT()
    "CAMELCASE",                        # GLib, PRIu64, _Static_assert
    "SPLIT_STRING",                     # a log whose lines are looked for in a huge source
)
# The fuzzer's macros for arrays are such as the kernel has, and takes for granted.
PROGRAM_IGNORE = (
    *PLUGIN_IGNORE, "MACRO_ARG_REUSE",
    "VOLATILE",                         # a device is accessed without the kernel
    "AVOID_EXTERNS",                    # what is in assembly
    "EMBEDDED_FUNCTION_NAME",           # a word of a message that is a function's name too
)
# The same for the command.
TOOL_IGNORE = (
    *PROGRAM_IGNORE, "STATIC_CONST_CHAR_ARRAY",
    "REPEATED_WORD",                    # "enum kind kind"
)
# Else the * of a variable of this type is taken for a multiplication without blanks.
PLUGIN_TYPES = ("GHashTable",)

# The licence itself, what make bench writes, and what dpkg lets have no comment.
NO_SPDX = ("COPYING", "docs/bench.csv", "docs/bench.svg", "packaging/debian/changelog",
           "packaging/debian/copyright", "packaging/debian/source/format")

# As git writes it: what it adds is judged by checkpatch.pl, which looks for a licence too.
PATCH = ".patch"

# Debian's kbuild packages lack what this kernel needs for C=2, which then quietly does nothing.
NO_SPARSE = ("7.2",)

SPARSE = ("W=1", "C=2", "CHECK=sparse", "CF=-D__CHECK_ENDIAN__")

# How the compiler, sparse, kernel-doc and modpost say it.
COMPLAINT = re.compile(r"\b(warning|warn|error):", re.IGNORECASE)


@functools.cache
def files():
    """All files that git knows of or would add, without links: paths from the top."""
    # The owner of the tree may be another user: in a container that is the rule.
    done = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached",
                           "--others", "--exclude-standard"],
                          cwd=paths.TOP, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError("git cannot list the files to check, which takes a clone of the project:\n"
                       + done.stderr.strip())
    return sorted(name for name in done.stdout.split("\0")
                  if name and (paths.TOP / name).is_file() and not (paths.TOP / name).is_symlink())


@functools.cache
def texts():
    """The files that are text: a dict of path from the top to content."""
    contents = {name: (paths.TOP / name).read_bytes() for name in files()}
    return {name: content.decode("utf-8", "replace") for name, content in contents.items()
            if b"\0" not in content}


def matching(*patterns):
    """The files that match one of @patterns, in which * matches / too."""
    return [name for name in files()
            if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


def scripts(suffix, interpreter):
    """The files in a language: by their suffix, or by the interpreter in their first line."""
    shebang = re.compile(rf"#!.*\b{interpreter}\b")
    return [name for name, text in texts().items()
            if name.endswith(suffix) or shebang.match(text)]


def run(*command):
    """Run a tool at the top of the tree; what it says if it complains, as lines."""
    try:
        done = subprocess.run(command, cwd=paths.TOP, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
    except FileNotFoundError:
        return [f"{command[0]} is missing: tests/setup.sh lint installs it"]
    if done.returncode:
        return done.stdout.splitlines() or [f"{command[0]} failed without a word"]
    return []


def check_spdx():
    """Every text file says in its first lines under which licence it is."""
    return [f"{name}:1: no SPDX-License-Identifier in the first 5 lines"
            for name, text in texts().items()
            if name not in NO_SPDX and not name.endswith(PATCH)
            and not re.search(r"SPDX-License-Identifier: \S", "\n".join(text.split("\n")[:5]))]


def check_whitespace():
    """What "git diff --check" complains of, and a last line without an end."""
    return [complaint for name, text in texts().items() if not name.endswith(PATCH)
            for complaint in _whitespace(name, text)]


def _whitespace(name, text):
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield f"{name}:{number}: blanks at the end of the line"
        if re.match(r"\t* +\t", line):
            yield f"{name}:{number}: a space before a tab"
    if text and not text.endswith("\n"):
        yield f"{name}:{number}: no newline at the end of the file"
    if text.endswith("\n\n"):
        yield f"{name}:{number - 1}: an empty line at the end of the file"


def check_shell():
    """shellcheck on every shell script."""
    return run("shellcheck", "--format=gcc", *scripts(".sh", r"(ba|da)?sh"))


def check_python():
    """flake8 on every Python file."""
    return run(sys.executable, "-m", "flake8", "--isolated", "--max-line-length=100",
               *scripts(".py", r"python3?"))


def c_files():
    """All C files: of the kernel, of test drivers, of QEMU's plugins, of the guest's programs, of
    the command.
    """
    drivers = matching("tests/drivers/*.[ch]", "tests/bench/module/*.[ch]")
    plugin = matching("tests/plugin/*.[ch]", "tests/oracle/*.[ch]", "tests/smf/*.[ch]",
                      "tests/bench/plugin/*.[ch]")
    programs = matching("tests/guest/*.[ch]", "tests/native/*.[ch]")
    tool = matching("tools/*.[ch]")
    others = [*drivers, *plugin, *programs, *tool]
    return ([name for name in matching("*.[ch]") if name not in others],
            drivers, plugin, programs, tool)


def check_checkpatch():
    """checkpatch.pl --strict on every C file, and on the patches for the kernel."""
    kernel, drivers, plugin, programs, tool = c_files()
    events = [name for name in kernel if name.endswith("/trace.h")]
    others = [name for name in kernel if name not in events]
    return [*checkpatch.complaints(others, KERNEL_IGNORE),
            *checkpatch.complaints(events, TRACE_IGNORE),
            *checkpatch.complaints(drivers, DRIVER_IGNORE),
            *checkpatch.complaints(plugin, PLUGIN_IGNORE, PLUGIN_TYPES),
            *checkpatch.complaints(programs, PROGRAM_IGNORE),
            *checkpatch.complaints(tool, TOOL_IGNORE),
            *checkpatch.complaints(series.patches(), series.IGNORE, is_patch=True)]


def check_kernel_doc():
    """kernel-doc on every C file of the kernel, headers too, which W=1 leaves out."""
    kernel, drivers, *_ = c_files()
    return run("perl", kernel_doc_script(), "-none", "-Wall", "-Werror", *kernel, *drivers)


def check_build(kernel, sparse, selftest):
    """Build the module for @kernel with the compiler's further warnings, and perhaps sparse."""
    args = [*SPARSE] if sparse else ["W=1"]
    if not selftest:
        args += ["SVM_MMIO_SELFTEST=n"]
    built = build_module(kernels.get(kernel), paths.TOP, make_args=args)
    said = [re.sub(r"/build/[0-9a-f]+/", "", line) for line in built.output.splitlines()]
    complaints = [line for line in said if COMPLAINT.search(line)]
    if complaints:
        complaints.append(f"The whole log: {paths.shown(built.log)}")
    if sparse:
        checked = [line.split()[1] for line in said if line.split()[:1] == ["CHECK"]]
        complaints += [f"{name}: sparse has not seen it: is it in Kbuild?"
                       for name in module_sources(selftest) if name not in checked]
    return complaints


def check_model(kernel):
    """The same for the model of an ultravisor, which needs a kernel with KVM."""
    built = hypervisor.build_model(kernels.get(kernel), make_args=SPARSE)
    # Sparse dislikes something in the kernel's own headers for KVM.
    complaints = [line for line in built.output.splitlines()
                  if COMPLAINT.search(line) and not line.startswith("/usr/src/")]
    return complaints + ([f"The whole log: {paths.shown(built.log)}"] if complaints else [])


def module_sources(selftest):
    """The C files that make up the module, with or without its self-test."""
    sources = [name for name in matching("*.c") if "/" not in name]
    return sources + (matching("selftest/*.c") if selftest else [])


def _builds():
    for kernel in kernels.TABLE:
        sparse = kernel not in NO_SPARSE
        name = f"W=1{' and sparse' if sparse else ''} on {kernel}"
        yield name, functools.partial(check_build, kernel, sparse, True)
        yield f"{name}, no self-test", functools.partial(check_build, kernel, sparse, False)
        if kernel in hypervisor.L1_KERNELS:
            yield f"uvmodel, {name}", functools.partial(check_model, kernel)


# What takes longest comes last.
CHECKS = {
    "SPDX": check_spdx,
    "whitespace": check_whitespace,
    "shellcheck": check_shell,
    "flake8": check_python,
    "checkpatch": check_checkpatch,
    "kernel-doc": check_kernel_doc,
    **dict(_builds()),
}


def passes(name):
    """Run the check called @name and print its result; whether it has nothing to complain of."""
    try:
        complaints = CHECKS[name]()
    except LabError as error:
        complaints = [str(error)]
    print(f"lint: {name} ... {'complaints:' if complaints else 'ok'}", *complaints,
          sep="\n", flush=True)
    return not complaints


def main(words):
    """Run the checks that @words ask for; the exit status."""
    names = [name for name in CHECKS if not words or any(word in name for word in words)]
    if not names:
        sys.exit(f"lint: no check has {' or '.join(words)} in its name; there are: "
                 + "; ".join(CHECKS))
    failed = [name for name in names if not passes(name)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
