"""Hand-off in numbers: the published figures, when a human is offered, and what no economics may do."""

import json
import math
import re
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import RequestInvalid, SettingsError
from mien.values import EXPRESSIONS, POLARITIES, STATES, Label
from mien.values import Help as PlainHelp
from mien.wire import tickets
from mien.wire.keys import SealKey, SigningKey
from mien.wire.messages import Ticket
from mien_server import measured
from mien_server.app import _desks
from mien_server.personalize import Desk, Help, desks, help_for, mode_of_anybody, notice
from mien_server.personalize import handoff as ho
from mien_server.personalize.desk import Measurement, bounds, shipped_rates, sure
from mien_server.personalize.emotion import NEGATIVE
from mien_server.personalize.handoff import PUBLISHED, PUBLISHED_RATES, Economics, Rates
from mien_server.personalize.noticing import TROUBLED
from mien_server.settings import Settings

share = st.floats(0, 1)
money = st.floats(0, 1000)
rates = st.builds(Rates, share, share)
any_economics = st.builds(
    Economics, *[share] * 7, st.floats(0.01, 1000), st.floats(0, 10), money, money, money
)
kind_economics = any_economics.filter(ho.never_punishes)
DESK = Desk(PUBLISHED, rates={(2, "expression"): Rates(0.8, 0.1)})
NOW = 1_795_305_600


# ---- the profit function ----
@pytest.mark.parametrize(("loss", "published"), [(1.21871, 8.8), (1.23, 9.797), (1.25316, 12.8)])
def test_the_published_figures_come_out(loss: float, published: float) -> None:
    found = ho.profits(replace(PUBLISHED, loss=loss), PUBLISHED_RATES)
    assert found.ratio(found.hybrid) == pytest.approx(published, abs=0.001)


def test_the_controls_come_out() -> None:
    found = ho.profits(PUBLISHED, PUBLISHED_RATES)
    assert found.ratio(found.random) == pytest.approx(2.77, abs=0.005)
    assert found.ratio(found.manual) == pytest.approx(7.56, abs=0.005)
    assert found.gain == pytest.approx(0.02551)


def by_hand(e: Economics, t: float, f: float) -> tuple[Fraction, Fraction]:
    """B and H as the formula stands on paper, exactly."""
    names = (e.negative, e.sale_auto_content, e.sale_auto_negative, e.sale_human_content, e.sale_human_negative, e.complaint_auto,
             e.complaint_human, e.value, e.loss, e.human_cost, e.contact_cost, e.sensing_cost, t, f)  # fmt: skip
    pi, pap, pan, pmp, pmn, ka, km, v, lam, g, ca, cs, hit, alarm = map(Fraction, names)
    loss = lam * v
    b = -ca + (1 - pi) * pap * v + pi * (pan * v - ka * loss)
    h = -ca - cs + (1 - pi) * ((1 - alarm) * pap * v + alarm * (pmp * v - g))
    h += pi * (hit * (pmn * v - km * loss - g) + (1 - hit) * (pan * v - ka * loss))
    return b, h


@settings(max_examples=60)
@given(any_economics, rates)
def test_it_is_the_formula(economics: Economics, found: Rates) -> None:
    b, h = by_hand(economics, found.hit, found.alarm)
    assert ho.auto_profit(economics) == pytest.approx(float(b), rel=1e-9, abs=1e-6)
    assert ho.hybrid_profit(economics, found) == pytest.approx(float(h), rel=1e-9, abs=1e-6)


@settings(max_examples=40)
@given(any_economics, rates)
def test_a_random_flag_is_the_formula_with_equal_rates(economics: Economics, found: Rates) -> None:
    drawn = ho.flagged_share(economics.negative, found)
    _b, h = by_hand(economics, drawn, drawn)
    assert ho.random_profit(economics, found) == pytest.approx(float(h), rel=1e-9, abs=1e-6)


@settings(max_examples=40)
@given(kind_economics, share, share, share)
def test_better_eyes_never_earn_less_where_handing_over_a_negative_customer_pays(
    economics: Economics, low: float, high: float, alarm: float
) -> None:
    low, high = sorted((low, high))
    worse, better = (ho.hybrid_profit(economics, Rates(hit, alarm)) for hit in (low, high))
    if economics.gain_negative >= 0:
        assert better >= worse - 1e-9
    else:
        assert better <= worse + 1e-9


