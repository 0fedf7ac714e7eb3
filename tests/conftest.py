"""What every test shares: the list of what could not run here, and an exit status that does not hide it.

A test that needs something this machine lacks skips with a reason `NOT RUN: <what> (<command that mends it>)`. Such skips are listed at the end and
make the run fail, unless `MIEN_TIERS=core` says that they are expected. A test that compares with data which is no part of the project, and
which nobody who clones it can be asked to have, skips with `NOT HERE: <what>`: listed, without making the run fail. Any other skip fails the
run in every tier: nothing is skipped silently.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MARK = "NOT RUN: "
ABSENT = "NOT HERE: "


class NotRun:
    """Collects skips and turns them into the exit status."""

    def __init__(self, tiers: str) -> None:
        self.tiers = tiers
        self.expected: list[tuple[str, str]] = []
        self.absent: list[tuple[str, str]] = []
        self.silent: list[tuple[str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._note(report.nodeid, report.longrepr)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._note(report.nodeid, report.longrepr)

    def _note(self, node: str, why: object) -> None:
        reason = why[2] if isinstance(why, tuple) else str(why)
        reason = reason.removeprefix("Skipped: ")
        kinds = ((MARK, self.expected), (ABSENT, self.absent), ("", self.silent))
        next(rows for mark, rows in kinds if reason.startswith(mark)).append((node, reason))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED} and self.fails():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def fails(self) -> bool:
        """Whether what did not run makes the run fail."""
        return bool(self.silent) or (bool(self.expected) and self.tiers != "core")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for title, rows in (
            ("NOT RUN", self.expected),
            ("NOT HERE", self.absent),
            ("SKIPPED WITHOUT A WAY TO MEND IT", self.silent),
        ):
            if rows:
                terminalreporter.section(title)
                for node, reason in rows:
                    terminalreporter.line(
                        f"{node}: {reason.removeprefix(MARK).removeprefix(ABSENT)}"
                    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(NotRun(os.environ.get("MIEN_TIERS", "all")), "mien-not-run")
