"""An opened decision is not the one that was logged: the denial became an allowance, or two decisions changed places."""

import json
from collections.abc import Iterator
from typing import Any

from tests.server.attacks.honest import Attacked, Honest

from mien.wire.canonical import encode
from mien_server import audit

CAUGHT_BY = "the leaf of the decision"
SAYS = "does not commit to the opened record; the record was altered or belongs elsewhere"


def attacks(honest: Honest) -> Iterator[Attacked]:
    rows = [json.loads(line) for line in honest.files[audit.OPENED].splitlines()]
    for number in (0, len(rows) // 2, len(rows) - 1):
        row = rows[number]
        lied = row["record"] | {"allow": not row["record"]["allow"]}
        yield _with(honest, rows, number, row | {"record": lied})
        yield _with(honest, rows, number, row | {"record": row["record"] | {"subject": "sub_b"}})
        yield _with(honest, rows, number, row | {"record": rows[number - 1]["record"]})
        yield _with(honest, rows, number, row | {"nonce": rows[number - 1]["nonce"]})


def _with(honest: Honest, rows: list[Any], number: int, row: Any) -> Attacked:
    """The export with one opened decision exchanged."""
    changed = [*rows[:number], row, *rows[number + 1 :]]
    opened = b"".join(encode(each) + b"\n" for each in changed)
    return Attacked({**honest.files, audit.OPENED: opened}, f"entry {row['index']}")
