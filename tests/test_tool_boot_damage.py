# SPDX-License-Identifier: GPL-2.0
"""svm-mmio boot status survives any damaged initramfs, and does not call it good: no crash, no
sanitizer's report.
"""

import json

from lab.initramfs import newc
from test_tool_boot import BAD, CANNOT, Tree


def test_damage_is_survived(tmp_path, kernel, ko):
    """An archive that ends anywhere, or has any byte in its headers: with the sanitizers."""
    tree = Tree(tmp_path, kernel, ko, sanitize=True)
    tree.switch()
    whole = newc(tree.members(module=(f"{tree.modules}/svm_mmio.ko", b"x")))
    for end in (*range(1, 500, 7), *range(500, len(whole) - 130, 97)):
        tree.write(tree.initramfs, whole[:end])
        done = tree.run("--json", "boot", "status")
        assert done.rc == CANNOT and json.loads(done.out)["result"] == "unknown", (end, done)
    for at in range(6, 240, 3):
        tree.write(tree.initramfs, whole[:at] + b"f" + whole[at + 1:])
        done = tree.run("--json", "boot", "status")
        assert done.rc in (BAD, CANNOT) and json.loads(done.out) and not done.err, (at, done)
