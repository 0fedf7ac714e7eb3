"""The log asked again under other policies: counts that add up, differences that are true, and a gap that is stated.

The database is real: leaves sealed under people's keys, sequenced into the tree. Nothing goes through HTTP.
"""

import json
import logging
import re
import shutil
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.bench.logged import SITES, fill, settings
from typer.testing import CliRunner, Result

import mien_policies
from mien.wire.canonical import encode
from mien_server import audit, record
from mien_server.authorize import Authorizer, load_bundle
from mien_server.cli.policy import app, past
from mien_server.cli.policy.past import FATES, replay_log
from mien_server.errands import administer, open_keys
from mien_server.machine import SystemEntropy
from mien_server.pipeline.opened import openings
from mien_server.ports import Transaction
from mien_server.settings import Settings
from mien_server.values import Judged, SealedLeaf

COUNT = 240
NOW = 1_800_000_000
FOREVER = 0xFFFF_FFFF


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and a log of decisions under the bundle that ships."""
    folder = tmp_path_factory.mktemp("log")
    found = settings(folder)
    fill(found, open_keys(found), COUNT)
    return folder


@pytest.fixture
def log(filled: Path, tmp_path: Path) -> Settings:
    """A copy of it that a test may change."""
    shutil.copytree(filled, tmp_path / "log")
    past._desk.cache_clear()
    return settings(tmp_path / "log")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A bundle in which the browser's signal wins over an explicit yes and nobody forbids a price."""
    folder = tmp_path / "other"
    shutil.copytree(mien_policies.directory(), folder)
    text = (folder / "cedar/consent.cedar").read_text("utf-8")
    changed = text.replace("principal.gpc && !principal.explicit_after_gpc", "principal.gpc")
    assert changed != text
    (folder / "cedar/consent.cedar").write_text(changed, "utf-8")
    text = (folder / "cedar/exploit.cedar").read_text("utf-8")
    changed = re.sub(r'@id\("no-price"\)[^;]*;', "", text)
    assert changed != text
    (folder / "cedar/exploit.cedar").write_text(changed, "utf-8")
    return folder


def decided(log: Settings) -> list[tuple[str, Judged]]:
    """Site and question of every decision, read without what is tested here."""

    def work(transaction: Transaction) -> list[tuple[str, Judged]]:
        docs = [json.loads(each.record) for _, each in openings(transaction, open_keys(log), 0)]
        return [(doc["site"], record.judged_of(one)) for doc in docs for one in doc["asked"]]

    return administer(log, work)


def add(log: Settings, *leaves: SealedLeaf, placed: bool = True) -> None:
    """Leaves into the tree, or pending."""

    def work(transaction: Transaction) -> None:
        first = transaction.tiles.size()
        for leaf in leaves:
            transaction.leaves.add(leaf)
        if placed:
            audit.append(transaction.tiles, [audit.entry(leaf.hash, leaf.hour) for leaf in leaves])
            transaction.leaves.place([leaf.hash for leaf in leaves], first)

    administer(log, work)


def of_nobody(log: Settings, doc: dict[str, Any]) -> SealedLeaf:
    keys = open_keys(log)
    kek = keys.kek(keys.epoch())
    return record.sealed_leaf_of_nobody(
        SITES[0],
        encode(doc),
        NOW,
        FOREVER,
        kek,
        keys.epoch(),
        SystemEntropy(),
        str(doc.get("subject")),
    )


# ---- what is counted ----
def test_under_the_same_bundle_every_decision_stays(log: Settings) -> None:
    found = replay_log(log, None)
    assert logging.getLogger("mien_server.authorize.decide").isEnabledFor(logging.ERROR)
    assert found.tally.whole.same == found.size == found.fates["again"] == COUNT
    assert found.tally.laws == {}
    assert sum(each.same for each in found.tally.sites.values()) == COUNT
    assert found.tally.bundles.total() == COUNT


