"""A stolen PostgreSQL: everything that it writes (tables, indexes, write-ahead log, its own log) searched for what a person's face told."""

from collections.abc import Iterator
from pathlib import Path

from tests.postgres import Cluster, databases
from tests.server.world import Phone, World

from mien.values import Label
from mien.wire.slots import pack_slot

CHUNK = 1 << 20


def found(cluster: Cluster, secrets: dict[str, bytes]) -> set[str]:
    """Which of the secrets lie anywhere below the data directory or in the server's log."""
    cluster.say("CHECKPOINT")
    files = [path for path in cluster.directory.rglob("*") if path.is_file()]
    assert any("pg_wal" in path.parts for path in files)
    return {name for path in files for name in _in(path, secrets)}


def _in(path: Path, secrets: dict[str, bytes]) -> Iterator[str]:
    longest = max(map(len, secrets.values()))
    before = b""
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            window = before + piece
            yield from (name for name, secret in secrets.items() if secret in window)
            before = window[-longest:]


async def told(world: World, phone: Phone) -> dict[str, bytes]:
    """Labels sent and used, rewarded; what must not be found."""
    seen = [Label("contempt", phone.now() - i, confidence=15, valence=-13, arousal=11, model=61) for i in range(1, 9)]  # fmt: skip
    await phone.send(seen)
    ranked = await phone.rank()
    await phone.reward(ranked.event, 100)
    person = await world.person(phone.subject)
    vault = world.pipeline._parts.vault(person)
    key = world.keys.kek(person.epoch)
    assert vault.subject == phone.subject
    return {
        "label": pack_slot(seen[0], seen[-1].ended_at),
        "another label": pack_slot(seen[3], seen[-1].ended_at),
        "stream key": phone.stream_key,
        "key-encryption key": key,
        "signing key": world.keys.signing.secret(),
        "why": b'contempt":',
    }  # fmt: skip


async def test_nothing_a_face_told_lies_in_the_clear(tmp_path: Path) -> None:
    place = databases()
    url = place.take()
    try:
        async with World(tmp_path, url=url) as world:
            phone = await world.enrolled()
            secrets = await told(world, phone)
            assert found(place.cluster, secrets) == set()
            # The search finds what does lie there: a random id, which a row is found by.
            assert found(place.cluster, {"subject": phone.subject.encode()}) == {"subject"}
    finally:
        place.give_back(url)


async def test_a_label_written_in_the_clear_would_be_found(tmp_path: Path) -> None:
    place = databases()
    url = place.take()
    planted = b"planted-in-the-clear-0a1b"
    try:
        async with World(tmp_path, url=url) as world:
            phone = await world.enrolled()
            await phone.send()
            place.cluster.say(f"UPDATE record SET sealed = '\\x{planted.hex()}'", url)  # noqa: S608 - our own bytes
            assert found(place.cluster, {"planted": planted}) == {"planted"}
    finally:
        place.give_back(url)
