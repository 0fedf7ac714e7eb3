"""A look at what is kept, as a record of the log: who, at what, how much; in words of closed vocabularies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mien.wire.canonical import encode

LOOK: Final = "look"
"""The action of these records."""
LOOK_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Look:
    """What an officer looked at. `shown` decisions were handed to them, `opened` ones were opened to choose or count.

    `statement` is SHA-256 of what they signed (base64url), empty for who stands at the server itself: with the signed text it shows exactly what was asked.
    """

    officer: str
    statement: str
    what: str
    asked: Mapping[str, Any]
    shown: int
    opened: int


def look_record(look: Look, bundle: str, at: int, whom: tuple[str, str] | None = None) -> bytes:
    """The canonical record. `bundle` is the hash of the policies in force, `whom` site and subject where the record is for that person to read."""
    doc: dict[str, Any] = {
        "v": LOOK_VERSION, "action": LOOK, "allow": True, "officer": look.officer,
        "statement_sha256": look.statement, "what": look.what, "asked": dict(look.asked),
        "shown": look.shown, "opened": look.opened, "bundle_sha256": bundle, "at": at,
    }  # fmt: skip
    if whom is not None:
        doc["site"], doc["subject"] = whom
    return encode(doc)
