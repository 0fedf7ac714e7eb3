"""The journal: what people took back is durable before it counts, and a restored database is told of it before anything is served."""

import asyncio
import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.server.web import Web
from tests.server.world import DAY, NOON, ROOT, MakeWorld, Phone, SystemEntropy, World

from mien.errors import ConsentMissing
from mien.wire.canonical import b64
from mien_server import journal as mod
from mien_server import logs
from mien_server.app import create_app
from mien_server.errors import (
    JournalInvalid,
    JournalMissing,
    JournalUnwritable,
    PersonErased,
)
from mien_server.journal import FileJournal
from mien_server.pipeline.restoring import LIFE, Applied
from mien_server.settings import Settings
from mien_server.values import Taken


def entry(number: int, kind: str = "withdrawn", at: int = NOON) -> Taken:
    return Taken(number.to_bytes(16, "big"), kind, "shop", f"sub_{'a' * 26}", at)


def journal_in(directory: Path) -> FileJournal:
    made = FileJournal(directory / "journal", SystemEntropy())
    made.make()
    return made


def only_file(directory: Path) -> Path:
    (found,) = (directory / "journal").iterdir()
    return found


# ---- the files ----
def test_what_one_process_wrote_all_read_oldest_first(tmp_path: Path) -> None:
    one, other = journal_in(tmp_path), journal_in(tmp_path)
    one.append([entry(2, at=NOON + 5), entry(3, "erased", NOON + 7)])
    other.append([entry(1)])
    assert one.entries() == other.entries() == (entry(1), entry(2, at=NOON + 5), entry(3, "erased", NOON + 7))  # fmt: skip
    assert {each.id for each in one.newest()} == {entry(1).id, entry(3).id}
    files = list((tmp_path / "journal").iterdir())
    assert len(files) == 2
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700


def test_the_same_entry_again_counts_once_and_for_its_latest_time(tmp_path: Path) -> None:
    one = journal_in(tmp_path)
    one.append([entry(1, at=NOON + 9)])
    one.append([entry(1)])
    assert one.entries() == (entry(1, at=NOON + 9),)
    assert one.written_at(entry(1).id) == NOON
    assert one.written_at(entry(2).id) is None


def test_nothing_of_a_person_but_a_random_id_is_there(tmp_path: Path) -> None:
    journal_in(tmp_path).append([entry(1, "erased")])
    line, _, crc = only_file(tmp_path).read_text().rpartition(" ")
    assert line == (
        f'{{"at":{NOON},"id":"{b64(entry(1).id)}","kind":"erased","site":"shop","subject":"sub_{"a" * 26}","v":1}}'
    )
    assert len(crc) == 9


def test_a_sync_comes_before_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of the directory, where the file's name is."""
    synced: list[Path] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        real(handle)

    one = journal_in(tmp_path)
    monkeypatch.setattr(os, "fsync", fsync)
    one.append([entry(1)])
    assert synced == [only_file(tmp_path), tmp_path / "journal"]
    one.append([entry(2)])
    assert synced[2:] == [only_file(tmp_path)]


def test_threads_share_a_sync_and_none_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = journal_in(tmp_path)
    syncs = 0
    real, begun, go = os.fsync, threading.Event(), threading.Event()

    def fsync(handle: int) -> None:
        nonlocal syncs
        syncs += 1
        begun.set()
        assert go.wait(10)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    threads = [threading.Thread(target=one.append, args=([entry(i)],)) for i in range(1, 9)]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(one._waiting) < 7:
        pass
    go.set()
    for thread in threads:
        thread.join(10)
    assert [each.id for each in one.entries()] == [entry(i).id for i in range(1, 9)]
    assert syncs == 3  # the first's file and directory, then one for the seven that waited


@pytest.mark.parametrize("lost", range(1, 12))
def test_a_torn_last_line_is_left_out_and_never_glued_to(tmp_path: Path, lost: int) -> None:
    journal_in(tmp_path).append([entry(1), entry(2)])
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-lost])
    again = journal_in(tmp_path)
    assert again.entries() == ((entry(1), entry(2)) if lost == 1 else (entry(1),))
    assert again.newest()[0].id == (entry(2) if lost == 1 else entry(1)).id
    again.append([entry(3)])
    assert entry(3) in again.entries()
    assert len(list((tmp_path / "journal").iterdir())) == 2


