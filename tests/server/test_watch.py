"""`mien audit watch`: whatever is wrong with a log that somebody else serves ends it with 1 and evidence; trouble with the network does not."""

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.server.logs_made import SmallLog, new_home, public
from tests.server.served import Served
from tests.server.witnessing import Serving
from tests.server.world import ROOT
from typer.testing import CliRunner

from mien.cli import app
from mien.errors import ServerUnreachable, SettingsError
from mien.wire.proof import Checkpoint, note_key
from mien.wire.witness import cosign
from mien_server import audit
from mien_server.cli.audit.remote import Remote, nobody
from mien_server.errands import make_keys


# ---- a log as static files ----
class Static:
    """Serves what is in `files`, as any static server could; `status` for what is in `broken`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.broken: dict[str, int] = {}
        self.got: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.removeprefix("/audit/")
                outer.got.append(path)
                body = outer.files.get(path)
                code = outer.broken.get(path, 404 if body is None else 200)
                self.send_response(code)
                if code == 302:
                    self.send_header("location", "/audit/checkpoint")
                self.send_header("content-length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def show(self, log: SmallLog, note: str | None = None, *, partial: bool = True) -> None:
        """A log as it is now, with the tiles that its size implies."""
        self.files = dict(audit.files(log.tiles, note or log.note(), log.vkey))
        if not partial:
            self.files = {name: data for name, data in self.files.items() if ".p/" not in name}


@pytest.fixture
def static() -> Iterator[Static]:
    server = Static()
    yield server
    server.close()


@pytest.fixture
def log() -> SmallLog:
    return SmallLog().grow(700)


def watch(static: Static, log: SmallLog, tmp_path: Path, *more: str) -> tuple[int, str]:
    """One look."""
    done = CliRunner().invoke(
        app, ["audit", "watch", static.url, "--key", log.vkey, "--state", str(tmp_path / "state"), "--once", *more]
    )  # fmt: skip
    return done.exit_code, done.output


def kept(tmp_path: Path) -> list[int]:
    return sorted(int(path.stem) for path in (tmp_path / "state/checkpoints").iterdir())


def evidence(tmp_path: Path) -> dict[str, str]:
    """By the end of the name: `shown.note`, `kept.note`, `txt`."""
    found = (tmp_path / "state/evidence").iterdir()
    return {path.name.lstrip("0123456789-."): path.read_text() for path in found}


def test_every_checkpoint_that_holds_is_kept(static: Static, log: SmallLog, tmp_path: Path) -> None:
    for more in (0, 0, 1, 67, 1, 3000):
        static.show(log.grow(more))
        assert watch(static, log, tmp_path)[0] == 0
    assert kept(tmp_path) == [700, 701, 768, 769, 3769]
    newest = tmp_path / "state/checkpoints/0000000000000003769.note"
    assert newest.read_text() == log.note()
    assert evidence(tmp_path) == {}


def test_only_the_tiles_that_a_proof_needs_are_fetched(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    log.grow(100_000)
    static.show(log)
    watch(static, log, tmp_path)
    static.show(log.grow(5))
    static.got.clear()
    watch(static, log, tmp_path)
    assert static.got[0] == "checkpoint"
    assert len(static.got) <= 5


def test_an_empty_log_is_watched(static: Static, tmp_path: Path) -> None:
    log = SmallLog()
    static.show(log)
    assert watch(static, log, tmp_path)[0] == 0
    static.show(log.grow(3))
    assert watch(static, log, tmp_path)[0] == 0
    assert kept(tmp_path) == [0, 3]


def test_partial_tiles_may_be_gone_once_they_are_full(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    static.show(log)
    note = static.files["checkpoint"]
    static.show(log.grow(100_000), partial=False)
    static.files["checkpoint"] = note
    code, output = watch(static, log, tmp_path)
    assert (code, kept(tmp_path)) == (0, [700]), output


# ---- what is wrong ----
def check_alarm(tmp_path: Path, got: tuple[int, str], *says: str) -> None:
    code, output = got
    assert code == 1, output
    assert output.startswith("ALARM: ")
    for words in says:
        assert words in output
        assert words in evidence(tmp_path)["txt"]


def test_a_fork_is_an_alarm_with_both_notes(static: Static, log: SmallLog, tmp_path: Path) -> None:
    other = log.fork().grow(20, "other")
    static.show(log.grow(10))
    watch(static, log, tmp_path)
    static.show(other)
    check_alarm(tmp_path, watch(static, log, tmp_path), "the first 710 entries are not those")
    assert evidence(tmp_path)["kept.note"] == log.note()
    assert evidence(tmp_path)["shown.note"] == other.note()
    assert kept(tmp_path) == [710]


def test_a_fork_of_the_same_size_is_an_alarm(static: Static, log: SmallLog, tmp_path: Path) -> None:
    other = log.fork().grow(10, "other")
    static.show(log.grow(10))
    watch(static, log, tmp_path)
    static.show(other)
    check_alarm(tmp_path, watch(static, log, tmp_path), "the first 710 entries are not those")


def test_a_log_that_shrinks_is_an_alarm(static: Static, log: SmallLog, tmp_path: Path) -> None:
    before = log.fork()
    static.show(log.grow(1))
    watch(static, log, tmp_path)
    static.show(before)
    check_alarm(tmp_path, watch(static, log, tmp_path), "shows 700 entries and had 701")


def test_another_key_is_an_alarm(static: Static, log: SmallLog, tmp_path: Path) -> None:
    static.show(log)
    watch(static, log, tmp_path)
    thief = SmallLog(tiles=log.tiles).grow(1)
    static.show(thief)
    check_alarm(tmp_path, watch(static, log, tmp_path), "not signed by the key given")
    assert evidence(tmp_path)["shown.note"] == thief.note()


@pytest.mark.parametrize("note", [b"", b"\xff\xfe", b"<html>an inn</html>", b"x" * 200_000])
def test_what_is_no_checkpoint_is_an_alarm(
    static: Static, log: SmallLog, tmp_path: Path, note: bytes
) -> None:
    static.files["checkpoint"] = note
    check_alarm(tmp_path, watch(static, log, tmp_path))


def test_an_altered_tile_is_an_alarm(static: Static, log: SmallLog, tmp_path: Path) -> None:
    static.show(log)
    watch(static, log, tmp_path)
    static.show(log.grow(1))
    for path in [name for name in static.files if name.startswith("tile/0/")]:
        data = static.files[path]
        static.files[path] = data[:-1] + bytes([data[-1] ^ 1])
    check_alarm(tmp_path, watch(static, log, tmp_path), "not those of the older checkpoint")


def test_tiles_of_another_tree_are_an_alarm_at_the_first_look(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    static.show(log, audit.sign(Checkpoint(log.origin, 700, bytes(32)), log.key))
    check_alarm(tmp_path, watch(static, log, tmp_path), "lead to another root")
    assert kept(tmp_path) == []


def test_a_cut_tile_is_an_alarm(static: Static, log: SmallLog, tmp_path: Path) -> None:
    static.show(log)
    for path in [name for name in static.files if name.startswith("tile/")]:
        static.files[path] = static.files[path][:-32]
    check_alarm(tmp_path, watch(static, log, tmp_path), "lacks hashes")


# ---- witnesses ----
class Signing:
    """Witnesses that sign whatever a test wants, at whatever time."""

    def __init__(self, tmp_path: Path) -> None:
        self.homes = [new_home(tmp_path / f"w{n}", f"w{n}.example") for n in range(3)]
        self.words = [word for home in self.homes for word in ("--witness", public(home).text())]

    def note(self, log: SmallLog, *ages: float) -> str:
        now = int(time.time())
        lines = [
            cosign(log.checkpoint(), home.name, home.key, now - int(age))
            for home, age in zip(self.homes, ages, strict=False)
        ]
        return log.note() + "".join(lines)


def test_all_witnesses_must_have_signed_unless_a_quorum_is_named(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    signing = Signing(tmp_path)
    static.show(log, signing.note(log, 0, 0))
    check_alarm(tmp_path, watch(static, log, tmp_path, *signing.words), "by 2 of the 3")
    code, output = watch(static, log, tmp_path, *signing.words, "--quorum", "2")
    assert (code, "cosigned by 2" in output) == (0, True)
    assert kept(tmp_path) == [700]


def test_what_the_log_signed_is_held_against_it_whoever_cosigned(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    """One history while the witnesses are away, and another that they sign: both bear the log's signature."""
    signing = Signing(tmp_path)
    other = log.fork().grow(20, "other")
    static.show(log.grow(10))
    watch(static, log, tmp_path, *signing.words)
    static.show(other, signing.note(other, 0, 0, 0))
    got = watch(static, log, tmp_path, *signing.words)
    check_alarm(tmp_path, got, "the first 710 entries are not those")


