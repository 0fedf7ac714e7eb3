"""Ranking's laws over generated catalogues, emotions and experience: parity, exact probabilities, exact forgetting, and never a dearer first place."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import RequestInvalid
from mien.values import EXPRESSIONS, Label, Offer
from mien.wire.canonical import encode
from mien.wire.messages import MAX_PLACES, Why, dump
from mien_server import personalize
from mien_server.personalize import Choice, Sums, choose, emotion_of, words
from mien_server.personalize.draw import MAX_OFFERS, _sample, hold_price, likely
from mien_server.personalize.features import (
    BASE,
    BUCKETS,
    DECLARED,
    FELT,
    PRICE,
    Vector,
    table,
    whole,
)
from mien_server.pipeline.ranking import WHY_BLOCK
from mien_server.values import Catalogue, Emotion, Event

TAGS = ("calm", "cosy", "gift", "outdoor", "playful", "premium")
JOY = Emotion({"joy": 0.8, "neutral": 0.2}, valence=0.6, arousal=0.2, labels=9)


# ---- what is generated ----
@st.composite
def offers(draw: st.DrawFn, *, largest: int = 12) -> tuple[Offer, ...]:
    ids = draw(st.lists(st.integers(0, 99), min_size=1, max_size=largest, unique=True))
    price = st.one_of(st.integers(0, 50_000), st.sampled_from([0, 1, 10**12]))
    tags = st.lists(st.sampled_from(TAGS), max_size=3, unique=True).map(tuple)
    return tuple(Offer(f"o{i}", f"Offer {i}", draw(price), tags=draw(tags)) for i in ids)


@st.composite
def emotions(draw: st.DrawFn) -> Emotion:
    weights = draw(st.lists(st.floats(0, 1), min_size=8, max_size=8))
    part = draw(st.floats(0, 1)) / max(1e-9, sum(weights))
    shares = {
        word: min(1.0, weight * part) for word, weight in zip(EXPRESSIONS, weights, strict=True)
    }
    labels = draw(st.integers(1, 64))
    tellings = draw(st.integers(0, labels))
    fraction = draw(st.floats(0, 1)) if 0 < tellings < labels else float(tellings > 0)
    told = {word: share * fraction for word, share in shares.items()} if tellings else {}
    return Emotion(
        shares, draw(st.floats(-1, 1)), draw(st.floats(-1, 1)), labels, told=told, tellings=tellings
    )


AFFINITIES = st.dictionaries(
    st.sampled_from(EXPRESSIONS),
    st.dictionaries(st.sampled_from(TAGS), st.floats(-1, 1)),
    max_size=4,
)
SEEDS = st.integers(0, 2**32 - 1)


def learned(seed: int, events: int) -> Sums:
    """Sums over random events: any weights a shop may come to hold."""
    sums = Sums.empty()
    for event in random_events(seed, events):
        sums.learn(event)
    return sums


def random_events(seed: int, count: int) -> list[Event]:
    rng = np.random.default_rng(seed)
    return [
        replace(
            event_of(rng.uniform(-1, 1, (int(rng.integers(1, 4)), BASE)).tolist(), ((1, float(rng.random())),)),
            felt=tuple(rng.uniform(-1, 1, FELT).tolist()),
        )
        for _ in range(count)
    ]  # fmt: skip


def event_of(rows: Sequence[Sequence[float]], rewards: tuple[tuple[int, float], ...] = ()) -> Event:
    features = tuple(tuple(row) for row in rows)
    return Event("e", "shop", None, 0, 0, ("o",) * len(rows), features, (1.0,) * len(rows), False, rewards)  # fmt: skip


def chosen(choice: Choice, rewards: tuple[tuple[int, float], ...]) -> Event:
    """The event of a choice."""
    return replace(event_of(choice.features, rewards), felt=choice.felt)


def rows(offers: Sequence[Offer], emotion: Emotion | None, affinities: dict[str, dict[str, float]]) -> Vector:  # fmt: skip
    """All features of each offer."""
    known = table(offers, "home", emotion, affinities)
    return whole(known.base, known.felt)


def source(seed: int = 1) -> Callable[[], float]:
    return np.random.default_rng(seed).random


def rank(
    catalogue: Catalogue, emotion: Emotion | None, sums: Sums, *, places: int = 5, seed: int = 1
) -> Choice:
    return choose(catalogue, catalogue.offers, emotion, "home", sums, places, source(seed))


WORLD = st.tuples(offers(), AFFINITIES, emotions(), SEEDS, st.sampled_from([0, 0, 1, 25]))
World = tuple[tuple[Offer, ...], dict[str, dict[str, float]], Emotion, int, int]
QUICK = settings(max_examples=40, deadline=None)


# ---- parity (P8) ----
@QUICK
@given(WORLD)
def test_emotion_changes_the_order_and_nothing_else(world: World) -> None:
    candidates, affinities, emotion, seed, events = world
    catalogue, sums = Catalogue(candidates, affinities), learned(seed, events)
    with_it = rank(catalogue, emotion, sums, places=len(candidates))
    without = rank(catalogue, None, sums, places=len(candidates))
    assert sorted(with_it.order, key=lambda o: o.id) == sorted(without.order, key=lambda o: o.id)
    assert set(with_it.order) == set(candidates)
    assert (with_it.used_emotion, without.used_emotion) == (True, False)
    assert all(value == 0 for row in without.features for value in row[DECLARED:])


# ---- never a dearer first place (P9) ----
class Spy:
    """Records the distributions each place was drawn from."""

    def __init__(self) -> None:
        self.pmfs: list[np.ndarray] = []

    def sample(self, pmf: np.ndarray, number: float) -> int:
        self.pmfs.append(pmf)
        return min(int(np.searchsorted(pmf.cumsum(), number, side="right")), len(pmf) - 1)


def first_price(
    monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue, emotion: Emotion | None, sums: Sums
) -> float:
    """Expected price of the first place, from the distribution it is drawn from."""
    spy = Spy()
    monkeypatch.setattr("mien_server.personalize.draw._sample", spy.sample)
    rank(catalogue, emotion, sums, places=1)
    return float(spy.pmfs[0] @ np.array([offer.price for offer in catalogue.offers], dtype=float))


@settings(max_examples=150, deadline=None)
@given(WORLD)
def test_the_expected_price_of_the_first_place_is_no_higher_with_emotion(world: World) -> None:
    candidates, affinities, emotion, seed, events = world
    catalogue, sums = Catalogue(candidates, affinities), learned(seed, events)
    with pytest.MonkeyPatch.context() as patch:
        without = first_price(patch, catalogue, None, sums)
        assert first_price(patch, catalogue, emotion, sums) <= without * (1 + 1e-9)


DEAR = Catalogue(
    tuple(
        Offer(f"o{i}", f"O {i}", 1000 + 9000 * (i % 2), tags=("premium",) if i % 2 else ("calm",))
        for i in range(8)
    ),
    {"joy": {"premium": 1.0}},
)


def test_the_law_is_broken_when_the_tilt_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop that declares that the pleased suit the dear: without the tilt it would work, so the law above can fail."""
    sums = Sums.empty()
    without = first_price(monkeypatch, DEAR, None, sums)
    held = first_price(monkeypatch, DEAR, JOY, sums)
    assert held <= without
    monkeypatch.setattr(
        "mien_server.personalize.draw.hold_price", lambda wanted, _without, _prices: wanted
    )
    assert first_price(monkeypatch, DEAR, JOY, sums) > 1.3 * without


