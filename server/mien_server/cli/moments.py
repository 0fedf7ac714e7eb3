"""Times as people write and read them: a day or an ISO 8601 time, in UTC unless it says otherwise."""

from datetime import UTC, datetime
from typing import Final

from mien.errors import SettingsError

LATEST: Final = 0xFFFF_FFFF


def moment(text: str) -> int:
    """Unix seconds of a day (its first moment) or a time. Raises `SettingsError`."""
    try:
        at = datetime.fromisoformat(text)
        found = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        found = -1
    if not 0 <= found <= LATEST:
        msg = f"`{text}` is no date; write it as 2027-03-31 or 2027-03-31T12:00:00+01:00"
        raise SettingsError(msg)
    return found


def minute(at: int) -> str:
    """A time to the minute."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def second(at: int) -> str:
    """A time in ISO 8601."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
