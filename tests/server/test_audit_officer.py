"""The officer's commands, at the server's own database and over HTTP: find, explain, report, and the key file."""

import asyncio
import csv
import gzip
import json
import re
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.receiver import Receiver, status
from tests.server.served import Served
from tests.server.test_looking import AFTER, busy, everything
from tests.server.world import BUNDLE, NOON, ORIGIN, MakeWorld, StillClock, World
from typer.testing import CliRunner, Result

from mien.errors import (  # fmt: skip
    AuditError,
    CheckpointInvalid,
    KeysMissing,
    KeysUnsafe,
    LogTampered,
    MienError,
    ServerAnswerInvalid,
    ServerBusy,
    SettingsError,
)
from mien.wire.canonical import b64, unb64
from mien.wire.keys import SigningKey
from mien.wire.messages import (
    EntriesAsk,
    ExplainAnswer,
    ExplainAsk,
    OpenedEntry,
    StateAnswer,
    StateAsk,
    TallyAsk,
)
from mien.wire.proof import Checkpoint, leaf_of, note_key, parse_tlog_proof, verify_tlog_proof
from mien.wire.signatures import unverified
from mien_server import addresses, errands
from mien_server.cli import desk as desks
from mien_server.cli.audit import app
from mien_server.cli.audit.explain import Explained, _ask, _lines, verified
from mien_server.cli.audit.find import COLUMNS, Sums, checked, harmless, in_words
from mien_server.cli.audit.report.gather import Gathered, Looks, Outcomes
from mien_server.cli.audit.report.page import POLICY, STYLE, page
from mien_server.cli.audit.report.spans import cut
from mien_server.cli.moments import moment
from mien_server.cli.officer import app as officer_app
from mien_server.cli.officer.key import OfficerKey, fresh, read, spelled
from mien_server.keys import create_keys

DAY = 86_400
RUN = CliRunner()


def run(*arguments: object, text: str | None = None) -> Result:
    return RUN.invoke(app, [str(each) for each in arguments], input=text, env={"COLUMNS": "200"})


@dataclass
class Log:
    """A log that was used, and what is in it."""

    world: World
    docs: dict[int, dict[str, Any]]
    subject: str
    key: Path

    @property
    def vkey(self) -> str:
        return note_key(ORIGIN, self.world.keys.log.verify_key())


Used = tuple[Path, dict[int, dict[str, Any]], str]


async def used(world: World) -> tuple[dict[int, dict[str, Any]], str]:
    async with world:
        phones = await busy(world)
        return await everything(world), phones[1].subject


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Used:
    """The directory of a world that was used, what is in its log, and a person of it."""
    directory = tmp_path_factory.mktemp("used")
    return directory, *asyncio.run(used(World(directory)))


