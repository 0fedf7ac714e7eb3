"""A log of several parts, checked part by part: side by side as one after the other, and with its opened decisions cut where they belong."""

import hashlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.server.tiles import Memory

from mien.errors import RequestInvalid, SettingsError
from mien.wire import proof
from mien.wire.canonical import b64, encode
from mien.wire.keys import SigningKey
from mien_server import audit
from mien_server.audit.bodies import is_part
from mien_server.audit.openings import MAX_LINE, read_line
from mien_server.audit.parts import MAX_FINDINGS
from mien_server.cli.audit.checking import Question, of_folder

KEY = SigningKey.from_secret(bytes(range(32)))
ORIGIN = "shop.example/log"
NOON = 1_795_000_000
SIZE = audit.PART + 300
OPENED = (0, 5, 255, 256, 40_000, audit.PART - 1, audit.PART, audit.PART + 7, SIZE - 1)
Files = dict[str, bytes]


def record_of(index: int) -> dict[str, object]:
    return {"action": "use", "allow": index % 2 == 0, "at": NOON + index, "subject": f"s{index}"}


def nonce_of(index: int) -> bytes:
    return hashlib.sha256(b"nonce %d" % index).digest()


def entry_of(index: int) -> bytes:
    return audit.entry(proof.leaf_of(nonce_of(index), encode(record_of(index))), NOON + index)


@cache
def tiles_of_it() -> Memory:
    tiles = Memory()
    audit.append(tiles, [entry_of(index) for index in range(SIZE)])
    return tiles


@cache
def honest() -> Files:
    note = audit.checkpoint(tiles_of_it(), ORIGIN, KEY)
    files = dict(audit.files(tiles_of_it(), note, proof.note_key(ORIGIN, KEY.verify_key())))
    files[audit.OPENED] = b"".join(line(index) for index in OPENED)
    return files


def line(index: int) -> bytes:
    return audit.opened_line(index, nonce_of(index), encode(record_of(index)))


def lay(folder: Path, files: Files) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def check(folder: Path, processes: int, known: tuple[str, ...] = ()) -> audit.Report:
    told: list[int] = []
    question = Question(ORIGIN, KEY.verify_key(), known)
    report = of_folder(folder, question, lambda done, _size: told.append(done), processes)
    assert told == sorted(told)
    return report


def where(files: Files) -> list[str]:
    report = audit.inspect(files.get, files, ORIGIN, KEY.verify_key())
    return [each.where for each in report.findings]


def flip(files: Files, name: str, at: int) -> Files:
    data = bytearray(files[name])
    data[at] ^= 1
    return {**files, name: bytes(data)}


# ---- several parts ----
def test_a_log_of_two_parts_holds_and_begins_as_it_was_at_any_size() -> None:
    sizes = (0, 1, 255, 256, 300, audit.PART - 1, audit.PART, audit.PART + 256, SIZE)
    roots = {size: audit.root(tiles_of_it(), size) for size in sizes}
    known = [audit.sign(proof.Checkpoint(ORIGIN, size, root), KEY) for size, root in roots.items()]
    files = honest()
    inspection = audit.begun(files[audit.CHECKPOINT], ORIGIN, KEY.verify_key(), known)
    for part in inspection.parts():
        inspection.add(audit.inspect_part(files.get, inspection.asked, part))
    assert inspection.report(files.get).findings == ()


@pytest.mark.parametrize("size", [1, 256, 300, audit.PART, audit.PART + 256])
def test_another_root_of_any_earlier_size_is_found(size: int) -> None:
    files = honest()
    wrong = audit.sign(proof.Checkpoint(ORIGIN, size, bytes(32)), KEY)
    report = audit.inspect(files.get, files, ORIGIN, KEY.verify_key(), wrong)
    assert [each.where for each in report.findings] == [f"entry {size - 1}"]


