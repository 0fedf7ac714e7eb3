"""The log over tiles against the tree written down naively, and an exported log as `inspect` reads it. Attacks on it are in `test_attacks.py`."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.server.tiles import Memory, mth
from tests.server.world import ROOT

from mien.errors import CheckpointInvalid, LogTampered, ProofInvalid
from mien.wire import proof
from mien.wire.canonical import b64, encode
from mien.wire.keys import SigningKey
from mien_server import audit
from mien_server.audit import tree
from mien_server.audit.tree import MAX_ENTRY_BYTES
from mien_server.errors import NotFound

ORIGIN = "shop.example/audit"
KEY = SigningKey.from_secret(bytes(range(32)))
NOON = 1_795_000_000
WIDTH = audit.TILE_WIDTH
PUBLISHED = json.loads((ROOT / "tests/vectors/tlog_tiles.json").read_text())["vectors"]


def record_of(index: int) -> dict[str, object]:
    return {"v": 1, "action": "use", "allow": index % 3 > 0, "laws": [], "subject": f"s{index}", "at": NOON + 60 * index}  # fmt: skip


def nonce_of(index: int) -> bytes:
    return hashlib.sha256(b"nonce %d" % index).digest()


@cache
def entry_of(index: int) -> bytes:
    return audit.entry(proof.leaf_of(nonce_of(index), encode(record_of(index))), NOON + 60 * index)


def log_of(size: int) -> Memory:
    tiles = Memory()
    audit.append(tiles, [entry_of(index) for index in range(size)])
    return tiles


# ---- the tree ----
class Log(RuleBasedStateMachine):
    """Appending in pieces of any size, beside a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.tiles = Memory()
        self.model: list[bytes] = []

    @rule(count=st.one_of(st.integers(0, 3), st.integers(250, 260), st.integers(400, 600)))
    def append(self, count: int) -> None:
        more = [b"%d" % (len(self.model) + i) for i in range(count)]
        self.model += more
        assert audit.append(self.tiles, more) == len(self.model)

    @rule(data=st.data())
    def prove(self, data: st.DataObject) -> None:
        size = data.draw(st.integers(0, len(self.model)))
        root = mth(self.model[:size])
        assert audit.root(self.tiles, size) == root
        if size:
            index = data.draw(st.integers(0, size - 1))
            path = audit.inclusion(self.tiles, index, size)
            proof.verify_inclusion(self.model[index], index, size, path, root)
        old = data.draw(st.integers(0, size))
        path = audit.consistency(self.tiles, old, size)
        proof.verify_consistency(old, mth(self.model[:old]), size, root, path)

    @invariant()
    def entries_lie_where_they_were_put(self) -> None:
        bundles = [self.tiles.entry_tile(n) for n in range(-(-len(self.model) // WIDTH))]
        assert [entry for bundle in bundles for entry in bundle] == self.model


Log.TestCase.settings = settings(max_examples=15, stateful_step_count=8, deadline=None)
TestLog = Log.TestCase


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 65_537])
def test_appending_at_once_and_one_by_one_make_the_same_log(size: int) -> None:
    entries = [b"%d" % index for index in range(size)]
    whole, parts = Memory(), Memory()
    audit.append(whole, entries)
    head = size - min(size, 300)
    audit.append(parts, entries[:head])
    for entry in entries[head:]:
        audit.append(parts, [entry])
    assert whole.hashes == parts.hashes
    assert whole.entries == parts.entries
    assert audit.root(whole, size) == mth(entries)


def test_an_append_touches_a_few_tiles_whatever_the_size() -> None:
    tiles = Memory()
    audit.append(tiles, [b"%d" % index for index in range(66_000)])
    tiles.touched = 0
    audit.append(tiles, [b"one more"])
    assert tiles.touched <= 4
    tiles.touched = 0
    audit.inclusion(tiles, 12_345, tiles.size())
    assert tiles.touched <= 6


def test_an_entry_longer_than_its_length_field_is_refused_and_nothing_is_written() -> None:
    tiles = log_of(3)
    before = dict(tiles.hashes)
    with pytest.raises(ProofInvalid):
        audit.append(tiles, [b"fits", bytes(MAX_ENTRY_BYTES + 1)])
    assert (tiles.size(), tiles.hashes) == (3, before)
    assert audit.append(tiles, [bytes(MAX_ENTRY_BYTES)]) == 4


@pytest.mark.parametrize(
    "ask",
    [
        lambda tiles: audit.root(tiles, 6),
        lambda tiles: audit.root(tiles, -1),
        lambda tiles: audit.inclusion(tiles, 5, 5),
        lambda tiles: audit.inclusion(tiles, -1, 5),
        lambda tiles: audit.inclusion(tiles, 0, 6),
        lambda tiles: audit.consistency(tiles, 5, 6),
        lambda tiles: audit.consistency(tiles, 4, 3),
    ],
)
def test_what_the_log_has_not_is_refused(ask: Callable[[Memory], object]) -> None:
    with pytest.raises(ProofInvalid):
        ask(log_of(5))


def test_a_store_that_lost_a_tile_is_noticed() -> None:
    tiles = log_of(600)
    del tiles.hashes[0, 1]
    with pytest.raises(LogTampered, match="0/1"):
        audit.inclusion(tiles, 300, 600)


# ---- texts ----
@pytest.mark.parametrize("size", [0, 1, 5, 300])
def test_a_checkpoint_is_what_the_tree_is(size: int) -> None:
    tiles = log_of(size)
    note = audit.checkpoint(tiles, ORIGIN, KEY)
    found = proof.parse_checkpoint(note, ORIGIN, KEY.verify_key())
    assert found == proof.Checkpoint(ORIGIN, size, audit.root(tiles, size))


def test_a_name_that_notes_cannot_carry_is_refused() -> None:
    with pytest.raises(CheckpointInvalid):
        audit.checkpoint(log_of(1), "shop example", KEY)


@pytest.mark.parametrize("index", [0, 1, 255, 256, 299])
def test_an_officer_s_proof_holds(index: int) -> None:
    text = audit.tlog_proof(log_of(300), index, ORIGIN, KEY)
    found = proof.verify_tlog_proof(text, entry_of(index), ORIGIN, KEY.verify_key())
    assert found == index
    with pytest.raises(ProofInvalid):
        proof.verify_tlog_proof(text, entry_of(index + 1), ORIGIN, KEY.verify_key())


def test_a_proof_reads_each_tile_once_and_hashes_what_is_near_the_root_once() -> None:
    """What it costs does not grow with what is asked together: the path, and the root it leads to."""
    log = log_of(70_000)
    touched = log.touched
    texts = [audit.tlog_proof(log, 5, ORIGIN, KEY)]
    assert log.touched - touched == 5  # two tiles of level 0, two of level 1, the one of level 2
    hashed = tree._known_fold.cache_info().misses
    texts.append(audit.tlog_proof(log, 5, ORIGIN, KEY))
    assert tree._known_fold.cache_info().misses == hashed
    tree._known_fold.cache_clear()
    assert texts == [audit.tlog_proof(log, 5, ORIGIN, KEY)] * 2


def test_what_is_remembered_of_a_tile_is_not_believed_of_another() -> None:
    """A database can be exchanged under a server: what was hashed before must not be signed for what lies there now."""
    log = log_of(600)
    before = audit.tlog_proof(log, 5, ORIGIN, KEY)
    other = log.copy()
    other.hashes[0, 2] = other.hashes[0, 2][::-1]
    assert audit.root(other, 600) != audit.root(log, 600)
    assert audit.tlog_proof(log, 5, ORIGIN, KEY) == before


# ---- files ----
@pytest.mark.parametrize(
    ("number", "width", "path"),
    [
        (0, 256, "000"), (0, 1, "000.p/1"), (5, 255, "005.p/255"), (999, 256, "999"), (1000, 256, "x001/000"),
        (1_234_067, 17, "x001/x234/067.p/17"),
    ],
)  # fmt: skip
def test_paths_are_those_of_tlog_tiles(number: int, width: int, path: str) -> None:
    assert audit.tile_path(3, number, width) == f"tile/3/{path}"
    assert audit.entries_path(number, width) == f"tile/entries/{path}"


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector["name"])
def test_published_tiles(vector: dict[str, Any]) -> None:
    if vector["op"] == "path":
        found = audit.tile_path(0, vector["number"], WIDTH)
        assert found == f"tile/0/{vector['path']}"
        return
    tiles = list(audit.tiles_of(vector["size"]))
    full = Counter(str(level) for level, _number, width in tiles if width == WIDTH)
    partial = {str(level): width for level, _number, width in tiles if width < WIDTH}
    assert (dict(full), partial) == (vector["full"], vector["partial"])
    assert list(audit.tiles_of(0)) == []