def test_holding_the_price_is_said() -> None:
    assert "Dearer offers were held back" in rank(DEAR, JOY, Sums.empty()).why
    assert (
        "Dearer"
        not in rank(replace(DEAR, affinities={"joy": {"calm": 1.0}}), JOY, Sums.empty()).why
    )


@settings(max_examples=300, deadline=None)
@given(SEEDS, st.integers(1, 30), st.sampled_from([1e-9, 1e-3, 1.0, 1e6]), st.booleans())
def test_a_held_distribution_is_one_and_holds(
    seed: int, count: int, variance: float, wild: bool
) -> None:
    rng = np.random.default_rng(seed)
    wanted = likely(rng.normal(size=count), np.full(count, variance))
    without = likely(rng.normal(size=count), np.full(count, variance))
    drawn = 10.0 ** rng.integers(0, 13, count) if wild else rng.integers(0, 5, count) * 100.0
    prices = np.asarray(drawn, dtype=np.float64)
    pmf = hold_price(wanted, without, prices)
    assert math.isclose(pmf.sum(), 1.0, rel_tol=1e-9)
    assert (pmf > 0).all()
    assert pmf @ prices <= (without @ prices) * (1 + 1e-9)
    if wanted @ prices <= without @ prices:
        assert pmf is wanted
    if pmf is not wanted:
        assert (pmf >= 0.049 * without).all()


