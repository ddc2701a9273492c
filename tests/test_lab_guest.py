# SPDX-License-Identifier: GPL-2.0
"""A script in a guest that cannot do what it says is an error of the test that sends it; and
nothing of it is lost on its way: the console that it comes by is read by one processor, and by a
process that has no other children.
"""

import time

import pytest
from lab.agent import RUN_LIMIT
from lab.errors import CommandFailed, GuestTimeout
from lab.guest import Guest


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


def send_in_halves(guest, between):
    """Let the guest have one half of "echo whole", and the other @between seconds later."""
    deadline = time.monotonic() + RUN_LIMIT
    guest._send(b"halves echo ", deadline, "the first half")
    time.sleep(between)
    guest._send(b"whole\n", deadline, "the second half")
    return guest._answer("halves", deadline, "both halves").out


def test_what_a_script_left_behind_ends_while_another_comes(sprg0):
    """Its end is a signal for its parent, which is not who reads the script."""
    sprg0.guest.check("rm -f /tmp/ended; (sleep 2; : >/tmp/ended) &")
    assert sprg0.guest.run("test -e /tmp/ended").rc
    assert send_in_halves(sprg0.guest, between=5) == "whole\n"
    sprg0.guest.check("test -e /tmp/ended")


def test_late_answer_is_shown(kernel):
    """A guest that is late is reported with what came of its answer."""
    with (pytest.raises(GuestTimeout, match="(?s)What came of the answer.*\nhalf of it\n"),
          Guest.boot(kernel, name="late", smp=1) as guest):
        guest.check("printf 'half of it\\n' >/dev/hvc1; sleep 600", timeout=5)
