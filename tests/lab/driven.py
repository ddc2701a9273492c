# SPDX-License-Identifier: GPL-2.0
"""A guest in which drivers work, with the oracle on the text of every module.

    with Driven.boot(kernel, name="e1000", ko=driver.ko, qemu_args=...) as it:
        it.load("e1000")
        ...
        seen = it.counts()
    sites = it.sites()
"""

import bisect
import hashlib
import socket
import threading
import time
from dataclasses import dataclass

from elftools.elf.elffile import ELFFile

from . import elf, oracle, subject
from .errors import GuestError
from .guest import Guest

# Where Debian's kernels load modules on a machine with radix translation, and all the space
# behind: whatever a module does before its address is known is judged too.
MODULES = (0xC008000000000000, 0xC00A000000000000)
EARLY = "modules"       # the name for it


@dataclass(frozen=True)
class Site:
    """An instruction that accessed a device."""

    where: str          # module, or "kernel"
    symbol: str         # of a module with the offset in it: "e1000_open+0x1c"
    device: str         # QEMU's name for the first that it accessed
    accesses: int
    mismatched: int


class Driven:
    """A guest with modules; its oracle judges each by its name."""

    def __init__(self, guest, judge, kernel, files):
        self.guest = guest
        self.oracle = judge
        self._kernel = kernel
        self._files = files
        self._texts = []        # (start, end, module, section)

    @classmethod
    def boot(cls, kernel, *, name, ko, kernel_text=False, smp=2, devices=(), files=None, **options):
        """Boot @kernel under the oracle.

        @ko           the modules there are to load: a dict of name to file
        @files        others, as Guest.boot() has them
        @kernel_text  whether sites() shall also have the kernel's own: this is slow

        Other options are those of Guest.boot().
        """
        skip = [oracle.USER_TEXT]
        if not kernel_text:
            skip.append(oracle.kernel_text(kernel.vmlinux))
        judge = oracle.Oracle(name, vcpus=smp, skip=skip, outside=kernel_text)
        judge.judge([(EARLY, *MODULES)])
        guest = Guest.boot(kernel, name=name, smp=smp, devices=devices,
                           files={**{f"/{module}.ko": file for module, file in ko.items()},
                                  **(files or {})},
                           plugins=[judge.plugin_argument()], **options)
        return cls(guest, judge, kernel, ko)

    def __enter__(self):
        self.guest.__enter__()
        return self

    def __exit__(self, *error):
        self.guest.__exit__(*error)

    def load(self, module, parameters="", named=True):
        """Load @module; from now on its text is judged by its name if it is to be @named."""
        self.guest.check(f"insmod /{module}.ko {parameters}")
        if not named:
            return
        # By now something else may be where the text was that runs only once.
        sizes = {name: size for name, size in elf.text_sections(self._files[module]).items()
                 if not name.startswith(".init")}
        for name, start in subject.sections(self.guest, module).items():
            if name in sizes:
                if not MODULES[0] <= start < MODULES[1]:
                    raise GuestError(f"{module} was loaded at {start:#x}, which is not where "
                                     "tests/lab/driven.py says that modules are")
                self._texts.append((start, start + sizes[name], module, name))
        self.oracle.judge([*((module, start, end) for start, end, module, _ in self._texts),
                           (EARLY, *MODULES)])

    def counts(self):
        """The oracle's Counts so far; those of EARLY are what modules did while they loaded."""
        return self.oracle.counts()

    def sites(self):
        """All instructions that accessed a device: a list of Site. Only when the guest is over."""
        symbols = _Symbols(self._kernel.vmlinux)
        functions = {module: elf.functions(file) for module, file in self._files.items()}
        found = []
        for site in self.oracle.report()["sites"]:
            address = int(site["address"], 16)
            if site["slot"] is None:
                where, symbol = "kernel", symbols.name(address)
            else:
                where, symbol = self._place(address, functions)
            accesses = site["matched"] + site["mismatched"] + site["unacceptable"]
            found.append(Site(where, symbol, site["device"], accesses, accesses - site["matched"]))
        return found

    def _place(self, address, functions):
        """The module that @address is in, and where there; @functions is of elf.functions()."""
        for start, end, module, section in self._texts:
            if start <= address < end:
                offset = address - start
                for first, last, name in functions[module].get(section, ()):
                    if first <= offset < last:
                        return module, f"{name}+{offset - first:#x}"
                return module, section
        return EARLY, ""


class _Symbols:
    """Which function of the kernel an address is in."""

    def __init__(self, vmlinux):
        with open(vmlinux, "rb") as file:
            table = sorted((symbol["st_value"], symbol.name)
                           for symbol in ELFFile(file).get_section_by_name(".symtab").iter_symbols()
                           if symbol["st_info"]["type"] in ("STT_FUNC", "STT_NOTYPE"))
        self._addresses = [address for address, _ in table]
        self._names = [name for _, name in table]

    def name(self, address):
        """The symbol before @address."""
        return self._names[bisect.bisect_right(self._addresses, address) - 1]


class Peer:
    """The other end of a guest's network: sends @data to who connects to one port, and takes
    what comes to the other. QEMU's user network has this host at 10.0.2.2.
    """

    LIMIT = 600

    def __init__(self, data):
        self._data = data
        self._received = []     # digests
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.source, self.sink = (listener.getsockname()[1] for listener in self._listeners)
        self._threads = [threading.Thread(target=self._serve, args=arguments, daemon=True)
                         for arguments in zip(self._listeners, (self._send, self._receive))]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error):
        for listener in self._listeners:
            # close() alone would leave the thread in accept().
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def received(self):
        """The SHA-256 of what came last. Who has sent it may be done before it is here."""
        deadline = time.monotonic() + self.LIMIT
        while not self._received and time.monotonic() < deadline:
            time.sleep(0.1)
        return self._received[-1]

    def _serve(self, listener, talk):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(self.LIMIT)
            with connection:
                talk(connection)

    def _send(self, connection):
        connection.sendall(self._data)

    def _receive(self, connection):
        digest = hashlib.sha256()
        while data := connection.recv(65536):
            digest.update(data)
        self._received.append(digest.hexdigest())