def test_where_all_cost_the_same_nothing_is_held() -> None:
    """Sums of probabilities differ by rounding: that is no difference in price."""
    without = np.array([0.5, 0.5])
    wanted = without * (1 + 1e-9)
    assert hold_price(wanted, without, np.full(2, 1999.0)) is wanted


def test_a_cent_counts_whatever_the_price() -> None:
    """What is held is what lies between the cheapest and the dearest, not a share of the price."""
    without, wanted = np.array([0.5, 0.5]), np.array([0.1, 0.9])
    prices = np.array([1e12, 1e12 + 1])
    pmf = hold_price(wanted, without, prices)
    assert pmf[1] <= without[1] * (1 + 1e-9)


@pytest.mark.parametrize("number", [0.0, 0.3, 0.999, float(np.nextafter(1.0, 0.0))])
def test_who_may_not_stand_there_is_never_drawn(number: float) -> None:
    """The probabilities come to a hair less than 1, and the last offers have none: neither may lead past who is left."""
    pmf = np.array([0.0, 0.3, 0.0, 0.7 - 1e-9, 0.0, 0.0])
    assert _sample(pmf, number) == (1 if number < 0.3 else 3)


def test_no_feature_of_price_changes_with_emotion_and_none_of_emotion_with_price() -> None:
    cheap = [Offer("a", "A", 100, tags=("gift",)), Offer("b", "B", 100, tags=("calm",))]
    dear = [replace(offer, price=90_000) for offer in cheap]
    affinities = {"joy": {"gift": 0.5}}
    for mood in EXPRESSIONS:
        emotion = Emotion({mood: 1.0}, 0.9, 0.9, 5)
        one, other = rows(cheap, emotion, affinities), rows(dear, emotion, affinities)
        assert set(np.flatnonzero((one != other).any(0))) == {PRICE}
        none = rows(cheap, None, affinities)
        assert not (one != none)[:, :DECLARED].any()


# ---- exact probabilities ----
@QUICK
@given(WORLD, st.integers(1, 12))
def test_each_place_is_drawn_from_a_distribution_and_its_probability_is_kept(
    world: World, places: int
) -> None:
    candidates, affinities, emotion, seed, events = world
    catalogue, sums = Catalogue(candidates, affinities), learned(seed, events)
    spy = Spy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mien_server.personalize.draw._sample", spy.sample)
        choice = rank(catalogue, emotion, sums, places=places)
    assert len(choice.order) == min(places, len(candidates))
    assert len(set(choice.order)) == len(choice.order)
    left = list(candidates)
    for offer, propensity, pmf in zip(choice.order, choice.propensities, spy.pmfs, strict=True):
        assert len(pmf) == len(candidates)
        assert math.isclose(pmf.sum(), 1.0, rel_tol=1e-9)
        assert [each for each, share in zip(candidates, pmf, strict=True) if share > 0] == left
        assert (pmf >= 0).all()
        assert propensity == pmf[candidates.index(offer)]
        left.remove(offer)
    assert [len(row) for row in choice.features] == [BASE] * len(choice.order)


