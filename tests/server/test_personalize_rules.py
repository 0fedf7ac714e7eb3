"""What a shop wants of an order, and what a visitor did before: settled before anything is drawn, with probabilities that stay exact; and nothing of it knows an emotion."""

import dataclasses
import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.test_personalize import (
    AFFINITIES,
    JOY,
    SEEDS,
    TAGS,
    Spy,
    chosen,
    emotions,
    learned,
    offers,
    rank,
    rows,
    source,
)

from mien.errors import RequestInvalid
from mien.values import EXPRESSIONS, Deed, Offer
from mien.wire.messages import OrderRules, RewardRequest, RulesDoc, parse
from mien_server.personalize import Choice, Sums, Told, choose, features
from mien_server.personalize.behaviour import LONGEST, behaviour_of
from mien_server.personalize.draw import EXPLORED, likely
from mien_server.personalize.features import DECLARED, DEEDS, LIKENESS, MOOD_TAGS, PRICE
from mien_server.personalize.sums import DECLARED_WEIGHT, MAX_FEATURE
from mien_server.values import Cap, Catalogue, Emotion, Rules

FOUR = tuple(
    Offer(name, name.upper(), 1000 * at, tags=tags)
    for at, (name, tags) in enumerate(
        [("a", ("gift",)), ("b", ("gift", "calm")), ("c", ("calm",)), ("d", ("premium",))], 1
    )
)
RULES = [
    Rules(pins=((2, "c"),)),
    Rules(caps=(Cap("gift", 1, 2),)),
    Rules(caps=(Cap("gift", 0, 1),), pins=((3, "a"),)),
    Rules(apart=("calm",)),
    Rules(apart=("gift", "calm")),
    Rules(exclude=frozenset({"a"}), apart=("calm",), pins=((1, "b"),)),
    Rules(without=frozenset({"calm"})),
]


# ---- every order, by enumeration ----
def every(catalogue: Catalogue, emotion: Emotion | None, places: int, told: Told) -> Iterator[Choice]:  # fmt: skip
    """Every order that can be drawn, each once: the numbers drawn with are in the middle of what leads to it."""
    with pytest.MonkeyPatch.context() as patch:
        waiting: list[tuple[float, ...]] = [()]
        sums = learned(5, 8) if emotion is None else Sums.empty()
        while waiting:
            numbers = waiting.pop()
            spy = Spy()
            patch.setattr("mien_server.personalize.draw._sample", spy.sample)
            sequence = iter((*numbers, *[0.0] * places))
            choice = choose(
                catalogue,
                catalogue.offers,
                emotion,
                "home",
                sums,
                places,
                lambda it=sequence: next(it),  # type: ignore[misc]
                told,
            )
            pinned = {place for place, _offer in told.rules.pins}
            if len(numbers) == len(choice.order):
                free = [at for at in range(len(numbers)) if at + 1 not in pinned]
                drawn = [pmf[spy.sample(pmf, numbers[at])] for at, pmf in zip(free, list(spy.pmfs), strict=True)]  # fmt: skip
                assert [choice.propensities[at] for at in free] == drawn
                yield choice
                continue
            free = [place for place in range(1, len(choice.order) + 1) if place not in pinned]
            place = len(numbers) + 1
            if place in pinned:
                waiting.append((*numbers, 0.0))
                continue
            edges = [0.0, *spy.pmfs[free.index(place)].cumsum()]
            waiting += [
                (*numbers, (low + high) / 2)
                for low, high in itertools.pairwise(edges)
                if high > low
            ]


def naive(some: Sequence[Offer], rules: Rules, places: int, before: tuple[Offer, ...] = ()) -> set[str]:  # fmt: skip
    """The orders that the rules allow, by their letters, one place after the other: what keeps offers apart gives way where nobody else is left."""
    some = [o for o in some if o.id not in rules.exclude and not rules.without & set(o.tags)]
    place = len(before) + 1
    if place > min(places, len(some)):
        return {"".join(offer.id for offer in before)}
    pins = dict(rules.pins)
    left = [o for o in some if o not in before and o.id not in pins.values()]
    if place in pins:
        left = [o for o in some if o.id == pins[place]]
    else:
        left = [o for o in left if _capped(o, rules, place, before, some)] or left
        left = [o for o in left if _apart(o, rules, before, pins.get(place + 1), some)] or left
    return {each for offer in left for each in naive(some, rules, places, (*before, offer))}


