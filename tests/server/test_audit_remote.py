"""`mien audit verify` against a server, and against servers that lie, stall, redirect or send too much: nothing that comes is believed."""

import gzip
import hashlib
import itertools
import json
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.server.served import Served
from tests.server.tiles import Memory
from typer.testing import CliRunner

from mien.errors import KeysMissing, MienError, ServerUnreachable, SettingsError
from mien.wire import proof
from mien.wire.keys import SigningKey
from mien.wire.witness import Witness, cosign
from mien_server import audit
from mien_server.cli.audit import app, remote
from mien_server.cli.audit.files import write
from mien_server.cli.officer.key import OfficerKey, fresh, spelled

KEY = SigningKey.from_secret(bytes(range(32)))
ORIGIN = "shop.example/log"
VKEY = proof.note_key(ORIGIN, KEY.verify_key())
SIZE = 600
NOON = 1_795_000_000
Files = dict[str, bytes]
Answer = tuple[int, dict[str, str], bytes]


def log_of(size: int, key: SigningKey = KEY) -> Files:
    tiles = Memory()
    leaves = (hashlib.sha256(b"%d" % number).digest() for number in range(size))
    audit.append(tiles, [audit.entry(leaf, NOON) for leaf in leaves])
    note = audit.checkpoint(tiles, ORIGIN, key)
    return dict(audit.files(tiles, note, VKEY))


HONEST = log_of(SIZE)


class Shelf:
    """Files served over HTTP, with what a test makes of the answers; counts what is asked for."""

    def __init__(self, files: Files, answer: Callable[[str], Answer | None] | None = None) -> None:
        self.files, self.answer = files, answer
        self.asked: list[str] = []
        self.officers: list[str] = []
        self.at_once = self.most = 0
        self.lock = threading.Lock()

    def of(self, path: str) -> Answer:
        name = path.removeprefix("/audit/")
        made = self.answer(name) if self.answer else None
        if made is not None:
            return made
        data = self.files.get(name)
        return (404, {}, b"") if data is None else (200, {}, data)


@contextmanager
def serving(files: Files, answer: Callable[[str], Answer | None] | None = None) -> Iterator[Any]:
    served = Shelf(files, answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with served.lock:
                served.asked.append(self.path)
                served.at_once += 1
                served.most = max(served.most, served.at_once)
            if "authorization" in self.headers:
                served.officers.append(self.path)
            status, headers, body = served.of(self.path)
            with served.lock:
                served.at_once -= 1
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        served.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(*words: object) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["verify", *map(str, words), "--json"])
    answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    if not answer:
        answer = {"stderr": done.stderr}
    return done.exit_code, answer


def where(answer: dict[str, Any]) -> list[str]:
    return [each["where"] for each in answer["findings"]]


@pytest.fixture
def officer(tmp_path: Path) -> Path:
    file = tmp_path / "officer"
    write(file, spelled(fresh("privacy-1", VKEY)))
    return file


# ---- honest ----
def test_anybody_checks_the_hashes_of_a_served_log() -> None:
    with serving(HONEST) as served:
        code, answer = run(served.url, "--key", VKEY)
        assert (code, answer["findings"]) == (0, [])
        assert (answer["size"], answer["entries"]) == (SIZE, False)
        assert not [path for path in served.asked if "entries" in path]


def test_an_officer_checks_the_entries_too_and_only_what_the_size_implies_is_asked_for_once(
    officer: Path,
) -> None:
    with serving(HONEST) as served:
        code, answer = run(served.url, "--key", VKEY, "--officer", officer)
        assert (code, answer["findings"], answer["entries"]) == (0, [], True)
        wanted = [f"/audit/{name}" for name in HONEST if name != audit.KEY]
        assert sorted(served.asked) == sorted(wanted)
        # what anybody may read is asked for by nobody in particular
        assert served.officers
        assert all("entries" in path for path in served.officers)


def test_any_server_of_static_files_will_do() -> None:
    with serving({f"/mirror/shop/{name}": data for name, data in HONEST.items()}) as served:
        code, _answer = run(f"{served.url}/mirror/shop/", "--key", VKEY)
        assert code == 0


def test_several_files_come_at_once() -> None:
    def slowly(_name: str) -> None:
        time.sleep(0.03)

    with serving(HONEST, slowly) as served:
        assert run(served.url, "--key", VKEY)[0] == 0
        assert 1 < served.most <= remote.AT_ONCE


