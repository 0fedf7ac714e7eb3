"""Rules, history, rewards and a shop's own order through the server; what is refused and logged; and sums that can always be made again from the events."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.server.test_personalize import random_events
from tests.server.test_pipeline_ranking import backend_reward, stored, sums_of
from tests.server.world import NOON, MakeWorld, Phone, World

from mien.errors import EnvelopeInvalid, PolicyDenied, RequestInvalid
from mien.values import Offer
from mien.wire.canonical import b64
from mien.wire.messages import (
    CapDoc,
    DeedDoc,
    OfferDoc,
    OrderRules,
    PinDoc,
    RankRequest,
    RewardRequest,
    RulesDoc,
    parse,
)
from mien_server import record
from mien_server.personalize import Sums, fits
from mien_server.ports import Transaction
from mien_server.record.events import _FIRST_FEATURE, _FIRST_HEAD, _FIRST_PLACE
from mien_server.stores.sites import _catalogue, _catalogue_bytes
from mien_server.values import Cap, Catalogue, Event, Rules, SealedEvent

RULES = RulesDoc(pin=[PinDoc(offer="offer-5", place=2)], apart=["calm"], exclude=["offer-0"])
VISIT = [DeedDoc(kind="view", offer="offer-1", ago=30), DeedDoc(kind="cart", offer="offer-3", ago=9)]  # fmt: skip


# ---- the same for everybody ----
async def test_rules_and_history_cost_nobody_anything(make_world: MakeWorld) -> None:
    """P8 with all that a shop may say: the same offers at the same prices, one price for each, whoever asks."""
    async with make_world() as world:
        yes, no = await world.enrolled(), await world.enrolled()
        await yes.send()
        await no.withdraw()
        asked: dict[str, Any] = {"rules": RULES, "history": VISIT, "places": 5, "age_band": "adult"}
        answers = [await who.rank(**asked) for who in (yes, no, world)]
        for answer in answers:
            ids = [place.offer.id for place in answer.places]
            assert ids[1] == "offer-5"
            assert sorted(ids) == [f"offer-{i}" for i in range(1, 6)]
            assert {p.offer.id: p.offer.price for p in answer.places} == {
                f"offer-{i}": 1000 + 100 * i for i in range(1, 6)
            }
            assert (answer.behaviour, answer.agreed) == ("deciding", None)
        assert len(answers[0].sealed_why or "") == len(answers[1].sealed_why or "")
        assert yes.why(answers[0]).places[1] == "the shop put this here for everybody"
        nobodys = await stored(world, answers[2].event)
        assert nobodys.subject is None
        assert b"view" not in nobodys.content  # what was done is not kept, only five numbers
        assert b"cart" not in nobodys.content


async def test_rules_of_the_catalogue_hold_for_candidates_too(make_world: MakeWorld) -> None:
    rules = Rules(without=frozenset({"wine"}), adults=frozenset({"beer"}), not_in=(("lottery", "EU-DE"),))  # fmt: skip
    async with make_world() as world:
        kept = replace(world.catalogue, rules=rules)
        await world.store.transact(lambda t: t.sites.put_catalogue("shop", kept))
        docs = [
            OfferDoc(id=tag, title=tag, price=5, tags=[tag])
            for tag in ("wine", "beer", "lottery", "tea")
        ]
        for age, ids in (("adult", ["beer", "tea"]), ("16_to_17", ["tea"]), ("undeclared", ["tea"])):  # fmt: skip
            answer = await world.rank(candidates=docs, age_band=age)
            assert sorted(place.offer.id for place in answer.places) == ids


def test_a_catalogue_keeps_its_rules() -> None:
    rules = OrderRules(
        exclude=["a"], without=["x"], adults=["y"], pin=[PinDoc(offer="b", place=1)], cap=[CapDoc(tag="t", most=1, first=3)],
        apart=["t"], not_in=[{"tag": "z", "jurisdiction": "EU"}],  # type: ignore[list-item]
    )  # fmt: skip
    there = Catalogue((Offer("a", "A", 1),), {"joy": {"t": 0.1}}, Rules.of(rules))
    assert there.rules.caps == (Cap("t", 1, 3),)
    content = _catalogue_bytes(there)
    assert _catalogue(content) == there
    older = content.replace(content[content.index(b',"rules"') : -1], b"")
    assert _catalogue(older) == replace(there, rules=Rules())


# ---- effects that work against a person ----
async def test_an_effect_against_a_person_is_refused_with_the_law_and_logged(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        for effect in ("price", "eligibility", "urgency", "vulnerability"):
            article = "GDPR 22" if effect == "eligibility" else "AI Act 5(1)(b)"
            rules = RulesDoc(effect=effect)
            with pytest.raises(PolicyDenied, match="what a person feels never changes") as refusal:
                await phone.rank(rules=rules)
            assert {f"policy:no-{effect}", article} <= set(refusal.value.laws)
            records = [each["record"] for each in (await phone.export())["decisions"]]
            (kept,) = [each for each in records if f'"effect":"{effect}"' in each]
            assert '"allow":false' in kept
            assert article in kept
            before = await world.store.transact(lambda t: t.leaves.pending_count())
            with pytest.raises(PolicyDenied) as refusal:
                await world.rank(rules=rules)
            assert article in refusal.value.laws
            assert await world.store.transact(lambda t: t.leaves.pending_count()) == before + 1
        assert not await world.store.transact(lambda t: t.events.of_person("shop", phone.subject, 9))  # fmt: skip


async def test_an_effect_is_refused_before_it_is_known_who_asks(make_world: MakeWorld) -> None:
    """Nor can somebody else write refusals into a person's log."""
    async with make_world() as world:
        phone, other = await world.enrolled(), await world.enrolled()
        request = phone.rank_request(rules=RulesDoc(effect="urgency"))
        forged = request.model_copy(update={"asker": other.asker()})
        with pytest.raises(EnvelopeInvalid):
            await world.pipeline.rank(world.site, forged, backend=False)


