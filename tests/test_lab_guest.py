# SPDX-License-Identifier: GPL-2.0
"""A script in a guest that cannot do what it says is an error of the test that sends it."""

import pytest
from lab.errors import CommandFailed


@pytest.mark.parametrize("script", ["false", "no_such_command", "no_such_command || :",
                                    "no_such_command | cat", "if no_such_command; then :; fi"])
def test_is_an_error(sprg0, script):
    with pytest.raises(CommandFailed):
        sprg0.guest.check(script)


def test_is_none(sprg0):
    """Negative control."""
    assert sprg0.guest.check("echo no_such_command; test -e /nowhere || cd /tmp") == (
        "no_such_command\n")
