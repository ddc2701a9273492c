# SPDX-License-Identifier: GPL-2.0
"""The lab builds what belongs to a module, as it is, for whoever shares build/ with it."""

import os
import shutil
import subprocess
import threading

import pytest
from lab import build, paths, sources
from lab.errors import BuildError

pytestmark = pytest.mark.quick

TINY = """\
// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

MODULE_DESCRIPTION("The answer");
MODULE_LICENSE("GPL");

static int answer = ANSWER;
module_param(answer, int, 0444);
"""
KBUILD = "obj-m := tiny.o\nccflags-y += -DANSWER=$(shell $(src)/answer.sh)\n"
STRAY = ("notes.txt", "mine.c", "svm_mmio.mod.c", "selftest/run.c.orig", "capture/.insn.c.swp",
         "patches/0001.patch", "patches/old.c", "core")


def tiny(directory, answer="echo 42"):
    """A module in a new @directory whose build runs a script."""
    directory.mkdir()
    (directory / "tiny.c").write_text(TINY, encoding="ascii")
    (directory / "Kbuild").write_text(KBUILD, encoding="ascii")
    script = directory / "answer.sh"
    script.write_text(f"#!/bin/sh\n{answer}\n", encoding="ascii")
    script.chmod(0o755)
    return directory


def test_a_stray_file_is_no_source(tmp_path):
    """Nor does it make another build of it."""
    names = build.sources(paths.TOP).keys()
    assert {str(file.relative_to(paths.TOP)) for file in sources.module()} < names
    for name in ("packaging/sources.sh", *names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(paths.TOP / name, tmp_path / name)
    for name in STRAY:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    listed = subprocess.run([tmp_path / "packaging/sources.sh"], check=True, capture_output=True,
                            text=True).stdout.split()
    assert set(listed) == set(names)


def test_programs_stay_programs(kernel, tmp_path):
    """A build may run a script of its own; without its mode it is another build."""
    source = tiny(tmp_path / "tiny")
    assert "tiny" in build.build_module(kernel, source).ko
    (source / "answer.sh").chmod(0o644)
    with pytest.raises(BuildError):
        build.build_module(kernel, source)


def test_two_trees_at_the_same_time(kernel, tmp_path):
    """The same files under two names: neither removes the other's while that is built."""
    # Long enough for both to be under way; another text each time, so that it is built at all.
    answer = f"sleep 0.5; echo {os.getpid()}"
    trees = [tiny(tmp_path / name, answer) for name in ("mine", "yours")]
    built = []
    threads = [threading.Thread(target=lambda source=source: built.append(
        build.build_module(kernel, source))) for source in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.tree.parent.name.partition("-")[0] for result in built) == [
        "mine", "yours"]
    assert all("tiny" in result.ko for result in built)