# ---- rewards ----
async def test_a_place_of_which_nothing_is_heard_counts_what_the_request_said(
    make_world: MakeWorld,
) -> None:
    """Learned as its default after the wait; a reward that comes later corrects that, and the same again changes nothing."""
    async with make_world() as world:
        answer = await world.rank(places=2, otherwise=40)
        world.clock.at += 601
        await world.pipeline.sweep()
        sums = await sums_of(world)
        assert (sums.n, sums.b[0]) == (1, pytest.approx(0.8))
        assert not (await backend_reward(world, answer.event, 100)).duplicate
        late = await sums_of(world)
        assert (late.n, late.b[0]) == (1, pytest.approx(1.4))
        before = late.to_bytes()
        assert (await backend_reward(world, answer.event, 100)).duplicate
        assert (await sums_of(world)).to_bytes() == before


async def test_the_wait_is_the_servers_setting(make_world: MakeWorld) -> None:
    async with make_world() as world:
        world.pipeline._rankings._wait = 5
        await world.rank()
        world.clock.at += 4
        await world.pipeline.sweep()
        assert (await sums_of(world)).n == 0
        world.clock.at += 2
        await world.pipeline.sweep()
        assert (await sums_of(world)).n == 1


async def test_a_kind_of_reward(make_world: MakeWorld) -> None:
    async with make_world() as world:
        answer = await world.rank(places=1)
        request = RewardRequest(site="shop", event=answer.event, kind="cart")
        await world.pipeline.reward(world.site, request, backend=True)
        assert (await sums_of(world)).b[0] == pytest.approx(0.6)


