"""Opened decisions beside an exported log, `opened.jsonl`: cut where the parts of the log begin, and read line by line.

A line is believed when its nonce and record lead to the leaf that was logged. Lines stand in the order of the log, so a part of the log finds its own
by bisection, and a file of any size is read in bounded memory.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

from mien.errors import RequestInvalid
from mien.wire.canonical import MAX_BYTES, decode_spelled, unb64
from mien.wire.proof import leaf_of

MAX_LINE: Final = MAX_BYTES + 256
"""Bytes of the longest line that is read whole: a record, and what stands around it."""
_LINE: Final = re.compile(
    rb'\{"index":(0|-?[1-9][0-9]{0,18}),"nonce":"([A-Za-z0-9_-]{43})","record":(\{.*\})\}\n',
    re.DOTALL,
)
"""The one spelling of a line, but for its record. RFC 8785 leaves no other: names in order, no spaces."""
_INDEX: Final = re.compile(rb'\{"index":([0-9]{1,19}),')


def cuts(file: BinaryIO, firsts: Iterable[int]) -> Iterator[int]:
    """Where the lines of each part begin, of which `firsts` are the first indices (ascending), and the end of the file: 0 is always the first.

    Each line lies between two cuts, in whatever order the lines are.
    """
    end = file.seek(0, 2)
    at = 0
    for first in firsts:
        at = _bisect(file, first, at, end) if first else 0
        yield at
    yield end


def _bisect(file: BinaryIO, first: int, low: int, end: int) -> int:
    """The beginning of the first line behind `low` of which the index is `first` or more; `end` when there is none."""
    high = end
    while low < high:
        middle = (low + high) // 2
        if _is_before(file, _begins(file, middle), first):
            low = middle + 1
        else:
            high = middle
    return _begins(file, low)


def _begins(file: BinaryIO, at: int) -> int:
    """The beginning of the first line that begins at `at` or behind it."""
    if at == 0:
        return 0
    file.seek(at - 1)
    file.readline(MAX_LINE)
    return file.tell()


def _is_before(file: BinaryIO, start: int, first: int) -> bool:
    file.seek(start)
    match = _INDEX.match(file.readline(MAX_LINE))
    return match is not None and int(match[1]) < first


def lines(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """The lines between two cuts, each with its line feed; one longer than `MAX_LINE` comes in pieces, and no piece is a decision."""
    file.seek(start)
    at = start
    while at < end:
        line = file.readline(MAX_LINE)
        at += len(line)
        if not line:
            return
        yield line


def read_line(line: bytes) -> tuple[int, bytes, dict[str, Any]]:
    """Index, the leaf that nonce and record lead to, and the record. Raises `RequestInvalid` for any other spelling, `ProofInvalid`."""
    match = _LINE.fullmatch(line)
    if match is None:
        msg = "is no opened decision in its one spelling; export again"
        raise RequestInvalid(msg)
    index, nonce, spelled = match.groups()
    record = decode_spelled(spelled)
    if type(record.get("at")) is not int or "action" not in record or "allow" not in record:
        msg = "is no opened decision; export again"
        raise RequestInvalid(msg)
    return int(index), leaf_of(unb64(nonce.decode("ascii")), spelled), record
