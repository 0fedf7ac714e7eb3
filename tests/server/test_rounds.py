"""Rounds of the shared head: what is taken at the door, what is dropped when it is opened, and that a release and its price are one."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from tests.server.rounding import (
    BAD,
    GOOD,
    HOLDOUT,
    SIZE,
    contribute,
    contributors,
    head_doc,
    held,
    learner,
    offered,
    open_round,
    private,
    rows,
    small_holdout,
    statement,
    terms,
    weights,
)
from tests.server.world import DAY, MakeWorld, Phone, World, shop
from typer.testing import CliRunner

from mien.cli import app
from mien.errors import ConsentMissing, EnvelopeReplayed, MienError, PolicyDenied, RequestInvalid
from mien.infer import load_models
from mien.wire.canonical import b64, decode, unb64
from mien.wire.keys import OpenKey, SealKey, SigningKey
from mien.wire.messages import (
    MAX_ENDED_ROUNDS,
    FindAnswer,
    FindAsk,
    HeadRef,
    KeyDoc,
    LogFilter,
    RoundDoc,
)
from mien.wire.seal import Use, pad, seal
from mien.wire.signatures import Kind
from mien.wire.updates import context
from mien_server import adapt
from mien_server.adapt import accounting
from mien_server.adapt.holdout import read
from mien_server.cli.audit.explain import _SPECIAL
from mien_server.cli.rounds import open as opening
from mien_server.errors import (
    BudgetSpent,
    HeadStale,
    HeadUnknown,
    PersonErased,
    PersonUnknown,
    RoundFull,
    RoundOver,
    RoundStands,
    RoundUnknown,
    StoreBusy,
    StoreUnwritable,
    UpdateTwice,
)
from mien_server.pipeline import Pipeline
from mien_server.pipeline.contributing import LEASE
from mien_server.pipeline.tidying import Tidying


# ---- released ----
async def test_a_release_is_signed_charged_and_in_the_log(make_world: MakeWorld) -> None:
    async with learner(make_world) as world:
        phones = await contributors(world)
        doc = await open_round(world)
        assert doc.head.version == 0
        assert doc.head.sha256 == b64(hashlib.sha256(HOLDOUT.base.tobytes()).digest())
        for phone in phones:
            await contribute(phone, doc)
        assert await rows(world) == {"contribution": 3, "participation": 0, "head": 0}
        ended = await world.pipeline.close_round(doc.round)
        assert (ended.state, ended.participants, ended.released, ended.dropped) == ("released", 3, 1, ())  # fmt: skip
        assert ended.after < ended.before
        assert await rows(world) == {"contribution": 0, "participation": 3, "head": 1}
        head = await head_doc(world, 1)
        found = unb64(head.weights)
        assert head.sha256 == b64(hashlib.sha256(found).digest())
        assert (head.round, head.restores, head.model) == (doc.round, None, 1)
        # Everybody sent the same: the mean of them, and noise of a tenth of the clip over three on each number.
        off = weights(head) - GOOD
        assert 0.02 < off.std() < 0.05
        now = await offered(world)
        assert (now.open, now.head.version, now.head.sha256) == ([], 1, head.sha256)
        assert [(each.round, each.outcome) for each in now.ended] == [(doc.round, "released")]
        (entry,) = await round_entries(world)
        assert (entry["outcome"], entry["participants"], entry["version"]) == ("released", 3, 1)
        assert phones[0].subject not in str(entry)
        # The next one trains from what was released.
        assert (await open_round(world)).head == now.head


async def waiting(pipeline: Pipeline) -> int:
    """How many updates wait in the round that stands."""
    found = await pipeline.mind_rounds()
    assert found is not None
    return found.updates


async def round_entries(world: World) -> list[dict[str, Any]]:
    """What the log says of rounds."""
    found = await world.select("SELECT opening FROM leaf WHERE subject IS NULL ORDER BY n")
    plain = [decode(bytes(row[0])[32:]) for row in found]
    return [each for each in plain if each["action"] in {"round", "restore_head"}]


async def test_a_head_that_reads_worse_is_kept_back_and_charged(make_world: MakeWorld) -> None:
    """The gate has seen the noised sum: that is a release of one bit, so it costs what a release costs."""
    async with learner(make_world) as world:
        phones = await contributors(world)
        ended = await held(world, phones, numbers=BAD)
        assert (ended.state, ended.released, ended.participants) == ("rolled_back", None, 3)
        assert ended.after > ended.before
        assert await rows(world) == {"contribution": 0, "participation": 3, "head": 0}
        assert (await offered(world)).head.version == 0


async def test_below_the_floor_nothing_is_released_and_nobody_charged(
    make_world: MakeWorld,
) -> None:
    async with learner(make_world) as world:
        phones = await contributors(world, 2)
        ended = await held(world, phones)
        assert (ended.state, ended.participants) == ("too_few", 0)
        assert await rows(world) == {"contribution": 0, "participation": 0, "head": 0}


@pytest.mark.sqlite
async def test_the_head_goes_as_far_as_the_stride_says(make_world: MakeWorld) -> None:
    async with learner(make_world) as world:
        ended = await held(world, await contributors(world), terms(stride_thousandths=2000))
        off = weights(await head_doc(world, ended.released)) - 2 * GOOD
        assert 0.04 < off.std() < 0.1


# ---- the door ----
async def _stale(phone: Phone, doc: RoundDoc) -> None:
    await contribute(phone, doc, head=HeadRef(version=0, sha256=b64(bytes(32))))


async def _again(phone: Phone, doc: RoundDoc) -> None:
    await contribute(phone, doc)
    await contribute(phone, doc)


async def _replayed(phone: Phone, doc: RoundDoc) -> None:
    text = phone.signed(Kind.UPDATE, statement(phone, doc))
    await phone.world.pipeline.update(phone.site, text)
    await phone.world.pipeline.update(phone.site, text)


async def _wrong_round(phone: Phone, doc: RoundDoc) -> None:
    await contribute(phone, doc, round="rnd_" + "a" * 26)


async def _withdrawn(phone: Phone, doc: RoundDoc) -> None:
    await phone.withdraw("contribute", "personalize_offers")
    await contribute(phone, doc)


async def _purpose_withdrawn(phone: Phone, doc: RoundDoc) -> None:
    await phone.withdraw("contribute")
    await contribute(phone, doc)


async def _erased(phone: Phone, doc: RoundDoc) -> None:
    await phone.erase()
    await contribute(phone, doc)


async def _late(phone: Phone, doc: RoundDoc) -> None:
    phone.world.clock.at = doc.closes_at
    await phone.world.pipeline.beat_round(doc.round)
    await contribute(phone, doc)


async def _silent(phone: Phone, doc: RoundDoc) -> None:
    phone.world.clock.at += LEASE + 1
    assert (await offered(phone.world)).open == []
    await contribute(phone, doc)


async def _closed(phone: Phone, doc: RoundDoc) -> None:
    await phone.world.pipeline.close_round(doc.round)
    await contribute(phone, doc)


async def _full(phone: Phone, doc: RoundDoc) -> None:
    for other in await contributors(phone.world):
        await contribute(other, doc)
    await contribute(phone, doc)


async def _another_key(phone: Phone, doc: RoundDoc) -> None:
    phone.signing = SigningKey.generate()
    await contribute(phone, doc)


async def _recovery(phone: Phone, doc: RoundDoc) -> None:
    """A key of the person, but no device: it has trained nothing."""
    other = SigningKey.generate()
    added = KeyDoc(role="recovery", sign=other.verify_key().text())
    await phone.world.pipeline.change_keys(phone.site, phone.key_change(other, added))
    await phone.world.pipeline.update(
        phone.site, phone.signed(Kind.UPDATE, statement(phone, doc), other)
    )


DOOR: dict[str, tuple[Callable[[Phone, RoundDoc], Any], type[MienError]]] = {
    "a stale head": (_stale, HeadStale),
    "a second update": (_again, UpdateTwice),
    "a replay": (_replayed, EnvelopeReplayed),
    "a round that is not there": (_wrong_round, RoundUnknown),
    "after a withdrawal": (_withdrawn, ConsentMissing),
    "after the purpose was taken back": (_purpose_withdrawn, PolicyDenied),
    "after an erasure": (_erased, PersonErased),
    "after the deadline": (_late, RoundOver),
    "after the owner died": (_silent, RoundOver),
    "after the close": (_closed, RoundOver),
    "a full round": (_full, RoundFull),
    "a key that is not theirs": (_another_key, PersonUnknown),
    "a key that is no device": (_recovery, RequestInvalid),
}


@pytest.mark.parametrize("case", DOOR)
@pytest.mark.sqlite
async def test_the_door_refuses_by_name(make_world: MakeWorld, case: str) -> None:
    act, error = DOOR[case]
    async with learner(make_world) as world:
        (phone,) = await contributors(world, 1)
        doc = await open_round(world)
        before = await waiting(world.pipeline)
        with pytest.raises(error):
            await act(phone, doc)
        kept = await rows(world)
        assert kept["participation"] == 0
        assert kept["contribution"] - before <= (3 if case == "a full round" else 1)


async def test_a_site_has_its_share_and_rounds_of_others_are_unknown(
    make_world: MakeWorld,
) -> None:
    async with learner(make_world) as world:
        one, two = await contributors(world, 2)
        doc = await open_round(world, terms(cohort=9, quota=1, sites=("shop",)))
        await contribute(one, doc)
        with pytest.raises(RoundFull):
            await contribute(two, doc)
        with pytest.raises(UpdateTwice):
            await contribute(one, doc)
        world.site = shop("other", contributes=True)
        await world.store.transact(lambda t: t.sites.put(world.site))
        assert (await offered(world)).open == []
        (third,) = await contributors(world, 1)
        with pytest.raises(RoundUnknown):
            await contribute(third, doc)


async def test_one_round_at_a_time_on_terms_that_can_be_held(make_world: MakeWorld) -> None:
    async with learner(make_world) as world:
        with pytest.raises(RoundUnknown, match="nowhere"):
            await world.pipeline.open_round(terms(sites=("nowhere",)), 60)
        for wrong in (
            terms(floor=4),
            terms(quota=4),
            terms(cohort=10_001, quota=1),
            terms(per_year=0),
            terms(stride_thousandths=0),
            terms(noise_thousandths=1000, cap_millionths=1_000_000),
            # What no device could be shown.
            terms(noise_thousandths=99),
            terms(noise_thousandths=1_000_001),
            terms(clip_millionths=10**9 + 1),
            terms(cap_millionths=10**9 + 1),
            terms(delta_one_in=10**9 + 1),
            terms(per_year=367),
        ):
            with pytest.raises(RequestInvalid, match=r"terms|add noise"):
                await world.pipeline.open_round(wrong, 60)
        with pytest.raises(RequestInvalid, match="days"):
            await world.pipeline.open_round(terms(), 8 * DAY)
        await open_round(world)
        with pytest.raises(RoundStands):
            await world.pipeline.open_round(terms(), 60)
        with pytest.raises(RoundStands):
            await world.pipeline.restore_head(0)


# ---- what is dropped when it is opened ----
def _with(value: float) -> "np.ndarray[Any, Any]":
    numbers = GOOD.copy()
    numbers[5] = value
    return numbers


def _raw(phone: Phone, doc: RoundDoc, plain: bytes, key: SealKey | None = None) -> str:
    where = context(phone.site.id, phone.subject, doc.round, doc.head.sha256)
    return b64(seal(plain, key or SealKey.from_text(doc.seal), Use.UPDATE, *where))


PACKED = (97).to_bytes(2, "big") + (8).to_bytes(2, "big")
BROKEN: dict[str, tuple[Callable[[Phone, RoundDoc], dict[str, Any]], str]] = {
    "not a number": (lambda _p, _d: {"numbers": _with(np.nan)}, "update-not-finite"),
    "infinite": (lambda _p, _d: {"numbers": _with(-np.inf)}, "update-not-finite"),
    "too long": (lambda _p, _d: {"numbers": GOOD * 1.2}, "update-too-long"),
    "far too long": (lambda _p, _d: {"numbers": _with(3e38)}, "update-too-long"),
    "another shape": (
        lambda p, d: {
            "sealed": _raw(p, d, pad((8).to_bytes(2, "big") + (97).to_bytes(2, "big") + GOOD.tobytes(), 4096))
        },
        "update-misshapen",
    ),
    "one number less": (
        lambda p, d: {"sealed": _raw(p, d, pad(PACKED + GOOD.tobytes()[4:], 4096))},
        "update-misshapen",
    ),
    "damaged padding": (
        lambda p, d: {"sealed": _raw(p, d, pad(PACKED + GOOD.tobytes(), 4095) + b"\1")},
        "envelope-invalid",
    ),
    "another round's key": (
        lambda p, d: {
            "sealed": _raw(p, d, pad(PACKED + GOOD.tobytes(), 4096), OpenKey.generate().seal_key())
        },
        "envelope-invalid",
    ),
}  # fmt: skip


@pytest.mark.sqlite
async def test_what_is_no_update_is_dropped_by_name_and_costs_nobody_else(
    make_world: MakeWorld,
) -> None:
    async with learner(make_world) as world:
        phones = await contributors(world)
        bad = await contributors(world, len(BROKEN) + 1)
        count = len(phones) + len(bad)
        doc = await open_round(world, terms(cohort=count, quota=count))
        for phone in phones:
            await contribute(phone, doc)
        for phone, (made, _code) in zip(bad, BROKEN.values(), strict=False):
            await contribute(phone, doc, **made(phone, doc))
        # Somebody else's sealed bytes, sent as one's own: bound to the other person, they do not open.
        theirs = statement(phones[0], doc).sealed
        await contribute(bad[-1], doc, sealed=theirs)
        ended = await world.pipeline.close_round(doc.round)
        expected: dict[str, int] = {"envelope-invalid": 1}
        for _made, code in BROKEN.values():
            expected[code] = expected.get(code, 0) + 1
        assert (ended.state, ended.participants) == ("released", 3)
        assert dict(ended.dropped) == expected
        charged = await world.select("SELECT subject FROM participation ORDER BY subject")
        assert [row[0] for row in charged] == sorted(phone.subject for phone in phones)


async def test_who_takes_it_back_while_the_round_closes_is_not_in_it(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Withdrawn, erased, and withdrawn without the tidying that follows: the row is read in the transaction that uses it."""
    async with learner(make_world) as world:
        phones = await contributors(world, 6)
        doc = await open_round(world, terms(cohort=6, quota=6))
        for phone in phones:
            await contribute(phone, doc)
        await phones[0].withdraw("contribute")
        assert (await rows(world))["contribution"] == 5
        await phones[1].erase()
        assert (await rows(world))["contribution"] == 4
        pipeline = world.pipeline._rounds
        end = pipeline._end

        def late(transaction: Any, *arguments: Any) -> Any:
            """Everything is opened, and now one more says no."""
            person = transaction.people.get("shop", phones[2].subject, "update")
            transaction.people.put(_without_contribute(person))
            return end(transaction, *arguments)

        monkeypatch.setattr(pipeline, "_end", late)
        ended = await world.pipeline.close_round(doc.round)
        assert (ended.state, ended.participants) == ("released", 3)
        assert dict(ended.dropped) == {"policy-denied": 1}
        charged = {row[0] for row in await world.select("SELECT subject FROM participation")}
        assert charged == {phone.subject for phone in phones[3:]}