def test_the_multiple_says_nothing_where_the_machine_earns_nothing() -> None:
    vanishing = ho.vanishing_loss(PUBLISHED)
    assert vanishing is not None
    assert ho.auto_profit(replace(PUBLISHED, loss=vanishing)) == pytest.approx(0, abs=1e-12)
    found = ho.profits(replace(PUBLISHED, loss=vanishing * 1.01), PUBLISHED_RATES)
    assert found.ratio(found.hybrid) is None
    assert found.gain > 0
    assert ho.vanishing_loss(replace(PUBLISHED, complaint_auto=0.0)) is None


def test_what_rests_on_assumptions() -> None:
    every = ho.swings(PUBLISHED, PUBLISHED_RATES)
    assert {each.name for each in every} == set(ho.SYMBOLS)
    assert [each.width for each in every] == sorted((each.width for each in every), reverse=True)
    assert ho.assumed_part(every) == 1.0
    known = replace(PUBLISHED, measured=frozenset({"hit_rate", "value"}))
    assert 0 < ho.assumed_part(ho.swings(known, PUBLISHED_RATES)) < 1
    all_known = replace(PUBLISHED, measured=frozenset(ho.SYMBOLS))
    assert ho.assumed_part(ho.swings(all_known, PUBLISHED_RATES)) == 0.0
    by_name = {each.name: each for each in every}
    assert by_name["hit_rate"].gain == pytest.approx(
        tuple(ho.profits(PUBLISHED, Rates(hit, 0.1)).gain for hit in (0.72, 0.88))
    )
    assert by_name["loss"].ratio[1] is None  # a tenth more, and the machine alone earns nothing


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, -0.01, -1.0, 1e300])
@pytest.mark.parametrize("name", ho.INPUTS)
def test_no_input_may_be_nonsense(name: str, wrong: float) -> None:
    with pytest.raises(RequestInvalid, match=f"`{name}`"):
        replace(PUBLISHED, **{name: wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["negative", "sale_human_content", "complaint_human"])
def test_a_probability_is_at_most_one(name: str) -> None:
    with pytest.raises(RequestInvalid, match="probability"):
        replace(PUBLISHED, **{name: 1.0000001})  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [math.nan, 1.5, -0.1])
def test_rates_are_probabilities(wrong: float) -> None:
    with pytest.raises(RequestInvalid, match="hit_rate"):
        Rates(wrong, 0.1)
    with pytest.raises(RequestInvalid, match="false_alarm_rate"):
        Rates(0.8, wrong)
    with pytest.raises(RequestInvalid, match="value"):
        replace(PUBLISHED, value=0.0)
    with pytest.raises(RequestInvalid, match="measured"):
        replace(PUBLISHED, measured=frozenset({"luck"}))


# ---- one customer ----
@settings(max_examples=100)
@given(kind_economics, rates, st.sampled_from([True, False, None]))
def test_a_human_is_offered_exactly_when_the_expected_gain_is_positive(
    economics: Economics, found: Rates, flagged: bool | None
) -> None:
    likely = ho.posterior(economics.negative, found, flagged=flagged)
    assert 0 <= likely <= 1
    gain = (1 - likely) * economics.gain_content + likely * economics.gain_negative
    assert ho.hands_over(economics, likely) == (gain > 0)
    edge = ho.threshold(economics)
    if edge is None:
        assert not ho.hands_over(economics, likely)
    elif abs(likely - edge) > 1e-6 and abs(gain) > 1e-9:
        assert ho.hands_over(economics, likely) == (likely > edge)


def test_the_edge_is_where_the_gain_changes_its_sign() -> None:
    edge = ho.threshold(PUBLISHED)
    assert edge is not None
    assert ho.hands_over(PUBLISHED, edge + 1e-9)
    assert not ho.hands_over(PUBLISHED, edge - 1e-9)
    same = replace(PUBLISHED, sale_human_content=0.05, sale_human_negative=0.01, complaint_human=0.12, human_cost=0.0)  # fmt: skip
    assert ho.expected_gain(same, 0.5) == 0
    assert not ho.hands_over(same, 0.5)  # nothing gained is no reason
    assert ho.threshold(same) is None
    assert ho.threshold(replace(PUBLISHED, human_cost=0.0)) == 0.0