def test_what_never_changes_is_kept_and_not_asked_for_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with serving(HONEST) as served:
        assert run(served.url, "--key", VKEY, "--cache", cache)[0] == 0
        served.asked.clear()
        assert run(served.url, "--key", VKEY, "--cache", cache)[0] == 0
        assert sorted(served.asked) == [
            "/audit/checkpoint", "/audit/tile/0/002.p/88", "/audit/tile/1/000.p/2",
        ]  # fmt: skip
        assert not list(cache.rglob("*.new"))
        (cache / "tile/0/001").write_bytes(bytes(8192))
        code, answer = run(served.url, "--key", VKEY, "--cache", cache)
        assert (code, where(answer)) == (1, ["tile/0/001"])


def test_a_real_server_is_checked_from_outside(tmp_path: Path) -> None:
    ours, other = fresh("privacy-1", VKEY), fresh("privacy-1", VKEY)
    listed = OfficerKey.of(ours).listed
    with Served(tmp_path / "world", more={"MIEN_OFFICER_KEYS": listed}) as world:
        phone = world.enrolled()
        answer = world.post(
            "/v1/withdrawals", {"jws": phone.withdrawal("personalize_offers")}
        ).json()
        kept = tmp_path / "receipt.json"
        kept.write_text(json.dumps(answer))
        origin = "mien.local/log"
        vkey = proof.note_key(origin, world.keys.log.verify_key())
        trust = world.keys.signing.verify_key().text()
        deadline = time.monotonic() + 20
        words = [world.address, "--key", vkey, "--receipts", kept, "--trust", trust]
        while True:
            code, verdict = run(*words)
            state = verdict["promises"][0]["state"]
            if state == "kept" or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        assert (code, state, verdict["entries"]) == (0, "kept", False)
        for name, key in (("ours", ours), ("other", other)):
            write(tmp_path / name, spelled(key.model_copy(update={"log": vkey})))
        code, verdict = run(*words, "--officer", tmp_path / "ours")
        assert (code, verdict["entries"]) == (0, True)
        assert verdict["size"] >= 2
        code, verdict = run(*words, "--officer", tmp_path / "other")
        assert code == 2
        assert "only officers" in verdict["stderr"]


# ---- servers that lie ----
def test_an_altered_tile_of_a_server_is_named() -> None:
    body = bytearray(HONEST["tile/0/001"])
    body[700] ^= 1
    with serving({**HONEST, "tile/0/001": bytes(body)}) as served:
        code, answer = run(served.url, "--key", VKEY)
        assert (code, where(answer)) == (1, ["tile/0/001"])


def test_an_altered_entry_of_a_server_is_named(officer: Path) -> None:
    body = bytearray(HONEST["tile/entries/001"])
    body[42 * 44 + 9] ^= 1
    with serving({**HONEST, "tile/entries/001": bytes(body)}) as served:
        code, answer = run(served.url, "--key", VKEY, "--officer", officer)
        assert (code, where(answer)) == (1, ["entry 300"])


def test_a_server_that_answers_otherwise_the_second_time_deceives_nobody() -> None:
    """Each tile is read once: what leads to the root is what was looked at."""
    other = log_of(SIZE + 1)
    seen: set[str] = set()

    def changing(name: str) -> Answer | None:
        if name in seen:
            return 200, {}, other.get(name, b"")
        seen.add(name)
        return None

    with serving(HONEST, changing) as served:
        assert run(served.url, "--key", VKEY)[0] == 0
        assert len(served.asked) == len(set(served.asked))


def test_a_missing_tile_is_a_finding_and_not_a_fault() -> None:
    with serving({name: data for name, data in HONEST.items() if name != "tile/0/001"}) as served:
        code, answer = run(served.url, "--key", VKEY)
        assert code == 1
        assert "tile/0/001" in where(answer)


def test_a_partial_tile_that_gave_way_to_the_full_one_is_its_beginning(officer: Path) -> None:
    """The log grew between the checkpoint and its tiles, on a server that keeps no partial ones."""
    grown = {name: data for name, data in log_of(1000).items() if ".p/" not in name}
    above = {name: data for name, data in HONEST.items() if name.startswith(("check", "tile/1"))}
    with serving({**grown, **above}) as served:
        for words in ((), ("--officer", officer)):
            code, answer = run(served.url, "--key", VKEY, *words)
            assert (code, answer["findings"]) == (0, [])
            assert "/audit/tile/0/002" in served.asked


