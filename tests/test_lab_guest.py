# SPDX-License-Identifier: GPL-2.0
"""A script in a guest that cannot do what it says is an error of the test that sends it; and the
console that it is sent by is read by one processor.
"""

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


def test_console_has_one_reader(sprg0):
    """Its interrupt and its thread are on one of four: else Linux may read more than there is."""
    said = sprg0.guest.check(
        "for irq in /proc/irq/*/hvc_console; do cat ${irq%/*}/smp_affinity; done\n"
        "for comm in $(grep -l '^khvcd$' /proc/[0-9]*/comm); do"
        " grep Cpus_allowed: ${comm%comm}status; done; nproc")
    *masks, processors = [line.split()[-1] for line in said.splitlines()]
    assert processors == "4" and "Cpus_allowed" in said and len(masks) > 1
    assert {int(mask.replace(",", ""), 16) for mask in masks} == {1}, said
