"""What every test shares: the list of what could not run here, and an exit status that does not hide it.

A test that needs something this machine lacks skips with a reason `NOT RUN: <what> (<command that mends it>)`. Such skips are listed at the end and
make the run fail, unless `MIEN_TIERS=core` says that they are expected. A test that compares with data which is no part of the project, and
which nobody who clones it can be asked to have, skips with `NOT HERE: <what>`: listed, without making the run fail. Any other skip fails the
run in every tier: nothing is skipped silently.

And, beside every test: no secret and nobody's data in any line that is logged, any problem document and anything written to standard error. The tests
are full of both, so whatever leaks is seen where it leaks.
"""

import os
import re
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

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


# ---- nothing leaks ----
NOWHERE: Final = {
    "a subject": re.compile(r"\bsub_[a-z2-7]{26}\b"),
    "a site's secret key": re.compile(r"\bsk_[A-Za-z0-9_-]{4,}"),
    "a planted canary": re.compile(r"canary-[0-9a-f]{4}|canarycanary"),
}
"""What is never written, by anybody."""
NOT_TOLD: Final = {
    **NOWHERE,
    "a key, a hash or a nonce": re.compile(
        r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{43}(?![\w-])"
    ),
    "a caller's address": re.compile(r"\b192\.0\.2\.\d+"),
    "an emotion": re.compile(r"\b(?:joy|surprise|anger|fear|sadness|disgust|contempt)\b"),
    "a label": re.compile(r"\b(?:valence|arousal|stream_key|wrapped_key)\b"),
}
"""What the server's log and problem documents do not hold either."""


def leaks(text: str, kinds: dict[str, re.Pattern[str]]) -> list[str]:
    """What of `kinds` is in `text`, and where."""
    return [
        f"{what} in: {text[max(0, found.start() - 60) : found.end() + 20]!r}"
        for what, pattern in kinds.items()
        if (found := pattern.search(text))
    ]


class NothingLeaks:
    """Reads along wherever the server writes, and fails the test in which something leaked.

    What libraries log is not read here: of it the server writes nothing but the place it came from, which `test_logs.py` holds.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self._reading = False

    def pytest_runtest_setup(self) -> None:
        shell = sys.modules.get("mien_server.routes.shell")
        if shell is not None and not self._reading:
            self._reading = True
            self._read_along(shell)

    def _read_along(self, shell: Any) -> None:
        import structlog

        renderer, render, document = (
            structlog.processors.JSONRenderer,
            structlog.processors.JSONRenderer.__call__,
            shell.document,
        )

        def rendered(*given: Any, **named: Any) -> Any:
            line = render(*given, **named)
            self.found += leaks(str(line), NOT_TOLD)
            return line

        def documented(*given: Any, **named: Any) -> Any:
            response = document(*given, **named)
            self.found += leaks(bytes(response.body).decode(), NOT_TOLD)
            return response

        renderer.__call__ = rendered  # type: ignore[method-assign]
        shell.document = documented

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        new = f"stderr {report.when}"  # a report holds what the ones before it held, too
        written = "".join(text for title, text in report.sections if title.endswith(new))
        found, self.found = self.found + leaks(written, NOWHERE), []
        if found and report.passed:
            report.outcome = "failed"
            report.longrepr = "LEAKED " + "; LEAKED ".join(found)
        return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that hold something slow go first: a whole file is one process's, and a long one begun last would leave the others with nothing to do."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(NothingLeaks(), "mien-nothing-leaks")
    config.pluginmanager.register(NotRun(os.environ.get("MIEN_TIERS", "all")), "mien-not-run")
