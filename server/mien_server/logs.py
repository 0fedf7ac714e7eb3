"""Structured logs that cannot carry a person: JSON lines, and only what is on the list passes.

Everything the server writes goes through `allowed`: keys not listed are dropped, and values that are not short, plain words or numbers too. No
subject, address, body or key has a listed name. Messages of libraries are not trusted: of their records only the logger's name, the level
and the kind of an exception with the line it came from are written, never the text.
"""

import json
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

ALLOWED: Final = frozenset({
    "event", "level", "timestamp",
    "route", "method", "status", "ms", "code", "laws", "error_id",
    "logger", "kind", "where", "task",
    "count", "records", "events", "leaves", "size", "erasures",
    "url", "pid", "version", "bundle",
})  # fmt: skip
"""The only keys that reach the log."""
_PLAIN: Final = re.compile(r"[\w .:,;/()\[\]{}<>+§\-]{0,120}", re.ASCII)
_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def allowed(_logger: WrappedLogger | None, _method: str, event: EventDict) -> EventDict:
    """What of `event` may be written: listed keys with harmless values."""
    return {key: value for key, value in event.items() if key in ALLOWED and _harmless(value)}


def make(level: str, out: TextIO | None = None) -> FilteringBoundLogger:
    """A logger that writes JSON lines to `out` (standard error by default), `level` and above."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(cast("TextIO", Patient(out or sys.stderr))),
        processors=[
            structlog.processors.add_log_level,
            allowed,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        cache_logger_on_first_use=False,
    )
    return logger.bind()  # bound once, not at every line: also those below `level` would be


def where(trace: TracebackType | None) -> str:
    """The file and line an exception came from: code only, no values."""
    if trace is None:
        return "unknown"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


class Patient:
    """A stream that may be full: lines that cannot be written are counted instead of breaking what was about to be answered.

    The next line that can be written says how many are missing.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lost = 0

    def write(self, text: str) -> None:
        """Write, or count."""
        missing = ""
        if self._lost:
            missing = json.dumps({"count": self._lost, "event": "lines-lost", "level": "error"})
        try:
            self._out.write(f"{missing}\n{text}" if missing else text)
            self._out.flush()
        except OSError:
            self._lost += 1
        else:
            self._lost = 0

    def flush(self) -> None:
        """Everything was flushed as it was written."""


class Discreet(logging.Handler):
    """Takes the records of libraries (uvicorn, asyncio) and writes them without their text."""

    def __init__(self, write: Callable[..., Any]) -> None:
        super().__init__(logging.WARNING)
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record's origin and the kind of its exception."""
        error = record.exc_info[1] if record.exc_info else None
        self._write(
            "library",
            logger=record.name,
            kind=type(error).__name__ if error else record.levelname.lower(),
            where=where(error.__traceback__) if error else f"{record.filename}:{record.lineno}",
        )


def capture_libraries(logger: FilteringBoundLogger) -> None:
    """Send the standard library's log records of warning and above through `logger`; nothing else may print them."""
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, Discreet)]:
        root.removeHandler(old)
    root.addHandler(Discreet(logger.warning))


def _harmless(value: object) -> bool:
    if isinstance(value, str):
        return _PLAIN.fullmatch(value) is not None
    if isinstance(value, list | tuple):
        return all(isinstance(item, str | int) and _harmless(item) for item in value)
    return isinstance(value, int | float) or value is None