def _capped(
    offer: Offer, rules: Rules, place: int, before: Sequence[Offer], some: Sequence[Offer]
) -> bool:
    """Whether an offer may stand here with those before and those pinned further on."""
    for cap in rules.caps:
        if cap.tag in offer.tags and place <= cap.first:
            later = [o for o in some for at, name in rules.pins if o.id == name and place < at <= cap.first]  # fmt: skip
            if sum(cap.tag in o.tags for o in (*before, *later)) >= cap.most:
                return False
    return True


def _apart(
    offer: Offer, rules: Rules, before: Sequence[Offer], after: str | None, some: Sequence[Offer]
) -> bool:
    beside = [*before[-1:], *(o for o in some if o.id == after)]
    return not any(t in offer.tags and t in o.tags for t in rules.apart for o in beside)


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("emotion", [None, JOY], ids=["plain", "joy"])
def test_every_order_that_the_rules_allow_is_drawn_with_the_probability_that_is_kept(
    rules: Rules, emotion: Emotion | None
) -> None:
    catalogue = Catalogue(FOUR, {"joy": {"premium": 1.0}})  # dear, so that the price is held too
    told = Told(rules=rules)
    found = {}
    for choice in every(catalogue, emotion, 3, told):
        order = "".join(offer.id for offer in choice.order)
        assert order not in found
        found[order] = math.prod(choice.propensities)
    assert math.isclose(sum(found.values()), 1.0, rel_tol=1e-9)
    assert min(found.values()) > 0
    assert found.keys() == naive(FOUR, rules, 3)


def test_orders_come_as_often_as_an_independent_sampler_draws_them() -> None:
    """The same places drawn by hand from the same scores: one after the other, from who may stand there."""
    rules = Rules(caps=(Cap("gift", 1, 2),))
    exact = {
        tuple(o.id for o in choice.order): math.prod(choice.propensities)
        for choice in every(Catalogue(FOUR, {}), None, 2, Told(rules=rules))
    }
    uniform, count = source(11), 1500
    seen = dict.fromkeys(exact, 0)
    sums = learned(5, 8)
    for _ in range(count):
        choice = choose(
            Catalogue(FOUR, {}), FOUR, None, "home", sums, 2, uniform, Told(rules=rules)
        )
        seen[tuple(o.id for o in choice.order)] += 1
    for order, probability in exact.items():
        error = 5 * math.sqrt(probability * (1 - probability) / count) + 1e-3
        assert abs(seen[order] / count - probability) < error


# ---- rules ----
RULED = st.builds(
    Rules,
    exclude=st.frozensets(st.sampled_from([f"o{i}" for i in range(5)]), max_size=2),
    without=st.frozensets(st.sampled_from(TAGS), max_size=1),
    adults=st.frozensets(st.sampled_from(TAGS), max_size=1),
    pins=st.lists(st.integers(0, 99), max_size=3, unique=True).map(
        lambda ids: tuple((place, f"o{i}") for place, i in enumerate(ids, 1))
    ),
    caps=st.lists(
        st.builds(Cap, st.sampled_from(TAGS), st.integers(0, 2), st.integers(1, 6)), max_size=2
    ).map(tuple),
    apart=st.lists(st.sampled_from(TAGS), max_size=2).map(tuple),
)
HISTORY = st.lists(
    st.builds(
        Deed,
        st.sampled_from(["view", "cart", "purchase", "dismissal"]),
        st.integers(0, 99).map(lambda i: f"o{i}"),
        st.integers(0, LONGEST),
    ),
    max_size=8,
).map(tuple)


def ranked(
    catalogue: Catalogue, emotion: Emotion | None, sums: Sums, told: Told, places: int = 6
) -> Choice:
    return choose(catalogue, catalogue.offers, emotion, "home", sums, places, source(3), told)


