"""`mien audit` over a real server's database and keys: exported, verified, proved, spoiled."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from tests.server.world import ORIGIN, MakeWorld, World
from typer.testing import CliRunner, Result

from mien.wire import proof
from mien.wire.canonical import unb64
from mien_server import audit
from mien_server.cli.audit import app

RUN = CliRunner()


def run(*arguments: object) -> Result:
    return RUN.invoke(app, [str(each) for each in arguments])


async def busy(world: World) -> str:
    """A consent, a ranking, another person who is erased; the leaf of the consent."""
    async with world:
        phone = await world.enrolled()
        receipt = await phone.withdraw()
        other = await world.enrolled()
        await other.send()
        await other.rank()
        gone = await world.enrolled()
        await gone.erase()
        await world.pipeline.sequence()
        return receipt.promise.leaf


@pytest.fixture
def leaf(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> str:
    """The log of a server that was used; the settings point to it."""
    world = make_world()
    steps: Coroutine[Any, Any, str] = busy(world)
    found = asyncio.run(steps)
    monkeypatch.setenv("MIEN_DATABASE", world.address)
    monkeypatch.setenv("MIEN_KEYS", str(world.key_directory))
    monkeypatch.setenv("MIEN_ORIGIN", ORIGIN)
    return found


@pytest.fixture
def folder(leaf: str, tmp_path: Path) -> Path:
    assert leaf
    target = tmp_path / "export"
    done = run("export", target)
    assert done.exit_code == 0, done.output
    return target


def verified(folder: Path, *more: object) -> tuple[int, dict[str, Any]]:
    done = run("verify", folder, "--json", *more)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return done.exit_code, answer


def test_what_was_exported_holds(folder: Path) -> None:
    code, answer = verified(folder)
    assert (code, answer["ok"], answer["findings"]) == (0, True, [])
    assert answer["origin"] == ORIGIN
    assert 0 < answer["opened"] < answer["size"]
    assert answer["key_from"] == "export"


def test_nobody_else_can_read_the_export(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_an_erased_person_is_not_opened_even_before_everything_is_deleted(folder: Path) -> None:
    opened = [json.loads(line) for line in (folder / audit.OPENED).read_text().splitlines()]
    subjects = {row["record"]["subject"] for row in opened}
    assert len(subjects - {""}) == 2


def test_a_public_export_opens_nothing(leaf: str, tmp_path: Path) -> None:
    assert leaf
    assert run("export", tmp_path / "public", "--public").exit_code == 0
    assert not (tmp_path / "public" / audit.OPENED).exists()
    code, answer = verified(tmp_path / "public")
    assert (code, answer["opened"]) == (0, 0)


def test_the_table_can_be_read(folder: Path) -> None:
    done = run("verify", folder)
    assert done.exit_code == 0
    assert "the log holds" in done.stdout
    assert "from the export itself" in done.stdout.replace("\n", " ")


def test_a_key_kept_elsewhere_and_an_older_checkpoint_are_used(folder: Path) -> None:
    vkey = (folder / audit.KEY).read_text().strip()
    older = folder.parent / "older"
    older.write_text((folder / audit.CHECKPOINT).read_text())
    code, answer = verified(folder, "--key", vkey, "--older", older)
    assert (code, answer["key_from"], answer["compared_with_older"]) == (0, "argument", True)


def test_a_flipped_byte_is_named_and_the_exit_code_is_1(folder: Path) -> None:
    path = next((folder / "tile" / "entries").iterdir())
    path = path if path.is_file() else next(path.iterdir())
    body = bytearray(path.read_bytes())
    body[42 + 5] ^= 1
    path.write_bytes(bytes(body))
    code, answer = verified(folder)
    assert (code, answer["ok"]) == (1, False)
    assert "entry 1" in {finding["where"] for finding in answer["findings"]}
    done = run("verify", folder)
    assert done.exit_code == 1
    assert "entry 1" in done.stdout
    assert "does not hold" in done.stdout


@pytest.mark.parametrize(
    "arguments", [("verify", "nowhere"), ("verify", "nowhere", "--key", "x+y+z")]
)
def test_nothing_to_verify_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_an_export_overwrites_nothing(folder: Path) -> None:
    before = (folder / audit.CHECKPOINT).read_bytes()
    done = run("export", folder)
    assert (done.exit_code, (folder / audit.CHECKPOINT).read_bytes()) == (2, before)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, leaf: str) -> None:
    assert leaf
    (tmp_path / "file").write_text("")
    done = run("export", tmp_path / "file")
    assert done.exit_code == 2


def test_one_decision_is_proved_from_the_server_and_from_an_export(leaf: str, folder: Path) -> None:
    origin, key = proof.parse_note_key((folder / audit.KEY).read_text().strip())
    from_server = run("prove", leaf)
    from_folder = run("prove", leaf, "--from", folder)
    assert (from_server.exit_code, from_folder.exit_code) == (0, 0), from_server.output
    index = proof.parse_tlog_proof(from_server.stdout).index
    bundle = next(folder.glob("tile/entries/000.p/*"))
    entry = audit.split_entries(bundle.read_bytes())[index]
    assert entry[:32] == unb64(leaf)
    for text in (from_server.stdout, from_folder.stdout, run("prove", index).stdout):
        assert proof.verify_tlog_proof(text, entry, origin, key) == index


def test_a_proof_is_written_to_a_new_file(leaf: str, tmp_path: Path) -> None:
    target = tmp_path / "decision.tlog-proof"
    assert run("prove", leaf, "--out", target).exit_code == 0
    assert target.read_text().startswith("c2sp.org/tlog-proof@v1\n")
    assert target.stat().st_mode & 0o077 == 0
    assert run("prove", leaf, "--out", target).exit_code == 2


@pytest.mark.parametrize("wanted", ["A" * 43, "short", "999999", "!"])
def test_what_is_not_in_the_log_is_not_proved(folder: Path, wanted: str) -> None:
    assert run("prove", wanted).exit_code == 2
    assert run("prove", wanted, "--from", folder).exit_code == 2


@pytest.mark.parametrize("start", ["-", "--", "-d", "--a"])
def test_a_leaf_that_begins_like_an_option_is_a_leaf(folder: Path, start: str) -> None:
    done = run("prove", start.ljust(43, "A"), "--from", folder)
    assert "not in the exported log" in done.output
