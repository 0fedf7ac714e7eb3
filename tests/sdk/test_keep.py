"""The device's disk: private, encrypted, whole after a crash, bounded, and empty after forgetting."""

import os
import secrets
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import KeepError, KeepUnreadable, KeepUnsafe
from mien.keep import FileKey, Keep

CANARY = "canary-7f3a"


def keep(home: Path, limit: int = 100) -> Keep:
    return Keep.open(home, "shop", FileKey(home, secrets.token_bytes), secrets.token_bytes, limit)


def person(kept: Keep, value: Any) -> None:
    kept.change_person(lambda _: value)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_what_is_kept_comes_back(home: Path) -> None:
    person(keep(home), {"subject": CANARY})
    assert keep(home).person() == {"subject": CANARY}


def test_nothing_kept_can_be_read_without_the_key(home: Path) -> None:
    kept = keep(home)
    person(kept, {"subject": CANARY})
    kept.put(1, {"seq": 1, "subject": CANARY})
    kept.keep_document("service", CANARY)
    kept.count_loss(CANARY)
    for path in home.rglob("*"):
        assert CANARY not in path.name
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes()


# ---- what was learned of a person ----
def always(_: Any) -> bool:
    return True


def test_what_was_learned_is_encrypted_and_comes_back(home: Path) -> None:
    kept = keep(home)
    person(kept, {"subject": "s"})
    assert kept.change_personal(lambda found: {"was": found, "now": CANARY}, always)
    assert keep(home).personal() == {"was": None, "now": CANARY}
    assert CANARY.encode() not in (home / "shop/personal").read_bytes()


def test_nothing_is_learned_of_nobody_or_of_who_did_not_agree(home: Path) -> None:
    kept = keep(home)
    assert not kept.change_personal(lambda _: {}, always)
    person(kept, {"agreed": True})
    assert kept.change_personal(lambda _: {}, always)
    assert not kept.change_personal(lambda _: {}, lambda value: not value["agreed"])
    assert kept.personal() is None  # and what was learned before is gone


def test_it_goes_with_the_agreement_before_that_is_written_down(home: Path) -> None:
    kept = keep(home)
    person(kept, {"agreed": True})
    kept.change_personal(lambda _: {}, always)
    kept.change_person(lambda _: {"agreed": True}, lambda value: value["agreed"])
    assert kept.personal() == {}
    kept.change_person(lambda _: {"agreed": False}, lambda value: value["agreed"])
    assert kept.personal() is None


def test_forgetting_a_person_forgets_what_was_learned(home: Path) -> None:
    kept = keep(home)
    person(kept, {})
    kept.change_personal(lambda _: {}, always)
    kept.forget()
    assert not (home / "shop/personal").exists()
    person(kept, {})
    kept.change_personal(lambda _: {}, always)
    assert kept.forget_personal()
    assert not kept.forget_personal()
    assert kept.person() == {}


def test_only_the_owner_may_read(home: Path) -> None:
    kept = keep(home)
    person(kept, {})
    kept.put(1, {})
    for path in [home, *home.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize("name", ["", "master.key", "shop", "shop/person"])
def test_what_others_may_read_is_refused(home: Path, name: str) -> None:
    person(keep(home), {})
    (home / name).chmod(0o755 if (home / name).is_dir() else 0o644)
    with pytest.raises(KeepUnsafe, match="chmod"):
        keep(home).person()


def test_a_link_is_not_followed(home: Path, tmp_path: Path) -> None:
    person(keep(home), {})
    real = tmp_path / "elsewhere"
    (home / "shop/person").rename(real)
    (home / "shop/person").symlink_to(real)
    with pytest.raises(KeepUnsafe):
        keep(home).person()


def test_another_key_does_not_open(home: Path) -> None:
    person(keep(home), {"subject": CANARY})
    (home / "master.key").write_bytes(bytes(32))
    with pytest.raises(KeepUnreadable):
        keep(home).person()


def test_a_lost_key_is_said_and_not_papered_over(home: Path) -> None:
    person(keep(home), {})
    (home / "master.key").unlink()
    with pytest.raises(KeepUnreadable, match="gone"):
        keep(home)


def test_a_damaged_key_is_said(home: Path) -> None:
    keep(home)
    (home / "master.key").write_bytes(b"short")
    with pytest.raises(KeepUnreadable):
        keep(home)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 200), st.integers(1, 255))