@settings(max_examples=60, deadline=None)
@given(offers(), AFFINITIES, emotions(), SEEDS, RULED, HISTORY, st.booleans())
def test_rules_and_history_treat_everybody_alike_and_never_raise_the_price(  # noqa: PLR0917 - what is generated
    candidates: tuple[Offer, ...],
    affinities: dict[str, dict[str, float]],
    emotion: Emotion,
    seed: int,
    rules: Rules,
    history: tuple[Deed, ...],
    adult: bool,
) -> None:
    """P8 and P9: the same offers may be shown at as many places, and the first is not expected to be dearer."""
    catalogue, sums = Catalogue(candidates, affinities), learned(seed, 3)
    told = Told(history, rules, adult=adult)
    spies: list[Spy] = []
    choices: list[Choice | str] = []
    for known in (None, emotion):
        with pytest.MonkeyPatch.context() as patch:
            spies.append(spy := Spy())
            patch.setattr("mien_server.personalize.draw._sample", spy.sample)
            try:
                choices.append(ranked(catalogue, known, sums, told, len(candidates)))
            except RequestInvalid as error:
                choices.append(str(error))
    without, with_it = choices
    if isinstance(without, str) or isinstance(with_it, str):
        assert without == with_it  # nobody may be shown: to nobody
        return
    assert sorted(o.id for o in with_it.order) == sorted(o.id for o in without.order)
    shown = {offer.id for offer in with_it.order}
    assert not shown & rules.exclude
    assert not any(rules.without & set(offer.tags) for offer in with_it.order)
    assert adult or not any(rules.adults & set(offer.tags) for offer in with_it.order)
    assert not any(value for row in without.features for value in row[DECLARED:])
    if 1 not in {place for place, name in rules.pins if name in shown}:
        assert _expected(spies[1], rules, candidates, told) <= _expected(
            spies[0], rules, candidates, told
        ) * (1 + 1e-9)


def _expected(spy: Spy, rules: Rules, candidates: Sequence[Offer], told: Told) -> float:
    """Expected price of the first place, of who may stand there by the rules."""
    some = [
        offer
        for offer in candidates
        if offer.id not in rules.exclude
        and not (rules.without | (frozenset() if told.adult else rules.adults)) & set(offer.tags)
    ]
    pinned = {name for place, name in rules.pins if place <= len(some)}
    free = [offer for offer in some if offer.id not in pinned]
    full = [
        cap.tag
        for cap in rules.caps
        if cap.most
        <= sum(
            cap.tag in o.tags
            for o in some
            if (o.id in {n for p, n in rules.pins if 1 < p <= cap.first and p <= len(some)})
        )
    ]
    capped = [offer for offer in free if not set(full) & set(offer.tags)]
    after = [o for o in some if (2, o.id) in rules.pins and len(some) > 1]
    apart = [
        o
        for o in capped
        if not any(t in o.tags and t in n.tags for t in rules.apart for n in after)
    ]
    first = apart or capped or free
    pmf = spy.pmfs[0]
    assert [offer for offer, share in zip(some, pmf, strict=True) if share > 0] == first
    return float(pmf @ np.array([offer.price for offer in some], dtype=float))


def test_a_rule_that_cannot_be_kept_gives_way_and_no_place_stays_empty() -> None:
    same = Catalogue(tuple(replace(offer, tags=("gift",)) for offer in FOUR), {})
    told = Told(rules=Rules(caps=(Cap("gift", 1, 4),), apart=("gift",)))
    assert len(ranked(same, None, Sums.empty(), told, 4).order) == 4


def test_what_is_pinned_is_said_and_certain() -> None:
    catalogue = Catalogue(FOUR, {"joy": {"gift": 1.0}}, Rules(pins=((1, "d"),)))
    choice = ranked(catalogue, JOY, Sums.empty(), Told())
    assert (choice.order[0].id, choice.propensities[0]) == ("d", 1.0)
    assert choice.places[0] == "the shop put this here for everybody"
    other = ranked(catalogue, JOY, Sums.empty(), Told(rules=Rules(pins=((1, "a"),))))
    assert other.order[0].id == "a"  # the request's pin wins over the catalogue's
    gone = ranked(catalogue, JOY, Sums.empty(), Told(rules=Rules(pins=((1, "sold-out"),))))
    assert len(gone.order) == 4
    with pytest.raises(RequestInvalid, match="two places"):
        ranked(catalogue, None, Sums.empty(), Told(rules=Rules(pins=((2, "d"),))))


