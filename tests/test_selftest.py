# SPDX-License-Identifier: GPL-2.0
"""Every case of the self-test passes with backend=sprg0, and the oracle agrees on each access."""

import re

import pytest
from lab.subject import BUFFER, CASES, PORTS

pytestmark = pytest.mark.quick

# What the module calls the devices that a case is for, in its order.
NAMED = {"pci-testdev": "pci-testdev", PORTS: "the ports of pci-testdev", "edu": "edu",
         BUFFER: "the buffer of nvme"}
LIST = [(device, case) for device, cases in CASES.items() for case in cases]

# How many accesses a case makes that depends on nothing but the tables of accessors: one that is
# forgotten checks nothing, and does so in silence. Of a new accessor they are some more.
ACCESSES = {
    "pci-testdev": {"store_match": 1657, "test_selector": 3812, "string_values": 5586,
                    "load_values": 401, "same_as_kernel": 1013, "mmiowb_pending": 29,
                    "sprg0_kept": 1312, "irq_mask_kept": 134},
    PORTS: {"port_values": 475, "string_values": 4788, "mmiowb_pending": 11, "sprg0_kept": 912,
            "irq_mask_kept": 44},
    "edu": {"store_readback": 6975, "all_ones": 20, "load_values": 105, "same_as_kernel": 2205,
            "mmiowb_pending": 18, "sprg0_kept": 246, "irq_mask_kept": 82},
    BUFFER: {"store_readback": 17340, "string_values": 5572, "copy_fuzz": 338641,
             "mmiowb_pending": 29, "sprg0_kept": 1312, "irq_mask_kept": 134},
    "nvme": {"sprg0_kept": 48, "irq_mask_kept": 16},
}
TIMED = ("nested_timer", "nested_ipi", "stress")


@pytest.mark.parametrize("device, case", LIST)
def test_case(sprg0, device, case):
    """Of copies at least 10,000 of every kind, alignment and length, each checked byte by byte."""
    run = sprg0.run(device, case)
    assert run.case.ok and run.case.skipped is None, str(run.case)
    assert run.accesses == ACCESSES[device][case] if case not in TIMED else run.accesses > 0
    assert run.all_captured, run
    assert all(line.startswith((f"{case}: ", "0000:", "Totals: ")) for line in run.case.diagnostics)
    if case == "copy_fuzz":
        assert int(re.search(r"copies=(\d+)", str(run.case))[1]) >= 10_000


@pytest.mark.parametrize("device", CASES)
def test_no_case_is_forgotten_here(sprg0, device):
    """Each case that the module lists is either above or skipped with the device it needs."""
    for case in sprg0.cases(device):
        if case in CASES[device]:
            continue
        run = sprg0.run(device, case)
        wanted = " or ".join(words for name, words in NAMED.items() if case in CASES[name])
        assert run.case.skipped == f"needs {wanted}", str(run.case)
        assert run.seen.accesses == 0


def test_all_runs_every_case(sprg0):
    for device, bar in sprg0.bars.items():
        if device == BUFFER:
            continue    # the copies take long, and have run above
        text = sprg0.guest.check(f"cd {bar} && echo all >run && cat results", 300)
        assert f"1..{len(sprg0.cases(device))}\n" in text
        assert f"# Totals: pass:{len(CASES[device])} fail:0 " in text