def test_blocks_that_never_reached_the_disk_read_as_torn(tmp_path: Path) -> None:
    """After a power cut a file may have its length and not its content; also several lines of it."""
    journal_in(tmp_path).append([entry(i) for i in range(1, 100)])
    path = only_file(tmp_path)
    content = bytearray(path.read_bytes())
    start = content.index(b"\n", len(content) // 2) + 1
    content[start + 5 : -1] = bytes(len(content) - start - 6)
    path.write_bytes(content)
    again = journal_in(tmp_path)
    kept = len(again.entries())
    assert 40 < kept < 60
    assert again.newest() == (entry(kept),)


def test_a_damaged_line_before_a_whole_one_is_refused(tmp_path: Path) -> None:
    journal_in(tmp_path).append([entry(1), entry(2)])
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"withdrawn", b"withdrawm", 1))
    with pytest.raises(JournalInvalid, match="line 1") as caught:
        journal_in(tmp_path).entries()
    assert "sub_" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(entry(2), kind="paused"), replace(entry(2), id=b"short"), replace(entry(2), at=True),
    ],
)  # fmt: skip
def test_a_word_this_server_does_not_know_is_refused_loudly(tmp_path: Path, wrong: Taken) -> None:
    """A newer server wrote it: it could be anything, also somebody's erasure. At the end of a file too."""
    one = journal_in(tmp_path)
    one.append([entry(1), wrong])
    for read in (one.entries, one.newest):
        with pytest.raises(JournalInvalid, match="does not understand"):
            read()


def test_other_versions_fields_and_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(mod, "_VERSION", 2)
        journal_in(tmp_path).append([entry(1)])
    with pytest.raises(JournalInvalid, match="newer"):
        journal_in(tmp_path).entries()
    only_file(tmp_path).rename(tmp_path / "journal" / "2026-13-01-0011223344556677.journal")
    with pytest.raises(JournalInvalid, match="no name"):
        journal_in(tmp_path).entries()


@pytest.mark.parametrize("what", ["directory", "file"])
def test_what_others_can_reach_is_refused(tmp_path: Path, what: str) -> None:
    one = journal_in(tmp_path)
    one.append([entry(1)])
    path = tmp_path / "journal" if what == "directory" else only_file(tmp_path)
    path.chmod(path.stat().st_mode | 0o020)
    with pytest.raises(JournalInvalid, match="other users"):
        one.entries()


def test_a_failed_write_is_told_and_that_file_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = journal_in(tmp_path)
    one.append([entry(1)])
    first = only_file(tmp_path)
    real = os.write

    def half(handle: int, content: Any) -> int:
        real(handle, bytes(content)[:20])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "write", half)
        with pytest.raises(JournalUnwritable, match="no space left"):
            one.append([entry(2)])
    assert one.written_at(entry(2).id) is None
    size = first.stat().st_size
    one.append([entry(2)])
    assert first.stat().st_size == size
    assert one.entries() == (entry(1), entry(2))


def test_a_directory_that_goes_is_never_made_anew_under_a_running_server(tmp_path: Path) -> None:
    """A disk that was unmounted: what is written into the empty folder below it would be lost when it comes back."""
    one = journal_in(tmp_path)
    one.append([entry(1)])
    one.check()
    (tmp_path / "journal").rename(tmp_path / "elsewhere")
    with pytest.raises(JournalMissing):
        one.check()
    with pytest.raises(JournalUnwritable):
        one.append([entry(2)])
    assert not (tmp_path / "journal").exists()
    assert one.entries() == ()


def test_a_day_has_its_file_and_goes_whole(tmp_path: Path) -> None:
    one = journal_in(tmp_path)
    for day in range(4):
        one.append([entry(day + 1, at=NOON + day * DAY)])
    assert len(list((tmp_path / "journal").iterdir())) == 4
    one.drop_before(NOON + 2 * DAY)
    # What lies on the border stays: the file of the day before it could be of a process that wrote past midnight.
    assert [each.id for each in one.entries()] == [entry(i).id for i in (2, 3, 4)]


