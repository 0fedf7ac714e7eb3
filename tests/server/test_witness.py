"""The witness: every rule of c2sp.org/tlog-witness, and the one that matters: it never signs two trees of which one is not the beginning of the other."""

import asyncio
import base64
import io
import signal
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.logs_made import SmallLog, TestClock, judge, new_home, public
from tests.server.witnessing import Serving
from typer.testing import CliRunner

from mien.cli import app
from mien.errors import (
    CheckpointInvalid,
    KeysMissing,
    KeysUnsafe,
    KeysUnwritable,
    MienError,
    SettingsError,
)
from mien.wire.keys import SigningKey
from mien.wire.proof import Checkpoint, note_id, verify_consistency
from mien.wire.witness import MAX_REQUEST_BYTES, PATH, AddCheckpoint, Witness, cosign, cosignatures
from mien_server import audit, logs, witness
from mien_server.errors import StoreBusy, StoreUnwritable
from mien_server.witness import memory, serving


@pytest.fixture
def home(tmp_path: Path) -> witness.Home:
    return new_home(tmp_path / "witness")


@pytest.fixture
def log() -> SmallLog:
    return SmallLog().grow(5)


def says(home: witness.Home, log: SmallLog, body: bytes) -> witness.Answer:
    return judge(home, log).answer(body)


def check_cosigned(home: witness.Home, log: SmallLog, answer: witness.Answer, size: int) -> int:
    """The answer is a cosignature of this size; at what time."""
    assert answer.status == 200, answer
    note = log.note(size)
    [found] = cosignatures(note + answer.text, log.checkpoint(size), [public(home)])
    return found.at


# ---- the rules, one by one ----
def test_a_first_checkpoint_is_cosigned_with_the_time(home: witness.Home, log: SmallLog) -> None:
    clock = TestClock(1_800_000_000)
    answer = judge(home, log, clock=clock).answer(log.asks(0))
    assert check_cosigned(home, log, answer, 5) == 1_800_000_000


def test_a_log_grows_from_proof_to_proof(home: witness.Home, log: SmallLog) -> None:
    judging = judge(home, log)
    held = 0
    for more in (0, 1, 3, 250, 1, 700):
        log.grow(more)
        check_cosigned(home, log, judging.answer(log.asks(held)), log.tiles.size())
        held = log.tiles.size()


def test_the_same_checkpoint_is_cosigned_again(home: witness.Home, log: SmallLog) -> None:
    judging = judge(home, log)
    judging.answer(log.asks(0))
    check_cosigned(home, log, judging.answer(log.asks(5)), 5)


def test_the_empty_log_is_cosigned(home: witness.Home) -> None:
    log = SmallLog()
    judging = judge(home, log)
    for _ in range(2):
        check_cosigned(home, log, judging.answer(log.asks(0)), 0)


def test_an_unknown_log_is_404(home: witness.Home, log: SmallLog) -> None:
    stranger = SmallLog("other.example/log").grow(5)
    assert says(home, log, stranger.asks(0)).status == 404


def test_a_checkpoint_that_the_log_did_not_sign_is_403(home: witness.Home, log: SmallLog) -> None:
    thief = SmallLog(key=SigningKey.generate()).grow(5)
    assert says(home, log, thief.asks(0)).status == 403


def test_a_wrong_signature_under_the_logs_name_is_403(home: witness.Home, log: SmallLog) -> None:
    forged = log.asks(0).replace(b"\n5\n", b"\n4\n")
    assert says(home, log, forged).status == 403


def test_one_of_several_keys_is_enough(home: witness.Home, log: SmallLog) -> None:
    renewed = SmallLog(tiles=log.tiles)
    judging = judge(home, log, renewed)
    check_cosigned(home, log, judging.answer(log.asks(0)), 5)
    check_cosigned(home, renewed, judging.answer(renewed.asks(5)), 5)


def test_an_old_size_beyond_the_checkpoint_is_400(home: witness.Home, log: SmallLog) -> None:
    assert says(home, log, log.asks(6)).status == 400


