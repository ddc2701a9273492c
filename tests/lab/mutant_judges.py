# SPDX-License-Identifier: GPL-2.0
"""What becomes of generated mutants: each is compiled, and if that makes a difference the tests of
its area are run, the cheapest first, until one fails.

    for fate in judge(generated.draw(seed, count)): ...
"""

import functools
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import generated, guard_observed, ordering, paths, subject, windows
from .change import Change
from .errors import BuildError, LabError
from .mutant_tree import Tree
from .plugin import CFLAGS
from .progress import say
from .shared_guest import UNLOADING, Shared, hurry
from .variants import ModuleTree

KILLED, LIVED, EQUIVALENT, NO_CODE = "killed", "lived", "equivalent", "does not compile"
LIMIT = 1800        # seconds for a file of tests
# A mutant may make them run for ever: so many times as long as without one, and so many seconds.
PATIENCE, GRACE = 5, 20


@dataclass
class Fate:
    """What became of one mutant."""

    change: Change
    what: str           # KILLED, LIVED, EQUIVALENT or NO_CODE
    by: str = ""        # the first test that failed
    seconds: float = 0


def judge(changes):
    """Yield the Fate of each of @changes; tests that fail without any change are an error."""
    sorts = {}
    for change in changes:
        sorts.setdefault(generated.area_of(change.file).how, []).append(change)
    for how, its in sorts.items():
        judge_of_them = {"module": judge_modules, "guard": judge_guards}.get(
            how, functools.partial(judge_on_host, how))
        yield from judge_of_them(its)


def judge_on_host(how, changes):
    """The same of mutants whose tests run on this machine."""
    with Tree() as tree:
        judge_of_them = JUDGES[how](tree)
        for number, change in enumerate(changes, 1):
            say(f"mutant {number} of {len(changes)} ({how}): {change.name}")
            started = time.monotonic()
            fate = judge_of_them.fate(change)
            fate.seconds = time.monotonic() - started
            yield fate


def _build(kernel, changes):
    """Build them: the Fates of those that there is nothing of to load, {Change: module file} of the
    others, and {name: module file} of those and the unchanged module.
    """
    none, built = [], {}
    with ModuleTree(kernel) as tree:
        for number, change in enumerate(changes, 1):
            say(f"building mutant {number} of {len(changes)}: {change.name}")
            try:
                module = tree.build({change.file: change.text()}, change.file_name)
            except BuildError:
                none.append(Fate(change, NO_CODE))
                continue
            if module == tree.original:
                none.append(Fate(change, EQUIVALENT))
            else:
                built[change] = _kept(change.file_name, module)
        original = _kept("unchanged", tree.original)
    return none, built, {"unchanged": original,
                         **{change.file_name: ko for change, ko in built.items()}}


def _kept(name, module):
    place = paths.BUILD / "generated" / f"{name}.ko"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(module)
    return place


def judge_guards(changes):
    """The same of mutants of the guard, by what can be seen of one (guard_observed.py)."""
    kernel = subject.main_kernel()
    none, built, files = _build(kernel, changes)
    yield from none
    it = right = None
    for number, (change, _) in enumerate(built.items(), 1):
        if it is None:
            say(f"booting a guest with {len(built)} mutants")
            it = guard_observed.boot(kernel, files, "generated-guard")
            hurry(it.guest)
        if right is None:
            right = {}
            for seen in guard_observed.everything(it, "unchanged"):
                right.update(seen)
        # What the guard as it is does not always do is no witness.
        if number % 10 == 1 and guard_observed.differs(it, "unchanged", right):
            raise LabError(f"the guard as it is is not always the same: {it.seen}")
        say(f"mutant {number} of {len(built)}: {change.name}")
        started = time.monotonic()
        differs = guard_observed.differs(it, change.file_name, right)
        if differs == guard_observed.THE_GUEST:
            it = None
        yield Fate(change, KILLED if differs else LIVED, differs or "", time.monotonic() - started)
    if it:
        it.guest.close()


def judge_modules(changes):
    """The same of mutants of the module: all are built, and go into one guest after another."""
    kernel = subject.main_kernel()
    theirs = ordering.kernel_accessors(kernel, subject.build(kernel))
    none, built, files = _build(kernel, changes)
    yield from none
    with Shared(kernel, files) as shared:
        sound, left = set(), []
        for number, (change, ko) in enumerate(built.items(), 1):
            say(f"mutant {number} of {len(built)}: {change.name}")
            started = time.monotonic()
            fate = _fate_of_module(change, ko, shared, theirs, sound)
            fate.seconds = time.monotonic() - started
            if fate.what == LIVED and generated.rest(change):
                left.append(fate)
            else:
                yield fate
    if left:
        with Tree() as tree:
            for fate in left:
                say(f"asking the rest of {fate.change.name}")
                yield _rest(tree, fate)


