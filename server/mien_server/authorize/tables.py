"""Read TOML strictly: every fault names file and line."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from mien_server.authorize.source import fault


def read_table(
    file: str, content: bytes, required: Mapping[str, type] | None = None
) -> dict[str, Any]:
    """The table in `content`. With `required`, exactly these keys of these types. Raises `PolicyInvalid`."""
    try:
        table = tomllib.loads(content.decode())
    except RecursionError as error:
        raise fault(file, 1, "is nested too deeply: write it flat") from error
    except ValueError as error:  # no TOML, no UTF-8, or a number of too many digits
        at = re.search(r"at line (\d+)", str(error))
        raise fault(file, int(at[1]) if at else 1, f"is not TOML: {error}") from error
    if required is not None:
        check_keys(file, 1, table, required)
    return table


def check_keys(
    file: str,
    line: int,
    table: Mapping[str, Any],
    required: Mapping[str, type],
    optional: Mapping[str, type] | None = None,
) -> None:
    """Every required key there, none unknown, each of its type. Raises `PolicyInvalid`."""
    known = {**required, **(optional or {})}
    for key in required:
        if key not in table:
            raise fault(file, line, f"`{key}` is missing")
    for key, value in table.items():
        if key not in known:
            raise fault(file, line, f"`{key}` is not known here: use one of {', '.join(known)}")
        if type(value) is not known[key]:
            raise fault(file, line, f"`{key}` must be {known[key].__name__}")


def entries(
    file: str, content: bytes, table: Mapping[str, Any], header: str
) -> Iterator[tuple[int, Any]]:
    """Each table of the array `[[header]]` with the line on which it begins, counted from 1: the parser does not tell them. Raises `PolicyInvalid`."""
    lines = _lines_of(content, header)
    if len(lines) != len(table[header]):
        raise fault(file, lines[0] if lines else 1, f"write every one below a line `[[{header}]]`")
    for line, entry in zip(lines, table[header], strict=True):
        if not isinstance(entry, dict):
            raise fault(file, line, f"write every one below a line `[[{header}]]`")
        yield line, entry


def line_of(content: bytes, header: str) -> int:
    """The line of the table `[header]`, 1 where it is written in another way."""
    mark = re.compile(rb"\s*\[\s*" + re.escape(header.encode()) + rb"\s*\]")
    rows = enumerate(content.splitlines(), 1)
    return next((number for number, row in rows if mark.match(row)), 1)


def _lines_of(content: bytes, header: str) -> tuple[int, ...]:
    mark = re.compile(rb"\s*\[\[\s*" + re.escape(header.encode()) + rb"\s*\]\]")
    rows = enumerate(content.splitlines(), 1)
    return tuple(number for number, row in rows if mark.match(row))
