"""Promises of the log held against it: kept, not due, broken, late; and the files in which people keep them."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.server.tiles import Memory
from typer.testing import CliRunner

from mien.errors import CheckpointInvalid, RequestInvalid, SettingsError, SignatureInvalid
from mien.wire import proof
from mien.wire.canonical import b64
from mien.wire.keys import SigningKey
from mien.wire.messages import Certificate, Promise, dump
from mien.wire.signatures import Kind, sign
from mien.wire.witness import Witness, cosign
from mien_server import audit
from mien_server.cli.audit import app, receipts
from mien_server.cli.audit.receipts import promises

KEY = SigningKey.from_secret(bytes(range(32)))
ORIGIN = "shop.example/log"
NOON = 1_795_305_600 + 43_200
LEAVES = [bytes([number]) * 32 for number in range(20)]


def log_of(size: int, at: int = NOON) -> Memory:
    tiles = Memory()
    audit.append(tiles, [audit.entry(leaf, at) for leaf in LEAVES[:size]])
    return tiles


def certificate(leaf: bytes, publish_by: int, origin: str = ORIGIN, key: SigningKey = KEY) -> str:
    said = Certificate(
        erasure="era_" + "a" * 26, site="shop", stage="accepted", accepted_at=NOON, completed_at=None, complete_by=NOON + 1,
        key_destroyed=False, records_deleted=0, events_subtracted=0, backups_unreadable_by=NOON + 2,
        promise=Promise(origin=origin, leaf=b64(leaf), publish_by=publish_by),
    )  # fmt: skip
    return sign(Kind.CERTIFICATE, dump(said), key)


def promised(leaf: bytes, publish_by: int = NOON + 60, origin: str = ORIGIN) -> audit.Promised:
    text = certificate(leaf, publish_by, origin)
    return audit.read_promise(text, KEY.verify_key(), "kept.json")


def report_of(tiles: Memory, *wanted: audit.Promised, known: tuple[str, ...] = ()) -> audit.Report:
    note = audit.checkpoint(tiles, ORIGIN, KEY)
    files = dict(audit.files(tiles, note, ""))
    inspection = audit.begun(
        note.encode(), ORIGIN, KEY.verify_key(), known, wanted=audit.hashes_of(wanted)
    )
    inspection.add(audit.inspect_part(files.get, inspection.asked, 0))
    return inspection.report(files.get)


def fate(
    one: audit.Promised, tiles: Memory, *sightings: audit.Sighting, now: int = NOON + 3600
) -> audit.Fate:
    (found,) = audit.fates([one], report_of(tiles, one), sightings, now)
    return found


def sighting(size: int, at: int) -> audit.Sighting:
    tiles = log_of(size)
    checkpoint = proof.Checkpoint(ORIGIN, size, audit.root(tiles, size))
    return audit.Sighting(checkpoint, at, "witness.example")


def test_a_kept_promise_names_its_entry() -> None:
    found = fate(promised(LEAVES[7]), log_of(20))
    assert (found.index, found.broken, found.finding()) == (7, "", None)


@pytest.mark.parametrize("made", [NOON - 1, NOON, NOON + 3599 - 60, NOON + 3599, NOON + 3600])
def test_a_promise_is_found_whether_or_not_the_hour_ended_meanwhile(made: int) -> None:
    one = promised(LEAVES[3], made + 60)
    assert fate(one, log_of(20, at=made)).index == 3


def test_the_hour_of_the_entry_is_the_hour_of_the_promise() -> None:
    """The same leaf under another hour is another entry: it was not logged when it was promised."""
    found = fate(promised(LEAVES[3]), log_of(20, at=NOON + 2 * 3600), now=NOON + 9 * 3600)
    assert found.index is None
    assert found.broken


def test_what_is_not_due_is_not_broken() -> None:
    one = promised(bytes(range(32)))
    assert fate(one, log_of(20), now=NOON + 60).broken == ""
    late = fate(one, log_of(20), now=NOON + 61)
    finding = late.finding()
    assert finding is not None
    assert finding.where == f"leaf {b64(bytes(range(32)))}"
    assert "12:01:00 UTC" in finding.says
    assert "kept.json" in finding.says


def test_a_promise_of_another_log_is_not_answered_by_this_one() -> None:
    found = fate(promised(LEAVES[7], origin="other.example/log"), log_of(20))
    assert "another log" in found.broken


# ---- seen by witnesses ----
def test_the_first_witness_that_saw_it_is_told() -> None:
    seen = [sighting(20, NOON + 50), sighting(12, NOON + 30), sighting(7, NOON + 10)]
    found = fate(promised(LEAVES[7]), log_of(20), *seen)
    assert (found.seen_at, found.broken) == (NOON + 30, "")


def test_a_leaf_that_came_late_is_a_broken_promise_although_it_is_there() -> None:
    found = fate(promised(LEAVES[7]), log_of(20), sighting(7, NOON + 61), sighting(20, NOON + 90))
    assert (found.index, found.seen_at) == (7, NOON + 90)
    assert "saw the 7 entries without it" in found.broken
    assert "witness.example" in found.broken


def test_a_tree_that_was_seen_in_time_without_it_proves_nothing() -> None:
    found = fate(promised(LEAVES[7]), log_of(20), sighting(7, NOON + 60), sighting(8, NOON + 61))
    assert found.broken == ""


def test_a_leaf_that_never_came_is_late_for_the_first_witness_after_the_time() -> None:
    one = promised(bytes(range(32)))
    found = fate(one, log_of(20), sighting(20, NOON + 61), sighting(9, NOON + 70), now=NOON)
    assert "saw the 20 entries without it" in found.broken


def test_without_a_checkpoint_no_promise_is_judged() -> None:
    with pytest.raises(RequestInvalid):
        list(audit.fates([promised(LEAVES[1])], audit.Report(None), (), NOON))


WITNESS_KEY = SigningKey.from_secret(bytes(range(7, 39)))
WITNESS = Witness("witness.example", WITNESS_KEY.verify_key())


def cosigned(size: int, at: int) -> str:
    """A checkpoint of the log as a witness signed it."""
    tiles = log_of(size)
    checkpoint = proof.Checkpoint(ORIGIN, size, audit.root(tiles, size))
    return audit.sign(checkpoint, KEY) + cosign(checkpoint, WITNESS.name, WITNESS_KEY, at)


def test_what_witnesses_signed_is_read_from_the_notes_they_signed() -> None:
    notes = [cosigned(7, NOON + 61), audit.checkpoint(log_of(9), ORIGIN, KEY)]
    (found,) = audit.sightings(notes, ORIGIN, KEY.verify_key(), [WITNESS])
    assert (found.checkpoint.size, found.at, found.witness) == (7, NOON + 61, WITNESS.name)
    assert audit.sightings(notes, ORIGIN, KEY.verify_key(), []) == ()
    body, divider, lines = notes[0].partition("\n\n")
    forged = body + divider + lines.replace(lines[-20:-6], "A" * 14)
    with pytest.raises(CheckpointInvalid):
        audit.sightings([forged], ORIGIN, KEY.verify_key(), [WITNESS])


# ---- what people keep ----
def files(tmp_path: Path, content: str) -> tuple[list[audit.Promised], list[audit.Finding]]:
    path = tmp_path / "kept.json"
    path.write_text(content)
    return promises([path], KEY.verify_key())


TEXT = certificate(LEAVES[1], NOON + 60)
OTHER = certificate(LEAVES[2], NOON + 60)


@pytest.mark.parametrize(
    "content",
    [
        f"{TEXT}\n{OTHER}\n",
        f"{TEXT} {OTHER}",
        json.dumps({"erasure": "era_x", "certificate": TEXT, "more": [{"certificate": OTHER}]}),
        json.dumps([{"receipt": TEXT}, {"consents": {"deep": [{"receipt": OTHER}]}}]),
        json.dumps({"receipt": TEXT, "again": {"receipt": TEXT, "certificate": OTHER}}),
    ],
)
def test_promises_are_found_wherever_they_lie(tmp_path: Path, content: str) -> None:
    found, wrong = files(tmp_path, content)
    assert {each.leaf for each in found} == {LEAVES[1], LEAVES[2]}
    assert (len(found), wrong) == (2, [])


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "nothing here", '{"receipt": "rcp_1"}', '{"receipt": 5}']
)
def test_a_file_without_promises_is_said(tmp_path: Path, content: str) -> None:
    with pytest.raises(SettingsError, match="no receipt"):
        files(tmp_path, content)


@pytest.mark.parametrize(
    "text",
    [
        certificate(LEAVES[1], NOON, key=SigningKey.from_secret(bytes(range(1, 33)))),
        TEXT[:-4] + "AAAA",
        sign(Kind.EXPORT, {"v": 1}, KEY),
        sign(Kind.CERTIFICATE, {"v": 1}, KEY),
        "a.b.c",
    ],
)
def test_what_the_server_did_not_sign_is_named(tmp_path: Path, text: str) -> None:
    found, wrong = files(tmp_path, text)
    assert found == []
    assert [each.where for each in wrong] == ["kept.json"]


def test_a_promise_of_another_kind_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        audit.read_promise(sign(Kind.EXPORT, {"v": 1}, KEY), KEY.verify_key(), "x")


def test_a_file_that_cannot_be_read_or_is_no_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        promises([tmp_path / "nowhere"], KEY.verify_key())
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError):
        promises([tmp_path / "binary"], KEY.verify_key())


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "MAX_FILE_BYTES", len(TEXT) - 1)
    with pytest.raises(SettingsError, match="more than"):
        files(tmp_path, TEXT)


# ---- the command ----
def test_receipts_need_the_servers_key(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / audit.KEY).write_text(proof.note_key(ORIGIN, KEY.verify_key()))
    (tmp_path / "kept").write_text(TEXT)
    done = CliRunner().invoke(
        app, ["verify", str(tmp_path / "log"), "--receipts", str(tmp_path / "kept")]
    )
    assert done.exit_code == 2
    assert "--trust" in done.stderr


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The command on a log of twenty entries and a promise of one of them."""
    tiles = log_of(20)
    vkey = proof.note_key(ORIGIN, KEY.verify_key())
    for name, data in audit.files(tiles, audit.checkpoint(tiles, ORIGIN, KEY), vkey):
        path = tmp_path / "log" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "kept").write_text(TEXT)
    trust = KEY.verify_key().text()
    return ["verify", str(tmp_path / "log"), "--receipts", str(tmp_path / "kept"), "--trust", trust]