def test_a_narrower_tile_is_the_beginning_of_a_wider_one() -> None:
    tiles = log_of(300)
    whole = audit.tile_bytes(tiles, 0, 0, 256)
    assert len(whole) == 8192
    assert audit.tile_bytes(tiles, 0, 0, 5) == whole[:160]
    assert audit.split_entries(audit.entry_tile_bytes(tiles, 1, 44)) == tuple(
        entry_of(index) for index in range(256, 300)
    )


@pytest.mark.parametrize(
    ("level", "number", "width"),
    [(0, 0, 0), (0, 0, 257), (0, 1, 45), (0, 2, 1), (1, 0, 2), (2, 0, 1), (-1, 0, 1), (64, 0, 1), (0, -1, 1)],
)  # fmt: skip
def test_tiles_that_are_not_there_are_not_found(level: int, number: int, width: int) -> None:
    tiles = log_of(300)
    with pytest.raises(NotFound):
        audit.tile_bytes(tiles, level, number, width)
    if level == 0:
        with pytest.raises(NotFound):
            audit.entry_tile_bytes(tiles, number, width)


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_a_bundle_is_read_as_it_was_written(entries: list[bytes]) -> None:
    body = b"".join(len(each).to_bytes(2, "big") + each for each in entries)
    assert audit.split_entries(body) == tuple(entries)
    if body:
        with pytest.raises(LogTampered):
            audit.split_entries(body + b"\xff")


