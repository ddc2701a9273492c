# SPDX-License-Identifier: GPL-2.0
"""What the lab mounts for a command is seen by it alone, or else the lab says what it lacks."""

import subprocess

import pytest
from lab import mounts
from lab.errors import LabError

MOUNT = 'mount -t tmpfs none "$1" && : >"$1/inside" && test -e "$1/inside" && id -u'


@pytest.mark.parametrize("way", mounts.WAYS, ids=" ".join)
def test_mounts_are_its_own(way, tmp_path, monkeypatch):
    if subprocess.run([*way, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("not allowed here")
    monkeypatch.setattr(mounts, "find", lambda: way)
    assert subprocess.check_output(mounts.in_own_mounts(MOUNT, tmp_path), text=True) == "0\n"
    assert not list(tmp_path.iterdir())


def test_there_is_a_way_or_it_says_what_to_do():
    """The second of these does not work either, so that both are named."""
    with pytest.raises(LabError, match="(?s)Mounts.*false.*sh -c.*not here.*CAP_SYS_ADMIN"):
        mounts.find((("false",), ("sh", "-c", "echo not here >&2; false")))
    assert mounts.find((("false",), ("env",))) == ("env",)