def test_side_by_side_finds_what_one_after_the_other_does(tmp_path: Path) -> None:
    spoiled = flip(flip(honest(), "tile/entries/005", 100), audit.entries_path(257, 44), 50)
    spoiled[audit.OPENED] = spoiled[audit.OPENED].replace(b'"s40000"', b'"s40001"')
    lay(tmp_path / "bad", spoiled)
    one, two = (check(tmp_path / "bad", processes) for processes in (1, 2))
    assert one == two
    assert [each.where for each in one.findings] == [
        "entry 1282",
        "entry 40000",
        f"entry {audit.PART + 257}",
    ]
    assert one.opened == len(OPENED) - 1
    assert check(lay(tmp_path / "good", honest()), 1).findings == ()


@pytest.mark.parametrize(
    ("name", "at", "found"),
    [
        ("tile/2/000.p/1", 3, ["tile/1/000", "checkpoint"]),
        ("tile/1/000", 32 * 9, ["tile/0/009", "tile/1/000"]),
        ("tile/1/001.p/1", 3, [f"tile/0/{256}", "checkpoint"]),
        ("tile/0/x001/000", 0, []),
    ],
)
def test_a_hash_of_every_level_is_held_against_the_one_below(
    name: str, at: int, found: list[str]
) -> None:
    files = honest()
    if name not in files:
        assert not is_part(name, SIZE)
        return
    assert where(flip(files, name, at)) == found


def test_hashes_alone_are_checked_where_the_entries_are_not_to_be_had() -> None:
    files = {name: data for name, data in honest().items() if "entries" not in name}
    inspection = audit.begun(files[audit.CHECKPOINT], ORIGIN, KEY.verify_key(), entries=False)
    for part in inspection.parts():
        inspection.add(audit.inspect_part(files.get, inspection.asked, part))
    report = inspection.report(files.get)
    assert (report.findings, report.entries) == ((), False)


def test_what_is_wanted_is_found_by_its_hash() -> None:
    files = honest()
    hashes = {index: proof.leaf_hash(entry_of(index)) for index in (0, 300, audit.PART + 5)}
    inspection = audit.begun(
        files[audit.CHECKPOINT], ORIGIN, KEY.verify_key(), wanted=[*hashes.values(), bytes(32)]
    )
    for part in inspection.parts():
        inspection.add(audit.inspect_part(files.get, inspection.asked, part))
    places = inspection.report(files.get).places
    assert places == {found: index for index, found in hashes.items()}


# ---- opened decisions across parts ----
def opened(content: bytes) -> list[str]:
    return where({**honest(), audit.OPENED: content})


def test_a_line_that_is_out_of_order_is_found_wherever_the_parts_are_cut() -> None:
    lines = [line(index) for index in OPENED]
    for number in (0, 4, 5, 6):
        swapped = [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]]
        assert opened(b"".join(swapped)), number
    assert opened(b"".join(lines[::-1]))
    assert opened(b"".join([*lines, lines[0]]))


def test_a_line_that_cannot_be_read_is_counted_from_the_beginning_of_the_file() -> None:
    lines = [line(index) for index in OPENED]
    assert opened(b"".join([*lines[:7], b"{}\n", *lines[7:]])) == ["opened.jsonl line 8"]
    assert opened(b"".join([b"{}\n", *lines])) == ["opened.jsonl line 1"]


def test_a_line_too_long_is_no_decision() -> None:
    found = opened(line(0) + b"x" * (3 * MAX_LINE) + b"\n" + line(5))
    assert found
    assert all(each.startswith(("opened.jsonl", "entry")) for each in found)


def test_a_file_that_became_shorter_meanwhile_ends_where_it_ends() -> None:
    assert list(audit.lines(BytesIO(b"one\n"), 0, 100)) == [b"one\n"]


def test_a_flood_of_odd_lines_is_not_gone_through() -> None:
    assert len(opened(b"x\n" * 5000)) == MAX_FINDINGS


def test_decisions_in_an_empty_log_are_found() -> None:
    note = audit.checkpoint(Memory(), ORIGIN, KEY)
    assert where({audit.CHECKPOINT: note.encode(), audit.OPENED: line(0)}) == ["entry 0"]