# ---- an exported log ----
Files = dict[str, bytes]
SIZE = 600


def export(tiles: Memory, opened: range = range(0, SIZE, 7), key: SigningKey = KEY) -> Files:
    note = audit.checkpoint(tiles, ORIGIN, key)
    files = dict(audit.files(tiles, note, proof.note_key(ORIGIN, key.verify_key())))
    lines = (audit.opened_line(i, nonce_of(i), encode(record_of(i))) for i in opened)
    return files | {audit.OPENED: b"".join(lines)}


EXPORT = export(log_of(SIZE))


def inspect(files: Files, older: str | None = None, key: SigningKey = KEY) -> audit.Report:
    return audit.inspect(files.get, files, ORIGIN, key.verify_key(), older)


def named(files: Files, older: str | None = None) -> set[str]:
    """Where something is wrong. There must be something."""
    report = inspect(files, older)
    assert report.findings
    with pytest.raises(LogTampered, match=report.findings[0].where):
        audit.verify(files.get, files, ORIGIN, KEY.verify_key(), older)
    return {finding.where for finding in report.findings}


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, SIZE])
def test_an_honest_export_holds(size: int) -> None:
    files = export(log_of(size), range(size))
    report = audit.verify(files.get, files, ORIGIN, KEY.verify_key())
    assert report.checkpoint == proof.Checkpoint(ORIGIN, size, audit.root(log_of(size), size))
    assert report.opened == size
    assert sum(report.outcomes.values()) == size
    assert set(report.outcomes) <= {"use allowed", "use denied"}


@pytest.mark.parametrize("older", [0, 1, 256, 599, 600])
def test_an_honest_log_begins_as_every_older_checkpoint_said(older: int) -> None:
    note = audit.checkpoint(log_of(older), ORIGIN, KEY)
    assert inspect(EXPORT, note).findings == ()


def test_a_public_export_holds_without_anything_opened() -> None:
    files = {name: data for name, data in EXPORT.items() if name != audit.OPENED}
    report = inspect(files)
    assert (report.findings, report.opened) == ((), 0)


def test_a_checkpoint_that_is_no_text() -> None:
    assert named(EXPORT | {audit.CHECKPOINT: b"\xff\xfe"}) == {"checkpoint"}


def test_a_bundle_of_something_else_than_entries() -> None:
    tiles = Memory()
    audit.append(tiles, [b"not an entry of mien"])
    assert named(export(tiles, range(0))) == {"entry 0"}


def test_a_hash_above_that_does_not_follow_names_the_entries_under_it() -> None:
    path = audit.tile_path(1, 0, 2)
    body = bytearray(EXPORT[path])
    body[40] ^= 1
    report = inspect(EXPORT | {path: bytes(body)})
    assert report.findings[0].where == audit.tile_path(0, 1, 256)
    assert "256 to 511" in report.findings[0].says


def line(of: int, **other: object) -> bytes:
    value = {"index": of, "nonce": b64(nonce_of(of)), "record": record_of(of)}
    return encode({**value, **other}) + b"\n"


@pytest.mark.parametrize(
    ("opened", "where"),
    [
        (line(7, record=record_of(7) | {"allow": True, "laws": ["GDPR 9"]}), "entry 7"),
        (line(7, record=record_of(7) | {"subject": "somebody else"}), "entry 7"),
        (line(7, nonce=b64(nonce_of(8))), "entry 7"),
        (line(8, index=7), "entry 7"),
        (line(7, index=SIZE), f"entry {SIZE}"),
        (line(7, index=-1), "entry -1"),
        (line(7) + line(7), "entry 7"),
        (line(8) + line(7), "entry 7"),
        (line(7, index=True), "opened.jsonl line 1"),
        (line(7, nonce=b64(bytes(31))), "opened.jsonl line 1"),
        (line(7, nonce=5), "opened.jsonl line 1"),
        (line(7, record=[]), "opened.jsonl line 1"),
        (line(7, record={"at": 5}), "opened.jsonl line 1"),
        (line(7, record={**record_of(7), "at": "noon"}), "opened.jsonl line 1"),
        (line(7, more=1), "opened.jsonl line 1"),
        (line(7)[:-1], "opened.jsonl line 1"),
        (b" " + line(7), "opened.jsonl line 1"),
        (b"\n", "opened.jsonl line 1"),
        (b"[]\n", "opened.jsonl line 1"),
        (b"\xff\n", "opened.jsonl line 1"),
    ],
)
def test_an_opened_decision_is_the_one_that_was_logged(opened: bytes, where: str) -> None:
    assert named(EXPORT | {audit.OPENED: opened}) == {where}


def test_a_log_wrecked_all_over_is_reported_and_not_gone_through_for_ever() -> None:
    wrecked = {name: bytes(len(data)) for name, data in EXPORT.items() if "tile" in name}
    assert len(inspect(EXPORT | wrecked).findings) == 20