@pytest.fixture
def log(prepared: Used, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Log:
    """A copy of it; the settings point there, and list one officer."""
    directory, docs, subject = prepared
    shutil.copytree(directory, tmp_path / "world")
    return pointed(World(tmp_path / "world", clock=StillClock(AFTER)), docs, subject, monkeypatch)


def pointed(world: World, docs: dict[int, dict[str, Any]], subject: str, patch: pytest.MonkeyPatch) -> Log:  # fmt: skip
    keys = create_keys(world.key_directory, world.entropy, world.clock)
    content = fresh("anna", note_key(ORIGIN, keys.log.verify_key()))
    key = world.directory / "anna.key"
    key.write_bytes(spelled(content))
    key.chmod(0o600)
    for name, value in {
        "MIEN_DATABASE": world.address, "MIEN_KEYS": str(world.key_directory), "MIEN_ORIGIN": ORIGIN,
        "MIEN_OFFICER_KEYS": OfficerKey.of(content).listed,
    }.items():  # fmt: skip
        patch.setenv(name, value)
    # The commands have the machine's clock; nothing in this log may be past its time for it.
    patch.setattr("mien_server.machine.SystemClock.now", lambda _self: world.clock.at)
    # Read once: each command would read the same files again.
    patch.setattr("mien_server.authorize.load_bundle", lambda _directory=None: BUNDLE)
    world.keys = keys
    return Log(world, docs, subject, key)


def looks(log: Log) -> list[dict[str, Any]]:
    async def found() -> list[dict[str, Any]]:
        async with log.world as world:
            await world.pipeline.sequence()
            docs = await everything(world)
            return [doc for _, doc in sorted(docs.items()) if doc["action"] == "look" and "subject" not in doc]  # fmt: skip

    return asyncio.run(found())


# ---- find ----
def lines(done: Result) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    assert done.exit_code == 0, done.output
    *rows, sums = [json.loads(line) for line in done.stdout.splitlines()]
    return rows, sums


def test_json_lines_hold_every_decision_and_the_counts(log: Log) -> None:
    rows, sums = lines(run("find", "--json"))
    assert {row["index"]: row["record"] for row in rows} == log.docs
    assert sums == {
        "found": len(log.docs), "entries": sums["entries"], "read": sums["entries"],
        "gone": sums["entries"] - len(log.docs), "unreadable": 0, "complete": True,
    }  # fmt: skip
    rows, _ = lines(run("find", "--json", "--action", "use", "--outcome", "allowed", "--site", "shop", "--law", "GDPR 9", "--from", "2026-11-22T12:30"))  # fmt: skip
    assert [row["index"] for row in rows] == sorted(
        (i for i, doc in log.docs.items() if doc["action"] == "use" and doc["allow"] and doc["site"] == "shop" and doc["at"] >= NOON + 1800 and any(law.startswith("GDPR 9(") for law in doc["laws"])),
        key=lambda index: (log.docs[index]["at"] // 3600, index),
    )  # fmt: skip
    rows, sums = lines(run("find", "--json", "--limit", "2"))
    assert (len(rows), sums["complete"]) == (2, False)
    assert [look["what"] for look in looks(log)] == ["find"] * 3


def test_a_person_is_named_on_standard_input_only(log: Log) -> None:
    rows, _ = lines(run("find", "--json", "--subject", "-", text=log.subject + "\n"))
    mine = {i for i, doc in log.docs.items() if doc.get("subject") == log.subject}
    assert {row["index"] for row in rows} == mine
    done = run("find", "--subject", log.subject)
    assert (done.exit_code, "standard input" in done.stderr) == (2, True)
    assert log.subject not in done.stderr
    assert run("find", "--subject", "-", text="nobody\n").exit_code == 2


def test_the_table_says_what_it_does_not_hold(log: Log) -> None:
    done = run("find", "--action", "use", "--limit", "1")
    assert done.exit_code == 0, done.output
    assert "stopped at the limit" in done.stdout
    assert "found 1 in" in done.stdout
    whole = run("find", "--action", "use")
    assert "stopped" not in whole.stdout
    assert "nobody can open" in whole.stdout
    assert log.subject not in whole.stdout


def test_csv_is_whole_private_and_no_formula(log: Log, tmp_path: Path) -> None:
    target = tmp_path / "found.csv"
    done = run("find", "--csv", target)
    assert done.exit_code == 0, done.output
    assert target.stat().st_mode & 0o077 == 0
    with target.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert {int(row[0]) for row in rows} == set(log.docs)
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r\n" and cell]
    by_index = {int(row[0]): row for row in rows}
    for index, doc in log.docs.items():
        row = by_index[index]
        assert row[COLUMNS.index("laws")] == "; ".join(doc.get("laws", []))
        assert row[COLUMNS.index("outcome")] == ("allowed" if doc["allow"] else "denied")
    again = run("find", "--csv", target)
    assert again.exit_code == 2
    assert run("find", "--csv", tmp_path / "x", "--json").exit_code == 2


@pytest.mark.parametrize("start", list("=+-@\t\r\n"))
def test_no_cell_begins_a_formula(start: str) -> None:
    assert harmless(f"{start}1+1") == f"'{start}1+1"
    assert harmless(f"a{start}") == f"a{start}"
    assert harmless("") == ""


@pytest.mark.parametrize(
    "wrong",
    [
        ("--outcome", "maybe"), ("--action", "jump"), ("--site", "A SHOP"), ("--from", "yesterday"), ("--to", "1969-01-01"),
        ("--law", ""), ("--officer", "nowhere.key"), ("--server", "http://mien.example"), ("--server", "https://mien.example"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_line_and_2(log: Log, wrong: tuple[str, str]) -> None:
    done = run("find", *wrong)
    assert done.exit_code == 2, done.output
    assert len(done.stderr.splitlines()) == 1
    assert looks(log) == []


def test_a_file_that_did_not_come_whole_is_gone(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_entry: object) -> None:
        msg = "entry 3"
        raise LogTampered(msg)

    monkeypatch.setattr(import_module("mien_server.cli.audit.find"), "checked", broken)
    assert run("find", "--csv", tmp_path / "found.csv").exit_code == 2
    assert not (tmp_path / "found.csv").exists()


def test_a_record_of_another_leaf_is_noticed(log: Log) -> None:
    rows, _ = lines(run("find", "--json", "--limit", "1"))
    row = rows[0]
    entry = OpenedEntry(index=row["index"], hour=row["hour"], leaf=row["leaf"], nonce=row["nonce"], record="{}")  # fmt: skip
    with pytest.raises(LogTampered, match=f"entry {row['index']} "):
        checked(entry)


def test_what_was_not_met_is_said() -> None:
    sums = Sums(found=1, entries=5, read=3, unreadable=1, complete=True)
    assert sums.lost == 2
    assert "not met: 2" in in_words(sums)
    assert "damaged: 1" in in_words(sums)
    assert Sums(entries=5, read=3).lost == 0


# ---- explain ----
def test_an_entry_in_words(log: Log, tmp_path: Path) -> None:
    index, doc = next((i, d) for i, d in log.docs.items() if d["action"] == "use" and d["policies"])
    target = tmp_path / "one.tlog-proof"
    done = run("explain", index, "--out", target)
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    for words in (f"Entry {index} of {ORIGIN}", doc["purpose"], *doc["laws"], *doc["policies"], doc["subject"], "Proved", log.vkey):  # fmt: skip
        assert words in said
    found = json.loads(run("explain", index, "--json").stdout)
    assert found["record"] == doc
    assert {each["policy"] for each in found["reasons"]} <= set(doc["policies"])
    proof = target.read_text()
    key = log.world.keys.log.verify_key()
    assert verify_tlog_proof(proof, unb64(found["entry"]), ORIGIN, key) == index
    assert json.loads(run("explain", found["leaf"], "--json").stdout)["index"] == index
    assert [look["what"] for look in looks(log)] == ["explain"] * 3


def test_every_kind_of_entry_has_words(log: Log) -> None:
    run("find", "--subject", "-", text=log.subject)
    looks(log)  # takes them into the tree

    async def now() -> dict[int, dict[str, Any]]:
        async with log.world as world:
            return await everything(world)

    docs = asyncio.run(now())
    size = max(docs) + 1
    kinds = {doc["action"]: index for index, doc in docs.items()}
    assert set(kinds) >= {"give_consent", "use", "record", "withdraw", "erased", "look"}
    said = {"erased": "was complete", "swept": "A sweep deleted", "look": "@server looked", "withdraw": "No policy was asked"}  # fmt: skip
    for action, words in said.items():
        done = run("explain", kinds[action])
        assert done.exit_code == 0, (action, done.output)
        assert "Proved" in done.stdout
        assert words in done.stdout
    closed = next(index for index in range(size) if index not in docs)
    assert "Nobody can open it any more" in run("explain", closed).stdout
    assert run("explain", 10**6).exit_code == 2
    assert run("explain", "-" * 43).exit_code == 2


def test_sentences_of_another_bundle_are_not_made_up(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = next(i for i, doc in log.docs.items() if doc["action"] == "use" and doc["policies"])
    monkeypatch.setattr("mien_server.pipeline.parts.Parts.bundle", "other")
    done = run("explain", index)
    assert done.exit_code == 0, done.output
    assert "Their sentences are not here" in done.stdout


class Liar:
    """A desk that answers with what somebody altered."""

    def __init__(self, log: Log, index: int) -> None:
        self.origin = ORIGIN
        self.key = log.world.keys.log.verify_key()
        found = errands.attend(_settings(), lambda pipeline: pipeline.asked_here(ExplainAsk(index=index)))  # fmt: skip
        self.answer: Any = found

    async def ask(self, _ask: object, _answer: object) -> Any:
        return self.answer

    def says(self, ask: ExplainAsk, **other: Any) -> Any:
        return verified(self, ask, self.answer.model_copy(update=other))


def _settings() -> Any:
    import os

    from mien_server.settings import load

    return load(os.environ)


def test_what_a_server_makes_up_is_not_believed(log: Log) -> None:
    (first, _), (second, _), *_ = sorted(log.docs.items())
    liar, other = Liar(log, first), Liar(log, second)
    ask = ExplainAsk(index=first)
    assert liar.says(ask).record == log.docs[first]
    wrong = liar.answer.opened.model_copy(update={"record": json.dumps({"action": "use"})})
    for lie in (
        {"opened": wrong},
        {"opened": other.answer.opened},
        {"index": second},
        {"entry": other.answer.entry},
        {"proof": other.answer.proof},
    ):
        with pytest.raises(AuditError):
            liar.says(ask, **lie)
    for asked in (ExplainAsk(index=second), ExplainAsk(leaf=other.answer.opened.leaf)):
        with pytest.raises(LogTampered, match="another one"):
            liar.says(asked)
    liar.key = SigningKey.generate().verify_key()
    with pytest.raises(CheckpointInvalid):
        liar.says(ask)


@pytest.mark.parametrize(
    "record",
    ["[]", '{"action":"use"}', '{"action":"use","allow":1,"at":1}', '{"action":"use","allow":true,"at":-1}',
     '{"action":"use","allow":true,"at":1,"laws":[1]}', '{"action":"use","allow":true,"at":1,"policies":"x"}', "{"],
)  # fmt: skip
def test_what_is_no_record_is_not_shown(record: str) -> None:
    nonce = bytes(32)
    leaf = leaf_of(nonce, record.encode())
    entry = OpenedEntry(index=4, hour=0, leaf=b64(leaf), nonce=b64(nonce), record=record)
    with pytest.raises(LogTampered, match="entry 4 opens to no record"):
        checked(entry)


@pytest.mark.parametrize("action", ["swept", "erased", "look", "use"])
def test_a_record_without_its_words_is_an_error_of_one_line(action: str) -> None:
    answer = ExplainAnswer(index=4, entry="", proof="", opened=None, unreadable=False, bundle_here=False, reasons=[])  # fmt: skip
    record = {"action": action, "allow": True, "at": 1, "asked": [{}]}
    with pytest.raises(LogTampered, match="entry 4 opens to no record"):
        _lines(Explained(answer, "a", "k", "l", 0, 5, record))


def test_what_should_open_and_does_not_ends_with_1(log: Log) -> None:
    index = next(i for i, doc in log.docs.items() if doc["action"] == "use")
    with closing(sqlite3.connect(log.world.database)) as raw, raw:
        raw.execute("UPDATE leaf SET opening = zeroblob(200) WHERE log_index = ?", (index,))
    done = run("find")
    assert (done.exit_code, "damaged: 1" in done.stdout) == (1, True)
    done = run("explain", index)
    assert (done.exit_code, "should open and does not" in done.stdout) == (1, True)


# ---- the other ways to look ----
def test_every_way_to_open_decisions_is_logged(log: Log, tmp_path: Path) -> None:
    from mien_server.cli.consents import app as consents
    from mien_server.cli.policy import app as policy

    import mien_policies  # isort: skip

    mine = next(i for i, doc in log.docs.items() if doc["action"] == "use")
    assert run("export", tmp_path / "opened").exit_code == 0
    assert run("export", tmp_path / "public", "--public").exit_code == 0
    for group, words in (
        (policy, ["replay", str(mien_policies.directory()), "--json"]),
        (policy, ["explain", "--leaf", str(mine), "--json"]),
        (consents, ["evidence", "shop", log.subject]),
    ):
        done = RUN.invoke(group, words)
        assert done.exit_code == 0, done.output
    found = looks(log)
    assert [(each["officer"], each["what"]) for each in found] == [
        ("@server", "export"), ("@server", "replay"), ("@server", "explain"), ("@server", "evidence"),
    ]  # fmt: skip
    lines_there = (tmp_path / "opened" / "opened.jsonl").read_text().splitlines()
    assert found[0]["shown"] == len(lines_there) == len(log.docs)
    assert found[1]["opened"] >= len(log.docs)


# ---- report ----
class Parsed(HTMLParser):
    """What is in a page: tags with their attributes, and the cells of its tables by caption."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._caption = self._words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)
        if tag == "tr":
            self._rows.append([])
        self._words = ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "caption":
            self._caption, self._rows = self._words, []
        elif tag in {"th", "td"}:
            self._rows[-1].append(self._words)
        elif tag == "table":
            assert self._caption not in self.tables
            self.tables[self._caption] = self._rows[1:]


def report(log: Log, target: Path, *more: object) -> str:
    done = run("report", "--out", target, *more)
    assert done.exit_code == 0, done.output
    assert target.stat().st_mode & 0o077 == 0
    return target.read_text()


def numbers(rows: list[list[str]], *columns: int) -> dict[str, tuple[int, ...]]:
    return {row[0]: tuple(int(row[i].replace(",", "")) for i in columns) for row in rows}


def test_numbers_are_those_counted_another_way(log: Log, tmp_path: Path) -> None:
    run("find", "--action", "use")
    before = looks(log)

    async def now() -> dict[int, dict[str, Any]]:
        async with log.world as world:
            return await everything(world)

    docs = list(asyncio.run(now()).values())
    shown = Parsed(report(log, tmp_path / "report.html"))
    decisions = [doc for doc in docs if doc["action"] not in {"erased", "swept", "look"}]

    def outcomes(group: Callable[[dict[str, Any]], list[str]]) -> dict[str, tuple[int, ...]]:
        found: Counter[tuple[str, bool]] = Counter(
            (name, doc["allow"]) for doc in decisions for name in group(doc)
        )
        names = {name for name, _ in found}
        return {name: (found[name, True], found[name, False]) for name in names}

    days = outcomes(lambda doc: [time.strftime("%Y-%m-%d", time.gmtime(doc["at"]))])
    assert numbers(shown.tables["Decisions by day (UTC)"], 1, 2) == days
    laws = outcomes(lambda doc: list(dict.fromkeys(doc["laws"])))
    assert numbers(shown.tables["Decisions by law"], 1, 2) == laws
    assert numbers(shown.tables["Decisions by what they were about"], 1, 2) == outcomes(
        lambda doc: [doc["action"]]
    )
    (look,) = before
    assert shown.tables["Looks by officer"] == [["@server", "find", "1", str(look["shown"]), str(look["opened"])]]  # fmt: skip
    assert numbers(shown.tables["Erasures by delay"], 1)["up to a minute"] == (1,)
    (swept,) = [doc["deleted"] for doc in docs if doc["action"] == "swept"]
    gone = {(name, why): count for why, rows in swept.items() for name, count in rows.items()}
    assert {(row[0], row[1]): int(row[2]) for row in shown.tables["Rows deleted"]} == gone
    assert len(shown.tables["The newest 1 of 1 entries that prove it"]) == 1

    async def consents() -> dict[str, int]:
        async with log.world as world:
            rows = await world.select("SELECT state, count(*) FROM person WHERE tombstoned_at = 0 GROUP BY state")  # fmt: skip
            return dict(rows)

    assert numbers(shown.tables["Consents now, by state"], 1) == {
        name: (count,) for name, count in asyncio.run(consents()).items()
    }


def test_a_part_of_the_time_counts_that_part(log: Log, tmp_path: Path) -> None:
    text = report(log, tmp_path / "part.html", "--from", "2026-11-22T13:00", "--to", "2026-11-22T15:00")  # fmt: skip
    inside = [
        doc for doc in log.docs.values()
        if NOON + 3600 <= doc["at"] < NOON + 3 * 3600 and doc["action"] not in {"erased", "swept", "look"}
    ]  # fmt: skip
    shown = Parsed(text)
    counted = numbers(shown.tables["Decisions by what they were about"], 1, 2)
    assert sum(sum(each) for each in counted.values()) == len(inside) > 0
    done = run("report", "--out", tmp_path / "x.html", "--from", "2026-11-22T13:30")
    assert (done.exit_code, "whole hours" in done.stderr) == (2, True)
    assert not (tmp_path / "x.html").exists()


def test_nothing_of_anybody_and_nothing_from_elsewhere(log: Log, tmp_path: Path) -> None:
    text = report(log, tmp_path / "report.html")
    assert not re.search(r"sub_[a-z2-7]{26}", text)
    shown = Parsed(text)
    tags = {tag for tag, _ in shown.tags}
    assert not tags & {"script", "link", "iframe", "img", "object", "embed", "base", "form", "a"}
    assert shown.open == []
    for _, attributes in shown.tags:
        assert not set(attributes) & {"style", "src", "href", "srcset", "xlink:href"}
        assert not [name for name in attributes if name.startswith("on")]
    assert "http" not in text.replace("http-equiv", "")
    policy = next(a["content"] for tag, a in shown.tags if a.get("http-equiv"))
    assert policy == POLICY
    import hashlib
    from base64 import b64encode

    digest = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in POLICY
    assert f"<style>{STYLE}</style>" in text


def test_it_can_be_read_without_seeing_it(log: Log, tmp_path: Path) -> None:
    shown = Parsed(report(log, tmp_path / "report.html"))
    ids = [attributes["id"] for _, attributes in shown.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    pictures = [a for tag, a in shown.tags if tag == "svg" and a.get("aria-hidden") != "true"]
    assert len(pictures) > 5
    for each in pictures:
        assert each["role"] == "img"
        assert set((each["aria-labelledby"] or "").split()) <= set(ids)
    assert all(a.get("scope") in {"col", "row"} for tag, a in shown.tags if tag == "th")
    assert ("html", {"lang": "en"}) in shown.tags
    # Each figure has a table beside it.
    text = (tmp_path / "report.html").read_text()
    for section in text.split("<section>")[1:]:
        assert section.count("<figure>") <= section.count("<table>")


def test_what_it_rests_on_can_be_verified(log: Log, tmp_path: Path) -> None:
    from html import unescape

    text = report(log, tmp_path / "report.html")
    note = unescape(text.split("<pre>")[1].split("</pre>")[0])
    (tmp_path / "older").write_text(note)
    looks(log)  # the log grows on
    assert run("export", tmp_path / "export").exit_code == 0
    done = run("verify", tmp_path / "export", "--key", log.vkey, "--older", tmp_path / "older", "--json")  # fmt: skip
    assert (done.exit_code, json.loads(done.stdout)["compared_with_older"]) == (0, True)
    assert log.vkey in unescape(text)


def test_words_of_others_are_escaped() -> None:
    state = _state(bundle_version="<b>")
    found = Gathered("a.example/<i>", "key&<", 0, 2**32 - 1, state=state, note="<script>alert(1)</script>")  # fmt: skip
    found.checkpoint = Checkpoint("a.example/<i>", 1, bytes(32))
    found.days[0, "<img src=x>"] = Outcomes(1, 0)
    found.laws[0, '"><svg onload=x>'] = Outcomes(1, 1)
    found.looks["<a>", "<b>"] = Looks(1, 1, 1)
    found.bundles["<u> x"] = 1
    text = page(found)
    shown = Parsed(text)
    assert not {tag for tag, _ in shown.tags} & {"script", "i", "img", "a", "b", "u"}
    assert not [a for _, a in shown.tags if "onload" in a]


def test_on_either_database_the_same(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # fmt: skip
    world = make_world()
    docs, subject = asyncio.run(used(world))
    log = pointed(world, docs, subject, monkeypatch)
    rows, sums = lines(run("find", "--json"))
    assert {row["index"]: row["record"] for row in rows} == log.docs
    assert (sums["complete"], sums["unreadable"]) == (True, 0)
    assert json.loads(run("explain", rows[0]["index"], "--json").stdout)["record"] == rows[0]["record"]  # fmt: skip
    assert "Rows deleted" in report(log, tmp_path / "report.html")
    assert [look["what"] for look in looks(log)] == ["find", "explain", "tally", "state"]


def test_an_empty_log_has_a_report(
    make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()

    async def made() -> None:
        async with world:
            pass

    asyncio.run(made())
    monkeypatch.setenv("MIEN_DATABASE", world.address)
    monkeypatch.setenv("MIEN_KEYS", str(world.key_directory))
    monkeypatch.setenv("MIEN_ORIGIN", ORIGIN)
    done = run("report", "--out", tmp_path / "report.html")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "report.html").read_text()
    assert "None in this time." in text
    assert "so nothing was spent" in text


def _state(**other: Any) -> StateAnswer:
    counts = {"asked": 0, "complete": 0, "waiting": 0, "open": 0, "late": 1, "slowest": 0, "within": {}}  # fmt: skip
    given: dict[str, Any] = {
        "at": NOON, "checkpoint": "", "pending": 0, "consents": {"<s>": 1}, "erased": 0, "kept": [], "holds_standing": 0,
        "holds_over": 0, "erasures": counts, "bundle_version": "1", "bundle_sha256": "A" * 43,
    }  # fmt: skip
    return StateAnswer.model_validate({**given, **other})


def test_what_is_wrong_stands_at_the_top() -> None:
    found = Gathered("a", "k", 0, 2**32 - 1, unreadable=2, state=_state(), note="")
    found.checkpoint = Checkpoint("a", 1, bytes(32))
    text = page(found)
    assert "2 entries do not open" in text
    assert "1 erasures are not complete after a day" in text


def test_sums_that_do_not_add_up_are_refused() -> None:
    found = Gathered("a", "k", 0, 1, entries=3, read=3)
    found.days[0, "use"] = Outcomes(1, 1)
    with pytest.raises(AuditError, match="3 entries are there, 3 were read and 2 counted"):
        found.check()
    found.gone = 1
    found.check()
    found.read = 2
    with pytest.raises(AuditError):
        found.check()


@pytest.mark.parametrize(
    ("days", "name", "pieces"),
    [(1, "day", 1), (62, "day", 62), (63, "week", 10), (371, "week", 54), (372, "month", 13), (4000, "month", 132)],
)  # fmt: skip
def test_a_time_is_cut_into_pieces_that_hold_every_day(days: int, name: str, pieces: int) -> None:
    every = [NOON // DAY * DAY - number * DAY for number in range(days)]
    found = cut([every[0], every[-1]])
    assert found.name == name
    assert abs(len(found.labels) - pieces) <= 1
    placed = found.place({day: Outcomes(allowed=1) for day in every})
    assert sum(each.allowed for each in placed) == days


@pytest.mark.skipif(shutil.which("chromium") is None, reason="NOT HERE: Chromium")
def test_chromium_shows_it(log: Log, tmp_path: Path) -> None:
    report(log, tmp_path / "report.html")
    picture = tmp_path / "report.png"
    done = subprocess.run(
        ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'profile'}",
         "--enable-logging=stderr", "--window-size=900,1400", f"--screenshot={picture}", (tmp_path / "report.html").as_uri()],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert picture.stat().st_size > 10_000
    assert "Content Security Policy" not in done.stderr, done.stderr
    assert "CONSOLE" not in done.stderr, done.stderr


# ---- the key file ----
def test_a_key_is_made_for_one_log_and_kept_private(tmp_path: Path) -> None:
    vkey = note_key(ORIGIN, SigningKey.generate().verify_key())
    target = tmp_path / "officer.key"
    done = RUN.invoke(officer_app, ["init", str(target), "--name", "privacy-1", "--log", vkey])
    assert done.exit_code == 0, done.output
    assert target.stat().st_mode & 0o077 == 0
    key = read(target)
    assert (key.officer, key.origin, note_key(key.origin, key.log)) == ("privacy-1", ORIGIN, vkey)
    assert key.listed in done.stdout
    assert json.loads(target.read_text())["secret"] not in done.stdout + repr(key)
    again = RUN.invoke(officer_app, ["init", str(target), "--name", "privacy-1", "--log", vkey])
    assert again.exit_code == 2
    shown = RUN.invoke(officer_app, ["pass", str(target)])
    scheme, _, jws = shown.stdout.strip().partition(" ")
    assert (scheme, unverified(jws)["ask"]) == ("Mien-Statement", {"what": "entries"})
    for name, log_key in (("Anna", vkey), ("@server", vkey), ("anna", "no-key")):
        wrong = RUN.invoke(officer_app, ["init", str(tmp_path / "x"), "--name", name, "--log", log_key])  # fmt: skip
        assert wrong.exit_code == 2
        assert not (tmp_path / "x").exists()


def test_a_key_file_that_cannot_be_trusted_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k"
    with pytest.raises(KeysMissing):
        read(path)
    content = spelled(fresh("anna", note_key(ORIGIN, SigningKey.generate().verify_key())))
    path.write_bytes(content)
    path.chmod(0o640)
    with pytest.raises(KeysUnsafe):
        read(path)
    path.chmod(0o600)
    assert read(path).officer == "anna"
    for damaged in (b"", b"{}", content[:-10], content.replace(b'"v":1', b'"v":2')):
        path.write_bytes(damaged)
        with pytest.raises(KeysMissing):
            read(path)
    path.write_bytes(content.replace(ORIGIN.encode(), b"other.example"))
    with pytest.raises(CheckpointInvalid):
        read(path)


def test_at_the_server_with_a_key_the_log_names_the_officer(log: Log) -> None:
    assert run("find", "--json", "--officer", log.key).exit_code == 0
    assert [look["officer"] for look in looks(log)] == ["anna"]
    stranger = fresh("anna", log.vkey)
    log.key.write_bytes(spelled(stranger))
    done = run("find", "--officer", log.key)
    assert (done.exit_code, "officer-unknown" in done.stderr) == (2, True)


# ---- over HTTP ----
@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A server with somebody in its log, and an officer's key file."""
    work = tmp_path_factory.mktemp("served")
    server = Served(work / "server")
    server.directory.mkdir()
    from mien_server.errands import make_keys

    log_key = make_keys(server.settings).log.verify_key()
    content = fresh("anna", note_key("mien.local/log", log_key))
    key = work / "anna.key"
    key.write_bytes(spelled(content))
    key.chmod(0o600)
    server.more["MIEN_OFFICER_KEYS"] = OfficerKey.of(content).listed
    with server:
        phone = server.enrolled()
        assert server.send(phone).status_code == 200
        yield server, key


def test_the_same_commands_over_http(served: tuple[Served, Path], tmp_path: Path) -> None:
    server, key = served
    at = ("--server", server.address, "--officer", key)
    until = time.monotonic() + 20
    while True:
        rows, sums = lines(run("find", "--json", *at))
        if {row["record"]["action"] for row in rows} >= {"give_consent", "record", "look"}:
            break
        assert time.monotonic() < until
        time.sleep(0.2)
    assert sums["complete"]
    assert {row["record"]["officer"] for row in rows if row["record"]["action"] == "look"} == {"anna"}  # fmt: skip
    explained = json.loads(run("explain", rows[0]["index"], "--json", *at).stdout)
    assert explained["record"] == rows[0]["record"]
    assert parse_tlog_proof(explained["proof"]).index == rows[0]["index"]
    done = run("report", "--out", tmp_path / "report.html", *at)
    assert done.exit_code == 0, done.output
    assert "Decisions by law" in (tmp_path / "report.html").read_text()
    missing = run("explain", 10**9, *at)
    assert (missing.exit_code, "leaf-unknown" in missing.stderr) == (2, True)
    shown = RUN.invoke(officer_app, ["pass", str(key)]).stdout.strip()
    with server.client() as client:
        found = client.get("/audit/tile/entries/000.p/1", headers={"Authorization": shown})
        assert found.status_code == 200
    # Nothing of it is in the server's own log of the process.
    assert phone_free(server.log.read_text())


def phone_free(text: str) -> bool:
    return not re.search(r"sub_[a-z2-7]{26}", text)


def test_strangers_and_replays_over_http(served: tuple[Served, Path], tmp_path: Path) -> None:
    server, key = served
    officer = read(key)
    now = int(time.time())
    stranger = OfficerKey.of(fresh("anna", note_key(officer.origin, officer.log)))
    elsewhere = OfficerKey.of(fresh("anna", note_key("other/log", officer.log)))
    with server.client() as client:
        for value, code in (
            ("", "officer-unknown"),
            ("Bearer of_token", "officer-unknown"),
            ("Mien-Statement x", "request-invalid"),
            ("Mien-Statement a.b.c", "request-invalid"),
            (stranger.authorization(StateAsk(), now), "officer-unknown"),
            (elsewhere.authorization(StateAsk(), now), "officer-unknown"),
            (officer.authorization(StateAsk(), now - 300), "clock-skewed"),
            (officer.authorization(TallyAsk(), now), "request-invalid"),
            (officer.authorization(EntriesAsk(), now), "request-invalid"),
        ):
            answer = client.post("/audit/state", headers={"Authorization": value})
            assert answer.json()["code"] == code, value
        value = officer.authorization(StateAsk(), now)
        assert client.post("/audit/state", headers={"Authorization": value}).status_code == 200
        again = client.post("/audit/state", headers={"Authorization": value})
        assert (again.status_code, again.json()["code"]) == (409, "envelope-replayed")
        assert client.get("/audit/state").status_code == 405


# ---- answers of a server that is none ----
class Odd:
    """A transport that answers with one thing, and counts."""

    def __init__(self, *answers: tuple[int, bytes, dict[str, str]]) -> None:
        self.answers = list(answers)
        self.statements: list[str] = []

    def __call__(self, request: Any) -> Any:
        self.statements.append(request.headers["authorization"])
        status, body, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx.Response(status, stream=Piece(body), headers=headers)


class Piece(httpx.AsyncByteStream):
    """A body that comes as it is: what `httpx` is given as content it unpacks at once."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body


def asked(odd: Odd) -> StateAnswer:
    async def work() -> StateAnswer:
        async with httpx.AsyncClient(
            transport=httpx.MockTransport(odd), base_url="https://x"
        ) as client:
            return await desks._Away(client, ANNA, _no_wait).ask(StateAsk(), StateAnswer)

    return asyncio.run(work())


async def _no_wait(_seconds: float) -> None:
    """Nobody waits in tests."""


ANNA = OfficerKey.of(fresh("anna", note_key(ORIGIN, SigningKey.generate().verify_key())))
PROBLEM = json.dumps({
    "type": "x", "title": "x", "status": 403, "detail": "no\u001b[31m", "code": "some-code<\u001b",
}).encode()  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"", ServerAnswerInvalid), (200, b"{}", ServerAnswerInvalid), (200, b'{"a":1.5}', ServerAnswerInvalid),
        (302, b"{}", ServerAnswerInvalid), (500, b"<html>", ServerAnswerInvalid), (403, PROBLEM, MienError), (429, b"", ServerBusy),
    ],
)  # fmt: skip
def test_an_odd_answer_is_an_error_of_one_line(
    status: int, body: bytes, error: type[MienError]
) -> None:
    with pytest.raises(error) as caught:
        asked(Odd((status, body, {})))
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "MAX_ANSWER", 100)
    with pytest.raises(ServerAnswerInvalid, match="more than 100 bytes"):
        asked(Odd((200, b"x" * 1000, {})))


def test_a_packed_answer_is_not_unpacked() -> None:
    """It was not asked for, and a little of it can be very much."""
    packed = gzip.compress(_state().model_dump_json().encode())
    with pytest.raises(ServerAnswerInvalid):
        asked(Odd((200, packed, {"content-encoding": "gzip"})))


async def test_what_an_officer_signs_for_this_machine_goes_to_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = status(200, body=_state().model_dump_json().encode())
    async with Receiver([good]) as server, Receiver([good]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        url = f"http://127.0.0.1:{server.port}"
        found = await desks._away(url, ANNA, lambda desk: desk.ask(StateAsk(), StateAnswer))
        assert found == _state()
        assert (len(server.got), proxy.got) == (1, [])


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    path.write_bytes(spelled(fresh("anna", note_key(ORIGIN, ANNA.log))))
    path.chmod(0o600)
    done = run("find", "--server", "http://127.0.0.1:1", "--officer", path)
    assert (done.exit_code, "server-unreachable" in done.stderr) == (2, True)
    assert len(done.stderr.splitlines()) == 1


def test_a_busy_server_is_asked_again_with_a_fresh_statement() -> None:
    good = _state().model_dump_json().encode()
    odd = Odd((503, b"", {"retry-after": "1"}), (429, b"", {"retry-after": "later"}), (200, good, {}))  # fmt: skip
    assert asked(odd) == _state()
    assert len(set(odd.statements)) == 3


@pytest.mark.parametrize(
    ("server", "fine"),
    [
        ("https://mien.example/", True), ("http://127.0.0.1:8080", True), ("http://[::1]:1", True), ("http://localhost", True),
        ("http://mien.example", False), ("ftp://localhost", False), ("https://user@mien.example", False), ("https://", False),
        ("https://mien.example?x=1", False), ("mien.example", False),
    ],
)  # fmt: skip
def test_only_an_encrypted_address_is_asked(server: str, fine: bool) -> None:
    if fine:
        assert not addresses.base(server, "server").endswith("/")
        return
    with pytest.raises(SettingsError):
        addresses.base(server, "server")


@pytest.mark.parametrize("text", ["", "soon", "1969-12-31", "9999-01-01", "2026-13-01"])
def test_odd_times_are_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        moment(text)
    assert moment("2026-11-22T13:00+01:00") == NOON


def test_leaves_are_spelled_as_on_receipts() -> None:
    assert _ask(bytes(32)) == ExplainAsk(leaf=b64(bytes(32)))
    assert _ask("7") == ExplainAsk(index=7)
