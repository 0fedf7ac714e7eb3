"""Every attack on the log is caught, and named: by the files themselves, or by what the officer kept. One asset an attack, in `attacks/`.

The log that is attacked is exported from a real server; what an officer runs is `mien audit verify`.
"""

import importlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.attacks.flip_any_byte import flipped
from tests.server.attacks.honest import Attacked, Files, Honest, made
from tests.server.world import ORIGIN, World
from typer.testing import CliRunner

from mien.errors import MienError, ProofInvalid
from mien.wire import proof
from mien.wire.keys import SigningKey
from mien_server import audit
from mien_server.cli.audit import app

ASSETS = Path(__file__).parent / "attacks"
NAMES = sorted(path.stem for path in ASSETS.glob("*.py") if path.stem not in {"honest", "__init__"})
DOCUMENT = Path(__file__).parents[2] / "docs/reference/audit-log.md"
ROW = re.compile(r"^\| ([a-z ]+) \| ([^|]+) \| ([^|]+) \| `([^`|]+)` \|$", re.MULTILINE)


def asset(name: str) -> ModuleType:
    return importlib.import_module(f"tests.server.attacks.{name}")


def export(world: World, folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_DATABASE", world.address)
        patch.setenv("MIEN_KEYS", str(world.key_directory))
        patch.setenv("MIEN_ORIGIN", ORIGIN)
        done = CliRunner().invoke(app, ["export", str(folder)])
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Honest:
    return made(tmp_path_factory.mktemp("honest") / "world", export)


def officer(folder: Path, honest: Honest, attacked: Attacked) -> tuple[int, dict[str, Any]]:
    """What `mien audit verify` says of the files."""
    lay(folder / "log", attacked.files)
    words = ["verify", str(folder / "log"), "--json", "--key", honest.vkey]
    for name, texts in (("--older", attacked.older), ("--receipts", attacked.receipts)):
        for number, text in enumerate(texts):
            path = folder / f"{name[2:]}-{number}"
            path.write_text(text)
            words += [name, str(path)]
    if attacked.receipts:
        words += ["--trust", honest.trust.verify_key().text()]
    done = CliRunner().invoke(app, words)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return done.exit_code, answer


def lay(folder: Path, files: Files) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def findings(honest: Honest, attacked: Attacked) -> list[tuple[str, str]]:
    """What the check itself says of the files, with all checkpoints the officer kept."""
    key, files = honest.key.verify_key(), attacked.files
    (older,) = attacked.older or (None,)
    report = audit.inspect(files.get, files, honest.origin, key, older)
    return [(each.where, each.says) for each in report.findings]


def test_the_honest_log_holds_with_everything_that_catches_the_attacks(
    tmp_path: Path, honest: Honest
) -> None:
    everything = Attacked(honest.files, "", (honest.kept, honest.note), honest.receipts)
    code, answer = officer(tmp_path, honest, everything)
    assert (code, answer["findings"]) == (0, [])
    assert len(answer["promises"]) == len(honest.receipts) > 10
    assert {each["state"] for each in answer["promises"]} == {"kept"}
    assert answer["opened"] > 500
    assert honest.kept_size < 512 < honest.size


@pytest.mark.parametrize("name", NAMES)
def test_the_attack_is_caught_and_named(name: str, tmp_path: Path, honest: Honest) -> None:
    attack = asset(name)
    first, *others = attack.attacks(honest)
    if first.proof is not None:
        for each in (first, *others):
            text, entry = each.proof
            with pytest.raises(ProofInvalid, match=attack.SAYS):
                proof.verify_tlog_proof(text, entry, honest.origin, honest.key.verify_key())
        return
    code, answer = officer(tmp_path, honest, first)
    assert (code, answer["ok"]) == (1, False)
    where = [found["where"] for found in answer["findings"]]
    assert any(re.fullmatch(first.where, each) for each in where), where
    assert any(attack.SAYS in found["says"] for found in answer["findings"])
    for number, each in enumerate(others):
        if each.receipts:
            code, answer = officer(tmp_path / str(number), honest, each)
            found = [one["where"] for one in answer["findings"]]
        else:
            found = [place for place, _says in findings(honest, each)]
        assert any(re.fullmatch(each.where, place) for place in found), (each.where, found)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_attack_changes_is_all_that_is_wrong(name: str, honest: Honest) -> None:
    """The evidence does not accuse an honest log: whatever is held against the forged one holds for the honest one, too."""
    forged = [
        each
        for each in asset(name).attacks(honest)
        if each.files != honest.files and each.proof is None
    ]
    for evidence in {
        each.older for each in forged
    }:  # where that is what is forged, nothing is left
        assert findings(honest, Attacked(honest.files, "", older=evidence)) == []


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_anywhere_is_found(data: st.DataObject, honest: Honest) -> None:
    name = data.draw(st.sampled_from(sorted(set(honest.files) - {audit.KEY})))
    at = data.draw(st.integers(0, len(honest.files[name]) - 1))
    forged = flipped(honest, name, at, data.draw(st.integers(0, 7)))
    assert findings(honest, Attacked(forged, ""))


def test_verify_raises_what_inspect_finds(honest: Honest) -> None:
    for name in ("flip_any_byte", "fork", "swap_keys"):
        attacked = next(iter(asset(name).attacks(honest)))
        (where, _says), *_ = findings(honest, attacked)
        (older,) = attacked.older or (None,)
        with pytest.raises(MienError, match=where):
            audit.verify(
                attacked.files.get, attacked.files, honest.origin, honest.key.verify_key(), older
            )


def test_a_forger_with_the_keys_and_nobody_who_kept_anything_is_not_caught(honest: Honest) -> None:
    """Why to keep checkpoints, and why there are witnesses: said in the reference, and true."""
    for name in ("truncate", "fork", "rewrite_history_with_valid_key"):
        for each in asset(name).attacks(honest):
            assert findings(honest, Attacked(each.files, "")) == []


def test_a_key_beside_the_log_finds_no_forger(tmp_path: Path, honest: Honest) -> None:
    swapped = next(iter(asset("swap_keys").attacks(honest)))
    lay(tmp_path, swapped.files)
    done = CliRunner().invoke(app, ["verify", str(tmp_path), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["key_from"] == "export"


def test_receipts_of_another_server_are_named(tmp_path: Path, honest: Honest) -> None:
    stranger = SigningKey.generate()
    other = Honest(honest.files, honest.key, stranger, honest.kept, honest.receipts, honest.made_at)
    attacked = Attacked(honest.files, "", receipts=honest.receipts[:1])
    code, answer = officer(tmp_path, other, attacked)
    assert code == 1
    assert answer["findings"][0]["where"] == "receipts-0"
    assert "signed" in answer["findings"][0]["says"]


def test_the_reference_says_of_each_attack_what_happens() -> None:
    rows = {name: (caught, says) for name, _what, caught, says in ROW.findall(DOCUMENT.read_text())}
    assert set(rows) == {name.replace("_", " ") for name in NAMES}
    for name in NAMES:
        attack = asset(name)
        assert rows[name.replace("_", " ")] == (attack.CAUGHT_BY, attack.SAYS), name


def test_every_attack_is_explained() -> None:
    texts: Iterable[str | None] = (asset(name).__doc__ for name in NAMES)
    assert all(text and text.strip() for text in texts)