def test_tags_for_adults_and_for_other_places_are_not_shown() -> None:
    rules = Rules(adults=frozenset({"gift"}), not_in=(("calm", "EU"), ("gift", "US-IL")))
    catalogue = Catalogue(FOUR, {}, rules)

    def shown(*, adult: bool, places: set[str]) -> str:
        told = Told(adult=adult, places=frozenset(places))
        return "".join(sorted(o.id for o in ranked(catalogue, None, Sums.empty(), told).order))

    assert shown(adult=False, places={"US"}) == "cd"
    assert shown(adult=True, places={"US"}) == "abcd"
    assert shown(adult=True, places={"US-IL"}) == "cd"
    assert shown(adult=True, places={"EU-DE"}) == "ad"
    assert shown(adult=False, places={"EU-DE", "US-IL"}) == "d"
    with pytest.raises(RequestInvalid, match="nothing to rank"):
        ranked(Catalogue(FOUR[:1], {}, rules), None, Sums.empty(), Told())


def test_no_rule_knows_an_emotion() -> None:
    """What a shop can say of an order names offers, tags and places; no word of it is about how anybody feels."""
    words = {*EXPRESSIONS, "emotion", "mood", "valence", "arousal", "label", "state"}
    for model in (OrderRules, RulesDoc):
        assert not words & set(model.model_fields)
    assert not words & {each.name for each in dataclasses.fields(Rules)}
    for field in ({"when": "joy"}, {"emotion": "joy"}, {"pin": [{"offer": "a", "place": 1, "mood": "joy"}]}):  # fmt: skip
        with pytest.raises(RequestInvalid):
            parse(RulesDoc, field)


# ---- no feature of both ----
def test_the_list_of_features_has_none_of_price_and_emotion() -> None:
    """The list is what a reader believes; it covers every position once, and no line names both."""
    lines = re.findall(r"^    (\d+)(?: \.\. (\d+))? +(.+?)  +(.+)$", features.__doc__ or "", re.MULTILINE)  # fmt: skip
    covered = [at for low, high, *_ in lines for at in range(int(low), int(high or low) + 1)]
    assert covered == list(range(features.DIMENSIONS))
    for _low, _high, _what, depends in lines:
        assert not ({"price"} & set(depends.split(", ")) and {"expression", "valence"} & set(depends.split(", ")))  # fmt: skip
    (price,) = [line for line in lines if "price" in line[3]]
    assert int(price[0]) == PRICE


@settings(max_examples=30, deadline=None)
@given(offers(), AFFINITIES, emotions(), emotions(), st.integers(0, 10**12), HISTORY)
def test_price_emotion_and_history_each_move_their_own_features(  # noqa: PLR0917 - what is generated
    some: tuple[Offer, ...],
    affinities: dict[str, dict[str, float]],
    one: Emotion,
    other: Emotion,
    price: int,
    history: tuple[Deed, ...],
) -> None:
    base = rows(some, one, affinities)
    dearer = rows([replace(offer, price=price) for offer in some], one, affinities)
    assert set(np.flatnonzero((base != dearer).any(0))) <= {PRICE}
    felt = rows(some, other, affinities)
    assert (np.flatnonzero((base != felt).any(0)) >= DECLARED).all()
    told = features.table(some, "home", one, affinities, behaviour_of(history, some))
    moved = np.flatnonzero((features.whole(told.base, told.felt) != base).any(0))
    assert set(moved) <= set(range(LIKENESS, DEEDS.stop))
    assert MOOD_TAGS.start > DEEDS.stop


# ---- history ----
def test_what_a_visitor_did_moves_the_features_and_is_kept_nowhere_else() -> None:
    history = (Deed("view", "a", 0), Deed("cart", "a", 86_400), Deed("dismissal", "c", 0))
    found = behaviour_of(history, FOUR)
    assert found is not None
    assert found.offers == {"a": (1.0, 0.5, 0.0, 0.0), "c": (0.0, 0.0, 0.0, 1.0)}
    assert found.tags == {"gift": pytest.approx(0.5), "calm": -1.0}
    base = features.table(FOUR, "home", None, {}, found).base
    assert base[0, LIKENESS] > 0 > base[2, LIKENESS]
    assert not base[3, LIKENESS : DEEDS.stop].any()
    assert behaviour_of((), FOUR) is None