# ---- a person takes something back ----
async def noted(world: World) -> int:
    return len(await world.store.transact(lambda t: t.noted.since(0)))


async def test_each_way_of_taking_back_is_in_journal_and_database(make_world: MakeWorld) -> None:
    async with make_world() as world:
        withdraws, erases, invalid = [await world.enrolled() for _ in range(3)]
        narrows = await world.enrolled("personalize_offers", "adapt_service")
        stays = await world.enrolled()
        await stays.consent("personalize_offers", "adapt_service")
        assert world.journal.entries() == ()
        await withdraws.withdraw()
        answer = await erases.erase()
        await narrows.consent("adapt_service")
        await world.pipeline.invalidate("shop", subject=invalid.subject)
        kept = {each.subject: each for each in world.journal.entries()}
        assert {name: each.kind for name, each in kept.items()} == {
            withdraws.subject: "withdrawn", erases.subject: "erased", narrows.subject: "withdrawn",
            invalid.subject: "withdrawn",
        }  # fmt: skip
        assert await world.store.transact(lambda t: t.noted.since(0)) == {
            each.id for each in kept.values()
        }
        assert answer.erasure.startswith("era_")
        assert await world.pipeline.restore() == Applied()
        assert await world.pipeline.heed() == Applied()


async def test_many_invalid_consents_are_one_write(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_world() as world:
        for _ in range(5):
            await world.enrolled()
        writes: list[int] = []
        real = world.journal.append

        def append(entries: Any) -> None:
            writes.append(len(entries))
            real(entries)

        monkeypatch.setattr(world.journal, "append", append)
        notice = (await world.person((await world.enrolled()).subject)).notice_sha256
        assert await world.pipeline.invalidate("shop", notice=notice) == 6
        assert writes == [6]


async def test_without_a_journal_nobody_is_told_yes_and_nothing_changes(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        world.journal_directory.rename(world.directory / "away")
        for attempt in (phone.withdraw, phone.erase):
            with pytest.raises(JournalUnwritable):
                await attempt()
        assert (await world.person(phone.subject)).state == "given"
        assert await noted(world) == 0
        assert (await phone.send()).accepted
        (world.directory / "away").rename(world.journal_directory)
        assert (await phone.withdraw()).outcome == "withdrawn"


async def test_a_consent_given_between_journal_and_database_is_taken_back_whole(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry must reach to the consent that the committed withdrawal takes back, also when that came in between."""
    async with make_world() as world:
        phone = await world.enrolled()
        real, loop = world.journal.append, asyncio.get_running_loop()
        raced: list[int] = []

        def append(entries: Any) -> None:
            real(entries)
            if not raced:
                raced.append(1)
                world.clock.at += 60
                again = phone.consent("personalize_offers", "adapt_service")
                asyncio.run_coroutine_threadsafe(again, loop).result(20)

        monkeypatch.setattr(world.journal, "append", append)
        await phone.withdraw("personalize_offers", "adapt_service")
        (kept,) = world.journal.entries()
        assert kept.at >= (await world.person(phone.subject)).consented_at == NOON + 60


# ---- a database that is older than the journal ----
async def forget(world: World) -> None:
    """What an older backup does not know: the ids of the entries."""
    await world.store.transact(lambda t: t.noted.delete_before(2**40, 10_000))


async def test_an_erasure_that_never_committed_is_done_and_found_by_its_name(
    make_world: MakeWorld,
) -> None:
    """The process died between journal and database: the person heard an error, and is erased all the same."""
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        text = phone.erasure()

        class Dying:
            """A store whose process dies when a closure comes the second time."""

            def __init__(self) -> None:
                self.calls = 0

            async def transact(self, work: Any) -> Any:
                self.calls += 1
                if self.calls > 1:
                    raise ConnectionError
                return await world.store.transact(work)

        with pytest.raises(ConnectionError):
            await world.pipeline_over(Dying()).erase(world.site, text)
        assert (await phone.send()).accepted
        assert await world.pipeline.restore() == Applied(erased=1)
        with pytest.raises(PersonErased):
            await phone.send()
        answer = await world.pipeline.erase(world.site, text)  # the device asks again
        assert phone.certificate(answer).stage == "accepted"
        await world.pipeline.complete_erasures()
        done = phone.certificate(await world.pipeline.erasure(answer.erasure))
        assert (done.stage, done.key_destroyed, done.records_deleted) == ("completed", True, 2)
        assert await world.pipeline.restore() == Applied()
        assert len(world.journal.entries()) == 1


async def test_a_withdrawal_is_done_again_and_a_later_consent_stays(make_world: MakeWorld) -> None:
    async with make_world() as world:
        gone, back = await world.enrolled(), await world.enrolled()
        await gone.send()
        for phone in (gone, back):
            await phone.withdraw()
        world.clock.at += 60
        await back.consent("personalize_offers")
        await gone.consent("personalize_offers")
        # The backup is from before the withdrawals: its consents are as old as they were.
        before = await world.person(gone.subject)
        await world.store.transact(lambda t: t.people.put(replace(before, consented_at=NOON)))
        await gone.send()
        await forget(world)
        assert await world.pipeline.restore() == Applied(withdrawn=1)
        assert [(await world.person(each.subject)).state for each in (gone, back)] == ["withdrawn", "given"]  # fmt: skip
        with pytest.raises(ConsentMissing):
            await gone.send()
        await world.pipeline.sweep()
        assert await world.store.transact(lambda t: t.records.all("shop", gone.subject)) == ()
        said = [each["record"] for each in (await gone.export())["decisions"]]
        assert sum('"action":"withdraw"' in each for each in said) == 2
        assert (await back.send()).accepted
        assert await world.pipeline.restore() == Applied()


async def test_an_id_nobody_has_is_closed_for_ever(make_world: MakeWorld) -> None:
    """Enrolled after the backup, and erased: that id must not begin anew."""
    async with make_world() as world:
        phone = world.phone()
        world.journal.append([Taken(bytes(16), "erased", "shop", phone.subject, NOON)])
        world.journal.append([Taken(bytes([1] * 16), "withdrawn", "shop", world.phone().subject, NOON)])  # fmt: skip
        assert await world.pipeline.restore() == Applied(erased=1)
        with pytest.raises(PersonErased):
            await phone.consent("personalize_offers")
        await world.pipeline.complete_erasures()
        assert (await world.person(phone.subject)).tombstoned_at == NOON
        assert await world.pipeline.restore() == Applied()


async def test_a_site_that_the_backup_does_not_know_waits(make_world: MakeWorld) -> None:
    async with make_world() as world:
        world.journal.append([Taken(bytes(16), "erased", "school", world.phone().subject, NOON)])
        assert await world.pipeline.restore() == Applied(waiting=1)
        assert await world.pipeline.heed() == Applied(waiting=1)
        await world.store.transact(
            lambda t: t.sites.put(
                replace(world.site, id="school", publishable_sha256=b"p", secret_sha256=b"s")
            )
        )
        assert await world.pipeline.heed() == Applied(erased=1)


async def test_a_database_exchanged_under_a_running_server_is_noticed(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        text = phone.erasure()
        await world.pipeline.erase(world.site, text)
        person = replace(await world.person(phone.subject), tombstoned_at=0)
        await forget(world)
        await world.store.transact(lambda t: t.people.put(person))
        assert await world.pipeline.heed() == Applied(erased=1)
        with pytest.raises(PersonErased):
            await phone.send()


async def test_a_journal_that_lacks_what_the_database_heard_is_refused(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.withdraw()
        world.journal_directory.rename(tmp_path / "lost")
        with pytest.raises(JournalMissing, match="MIEN_JOURNAL"):
            await world.pipeline.restore()
        world.journal.make()  # an empty one, or another node's own
        for look in (world.pipeline.restore, world.pipeline.heed):
            with pytest.raises(JournalMissing, match="restore it"):
                await look()
        FileJournal(world.journal_directory, world.entropy).append([entry(7)])
        with pytest.raises(JournalMissing):
            await world.pipeline.restore()
        world.clock.at += LIFE + DAY
        # No backup of before can be read any more: it has nothing to say.
        assert await world.pipeline.restore() == Applied()


async def test_a_lost_journal_is_written_anew_from_the_live_database(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with make_world() as world:
        erased, withdrawn, stays = [await world.enrolled() for _ in range(3)]
        await erased.erase()
        await world.pipeline.complete_erasures()
        await withdrawn.withdraw()
        world.clock.at += 60
        world.journal_directory.rename(tmp_path / "lost")
        assert await world.pipeline.renew_journal() == 2
        assert {(each.kind, each.subject) for each in world.journal.entries()} == {
            ("erased", erased.subject), ("withdrawn", withdrawn.subject),
        }  # fmt: skip
        assert await world.pipeline.restore() == Applied()
        assert await world.pipeline.heed() == Applied()
        assert (await stays.send()).accepted


async def test_a_journal_written_anew_lasts_as_long_as_its_youngest_entry(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        erased, withdrawn = await world.enrolled(), await world.enrolled()
        await erased.erase()
        await world.pipeline.complete_erasures()
        world.clock.at += LIFE - DAY
        await world.pipeline.rotate()
        await withdrawn.consent("personalize_offers")
        await withdrawn.withdraw()
        shutil.rmtree(world.journal_directory)
        assert await world.pipeline.renew_journal() == 2
        world.clock.at += 5 * DAY
        await world.pipeline.heed()
        assert withdrawn.subject in {each.subject for each in world.journal.entries()}


async def test_a_journal_of_which_a_part_is_lost_is_refused(make_world: MakeWorld) -> None:
    """Each node has files of its own: that the youngest entry is there says nothing of another node's."""
    async with make_world() as world:
        first, second = await world.enrolled(), await world.enrolled()
        await first.withdraw()
        (lost,) = world.journal_directory.iterdir()
        world.clock.at += DAY
        await world.pipeline.rotate()
        await second.withdraw()
        lost.unlink()
        with pytest.raises(JournalMissing, match="restore it"):
            await world.pipeline.restore()


async def test_what_no_backup_can_bring_back_is_forgotten(make_world: MakeWorld) -> None:
    async with make_world() as world:
        for phone in [await world.enrolled() for _ in range(2)]:
            await phone.withdraw()
            world.clock.at += 40 * DAY
        assert LIFE < 80 * DAY
        await world.pipeline.heed()
        assert len(world.journal.entries()) == await noted(world) == 1
        world.clock.at = NOON + 40 * DAY + LIFE + 4 * DAY
        await world.pipeline.heed()
        assert len(world.journal.entries()) == await noted(world) == 0


async def test_two_nodes_that_start_at_once_do_it_once(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phones = [await world.enrolled() for _ in range(4)]
        for number, phone in enumerate(phones):
            kind = "erased" if number % 2 else "withdrawn"
            world.journal.append([replace(entry(number, kind), subject=phone.subject)])
        other = world.new_store()
        world.wait_for_others()
        try:
            both = await asyncio.gather(
                world.pipeline.restore(), world.pipeline_over(other).restore()
            )
        finally:
            await other.close()
        assert sum(each.erased for each in both) == sum(each.withdrawn for each in both) == 2
        assert len(await world.store.transact(lambda t: t.erasures.open(9))) == 2


# ---- killed ----
@pytest.mark.sqlite
@pytest.mark.parametrize("act", ["erase", "withdraw"])
@pytest.mark.parametrize("where", ["before-journal", "after-journal", "after-commit"])
async def test_killed_anywhere_an_act_is_whole_or_not_there(
    make_world: MakeWorld, tmp_path: Path, act: str, where: str
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        text = phone.erasure() if act == "erase" else phone.withdrawal("personalize_offers")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.server.taking_back", str(tmp_path / "world"), str(world.clock.at), act, where],
        cwd=ROOT, input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    async with make_world() as again:
        phone.world = again
        applied = await again.pipeline.restore()
        assert bool(applied) == (where == "after-journal")
        if where == "before-journal":
            assert (await phone.send()).accepted
            return
        await taken_for_good(again, phone, act)


async def taken_for_good(world: World, phone: Phone, act: str) -> None:
    with pytest.raises(PersonErased if act == "erase" else ConsentMissing):
        await phone.send()
    await world.pipeline.sweep()
    await world.pipeline.complete_erasures()
    assert await world.store.transact(lambda t: t.records.all("shop", phone.subject)) == ()
    assert await world.pipeline.restore() == Applied()
    assert len(world.journal.entries()) == 1


# ---- the whole server ----
def settings_of(world: World) -> Settings:
    return Settings(
        database=world.address, keys=str(world.key_directory), journal=world.journal_directory,
        metrics=False,
    )  # fmt: skip


def test_a_server_has_applied_the_journal_before_it_answers(make_world: MakeWorld) -> None:
    world = make_world()
    phones: list[Phone] = []

    async def before() -> None:
        async with world:
            phones.append(await world.enrolled())
            world.journal.append([replace(entry(1, "erased"), subject=phones[0].subject)])

    asyncio.run(before())
    out = io.StringIO()
    app = create_app(settings_of(world), clock=world.clock, logger=logs.make("info", out))
    with Web(app) as web:
        store = app.state.pipeline._parts.store
        person = web.run(store.transact(lambda t: t.people.get("shop", phones[0].subject, "none")))
        assert person.tombstoned_at == NOON
        assert web.get("/readyz").status_code == 200
        world.journal_directory.rename(world.directory / "away")
        ready = web.get("/readyz")
        assert (ready.status_code, ready.json()["code"]) == (503, "not-ready")
        assert "journal" in ready.json()["detail"]
        assert web.get("/healthz").status_code == 200
        (world.directory / "away").rename(world.journal_directory)
        assert web.get("/readyz").status_code == 200
    assert '"count": 1' in out.getvalue()
    assert "journal-applied" in out.getvalue()
    assert phones[0].subject not in out.getvalue()


def test_a_withdrawal_without_a_journal_is_a_clear_503(make_world: MakeWorld) -> None:
    world = make_world()
    said: list[str] = []

    async def before() -> None:
        async with world:
            said.append((await world.enrolled()).withdrawal("personalize_offers"))

    asyncio.run(before())
    with Web(create_app(settings_of(world), clock=world.clock)) as web:
        world.journal_directory.rename(world.directory / "away")
        more = {"json": {"jws": said[0]}, "headers": {"Mien-Site-Key": "pk_shop"}}
        refused = web.post("/v1/withdrawals", **more)
        assert (refused.status_code, refused.json()["code"]) == (503, "journal-unwritable")
        assert str(world.directory) not in refused.text
        (world.directory / "away").rename(world.journal_directory)
        assert web.post("/v1/withdrawals", **more).status_code == 200


def test_a_server_without_the_journal_that_its_database_knows_does_not_start(
    make_world: MakeWorld,
) -> None:
    world = make_world()

    async def before() -> None:
        async with world:
            await (await world.enrolled()).withdraw()
            # The clock of the process that is started is the machine's.
            now = int(time.time())
            await world.store.transact(lambda t: t.noted.add(bytes(16), now))

    asyncio.run(before())
    told = {
        "MIEN_DATABASE": world.address, "MIEN_KEYS": str(world.key_directory),
        "MIEN_JOURNAL": str(world.journal_directory),
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MIEN_")}
    done = subprocess.run(
        [sys.executable, "-m", "mien.cli", "serve", "--port", "0"],
        capture_output=True, text=True, check=False, timeout=60, env=kept | told, cwd=world.directory,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "the journal lacks withdrawals or erasures" in done.stderr
    assert "[journal-missing]" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_the_journal_lies_without_a_word() -> None:
    assert Settings().journal_directory == Path("var/journal")
    assert Settings(database="sqlite:////srv/mien/mien.db").journal_directory == Path("/srv/mien/journal")  # fmt: skip
    assert Settings(database="postgresql://mien:x@db/mien").journal_directory == Path("var/journal")
    assert Settings(journal=Path("/mnt/journal")).journal_directory == Path("/mnt/journal")