@given(
    st.lists(st.integers(0, 400), max_size=40),
    st.lists(st.integers(1, 400), max_size=5, unique=True),
    st.booleans(),
)
def test_every_line_lies_between_two_cuts_and_an_ordered_one_where_it_belongs(
    indices: list[int], borders: list[int], ordered: bool
) -> None:
    indices = sorted(indices) if ordered else indices
    file = BytesIO(b"".join(b'{"index":%d,"pad":"%s"}\n' % (i, b"x" * (i % 7)) for i in indices))
    firsts = [0, *sorted(borders)]
    found = list(audit.cuts(file, firsts))
    assert (found[0], found[-1]) == (0, len(file.getvalue()))
    pieces = [b"".join(audit.lines(file, start, end)) for start, end in pairwise(found)]
    assert b"".join(pieces) == file.getvalue()
    if ordered:
        for first, piece in zip(firsts, pieces, strict=True):
            last = min((b for b in firsts if b > first), default=10**6)
            there = [int(row[9 : row.index(b",")]) for row in piece.splitlines()]
            assert all(first <= each < last for each in there)


@pytest.mark.parametrize(
    "spelling",
    [
        lambda row: row.replace(b'"index":5', b'"index": 5'),
        lambda row: row.replace(b'"index":5', b'"index":05'),
        lambda row: row.replace(b'"index":5', b'"index":-0'),
        lambda row: row.replace(b'"index":5', b'"index":5.0'),
        lambda row: row.replace(b'"allow":false', b'"allow":false,"allow":false'),
        lambda row: row.replace(b'"s5"', b'"\\u0073\\u0035"'),
        lambda row: row.replace(b'"s5"', b'"\xff"'),
        lambda row: row.replace(b'"at":', b'"aaa":1.5,"at":'),
        lambda row: row + row,
        lambda row: row[:-1],
        lambda row: row.replace(b"\n", b"\r\n"),
        lambda row: b"\xef\xbb\xbf" + row,
        lambda row: row.replace(b'"record":{', b'"record":[{').replace(b"}}\n", b"}]}\n"),
    ],
)
def test_a_line_has_one_spelling(spelling: Callable[[bytes], bytes]) -> None:
    good = line(5)
    assert read_line(good)[0] == 5
    assert spelling(good) != good
    with pytest.raises(RequestInvalid):
        read_line(spelling(good))


def test_a_record_of_other_letters_than_ascii_is_read() -> None:
    record = encode({"action": "use", "allow": True, "at": NOON, "site": "caf\u00e9 \U0001f600"})
    row = audit.opened_line(3, nonce_of(3), record)
    index, leaf, found = read_line(row)
    assert (index, leaf) == (3, proof.leaf_of(nonce_of(3), record))
    assert found["site"] == "caf\u00e9 \U0001f600"
    assert b64(leaf)


# ---- names ----
@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("tile/0/000", True), ("tile/0/257.p/44", True), ("tile/0/257", False), ("tile/0/257.p/45", False), ("tile/0/258.p/1", False),
        ("tile/1/001.p/1", True), ("tile/2/000.p/1", True), ("tile/3/000.p/1", False), ("tile/00/000", False), ("tile/0/0000", False),
        ("tile/0/x000/000", False), ("tile/entries/257.p/44", True), ("tile/entries/258.p/1", False), ("tile/64/000", False),
        ("tile/0/000.p/256", False), ("tile/0/000.p/0", False), ("other", False), ("tile/0/000/", False), ("tile/0/000\n", False),
        ("tile/0/\u0660\u0660\u0660", False),
    ],
)  # fmt: skip
def test_which_files_a_log_has(name: str, *, there: bool) -> None:
    assert is_part(name, SIZE) is there


def test_a_file_that_cannot_be_read_is_a_fault_and_no_verdict(tmp_path: Path) -> None:
    lay(tmp_path, {name: data for name, data in honest().items() if name != audit.OPENED})
    (tmp_path / audit.OPENED).mkdir()
    with pytest.raises(SettingsError):
        check(tmp_path, 1)
