"""Where the server's secrets lie: made once, kept from others, changed by the day and the epoch, by several nodes at once."""

import os
import resource
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import (
    KeysMissing,
    KeysUnsafe,
    KeysUnwritable,
    SealKeyExpired,
    SealKeyUnknown,
    SettingsError,
)
from mien.wire.canonical import b64
from mien_server.keys import (
    DAY,
    EPOCH,
    GRACE,
    REWRAP,
    Kek,
    Keyring,
    create_keys,
    day_of,
    epoch_of,
    open_keys,
    start_of,
)
from mien_server.keys.environment import EnvironmentProvider
from mien_server.keys.files import FileProvider
from mien_server.keys.names import SKEW
from mien_server.ports import KeyProvider

NOON = 1_795_305_600 + 43_200
"""2026-11-22 12:00 UTC."""
NOW = epoch_of(NOON)


class Entropy:
    def bytes(self, count: int) -> bytes:
        return os.urandom(count)


class Clock:
    def __init__(self, at: int = NOON) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path: Path, clock: Clock) -> Path:
    create_keys(tmp_path / "keys", Entropy(), clock)
    return tmp_path / "keys"


def opened(directory: Path, clock: Clock) -> Keyring:
    return open_keys(directory, Entropy(), clock, {})


# ---- files ----
def test_a_process_that_dies_while_it_destroys_leaves_no_secret_and_no_half_of_one(
    directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_path: Path) -> None:
        raise KeyboardInterrupt

    keys = opened(directory, clock)
    old = keys.epoch()
    new = keys.begin()
    with monkeypatch.context() as broken:
        broken.setattr("mien_server.keys.files._destroy", die)
        with pytest.raises(KeyboardInterrupt):
            keys.drop_epochs_before(new)
    (left,) = directory.glob("*.dying")
    assert left.stat().st_size
    again = opened(directory, clock)
    assert (again.epoch(), list(directory.glob("*.dying"))) == (new, [])
    with pytest.raises(KeysMissing, match="epoch"):
        again.kek(old)


def test_no_key_is_made_where_the_directory_was(directory: Path, clock: Clock) -> None:
    """A disk that is not mounted any more: what a new key of the same epoch wrapped would be lost when the disk is back."""
    keys = opened(directory, clock)
    epoch = keys.epoch()
    kek = keys.kek(epoch)
    directory.rename(directory.with_name("mounted"))
    directory.mkdir(mode=0o700)
    clock.at += DAY
    for act in (keys.epoch, keys.begin, lambda: keys.rotate(clock.at)):
        with pytest.raises(KeysMissing, match="mount or restore"):
            act()
    assert list(directory.iterdir()) == []
    directory.rmdir()
    directory.with_name("mounted").rename(directory)
    keys.rotate(clock.at)
    assert (keys.epoch(), keys.kek(epoch)) == (epoch, kek)


def test_files_are_for_their_owner_only(directory: Path) -> None:
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}
    assert not list(directory.glob("*.part"))


def test_making_keys_again_keeps_those_there(directory: Path, clock: Clock) -> None:
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    create_keys(directory, Entropy(), clock)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


