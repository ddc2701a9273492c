# SPDX-License-Identifier: GPL-2.0
"""Builds variants of the module: a few of its files are other ones.

    built = build_variants(kernel, {"no-mask": {"guard/order.c": b"..."}})

The module as it is is built once for a kernel, by Kbuild, and kept. For a variant only what depends
on the changed files is compiled, with the commands that Kbuild used for it, and linked with the
rest: Kbuild itself starts more than a thousand programs before it knows that little is to be done.
"""

import contextlib
import re
import shutil

from elftools.elf.elffile import ELFFile

from . import paths
from .build import content_key, make, sources
from .once import locked, make_once
from .progress import say
from .root import build, workplace, write_files

NAME = "variant"        # the directory in the root: commands have its name in them
VARIANTS = paths.BUILD / "variants"

# No debug information: many variants have to fit into a guest. BTF is made of that, and some
# kernels fail to make it of none.
ARGS = ("KCFLAGS=-g0 -w", "CONFIG_DEBUG_INFO_BTF_MODULES=")

MODULE = ("svm_mmio.o", "svm_mmio.ko")      # in the order in which they are linked
LINKED = (*MODULE, "svm_mmio.mod.o")        # what is no object of one source
# These say what to compile, and how to compile or link it.
OF_KBUILD = re.compile(r"(^|/)Kbuild$|\.(mk|lds)$")
# Where ftrace finds calls, if no compiler says it.
RECORDMCOUNT = "CONFIG_FTRACE_MCOUNT_USE_RECORDMCOUNT=y\n"


def build_variants(kernel, variants):
    """Build variants of the module, one after another.

    @variants is a dict of name to {"relative/path": bytes}. Returns a dict of name to the module
    file.
    """
    done = {name: VARIANTS / f"{kernel.name}-{_key(kernel, changed)}"
            for name, changed in variants.items()}
    if not all(place.exists() for place in done.values()):
        # Who needs the same ones waits here, and finds them.
        with locked(VARIANTS / f"{kernel.name}.lock"), ModuleTree(kernel) as tree:
            missing = {name: variants[name] for name, place in done.items() if not place.exists()}
            for number, (name, changed) in enumerate(missing.items(), 1):
                say(f"building variant {number} of {len(missing)}: {name}")
                module = tree.build(changed, name)
                make_once(done[name], lambda new, module=module: (
                    new / "svm_mmio.ko").write_bytes(module))
    return {name: next(path.glob("*.ko")) for name, path in done.items()}


class ModuleTree:
    """A tree in a kernel's root with the module as it is, built; use it in a with statement."""

    def __init__(self, kernel):
        self._kernel = kernel
        self._place = workplace(kernel.root, NAME, {})
        self._records_calls = RECORDMCOUNT in kernel.config.read_text(encoding="utf-8")
        self._tree = self._known = self.original = None

    def __enter__(self):
        self._tree = self._place.__enter__()
        self._as_it_is()
        self.original = (self._tree / MODULE[-1]).read_bytes()
        self._known = _undefined(self._tree / MODULE[-1])
        return self

    def __exit__(self, *error):
        self._place.__exit__(*error)

    def build(self, changed, name):
        """The module with the files @changed, {"relative/path": bytes}: the bytes of the module
        file; @original if its code is that of the module as it is. A BuildError if there is none.

        @name is that of the log.
        """
        if not changed:
            return self.original
        if any(OF_KBUILD.search(file) for file in changed):
            return self.by_kbuild(changed, name)
        log = self._log(name)
        before = {object_: object_.read_bytes() for object_ in self._objects_of(changed)}
        with self._instead(changed, before):
            for object_ in before:
                self._run(object_, log)
            if all(object_.read_bytes() == was for object_, was in before.items()):
                return self.original
            for part in MODULE:
                self._run(self._tree / part, log)
            built = self._tree / MODULE[-1]
            # Who needs more of the kernel than before needs other checksums of it, too; or what is
            # nowhere, as a function is gone.
            if _undefined(built) <= self._known:
                return built.read_bytes()
        return self.by_kbuild(changed, name)

    def by_kbuild(self, changed, name):
        """The same, with all that Kbuild does."""
        write_files(self._tree, changed)
        try:
            make(self._kernel, NAME, ARGS, ("modules",), self._log(name), f"variant {name}")
            return (self._tree / MODULE[-1]).read_bytes()
        finally:
            self._as_it_is()

    def _as_it_is(self):
        """Copy what was built of the module as it is, with its times."""
        def fill(new):
            say(f"building what variants for {self._kernel.name} have in common")
            write_files(self._tree, sources(paths.TOP))
            make(self._kernel, NAME, ARGS, ("modules",),
                 self._log("unchanged"), "the module")
            shutil.copytree(self._tree, new, dirs_exist_ok=True)

        shutil.rmtree(self._tree, ignore_errors=True)
        kept = make_once(VARIANTS / f"{self._kernel.name}-unchanged-{_key(self._kernel)}", fill)
        shutil.copytree(kept, self._tree, dirs_exist_ok=True)

    def _log(self, name):
        return paths.log(f"build-{NAME}-{self._kernel.name}-{name}")

    @contextlib.contextmanager
    def _instead(self, changed, objects):
        """The files @changed in place of the module's; afterwards all is as it was, @objects too.
        """
        was = {self._tree / file: (self._tree / file).read_bytes() for file in changed
               if (self._tree / file).exists()}
        write_files(self._tree, changed)
        try:
            yield
        finally:
            for file in changed:
                (self._tree / file).unlink()
            for path, content in {**was, **objects}.items():
                path.write_bytes(content)

    def _objects_of(self, changed):
        """The objects that depend on one of the files @changed."""
        names = re.compile(r"(?:^|[ /])(?:" + "|".join(map(re.escape, changed)) + r")(?: |$)",
                           re.MULTILINE)
        objects = (said.with_name(said.name[1:-len(".cmd")])
                   for said in sorted(self._tree.rglob(".*.o.cmd"))
                   if names.search(said.read_text(encoding="utf-8")))
        return [object_ for object_ in objects if object_.name not in LINKED]

    def _run(self, product, log):
        """Make @product as Kbuild made it, but for what only checks it."""
        said = product.with_name(f".{product.name}.cmd").read_text(encoding="utf-8")
        target, command = re.match(r"(?:saved)?cmd_(\S+) := *(.*)\n", said).groups()
        # Newer kernels change to the module's directory.
        where = self._kernel.headers if target.startswith("/") else f"/build/{NAME}"
        script = f"cd {where} && {command.partition(';')[0]}"
        if product.name not in LINKED and self._records_calls:
            script += (f" && cd {self._kernel.headers} && scripts/recordmcount "
                       f"/build/{NAME}/{product.relative_to(self._tree)}")
        build(self._kernel.root, ["sh", "-c", script], log, f"{product.name} of {log.stem}")


def _key(kernel, changed=None):
    return content_key(kernel.identity, {**sources(paths.TOP), **(changed or {})}, ARGS, (NAME,))


def _undefined(ko):
    with open(ko, "rb") as file:
        return {symbol.name for symbol in ELFFile(file).get_section_by_name(
            ".symtab").iter_symbols() if symbol["st_shndx"] == "SHN_UNDEF"}
