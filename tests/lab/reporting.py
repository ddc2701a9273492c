# SPDX-License-Identifier: GPL-2.0
"""A plugin of pytest's: what a run of many files at a time prints in place of a dot for each test.

One line for each file when its last test has ended, a failure at once and in full, and now and then
what is still running. So a run that is cut short has said what was wrong, and where the time went.
"""

import collections
import threading
import time

import pytest

EVERY = 300     # seconds: what takes longer is named that often


class Report:
    """What the process prints that hands the tests out to others."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._started = time.monotonic()
        self._left = None           # file -> how many of its tests have not ended
        self._begun = {}            # file -> when
        self._running = {}          # test -> since when
        self._outcomes = collections.defaultdict(collections.Counter)

    def pytest_sessionstart(self):
        """Begin to name what takes long."""
        threading.Thread(target=self._name_what_takes_long, daemon=True).start()

    def pytest_xdist_node_collection_finished(self, ids):
        """Count the tests of each file; all processes find the same."""
        self._left = self._left or collections.Counter(map(_file, ids))

    def pytest_report_teststatus(self, report):
        """No letter for a test; its category, and the word for that in the summary."""
        what = report.outcome
        if report.when != "call":
            what = {"passed": "", "failed": "error"}.get(what, what)
        return what, "", what.upper()

    def pytest_runtest_logstart(self, nodeid):
        """A test begins."""
        self._running[nodeid] = time.monotonic()
        self._begun.setdefault(_file(nodeid), time.monotonic())

    def pytest_runtest_logreport(self, report):
        """A test, or what is before or behind it, has ended."""
        if report.when == "call" or not report.passed:
            self._outcomes[_file(report.nodeid)][report.outcome] += 1
        if report.failed:
            self._print(f"FAILED {report.nodeid} ({report.when})\n{report.longreprtext}")

    def pytest_runtest_logfinish(self, nodeid):
        """All of a test has ended, and perhaps all of its file."""
        file = _file(nodeid)
        self._running.pop(nodeid, None)
        self._left[file] -= 1
        if not self._left[file]:
            outcomes = ", ".join(f"{count} {what}" for what, count in self._outcomes[file].items())
            seconds = time.monotonic() - self._begun[file]
            left = sum(count > 0 for count in self._left.values())
            self._print(f"{file:32}{seconds:6.0f} s  {outcomes}; files left: {left}")

    def _name_what_takes_long(self):
        while True:
            time.sleep(EVERY)
            now = time.monotonic()
            for test, since in sorted(self._running.items()):
                if now - since > EVERY:
                    self._print(f"{test} has been running for {now - since:.0f} s")

    def _print(self, text):
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        self._terminal.write_line(f"{minutes:3}:{seconds:02}  {text}")
        self._terminal.flush()


def _file(nodeid):
    return nodeid.partition("::")[0]


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """Take the place of dots where several processes run the tests, and this is none of them."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        terminal = config.pluginmanager.get_plugin("terminalreporter")
        config.pluginmanager.register(Report(terminal), "report")