@pytest.mark.parametrize(
    ("deeds", "label"),
    [
        ([("view", "a", 10)], "browsing"),
        ([("view", "a", 10), ("view", "b", 20)], "comparing"),
        ([("view", "a", 10), ("view", "c", 20)], "browsing"),
        ([("cart", "a", 60), ("view", "b", 30)], "deciding"),
        ([("cart", "a", 60), ("purchase", "a", 30)], "browsing"),
        ([("purchase", "a", 90_000)], "returning"),
        ([("dismissal", "a", 5), ("dismissal", "b", 6), ("view", "c", 7)], "leaving"),
    ],
)
def test_one_word_for_a_visit(deeds: list[tuple[str, str, int]], label: str) -> None:
    told = Told(history=tuple(Deed(*deed) for deed in deeds))
    assert ranked(Catalogue(FOUR, {}), None, Sums.empty(), told).behaviour == label


def test_who_seems_unsure_is_told_so_only_by_what_may_be_known() -> None:
    told = Told(history=(Deed("cart", "a", 60),))
    uneasy = Emotion({"fear": 0.8}, -0.5, 0.2, 4)
    catalogue = Catalogue(FOUR, {})
    assert "unsure" in ranked(catalogue, uneasy, Sums.empty(), told).why
    assert "unsure" not in ranked(catalogue, JOY, Sums.empty(), told).why
    plain = ranked(catalogue, None, Sums.empty(), told)
    assert "unsure" not in plain.why
    assert "you have put something in your cart" in plain.why
    assert plain.behaviour == ranked(catalogue, uneasy, Sums.empty(), told).behaviour == "deciding"


@pytest.mark.parametrize("deed", [Deed("click", "a", 1), Deed("view", "a", -1), Deed("view", "a", LONGEST + 1)])  # fmt: skip
def test_a_history_that_cannot_be_is_refused(deed: Deed) -> None:
    with pytest.raises(RequestInvalid, match="a deed is one of"):
        ranked(Catalogue(FOUR, {}), None, Sums.empty(), Told(history=(deed,)))


def test_what_was_bought_before_is_learned_to_matter() -> None:
    catalogue, sums = Catalogue(FOUR, {}), Sums.empty()
    for turn in range(60):
        told = Told(history=(Deed("purchase", FOUR[turn % 4].id, 0),))
        choice = choose(catalogue, FOUR, None, "home", sums, 4, source(turn), told)
        bought = [i for i, o in enumerate(choice.order, 1) if o.id == FOUR[turn % 4].id]
        sums.learn(chosen(choice, tuple((place, 1.0) for place in bought)))
    told = Told(history=(Deed("purchase", "c", 0),))
    choice = ranked(catalogue, None, sums, told)
    assert choice.order[0].id == "c"
    assert "moved up by what you did in this shop before" in choice.places[0]


# ---- a shop's own order ----
def test_an_own_order_is_shown_as_it_is_and_compared() -> None:
    catalogue = Catalogue(FOUR, {"joy": {"gift": 1.0}})
    own = ("d", "c", "b", "a")
    choice = ranked(catalogue, JOY, Sums.empty(), Told(own=own))
    assert tuple(o.id for o in choice.order) == own
    assert choice.propensities == (1.0,) * 4
    ours = ranked(catalogue, JOY, Sums.empty(), Told())
    agreed = sum(one.id == other for one, other in zip(ours.order, own, strict=False))
    assert (choice.agreed, ours.agreed) == (agreed, None)
    assert "the shop shows its own order" in choice.why
    assert "moved nothing you see" in choice.why
    assert set(choice.places) == {"the shop's own order"}
    for wrong in (("a", "a"), ("a", "nobody")):
        with pytest.raises(RequestInvalid, match="own order"):
            ranked(catalogue, None, Sums.empty(), Told(own=wrong))


def test_ours_is_learned_from_what_the_shop_showed() -> None:
    catalogue, sums = Catalogue(FOUR, {}), Sums.empty()
    for turn in range(40):
        own = ("a", "b", "c", "d") if turn % 2 else ("d", "c", "b", "a")
        choice = choose(catalogue, FOUR, None, "home", sums, 4, source(turn), Told(own=own))
        sums.learn(chosen(choice, ((1 + own.index("c"), 1.0),)))
    assert rank(catalogue, None, sums, places=1).order[0].id == "c"


