"""Key files: made once, kept from others, changed by the day and the epoch."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from mien.errors import KeysMissing, KeysUnsafe, SealKeyExpired, SealKeyUnknown
from mien_server.keys import DAY, EPOCH, FileKeys, create_keys, day_of, start_of

NOON = 1_795_305_600 + 43_200


class Entropy:
    def bytes(self, count: int) -> bytes:
        return os.urandom(count)


@pytest.fixture
def directory(tmp_path: Path) -> Any:
    create_keys(tmp_path / "keys", Entropy(), NOON)
    return tmp_path / "keys"


def test_files_are_for_their_owner_only(directory: Path) -> None:
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}
    assert not list(directory.glob("*.part"))


def test_making_keys_again_keeps_those_there(directory: Path) -> None:
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    create_keys(directory, Entropy(), NOON)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


@pytest.mark.parametrize("name", ["signing.key", "log.key"])
def test_a_missing_file_is_named(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(KeysMissing, match=name):
        FileKeys(directory, Entropy())


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing, match="mien keys init"):
        FileKeys(tmp_path / "keys", Entropy())


def test_no_key_encryption_key(directory: Path) -> None:
    next(directory.glob("kek-*")).unlink()
    with pytest.raises(KeysMissing, match="kek"):
        FileKeys(directory, Entropy())


@pytest.mark.parametrize("pattern", ["signing.key", "log.key", "kek-*.key", "seal-*.key"])
def test_a_file_that_others_can_read_is_refused(directory: Path, pattern: str) -> None:
    path = next(directory.glob(pattern))
    path.chmod(0o644)
    with pytest.raises(KeysUnsafe, match="chmod 600"):
        FileKeys(directory, Entropy())


def test_a_directory_that_others_can_enter_is_refused(directory: Path) -> None:
    directory.chmod(0o750)
    with pytest.raises(KeysUnsafe, match="chmod 700"):
        FileKeys(directory, Entropy())


@pytest.mark.parametrize("content", ["", "not base64!", "\xff"])
def test_a_damaged_file_is_named(directory: Path, content: str) -> None:
    (directory / "signing.key").write_bytes(content.encode("latin-1"))
    with pytest.raises((KeysMissing, Exception), match=r"signing|restore"):
        FileKeys(directory, Entropy())


def test_a_seal_key_lives_its_day_and_the_next(directory: Path) -> None:
    keys = FileKeys(directory, Entropy())
    today = day_of(NOON)
    end = start_of(today) + 2 * DAY
    assert keys.open_key(today, end - 1).seal_key().text() == keys.seal_keys(NOON)[0].public
    with pytest.raises(SealKeyExpired):
        keys.open_key(today, end)
    with pytest.raises(SealKeyUnknown):
        keys.open_key("2026-11-23", NOON)
    with pytest.raises(SealKeyUnknown):
        keys.open_key("2026-13-99", NOON)


def test_rotation_makes_the_day_and_destroys_the_dead(directory: Path) -> None:
    keys = FileKeys(directory, Entropy())
    keys.rotate(NOON + DAY)
    assert [doc.kid for doc in keys.seal_keys(NOON + DAY)] == ["2026-11-23", "2026-11-22"]
    keys.rotate(NOON + 2 * DAY)
    assert [doc.kid for doc in keys.seal_keys(NOON + 2 * DAY)] == ["2026-11-24", "2026-11-23"]
    assert not (directory / "seal-2026-11-22.key").exists()
    again = FileKeys(directory, Entropy())
    assert again.seal_keys(NOON + 2 * DAY) == keys.seal_keys(NOON + 2 * DAY)


def test_two_servers_on_one_directory_use_the_same_keys(directory: Path) -> None:
    one, other = FileKeys(directory, Entropy()), FileKeys(directory, Entropy())
    one.rotate(NOON + DAY)
    other.rotate(NOON + DAY)
    assert one.seal_keys(NOON + DAY) == other.seal_keys(NOON + DAY)


def test_an_epoch_begins_and_the_old_one_dies_only_when_told(directory: Path) -> None:
    keys = FileKeys(directory, Entropy())
    old = keys.epoch()
    keys.rotate(NOON + EPOCH)
    assert keys.epoch() == old + 1
    assert keys.kek(old) != keys.kek(old + 1)
    keys.drop_epochs_before(old + 1)
    with pytest.raises(KeysMissing, match=f"epoch {old}"):
        keys.kek(old)
    assert not (directory / f"kek-{old:05d}.key").exists()
    assert keys.epoch_ends(old) > NOON