def test_any_flipped_byte_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, place: int, flip: int
) -> None:
    home = tmp_path_factory.mktemp("keep") / "home"
    kept = keep(home)
    person(kept, {"subject": CANARY, "more": "x" * 100})
    file = home / "shop/person"
    data = bytearray(file.read_bytes())
    data[place % len(data)] ^= flip
    file.write_bytes(data)
    with pytest.raises(KeepUnreadable):
        kept.person()


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27])
def test_a_truncated_file_is_noticed(home: Path, length: int) -> None:
    kept = keep(home)
    person(kept, {"subject": CANARY})
    file = home / "shop/person"
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(KeepUnreadable):
        kept.person()


def test_a_file_under_another_name_does_not_open(home: Path) -> None:
    kept = keep(home)
    kept.put(1, {"seq": 1})
    names = sorted(home.glob("shop/*.envelope"))
    names[0].rename(home / "shop/0000000000000002.envelope")
    assert kept.envelope(2) is None
    assert kept.losses() == {"damaged": 1}


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeepError, match="home"):
        keep(tmp_path / "file" / "home")


# ---- the queue ----
def test_the_queue_keeps_its_order_over_restarts(home: Path) -> None:
    for number in (3, 1, 2, 10):
        keep(home).put(number, {"seq": number})
    kept = keep(home)
    assert kept.queue() == [1, 2, 3, 10]
    kept.sent(1)
    assert [kept.envelope(number) for number in kept.queue()] == [
        {"seq": 2},
        {"seq": 3},
        {"seq": 10},
    ]


def test_a_full_queue_drops_the_oldest_and_says_so(home: Path) -> None:
    kept = keep(home, limit=3)
    for number in range(1, 6):
        kept.put(number, {"seq": number})
    assert kept.queue() == [3, 4, 5]
    assert kept.losses() == {"queue-full": 2}
    assert keep(home).losses() == {"queue-full": 2}


def test_forgetting_leaves_nothing(home: Path) -> None:
    kept = keep(home)
    person(kept, {"subject": CANARY})
    kept.put(kept.next_number(), {})
    kept.count_loss("x")
    kept.forget()
    assert kept.person() is None
    assert [path.name for path in (home / "shop").iterdir()] == ["lock"]


# ---- crashes and company ----
WRITER = """
import secrets, sys
from pathlib import Path
from mien.keep import FileKey, Keep
home = Path(sys.argv[1])
kept = Keep.open(home, "shop", FileKey(home, secrets.token_bytes), secrets.token_bytes, 10_000)
while True:
    number = kept.next_number()
    print(number, flush=True)
    kept.put(number, {"seq": number, "fill": "x" * 2000})
    kept.change_person(lambda _: {"last": number, "fill": "y" * 2000})
"""


def test_a_kill_at_any_moment_leaves_whole_files_and_no_number_twice(home: Path) -> None:
    used: list[int] = []
    for after in (1, 2, 3, 5, 8, 13):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(home)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            used += [int(writer.stdout.readline()) for _ in range(after)]
            writer.send_signal(signal.SIGKILL)
            used += [int(line) for line in writer.stdout.read().split()]
        kept = keep(home)
        for number in kept.queue():
            found = kept.envelope(number)
            assert found is not None
            assert found["seq"] == number
        value = kept.person()
        assert value is None or len(value["fill"]) == 2000
        assert not list(home.rglob("*.part"))
    assert len(used) == len(set(used))
    assert keep(home).next_number() > max(used)
    assert keep(home).losses() == {}


COUNTER = """
import secrets, sys
from pathlib import Path
from mien.keep import FileKey, Keep
home = Path(sys.argv[1])
kept = Keep.open(home, "shop", FileKey(home, secrets.token_bytes), secrets.token_bytes)
print(*[kept.next_number() for _ in range(40)])
"""


def test_two_processes_never_get_the_same_number(home: Path) -> None:
    command = [sys.executable, "-c", COUNTER, str(home)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as one,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other,
    ):
        numbers = [int(word) for each in (one, other) for word in each.communicate()[0].split()]
    assert sorted(numbers) == list(range(1, 81))
    assert one.returncode == other.returncode == 0


def test_a_full_disk_is_an_error_and_keeps_the_old(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keep(home)
    person(kept, {"v": 1})

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeepError, match="space"):
        person(kept, {"v": 2})
    monkeypatch.undo()
    assert kept.person() == {"v": 1}
    assert not list(home.rglob("*.part"))
