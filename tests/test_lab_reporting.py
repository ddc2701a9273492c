# SPDX-License-Identifier: GPL-2.0
"""A run of many files at a time says what was wrong, and where its time went, while it runs: also
one that is killed before it ends.
"""

import os
import re
import signal
import subprocess
import sys

import pytest
from lab import paths

pytestmark = pytest.mark.quick

CONFTEST = """\
pytest_plugins = ("lab.reporting",)

def pytest_configure():
    from lab import reporting
    reporting.EVERY = 1
"""
INI = f"[pytest]\npythonpath = {paths.TOP / 'tests'}\n"
GOOD = """\
import time
import pytest

def test_passes():
    pass

def test_takes_long():
    time.sleep({seconds})

@pytest.mark.skip(reason="why")
def test_is_skipped():
    pass
"""
BAD = """\
import pytest

@pytest.fixture
def broken():
    raise OSError("no such thing")

def test_needs_it(broken):
    pass

def test_fails():
    assert 6 * 9 == 42
"""


@pytest.fixture
def start(tmp_path):
    """start(seconds) begins a run of two files, one of which takes so long."""
    def call(seconds):
        for name, text in {"conftest.py": CONFTEST, "test_good.py": GOOD.format(seconds=seconds),
                           "test_bad.py": BAD, "pytest.ini": INI}.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        # This test may be run by such a run itself.
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return subprocess.Popen(
            [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-ra",
             "--numprocesses=2", "--dist=loadfile", "-o", "console_output_style=classic"],
            cwd=tmp_path, env=own, start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return call


def test_each_file_has_a_line(start):
    with start(3) as run:
        said, _ = run.communicate(timeout=300)
    assert run.returncode == 1, said
    assert re.search(r"^ +\d+:\d\d  test_bad\.py +\d+ s  2 failed; files left: 1$", said,
                     re.MULTILINE), said
    assert re.search(r"^ +\d+:\d\d  test_good\.py +\d+ s  2 passed, 1 skipped; files left: 0$",
                     said, re.MULTILINE), said
    assert re.search(r"^ +\d+:\d\d  test_good.py::test_takes_long has been running for \d+ s$",
                     said, re.MULTILINE), said
    assert "test_passes has been" not in said
    # The summary is pytest's own.
    for line in ("ERROR test_bad.py::test_needs_it - OSError: no such thing",
                 "FAILED test_bad.py::test_fails - assert (6 * 9) == 42",
                 "1 failed, 2 passed, 1 skipped, 1 error in"):
        assert line in said, said


def test_one_that_is_killed_has_said_what_failed(start):
    with start(600) as run:
        said = ""
        for line in run.stdout:
            said += line
            if line.rstrip().endswith("files left: 1"):
                break
        os.killpg(run.pid, signal.SIGKILL)
    assert "FAILED test_bad.py::test_needs_it (setup)" in said, said
    failed = r"FAILED test_bad\.py::test_fails \(call\)\n(.*\n)*?E +assert \(6 \* 9\) == 42"
    assert re.search(failed, said), said
