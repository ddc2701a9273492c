# SPDX-License-Identifier: GPL-2.0
"""svm-mmio understands its options wherever they may stand, says what it does not understand, and
notices that what it prints cannot be written.
"""

import json
import os
import pty
import subprocess

import pytest
from lab import paths, tool
from test_tool_devices import HELP
from test_tool_sysfs import OK, USAGE

pytestmark = pytest.mark.quick

CANNOT = 3
COMMANDS = ("doctor", "status", "boot", "probe", "devices", "claim", "release", "test", "access",
            "bench", "audit")


def test_help():
    text = tool.call("--help").out
    for args in (["-h"], ["status", "--help"], ["--json", "-h", "audit"], ["nonsense", "--help"]):
        assert tool.call(*args) == tool.Done(OK, text, "")
    assert text.startswith("Usage: svm-mmio [--json] [--colour=WHEN] COMMAND [ARGUMENTS]\n\n")
    for name in COMMANDS:
        assert f"\n  {name:8} " in text
    assert text.endswith("\n4 nothing was tested, as all cases were skipped.\n"
                         "svm-mmio(8) has the rest.\n")
    assert "  claim    [--force] BDF                   \n           hand a PCI device" in text


def test_version():
    header = (paths.TOP / "svm_mmio_version.h").read_text(encoding="ascii")
    version = header.partition('SVM_MMIO_VERSION "')[2].partition('"')[0]
    done = tool.call("--version")
    assert version and done == tool.Done(OK, f"svm-mmio {version}\n", "")


@pytest.mark.parametrize("args, said", [
    ([], "which command?"), (["--json"], "which command?"),
    (["nonsense"], "there is no command 'nonsense'"), (["stat"], "there is no command 'stat'"),
    (["--nonsense", "status"], "there is no option --nonsense"), (["-x"], "there is no option -x"),
    (["--colour=red", "status"], "--colour is auto, always or never"),
    (["--color=", "status"], "--colour is auto, always or never")])
def test_what_is_not_understood(args, said):
    assert tool.call(*args) == tool.Done(USAGE, "", f"svm-mmio: {said}\n{HELP}")


def test_json_anywhere():
    """Before the command and behind it, but not behind "--"."""
    for args in (["--json", "doctor"], ["doctor", "--json"]):
        assert json.loads(tool.call(*args).out)["result"] == "unknown"
    done = tool.call("audit", "--", "--json")
    assert "{" not in done.out and "--json" in done.out + done.err


def on_a_terminal(*args, **env):
    """Run it on one: (exit status, what is on it)."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([tool.host(), *args], stdout=theirs, stderr=theirs,
                          stdin=subprocess.DEVNULL, env={**os.environ, **env}) as process:
        os.close(theirs)
        text = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:     # the end of a terminal
                break
            if not part:
                break
            text += part
    os.close(ours)
    return process.returncode, text.decode()


@pytest.mark.parametrize("args, env, coloured", [
    ([], {}, True), (["--colour=auto"], {}, True), (["--color=never"], {}, False),
    ([], {"NO_COLOR": "1"}, False), (["--colour=always"], {"NO_COLOR": "1"}, True)])
def test_colours(args, env, coloured):
    """On a terminal, unless that is not wanted; elsewhere if it is."""
    without = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    rc, text = on_a_terminal(*args, "doctor", **{**without, **env})
    assert rc == CANNOT and ("\033[33m" in text) == coloured, text
    assert ("\033[33m" in tool.call(*args, "doctor").out) == ("--colour=always" in args)


def test_how_far_it_is():
    """On a terminal, and gone at the end."""
    rc, text = on_a_terminal("audit", *["/dev/null"] * 3)
    assert rc == CANNOT
    drawn = [part for part in text.split("\r") if part.startswith("audit [")]
    assert drawn and "\r\033[K" in text, text
    for part in drawn:
        bar, numbers = part.removeprefix("audit [").removesuffix("\033[K").split("] ")
        done, total = (int(number) for number in numbers.split("/"))
        assert total == 3 and bar == "#" * (10 * done) + "." * (30 - 10 * done)
    assert "\033[K" not in tool.call("audit", "/dev/null").err


def test_output_that_cannot_be_written():
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([tool.host(), "doctor"], stdout=full, stderr=subprocess.PIPE,
                              text=True, check=False)
    assert done.returncode == CANNOT
    assert done.stderr == "svm-mmio: what was printed could not be written: is the disk full?\n"
