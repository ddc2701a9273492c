# SPDX-License-Identifier: GPL-2.0
"""apt with a state of its own below build/: any suite and architecture, the host untouched.

The mirror, proxies and certificates are the host's own configuration; lists, cache, status and
locks are private, so this works as an ordinary user and beside another apt.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .errors import FetchError
from .host import mirror
from .once import locked
from .progress import say

ARCHITECTURES = ("amd64", "ppc64el")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# -c files are read after /etc/apt/apt.conf.d, so this can take back what must not apply here:
# hooks that speak to the desktop or clean caches, other architectures, pins.
CONFIG = """\
#clear APT::Architectures;
#clear APT::Default-Release;
#clear APT::Update;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
APT::Architecture "{native}";
APT::Architectures {{ {architectures} }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "{state}";
Dir::State::lists "{state}/lists";
Dir::State::status "{state}/status";
Dir::Cache "{state}/cache";
Dir::Cache::archives "{state}/none";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::sourcelist "{state}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
"""


@dataclass(frozen=True)
class Deb:
    """One package file that apt chose: the name it will have, and its size in bytes."""

    file: str
    size: int

    @property
    def name(self):
        """The package's name."""
        return self.file.split("_")[0]

    @property
    def exact(self):
        """name:architecture=version, as apt-get takes it."""
        name, version, arch = self.file.removesuffix(".deb").split("_")
        return f"{name}:{arch}={version.replace('%3a', ':')}"


class Apt:
    """Context manager: apt for @suites of the host's mirror; the first architecture is native."""

    def __init__(self, *suites, architectures=ARCHITECTURES):
        self.suites = suites
        self.architectures = architectures
        self.state = paths.APT / "+".join(
            suites if architectures == ARCHITECTURES else (*suites, *architectures))
        self.debs = self.state / "debs"
        self.log = paths.log("apt-" + "+".join(suites))
        self._config = self.state / "apt.conf"
        self._lock = None

    def __enter__(self):
        self._lock = locked(self.state / "lock")
        self._lock.__enter__()
        try:
            self._set_up()
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *exc):
        self._lock.__exit__(*exc)

    def _set_up(self):
        # none/ stays empty, so that --print-uris names files that are already in debs/ too.
        for directory in ("lists/partial", "cache", "none/partial", "debs"):
            (self.state / directory).mkdir(parents=True, exist_ok=True)
        (self.state / "status").touch()
        self.log.write_text("", encoding="utf-8")
        architectures = " ".join(f'"{name}";' for name in self.architectures)
        self._config.write_text(CONFIG.format(state=self.state, native=self.architectures[0],
                                              architectures=architectures), encoding="utf-8")
        (self.state / "sources.list").write_text(
            "".join(f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n"
                    for suite in self.suites),
            encoding="utf-8")
        say(f"reading the package lists of {' and '.join(self.suites)}")
        self._run("apt-get", "-q", "update")

    def _run(self, tool, *args, cwd=None):
        """Run an apt tool on the private state; its standard output."""
        done = subprocess.run([tool, "-c", self._config, *args], cwd=cwd, capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {tool} {' '.join(args)}\n{done.stdout}{done.stderr}\n")
        if done.returncode:
            verb = next(arg for arg in args if not arg.startswith("-"))
            raise FetchError(
                f"{tool} {verb} failed for Debian {' and '.join(self.suites)}, {mirror()}:\n"
                f"{done.stderr.strip()[-2000:]}\n"
                f"The first fetch needs the network. All that apt said: {paths.shown(self.log)}")
        return done.stdout

    def newest(self, pattern):
        """The package whose name matches @pattern entirely and sorts last, numbers as numbers."""
        names = [name for name in self._run("apt-cache", "pkgnames").split()
                 if re.fullmatch(pattern, name)]
        if not names:
            raise FetchError(f"Debian {' and '.join(self.suites)} has no package that matches "
                             f"'{pattern}'. Has the archive moved on? See tests/lab/kernels.py.")
        return max(names, key=lambda name: [int(n) for n in re.findall(r"\d+", name)])

    def with_dependencies(self, packages, suite=None):
        """@packages (preferably from @suite) and all they depend on, as a list of Deb."""
        prefer = ["-t", suite] if suite else []
        return self._uris("install", *prefer, "--yes", "--print-uris", *packages)

    def alone(self, packages):
        """Just @packages, whatever they depend on, as a list of Deb."""
        return self._uris("download", "--print-uris", *packages) if packages else []

    def _uris(self, *args):
        return [Deb(file, int(size)) for file, size in
                re.findall(r"^'\S+' (\S+\.deb) (\d+)", self._run("apt-get", *args), re.MULTILINE)]

    def fetch(self, debs):
        """Download @debs; their paths. Files that are there already are checked, not fetched."""
        self._run("apt-get", "-q", "download", *(deb.exact for deb in debs), cwd=self.debs)
        return [Path(self.debs, deb.file) for deb in debs]
