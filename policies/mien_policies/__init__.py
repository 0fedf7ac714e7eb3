"""The law as files: Cedar policies, jurisdictions, retention, notices and cases. Data for officers; the only code reads notices.

`mien_server.authorize` loads the bundle in `directory()`; whoever shows a notice asks `notice(locale)`.
"""

from pathlib import Path

from mien_policies.reading import NoticeSource, PurposeText, locales, notice

__all__ = ["NoticeSource", "PurposeText", "directory", "locales", "notice"]


def directory() -> Path:
    """The folder of the bundle that ships with this package."""
    return Path(__file__).resolve().parent
