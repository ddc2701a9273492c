# SPDX-License-Identifier: GPL-2.0
"""The trace events name every access, in order, with its value, and cost nothing when off."""

import re

import pytest
from lab import meddler
from lab.meddler import meddled
from lab.subject import BUFFER, Subject

TRACING = "/sys/kernel/tracing"
EVENT = re.compile(r"svm_mmio_(read|write): (\S+) \[svm_mmio\] backend=(\w+) width=(\d+)"
                   r" addr=0x([0-9a-f]+) val=0x([0-9a-f]+)$", re.MULTILINE)

# What is written to "access", and the event of it: direction, width, offset, value.
ACCESSES = (
    ("w32 0x10 0x89abcdef", ("write", 32, 0x10, 0x89abcdef)),
    ("r32 0x10", ("read", 32, 0x10, 0x89abcdef)),
    ("r32be 0x10", ("read", 32, 0x10, 0xefcdab89)),
    ("r16 0x12", ("read", 16, 0x12, 0x89ab)),
    ("r8 0x13", ("read", 8, 0x13, 0x89)),
    ("w64be 0x18 0x0123456789abcdef", ("write", 64, 0x18, 0x0123456789abcdef)),
    ("r64 0x18", ("read", 64, 0x18, 0xefcdab8967452301)),
    ("w8 0x19 0xff", ("write", 8, 0x19, 0xff)),
    ("r64be 0x18", ("read", 64, 0x18, 0x01ff456789abcdef)),
)


@pytest.fixture(scope="module")
def it(kernel):
    with Subject.boot(kernel, name="trace", files=meddler.files(kernel)) as it:
        it.guest.check(f"mount -t tracefs tracefs {TRACING}")
        yield it


@pytest.fixture(scope="module", params=["sprg0", "hcall"])
def traced(it, request):
    it.load(f"backend={request.param}")
    it.backend = request.param
    yield it
    it.unload()


def record(it, action, event=""):
    """The events during action(): a list of (direction, caller, backend, width, offset, value).

    Of one event alone, if @event is "/svm_mmio_read" or "/svm_mmio_write".
    """
    it.guest.check(f"cd {TRACING}; echo 8192 >buffer_size_kb; echo >trace;"
                   f" echo 1 >events/svm_mmio{event}/enable")
    try:
        action()
    finally:
        it.guest.check(f"echo 0 >{TRACING}/events/svm_mmio{event}/enable")
    text = it.guest.check(f"grep svm_mmio_ {TRACING}/trace || true")
    found = EVENT.findall(text)
    assert len(found) == text.count("\n"), text[:1000]
    return [(way, caller, backend, int(width), int(addr, 16) & 0xffff, int(val, 16))
            for way, caller, backend, width, addr, val in found]


def test_every_access_in_order(traced):
    def run():
        for line, _ in ACCESSES:
            traced.guest.check(f"echo '{line}' >{traced.bars[BUFFER]}/access")
    events = record(traced, run)
    assert [(way, *rest) for way, _, _, *rest in events] == [event for _, event in ACCESSES]
    assert {backend for _, _, backend, *_ in events} == {traced.backend}
    for way, caller, *_ in events:
        assert re.match(r"\w*(load|store|read|write)\w*\+0x", caller), caller


@pytest.mark.parametrize("way", ["read", "write"])
def test_one_event_alone(traced, way):
    """Who wants to see the stores alone sees all of them, and no load."""
    def run():
        for line, _ in ACCESSES:
            traced.guest.check(f"echo '{line}' >{traced.bars[BUFFER]}/access")
    events = record(traced, run, f"/svm_mmio_{way}")
    assert [(what, *rest) for what, _, _, *rest in events] == [
        event for _, event in ACCESSES if event[0] == way]


def test_halves_of_a_port(traced):
    """64 bits of a port are two accesses, in the order that the accessor's name says."""
    events = record(traced, lambda: traced.run("pci-testdev bar1", "port_values"))
    halves = {way: [offset for found, caller, _, _, offset, _ in events
                    if caller.startswith(f"port_{way}64+") and found == way]
              for way in ("read", "write")}
    # As selftest/case_ports.c calls them. Of a big-endian register the low half is the higher.
    low_first = {"read": (True, False, False, True), "write": (True, False, False, True, True)}
    for way, order in low_first.items():
        pairs = list(zip(halves[way][::2], halves[way][1::2]))
        assert [second - first for first, second in pairs] == [
            4 if low else -4 for low in order], (way, pairs)


def test_bulk_and_ports(traced):
    """Every element of a bulk access is an event, and the self-test passes meanwhile."""
    for device, case in (("pci-testdev bar1", "port_values"), ("edu", "load_values"),
                         ("pci-testdev bar1", "string_values")):
        runs = []
        events = record(traced, lambda: runs.append(traced.run(device, case)))
        assert runs[0].case.ok, str(runs[0].case)
        assert len(events) == runs[0].accesses, case
        assert {backend for _, _, backend, *_ in events} == {traced.backend}, case
        assert {width for *_, width, _, _ in events} <= {8, 16, 32, 64}, case
        seen = runs[0].seen
        assert (seen.matched, seen.clean) == (len(events) if traced.backend == "sprg0" else 0, True)


def test_off_again(traced):
    """When off, nothing is recorded, and accesses of backend sprg0 take no detour."""
    record(traced, lambda: None)
    traced.guest.check(f"echo >{TRACING}/trace")
    # Nothing is changed in it: its calls are counted.
    with meddled(traced, "svm_detour_load") as detours:
        run = traced.run("edu", "load_values")
        assert detours.calls() == (0 if traced.backend == "sprg0" else 100)
        assert len(record(traced, lambda: traced.run("edu", "load_values"))) == run.accesses
        assert detours.calls() == (100 if traced.backend == "sprg0" else 200)
        traced.guest.check(f"echo >{TRACING}/trace")
    traced.run("edu", "load_values")
    assert "svm_mmio_read" not in traced.guest.check(f"cat {TRACING}/trace")