@settings(max_examples=60)
@given(kind_economics, rates.filter(lambda each: each.tells))
def test_who_is_flagged_never_gets_less_help_than_who_is_not(
    economics: Economics, found: Rates
) -> None:
    flagged, unknown, not_flagged = (
        ho.expected_gain(economics, ho.posterior(economics.negative, found, flagged=each))
        for each in (True, None, False)
    )
    slack = 1e-9 * (1 + abs(unknown))
    assert flagged >= unknown - slack >= not_flagged - 2 * slack


@settings(max_examples=60)
@given(kind_economics, share, st.floats(0, 1), st.floats(0, 1))
def test_a_better_detector_never_takes_help_from_somebody_it_flags(
    economics: Economics, alarm: float, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    likely = [
        ho.posterior(economics.negative, Rates(hit, alarm), flagged=True) for hit in (low, high)
    ]
    if low > 0:
        assert likely[1] >= likely[0] - 1e-12
    gains = [ho.expected_gain(economics, each) for each in likely]
    if likely[1] >= likely[0]:
        assert gains[1] >= gains[0] - 1e-9 * (1 + abs(gains[0]))


@settings(max_examples=60)
@given(st.lists(rates, min_size=1, max_size=3))
def test_flags_together_promise_no_more_than_is_sure(each: list[Rates]) -> None:
    """Boole: whatever the flags have to do with each other, one of them is raised at least as often as the best, at most as often as all."""
    both = ho.together(each)
    assert both is not None
    assert both.hit == max(one.hit for one in each)
    assert both.alarm == min(1.0, sum(one.alarm for one in each))
    assert ho.together([]) is None


# ---- rates ----
def test_the_shipped_rates_are_counted_and_of_the_shipped_files() -> None:
    content = measured.shipped()
    assert content is not None
    found = shipped_rates(content)
    assert set(found) == {(2, "expression"), (2, "polarity")}
    assert all(each.tells for each in found.values())
    counted = content["measured"]["expression"][0]
    rates = found[2, "expression"]
    assert rates.hit < counted["hits"] / counted["negative"]
    assert rates.alarm > max(
        each["alarms"] / each["other"] for each in content["measured"]["expression"]
    )
    assert content["negative"]["expression"] == [w for w in EXPRESSIONS if w in NEGATIVE]


def test_rates_of_other_files_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    content = dict(measured.shipped() or {})
    folder = tmp_path / "infer/models"
    folder.mkdir(parents=True)
    digests = {name: {"sha256": digest} for name, digest in content["files"].items()}
    manifest = {"model_id": content["model_id"], "files": digests}
    monkeypatch.setattr(measured, "files", lambda _package: tmp_path)

    def read() -> object:
        measured.shipped.cache_clear()
        return measured.shipped()

    try:
        assert read() is None  # no file
        (folder / "rates.json").write_text(json.dumps(content))
        (folder / "manifest.json").write_text(json.dumps(manifest))
        assert read() == content
        manifest["files"] = {**digests, "expression": {"sha256": "another"}}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        assert read() is None
        (folder / "rates.json").write_text("{")
        assert read() is None
        assert shipped_rates(None) == {}
    finally:
        measured.shipped.cache_clear()


def test_intervals_are_wilsons() -> None:
    assert bounds(0, 0) == (0.0, 1.0)
    assert bounds(0, 10) == pytest.approx((0.0, 0.27753), abs=1e-4)
    assert bounds(10, 10) == pytest.approx((0.72247, 1.0), abs=1e-4)
    assert bounds(1, 17) == pytest.approx((0.010466, 0.269820), abs=1e-5)


def test_the_worst_measurement_decides() -> None:
    good = Measurement(of="many", hits=900, negative=1000, alarms=10, other=1000)
    calm = Measurement(of="photographs", hits=0, negative=0, alarms=1, other=17)
    assert sure([calm]) is None  # nobody negative was looked at
    alone, both = sure([good]), sure([good, calm])
    assert alone is not None
    assert both == Rates(alone.hit, bounds(1, 17)[1])


# ---- what is noticed ----
def label(expression: str = "neutral", ago: int = 0, **other: Any) -> tuple[Label, int]:
    given = {"confidence": 12, "model": 2, **other}
    return Label(expression, NOW - ago, **given), NOW - ago


labels = st.lists(
    st.builds(
        lambda expression, ago, state, polarity, confidence, source, model: label(
            expression, ago, state=state, polarity=polarity, confidence=confidence, source=source, model=model,
        ),
        st.sampled_from(EXPRESSIONS), st.integers(0, 700), st.sampled_from(STATES), st.sampled_from(POLARITIES),
        st.integers(0, 15), st.sampled_from(["face", "face", "face", "declared", "text"]), st.sampled_from([2, 255]),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=100)
@given(labels, kind_economics, st.booleans())
def test_whatever_is_noticed_the_answer_has_no_price_and_a_press_is_honoured(
    seen: list[tuple[Label, int]], economics: Economics, pressed: bool
) -> None:
    desk = Desk(economics, rates=DESK.rates)
    noticed = notice(seen, NOW, desk.rates)
    found = help_for(desk, "home", noticed, pressed=pressed)
    assert set(Help.__slots__) == {"mode", "tone", "used_emotion", "why", "state", "passes_on"}
    assert found.state in {"", *TROUBLED}
    likely = noticed.likely(economics.negative)
    assert (found.mode == "human") == (pressed or ho.hands_over(economics, likely))
    assert str(economics.value) not in found.why
    if not pressed:
        assert found.mode == "human" or "one press away" in found.why


def test_a_signal_without_measured_rates_decides_nothing() -> None:
    confused = [label(state="confused", ago=i, model=255) for i in range(5)]
    noticed = notice(confused, NOW, DESK.rates)
    assert (noticed.negative, noticed.state, noticed.tone) == (None, "confused", "patient")
    assert noticed.likely(0.25) == 0.25
    found = help_for(DESK, "home", noticed, pressed=False)
    assert found.mode == mode_of_anybody(DESK, "home", pressed=False)
    assert "never measured" in found.why
    own = {(255, "state"): Rates(0.9, 0.05)}
    assert notice(confused, NOW, own).negative is True


def test_recent_readings_weigh_more() -> None:
    turned = [label("joy", 20), label("joy", 19), label("anger", 2), label("joy", 18)]
    assert notice(turned, NOW, DESK.rates).negative is True
    over = [label("anger", 20), label("anger", 19), label("joy", 2)]
    assert notice(over, NOW, DESK.rates).negative is False
    old = [label("anger", 61), label("anger", 601, source="declared", model=0)]
    assert notice(old, NOW, DESK.rates) == notice([], NOW, DESK.rates)


def test_a_brief_movement_counts_where_it_is_read() -> None:
    rates = {**DESK.rates, (2, "polarity"): Rates(0.7, 0.05)}
    seen = [label("neutral", 3), label("neutral", 1, polarity="negative")]
    noticed = notice(seen, NOW, rates)
    assert dict(noticed.flagged) == {"expression": False, "polarity": True}
    assert noticed.negative is True
    assert noticed.rates == Rates(0.8, 0.1 + 0.05)
    assert "brief unhappy movement" in help_for(DESK, "home", noticed, pressed=False).why
    both = notice([label("anger", 1, polarity="negative")], NOW, rates)
    assert both.rates == DESK.rates[2, "expression"]  # a second flag takes nothing from the first


def test_what_is_said_outweighs_what_is_read() -> None:
    angry = [label("anger", i) for i in range(6)]
    said = notice([*angry, label("joy", 30, source="declared", model=0)], NOW, DESK.rates)
    assert (said.said, said.likely(0.25), said.mood) == (False, 0.0, "joy")
    cross = notice(
        [label("joy", 1), label("anger", 30, source="declared", model=0)], NOW, DESK.rates
    )
    assert cross.likely(0.25) == 1.0
    found = help_for(DESK, "home", cross, pressed=False)
    assert found.mode == "human"
    assert "you said you feel angry" in found.why


def test_where_everybody_gets_a_person_a_calm_one_may_go_on_and_has_the_button() -> None:
    """By the assumed values a human pays for the average customer, and not for one who is read as content."""
    assert mode_of_anybody(DESK, "home", pressed=False) == "human"
    calm = notice([label("joy", i) for i in range(5)], NOW, DESK.rates)
    found = help_for(DESK, "home", calm, pressed=False)
    assert found.mode == "auto"
    assert "one press away" in found.why


# ---- the file ----
GIVEN = {name: getattr(PUBLISHED, name) for name in ho.INPUTS}


def test_a_file_of_desks() -> None:
    own = [{"of": "our clips", "hits": 95, "negative": 100, "alarms": 2, "other": 100}]
    data = {"shop": {"economics": GIVEN, "pages": {"returns": {**GIVEN, "negative": 0.5}}, "model": 2, "rates": {"state": own}}}  # fmt: skip
    found = desks(json.dumps(data).encode(), DESK.rates)["shop"]
    assert found.on("home") == PUBLISHED
    assert found.on("returns").negative == 0.5
    assert set(found.rates) == {(2, "expression"), (2, "state")}


PUNISHING = {**GIVEN, "sale_human_negative": 0.0, "complaint_human": 0.5}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"shop": {"economics": PUNISHING}}, "less help"),
        ({"shop": {"economics": {**GIVEN, "negative": 1.5}}}, "negative"),
        ({"shop": {"economics": {**GIVEN, "luck": 1}}}, "luck"),
        ({"shop": {"economics": {**GIVEN, "measured": ["luck"]}}}, "measured"),
        ({"shop": {"economics": GIVEN, "rates": {"luck": []}}}, "rates"),
        ({"shop": {"economics": GIVEN, "rates": {"state": [{"of": "x", "hits": 3, "negative": 2, "alarms": 0, "other": 1}]}}}, "flagged"),
        ({"shop": {"economics": GIVEN, "key": "AAAA"}}, "key"),
        ({"Shop!": {"economics": GIVEN}}, "Shop!"),
        ({"shop": {}}, "economics"),
        ([], "dict"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_by_its_field(wrong: Any, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        desks(json.dumps(wrong).encode(), {})


@pytest.mark.parametrize("data", [b"{", b"NaN", b'{"shop": {"economics": NaN}}', b" " * 2**21])
def test_what_is_no_file_of_desks(data: bytes) -> None:
    with pytest.raises(SettingsError):
        desks(data, {})


# ---- the how-to ----
def test_what_the_how_to_shows_works(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/how-to/hand-off.md").read_text()
    (example,) = re.findall(r"\n\n((?:    .*\n)+)", page.split("## 1.")[1])[:1]
    found = desks(example.encode(), {})["shop"]
    assert found.economics.measured == {"negative", "human_cost"}
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(code, "hand-off.md", "exec"), names)  # noqa: S102 - the point of the test
    assert capsys.readouterr().out == "128 1622\n"
    signing = SigningKey.generate()
    ticket = Ticket(site="shop", ticket="tkt_" + "a" * 26, tone="calm", state="", at=int(time.time()), expires_at=int(time.time()) + 600)  # fmt: skip
    text = tickets.seal_ticket(ticket, SealKey.from_text(names["public"]), signing)
    assert names["opened"](text, names["key"], signing.verify_key()) == ticket
    answers = iter([PlainHelp("human", "calm", used_emotion=True, why="", passes_on="something"), PlainHelp("human", "calm", used_emotion=True, why="", ticket=text)])  # fmt: skip

    class Page:
        presses: list[dict[str, Any]] = []  # noqa: RUF012 - of one test

        def help(self, _page: str, **pressed: Any) -> PlainHelp:
            self.presses.append(pressed)
            return next(answers)

    said = names["at_the_desk"](Page(), lambda *_words: "yes")
    assert said.endswith(text)
    assert Page.presses == [{}, {"human": True, "pass_on": True}]


def test_a_file_that_cannot_be_read_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MIEN_DESKS"):
        _desks(Settings(desks=tmp_path / "nowhere.json"))
    assert _desks(Settings()) == {}
    file = tmp_path / "desks.json"
    file.write_text(json.dumps({"shop": {"economics": GIVEN}}))
    found = _desks(Settings(desks=file))["shop"]
    assert found.rates == shipped_rates(measured.shipped())