def test_what_turns_is_what_the_other_bundle_decides(log: Settings, other: Path) -> None:
    """Against asking each question alone."""
    turned: Counter[tuple[str, bool]] = Counter()
    laws: Counter[str] = Counter()
    authorizer = Authorizer(load_bundle(other))
    for site, judged in decided(log):
        decision = authorizer.decide(judged.question)
        if decision.allow != judged.allow:
            turned[site, decision.allow] += 1
            laws.update(decision.laws if not decision.allow else ())
    found = replay_log(log, other)
    for site, each in found.tally.sites.items():
        assert (each.allowed, each.denied) == (turned[site, True], turned[site, False])
    assert turned.total() == found.tally.whole.allowed + found.tally.whole.denied > 0
    assert {law: each.denied for law, each in found.tally.laws.items() if each.denied} == laws
    assert found.tally.laws["policy:gpc"].denied == found.tally.whole.denied
    assert found.tally.laws["policy:no-price"].allowed == found.tally.whole.allowed


def test_two_processes_find_what_one_finds(
    log: Settings, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "CHUNK", 100)
    one, two = (replay_log(log, other, processes=number) for number in (1, 2))
    assert (one.tally, one.fates, one.size) == (two.tally, two.fates, two.size)


def test_small_batches_find_the_same(
    log: Settings, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replay_log(log, other)
    monkeypatch.setattr(past, "BATCH", 7)
    monkeypatch.setattr(past, "CHUNK", 50)
    told: list[tuple[int, int]] = []
    parts = replay_log(log, other, progress=lambda done, size: told.append((done, size)))
    assert (parts.tally, parts.fates) == (whole.tally, whole.fates)
    assert told == [(50, COUNT), (100, COUNT), (150, COUNT), (200, COUNT), (COUNT, COUNT)]


def test_few_keys_in_memory_open_the_same(log: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mien_server.pipeline.opened.VAULTS", 1)
    assert replay_log(log, None).fates["again"] == COUNT


def test_a_forgetful_replay_finds_the_same(
    log: Settings, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replay_log(log, other)
    past._desk.cache_clear()
    monkeypatch.setattr("mien_server.authorize.replay.REMEMBERED", 1)
    monkeypatch.setattr(past, "CHUNK", 20)
    assert replay_log(log, other).tally == whole.tally


# ---- the gap ----
def test_what_was_erased_is_a_stated_gap(log: Settings) -> None:
    people = administer(log, lambda t: t.leaves.openable(0, COUNT))
    subjects = Counter((leaf.site, leaf.subject) for _, leaf in people)
    (first, gone), (second, hidden) = subjects.most_common(2)

    def erase(transaction: Transaction) -> None:
        transaction.leaves.drop_openings(*first, 1000)  # type: ignore[arg-type]
        person = transaction.people.get(*second, "update")  # type: ignore[arg-type]
        assert person is not None
        transaction.people.put(replace(person, tombstoned_at=NOW, wrapped_key=None))

    administer(log, erase)
    found = replay_log(log, None)
    assert found.fates["gone"] == gone + hidden > 1
    assert found.fates["again"] == COUNT - gone - hidden
    assert found.fates.total() == found.size == COUNT


def test_every_entry_is_counted_once_under_what_it_is(log: Settings) -> None:
    (_, judged), *_ = decided(log)
    common = {
        "allow": True,
        "policies": [],
        "laws": ["GDPR 15"],
        "site": SITES[0],
        "at": NOW,
        "purpose": None,
    }
    whole = {
        **common, "v": 2, "action": "export", "bundle_version": "1", "bundle_sha256": "x", "subject": "s", "claims": {},
    }  # fmt: skip
    half = {"question": {"action": "use"}, "allow": True, "policies": []}
    two = [record.judged_doc(judged), record.judged_doc(judged)]
    add(
        log,
        of_nobody(log, {**whole, "asked": []}),
        of_nobody(log, {**whole, "asked": [half]}),
        of_nobody(log, {**whole, "asked": two}),
        of_nobody(log, {**common, "v": 1, "action": "use", "bundle_sha256": "x", "subject": "s"}),
        record.plain_leaf(SITES[0], encode({"v": 1, "action": "erased", "at": NOW}), NOW, SystemEntropy()),
    )  # fmt: skip
    add(log, of_nobody(log, {**whole, "asked": []}), placed=False)
    assert "not in the tree yet" in typed(log, "replay", str(mien_policies.directory())).stdout
    found = replay_log(log, None)
    assert found.fates == Counter(again=COUNT + 1, rights=1, unreadable=1, older=1, notes=1, gone=0)
    assert found.fates.total() == found.size == COUNT + 5
    assert found.pending == 2  # that it was replayed before is logged too
    assert found.tally.whole.same == COUNT + 2


def test_an_altered_opening_is_counted_and_not_believed(log: Settings) -> None:
    path = log.database.removeprefix("sqlite:///")
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE leaf SET opening = zeroblob(200) WHERE log_index = 5")
    raw.close()
    found = replay_log(log, None)
    assert found.fates["unreadable"] == 1
    assert found.fates.total() == COUNT


def test_an_empty_log_is_no_fault(tmp_path: Path) -> None:
    found = replay_log(settings(tmp_path), None)
    assert (found.size, found.fates.total(), found.tally.whole.same) == (0, 0, 0)


# ---- as it is typed ----
def typed(log: Settings, *arguments: str) -> Result:
    environment = {"MIEN_DATABASE": log.database, "MIEN_KEYS": str(log.keys), "COLUMNS": "160"}
    return CliRunner().invoke(app, list(arguments), env=environment)


def test_words_bars_and_picture(log: Settings, other: Path, tmp_path: Path) -> None:
    picture = tmp_path / "turned.svg"
    done = typed(log, "replay", str(other), "--plot", str(picture))
    assert done.exit_code == 0, done.stderr
    found = replay_log(log, other).tally
    assert f"{found.whole.denied} now denied, {found.whole.allowed} now allowed" in done.stdout
    for said in ("policy:gpc", "█", *SITES, f"The log: {COUNT} entries", FATES["gone"]):
        assert said in done.stdout
    shown = ET.fromstring(picture.read_text("utf-8"))  # noqa: S314 - our own
    texts = {each.text for each in shown.iter("{http://www.w3.org/2000/svg}text")}
    assert {
        "policy:gpc",
        f"{found.whole.denied} now denied",
        f"{found.whole.allowed} now allowed",
    } <= texts
    again = typed(log, "replay", str(other), "--plot", str(picture))
    assert again.exit_code == 2
    assert "turned.svg" in again.stderr


def test_json_has_the_same_numbers(log: Settings, other: Path) -> None:
    done = typed(log, "replay", str(other), "--json", "--processes", "1")
    found, tally = json.loads(done.stdout), replay_log(log, other).tally
    assert (found["stay"], found["now_denied"], found["now_allowed"]) == (
        tally.whole.same, tally.whole.denied, tally.whole.allowed,
    )  # fmt: skip
    assert sum(found["log"][fate] for fate in FATES) == found["log"]["entries"] == COUNT
    assert found["bundle_sha256"] == load_bundle(other).sha256
    assert {site: each["stay"] for site, each in found["sites"].items()} == {
        site: each.same for site, each in tally.sites.items()
    }


def test_what_cannot_be_replayed_ends_with_2(log: Settings, tmp_path: Path) -> None:
    assert typed(log, "replay", str(tmp_path / "nowhere")).exit_code == 2
    shutil.rmtree(log.keys)
    done = typed(log, "replay", str(mien_policies.directory()))
    assert done.exit_code == 2
    assert "[keys-missing]" in done.stderr


def test_a_logged_decision_is_explained(log: Settings) -> None:
    ((_, judged), *_) = decided(log)
    done = typed(log, "explain", "--leaf", "0", "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["allow"] == judged.allow
    assert found["question"]["now"] == judged.question.now
    for wrong in (["--leaf", "9999"], ["--leaf", "0", "--number", "2"]):
        assert typed(log, "explain", *wrong).exit_code == 2