def test_a_rolled_back_server_is_caught_by_who_kept_a_checkpoint(tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.write_bytes(HONEST[audit.CHECKPOINT])
    with serving(log_of(400)) as served:
        code, answer = run(served.url, "--key", VKEY, "--older", older)
        assert (code, where(answer)) == (1, ["entry 400"])
    with serving(log_of(700)) as served:
        assert run(served.url, "--key", VKEY, "--older", older)[0] == 0


def test_another_key_signed() -> None:
    with serving(log_of(3, SigningKey.from_secret(bytes(range(1, 33))))) as served:
        code, answer = run(served.url, "--key", VKEY)
        assert (code, where(answer)) == (1, ["checkpoint"])
        assert len(served.asked) == 1


def test_more_than_a_tile_can_hold_is_cut_and_named() -> None:
    def endless(name: str) -> Answer | None:
        return (200, {}, bytes(4_000_000)) if name == "tile/0/001" else None

    with serving(HONEST, endless) as served:
        code, answer = run(served.url, "--key", VKEY)
        assert (code, where(answer)[0]) == (1, "tile/0/001")
        with remote.Remote(served.url, remote.nobody) as log:
            assert len(log.read("tile/0/001") or b"") == remote.MAX_BYTES + 1


def test_packed_files_are_unpacked_and_no_further_than_a_file_can_go() -> None:
    """c2sp.org/tlog-tiles lets a log pack bundles unasked; a hundred kilobytes can unpack to a hundred megabytes."""

    files = {name: gzip.compress(data) for name, data in HONEST.items()}
    files["tile/0/001"] = gzip.compress(bytes(100_000_000))

    def packed(name: str) -> Answer | None:
        return 200, {"content-encoding": "gzip"}, files[name]

    with serving(HONEST, packed) as served, remote.Remote(served.url, remote.nobody) as log:
        assert log.read("tile/0/000") == HONEST["tile/0/000"]
        tracemalloc.start()
        assert len(log.read("tile/0/001") or b"") == remote.MAX_BYTES + 1
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 4_000_000


@pytest.mark.parametrize("packing", ["gzip", "br"])
def test_what_is_packed_otherwise_or_wrongly_is_no_answer(packing: str) -> None:
    with serving(HONEST, lambda _name: (200, {"content-encoding": packing}, b"x" * 99)) as served:
        code, answer = run(served.url, "--key", VKEY)
    assert (code, "packed" in answer["stderr"]) == (2, True)


def test_a_log_that_claims_to_be_endless_is_not_gone_through() -> None:
    root = bytes(32)
    note = audit.sign(proof.Checkpoint(ORIGIN, 2**62, root), KEY)
    with serving({audit.CHECKPOINT: note.encode()}) as served:
        code, answer = run(served.url, "--key", VKEY)
        assert (code, len(answer["findings"])) == (1, 20)
        assert len(served.asked) < 600


# ---- witnesses ----
WITNESSES = [SigningKey.from_secret(bytes([number] * 32)) for number in (1, 2)]
NAMED = [
    word
    for number, key in enumerate(WITNESSES)
    for word in ("--witness", Witness(f"w{number}", key.verify_key()).text())
]


def cosigned(*ages: int) -> Files:
    """The honest log, signed by as many witnesses, so many seconds ago."""
    note, now = HONEST[audit.CHECKPOINT].decode(), int(time.time())
    shown = proof.parse_checkpoint(note, ORIGIN, KEY.verify_key())
    for number, age in enumerate(ages):
        note += cosign(shown, f"w{number}", WITNESSES[number], now - age)
    return {**HONEST, audit.CHECKPOINT: note.encode()}


@pytest.mark.parametrize(
    ("ages", "quorum", "says"),
    [
        ((0, 0), 2, ""), ((0,), 1, ""), ((), 0, ""), ((0,), 2, "by 1 of the 2"), ((), 1, "by 0 of the 1"),
        ((0, 700), 2, "not in the time asked for"), ((0, -700), 2, "a clock is wrong"),
    ],
)  # fmt: skip
def test_a_server_shows_what_enough_witnesses_signed_of_late(
    ages: tuple[int, ...], quorum: int, says: str
) -> None:
    with serving(cosigned(*ages)) as served:
        code, answer = run(served.url, "--key", VKEY, *NAMED, "--quorum", quorum)
    assert (code, where(answer)) == ((1, ["checkpoint"]) if says else (0, []))
    assert says in "".join(each["says"] for each in answer["findings"])
    assert answer["cosigned"] == (None if says else len(ages))


def test_an_export_may_lie_for_long_and_a_proof_of_it_too(tmp_path: Path) -> None:
    for name, data in cosigned(10**6).items():
        write(tmp_path / name, data)
    assert run(tmp_path, "--key", VKEY, *NAMED, "--quorum", 1)[0] == 0
    assert run(tmp_path, "--key", VKEY, *NAMED, "--quorum", 2)[0] == 1
    assert run(tmp_path, "--key", VKEY, *NAMED)[1]["cosigned"] == 1  # nobody must have signed
    for words, code in ((NAMED[:2], 0), (NAMED, 2), ([*NAMED, "--quorum", "1"], 0)):
        done = CliRunner().invoke(app, ["prove", "7", "--from", str(tmp_path), *words])
        assert (done.exit_code, done.stdout.startswith("c2sp.org/tlog-proof@v1")) == (code, code == 0)  # fmt: skip


@pytest.mark.parametrize("words", [[*NAMED, "--quorum", "3"], [*NAMED, *NAMED[:2]]])
def test_a_quorum_that_cannot_be_is_refused(words: list[str], tmp_path: Path) -> None:
    assert run(tmp_path, "--key", VKEY, *words)[0] == 2


# ---- servers that do not answer well ----
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with serving({}) as elsewhere:

        def away(_name: str) -> Answer:
            return status, {"location": f"{elsewhere.url}/audit/checkpoint"}, b""

        with serving(HONEST, away) as served:
            code, answer = run(served.url, "--key", VKEY)
            assert code == 2
            assert "redirects" in answer["stderr"]
        assert elsewhere.asked == []


def test_a_busy_server_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    turns = iter([429, 503])

    def busy(name: str) -> Answer | None:
        status = next(turns, None) if name == "checkpoint" else None
        return None if status is None else (status, {"retry-after": "7"}, b"")

    with serving(HONEST, busy) as served:
        assert run(served.url, "--key", VKEY)[0] == 0
        assert waited == [7.0, 7.0]


def test_a_server_that_stays_busy_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with serving(HONEST, lambda _name: (503, {"retry-after": "9999"}, b"")) as served:
        code, answer = run(served.url, "--key", VKEY)
        assert code == 2
        assert "no time" in answer["stderr"]
        assert waited == [remote.MOST_PATIENT] * (remote.TRIES - 1)


def test_a_server_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def pieces() -> Iterator[bytes]:
        while True:
            time.sleep(0.02)
            yield b"x"

    monkeypatch.setattr(remote, "ANSWER_SECONDS", 0.05)
    with pytest.raises(TimeoutError):
        remote._beginning(pieces())


def test_no_more_is_taken_than_a_file_can_have() -> None:
    assert len(remote._beginning(itertools.repeat(b"x" * 1000))) == remote.MAX_BYTES + 1


def test_a_fault_of_the_server_is_no_verdict() -> None:
    with serving(HONEST, lambda _name: (500, {}, b"")) as served:
        assert run(served.url, "--key", VKEY)[0] == 2


def test_nobody_there() -> None:
    with serving(HONEST) as served:
        url = served.url
    with remote.Remote(url, remote.nobody) as log, pytest.raises(ServerUnreachable):
        log.read(audit.CHECKPOINT)


# ---- what cannot be asked ----
@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example", "http://192.0.2.1/", "https://", "https://a:b@shop.example", "https://shop.example/?x=1",
        "https://shop.example/#x", "http://localhost.example/",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        remote.Remote(url, remote.nobody)


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("https://shop.example", "https://shop.example/audit"),
        ("https://shop.example/", "https://shop.example/audit"),
        ("https://cdn.example/logs/shop/", "https://cdn.example/logs/shop"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/audit"),
        ("http://localhost:8000/x", "http://localhost:8000/x"),
        ("http://[::1]:8000", "http://[::1]:8000/audit"),
    ],
)
def test_where_a_log_lies(url: str, prefix: str) -> None:
    assert remote._prefix(url) == prefix