def test_a_checkpoint_is_kept_with_the_cosignatures_that_come_later(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    signing = Signing(tmp_path)
    notes = [log.note(), signing.note(log, 0), signing.note(log, 0, 0), log.note()]
    for note in notes:
        static.show(log, note)
        watch(static, log, tmp_path, *signing.words, "--quorum", "0")
    (path,) = kept_notes(tmp_path)
    assert path.read_text() == notes[2]


def test_an_old_checkpoint_shown_again_is_an_alarm(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    signing = Signing(tmp_path)
    static.show(log, signing.note(log, 700, 700, 700))
    got = watch(static, log, tmp_path, *signing.words, "--silent-after", "600")
    check_alarm(tmp_path, got, "an old one shown again")
    assert watch(static, log, tmp_path, *signing.words, "--silent-after", "800")[0] == 0


def test_a_cosignature_from_the_future_does_not_count(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    signing = Signing(tmp_path)
    static.show(log, signing.note(log, 0, 0, -3600))
    check_alarm(tmp_path, watch(static, log, tmp_path, *signing.words), "a clock is wrong")


def test_a_wrong_cosignature_is_an_alarm(static: Static, log: SmallLog, tmp_path: Path) -> None:
    signing = Signing(tmp_path)
    wrong = signing.note(log.fork().grow(1), 0).partition("\n\n")[2].splitlines(keepends=True)[1]
    static.show(log, log.note() + wrong)
    got = watch(static, log, tmp_path, *signing.words, "--quorum", "0")
    check_alarm(tmp_path, got, "`w0.example` does not verify")


# ---- trouble ----
@pytest.mark.parametrize("status", [500, 503, 302, 404])
def test_a_log_that_does_not_answer_is_no_alarm(
    static: Static, log: SmallLog, tmp_path: Path, status: int
) -> None:
    static.show(log)
    static.broken["checkpoint"] = status
    code, output = watch(static, log, tmp_path)
    assert (code, "server-unreachable" in output) == (2, True)
    assert evidence(tmp_path) == {}


def test_a_missing_tile_is_told_by_name(static: Static, log: SmallLog, tmp_path: Path) -> None:
    static.show(log)
    del static.files["tile/0/002.p/188"]
    code, output = watch(static, log, tmp_path)
    assert (code, "`tile/0/002.p/188`" in output.replace("\n", " ")) == (2, True)


def test_nobody_there_is_no_alarm(log: SmallLog, tmp_path: Path) -> None:
    with Remote("http://127.0.0.1:1", nobody) as nowhere, pytest.raises(ServerUnreachable):
        nowhere.read("checkpoint")


@pytest.mark.parametrize("url", ["", "shop.example", "ftp://shop.example", "https://", "https://a?b", "http://[", "https://a#b"])  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        Remote(url, nobody)


class Watching:
    """The command in a process of its own, which looks again and again."""

    def __init__(self, url: str, vkey: str, tmp_path: Path, *more: str) -> None:
        self._output = tmp_path / "watch.txt"
        with self._output.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mien.cli", "audit", "watch", url, "--key", vkey, "--state", str(tmp_path / "state"), "--every", "0.1", *more],
                cwd=ROOT, stdout=out, stderr=out,
            )  # fmt: skip

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_for(self, words: str, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while words not in self.output:
            assert time.monotonic() < until, self.output
            assert self.process.poll() is None, self.output
            time.sleep(0.02)

    def ended(self, seconds: float = 30) -> int:
        return self.process.wait(seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def test_trouble_is_told_once_and_when_it_is_over_and_in_the_end_is_an_alarm(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    static.show(log)
    watching = Watching(static.url, log.vkey, tmp_path, "--silent-after", "1.5")
    try:
        watching.wait_for("700 entries")
        static.broken["checkpoint"] = 503
        watching.wait_for("trouble: the server has no time")
        del static.broken["checkpoint"]
        watching.wait_for("trouble: over")
        static.show(log.grow(1))
        watching.wait_for("701 entries")
        static.broken["checkpoint"] = 503
        assert watching.ended() == 1
    finally:
        watching.kill()
    assert watching.output.count("trouble: the server has no time") == 2
    assert "nothing good was seen for 1.5 seconds" in evidence(tmp_path)["txt"]


# ---- the folder and the words ----
def test_a_folder_of_another_log_is_refused(static: Static, log: SmallLog, tmp_path: Path) -> None:
    static.show(log)
    watch(static, log, tmp_path)
    other = SmallLog().grow(1)
    static.got.clear()
    code, output = watch(static, other, tmp_path)
    assert (code, "another folder for another log" in output.replace("\n", " ")) == (2, True)
    assert static.got == []


def test_a_folder_that_cannot_be_written_is_told(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file")
    code, output = watch(static, log, tmp_path)
    assert (code, "settings-invalid" in output) == (2, True)


def test_a_kept_checkpoint_that_cannot_be_written_is_no_good_look(
    static: Static, log: SmallLog, tmp_path: Path
) -> None:
    static.show(log)
    (tmp_path / "state").mkdir()
    (tmp_path / "state/checkpoints").mkdir()
    (tmp_path / "state/checkpoints/.0000000000000000700.note.part").mkdir()
    code, output = watch(static, log, tmp_path)
    assert (code, "settings-invalid" in output) == (2, True)
    assert kept_notes(tmp_path) == []


def kept_notes(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "state/checkpoints").glob("*.note"))


@pytest.mark.parametrize("more", [("--quorum", "1"), ("--witness", "nonsense")])
def test_witnesses_that_cannot_be_are_refused(
    static: Static, log: SmallLog, tmp_path: Path, more: tuple[str, ...]
) -> None:
    assert watch(static, log, tmp_path, *more)[0] == 2


def test_a_witness_named_twice_is_refused(static: Static, log: SmallLog, tmp_path: Path) -> None:
    home = new_home(tmp_path / "w")
    code, output = watch(static, log, tmp_path, *["--witness", public(home).text()] * 2)
    assert (code, "named twice" in output) == (2, True)


# ---- three processes: witness, log, officer ----
class Three:
    """A server whose log a witness cosigns, and an officer who looks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.home = new_home(path / "witness")
        self.log = Served(path / "server")
        self.log.directory.mkdir()
        self.vkey = note_key("mien.local/log", make_keys(self.log.settings).log.verify_key())
        self.witness = Serving(path / "witness", self.vkey)
        self.port = int(self.witness.url.rpartition(":")[2])
        self.log.more["MIEN_WITNESSES"] = f"{self.home.vkey} {self.witness.url}"

    def watch(self, state: Path, *more: str) -> tuple[int, str]:
        done = CliRunner().invoke(
            app,
            ["audit", "watch", self.log.address, "--key", self.vkey, "--state", str(state / "state"),
             "--witness", self.home.vkey, "--once", *more],
        )  # fmt: skip
        return done.exit_code, done.output.replace("\n", " ")

    def grow(self) -> int:
        """Somebody says yes; how many entries are shown afterwards."""
        before = self.shown()
        self.log.enrolled()
        self.until(lambda: self.shown() > before)
        return self.shown()

    def shown(self) -> int:
        return int(self.log.get("/audit/checkpoint").text.split("\n")[1])

    def cosigned(self) -> bool:
        return self.home.name in self.log.get("/audit/checkpoint").text

    def until(self, true: Callable[[], bool | list[Any]], seconds: float = 20) -> None:
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until, self.log.log.read_text()
            time.sleep(0.02)

    def metric(self, name: str) -> float:
        lines = self.log.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def told(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.log.lines() if line["event"] == event]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    """The same for the tests below, which leave it as they found it, but for the last."""
    made = Three(tmp_path_factory.mktemp("three"))
    with made.log:
        yield made
    made.witness.kill()


def test_a_witness_that_is_killed_and_back(three: Three, tmp_path: Path) -> None:
    three.grow()
    three.until(three.cosigned)
    assert three.watch(tmp_path)[0] == 0
    three.witness.kill()
    size = three.grow()  # the log goes on, and people with it
    assert not three.cosigned()
    assert three.log.get("/readyz").status_code == 200
    code, output = three.watch(tmp_path)
    assert (code, "by 0 of the 1" in output) == (1, True)
    three.until(lambda: three.told("witness-unreachable"))
    three.witness = Serving(three.path / "witness", three.vkey, number=1, port=three.port)
    three.until(three.cosigned, 90)
    assert three.shown() >= size
    three.until(lambda: three.told("witness-back"))
    assert three.watch(tmp_path)[0] == 0
    assert three.metric("mien_checkpoint_cosignatures") == 1
    assert three.metric('mien_witness_answers_total{outcome="cosigned"}') >= 2
    assert three.metric("mien_log_forked") == 0


def test_another_key_is_no_longer_cosigned_and_an_alarm(three: Three, tmp_path: Path) -> None:
    three.grow()
    three.until(three.cosigned)
    assert three.watch(tmp_path)[0] == 0
    three.log.stop()
    key = Path(three.log.settings.keys) / "log.key"
    key.rename(three.path / "log.key")
    make_keys(three.log.settings)
    three.log.start()
    three.until(lambda: three.told("witness-refuses"))
    three.grow()
    assert not three.cosigned()
    code, output = three.watch(tmp_path)
    assert (code, "not signed by the key given" in output) == (1, True)
    three.log.stop()
    (three.path / "log.key").rename(key)
    three.log.start()
    three.until(three.cosigned)
    assert three.watch(tmp_path)[0] == 0


def test_a_log_that_goes_two_ways_is_refused_and_told_and_an_alarm(
    three: Three, tmp_path: Path
) -> None:
    three.until(three.cosigned)
    with (
        closing(sqlite3.connect(three.log.database)) as database,
        closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
    ):
        database.backup(copy)
    size = three.grow()
    three.until(three.cosigned)
    assert three.watch(tmp_path)[0] == 0
    three.log.stop()
    for side in ("-wal", "-shm"):
        three.log.database.with_name(three.log.database.name + side).unlink(missing_ok=True)
    shutil.copy(tmp_path / "copy.db", three.log.database)  # put back by hand

    three.log.start()
    three.until(lambda: three.told("log-forked"))  # before anything else happens
    assert three.metric("mien_log_forked") == 1
    assert three.log.get("/readyz").status_code == 200
    code, output = three.watch(tmp_path)
    assert (code, f"and had {size}" in output) == (1, True)
    while three.shown() <= size:
        three.grow()  # it goes another way, beyond what it had
    code, output = three.watch(tmp_path, "--quorum", "0")
    assert (code, f"the first {size} entries are not those" in output) == (1, True)
    note = three.log.get("/audit/checkpoint").text
    assert three.home.name not in note
    assert three.witness.post(f"old {size}\n\n{note}".encode()).status_code == 422