async def test_an_update_taken_back_is_not_used_under_a_yes_that_came_since(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Withdrawn and agreed to again, both committed while the closing transaction goes from one person to the next."""
    async with learner(make_world) as world:
        phones = await contributors(world, 4)
        doc = await open_round(world, terms(cohort=4, quota=4))
        for phone in phones:
            await contribute(phone, doc)
        pipeline = world.pipeline._rounds
        count, last = pipeline._count, max(phone.subject for phone in phones)

        def meanwhile(transaction: Any, *arguments: Any) -> Any:
            if arguments[3] == last:
                transaction.rounds.drop_of("shop", last)
            return count(transaction, *arguments)

        monkeypatch.setattr(pipeline, "_count", meanwhile)
        ended = await world.pipeline.close_round(doc.round)
        assert (ended.participants, dict(ended.dropped)) == (3, {"consent-missing": 1})
        charged = {row[0] for row in await world.select("SELECT subject FROM participation")}
        assert charged == {phone.subject for phone in phones} - {last}


@pytest.mark.parametrize("by", ["itself", "the sweep", "the next yes"])
async def test_under_a_legal_hold_an_update_that_was_taken_back_goes(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Right after the withdrawal; should that fail, by the next sweep, or before a yes that some policy allows under a hold."""
    async with learner(make_world) as world:
        (phone,) = await contributors(world, 1)
        await contribute(phone, await open_round(world))
        until = world.clock.now() + DAY
        await world.pipeline.place_hold("shop", phone.subject, "dispute 17", until)
        if by == "itself":
            await phone.withdraw("contribute")
        else:

            async def fails(*_: Any) -> None: ...

            with monkeypatch.context() as patched:
                patched.setattr(Tidying, "at_once", fails)
                await phone.withdraw("contribute")
            assert (await rows(world))["contribution"] == 1
        if by == "the sweep":
            await world.pipeline._consents._tidying.everybody()
        if by == "the next yes":

            def before(transaction: Any) -> None:
                person = transaction.people.get("shop", phone.subject, "update")
                world.pipeline._consents._tidying.before(transaction, person)

            await world.store.transact(before)
        assert (await rows(world))["contribution"] == 0


def _without_contribute(person: Any) -> Any:
    return replace(person, purposes=person.purposes - {"contribute"})


# ---- the ledger ----
@pytest.mark.sqlite
async def test_nobody_passes_the_number_of_a_year_or_the_cap_of_a_lifetime(
    make_world: MakeWorld,
) -> None:
    async with learner(make_world) as world:
        (phone,) = await contributors(world, 1)
        one = {"floor": 1, "cohort": 1, "quota": 1}
        for _ in range(2):
            assert (await held(world, [phone], private(per_year=2, **one))).participants == 1
            world.clock.at += 1
        doc = await open_round(world, private(per_year=2, **one))
        with pytest.raises(BudgetSpent):
            await contribute(phone, doc)
        await world.pipeline.abort_round(doc.round)
        world.clock.at += 366 * DAY
        world.keys.rotate(world.clock.at)
        await phone.consent("contribute", "personalize_offers")
        third = accounting.epsilon(3, 6.0, 1e-6)
        tight = terms(noise_thousandths=6000, per_year=2, cap_millionths=int(third * 1e6), **one)
        doc = await open_round(world, tight)
        with pytest.raises(BudgetSpent):  # a year later, but a lifetime is a lifetime
            await contribute(phone, doc)
        await world.pipeline.abort_round(doc.round)
        assert (await held(world, [phone], private(per_year=2, **one))).participants == 1
        found = await world.pipeline.ledger("shop", phone.subject)
        spent = [each.epsilon_millionths for each in found]
        assert spent == [-int(-accounting.epsilon(k, 6.0, 1e-6) * 1e6 // 1) for k in (1, 2, 3)]


@pytest.mark.sqlite
async def test_who_spent_their_budget_while_a_round_was_open_is_refused_before_the_release(
    make_world: MakeWorld,
) -> None:
    """Two nodes' clocks, a restored ledger: what the door let in is asked again before anything is released."""
    async with learner(make_world) as world:
        phones = await contributors(world, 4)
        doc = await open_round(world, terms(per_year=1, cohort=4, quota=4))
        for phone in phones:
            await contribute(phone, doc)
        await _run(world,
            "INSERT INTO participation VALUES ('shop', :who, :round, :at, 6000, 1000000, 1)",
            who=phones[0].subject, round=await _another_round(world), at=world.clock.at,
        )  # fmt: skip
        ended = await world.pipeline.close_round(doc.round)
        assert (ended.participants, dict(ended.dropped)) == (3, {"budget-spent": 1})


async def _run(world: World, query: str, **values: Any) -> None:
    statement = text(query)
    await world.store.transact(lambda t: t.sites._runner.change(statement, values))


async def _another_round(world: World) -> str:
    (first,) = await world.pipeline.latest_rounds(1)
    other = replace(first, id="rnd_" + "b" * 26, state="released", ended_at=1)
    await world.store.transact(lambda t: t.rounds.put(other))
    return other.id


async def test_person_and_officer_read_the_ledger_and_the_certificate_says_what_was_spent(
    make_world: MakeWorld,
) -> None:
    async with learner(make_world) as world:
        phones = await contributors(world, 3)
        ended = await held(world, phones, private(floor=3, cohort=3, quota=3))
        goes = phones[0]
        (mine,) = (await goes.export())["participations"]
        assert (mine["round"], mine["noise_thousandths"]) == (ended.id, 6000)
        assert mine["epsilon_millionths"] == pytest.approx(690_000, rel=0.01)
        assert {each.subject for each in await world.pipeline.ledger("shop")} == {
            phone.subject for phone in phones
        }
        looks = await looks_at(goes)  # at everybody, so at them as well
        await world.pipeline.ledger("shop", goes.subject)
        looks += (await looks_at(goes))[1:]
        assert ["ledger" in each for each in looks] == [True, True]
        answer = await goes.erase()
        with pytest.raises(PersonUnknown):
            await world.pipeline.ledger("shop", goes.subject)
        shown = await world.pipeline.ledger("shop")
        assert {each.subject for each in shown} == {phone.subject for phone in phones[1:]}
        assert (await rows(world))["participation"] == 3
        first = goes.certificate(answer).spent
        assert first is not None
        assert first.participations == 1
        assert first.epsilon_millionths == mine["epsilon_millionths"]
        await world.pipeline.complete_erasures()
        last = goes.certificate(await world.pipeline.erasure(answer.erasure))
        assert (last.stage, last.spent) == ("completed", first)
        assert (await rows(world))["participation"] == 2
        never = await world.enrolled()
        assert never.certificate(await never.erase()).spent is None


async def looks_at(phone: Phone) -> list[str]:
    """What somebody reads in their export of looks at them alone."""
    found = [each["record"] for each in (await phone.export())["decisions"]]
    return [each for each in found if '"action":"look"' in each]


# ---- whose round it is ----
async def test_only_the_owner_closes_and_a_silent_owner_is_given_up(make_world: MakeWorld) -> None:
    async with learner(make_world) as world:
        phones = await contributors(world)
        doc = await open_round(world)
        for phone in phones:
            await contribute(phone, doc)
        other = world.pipeline_over(world.store)
        with pytest.raises(RoundOver, match="owner"):
            await other.close_round(doc.round)
        with pytest.raises(RoundOver):
            await other.beat_round(doc.round)
        world.clock.at += LEASE
        assert await waiting(other) == 3
        await world.pipeline.beat_round(doc.round)
        world.clock.at += LEASE + 1
        assert await other.mind_rounds() is None
        assert await rows(world) == {"contribution": 0, "participation": 0, "head": 0}
        (entry,) = await round_entries(world)
        assert (entry["outcome"], entry["participants"]) == ("aborted", 0)
        with pytest.raises(RoundOver):  # it was only slow, and is too late
            await world.pipeline.close_round(doc.round)
        assert (await rows(world))["head"] == 0


@pytest.mark.sqlite
async def test_a_busy_database_is_tried_again_and_any_other_fault_ends_the_round(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with learner(make_world) as world:
        phones = await contributors(world)
        faults: list[Exception] = [StoreBusy("busy"), RuntimeError("a fault of ours")]
        pipeline = world.pipeline._rounds
        end = pipeline._end

        def failing(*arguments: Any) -> Any:
            ended = end(*arguments)
            if faults:
                raise faults.pop(0)
            return ended

        monkeypatch.setattr(pipeline, "_end", failing)
        doc = await open_round(world)
        for phone in phones:
            await contribute(phone, doc)
        with pytest.raises(StoreBusy):
            await world.pipeline.close_round(doc.round)
        assert await rows(world) == {"contribution": 3, "participation": 0, "head": 0}
        with pytest.raises(RuntimeError):
            await world.pipeline.close_round(doc.round)
        with pytest.raises(RoundOver, match="key"):  # it is gone with the fault
            await world.pipeline.close_round(doc.round)
        assert await rows(world) == {"contribution": 3, "participation": 0, "head": 0}
        world.clock.at += LEASE + 1
        assert (await held(world, phones)).state == "released"
        faults[:] = [StoreBusy("busy")]
        world.clock.at += 1
        doc = await open_round(world)
        for phone in phones:
            await contribute(phone, doc)
        with pytest.raises(StoreBusy):
            await world.pipeline.close_round(doc.round)
        assert (await world.pipeline.close_round(doc.round)).participants == 3


@pytest.mark.sqlite
async def test_a_lost_connection_costs_no_round(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner's word and the close, each while the database is away for a moment; a commit whose answer was lost stands."""
    monkeypatch.setattr(opening, "BEAT", 0.0)
    async with learner(make_world) as world:
        phones = await contributors(world)
        doc = await open_round(world)
        for phone in phones:
            await contribute(phone, doc)
        transact, plan = world.store.transact, list[str]()

        async def away(work: Any) -> Any:
            step = plan.pop(0) if plan else ""
            if step == "before":
                raise StoreUnwritable("away")
            answer = await transact(work)
            if step == "after":
                raise StoreUnwritable("the answer was lost")
            return answer

        monkeypatch.setattr(world.store, "transact", away)
        plan[:] = ["before"]
        assert await opening._beat(world.pipeline, doc.round) is None
        assert (await world.pipeline.beat_round(doc.round)).updates == 3
        # Closing, a page, no page, the end; then the same again.
        plan[:] = ["before", "", "", "", "before", "", "", "", "after"]
        ended = await opening._closed(world.pipeline, doc.round)
        assert (ended.state, ended.participants) == ("released", 3)
        assert await rows(world) == {"contribution": 0, "participation": 3, "head": 1}


@pytest.mark.parametrize("option", ["--noise=nan", "--clip=inf", "--stride=-inf"])
def test_terms_that_are_no_numbers_are_refused_in_words(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["rounds", "open", "--quota", "1", option])
    assert (result.exit_code, "finite" in result.output) == (2, True)
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.sqlite
async def test_a_device_is_told_as_many_ended_rounds_while_one_stands(
    make_world: MakeWorld,
) -> None:
    async with learner(make_world) as world:
        for _ in range(MAX_ENDED_ROUNDS + 1):
            found = await world.pipeline.open_round(terms(), 60)
            await world.pipeline.abort_round(found.id)
            world.clock.at += 1
        await open_round(world)
        assert len((await offered(world)).ended) == MAX_ENDED_ROUNDS


@pytest.mark.sqlite
async def test_a_head_that_changed_under_a_round_releases_nothing(make_world: MakeWorld) -> None:
    """Nothing here lets that happen; a restored database might."""
    async with learner(make_world) as world:
        phones = await contributors(world)
        await held(world, phones)
        doc = await open_round(world)
        for phone in phones:
            await contribute(phone, doc)
        first = await world.store.transact(lambda t: t.rounds.head(1))
        await world.store.transact(lambda t: t.rounds.put_head(replace(first, version=2)))
        assert (await world.pipeline.close_round(doc.round)).state == "aborted"
        assert await rows(world) == {"contribution": 0, "participation": 3, "head": 2}


@pytest.mark.sqlite
async def test_another_process_ends_or_aborts_a_round(make_world: MakeWorld) -> None:
    async with learner(make_world) as world:
        doc = await open_round(world)
        other = world.pipeline_over(world.store)
        await other.end_round(doc.round)
        assert (await world.pipeline.beat_round(doc.round)).round.closes_at == world.clock.at
        assert (await other.abort_round(doc.round)).state == "aborted"
        with pytest.raises(RoundOver):
            await world.pipeline.beat_round(doc.round)
        with pytest.raises(RoundOver):
            await other.end_round(doc.round)
        with pytest.raises(RoundUnknown):
            await other.abort_round("rnd_" + "a" * 26)


# ---- heads ----
async def test_going_back_is_a_new_version(make_world: MakeWorld) -> None:
    async with learner(make_world) as world:
        with pytest.raises(HeadUnknown):
            await world.pipeline.restore_head(0)  # it is in force
        await held(world, await contributors(world))
        assert (await world.pipeline.restore_head(0)).version == 2
        assert (await offered(world)).head.version == 2
        assert weights(await head_doc(world, 2)).tolist() == [0.0] * SIZE
        assert (await world.pipeline.restore_head(1)).version == 3
        first, again = await head_doc(world, 1), await head_doc(world, 3)
        assert (again.restores, again.round, again.weights) == (1, None, first.weights)
        with pytest.raises(HeadUnknown):
            await world.pipeline.restore_head(99)
        assert [each["action"] for each in await round_entries(world)][-2:] == ["restore_head"] * 2
        assert [each.version for each in await world.pipeline.heads()] == [3, 2, 1]
        assert (await rows(world))["participation"] == 3  # going back costs nobody anything


@pytest.mark.sqlite
async def test_another_network_begins_again_from_its_own_last_layer(
    make_world: MakeWorld,
) -> None:
    async with learner(make_world) as world:
        await held(world, await contributors(world))
    async with learner(make_world, holdout=lambda: small_holdout(2)) as world:
        head = (await offered(world)).head
        assert head.sha256 == b64(hashlib.sha256(HOLDOUT.base.tobytes()).digest())
        ended = await held(world, await contributors(world))
        assert ended.released == head.version + 1
        assert (await head_doc(world, ended.released)).model == 2


# ---- the gate ----
def test_the_holdout_is_of_the_network_that_ships() -> None:
    """Its last layer is where every device begins, to the bit; and it reads rendered people as well as it was measured to."""
    found, models = adapt.shipped_holdout(), load_models()
    assert models.head is not None
    assert found.model == models.model_id
    assert found.base.tobytes() == models.head.astype("<f4").tobytes()
    assert (len(found.words), set(found.words.tolist())) == (1000, set(range(8)))
    table = found.base.reshape(97, 8).astype(np.float64)
    read_as = (found.embeddings @ table[:96] + table[96]).argmax(axis=1)
    assert (read_as == found.words).mean() > 0.75


def test_the_gate_lets_nothing_through_that_reads_worse_or_that_no_device_takes() -> None:
    better, worse = (np.asarray(each, np.float32) for each in (GOOD, BAD))
    assert adapt.judged(HOLDOUT, HOLDOUT.base, better)[0]
    assert adapt.judged(HOLDOUT, better, better)[0]
    assert not adapt.judged(HOLDOUT, HOLDOUT.base, worse)[0]
    for number in (np.nan, np.inf, 1001.0):
        broken = better.copy()
        broken[7] = number
        assert not adapt.judged(HOLDOUT, HOLDOUT.base, broken)[0]


def test_a_holdout_that_is_none_is_refused(tmp_path: Path) -> None:
    good: dict[str, Any] = {
        "model": 1,
        "base": HOLDOUT.base,
        "embeddings": HOLDOUT.embeddings,
        "words": HOLDOUT.words,
    }
    wrongs: tuple[dict[str, Any], ...] = (
        {"base": HOLDOUT.base[:8]}, {"words": HOLDOUT.words + 1}, {"embeddings": HOLDOUT.embeddings * np.nan}, {"embeddings": HOLDOUT.embeddings[:3]},
    )  # fmt: skip
    for wrong in wrongs:
        with pytest.raises(RequestInvalid, match="make it again"):
            adapt.Holdout(**{**good, **wrong})
    file = tmp_path / "holdout.npz"
    with pytest.raises(RequestInvalid, match="install"):
        read(file)
    np.savez(file, model=np.array(1))
    with pytest.raises(RequestInvalid, match="install"):
        read(file)


# ---- in the log ----
@pytest.mark.sqlite
async def test_an_officer_reads_how_a_round_ended(make_world: MakeWorld) -> None:
    async with learner(make_world) as world:
        await held(world, await contributors(world))
        await world.pipeline.restore_head(0)
        for found in await round_entries(world):
            words = "\n".join(_SPECIAL[found["action"]](found))
            if found["action"] == "round":
                assert "Head 1 was released, learned from head 0" in words
                assert "each of them charged: 3" in words
            else:
                assert "Head 0 was put back in force as head 2" in words
        ask = FindAsk(filter=LogFilter(action="round", outcome="allowed"))
        await world.pipeline.sequence()
        answer = await world.pipeline.asked_here(ask)
        assert isinstance(answer, FindAnswer)
        assert [decode(each.record.encode())["outcome"] for each in answer.found] == ["released"]
