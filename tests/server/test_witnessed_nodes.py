"""Two servers over one PostgreSQL, and a witness: processes of their own. They show one history, cosigned, and one goes on when the other is killed."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Self

from tests.postgres import databases
from tests.server.logs_made import new_home
from tests.server.served import Served
from tests.server.witnessing import Serving
from typer.testing import CliRunner

from mien.cli import app
from mien.wire.proof import Checkpoint, note_key, parse_checkpoint
from mien_server.settings import Settings

ORIGIN = "mien.local/log"
PEOPLE = 3
"""Who say yes at each server at the same time."""


@dataclass
class Node(Served):
    """Another server of the same log: it has the keys of the first."""

    first: Served | None = None

    @property
    def settings(self) -> Settings:
        assert self.first is not None
        return self.first.settings

    def __enter__(self) -> Self:
        assert self.first is not None
        self.directory.mkdir()
        self.keys = self.first.keys
        self.start()
        return self


@contextmanager
def postgresql() -> Iterator[str]:
    url = databases().take()
    yield url
    databases().give_back(url)


@contextmanager
def witness_of(folder: Path, vkey: str) -> Iterator[Serving]:
    serving = Serving(folder, vkey)
    yield serving
    serving.kill()


def until(true: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def shown(node: Served) -> str:
    return node.get("/audit/checkpoint").text


def size_of(note: str) -> int:
    return int(note.split("\n")[1])


def check_one_history(notes: list[str], node: Served) -> None:
    """In the order in which they were seen, whichever server showed them."""
    key = node.keys.log.verify_key()
    seen: list[Checkpoint] = [parse_checkpoint(note, ORIGIN, key) for note in notes]
    assert [each.size for each in seen] == sorted(each.size for each in seen)
    assert len({(each.size, each.root) for each in seen}) == len({each.size for each in seen})


def test_two_servers_show_one_cosigned_log_and_one_goes_on_alone(tmp_path: Path) -> None:
    home = new_home(tmp_path / "witness")
    with ExitStack() as stack:
        url = stack.enter_context(postgresql())
        first = Served(tmp_path / "first", url)
        first.directory.mkdir()  # for its keys: the witness must know the log before it is asked
        vkey = _vkey(first)
        witness = stack.enter_context(witness_of(tmp_path / "witness", vkey))
        first.more["MIEN_WITNESSES"] = f"{home.vkey} {witness.url}"
        stack.enter_context(first)
        second = Node(tmp_path / "second", url, first.more, first=first)
        stack.enter_context(second)
        notes = _used(first, second)
        check_one_history(notes, first)
        assert len({size_of(note) for note in notes}) > 1

        first.process.kill()
        first.ended()
        before = size_of(shown(second))
        second.enrolled()
        until(lambda: size_of(shown(second)) > before and home.name in shown(second))
        assert not [line for node in (first, second) for line in node.lines() if line["event"] == "log-forked"]  # fmt: skip
        code, answer = _verified(second, vkey, home.vkey, notes, tmp_path)
        assert (code, answer["findings"], answer["cosigned"]) == (0, [], 1)


def _vkey(first: Served) -> str:
    from mien_server.errands import make_keys

    return note_key(ORIGIN, make_keys(first.settings).log.verify_key())


def _enrol(node: Served) -> None:
    for _ in range(PEOPLE):
        node.enrolled()


def _used(*nodes: Served) -> list[str]:
    """People say yes at all servers at once; what those show meanwhile, asked in turn, until all of it is cosigned."""
    notes: list[str] = []
    with ThreadPoolExecutor(len(nodes)) as pool:
        busy = [pool.submit(_enrol, node) for node in nodes]
        asked = cycle(nodes)
        while not all(each.done() for each in busy):
            notes.append(shown(next(asked)))
        for each in busy:
            each.result()
    end = time.monotonic() + 30
    # Two lines: the log's, and the witness's.
    while size_of(notes[-1]) < PEOPLE * len(nodes) or notes[-1].count("\u2014") < 2:
        assert time.monotonic() < end, notes[-1]
        notes.append(shown(next(asked)))
    return notes


def _verified(
    node: Served, vkey: str, witness: str, notes: list[str], folder: Path
) -> tuple[int, dict[str, Any]]:
    """What `mien audit verify` says of the log as it is served, held against all that was ever shown."""
    words = ["audit", "verify", node.address, "--key", vkey, "--witness", witness, "--quorum", "1", "--json"]  # fmt: skip
    for number, note in enumerate(sorted(set(notes))):
        path = folder / f"{number}.note"
        path.write_text(note)
        words += ["--older", str(path)]
    done = CliRunner().invoke(app, words)
    answer: dict[str, Any] = json.loads(done.stdout)
    return done.exit_code, answer