def test_a_server_cannot_vouch_for_itself() -> None:
    code, answer = run("https://shop.example")
    assert code == 2
    assert "--key" in answer["stderr"]


def test_a_pass_is_signed_once_for_many_requests_and_anew_before_it_runs_out(
    officer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = remote.officer(officer)
    first = credentials()
    assert credentials() == first
    later = time.time() + remote.PASS_SECONDS
    monkeypatch.setattr(time, "time", lambda: later)
    assert credentials() != first
    monkeypatch.setattr(time, "time", lambda: later - 10)  # a clock that was set back
    assert credentials() != first


@pytest.mark.parametrize("content", ["", "two words", "a" * 5000])
def test_a_file_that_is_no_key(tmp_path: Path, content: str) -> None:
    file = tmp_path / "none"
    write(file, content.encode())
    with pytest.raises(KeysMissing):
        remote.officer(file)


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing):
        remote.officer(tmp_path / "nowhere")


def test_a_cache_that_cannot_be_used(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with serving(HONEST) as served:
        code, _answer = run(served.url, "--key", VKEY, "--cache", blocked)
        assert code == 2


def test_errors_are_of_the_tree(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "tile/0/001").mkdir(parents=True)
    with (
        serving(HONEST) as served,
        remote.Remote(served.url, remote.nobody, cache) as log,
        pytest.raises(MienError),
    ):
        log.read("tile/0/001")
