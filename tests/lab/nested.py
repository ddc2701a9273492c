# SPDX-License-Identifier: GPL-2.0
"""What a guest needs to be a hypervisor itself: QEMU for ppc64le, and the kernel's KVM modules.

All of it goes into an initramfs. QEMU and the libraries it is linked with, out of the hundred
packages that they come from, are 55 MB.
"""

from . import elf
from .stock import stock_modules
from .errors import LabError
from .root import Recipe, make_root

SUITE = "bookworm"      # whatever the host is: one QEMU for one initramfs
PROGRAM = "usr/bin/qemu-system-ppc64"
LOADER = "lib64/ld64.so.2"
LIBRARIES = "usr/lib/powerpc64le-linux-gnu"
FIRMWARE = "usr/share/qemu/vof.bin"


def with_libraries(root, program):
    """@program of @root, and the libraries that it is linked with: files for a guest."""
    found = {f"/{LOADER}": root / LIBRARIES / "ld64.so.2"}
    waiting = [root / program]
    while waiting:
        path = waiting.pop()
        name = f"/{path.relative_to(root)}"
        if name not in found:
            found[name] = path
            waiting += [root / LIBRARIES / library for library in elf.needed(path)]
    return found


def qemu_files():
    """The files of QEMU, where the guest is to have them: {"/path": Path}."""
    root = make_root("nested-qemu", (SUITE,), "qemu-system-ppc",
                     lambda apt: Recipe(install=["qemu-system-ppc:ppc64el"]))
    found = with_libraries(root, PROGRAM)
    found[f"/{FIRMWARE}"] = root / FIRMWARE
    missing = [str(path) for path in found.values() if not path.is_file()]
    if missing:
        raise LabError(f"Debian {SUITE}'s ppc64el QEMU lacks {', '.join(missing)}. Have its "
                       "packages changed? See tests/lab/nested.py")
    return found


def kvm_modules(kernel):
    """KVM-HV of @kernel: {"/NAME.ko": content}, in the order to load them."""
    return {f"/{name}.ko": file for name, file in stock_modules(kernel, "kvm-hv").items()}
