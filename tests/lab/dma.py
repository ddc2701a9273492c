# SPDX-License-Identifier: GPL-2.0
"""Which pages of a guest its devices reached: QEMU's own trace of each use of the IOMMU's table."""

import re

from . import paths
from .qemu import quoted

TRACE = "spapr_iommu_xlate"
USE = re.compile(rf"{TRACE} liobn=0x(\w+) 0x(\w+) -> 0x(\w+) perm=(\d) mask=0x(\w+)$",
                 re.MULTILINE)

# The windows of the only bus. The first is there from the start, for devices that address 32 bits;
# the other one is dynamic (DDW), has all of memory, and is made for a device that can address that.
SMALL_WINDOW, LARGE_WINDOW = 0x80000000, 0x80000001


class Dma:
    """The DMA of one guest, whose QEMU has qemu_args."""

    def __init__(self, name):
        self._log = paths.log(f"{name}.dma")
        self._log.unlink(missing_ok=True)
        self.qemu_args = ("-d", f"trace:{TRACE}", "-D", quoted(self._log))

    def reached(self, page_size):
        """The frame numbers of the pages that were reached so far: {window: set}."""
        found = {}
        for *numbers, permitted, mask in USE.findall(self._log.read_text(encoding="ascii")):
            window, address, entry, mask = (int(number, 16) for number in (*numbers, mask))
            if int(permitted):
                # An entry of the table may be for more than a page.
                reached = entry & ~mask | address & mask
                found.setdefault(window, set()).add(reached // page_size)
        return found