def test_the_table_tells_of_promises(words: list[str]) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "1 kept" in done.stdout


def run(words: list[str], tmp_path: Path, *notes: str) -> tuple[int, dict[str, Any]]:
    """With checkpoints that the officer kept, and a witness."""
    for number, note in enumerate(notes):
        (tmp_path / f"older-{number}").write_text(note)
        words = [*words, "--older", str(tmp_path / f"older-{number}")]
    done = CliRunner().invoke(app, [*words, "--witness", WITNESS.text(), "--json"])
    answer: dict[str, Any] = json.loads(done.stdout)
    return done.exit_code, answer


def test_a_witness_tells_when_a_promise_was_kept(words: list[str], tmp_path: Path) -> None:
    code, answer = run(words, tmp_path, cosigned(1, NOON + 20), cosigned(5, NOON + 40))
    (kept,) = answer["promises"]
    assert (code, kept["state"], kept["seen_at"]) == (0, "kept", "2026-11-22T12:00:40+00:00")


def test_a_witness_tells_that_it_came_late(words: list[str], tmp_path: Path) -> None:
    code, answer = run(words, tmp_path, cosigned(1, NOON + 61), cosigned(5, NOON + 90))
    assert (code, answer["promises"][0]["state"]) == (1, "broken")
    assert answer["findings"][0]["where"] == f"leaf {b64(LEAVES[1])}"


def test_a_witness_s_line_that_does_not_verify_is_a_finding(
    words: list[str], tmp_path: Path
) -> None:
    forged = cosigned(5, NOON + 40)[:-20] + "AAAAAAAAAAAAAAAAAA=\n"
    code, answer = run(words, tmp_path, forged)
    assert (code, [each["where"] for each in answer["findings"]]) == (1, ["checkpoint"])