async def test_a_shops_own_order_is_answered_compared_and_learned(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        own = ["offer-3", "offer-1", "offer-0"]
        for answer in (await phone.rank(own=own, places=3), await world.rank(own=own, places=3)):
            assert [place.offer.id for place in answer.places] == own
            assert answer.agreed in range(4)
        why = phone.why(await phone.rank(own=own, places=3))
        assert "the shop shows its own order" in why.why
        with pytest.raises(RequestInvalid, match="own order"):
            await world.rank(own=["nobody"])
        await backend_reward(world, answer.event, 100, 2)
        assert (await sums_of(world)).n == 1


# ---- exact forgetting, through the server ----
async def visits(world: World, count: int) -> dict[str, list[Event]]:
    """Rankings with history, rules and rewards of two people and of nobody, as the log holds them: their events by who."""
    leaving, staying = await world.enrolled(), await world.enrolled()
    for person in (leaving, staying):
        await person.send()
    everybody: tuple[Phone | World, ...] = (leaving, staying, world)
    for turn in range(count):
        for who in everybody:
            answer = await who.rank(history=VISIT, rules=RULES if turn % 2 else RulesDoc(), otherwise=turn)  # fmt: skip
            if turn % 3:
                await backend_reward(world, answer.event, 20 * turn, 1 + turn % 2)
    world.clock.at += 601
    await world.pipeline.sweep()
    learning = world.pipeline._rankings._learning

    def opened(transaction: Transaction) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = {leaving.subject: [], staying.subject: [], "": []}
        for each in transaction.events.learned_at("shop", "", 1000):
            found[each.subject or ""].append(learning.open(transaction, each))
        return found

    events: dict[str, list[Event]] = await world.store.transact(opened)
    await leaving.erase()
    await world.pipeline.complete_erasures()
    return {"gone": events.pop(leaving.subject), "left": [e for es in events.values() for e in es]}


async def test_sums_after_an_erasure_are_those_of_a_log_without_the_person(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        events = await visits(world, 5)
        assert (len(events["gone"]), len(events["left"])) == (5, 10)
        assert all(any(event.felt) for event in events["gone"])
        expected, everybody = Sums.empty(), Sums.empty()
        for event in events["left"]:
            expected.learn(event)
        for event in (*events["left"], *events["gone"]):
            everybody.learn(event)
        found = await sums_of(world)
        learning = world.pipeline._rankings._learning
        again = await world.store.transact(lambda t: learning.rebuilt(t, "shop"))
        for sums in (found, again):
            assert sums.n == expected.n
            assert _apart(sums.A, expected.A) <= 1e-9
            assert _apart(sums.b, expected.b) <= 1e-9
        assert _apart(found.A, everybody.A) > 1e-3  # there was something to take out


def _apart(found: np.ndarray, expected: np.ndarray) -> float:
    """How far apart, relative to the largest number of what is expected."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


# ---- sums that cannot be read ----
SPOILT: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: b"miensum1" + data[8:],
    lambda data: data[:-3],
    lambda data: data[:-8] + np.array([np.nan], ">f8").tobytes(),
    lambda _data: b"",
)


async def test_sums_that_cannot_be_read_are_made_again(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        await backend_reward(world, (await phone.rank()).event, 70)
        for turn, spoil in enumerate(SPOILT, 1):
            whole = await sums_of(world)
            data = spoil(whole.to_bytes())
            await world.store.transact(
                lambda t, data=data: t.sites.put_sums("shop", os.urandom(16), data)
            )
            answer = await world.rank()
            made = await sums_of(world)
            assert made.n == turn
            assert _apart(made.A, whole.A) <= 1e-12
            await backend_reward(world, answer.event, 10)
            kept = await world.store.transact(lambda t: t.sites.sums("shop"))
            assert Sums.from_bytes(kept).n == turn + 1
        await world.store.transact(lambda t: t.sites.put_sums("shop", os.urandom(16), b"?"))
        await phone.erase()
        await world.pipeline.complete_erasures()
        assert (await sums_of(world)).n == len(SPOILT)


async def test_events_of_an_older_server_are_shown_and_forgotten_and_teach_nothing(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        older = _first("evt_" + "b" * 26, world.clock.at, learned=True)
        waiting = _first("evt_" + "c" * 26, world.clock.at, learned=False)
        for each in (older, waiting):
            await world.store.transact(lambda t, each=each: t.events.add(each))
        opened = record.open_event(older, None)
        assert (opened.offers, opened.rewards, len(opened.features[0])) == (("o",), ((1, 0.5),), 163)  # fmt: skip
        assert not fits(opened)
        await backend_reward(world, (await world.rank()).event, 100)
        world.clock.at += 601
        await world.pipeline.sweep()
        assert (await sums_of(world)).n == 1
        await backend_reward(world, older.id, 100)
        assert (await stored(world, older.id)).learned
        assert (await sums_of(world)).n == 1
        world.clock.at += 40 * 86_400
        await world.pipeline.sweep()
        assert (await sums_of(world)).n == 0
        assert await stored(world, older.id) is None


def _first(name: str, at: int, *, learned: bool) -> SealedEvent:
    """An event as version 1 had it: 163 features, those that are not zero."""
    content = (
        _FIRST_HEAD.pack(1, 0, 1, 163) + b"\x01o" + _FIRST_PLACE.pack(0.5, 0.5, 2)
        + _FIRST_FEATURE.pack(0, 1.0) + _FIRST_FEATURE.pack(17, 1.0)
    )  # fmt: skip
    return SealedEvent(name, "shop", None, at, at + 30 * 86_400, content, learned)


# ---- hostile ----
HOSTILE: tuple[dict[str, Any], ...] = (
    {"candidates": [{"id": "a", "title": "A", "price": float("nan")}]},
    {"candidates": [{"id": "a", "title": "A", "price": 10**13}]},
    {"candidates": [{"id": "a", "title": "A", "price": 1, "tags": ["a|b"]}]},
    {"candidates": [{"id": "a", "title": "A", "price": 1, "tags": ["a\nb"]}]},
    {"candidates": [{"id": "a", "title": "A", "price": 1, "tags": ["t"] * 17}]},
    {"candidates": [{"id": f"o{i}", "title": "A", "price": 1} for i in range(201)]},
    {"history": [{"kind": "view", "offer": "a", "ago": 1}] * 65},
    {"history": [{"kind": "view", "offer": "a", "ago": float("inf")}]},
    {"history": [{"kind": "felt", "offer": "a", "ago": 1}]},
    {"rules": {"pin": [{"offer": "a", "place": 1}, {"offer": "b", "place": 1}]}},
    {"rules": {"cap": [{"tag": "t", "most": -1}]}},
    {"rules": {"effect": "joy"}},
    {"own": ["a"] * 21},
    {"otherwise": 101},
    {"propensities": [1e-6]},
)


async def test_hostile_requests_are_refused_and_nothing_is_learned(make_world: MakeWorld) -> None:
    """The probability of what was shown is the server's own: no request can name one, so none can be zero."""
    async with make_world() as world:
        await backend_reward(world, (await world.rank()).event, 100)
        before = (await sums_of(world)).to_bytes()
        for asked in HOSTILE:
            with pytest.raises(RequestInvalid):
                await _sent(world, asked)
        assert (await sums_of(world)).to_bytes() == before


async def _sent(world: World, asked: dict[str, Any]) -> None:
    """Parsed as a body is, and ranked."""
    request = parse(RankRequest, {"site": "shop", "request": b64(bytes(16)), **asked})
    await world.pipeline.rank(world.site, request, backend=True)


async def test_the_dearest_offer_stops_nobody_from_learning(make_world: MakeWorld) -> None:
    """Whoever has the publishable key can rank it: it must be learned like any other."""
    async with make_world() as world:
        await world.rank(candidates=[OfferDoc(id="a", title="A", price=10**12)])
        await world.rank()
        world.clock.at += 601
        await world.pipeline.sweep()
        assert (await sums_of(world)).n == 2


def _rounded(row: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(np.array(row, np.float32).astype(np.float64).tolist())


def test_an_event_keeps_what_was_learned_to_the_bit() -> None:
    (event,) = random_events(4, 1)
    count = len(event.features)
    exact = replace(
        event, id="evt_" + "a" * 26, at=NOON, otherwise=0.35, own=True,
        features=tuple(_rounded(row) for row in event.features),
        felt=_rounded(event.felt),
        offers=("o",) * count, propensities=(0.1,) * count,
    )  # fmt: skip
    kept = record.open_event(record.plain_event(exact, learned=True), None)
    assert kept == exact
    one, other = Sums.empty(), Sums.empty()
    one.learn(exact)
    other.learn(kept)
    assert one.to_bytes() == other.to_bytes()
    sealed = record.plain_event(exact, learned=True)
    for content in (b"", sealed.content[:-1], sealed.content + b"\0", b"\x03" + sealed.content[1:]):
        with pytest.raises(Exception, match="stored event"):
            record.open_event(replace(sealed, content=content), None)