@pytest.mark.parametrize("old", [0, 4, 5])
def test_another_old_size_is_409_with_the_one_it_holds(
    home: witness.Home, log: SmallLog, old: int
) -> None:
    judging = judge(home, log)
    judging.answer(log.asks(0, 3))
    answer = judging.answer(log.asks(old))
    assert (answer.status, answer.media, answer.text) == (409, "text/x.tlog.size", "3\n")


def test_a_shorter_log_is_told_what_it_once_had(home: witness.Home, log: SmallLog) -> None:
    judging = judge(home, log)
    judging.answer(log.asks(0))
    answer = judging.answer(log.asks(3, 3))
    assert (answer.status, answer.text) == (409, "5\n")


def test_another_tree_of_the_same_size_is_409_and_both_notes_are_kept(
    home: witness.Home, log: SmallLog
) -> None:
    judging = judge(home, log)
    other = log.fork()
    log.grow(2)
    other.grow(2, "other")
    judging.answer(log.asks(0))
    for _ in range(2):
        answer = judging.answer(other.asks(7))
        assert (answer.status, answer.word) == (409, "fork")
        assert answer.media != "text/x.tlog.size"
    kept = sorted(path.read_text() for path in home.forks.iterdir())
    assert kept == sorted([log.note(), other.note()])


def test_a_log_that_forks_without_end_fills_no_disk_and_hides_no_other(
    home: witness.Home, log: SmallLog
) -> None:
    """Whoever has a log's key can sign as many trees as they like: ten prove as much as all."""
    other = SmallLog("other.example/log").grow(1)
    judging = judge(home, log, other)
    judging.answer(log.asks(0))
    judging.answer(other.asks(0))
    for number in range(40):
        forked = SmallLog(key=log.key).grow(5, f"{number} ")
        assert judging.answer(forked.asks(5)).word == "fork"
    assert len(list(home.forks.iterdir())) == 2 * 10
    assert judging.answer(SmallLog(other.origin, other.key).grow(1, "x").asks(1)).word == "fork"
    assert len(list(home.forks.iterdir())) == 2 * 11


def test_a_proof_that_does_not_hold_is_422(home: witness.Home, log: SmallLog) -> None:
    judging = judge(home, log)
    judging.answer(log.asks(0))
    other = SmallLog(key=log.key).grow(5, "other").grow(4)
    assert judging.answer(other.asks(5)).status == 422
    log.grow(4)
    path = audit.consistency(log.tiles, 5, 9)
    for wrong in ([], path[1:], path[:-1], [*path, bytes(32)], path[::-1], [bytes(32)] * 63):
        assert judging.answer(log.asks(5, 9, wrong)).status == 422
    check_cosigned(home, log, judging.answer(log.asks(5)), 9)


def test_a_proof_where_none_belongs_is_422(home: witness.Home, log: SmallLog) -> None:
    judging = judge(home, log)
    assert judging.answer(log.asks(0, 5, [bytes(32)])).status == 422
    judging.answer(log.asks(0))
    assert judging.answer(log.asks(5, 5, [bytes(32)])).status == 422


def test_an_empty_log_with_a_root_of_its_own_is_422(home: witness.Home, log: SmallLog) -> None:
    note = audit.sign(Checkpoint(log.origin, 0, bytes(32)), log.key)
    assert says(home, log, AddCheckpoint(0, (), note).text().encode()).status == 422


@pytest.mark.parametrize("body", [b"", b"old 0\n", b"\xff", b"old 0\n\n", b"old 01\n\n" + SmallLog().asks(0)[7:], b"old 0\n\nhello\n"])  # fmt: skip
def test_what_is_no_request_is_400(home: witness.Home, log: SmallLog, body: bytes) -> None:
    assert says(home, log, body).status == 400


def test_more_than_63_hashes_are_400(home: witness.Home, log: SmallLog) -> None:
    assert says(home, log, log.asks(0, 5, [bytes(32)] * 64)).status == 400


def test_extension_lines_are_400(home: witness.Home, log: SmallLog) -> None:
    body = log.checkpoint().body() + "more\n"
    signature = base64.b64encode(_signed(log, body)).decode()
    note = f"{body}\n\u2014 {log.origin} {signature}\n"
    assert says(home, log, AddCheckpoint(0, (), note).text().encode()).status == 400


