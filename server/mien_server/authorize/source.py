"""Read Cedar text so that a fault can be named by file and line: the engine reports neither.

Takes one file's text, gives its policies as `Statement`s with the line each begins on.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cedarpy

from mien.errors import PolicyInvalid

_PIECE: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;|[^";/]+|.', re.DOTALL)
_TRUNCATED: Final = "unexpected end of input"


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy: Cedar's JSON form, and where it begins (`line` counts from 1)."""

    file: str
    line: int
    json: dict[str, Any]

    @property
    def annotations(self) -> dict[str, str]:
        """The `@name("value")` pairs."""
        found: dict[str, str] = self.json.get("annotations", {})
        return found


def fault(file: str, line: int, what: str) -> PolicyInvalid:
    """The one form in which a fault of a bundle is told: `file:line: what`."""
    return PolicyInvalid(f"`{file}:{line}`: {what}")


def statements(file: str, text: str) -> tuple[Statement, ...]:
    """Every policy of one file. Raises `PolicyInvalid` with the line of the first that does not parse, and for templates."""
    return tuple(_parse(file, line, piece) for line, piece in _split(text))


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Cut at semicolons outside strings and comments; give each piece with the line of its first word."""
    line, start = 1, 0
    words: list[str] = []
    for match in _PIECE.finditer(text):
        piece = match.group()
        if not start and piece.strip() and not piece.startswith("//"):
            start = line + piece[: len(piece) - len(piece.lstrip())].count("\n")
            words = [piece.lstrip()]
        elif start:
            words.append(piece)
        line += piece.count("\n")
        if piece == ";" and start:
            yield start, "".join(words)
            start = 0
    if start:
        yield start, "".join(words)


def _parse(file: str, line: int, piece: str) -> Statement:
    try:
        found = json.loads(cedarpy.policies_to_json_str(piece))
    except ValueError as error:
        message = " ".join(str(error).split())
        raise fault(file, line + _offset(piece, message), message) from error
    if found["templates"] or len(found["staticPolicies"]) != 1:
        raise fault(file, line, "templates are not supported: write the policy out")
    (policy,) = found["staticPolicies"].values()
    return Statement(file, line, policy)


def _offset(piece: str, message: str) -> int:
    """Lines from the start of `piece` to the fault.

    A grammar fault shows as soon as its line is read, so the first prefix that fails otherwise than by being cut short ends there. A
    fault of meaning shows only at the end; then the word that the message complains of, if it stands on one line only, is the place.
    """
    rows = piece.splitlines()
    for count in range(1, len(rows)):
        try:
            cedarpy.policies_to_json_str("\n".join(rows[:count]))
        except ValueError as error:
            if _TRUNCATED not in str(error) and "invalid token" not in str(error):
                return count - 1
    word = re.findall(r"[\w:]+", message)[-1]
    named = re.findall(r"[`'](.+?)[`']", message)
    places = [i for i, row in enumerate(rows) if (named[0] if named else word) in row]
    return places[0] if len(places) == 1 else 0
