"""What officers ask of the log: the right decisions, none of the erased, each look in the log before its answer; strangers get nothing."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from tests.server.world import NOON, ORIGIN, ROOT, MakeWorld, Phone, World, shop

from mien.errors import ClockSkewed, EnvelopeReplayed, RequestInvalid, SignatureInvalid
from mien.values import Claims, Label
from mien.wire.canonical import b64, encode, unb64
from mien.wire.keys import SigningKey
from mien.wire.messages import (
    CLOCK_SKEW,
    PASS_SECONDS,
    Cursor,
    EntriesAsk,
    ExplainAnswer,
    ExplainAsk,
    FindAnswer,
    FindAsk,
    LogFilter,
    OfficerStatement,
    StateAnswer,
    StateAsk,
    TallyAnswer,
    TallyAsk,
    dump,
    parse,
)
from mien.wire.proof import leaf_of, note_key, verify_tlog_proof
from mien.wire.signatures import Kind, sign
from mien_server import record
from mien_server.cli.officer.key import OfficerKey, fresh
from mien_server.errors import LeafUnknown, OfficerUnknown
from mien_server.pipeline import looking, opened
from mien_server.pipeline.opened import openings
from mien_server.ports import Transaction
from mien_server.values import Officer

HOUR = 3600
AFTER = NOON + 6 * HOUR
"""When everything has happened."""
LOG = note_key(ORIGIN, SigningKey.generate().verify_key())
ANNA = OfficerKey.of(fresh("anna", LOG))
EVA = OfficerKey.of(fresh("eva", LOG))


def listed(key: OfficerKey) -> Officer:
    name, _, public = key.listed.partition("+")
    return Officer(name, unb64(public))


def with_officers(make_world: MakeWorld, **other: Any) -> World:
    return make_world(officers=(listed(ANNA), listed(EVA)), **other)


async def busy(world: World) -> list[Phone]:
    """Decisions of several kinds, people, sites and hours; somebody erased, somebody refused; the phones, the erased last."""
    await world.store.transact(lambda t: t.sites.put(shop("other")))
    found = []
    for hour in range(3):
        world.clock.at = NOON + hour * HOUR + 600 * hour
        phone = await world.enrolled("personalize_offers", "adapt_service")
        await phone.send()
        await phone.rank()
        found.append(phone)
    world.site = shop("other")
    found.append(await world.enrolled())
    world.site = shop()
    await world.phone().consent("personalize_offers", claims=_no_claims())
    await found[0].withdraw()
    first = (await found[1].export())["labels"][0]
    await found[1].correct(first["record"], _sad(first["ended_at"]))
    gone = await world.enrolled()
    await gone.erase()
    await world.pipeline.complete_erasures()
    # A clock that was set back: the order of hours is not that of places any more.
    world.clock.at = NOON - 5 * HOUR
    await found[2].rank()
    world.clock.at = AFTER
    await world.pipeline.sweep()
    await world.pipeline.sequence()
    return [*found, gone]


def _no_claims() -> Claims:
    return Claims(("EU-DE",), age_band="under_13")


def _sad(ended_at: int) -> Label:
    return Label("sadness", ended_at, confidence=15, source="declared")


async def everything(world: World) -> dict[int, dict[str, Any]]:
    """Every record that opens, by its index, read without what is tested here."""

    def work(transaction: Transaction) -> dict[int, dict[str, Any]]:
        now = world.clock.now()
        found = openings(transaction, world.keys, now)
        return {index: json.loads(each.record) for index, each in found}

    docs: dict[int, dict[str, Any]] = await world.store.transact(work)
    return docs


async def looks(world: World) -> list[dict[str, Any]]:
    """The looks that say nothing of anybody, oldest first."""
    await world.pipeline.sequence()
    docs = (await everything(world)).items()
    return [doc for _, doc in sorted(docs) if doc["action"] == "look" and "subject" not in doc]


async def find(world: World, **wanted: Any) -> dict[int, dict[str, Any]]:
    """All that fits, page by page, every opening checked."""
    limit = wanted.pop("limit", 200)
    found: dict[int, dict[str, Any]] = {}
    after = None
    while True:
        ask = FindAsk(filter=LogFilter(**wanted), after=after, limit=limit)
        page = await world.pipeline.asked_here(ask)
        assert isinstance(page, FindAnswer)
        for each in page.found:
            assert leaf_of(unb64(each.nonce), each.record.encode()) == unb64(each.leaf)
            assert each.index not in found
            found[each.index] = json.loads(each.record)
        after = page.next
        if after is None:
            return found


# ---- the right decisions ----
def fits_naively(doc: dict[str, Any], wanted: dict[str, Any]) -> bool:
    tests: dict[str, Callable[[Any], bool]] = {
        "since": lambda at: doc["at"] >= at,
        "until": lambda at: doc["at"] < at,
        "site": lambda site: doc.get("site") == site,
        "action": lambda action: doc["action"] == action,
        "outcome": lambda outcome: doc["allow"] == (outcome == "allowed"),
        "policy": lambda policy: policy in doc.get("policies", []),
        "subject": lambda subject: doc.get("subject") == subject,
        "law": lambda law: any(
            each == law or each.startswith((f"{law}(", f"{law} ")) for each in doc.get("laws", [])
        ),
    }
    return all(tests[name](value) for name, value in wanted.items())


def filters(docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every value of every field that is in the log, one that is not, and all pairs of two fields."""
    laws = {law for doc in docs for law in doc.get("laws", ())}
    values: dict[str, set[Any]] = {
        "site": {doc["site"] for doc in docs if doc.get("site")} | {"nowhere"},
        "action": {doc["action"] for doc in docs} | {"change_keys"},
        "outcome": {"allowed", "denied"},
        "law": {*laws, *(law.split("(")[0] for law in laws), "GDPR"},
        "policy": {policy for doc in docs for policy in doc.get("policies", ())} | {"no-policy"},
        "subject": {doc["subject"] for doc in docs if doc.get("subject")} | {"sub_" + "a" * 26},
        "since": {NOON, NOON + HOUR + 1, NOON + 7 * HOUR},
        "until": {NOON + 2 * HOUR, NOON + HOUR + 601, 1},
    }
    one = [{name: value} for name, several in values.items() for value in sorted(several)]
    two = [
        {a: x, b: y}
        for (a, xs), (b, ys) in combinations(values.items(), 2)
        for x in sorted(xs)
        for y in sorted(ys)
    ]
    return [{}, *one, *two[:: max(1, len(two) // 40)]]


async def test_find_is_a_naive_filter_over_all_that_opens(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "BATCH", 7)
    monkeypatch.setattr(looking, "BATCH", 7)
    monkeypatch.setattr(looking, "PART", 17)
    async with with_officers(make_world) as world:
        await busy(world)
        docs = await everything(world)  # the looks that follow are pending, so in no answer
        actions = {doc["action"] for doc in docs.values()}
        assert actions >= {"give_consent", "record", "use", "withdraw", "correct", "export", "erased", "swept"}  # fmt: skip
        assert {doc["allow"] for doc in docs.values()} == {True, False}
        for number, wanted in enumerate(filters(list(docs.values()))):
            monkeypatch.setattr(looking, "SECONDS", (60.0, -1.0)[number % 3 == 0])
            found = await find(world, **wanted, limit=(200, 3)[number % 2])
            assert found == {i: doc for i, doc in docs.items() if fits_naively(doc, wanted)}, wanted


async def test_pages_add_up_to_the_entries_of_the_hours(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "BATCH", 4)
    monkeypatch.setattr(looking, "BATCH", 4)
    monkeypatch.setattr(looking, "PART", 9)
    async with with_officers(make_world) as world:
        await busy(world)
        size = await world.store.transact(lambda t: t.tiles.size())
        docs = await everything(world)
        read = gone = 0
        days: Counter[tuple[str, bool]] = Counter()
        laws: Counter[tuple[str, bool]] = Counter()
        after, entries = None, 0
        while True:
            page = await world.pipeline.asked_here(TallyAsk(after=after))
            assert isinstance(page, TallyAnswer)
            entries += page.entries or 0
            read, gone = read + page.read, gone + page.gone
            assert page.unreadable == 0
            for row in page.days:
                days[row.action, True] += row.allowed
                days[row.action, False] += row.denied
            for law in page.laws:
                laws[law.law, True] += law.allowed
                laws[law.law, False] += law.denied
            after = page.next
            if after is None:
                break
        assert entries == read == size
        assert gone == size - len(docs) > 0
        assert +days == Counter((doc["action"], doc["allow"]) for doc in docs.values())
        assert +laws == Counter(
            (law, doc["allow"]) for doc in docs.values() for law in set(doc.get("laws", ()))
        )


@pytest.mark.sqlite
async def test_a_cursor_cannot_ask_for_more_than_there_is(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        await busy(world)
        ask = TallyAsk(after=Cursor(hour=0, index=0, end=2**40))
        page = await world.pipeline.asked_here(ask)
        assert isinstance(page, TallyAnswer)
        assert page.read == await world.store.transact(lambda t: t.tiles.size())


def test_one_entry_is_named_in_one_way() -> None:
    for wrong in ({}, {"index": 1, "leaf": "A" * 43}):
        with pytest.raises(RequestInvalid, match="index or by its leaf"):
            parse(ExplainAsk, wrong)


def test_counts_are_of_whole_hours() -> None:
    for wrong in ({"since": 1}, {"until": HOUR + 1}):
        with pytest.raises(RequestInvalid, match="whole hours"):
            parse(TallyAsk, wrong)


async def test_what_was_altered_is_counted_and_not_shown(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        await busy(world)
        docs = await everything(world)
        index = next(i for i, doc in docs.items() if doc["action"] == "use")
        await world.store.transact(lambda t: _spoil(t, index))
        page = await world.pipeline.asked_here(FindAsk())
        assert isinstance(page, FindAnswer)
        assert page.unreadable == 1
        assert index not in {each.index for each in page.found}
        answer = await world.pipeline.asked_here(ExplainAsk(index=index))
        assert isinstance(answer, ExplainAnswer)
        assert (answer.unreadable, answer.opened) == (True, None)


def _spoil(transaction: Any, index: int) -> None:
    from sqlalchemy import text

    statement = text("UPDATE leaf SET opening = :opening WHERE log_index = :index")
    transaction.leaves._runner.change(statement, {"opening": bytes(200), "index": index})


# ---- one entry ----
@pytest.mark.sqlite
async def test_an_entry_is_explained_with_its_proof(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        await busy(world)
        docs = await everything(world)
        index, doc = next((i, d) for i, d in docs.items() if d["action"] == "use" and d["policies"])
        answer = await world.pipeline.asked_here(ExplainAsk(index=index))
        assert isinstance(answer, ExplainAnswer)
        entry = unb64(answer.entry)
        key = world.keys.log.verify_key()
        assert verify_tlog_proof(answer.proof, entry, ORIGIN, key) == index == answer.index
        assert answer.opened is not None
        assert json.loads(answer.opened.record) == doc
        assert b64(entry[:32]) == answer.opened.leaf
        assert [each.policy for each in answer.reasons] == doc["policies"]
        assert answer.bundle_here
        by_leaf = await world.pipeline.asked_here(ExplainAsk(leaf=answer.opened.leaf))
        assert isinstance(by_leaf, ExplainAnswer)
        assert by_leaf.opened == answer.opened


@pytest.mark.sqlite
async def test_what_nobody_can_open_is_still_proved(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        await busy(world)
        docs = await everything(world)
        size = await world.store.transact(lambda t: t.tiles.size())
        closed = next(index for index in range(size) if index not in docs)
        answer = await world.pipeline.asked_here(ExplainAsk(index=closed))
        assert isinstance(answer, ExplainAnswer)
        assert (answer.opened, answer.unreadable, answer.bundle_here) == (None, False, False)
        key = world.keys.log.verify_key()
        assert verify_tlog_proof(answer.proof, unb64(answer.entry), ORIGIN, key) == closed
        for ask in (ExplainAsk(index=size), ExplainAsk(leaf=b64(bytes(32)))):
            with pytest.raises(LeafUnknown):
                await world.pipeline.asked_here(ask)


@pytest.mark.sqlite
async def test_an_entry_that_waits_has_no_place(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        phone = await world.enrolled()
        receipt = await phone.withdraw()
        with pytest.raises(LeafUnknown):
            await world.pipeline.asked_here(ExplainAsk(leaf=receipt.promise.leaf))


@pytest.mark.sqlite
async def test_sentences_are_those_of_the_bundle_that_decided(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_officers(make_world) as world:
        await busy(world)
        docs = await everything(world)
        index = next(i for i, doc in docs.items() if doc["action"] == "use")
        monkeypatch.setattr("mien_server.pipeline.parts.Parts.bundle", "another")
        answer = await world.pipeline.asked_here(ExplainAsk(index=index))
        assert isinstance(answer, ExplainAnswer)
        assert (answer.bundle_here, answer.reasons) == (False, [])


# ---- how things stand ----
async def test_the_state_is_what_can_be_counted_another_way(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        await busy(world)
        held = await world.enrolled()
        await world.pipeline.place_hold("shop", held.subject, "a claim", world.clock.now() + 9 * HOUR)  # fmt: skip
        await held.erase()
        waiting = await world.enrolled()
        await waiting.erase()
        before = world.clock.at
        world.clock.at += 5
        answer = await world.pipeline.asked_here(StateAsk())
        assert isinstance(answer, StateAnswer)
        rows = await world.select("SELECT state, count(*) FROM person WHERE tombstoned_at = 0 GROUP BY state")  # fmt: skip
        assert answer.consents == dict(rows)
        assert answer.erased == 3
        erasures = answer.erasures
        assert (erasures.asked, erasures.complete, erasures.waiting, erasures.open) == (3, 1, 1, 1)
        assert sum(erasures.within.values()) == erasures.complete
        assert (answer.holds_standing, answer.holds_over) == (1, 0)
        assert f"\n{await world.store.transact(lambda t: t.tiles.size())}\n" in answer.checkpoint
        later = await world.pipeline.asked_here(StateAsk(since=before + 1))
        assert isinstance(later, StateAnswer)
        assert later.erasures.asked == 0
        world.clock.at += 2 * 86_400
        late = await world.pipeline.asked_here(StateAsk())
        assert isinstance(late, StateAnswer)
        assert (late.erasures.late, late.erasures.waiting, late.erasures.open) == (2, 0, 2)


@pytest.mark.sqlite
async def test_a_consent_that_ran_out_is_expired_before_it_is_written(
    make_world: MakeWorld,
) -> None:
    async with with_officers(make_world) as world:
        phone = await world.enrolled()
        world.clock.at = (await world.person(phone.subject)).expires_at
        answer = await world.pipeline.asked_here(StateAsk())
        assert isinstance(answer, StateAnswer)
        assert answer.consents == {"expired": 1}


# ---- every look is logged ----
@pytest.mark.sqlite
async def test_every_look_says_who_what_and_how_many(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        await busy(world)
        docs = await everything(world)
        used = [i for i, doc in docs.items() if doc["action"] == "use"]
        now = world.clock.now()
        text = ANNA.says(FindAsk(filter=LogFilter(action="use", law="GDPR 9", site="shop")), now)
        page = await world.pipeline.asked_by_officer(text, FindAsk)
        await world.pipeline.asked_by_officer(EVA.says(TallyAsk(), now), TallyAsk)
        await world.pipeline.asked_by_officer(EVA.says(StateAsk(), now), StateAsk)
        await world.pipeline.asked_here(ExplainAsk(index=used[0]))
        found = await looks(world)
        assert [(each["officer"], each["what"]) for each in found] == [
            ("anna", "find"), ("eva", "tally"), ("eva", "state"), ("@server", "explain"),
        ]  # fmt: skip
        assert isinstance(page, FindAnswer)
        assert (found[0]["shown"], found[0]["opened"] >= len(used)) == (len(page.found), True)
        assert found[0]["asked"] == {"action": "use", "site": "shop", "law": "GDPR 9"}
        assert found[0]["statement_sha256"] == looking._digest(text)
        assert (found[1]["shown"], found[1]["opened"]) == (0, len(docs))
        assert (found[2]["shown"], found[2]["opened"]) == (0, 0)
        assert found[3]["asked"] == {"index": used[0]}
        assert found[3]["statement_sha256"] == ""


@pytest.mark.sqlite
async def test_what_an_officer_types_is_not_repeated(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        phone = await world.enrolled()
        typed = LogFilter(law="Jane Doe", policy="jane", site="jane-doe", subject=phone.subject)
        await world.pipeline.asked_here(FindAsk(filter=typed))
        (found,) = await looks(world)
        assert found["asked"] == {"law": "other", "policy": "other", "site": "other", "one_person": True}  # fmt: skip
        assert phone.subject not in json.dumps(found)


async def test_the_person_sees_who_looked_at_them(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        phone, other = await world.enrolled(), await world.enrolled()
        await world.pipeline.sequence()
        now = world.clock.now()
        ask = FindAsk(filter=LogFilter(subject=phone.subject))
        await world.pipeline.asked_by_officer(ANNA.says(ask, now), FindAsk)
        docs = await everything(world)
        mine = next(i for i, doc in docs.items() if doc.get("subject") == phone.subject)
        await world.pipeline.asked_by_officer(EVA.says(ExplainAsk(index=mine), now), ExplainAsk)
        await world.pipeline.evidence("shop", phone.subject, "https://mien.example")
        await world.pipeline.asked_here(TallyAsk())
        seen = [json.loads(each["record"]) for each in (await phone.export())["decisions"]]
        found = [doc for doc in seen if doc["action"] == "look"]
        assert [(doc["officer"], doc["what"]) for doc in found] == [
            ("anna", "find"), ("eva", "explain"), ("@server", "evidence"),
        ]  # fmt: skip
        seen = [json.loads(each["record"]) for each in (await other.export())["decisions"]]
        assert "look" not in {doc["action"] for doc in seen}
        assert len(await looks(world)) == 4
        # After an erasure their copy is gone, and that somebody looked is not.
        await phone.erase()
        await world.pipeline.complete_erasures()
        assert len(await looks(world)) == 4
        assert not [d for d in (await everything(world)).values() if d.get("subject") == phone.subject]  # fmt: skip


@pytest.mark.sqlite
async def test_whoever_cannot_be_told_is_still_a_look(make_world: MakeWorld) -> None:
    """Of somebody who was erased, or whose key is gone, nobody could read their own entry: the other one is written all the same."""
    async with with_officers(make_world) as world:
        gone, broken = await world.enrolled(), await world.enrolled()
        await gone.erase()
        person = await world.person(broken.subject)
        spoiled = replace(person, wrapped_key=bytes(len(person.wrapped_key or b"")))
        await world.store.transact(lambda t: t.people.put(spoiled))
        before = await world.store.transact(lambda t: t.leaves.pending_count())
        for phone in (gone, broken):
            await world.pipeline.asked_here(FindAsk(filter=LogFilter(subject=phone.subject)))
        assert await world.store.transact(lambda t: t.leaves.pending_count()) == before + 2


@pytest.mark.sqlite
async def test_a_sweep_that_does_not_say_what_went_is_unreadable(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        content = encode({"v": 1, "action": "swept", "allow": True, "at": NOON})
        leaf = record.plain_leaf("", content, NOON, world.entropy)
        await world.store.transact(lambda t: t.leaves.add(leaf))
        await world.pipeline.sequence()
        page = await world.pipeline.asked_here(TallyAsk())
        assert isinstance(page, TallyAnswer)
        assert (page.read, page.unreadable, page.days) == (1, 1, [])


@pytest.mark.sqlite
async def test_a_record_too_deep_to_be_read_hides_no_other(make_world: MakeWorld) -> None:
    """Whoever can write into the database could stop every officer with one entry."""
    async with with_officers(make_world) as world:
        content = b'{"v":1,"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
        leaf = record.plain_leaf("", content, NOON, world.entropy)
        await world.store.transact(lambda t: t.leaves.add(leaf))
        await world.pipeline.asked_here(StateAsk())
        await world.pipeline.sequence()
        page = await world.pipeline.asked_here(FindAsk())
        assert isinstance(page, FindAnswer)
        assert (page.unreadable, len(page.found)) == (1, 1)


@pytest.mark.sqlite
async def test_looks_are_kept_as_long_as_decisions_and_no_longer(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        await world.pipeline.asked_here(StateAsk())
        await world.pipeline.sequence()
        ((_, leaf),) = await world.store.transact(lambda t: t.leaves.openable(0, 10))
        life = world.pipeline._parts.known_life("decision_record", frozenset())
        assert leaf.retain_until == world.clock.now() + life
        world.clock.at = leaf.retain_until
        assert await looks(world) == []


class Interrupted(Exception):
    """A server that stops."""


class Interrupting:
    """A store that stops before or after the commit with this number."""

    def __init__(self, store: Any, commit: int, *, after: bool) -> None:
        self._store, self._commit, self._after = store, commit, after
        self.count = 0

    async def transact(self, work: Callable[..., Any]) -> Any:
        self.count += 1
        if self.count == self._commit and not self._after:
            raise Interrupted
        answer = await self._store.transact(work)
        if self.count == self._commit and self._after:
            raise Interrupted
        return answer


ASKS = (FindAsk(), TallyAsk(), ExplainAsk(index=0), StateAsk())


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: str(ask.what))
async def test_no_entry_no_answer(make_world: MakeWorld, ask: Any) -> None:
    """Wherever it stops: either the look is not logged and nothing was answered, or it is."""
    async with with_officers(make_world) as world:
        phone = await world.enrolled()
        await phone.erase()
        await world.pipeline.sequence()

        async def pending() -> int:
            count: int = await world.store.transact(lambda t: t.leaves.pending_count())
            return count

        whole = Interrupting(world.store, 0, after=False)
        await world.pipeline_over(whole).asked_here(ask)
        assert await pending() == 1
        for commit in range(1, whole.count + 1):
            for after in (False, True):
                before = await pending()
                pipeline = world.pipeline_over(Interrupting(world.store, commit, after=after))
                with pytest.raises(Interrupted):
                    await pipeline.asked_here(ask)
                assert await pending() - before == (commit == whole.count and after)


@pytest.mark.sqlite
@pytest.mark.parametrize(("commits", "logged"), [(2, 0), (3, 1)])
def test_killed_between_look_and_answer(make_world: MakeWorld, commits: int, logged: int) -> None:
    world = with_officers(make_world)

    async def prepare() -> None:
        async with world:
            await world.enrolled()
            await world.pipeline.sequence()

    asyncio.run(prepare())
    done = subprocess.run(
        [sys.executable, "-m", "tests.server.dying", str(world.directory), str(world.clock.at), str(commits), "find"],
        cwd=ROOT, check=False, capture_output=True, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert done.stdout == b""

    async def look() -> int:
        async with world:
            return len(await looks(world))

    assert asyncio.run(look()) == logged


class Meanwhile:
    """A store with something that happens before the commit with this number."""

    def __init__(self, store: Any, commit: int, act: Callable[[], Any]) -> None:
        self._store, self._left, self._act = store, commit, act

    async def transact(self, work: Callable[..., Any]) -> Any:
        self._left -= 1
        if self._left == 0:
            await self._act()
        return await self._store.transact(work)


@pytest.mark.parametrize("kind", ["find", "explain"])
async def test_who_is_erased_meanwhile_is_not_shown(make_world: MakeWorld, kind: str) -> None:
    async with with_officers(make_world) as world:
        phone = await world.enrolled()
        await world.pipeline.sequence()
        ask: Any = FindAsk() if kind == "find" else ExplainAsk(index=0)
        last = {"find": 3, "explain": 2}[kind]
        pipeline = world.pipeline_over(Meanwhile(world.store, last, phone.erase))
        answer: Any = await pipeline.asked_here(ask)
        assert not (answer.found if kind == "find" else answer.opened)
        (found,) = await looks(world)
        assert found["shown"] == 0


@pytest.mark.sqlite
async def test_a_refusal_from_before_goes_with_the_person_and_is_theirs_to_know(
    make_world: MakeWorld,
) -> None:
    """It lies under a key of its own, and only the record says whose it is: found it must be all the same."""
    async with with_officers(make_world) as world:
        phone = world.phone()
        await phone.consent("personalize_offers", claims=_no_claims())
        await world.pipeline.sequence()
        (index,) = [i for i, doc in (await everything(world)).items() if not doc["allow"]]
        await world.pipeline.asked_here(ExplainAsk(index=index))  # nobody is there to be told
        await phone.consent("personalize_offers")
        await world.pipeline.asked_here(ExplainAsk(index=index))
        seen = [json.loads(each["record"]) for each in (await phone.export())["decisions"]]
        assert [doc["what"] for doc in seen if doc["action"] == "look"] == ["explain"]
        await phone.erase()
        await world.pipeline.complete_erasures()
        await world.pipeline.sequence()
        assert index not in await everything(world)
        found = await find(world)
        assert phone.subject not in json.dumps(found)
        assert index not in found
        answer = await world.pipeline.asked_here(ExplainAsk(index=index))
        assert isinstance(answer, ExplainAnswer)
        assert (answer.opened, answer.reasons) == (None, [])


# ---- strangers ----
def said(key: SigningKey, now: int, **other: Any) -> str:
    given: dict[str, Any] = {
        "origin": ORIGIN, "officer": "anna", "at": now, "nonce": b64(os.urandom(16)), "ask": FindAsk(),
    }  # fmt: skip
    kind = other.pop("kind", Kind.OFFICER)
    return sign(kind, dump(OfficerStatement(**{**given, **other})), key)


async def test_only_a_listed_officer_is_answered_once_and_in_time(make_world: MakeWorld) -> None:
    key, stranger = SigningKey.generate(), SigningKey.generate()
    anna = Officer("anna", key.verify_key().public)
    async with make_world(officers=(anna,)) as world:
        now = world.clock.now()
        good = said(key, now)
        head, body, _ = good.split(".")
        forged = f"{head}.{body}.{said(stranger, now).split('.')[2]}"
        other = said(key, now, ask=TallyAsk()).split(".")[1]
        refused = {
            said(stranger, now): OfficerUnknown,
            forged: SignatureInvalid,
            f"{head}.{other}.{good.split('.')[2]}": SignatureInvalid,
            said(key, now, kind=Kind.EXPORT_REQUEST): SignatureInvalid,
            said(key, now, officer="eva"): OfficerUnknown,
            said(key, now, origin="other.example/log"): RequestInvalid,
            said(key, now, ask=TallyAsk()): RequestInvalid,
            said(key, now, ask=EntriesAsk()): RequestInvalid,
            said(key, now - CLOCK_SKEW - 1): ClockSkewed,
            said(key, now + CLOCK_SKEW + 1): ClockSkewed,
        }
        for text, error in refused.items():
            with pytest.raises(error):
                await world.pipeline.asked_by_officer(text, FindAsk)
        assert await looks(world) == []
        await world.pipeline.asked_by_officer(good, FindAsk)
        with pytest.raises(EnvelopeReplayed):
            await world.pipeline.asked_by_officer(good, FindAsk)
        assert len(await looks(world)) == 1


async def test_a_replay_is_refused_by_every_node_and_after_a_restart(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        text = ANNA.says(StateAsk(), world.clock.now())
        await world.pipeline.asked_by_officer(text, StateAsk)
        with pytest.raises(EnvelopeReplayed):
            await world.pipeline_over(world.store).asked_by_officer(text, StateAsk)


@pytest.mark.sqlite
async def test_without_listed_officers_nobody_is_answered(make_world: MakeWorld) -> None:
    async with make_world() as world:
        with pytest.raises(OfficerUnknown):
            await world.pipeline.asked_by_officer(ANNA.says(FindAsk(), world.clock.now()), FindAsk)


# ---- a pass for entries ----
async def test_a_pass_is_one_look_for_five_minutes(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        await busy(world)
        text = ANNA.says(EntriesAsk(), world.clock.now())
        for _ in range(3):
            assert await world.pipeline.entries(text, 0, 1)
        # Another node believes it too, and does not log it again.
        assert await world.pipeline_over(world.store).entries(text, 0, 1)
        assert [(each["officer"], each["what"]) for each in await looks(world)] == [("anna", "entries")]  # fmt: skip
        world.clock.at += PASS_SECONDS
        assert await world.pipeline.entries(text, 0, 1)
        world.clock.at += 1
        for pipeline in (world.pipeline, world.pipeline_over(world.store)):
            with pytest.raises(ClockSkewed):
                await pipeline.entries(text, 0, 1)


async def test_no_pass_goes_unlogged_behind_a_nonce_that_was_used(make_world: MakeWorld) -> None:
    """An officer chooses their nonces: neither one of an older pass nor one of another question makes a pass look logged."""
    key = SigningKey.generate()
    async with make_world(officers=(Officer("anna", key.verify_key().public),)) as world:
        await busy(world)
        now, nonce = world.clock.now(), b64(bytes(16))
        await world.pipeline.asked_by_officer(said(key, now, nonce=nonce), FindAsk)
        for at in (now, now + 1):
            text = said(key, at, nonce=nonce, ask=EntriesAsk())
            assert await world.pipeline.entries(text, 0, 1)
        assert [each["what"] for each in await looks(world)] == ["find", "entries", "entries"]


@pytest.mark.sqlite
async def test_nothing_else_is_a_pass(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        await busy(world)
        stranger = OfficerKey.of(fresh("anna", LOG))
        now = world.clock.now()
        for text, error in (
            (ANNA.says(FindAsk(), now), RequestInvalid),
            (stranger.says(EntriesAsk(), now), OfficerUnknown),
            (ANNA.says(EntriesAsk(), now + CLOCK_SKEW + 1), ClockSkewed),
        ):
            with pytest.raises(error):
                await world.pipeline.entries(text, 0, 1)
        assert await looks(world) == []


@pytest.mark.sqlite
async def test_no_entry_no_pass(make_world: MakeWorld) -> None:
    async with with_officers(make_world) as world:
        await busy(world)
        text = ANNA.says(EntriesAsk(), world.clock.now())
        with pytest.raises(Interrupted):
            await world.pipeline_over(Interrupting(world.store, 1, after=False)).entries(text, 0, 1)
        assert await looks(world) == []


@pytest.mark.sqlite
async def test_few_passes_in_memory_are_enough(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "PASSES", 1)
    async with with_officers(make_world) as world:
        await busy(world)
        now = world.clock.now()
        first, second = ANNA.says(EntriesAsk(), now), EVA.says(EntriesAsk(), now)
        for text in (first, second, first, second):
            assert await world.pipeline.entries(text, 0, 1)
        assert len(await looks(world)) == 2


def test_the_record_is_canonical_and_says_nothing_of_anybody() -> None:
    look = record.Look("anna", "", "find", {"action": "use"}, 2, 5)
    doc = json.loads(record.look_record(look, "x", NOON))
    assert set(doc) == {
        "v", "action", "allow", "officer", "statement_sha256", "what", "asked", "shown", "opened", "bundle_sha256", "at",
    }  # fmt: skip