def _signed(log: SmallLog, body: str) -> bytes:
    return note_id(log.origin, log.key.verify_key()) + log.key.sign(body.encode())


def test_two_logs_do_not_meet(home: witness.Home, log: SmallLog) -> None:
    other = SmallLog("other.example/log").grow(3)
    judging = judge(home, log, other)
    check_cosigned(home, log, judging.answer(log.asks(0)), 5)
    check_cosigned(home, other, judging.answer(other.asks(0)), 3)


# ---- the invariant ----
Step = tuple[bool, int, int]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 12)), max_size=12))
def test_whatever_is_asked_all_that_is_cosigned_is_one_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    log = SmallLog().grow(4)
    other = log.fork().grow(8, "other")
    log.grow(8)
    home = new_home(tmp_path_factory.mktemp("witness") / "w")
    judging = judge(home, log)
    signed: list[tuple[SmallLog, Checkpoint]] = []
    for forked, old, size in steps:
        shown = other if forked else log
        answer = judging.answer(shown.asks(old, size))
        if answer.status == 200:
            signed.append((shown, shown.checkpoint(size)))
    check_one_history(signed)


def check_one_history(signed: list[tuple[SmallLog, Checkpoint]]) -> None:
    """In the order in which they were signed, each begins with the one before, as the tree of the later one proves."""
    for (_, before), (shown, after) in pairwise(signed):
        assert before.size <= after.size
        path = audit.consistency(shown.tiles, before.size, after.size)
        verify_consistency(before.size, before.root, after.size, after.root, path)


