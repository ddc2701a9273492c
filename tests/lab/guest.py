# SPDX-License-Identifier: GPL-2.0
"""A running guest: boots a kernel in QEMU and runs shell scripts in it.

    with Guest.boot(kernel, name="smoke", files={"/svm_mmio.ko": result.ko["svm_mmio"]}) as guest:
        guest.check("insmod /svm_mmio.ko")

The scripts and what they print travel over the second console (tests/guest/agent is the other
end). The first one is the kernel's: it goes to build/logs/NAME.log, which every error names.
"""

import contextlib
import itertools
import shlex
import socket
import subprocess
import time

from . import console, paths
from .agent import Agent
from .errors import GuestDied, GuestError, GuestTimeout
from .initramfs import make_initramfs
from .progress import say
from .qemu import MACHINE, Qmp, command, quoted
from .smf import Smf

BOOT_LIMIT = 180        # seconds; a boot takes about 10 where nothing else runs
POWEROFF_LIMIT = 30
NMI_GRACE = 5           # for the guest to print where its processors were
STATE = ("info cpus", "info pic", "info registers -a")      # what QEMU knows of a guest
QMP_LIMIT = 60          # a healthy QEMU answers at once

# Any complaint of the kernel ends the guest at once, and QEMU with it (-no-reboot). The
# watchdogs measure how busy the host is, and a test has its own limit. QEMU would translate a
# program again for each address that it starts at.
STRICT = "panic=-1 oops=panic panic_on_warn=1"
LENIENT = "panic=-1"
ALWAYS = "console=hvc0 log_buf_len=4M nowatchdog rcupdate.rcu_cpu_stall_suppress=1 norandmaps"


def kernel_line(strict, append=""):
    """The command line of a guest's kernel; whether it is to be @strict: see Guest.boot()."""
    return f"{ALWAYS} {STRICT if strict else LENIENT} {append}".rstrip()


GUESTS = "guests"       # for Guest.boot(secure=)

# Nobody waits in this: the clock jumps to the next event when all processors are idle.
ICOUNT = ("-icount", "shift=0,sleep=off")


