"""Read TOML strictly: every fault names file and line."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from mien_server.authorize.source import fault


def read_table(
    file: str, content: bytes, required: Mapping[str, type] | None = None
) -> dict[str, Any]:
    """The table in `content`. With `required`, exactly these keys of these types. Raises `PolicyInvalid`."""
    try:
        table = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
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


def lines_of(content: bytes, header: str) -> tuple[int, ...]:
    """The lines, counted from 1, on which the array header `[[header]]` stands: the parser does not tell them."""
    mark = f"[[{header}]]".encode()
    return tuple(
        number for number, row in enumerate(content.splitlines(), 1) if row.strip().startswith(mark)
    )
