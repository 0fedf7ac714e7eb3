"""The law as files: Cedar policies, jurisdictions, retention, notices and cases. Data for officers; the only code reads notices.

`mien_server.authorize` loads the bundle in `directory()`; whoever shows a notice asks `notice(locale)`, or `notices()` for all languages at once.
"""

from pathlib import Path

from mien_policies.languages import best, language, locales, notice, notices
from mien_policies.reading import NoticeSource, PurposeText, listed, plain

__all__ = [
    "NoticeSource",
    "PurposeText",
    "best",
    "directory",
    "language",
    "listed",
    "locales",
    "notice",
    "notices",
    "plain",
]


def directory() -> Path:
    """The folder of the bundle that ships with this package."""
    return Path(__file__).resolve().parent