class Guest(Agent):
    """A guest, from Guest.boot(); use it in a with statement, or close() it."""

    POWEROFF = "poweroff -f", POWEROFF_LIMIT    # and how long that may take

    def __init__(self, name, argv, plumbing, fds, strict):
        agent, self._control = plumbing.ours
        super().__init__(name, agent)
        self._errors = paths.log(f"{name}.qemu")
        self._strict = strict
        self.smf = None         # the plugin, if it is secure
        self._control.settimeout(QMP_LIMIT)
        self._qmp = None
        self.log.write_bytes(b"")
        with self._errors.open("w", encoding="utf-8") as errors:
            errors.write(shlex.join(argv) + "\n")
            errors.flush()
            # If this process is killed, QEMU must not live on.
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *argv], stdin=subprocess.DEVNULL,
                stdout=errors, stderr=errors, pass_fds=[*plumbing.theirs_fds, *fds])
        plumbing.close_theirs()

    @classmethod
    def boot(cls, kernel, *, name="guest", files=None, devices=("pci-testdev", "edu"), smp=2,
             mem="1G", append="", plugins=(), machine="", cpu="power9", threads=1, qemu_args=(),
             fds=(), strict=True, icount=False, secure=False, initrd=None, limit=BOOT_LIMIT):
        """Boot @kernel and wait until it takes commands.

        @name       of the logs; two guests at a time need two names
        @files      for the guest: {"/path": bytes or Path}
        @devices    the values of -device
        @smp        processors: each more makes a guest slower where others need the host's too
        @append     more of a kernel command line
        @plugins    the values of -plugin
        @machine    more machine options, such as "cap-nested-hv=on"
        @cpu        the value of -cpu
        @threads    how many of the @smp processors are threads of one core
        @fds        open files that @qemu_args speak of, for QEMU
        @strict     whether a warning or an oops is the end of the guest, and of the test
        @icount     whether its clock counts instructions, one a nanosecond, instead of time
        @secure     whether it finds itself to be an SVM; GUESTS if its own guests do instead
        @initrd     another initramfs than the lab's own, which has @files
        """
        smf = Smf(name, guests=secure == GUESTS) if secure else None
        plugins = [*plugins, *([smf.plugin_argument()] if smf else [])]
        plumbing = _Plumbing()
        agent, control = plumbing.theirs_fds
        argv = [
            *command(), "-M", ",".join(filter(None, (MACHINE, machine))), "-cpu", cpu,
            "-accel", f"tcg,thread={'single' if icount else 'multi'}",
            *(ICOUNT if icount else ()), "-smp", f"{smp},threads={threads}",
            "-m", mem,
            "-nodefaults", "-display", "none", "-vga", "none", "-no-reboot",
            "-chardev", f"file,id=console,path={quoted(paths.log(name))}",
            "-device", "spapr-vty,chardev=console",
            "-chardev", f"socket,id=agent,fd={agent}",
            "-device", "spapr-vty,chardev=agent",
            "-chardev", f"socket,id=control,fd={control}",
            "-object", "monitor-qmp,id=qmp,chardev=control",
            *itertools.chain.from_iterable(("-device", device) for device in devices),
            *itertools.chain.from_iterable(("-plugin", plugin) for plugin in plugins),
            *qemu_args,
            "-kernel", str(kernel.vmlinux), "-initrd", str(initrd or make_initramfs(kernel, files)),
            "-append", kernel_line(strict, append)]
        say(f"booting {kernel.release} as {name}")
        guest = cls(name, argv, plumbing, fds, strict)
        guest.smf = smf
        try:
            guest._greet(time.monotonic() + limit, limit)
        except BaseException:
            guest._kill()
            raise
        return guest

    def qmp(self, name, **arguments):
        """Execute a QMP command; what it returns."""
        return self._control_call(self._qmp.call, name, **arguments)

    def hmp(self, line):
        """Execute a line of QEMU's human monitor; what it prints."""
        return self._control_call(self._qmp.monitor, line)

    @contextlib.contextmanager
    def one_insn_per_tb(self):
        """Let interrupts arrive between any two instructions: slow, but it finds races.

        On a busy machine several processors may then do little but take their timers' interrupts,
        so better wait for no script meanwhile.
        """
        self.hmp("one-insn-per-tb on")
        try:
            yield
        finally:
            self.hmp("one-insn-per-tb off")

    def close(self):
        """Power the guest off. Unless it was to be lenient, its console must be clean."""
        if self._over:
            self._kill()
            return
        self.begin(*self.POWEROFF)
        try:
            self._process.wait(self.POWEROFF[1])
        except subprocess.TimeoutExpired:
            self._timed_out(f"the request to power off in {self.POWEROFF[1]} s")
        finally:
            self._kill()
        if self._process.returncode or self._strict and console.complaint(
                console.read(self.log)):
            raise GuestDied(self._obituary())
        self._over = "it was powered off"

    # The ways in which it goes.

    def _greet(self, deadline, limit):
        try:
            self._qmp = Qmp(self._control)
        except OSError:
            self._died()
        self._hello(deadline, limit)

    def _control_call(self, call, *args, **kwargs):
        if self._over:
            raise GuestError(f"guest {self.name} takes no more commands: {self._over}")
        try:
            return call(*args, **kwargs)
        except OSError:
            return self._died()

    def _died(self):
        """QEMU has closed a connection: say why."""
        try:
            self._process.wait(POWEROFF_LIMIT)
        except subprocess.TimeoutExpired:
            pass
        self._kill()
        raise GuestDied(self._obituary())

    def _timed_out(self, what):
        """The guest is late: it has crashed, or else an NMI makes it say where it is."""
        lines = console.read(self.log)
        if self._strict and console.complaint(lines):
            self._kill()
            raise GuestDied(self._obituary())
        state = paths.log(f"{self.name}.late")
        state.write_text("QEMU does not answer\n", encoding="utf-8")
        try:
            # A processor that sleeps though an interrupt waits for it can be told by these.
            state.write_text("\n".join(map(self._qmp.monitor, STATE)), encoding="utf-8")
            self._qmp.call("inject-nmi")
            self._process.wait(NMI_GRACE)
        except (OSError, GuestError, subprocess.TimeoutExpired):
            pass
        self._over = "it did not answer in time"
        self._kill()
        places = console.places(console.read(self.log)[len(lines):])
        raise GuestTimeout("\n".join([
            f"guest {self.name} did not finish {what}", *self._came(), "Its console until then:",
            *console.excerpt(lines), "Where an NMI found its processors:", *places,
            f"Interrupts and registers before that: {paths.shown(state)}", self._more()]))

    def _obituary(self):
        lines = console.read(self.log)
        self._over = (console.complaint(lines)
                      or f"QEMU ended with status {self._process.returncode}")
        return "\n".join([f"guest {self.name} died: {self._over}", *console.excerpt(lines),
                          self._more()])

    def _more(self):
        """What QEMU said, and where the logs are."""
        said = console.read(self._errors)[1:]       # the first line is the command
        return "\n".join([*(f"QEMU said: {line}" for line in said),
                          f"The whole console: {paths.shown(self.log)}; "
                          f"QEMU's command line: {paths.shown(self._errors)}"])

    def _kill(self):
        """Make sure that QEMU is gone; politely first, so that a plugin can write its results."""
        self._over = self._over or "it was stopped"
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(POWEROFF_LIMIT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._agent.close()
        if self._qmp:
            self._qmp.close()


class _Plumbing:
    """Two connected pairs of sockets, for the agent and for QMP: no names, nothing to clean up."""

    def __init__(self):
        pairs = [socket.socketpair(), socket.socketpair()]
        self.ours = [pair[0] for pair in pairs]
        self._theirs = [pair[1] for pair in pairs]
        self.theirs_fds = [sock.fileno() for sock in self._theirs]

    def close_theirs(self):
        """QEMU has them now; only then does its end look like one."""
        for sock in self._theirs:
            sock.close()