def _rest(tree, fate):
    """What becomes of a mutant that has lived so far, by tests that build their own modules."""
    args = generated.rest(fate.change)
    started = time.monotonic()
    with tree.changed(fate.change):
        passes, said = tree.passes(args, LIMIT)
    if not passes:
        passes, without = tree.passes(args, LIMIT)
        if not passes:
            raise LabError(f"{' '.join(args)} fails without any mutant:\n{without[-4000:]}")
        fate = Fate(fate.change, KILLED, failed(said), fate.seconds)
    fate.seconds += time.monotonic() - started
    return fate


def _fate_of_module(change, ko, shared, theirs, sound):
    """What becomes of one; @sound are the tests that pass without a change."""
    for name, faults in (("windows", lambda: windows.faults(ko)),
                         ("ordering", lambda: ordering.faults(ko, theirs))):
        try:
            wrong = faults()
        except (AssertionError, KeyError, ValueError, IndexError):
            wrong = True        # it is not even a module that can be judged
        if wrong:
            return Fate(change, KILLED, f"{name}.py")
    for args in generated.tests(change):
        if args not in sound:
            failed_test = shared.run("unchanged", *args)
            if failed_test:
                raise LabError(f"{' '.join(args)}: {failed_test} fails without any mutant")
            sound.add(args)
        failed_test = shared.run(change.file_name, *args)
        # A guest in which something went wrong before may fail whoever comes next.
        if failed_test not in (None, UNLOADING) and shared.run("unchanged", f"tests/{failed_test}"):
            shared.drop()
            failed_test = shared.run(change.file_name, *args)
        if failed_test:
            return Fate(change, KILLED, failed_test)
    return Fate(change, LIVED)


class Host:
    """Judged by tests that run on this machine, in a tree that has the change."""

    def __init__(self, tree):
        self.tree = tree
        self._objects = {}
        self.sound = {}     # the tests that pass without a change: the seconds that they may take

    def fate(self, change):
        """What becomes of @change."""
        if change.file not in self._objects:
            self._objects[change.file] = self.code(change.file)
        with self.tree.changed(change):
            code = self.code(change.file)
        if code is None:
            return Fate(change, NO_CODE)
        if code == self._objects[change.file]:
            return Fate(change, EQUIVALENT)
        for args in generated.tests(change):
            self._be_sound(args)        # of those that none has come to nobody asks
            with self.tree.changed(change):
                self.prepare()
                passes, said = self.tree.passes(args, self.sound[args])
            if not passes:
                return Fate(change, KILLED, failed(said) or args[0])
        return Fate(change, LIVED)

    def _be_sound(self, args):
        if args not in self.sound:
            self.prepare()
            started = time.monotonic()
            passes, said = self.tree.passes(args, LIMIT)
            if not passes:
                raise LabError(f"{' '.join(args)} fails without any mutant:\n{said[-4000:]}")
            self.sound[args] = PATIENCE * (time.monotonic() - started) + GRACE

    def prepare(self):
        """Build what the tests would, where that is cheaper than to leave it to them."""

    def code(self, file):
        """What the compiler makes of @file as it is in the tree; None if it refuses."""
        code = []
        # Of a header, what it makes of all that may include it.
        beside = (self.tree.top / file).parent.parent.glob("oracle/*.c")
        for source in [self.tree.top / file] if file.endswith(".c") else sorted(beside):
            out = self.tree.top / "build/code.o"
            done = subprocess.run([*self.compiler(), "-w", "-g0", "-c", "-o", out, source],
                                  capture_output=True, check=False)
            if done.returncode:
                return None
            code.append(out.read_bytes())
        return code

    def compiler(self):
        """The compiler, with options."""
        raise NotImplementedError


class Tool(Host):
    """The command, built for this machine."""

    def compiler(self):
        return ["gcc", "-O2", *generated.options("tool")]

    def prepare(self):
        """One object is compiled, and not all of them."""
        flags = "-O2 -g -Werror"
        place = self.tree.python("from lab import paths, tool\n"
                                 f"print(paths.BUILD / 'tool' / tool._key({flags!r}))")
        if Path(place).exists():
            return
        subprocess.run(["make", "-s", "-C", self.tree.top / "tools", f"BUILD={self._base()}",
                        "CFLAGS=-O2 -g -w"], check=True, capture_output=True)
        Path(place).parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-a", "--no-target-directory", self._base(), place], check=True)

    def _base(self):
        return self.tree.top / "build/tool-objects"


class Plugin(Host):
    """The oracle."""

    def compiler(self):
        return ["gcc", *CFLAGS, *generated.options("plugin")]


class Native(Host):
    """What tests/native is for."""

    def code(self, file):
        try:
            path = self.tree.python(f"from lab import native\nprint(native.of({file!r}))")
        except subprocess.CalledProcessError:
            return None
        return (self.tree.top / path).read_bytes()


class Python(Host):
    """Python that judges."""

    def code(self, file):
        try:
            return compile((self.tree.top / file).read_text(encoding="utf-8"), file, "exec")
        except SyntaxError:
            return None


JUDGES = {"tool": Tool, "plugin": Plugin, "native": Native, "python": Python}


def failed(said):
    """The first test that failed, of what pytest @said."""
    match = re.search(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
    return match[1].removeprefix("tests/") if match else ""