# ---- exploring, and what cannot be ----
@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-10, 10), st.floats(0, 1e6)), min_size=1, max_size=30),
)
def test_no_probability_vanishes_and_the_best_is_likeliest(pairs: list[tuple[float, float]]) -> None:  # fmt: skip
    scores, variances = (np.array(each) for each in zip(*pairs, strict=True))
    pmf = likely(scores, variances)
    assert math.isclose(pmf.sum(), 1.0, rel_tol=1e-9)
    assert pmf.min() >= EXPLORED / len(scores) * (1 - 1e-9)
    assert pmf[scores.argmax()] == pmf.max()


def test_a_new_offer_is_tried_and_what_is_surely_worse_is_not() -> None:
    """Cold start: of an offer whose tags nobody has seen yet the gap is unsure, so it is shown more often than one known to be as bad."""
    known = Offer("known", "Known", 1000, tags=("dull",))
    good = Offer("good", "Good", 1000, tags=("fine",))
    sums = Sums.empty()
    for turn in range(160):
        choice = choose(Catalogue((good, known), {}), (good, known), None, "home", sums, 2, source(turn))  # fmt: skip
        sums.learn(chosen(choice, ((1 + choice.order.index(good), 0.5 * (turn % 2)),)))
    new = Offer("new", "New", 1000, tags=("unheard",))
    trio = Catalogue((good, known, new), {})
    spy = Spy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mien_server.personalize.draw._sample", spy.sample)
        rank(trio, None, sums, places=1)
    best, dull, unheard = spy.pmfs[0]
    assert best > unheard > dull
    assert DECLARED_WEIGHT > 0


@settings(max_examples=40, deadline=None)
@given(offers(), emotions(), HISTORY, st.sampled_from([0.0, 0.3, 1.0]))
def test_whatever_is_ranked_can_be_learned_and_forgotten(
    some: tuple[Offer, ...], emotion: Emotion, history: tuple[Deed, ...], otherwise: float
) -> None:
    """The dearest price there may be was once ranked and then never learned: nothing after it was learned either."""
    dearest = (*some, Offer("dearest", "Dearest", 10**12, tags=("premium",)))
    sums = learned(2, 3)
    before = sums.to_bytes()
    choice = ranked(Catalogue(dearest, {}), emotion, sums, Told(history), 13)
    assert max(abs(value) for row in choice.features for value in row) <= MAX_FEATURE
    event = replace(chosen(choice, ()), otherwise=otherwise)
    sums.learn(event)
    sums.forget(event)
    back = Sums.from_bytes(before)
    assert np.allclose(sums.A, back.A, rtol=1e-9, atol=1e-9)
    assert np.allclose(sums.b, back.b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "said",
    [
        {"reward": 101}, {"reward": -1}, {"reward": 19.99}, {"reward": "100"}, {"reward": float("nan")},
        {"reward": 50, "kind": "cart"}, {}, {"kind": "revenue"}, {"revenue": 1999}, {"reward": 50, "amount": 1999},
        {"reward": 50, "currency": "EUR"},
    ],
)  # fmt: skip
def test_no_reward_is_money(said: dict[str, object]) -> None:
    """P9: what a person paid cannot be a reward, with emotion or without."""
    base = {"site": "shop", "event": "evt_" + "a" * 26}
    with pytest.raises(RequestInvalid):
        parse(RewardRequest, {**base, **said})


def test_a_purchase_counts_the_same_whatever_was_paid() -> None:
    base = {"site": "shop", "event": "evt_" + "a" * 26}
    amounts = {kind: parse(RewardRequest, {**base, "kind": kind}).amount for kind in ("dismissal", "view", "cart", "purchase")}  # fmt: skip
    assert amounts == {"dismissal": 0, "view": 30, "cart": 60, "purchase": 100}


UNIFORM: Callable[[], float] = source(1)


def test_a_million_candidates_are_refused() -> None:
    one = Offer("o", "O", 1)
    with pytest.raises(RequestInvalid, match="at most 10000 offers"):
        choose(Catalogue((), {}), [one] * 1_000_000, None, "home", Sums.empty(), 1, UNIFORM)