def test_offers_come_as_often_as_their_probability_says() -> None:
    catalogue = Catalogue(DEAR.offers[:3], {"joy": {"calm": 0.05}})
    uniform, seen, said = source(7), {"o0": 0, "o1": 0, "o2": 0}, {}
    for _ in range(2000):
        choice = choose(catalogue, catalogue.offers, JOY, "home", Sums.empty(), 1, uniform)
        seen[choice.order[0].id] += 1
        said[choice.order[0].id] = choice.propensities[0]
    for name, probability in said.items():
        error = 4 * math.sqrt(probability * (1 - probability) / 2000)
        assert abs(seen[name] / 2000 - probability) < error


@QUICK
@given(WORLD)
def test_the_same_arguments_give_the_same_answer(world: World) -> None:
    candidates, affinities, emotion, seed, events = world
    catalogue = Catalogue(candidates, affinities)
    one = rank(catalogue, emotion, learned(seed, events), seed=seed)
    assert rank(catalogue, emotion, learned(seed, events), seed=seed) == one


def test_the_features_that_were_kept_are_those_that_were_scored() -> None:
    sums = learned(3, 40)
    known = table(DEAR.offers, "home", JOY, DEAR.affinities)
    theta = sums.estimate()
    scores = known.plain(theta) + known.by_site(theta) + known.by_people(theta)
    assert np.allclose(whole(known.base, known.felt) @ theta, scores)


# ---- learning and forgetting ----
@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(1, 30), st.randoms(use_true_random=False))
def test_forgetting_in_any_order_leaves_what_the_others_taught(seed: int, count: int, order: st.DataObject) -> None:  # fmt: skip
    stay, leave = random_events(seed, 20), random_events(seed + 1, count)
    sums, expected = Sums.empty(), Sums.empty()
    mixed = stay + leave
    order.shuffle(mixed)  # type: ignore[attr-defined]
    for event in mixed:
        sums.learn(event)
    order.shuffle(leave)  # type: ignore[attr-defined]
    for event in leave:
        sums.forget(event)
    for event in stay:
        expected.learn(event)
    assert sums.n == expected.n
    assert np.allclose(sums.A, expected.A, rtol=1e-9, atol=1e-9)
    assert np.allclose(sums.b, expected.b, rtol=1e-9, atol=1e-9)
    assert np.allclose(sums.estimate(), expected.estimate(), rtol=1e-7, atol=1e-9)


def test_sums_are_those_of_the_definition() -> None:
    event = replace(event_of([[0.5] * BASE, [0.25] * BASE], ((2, 0.8),)), felt=(0.1,) * FELT)
    sums = Sums.empty()
    sums.learn(event)
    x = np.array([[each] * BASE + [0.1 * each] * (FELT * BUCKETS) for each in (0.5, 0.25)])
    assert np.allclose(sums.A, np.outer(x[0], x[0]) + np.outer(x[1], x[1]))
    assert np.allclose(sums.b, 0.8 * x[1])
    assert sums.n == 1


def test_what_people_choose_moves_the_order() -> None:
    catalogue, sums = Catalogue(DEAR.offers, {}), Sums.empty()
    for _ in range(40):
        choice = rank(catalogue, JOY, sums, places=8, seed=sums.n)
        rewards = tuple(
            (place, 1.0) for place, offer in enumerate(choice.order, 1) if "calm" in offer.tags
        )
        sums.learn(chosen(choice, rewards))
    after = rank(catalogue, JOY, sums, places=4)
    assert {tag for offer in after.order for tag in offer.tags} == {"calm"}
    assert any(
        "people who looked or said so chose things like this" in words for words in after.places
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 1e300, 2.6])
def test_hostile_features_are_refused_and_nothing_is_learned(number: float) -> None:
    sums = learned(1, 3)
    before = sums.to_bytes()
    with pytest.raises(RequestInvalid):
        sums.learn(event_of([[number] * BASE]))
    assert sums.to_bytes() == before