def test_two_histories_at_once_from_many_threads(home: witness.Home) -> None:
    log = SmallLog().grow(4)
    other = log.fork().grow(60, "other")
    log.grow(60)
    judging = [judge(home, log) for _ in range(2)]
    signed: list[tuple[int, SmallLog]] = []
    lock = threading.Lock()

    def race(number: int) -> None:
        shown = (log, other)[number % 2]
        held = 0
        for size in range(4, 64, 3):
            answer = judging[number % 2].answer(shown.asks(held, size))
            if answer.media == "text/x.tlog.size" and int(answer.text) <= size:
                answer = judging[number % 2].answer(shown.asks(int(answer.text), size))
            if answer.status == 200:
                held = size
                with lock:
                    signed.append((size, shown))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(race, range(6)))
    beyond = {id(shown) for size, shown in signed if size > 4}
    assert len(beyond) == 1  # one of the two histories, and never a word of the other


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("step", ["before", "seen", "committed"])
def test_a_death_at_any_step_leaves_one_history(
    home: witness.Home, log: SmallLog, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    judging = judge(home, log)
    judging.answer(log.asks(0))
    other = log.fork().grow(3, "other")
    log.grow(3)

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if step == "before":
            patch.setattr(memory.Turn, "see", die)
        elif step == "seen":
            patch.setattr(judging._clock, "now", die)
        else:
            patch.setattr("mien_server.witness.judging.cosign", die)
        with pytest.raises(Killed):
            judging.answer(log.asks(5))
    held = int(judge(home, log).answer(log.asks(0)).text)
    assert held == (8 if step == "committed" else 5)
    if step == "committed":  # the answer was lost, what it would have said stands
        assert judge(home, log).answer(other.asks(8)).status == 409
        check_cosigned(home, log, judge(home, log).answer(log.asks(8)), 8)
    else:
        check_cosigned(home, log, judge(home, log).answer(log.asks(5)), 8)


def test_what_was_seen_is_synced(home: witness.Home) -> None:
    with closing(home.memory._open()) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_memory_held_by_another_is_waited_for_and_then_refused(
    home: witness.Home, log: SmallLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(home.memory._path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            says(home, log, log.asks(0))


# ---- the folder ----
def test_a_folder_is_private_and_opens_again(tmp_path: Path) -> None:
    home = new_home(tmp_path / "w")
    again = witness.open_home(tmp_path / "w")
    assert (again.name, again.key.secret()) == (home.name, home.key.secret())
    assert Witness.from_text((tmp_path / "w/witness.vkey").read_text().strip()) == public(home)
    for path in (tmp_path / "w").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_folder_that_was_there_becomes_private(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir(mode=0o755)
    new_home(tmp_path / "w")
    witness.open_home(tmp_path / "w")


def test_nothing_is_made_over(tmp_path: Path) -> None:
    new_home(tmp_path / "w")
    with pytest.raises(KeysUnwritable, match="not empty"):
        new_home(tmp_path / "w")


def test_a_name_that_notes_cannot_carry_makes_no_witness(tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid):
        new_home(tmp_path / "w", "two words")
    assert not (tmp_path / "w").exists()


def test_a_folder_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeysUnwritable):
        new_home(tmp_path / "file" / "w")

    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr("mien_server.witness.home._write", full)
        with pytest.raises(KeysUnwritable):
            new_home(tmp_path / "w")
    with pytest.raises(KeysMissing):  # what was begun signs nothing
        witness.open_home(tmp_path / "w")
    (tmp_path / "x").mkdir()
    (tmp_path / "x/memory.db").mkdir()
    with pytest.raises(StoreUnwritable):
        memory.Memory(tmp_path / "x/memory.db").make("vkey")


def test_a_key_without_its_memory_is_refused(tmp_path: Path) -> None:
    new_home(tmp_path / "w")
    (tmp_path / "w/memory.db").unlink()
    with pytest.raises(StoreUnwritable, match="under a new key"):
        witness.open_home(tmp_path / "w")
    assert not (tmp_path / "w/memory.db").exists()


def test_a_memory_of_another_witness_is_refused(tmp_path: Path) -> None:
    new_home(tmp_path / "w")
    new_home(tmp_path / "x")
    (tmp_path / "x/memory.db").replace(tmp_path / "w/memory.db")
    with pytest.raises(SettingsError, match="not of one witness"):
        witness.open_home(tmp_path / "w")


def test_a_lost_memory_signs_nothing_while_it_serves(home: witness.Home, log: SmallLog) -> None:
    judging = judge(home, log)
    judging.answer(log.asks(0))
    for path in home.memory._path.parent.glob("memory.db*"):
        path.unlink()
    with pytest.raises(StoreUnwritable):
        judging.answer(log.asks(0, 3))


def test_a_damaged_memory_is_refused(home: witness.Home, log: SmallLog) -> None:
    for path in home.memory._path.parent.glob("memory.db-*"):
        path.unlink()
    home.memory._path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnwritable):
        says(home, log, log.asks(0))


@pytest.mark.parametrize("what", ["witness.key", "."])
def test_a_readable_key_is_refused(tmp_path: Path, what: str) -> None:
    new_home(tmp_path / "w")
    (tmp_path / "w" / what).chmod(0o755)
    with pytest.raises(KeysUnsafe):
        witness.open_home(tmp_path / "w")


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [("witness.key", None, KeysMissing), ("witness.key", "short", KeysMissing), ("witness.vkey", None, SettingsError), ("witness.vkey", "x", SettingsError)],
)  # fmt: skip
def test_a_damaged_folder_is_refused(
    tmp_path: Path, name: str, text: str | None, error: type[MienError]
) -> None:
    new_home(tmp_path / "w")
    (tmp_path / "w" / name).unlink()
    if text is not None:
        (tmp_path / "w" / name).touch(0o600)
        (tmp_path / "w" / name).write_text(text)
    with pytest.raises(error):
        witness.open_home(tmp_path / "w")


# ---- over HTTP, one request at a time ----
async def spoken(
    judging: witness.Judge, *messages: dict[str, Any], method: str = "POST", path: str = PATH
) -> tuple[int, str]:
    """What the application answers to these messages; after the last nothing comes any more."""
    left, sent = list(messages), []

    async def receive() -> Any:
        return left.pop(0) if left else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    application = witness.application(judging, logs.make("info", io.StringIO()))
    await application({"type": "http", "method": method, "path": path}, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_may_come_in_pieces(home: witness.Home, log: SmallLog) -> None:
    body = log.asks(0)
    pieces = [part(body[n : n + 50], more=True) for n in range(0, len(body), 50)]
    status, text = await spoken(judge(home, log), *pieces, part(b""))
    assert (status, text.startswith("\u2014 witness.example/w1 ")) == (200, True)


async def test_there_is_one_thing_to_ask(home: witness.Home, log: SmallLog) -> None:
    judging = judge(home, log)
    assert (await spoken(judging, part(log.asks(0)), path="/"))[0] == 404
    assert (await spoken(judging, method="GET"))[0] == 405


async def test_a_body_that_breaks_off_is_no_request(home: witness.Home, log: SmallLog) -> None:
    gone = {"type": "http.disconnect"}
    assert (await spoken(judge(home, log), part(log.asks(0), more=True), gone))[0] == 400


async def test_a_body_that_does_not_come_is_408(
    home: witness.Home, log: SmallLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "BODY_SECONDS", 0.01)
    assert (await spoken(judge(home, log), part(log.asks(0), more=True)))[0] == 408


async def test_a_body_that_does_not_end_is_413(home: witness.Home, log: SmallLog) -> None:
    pieces = [part(bytes(100_000), more=True)] * 6
    assert (await spoken(judge(home, log), *pieces))[0] == 413


async def test_a_witness_that_cannot_remember_says_so(home: witness.Home, log: SmallLog) -> None:
    judging = judge(home, log)
    assert (await spoken(judging, method="GET", path="/healthz"))[0] == 200
    for path in home.memory._path.parent.glob("memory.db*"):
        path.unlink()
    status, text = await spoken(judging, part(log.asks(0)))
    assert (status, str(home.memory._path) in text) == (503, False)
    assert (await spoken(judging, method="GET", path="/healthz"))[0] == 503


async def test_a_fork_that_cannot_be_kept_is_not_cosigned_either(
    home: witness.Home, log: SmallLog
) -> None:
    judging = judge(home, log)
    other = log.fork().grow(1, "other")
    judging.answer(log.grow(1).asks(0))
    home.forks.rmdir()
    home.forks.write_text("no folder")
    assert (await spoken(judging, part(other.asks(6))))[0] == 503
    assert (await spoken(judging, part(log.asks(6))))[0] == 200


async def test_a_fork_is_told_loudly(home: witness.Home, log: SmallLog) -> None:
    out = io.StringIO()
    judging = judge(home, log)
    other = log.fork().grow(1, "other")
    judging.answer(log.grow(1).asks(0))
    sent: list[Any] = []

    async def receive() -> Any:
        return part(other.asks(6))

    async def send(message: Any) -> None:
        sent.append(message)

    application = witness.application(judging, logs.make("info", out))
    await application({"type": "http", "method": "POST", "path": PATH}, receive, send)
    assert sent[0]["status"] == 409
    assert '"event": "log-forked", "level": "error"' in out.getvalue()


# ---- the command, as processes ----
LOGS = [SmallLog(f"log{n}.example") for n in range(3)]
"""One for each test below: a witness is asked for many logs."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> witness.Home:
    return new_home(tmp_path_factory.mktemp("witness") / "w")


@pytest.fixture(scope="module")
def two(served: witness.Home) -> Iterator[list[Serving]]:
    """Two processes of one witness, on one memory."""
    folder = served.forks.parent
    both = [Serving(folder, *(log.vkey for log in LOGS), number=number) for number in range(2)]
    yield both
    for one in both:
        one.kill()


def test_two_processes_on_one_memory_cosign_one_history(
    two: list[Serving], served: witness.Home
) -> None:
    log = LOGS[0].grow(5)
    other = log.fork().grow(40, "other")
    log.grow(40)
    seen: list[tuple[int, bool]] = []

    def race(number: int) -> None:
        shown = (log, other)[number]
        for size in range(6, 45, 2):
            answer = two[number].post(shown.asks(0, size))
            while answer.headers["content-type"] == "text/x.tlog.size" and int(answer.text) <= size:
                answer = two[number].post(shown.asks(int(answer.text), size))
            if answer.status_code == 200:
                seen.append((size, shown is log))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(race, range(2)))
    assert len({ours for _, ours in seen}) == 1
    with served.memory.turn() as turn:
        kept = turn.seen(log.origin)
    assert kept is not None
    assert kept.checkpoint.size == max(size for size, _ in seen)


def test_http_says_what_the_standard_says(two: list[Serving], served: witness.Home) -> None:
    log = LOGS[1].grow(5)
    url = two[0].url
    assert httpx.get(f"{url}/healthz").status_code == 200
    assert httpx.get(f"{url}/elsewhere").status_code == 404
    refused = httpx.get(f"{url}/add-checkpoint")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert two[0].post(b"x" * (MAX_REQUEST_BYTES + 1)).status_code == 413
    answer = two[0].post(log.asks(0))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    [found] = cosignatures(log.note() + answer.text, log.checkpoint(), [public(served)])
    assert abs(found.at - time.time()) < 60
    assert answer.text == cosign(log.checkpoint(), served.name, served.key, found.at)
    conflict = two[1].post(log.asks(0))
    assert (conflict.status_code, conflict.text) == (409, "5\n")
    assert conflict.headers["content-type"] == "text/x.tlog.size"


def test_a_killed_witness_remembers_all_that_it_answered_and_the_other_ends_well(
    two: list[Serving],
) -> None:
    log = LOGS[2].grow(5)
    other = log.fork().grow(2000, "other")
    log.grow(2000)
    answered: list[int] = []
    killer = threading.Timer(0.3, two[0].process.send_signal, [signal.SIGKILL])
    killer.start()
    try:
        for size in range(5, 2000):
            answer = two[0].post(log.asks(answered[-1] if answered else 0, size))
            assert answer.status_code == 200
            answered.append(size)
    except httpx.TransportError:
        pass
    killer.join()
    two[0].process.wait(30)
    held = int(two[1].post(log.asks(0)).text)
    assert answered[-1] <= held <= answered[-1] + 1  # the last may have been seen and not answered
    assert two[1].post(other.asks(held, held)).status_code == 409
    assert two[1].post(other.asks(held)).status_code == 422
    assert two[1].post(log.asks(held)).status_code == 200
    two[1].process.terminate()
    assert two[1].process.wait(30) == 0
    assert not two[1].ready.exists()


# ---- the command, as words ----
def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["witness", *words])
    return done.exit_code, done.output


def test_init_prints_the_key_that_logs_and_officers_need(tmp_path: Path) -> None:
    code, output = run("init", str(tmp_path / "w"), "--name", "w.example")
    assert code == 0
    assert Witness.from_text(output.strip()).name == "w.example"
    assert witness.open_home(tmp_path / "w").vkey == output.strip()


def test_a_witness_of_no_log_does_not_start(tmp_path: Path) -> None:
    new_home(tmp_path / "w")
    code, output = run("serve", str(tmp_path / "w"))
    assert code == 2
    assert "told of no log" in output


def test_logs_may_be_named_in_a_file(tmp_path: Path, log: SmallLog) -> None:
    from mien_server.cli.witness import _listed

    other = SmallLog("other.example/log")
    (tmp_path / "logs").write_text(f"# ours\n{log.vkey}  # the shop\n\n{other.vkey}\n")
    assert _listed(tmp_path / "logs") == [log.vkey, other.vkey]
    assert _listed(tmp_path / "none") == []
    (tmp_path / "logs").write_bytes(b"\xff")
    with pytest.raises(SettingsError):
        _listed(tmp_path / "logs")


def test_a_name_of_no_log_is_told(tmp_path: Path) -> None:
    new_home(tmp_path / "w")
    code, output = run("serve", str(tmp_path / "w"), "--log", "nonsense")
    assert code == 2
    assert "checkpoint-invalid" in output


def test_a_full_disk_cosigns_nothing(
    home: witness.Home, log: SmallLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = judge(home, log)
    judging.answer(log.asks(0))
    log.grow(1)

    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(memory.Turn, "see", full)
        with pytest.raises(StoreUnwritable):
            judging.answer(log.asks(5))
    check_cosigned(home, log, judging.answer(log.asks(5)), 6)
