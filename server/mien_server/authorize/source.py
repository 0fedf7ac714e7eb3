"""Read Cedar text so that a fault can be named by file and line: the engine reports neither.

Takes one file's text, gives its policies as `Statement`s with the line each begins on. The engine's reader calls itself for every bracket and ends the
process when its stack is full, so what is nested too deeply is refused before it is handed over.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cedarpy

from mien.errors import PolicyInvalid

_PIECE: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;|[^";/]+|.', re.DOTALL)
_TRUNCATED: Final = "unexpected end of input"
DEEPEST: Final = 20
"""Brackets inside each other. Measured with cedarpy 4.12.2 on a thread of 512 KiB: 32 are read, 40 end the process; on 8 MiB it is 512 and 1024."""
LONGEST: Final = 400
"""Operators of one policy. The reader stands 512 of them on 512 KiB; the longest policy that ships has 40."""
REMEMBERED: Final = 64
"""Files whose policies are kept parsed: a bundle has 15."""
_DEEPEST_JSON: Final = 50
"""Levels of a policy in JSON, two for each operator. The engine takes 123 back; checking 87 ends the process on 512 KiB. The deepest that ships has 19."""
_TOKEN: Final = re.compile(
    r'"(?:\\.|[^"\\])*"|//[^\n]*|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>;)|(?P<operator>&&|\|\||[.!+*<>-]|\bif\b)',
    re.DOTALL,
)


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


@contextmanager
def within(file: str, line: int = 1) -> Iterator[None]:
    """Whatever goes wrong inside is a fault of the bundle at this place. What may pass by itself, such as a lack of memory, is left as it is."""
    try:
        yield
    except (PolicyInvalid, OSError, MemoryError):
        raise
    except Exception as error:
        kind = type(error).__name__
        raise fault(file, line, f"cannot be understood ({kind}): write it more simply") from error


def check_nesting(file: str, text: str) -> None:
    """Raise `PolicyInvalid` at the line where brackets are too deep or one statement (up to its semicolon) has too many operators."""
    depth = operators = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "end":  # there `_split` cuts
            depth = operators = 0
        depth = max(0, depth + (kind == "open") - (kind == "close"))
        operators += kind == "operator"
        if depth > DEEPEST or operators > LONGEST:
            line = text.count("\n", 0, match.start()) + 1
            what = (
                f"more than {DEEPEST} brackets inside each other"
                if depth > DEEPEST
                else f"more than {LONGEST} operators"
            )
            raise fault(file, line, f"has {what}: write several policies")


@lru_cache(maxsize=REMEMBERED)
def statements(file: str, text: str) -> tuple[Statement, ...]:
    """Every policy of one file. Raises `PolicyInvalid` with the line of the first that does not parse or is nested too deeply, and for templates.

    Remembered by the text, for a bundle is loaded again when one of its files changes. The `json` of what is given is shared: not to be changed.
    """
    check_nesting(file, text)
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
    with within(file, line):
        return _parsed(file, line, piece)


def _parsed(file: str, line: int, piece: str) -> Statement:
    try:
        found = json.loads(cedarpy.policies_to_json_str(piece))
    except ValueError as error:
        message = " ".join(str(error).split())
        raise fault(file, line + _offset(piece, message), message) from error
    if found["templates"] or len(found["staticPolicies"]) != 1:
        raise fault(file, line, "templates are not supported: write the policy out")
    (policy,) = found["staticPolicies"].values()
    if _depth(policy) > _DEEPEST_JSON:
        raise fault(
            file, line, "is nested too deeply: write several policies, or a set and `contains`"
        )
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


def _depth(json: Any) -> int:
    """Levels of a JSON value. Does not call itself: what it measures may be deeper than the stack."""
    level, deepest = [json], 0
    while level:
        deepest += 1
        level = [inner for each in level for inner in _inside(each)]
    return deepest


def _inside(json: Any) -> Iterator[Any]:
    if isinstance(json, dict):
        yield from json.values()
    elif isinstance(json, list):
        yield from json