@pytest.mark.parametrize(
    "event",
    [
        event_of([]),
        event_of([[0.0] * (BASE - 1)]),
        event_of([[0.0] * BASE], ((2, 1.0),)),
        event_of([[0.0] * BASE], ((0, 1.0),)),
        event_of([[0.0] * BASE], ((1, 1.5),)),
        event_of([[0.0] * BASE], ((1, -0.1),)),
        event_of([[0.0] * BASE], ((1, float("nan")),)),
        event_of([[0.0] * BASE], ((1, 1.0), (1, 1.0))),
    ],
)
def test_events_that_were_never_ranked_are_refused(event: Event) -> None:
    sums = learned(1, 3)
    before = sums.to_bytes()
    for act in (sums.learn, sums.forget):
        with pytest.raises(RequestInvalid):
            act(event)
    assert sums.to_bytes() == before


def test_nothing_can_be_forgotten_that_was_not_learned() -> None:
    with pytest.raises(RequestInvalid):
        Sums.empty().forget(random_events(1, 1)[0])


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(0, 20))
def test_sums_survive_as_bytes(seed: int, count: int) -> None:
    sums = learned(seed, count)
    data = sums.to_bytes()
    back = Sums.from_bytes(data)
    assert back.to_bytes() == data
    assert (back.n, (back.A == back.A.T).all()) == (count, True)
    assert np.array_equal(back.estimate(), sums.estimate())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: b"x" + data[1:],
        lambda data: data[:11] + b"\x01" + data[12:],
        lambda data: data[:-8] + np.array([np.nan], ">f8").tobytes(),
        lambda data: data[:-8] + np.array([np.inf], ">f8").tobytes(),
    ],
)
def test_damaged_sums_are_refused(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(RequestInvalid):
        Sums.from_bytes(spoil(learned(1, 2).to_bytes()))


def test_a_score_that_is_no_number_stops_the_ranking() -> None:
    with pytest.raises(RequestInvalid):
        likely(np.array([0.0, np.nan]), np.ones(2))


# ---- refusals ----
ONE = Offer("a", "A", 100, tags=("gift",))


def test_one_offer_is_certain() -> None:
    choice = rank(Catalogue((ONE,), {}), JOY, Sums.empty())
    assert (choice.order, choice.propensities) == ((ONE,), (1.0,))


@pytest.mark.parametrize(
    ("candidates", "places"),
    [
        ((), 1),
        ((replace(ONE, stock=0),), 1),
        ((ONE,), 0),
        ((ONE, replace(ONE, price=5)), 1),
        ((ONE, replace(ONE, id="b", currency="USD")), 1),
        ((replace(ONE, price=-1),), 1),
        ((replace(ONE, price=10**13),), 1),
        (tuple(replace(ONE, id=f"o{i}") for i in range(MAX_OFFERS + 1)), 1),
    ],
)  # fmt: skip
def test_candidates_that_cannot_be_ranked_are_refused(
    candidates: tuple[Offer, ...], places: int
) -> None:
    with pytest.raises(RequestInvalid):
        rank(Catalogue(candidates, {}), None, Sums.empty(), places=places)


def test_offers_out_of_stock_are_left_out() -> None:
    gone = replace(ONE, id="b", stock=0)
    assert rank(Catalogue((ONE, gone), {}), None, Sums.empty()).order == (ONE,)


@pytest.mark.parametrize(
    "emotion",
    [
        Emotion({"joy": float("nan")}, 0, 0, 1),
        Emotion({"joy": -0.1}, 0, 0, 1),
        Emotion({"joy": 0.7, "fear": 0.7}, 0, 0, 1),
        Emotion({"happy": 0.5}, 0, 0, 1),
        Emotion({}, float("nan"), 0, 1),
        Emotion({}, 0, 1.1, 1),
        Emotion({"joy": 0.5}, 0, 0, 1, told={"joy": 0.6}, tellings=1),
        Emotion({"joy": 0.5}, 0, 0, 1, told={"fear": 0.1}, tellings=1),
        Emotion({"joy": 0.5}, 0, 0, 1, told={"joy": -0.1}, tellings=1),
        Emotion({"joy": 0.5}, 0, 0, 1, told={"joy": float("nan")}, tellings=1),
        Emotion({"joy": 0.5}, 0, 0, 1, told={"joy": 0.5}, tellings=2),
        Emotion({"joy": 0.5}, 0, 0, 1, told={"joy": 0.5}),
        Emotion({"joy": 0.5}, 0, 0, 1, tellings=-1),
    ],
)
def test_an_emotion_that_is_none_is_refused(emotion: Emotion) -> None:
    with pytest.raises(RequestInvalid):
        rank(DEAR, emotion, Sums.empty())


@pytest.mark.parametrize("value", [float("nan"), 1.5, -1.01])
def test_affinities_out_of_range_are_refused(value: float) -> None:
    with pytest.raises(RequestInvalid):
        rank(Catalogue((ONE,), {"joy": {"gift": value}}), JOY, Sums.empty())


@pytest.mark.parametrize("number", [1.0, -0.1, float("nan")])
def test_randomness_that_is_none_is_refused(number: float) -> None:
    with pytest.raises(RequestInvalid):
        choose(DEAR, DEAR.offers, None, "home", Sums.empty(), 1, lambda: number)


# ---- words ----
def test_without_emotion_the_words_say_nothing_of_looks() -> None:
    for sums in (Sums.empty(), learned(1, 3)):
        choice = rank(DEAR, None, sums)
        assert choice.why.startswith("no expression was used")
        assert not any("look" in words for words in (*choice.places, choice.why))
        assert len(choice.places) == len(choice.order)


def test_a_place_says_what_the_shop_declared() -> None:
    catalogue = replace(DEAR, affinities={"joy": {"calm": 1.0}})
    choice = rank(catalogue, JOY, Sums.empty(), places=8)
    reasons = {
        tag: words
        for offer, words in zip(choice.order, choice.places, strict=True)
        for tag in offer.tags
    }
    assert reasons["calm"].startswith(
        "moved up because you looked pleased, and the shop says `calm` things suit that"
    )
    assert reasons["premium"].startswith(
        "moved down because you looked pleased, and other things suit that better"
    )
    assert "pleased (9 readings)" in choice.why


def test_a_place_says_how_much_was_declared_and_how_much_learned() -> None:
    sums = Sums.empty()
    catalogue = replace(DEAR, affinities={"joy": {"calm": 0.3}})
    for _ in range(30):
        choice = rank(catalogue, JOY, sums, places=8, seed=sums.n)
        rewards = tuple(
            (place, 1.0) for place, offer in enumerate(choice.order, 1) if "calm" in offer.tags
        )
        sums.learn(chosen(choice, rewards))
    words = rank(catalogue, JOY, sums, places=1).places[0]
    assert "the shop says `calm` things suit that (" in words
    assert "people who looked or said so chose things like this (" in words


def test_an_expression_nobody_said_anything_about_makes_no_difference() -> None:
    choice = rank(DEAR, Emotion({"fear": 1.0}, 0, 0, 3), Sums.empty())
    assert all(
        words.startswith("your expression made no difference here") for words in choice.places
    )
    assert "uneasy" in choice.why
    assert "calm" in rank(DEAR, Emotion({}, 0, 0, 3), Sums.empty()).why


def test_an_offer_without_tags_is_ranked_and_explained() -> None:
    plain = Offer("plain", "Plain", 100)
    choice = rank(
        Catalogue((plain, *DEAR.offers), {"joy": {"premium": -1.0}}), JOY, Sums.empty(), places=9
    )
    words = dict(zip((offer.id for offer in choice.order), choice.places, strict=True))["plain"]
    assert words.startswith(
        "moved up because you looked pleased, and the shop says other things suit that less"
    )


SAD = Emotion({"sadness": 1.0}, -0.6, 0.0, 1, told={"sadness": 1.0}, tellings=1)
MIXED = Emotion(
    {"sadness": 0.6, "anger": 0.3, "joy": 0.1}, -0.5, 0.1, 4, told={"sadness": 0.6}, tellings=1
)
SUITS = replace(DEAR, affinities={"sadness": {"calm": 1.0}, "anger": {"calm": 0.5}})


def test_a_mood_that_was_said_is_not_explained_as_a_look() -> None:
    """Whoever has no camera did not look like anything."""
    choice = rank(SUITS, SAD, Sums.empty(), places=8)
    assert choice.why.startswith("you said you feel sad, and that moved the order;")
    told = (choice.why, *choice.places)
    assert not any("you looked" in words or "reading" in words for words in told)
    assert any(
        words.startswith("moved up because you said you feel sad, and the shop")
        for words in choice.places
    )
    assert any(
        words.startswith("moved down because you said you feel sad, and other")
        for words in choice.places
    )
    none = rank(replace(DEAR, affinities={}), SAD, Sums.empty())
    assert all(words.startswith("what you said made no difference here") for words in none.places)


def test_what_was_said_and_what_was_seen_are_told_apart() -> None:
    choice = rank(SUITS, MIXED, Sums.empty(), places=8)
    both = "you said you feel sad and you looked annoyed"
    assert choice.why.startswith(f"{both} (3 readings), and that moved the order;")
    assert any(
        words.startswith(f"moved up because {both}, and the shop says") for words in choice.places
    )
    none = rank(replace(DEAR, affinities={}), MIXED, Sums.empty())
    nothing = "what you said and how you looked made no difference here"
    assert all(each.startswith(nothing) for each in none.places)


def test_a_doubtful_word_of_the_person_is_no_look_either() -> None:
    """The most of what was seen is looked for among what was seen, also where what was said weighs more."""
    emotion = Emotion({"joy": 0.9, "fear": 0.1}, 0, 0, 2, told={"joy": 0.9}, tellings=1)
    why = rank(SUITS, emotion, Sums.empty()).why
    assert why.startswith("you said you feel happy and you looked uneasy (1 reading), and")


@QUICK
@given(WORLD, st.integers(1, 12))
def test_who_said_it_changes_the_words_and_nothing_else(world: World, places: int) -> None:
    candidates, affinities, emotion, seed, events = world
    catalogue, sums = Catalogue(candidates, affinities), learned(seed, events)
    seen = replace(emotion, told={}, tellings=0)
    one, other = (rank(catalogue, each, sums, places=places) for each in (emotion, seen))
    assert (one.order, one.propensities, one.features) == (
        other.order,
        other.propensities,
        other.features,
    )


@pytest.mark.parametrize("mood", EXPRESSIONS)
def test_every_mood_has_a_word_for_itself(mood: str) -> None:
    assert words.LOOKS.keys() == words.FEELS.keys() == set(EXPRESSIONS)
    felt = Emotion({mood: 1.0}, 0, 0, 1, told={mood: 1.0}, tellings=1)
    assert f"you said you feel {words.FEELS[mood]}," in rank(DEAR, felt, Sums.empty()).why


def test_the_longest_words_about_both_fit_one_block() -> None:
    """As for a look alone: the size of what is sealed must not tell that emotion was used."""
    tag = "t" * 40
    longest = 0
    for felt, look in itertools.product(words.FEELS, words.LOOKS):
        shares = {felt: 1.0} if felt == look else {felt: 0.5, look: 0.5}
        emotion = Emotion(shares, 0, 0, 64, told={felt: 0.5}, tellings=32)
        said = words.Said(emotion, {tag: 1.0}, 10_000, True, behaviour="comparing", hesitant=True)
        offer = Offer("o", "An offer", 1000, tags=(tag,))
        lift = words.Lift(declared=0.5, learned=0.5, behaviour=-0.5, likeliest=False)
        place = words.place(said, offer, lift)
        assert words.FEELS[felt] in place
        assert words.LOOKS[look] in place
        why = Why(used_emotion=True, why=words.whole(said), places=[place] * MAX_PLACES, laws=[])
        longest = max(longest, len(encode(dump(why))))
    assert 4 + longest + 1000 <= WHY_BLOCK  # with a thousand for the laws


def test_tags_share_buckets_without_growing() -> None:
    many = Offer("m", "M", 1, tags=tuple(f"tag-{i}" for i in range(100)))
    (row,) = table([many], "home", None, {}).base
    assert math.isclose(sum(value**2 for value in row[2 : 2 + BUCKETS]), 1.0)


# ---- from labels ----
NOW = 1_795_000_000


Seen = tuple[Label, int]


def label(expression: str, age: int = 0, confidence: int = 15, **other: object) -> Seen:
    return Label(expression, 0, confidence, **other), NOW - age  # type: ignore[arg-type]


def test_no_recent_labels_are_no_emotion() -> None:
    assert emotion_of([], NOW) is None
    assert emotion_of([label("joy", age=601)], NOW) is None
    assert emotion_of([label("joy", confidence=0)], NOW) is None


def test_one_sure_label_is_all() -> None:
    found = emotion_of([label("joy", valence=15, arousal=-15)], NOW)
    assert found == Emotion({"joy": 1.0}, 1.0, -1.0, 1)


def test_what_was_said_is_counted_apart() -> None:
    found = emotion_of([label("joy"), label("sadness", source="declared", second="fear")], NOW)
    assert found is not None
    assert (found.labels, found.tellings) == (2, 1)
    assert found.told == pytest.approx({"sadness": 0.35, "fear": 0.15})
    assert found.shares == pytest.approx({"joy": 0.5, "sadness": 0.35, "fear": 0.15})
    said = emotion_of([label("sadness", source="declared")], NOW)
    assert said == Emotion({"sadness": 1.0}, 0.0, 0.0, 1, told={"sadness": 1.0}, tellings=1)


def test_what_was_said_and_is_old_is_not_what_is_said() -> None:
    found = emotion_of([label("joy"), label("sadness", age=601, source="declared")], NOW)
    assert found == Emotion({"joy": 1.0}, 0.0, 0.0, 1)


def test_a_doubtful_label_leaves_room() -> None:
    found = emotion_of([label("joy", confidence=6)], NOW)
    assert found is not None
    assert found.shares == {"joy": 6 / 15}


def test_recent_labels_count_more() -> None:
    found = emotion_of([label("joy"), label("anger", age=60)], NOW)
    assert found is not None
    assert math.isclose(found.shares["joy"], 2 / 3)
    assert math.isclose(found.shares["anger"], 1 / 3)


def test_sure_labels_are_never_more_than_all() -> None:
    """These two add up to a hair more than 1, which was refused as out of range: nothing was ranked for whoever looked so."""
    found = emotion_of([label("joy", age=47), label("joy", age=161)], NOW)
    assert found is not None
    assert found.shares == {"joy": 1.0}
    assert rank(DEAR, found, Sums.empty()).used_emotion


def test_a_mixed_label_is_shared() -> None:
    found = emotion_of([label("joy", second="surprise")], NOW)
    assert found is not None
    assert found.shares == {"joy": 0.7, "surprise": 0.3}


def test_a_trimmed_valence_does_not_count_as_zero() -> None:
    found = emotion_of([label("joy", valence=15), label("joy", valence=None)], NOW)
    assert found is not None
    assert (found.valence, found.arousal, found.labels) == (1.0, 0.0, 2)


def test_a_label_from_the_future_counts_as_now() -> None:
    found = emotion_of([label("joy", age=-100), label("anger")], NOW)
    assert found is not None
    assert found.shares["joy"] == found.shares["anger"]


@given(
    st.lists(
        st.builds(
            label,
            st.sampled_from(EXPRESSIONS),
            age=st.integers(-200, 700),
            confidence=st.integers(0, 15),
            valence=st.none() | st.integers(-15, 15),
            arousal=st.none() | st.integers(-15, 15),
            source=st.sampled_from(["face", "declared"]),
        ),
        max_size=64,
    )
)
def test_any_labels_make_an_emotion_that_can_be_ranked_with(labels: list[Seen]) -> None:
    emotion = emotion_of(labels, NOW)
    if emotion is not None:
        (offer,) = rank(DEAR, emotion, Sums.empty(), places=1).order
        assert offer in DEAR.offers


def test_the_room_says_what_it_gives() -> None:
    assert sorted(personalize.__all__) == [
        "Choice",
        "Desk",
        "Help",
        "Sums",
        "Told",
        "choose",
        "desks",
        "emotion_of",
        "fits",
        "help_for",
        "mode_of_anybody",
        "notice",
        "shipped_rates",
    ]