@pytest.mark.parametrize("name", ["signing.key", "log.key"])
def test_a_missing_file_is_named(directory: Path, clock: Clock, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(KeysMissing, match=name):
        opened(directory, clock)


def test_no_directory(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(KeysMissing, match="mien keys init"):
        opened(tmp_path / "keys", clock)


def test_no_key_encryption_key(directory: Path, clock: Clock) -> None:
    next(directory.glob("kek-*")).unlink()
    with pytest.raises(KeysMissing, match="kek"):
        opened(directory, clock)


@pytest.mark.parametrize("pattern", ["signing.key", "log.key", "kek-*.key", "seal-*.key"])
def test_a_file_that_others_can_read_is_refused(
    directory: Path, clock: Clock, pattern: str
) -> None:
    path = next(directory.glob(pattern))
    path.chmod(0o644)
    with pytest.raises(KeysUnsafe, match="chmod 600"):
        opened(directory, clock)


def test_a_directory_that_others_can_enter_is_refused(directory: Path, clock: Clock) -> None:
    directory.chmod(0o750)
    with pytest.raises(KeysUnsafe, match="chmod 700"):
        opened(directory, clock)


@pytest.mark.parametrize("pattern", ["signing.key", "kek-*.key", "seal-*.key"])
@pytest.mark.parametrize("content", ["", "not base64!", "\xff", "AAAA"])
def test_a_damaged_file_is_named(directory: Path, clock: Clock, pattern: str, content: str) -> None:
    next(directory.glob(pattern)).write_bytes(content.encode("latin-1"))
    with pytest.raises(KeysMissing, match="restore"):
        opened(directory, clock)


def test_a_place_that_cannot_be_made(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(KeysUnwritable, match="file"):
        create_keys(tmp_path / "file/keys", Entropy(), clock)


def test_other_files_in_the_directory_are_left_alone(directory: Path, clock: Clock) -> None:
    (directory / "README").write_text("ours")
    (directory / "kek-1.key").write_text("no name of ours")
    keys = opened(directory, clock)
    clock.at += EPOCH
    keys.rotate(clock.at)
    keys.drop_epochs_before(keys.epoch())
    assert (directory / "README").read_text() == "ours"
    assert (directory / "kek-1.key").exists()


# ---- the port, whoever fills it ----
def files(tmp_path: Path) -> KeyProvider:
    return FileProvider.made(tmp_path / "provider")


def variables(_tmp_path: Path) -> KeyProvider:
    return EnvironmentProvider(environment())


def plugged(tmp_path: Path) -> KeyProvider:
    return Shelf(str(tmp_path / "shelf"))


class Shelf:
    """What a provider of somebody else is like: here, secrets in files of another kind."""

    writable = True

    def __init__(self, rest: str) -> None:
        self._folder = Path(rest)
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def names(self) -> frozenset[str]:
        return frozenset(path.name for path in self._folder.iterdir())

    def read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError as error:
            msg = f"the shelf has no `{name}`"
            raise KeysMissing(msg) from error

    def create(self, name: str, secret: bytes) -> bool:
        try:
            with (self._folder / name).open("xb") as file:
                file.write(secret)
        except FileExistsError:
            return False
        return True

    def destroy(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)

    def where(self, name: str) -> str:
        return f"shelf {name}"


PROVIDERS = [files, variables, plugged]


def environment(*epochs: int) -> dict[str, str]:
    """Variables for the epoch of `NOON`, or for these."""
    names = ["SIGNING", "LOG", *(f"EPOCH_{epoch:05d}" for epoch in (epochs or (NOW,)))]
    return {f"MIEN_KEY_{name}": b64(os.urandom(32)) for name in names}


@pytest.mark.parametrize("make", PROVIDERS)
def test_a_provider_keeps_what_was_first_and_forgets_what_was_destroyed(
    tmp_path: Path, make: Callable[[Path], KeyProvider]
) -> None:
    provider = make(tmp_path)
    names = ["signing", "log", f"kek-{NOW:05d}", f"seal-{day_of(NOON)}"]
    for name in names:
        assert provider.create(name, b"1" * 32) is provider.writable
        first = provider.read(name)
        assert provider.create(name, b"2" * 32) is False
        assert provider.read(name) == first
        assert provider.where(name)
    assert provider.names() == set(names)
    for name in names[2:]:
        provider.destroy(name)
        provider.destroy(name)
        assert name not in provider.names()
        with pytest.raises(KeysMissing):
            provider.read(name)
    assert provider.names() == {"signing", "log"}
    with pytest.raises(KeysMissing):
        provider.read("kek-00001")


@pytest.mark.parametrize("make", PROVIDERS)
def test_the_ring_works_over_every_provider(
    tmp_path: Path, clock: Clock, make: Callable[[Path], KeyProvider]
) -> None:
    provider = make(tmp_path)
    for name in ("signing", "log"):
        provider.create(name, os.urandom(32))
    provider.create(f"kek-{NOW:05d}", Kek(os.urandom(32), NOON).to_bytes())
    one, other = Keyring(provider, Entropy(), clock), Keyring(provider, Entropy(), clock)
    one.rotate(NOON)
    (doc,) = one.seal_keys(NOON)
    assert other.open_key(doc.kid, NOON).seal_key().text() == doc.public
    assert one.kek(one.epoch()) == other.kek(other.epoch())
    assert one.epoch_ends(one.epoch()) == (NOW + 1) * EPOCH + REWRAP


def test_two_who_make_a_secret_at_once_keep_the_same(tmp_path: Path) -> None:
    provider = FileProvider.made(tmp_path / "keys")
    made: list[bool] = []
    threads = [
        threading.Thread(target=lambda i=i: made.append(FileProvider(tmp_path / "keys").create("log", bytes([i]) * 32)))
        for i in range(8)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]
    assert len(provider.read("log")) == 32
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["log.key"]


# ---- seal keys ----
def test_a_seal_key_lives_its_day_and_the_next(directory: Path, clock: Clock) -> None:
    keys = opened(directory, clock)
    today = day_of(NOON)
    end = start_of(today) + 2 * DAY
    assert keys.open_key(today, end - 1).seal_key().text() == keys.seal_keys(NOON)[0].public
    with pytest.raises(SealKeyExpired):
        keys.open_key(today, end)
    with pytest.raises(SealKeyUnknown):
        keys.open_key("2026-11-23", NOON)
    with pytest.raises(SealKeyUnknown):
        keys.open_key("2026-13-99", NOON)


def test_rotation_makes_the_day_and_destroys_the_dead(directory: Path, clock: Clock) -> None:
    keys = opened(directory, clock)
    keys.rotate(NOON + DAY)
    assert [doc.kid for doc in keys.seal_keys(NOON + DAY)] == ["2026-11-23", "2026-11-22"]
    keys.rotate(NOON + 2 * DAY)
    assert [doc.kid for doc in keys.seal_keys(NOON + 2 * DAY)] == ["2026-11-24", "2026-11-23"]
    assert not (directory / "seal-2026-11-22.key").exists()
    again = opened(directory, clock)
    assert again.seal_keys(NOON + 2 * DAY) == keys.seal_keys(NOON + 2 * DAY)


def test_what_a_device_sealed_to_another_nodes_new_key_opens_here(
    directory: Path, clock: Clock
) -> None:
    one, other = opened(directory, clock), opened(directory, clock)
    one.rotate(NOON + DAY)
    new = one.seal_keys(NOON + DAY)[0]
    assert other.open_key(new.kid, NOON + DAY).seal_key().text() == new.public
    other.rotate(NOON + DAY)
    assert one.seal_keys(NOON + DAY) == other.seal_keys(NOON + DAY)


# ---- epochs ----
def test_an_epoch_begins_by_the_calendar_and_the_old_one_dies_only_when_told(
    directory: Path, clock: Clock
) -> None:
    keys = opened(directory, clock)
    old = keys.epoch()
    secret = keys.kek(old)
    clock.at = (old + 1) * EPOCH - 1
    assert keys.epoch() == old
    clock.at += 1
    assert keys.epoch() == old + 1  # whoever first needs it begins it
    assert keys.kek(old) == secret != keys.kek(old + 1)
    assert keys.epoch_ends(old) == (old + 1) * EPOCH + REWRAP
    assert keys.drop_epochs_before(old + 1) == 1
    assert secret not in [kek.secret for kek in keys._keks.values()]
    with pytest.raises(KeysMissing, match=f"epoch {old}"):
        keys.kek(old)
    assert not (directory / f"kek-{old:05d}.key").exists()
    assert b64(secret)[:30].encode() not in b"".join(p.read_bytes() for p in directory.iterdir())
    assert keys.drop_epochs_before(old + 1) == 0


def test_old_keys_may_go_when_every_node_must_know_the_new_one(
    directory: Path, clock: Clock
) -> None:
    keys = opened(directory, clock)
    clock.at += EPOCH
    keys.epoch()
    assert not keys.settled()
    clock.at += GRACE - 1
    assert not keys.settled()
    clock.at += 1
    assert keys.settled()
    assert opened(directory, clock).settled()  # also after a restart: the key says when it was made


def test_a_node_that_slept_reads_what_another_wrapped_and_wraps_with_the_new_key(
    directory: Path, clock: Clock
) -> None:
    awake, asleep = opened(directory, clock), opened(directory, clock)
    old = awake.epoch()
    new = awake.begin()  # nothing in the calendar tells the other
    assert new == old + 1
    assert asleep.kek(new) == awake.kek(new)
    assert asleep.epoch() == new
    third = opened(directory, clock)
    newest = awake.begin()
    assert third.epoch() == new  # looked a moment ago
    clock.at += 60
    assert third.epoch() == newest
    awake.drop_epochs_before(newest)
    third.rotate(clock.at)
    assert list(third._keks) == [newest]  # gone from the memory of the other node too


def test_an_epoch_begun_early_ends_with_the_calendar(directory: Path, clock: Clock) -> None:
    keys = opened(directory, clock)
    numbers = [keys.epoch(), keys.begin(), keys.begin()]
    assert numbers == [NOW, NOW + 1, NOW + 2]
    assert {keys.epoch_ends(number) for number in numbers} == {(NOW + 1) * EPOCH + REWRAP}
    clock.at = (NOW + 1) * EPOCH
    assert keys.epoch() == NOW + 3
    assert keys.epoch_ends(NOW + 3) == (NOW + 2) * EPOCH + REWRAP
    clock.at += 7 * EPOCH  # nobody was there for a while: the calendar has caught up
    assert keys.epoch() == NOW + 8


def test_keys_of_before_the_time_stood_in_them_still_serve(directory: Path, clock: Clock) -> None:
    (path,) = directory.glob("kek-*.key")
    path.write_text(b64(b"k" * 32) + "\n")
    keys = opened(directory, clock)
    assert keys.kek(NOW) == b"k" * 32
    assert (keys.epoch(), keys.epoch_ends(NOW)) == (NOW, (NOW + 1) * EPOCH + REWRAP)


def test_a_clock_that_goes_back_loses_nothing(directory: Path, clock: Clock) -> None:
    keys = opened(directory, clock)
    clock.at += 400 * DAY  # a fault: a year ahead
    ahead = keys.epoch()
    wrapped = keys.kek(ahead)
    clock.at = NOON
    assert keys.epoch() == NOW  # not with the key of next year
    assert keys.epoch_ends(keys.epoch()) <= NOON + EPOCH + REWRAP
    assert keys.kek(ahead) == wrapped  # and what was wrapped with it opens
    keys.drop_epochs_before(NOW)
    assert keys.kek(ahead)
    clock.at = NOON + EPOCH
    assert keys.epoch() == ahead + 1  # no number twice
    assert keys.epoch_ends(ahead + 1) == (NOW + 2) * EPOCH + REWRAP


def test_a_clock_that_goes_back_after_the_old_key_died(directory: Path, clock: Clock) -> None:
    keys = opened(directory, clock)
    clock.at += 400 * DAY
    ahead = keys.epoch()
    keys.drop_epochs_before(ahead)
    clock.at = NOON
    assert keys.epoch() == ahead + 1
    assert keys.epoch_ends(ahead + 1) == (NOW + 1) * EPOCH + REWRAP
    assert keys.kek(ahead)


def test_a_full_disk_is_told_and_the_next_try_works(directory: Path, clock: Clock) -> None:
    keys = opened(directory, clock)
    (path,) = directory.glob("kek-*.key")
    clock.at += EPOCH
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # no byte fits, for root neither
    try:
        with pytest.raises(KeysUnwritable, match="kek-"):
            keys.epoch()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(directory.glob("*.part"))
    assert keys.epoch() == NOW + 1
    assert path.exists()


# ---- variables ----
def test_variables_serve_like_files_and_are_the_operators_to_change(clock: Clock) -> None:
    environ = environment()
    keys = create_keys("env:", Entropy(), clock, environ)
    again = open_keys("env:", Entropy(), clock, environ)
    assert keys.epoch() == NOW
    assert keys.kek(NOW) == again.kek(NOW)
    assert again.open_key(day_of(NOON), NOON).secret() == keys.open_key(day_of(NOON), NOON).secret()
    roots = [environ[f"MIEN_KEY_EPOCH_{NOW:05d}"]]
    assert b64(keys.kek(NOW)) not in roots
    with pytest.raises(KeysUnwritable, match=f"MIEN_KEY_EPOCH_{NOW + 1:05d}"):
        keys.begin()


def test_one_root_gives_every_use_a_key_of_its_own(clock: Clock) -> None:
    provider = EnvironmentProvider(environment(NOW, NOW + 1))
    clock.at = (NOW + 1) * EPOCH - DAY
    names = [f"kek-{NOW:05d}", f"kek-{NOW + 1:05d}"]
    names += [f"seal-{day_of(clock.at + i * DAY)}" for i in range(-3, 4)]
    secrets = [provider.read(name)[:32] for name in names]
    assert len(set(secrets)) == len(names)


def test_the_next_epochs_variable_is_asked_for_in_time_and_missing_it_ends_it(
    clock: Clock,
) -> None:
    keys = create_keys("env:", Entropy(), clock, environment())
    clock.at = (NOW + 1) * EPOCH - 8 * DAY
    assert keys.next_missing() is None
    clock.at += DAY
    assert keys.next_missing() == f"MIEN_KEY_EPOCH_{NOW + 1:05d}"
    clock.at = (NOW + 1) * EPOCH - 1
    keys.rotate(clock.at)
    clock.at += 1
    for act in (keys.epoch, lambda: keys.rotate(clock.at)):
        with pytest.raises(KeysMissing, match=f"MIEN_KEY_EPOCH_{NOW + 1:05d}.*not set"):
            act()
    # So no certificate promises what does not happen; and readiness says no:
    assert day_of(clock.at) not in [doc.kid for doc in keys.seal_keys(clock.at)]


def test_a_variable_that_is_there_early_waits_for_its_epoch(clock: Clock) -> None:
    keys = create_keys("env:", Entropy(), clock, environment(NOW, NOW + 1))
    clock.at = (NOW + 1) * EPOCH - DAY
    keys.rotate(clock.at)
    assert (keys.epoch(), keys.next_missing()) == (NOW, None)
    last = day_of(clock.at)
    clock.at += DAY
    keys.rotate(clock.at)
    assert keys.epoch() == NOW + 1
    assert [doc.kid for doc in keys.seal_keys(clock.at)] == [day_of(clock.at), last]
    keys.drop_epochs_before(NOW + 1)
    with pytest.raises(KeysMissing, match=f"MIEN_KEY_EPOCH_{NOW:05d}"):
        keys.kek(NOW)
    keys.open_key(last, clock.at)  # yesterday's seal key has its day still


def test_a_root_that_begins_now_takes_over_at_once(clock: Clock) -> None:
    environ = environment()
    early = b64(Kek(os.urandom(32), NOON).to_bytes())
    keys = create_keys(
        "env:", Entropy(), clock, {**environ, f"MIEN_KEY_EPOCH_{NOW + 1:05d}": early}
    )
    before = create_keys("env:", Entropy(), clock, environ)
    assert keys.epoch() == NOW + 1
    assert keys.kek(NOW) == before.kek(NOW)
    assert keys.epoch_ends(NOW + 1) == (NOW + 1) * EPOCH + REWRAP
    # Today's seal key is the one that devices have.
    assert keys.seal_keys(NOON) == before.seal_keys(NOON)


@pytest.mark.parametrize("name", ["SIGNING", "LOG", f"EPOCH_{NOW:05d}"])
@pytest.mark.parametrize("text", [None, "", "not base64, a canary", "Y2FuYXJ5"])
def test_a_bad_variable_is_named_and_not_shown(clock: Clock, name: str, text: str | None) -> None:
    environ = environment()
    environ.pop(f"MIEN_KEY_{name}")
    if text is not None:
        environ[f"MIEN_KEY_{name}"] = text
    with pytest.raises(KeysMissing) as caught:
        create_keys("env:", Entropy(), clock, environ)
    error: BaseException | None = caught.value
    while error is not None:
        assert not text or text not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


# ---- which provider ----
def test_a_provider_of_another_distribution(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    info = site / "mien_shelf-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mien-shelf\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mien.keys]\nshelf = {__name__}:Shelf\n")
    monkeypatch.syspath_prepend(str(site))
    made = create_keys(f"shelf:{tmp_path}//deep", Entropy(), clock)
    assert made.epoch() == NOW
    assert (tmp_path / "deep" / f"kek-{NOW:05d}").exists()
    again = open_keys(f"shelf:{tmp_path}//deep", Entropy(), clock, {})
    assert again.kek(NOW) == made.kek(NOW)
    with pytest.raises(SettingsError, match=r"`other`.*`env:`, `shelf:`"):
        open_keys("other:x", Entropy(), clock, {})


def test_nothing_follows_env(clock: Clock) -> None:
    with pytest.raises(SettingsError, match="MIEN_KEY_"):
        open_keys("env:production", Entropy(), clock, environment())


# ---- whatever happens ----
class Remembering(Shelf):
    """A provider that remembers which epochs it ever had."""

    def __init__(self, rest: str) -> None:
        super().__init__(rest)
        self.ever: list[str] = []

    def create(self, name: str, secret: bytes) -> bool:
        made = super().create(name, secret)
        self.ever += [name] if made and name.startswith("kek-") else []
        return made


STEPS = st.lists(
    st.sampled_from([
        *[(what, node) for what in ("wrap", "round", "begin") for node in (0, 1)] * 3,
        *[("wait", seconds) for seconds in (1, 59, 61, GRACE, DAY, EPOCH, 3 * EPOCH)],
        *[("back", seconds) for seconds in (1, 600, DAY, EPOCH)],
    ]),
    min_size=10,
    max_size=40,
)  # fmt: skip


def a_round(keys: Keyring, clock: Clock, rows: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """What a round of rotation does with what is wrapped, and the rows after it."""
    keys.rotate(clock.at)
    epoch, last = keys.epoch(), keys.settled()
    old = [row for row in rows if row[0] < epoch]
    assert all(keys.kek(number) == secret for number, secret in old)
    if last:
        keys.drop_epochs_before(epoch)
    return [(epoch, keys.kek(epoch)) if row in old else row for row in rows]


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_whatever_two_nodes_and_their_clocks_do_all_that_was_wrapped_opens(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And no number comes twice, and no epoch lasts longer than certificates say."""
    clock = Clock()
    provider = Remembering(str(tmp_path_factory.mktemp("shelf")))
    for name in ("signing", "log"):
        provider.create(name, os.urandom(32))
    provider.create(f"kek-{NOW:05d}", Kek(os.urandom(32), NOON).to_bytes())
    nodes = [Keyring(provider, Entropy(), clock) for _ in range(2)]
    rows: list[tuple[int, bytes]] = []
    for what, n in steps:
        if what in {"wait", "back"}:
            clock.at += n if what == "wait" else -n
            continue
        keys = nodes[n]
        if what == "begin":
            keys.begin()
        elif what == "wrap":
            rows.append((keys.epoch(), keys.kek(keys.epoch())))
        else:
            rows = a_round(keys, clock, rows)
        assert clock.at < keys.epoch_ends(keys.epoch()) <= clock.at + SKEW + EPOCH + REWRAP
    for keys in nodes:
        keys.rotate(clock.at)
        assert all(keys.kek(epoch) == secret for epoch, secret in rows)
    assert len(provider.ever) == len(set(provider.ever))
