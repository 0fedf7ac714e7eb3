"""The label room for all inputs: what may never happen, and how fast what should happens."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.label import LABEL_PURPOSES, Presence, Reader, Reading, Rules, Sight, trim
from mien.values import EXPRESSIONS, POLARITIES, PURPOSES, STATES, Label, Scores
from mien.wire.slots import check

BOX = (10.0, 10.0, 50.0, 50.0)
ELSEWHERE = (200.0, 10.0, 50.0, 50.0)
OFFERS = ("personalize_offers",)
START = 1_790_000_000


def sure(expression: str, share: float = 0.9) -> Scores:
    rest = (1 - share) / 7
    return Scores(tuple(share if word == expression else rest for word in EXPRESSIONS), 0.5, -0.25)


def step(reader: Reader, at: float, scores: Scores | None, **sight: object) -> Reading:
    """One picture: a face with scores, or whatever `sight` says."""
    known: dict[str, object] = {"faces": 1, "box": BOX} if scores is not None else {}
    seen = Sight(at, START + at, **{**known, **sight})  # type: ignore[arg-type]
    refusal = reader.look(seen)
    if refusal is not None:
        return refusal
    assert scores is not None
    return reader.read(seen, scores, OFFERS)


def run(reader: Reader, scenes: Sequence[Scores | None], rate: float = 10.0) -> list[Reading]:
    return [step(reader, index / rate, scores) for index, scores in enumerate(scenes)]


def words(readings: list[Reading]) -> list[str]:
    return [reading.label.expression for reading in readings if reading.label]


# ---- invariants ----
share = st.one_of(st.floats(0, 1), st.sampled_from([float("nan"), float("inf"), -1.0, 1e308, 0.0]))
score = st.builds(
    Scores,
    st.lists(share, min_size=8, max_size=8).map(tuple),
    st.one_of(st.floats(-5, 5), st.just(float("nan"))),
    st.one_of(st.floats(-5, 5), st.just(float("inf"))),
    st.dictionaries(st.sampled_from(["AU4", "AU12", "AU25", "AU43"]), share),
)
picture = st.tuples(
    st.floats(0.0, 2.0),  # seconds since the last one
    st.integers(0, 3),  # faces
    st.sampled_from([BOX, (12.0, 11.0, 50.0, 50.0), ELSEWHERE]),
    st.sampled_from([None, None, None, "dark"]),
    score,
    st.booleans(),  # somebody affirms
)


@settings(max_examples=150, deadline=None)
@given(st.lists(picture, max_size=60), st.integers(1, 5))
def test_no_label_ever_breaks_a_rule(
    pictures: list[tuple[float, int, tuple[float, float, float, float], str | None, Scores, bool]],
    window: int,
) -> None:
    reader = Reader(Rules(window=window), model=3)
    at = 0.0
    ends: list[int] = []
    clean_since = 0.0
    for gap, faces, box, fault, scores, affirms in pictures:
        at += gap
        if affirms:
            reader.affirm()
        seen = Sight(at, START + at, 0 if fault else faces, box, fault)
        waiting = reader.waiting
        reading = reader.look(seen) or reader.read(seen, scores, OFFERS)
        if reading.label is None:
            assert reading.why != "label"
        else:
            check(reading.label)  # in the closed vocabulary, always
            assert seen.faces == 1
            assert not fault
            assert not waiting
            assert at - clean_since >= window - 1e-5  # no second face anywhere in its window
            ends.append(reading.label.ended_at)
            assert reading.label.window == window
            assert reading.label.confidence >= int(0.4 * 16)
            assert reading.because.endswith(f" -> {reading.label.expression}")
        if seen.faces != 1:
            clean_since = at
    assert all(later - earlier >= window for earlier, later in pairwise(ends))


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(EXPRESSIONS), st.sampled_from(STATES), st.sampled_from(POLARITIES),
    st.integers(-15, 15), st.sets(st.sampled_from(PURPOSES)),
)  # fmt: skip
def test_purposes_trim(
    expression: str, state: str, polarity: str, number: int, purposes: set[str]
) -> None:
    label = Label(
        expression, START, 9, state=state, polarity=polarity, valence=number, arousal=number
    )
    small = trim(label, purposes)
    if not purposes & set(LABEL_PURPOSES):
        assert small is None
        return
    assert small is not None
    assert small.expression == expression
    if "adapt_service" not in purposes:
        assert small.polarity == "none"
    if not purposes & {"adapt_service", "adapt_lessons"}:
        assert small.state == "none"
    if not purposes & {"adapt_service", "personalize_offers"}:
        assert small.valence is None
        assert small.arousal is None
    assert trim(small, purposes) == small


# ---- what a person sees ----
def test_a_label_a_second_from_the_first_second_on() -> None:
    readings = run(Reader(Rules(), 3), [sure("joy")] * 51)
    assert words(readings) == ["joy"] * 5
    assert [reading.at for reading in readings if reading.label] == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_change_is_told_within_two_seconds() -> None:
    readings = run(Reader(Rules(), 3), [sure("neutral")] * 30 + [sure("joy")] * 21)
    assert words(readings)[-1] == "joy"
    assert words(readings)[:3] == ["neutral"] * 3


def test_a_flicker_of_one_picture_changes_nothing() -> None:
    scenes = [sure("neutral")] * 60
    for index in range(5, 60, 10):
        scenes[index] = sure("anger", 1.0)
    assert set(words(run(Reader(Rules(), 3), scenes))) == {"neutral"}


def test_two_words_of_equal_strength_do_not_alternate() -> None:
    even = [0.44, 0.46]
    scenes = []
    for index in range(100):
        joy = even[index // 10 % 2]
        shares = [0.1 / 6] * 8
        shares[EXPRESSIONS.index("joy")], shares[EXPRESSIONS.index("surprise")] = joy, 0.9 - joy
        scenes.append(Scores(tuple(shares), 0.0, 0.0))
    readings = run(Reader(Rules(), 3), scenes)
    assert len(set(words(readings))) == 1
    assert {reading.label.second for reading in readings if reading.label} <= {"joy", "surprise"}


def test_a_mixed_expression_names_its_second() -> None:
    shares = [0.0] * 8
    shares[EXPRESSIONS.index("joy")], shares[EXPRESSIONS.index("surprise")] = 0.55, 0.45
    labels = [
        r.label for r in run(Reader(Rules(), 3), [Scores(tuple(shares), 0, 0)] * 20) if r.label
    ]
    assert {(label.expression, label.second) for label in labels} == {("joy", "surprise")}
    labels = [r.label for r in run(Reader(Rules(), 3), [sure("joy")] * 20) if r.label]
    assert {label.second for label in labels} == {None}


def test_unsure_says_nothing() -> None:
    readings = run(Reader(Rules(), 3), [sure("joy", 0.3)] * 40)
    assert words(readings) == []
    assert "unsure" in {reading.why for reading in readings}


def test_one_picture_is_no_window() -> None:
    readings = run(Reader(Rules(pictures=3), 3), [sure("joy")] * 10, rate=1.0)
    assert words(readings) == []


def test_confidence_and_valence_are_coarse() -> None:
    label = next(r.label for r in run(Reader(Rules(), 3), [sure("joy")] * 11) if r.label)
    assert (label.confidence, label.valence, label.arousal, label.model) == (14, 8, -4, 3)


def test_a_second_face_spoils_the_whole_window() -> None:
    reader = Reader(Rules(), 3)
    for index in range(9):
        step(reader, index / 10, sure("joy"))
    assert step(reader, 0.9, None, faces=2).why == "two faces"
    assert step(reader, 1.0, sure("joy")).why == "gathering"
    assert [step(reader, 1 + index / 10, sure("joy")).why for index in range(1, 10)] == [
        "gathering"
    ] * 9
    assert step(reader, 2.0, sure("joy")).label is not None


def test_what_was_smoothed_before_a_second_face_is_forgotten() -> None:
    reader = Reader(Rules(), 3)
    for index in range(30):
        step(reader, index / 10, sure("joy"))
    step(reader, 3.0, None, faces=2)
    labels = [step(reader, 3.1 + index / 10, sure("sadness")).label for index in range(11)]
    assert labels[-1] is not None
    assert (labels[-1].expression, labels[-1].confidence) == ("sadness", 14)


# ---- presence ----
def test_three_seconds_away_and_somebody_must_affirm() -> None:
    reader = Reader(Rules(), 3)
    for index in range(20):
        step(reader, index / 10, sure("joy"))
    whys = [step(reader, 2 + index / 10, None).why for index in range(31)]
    assert whys[0] == "no face"
    assert whys[-1] == "affirm again"
    for index in range(50):
        assert step(reader, 5.2 + index / 10, sure("joy")).why == "affirm again"
    reader.affirm()
    after = [step(reader, 12 + index / 10, sure("joy")) for index in range(11)]
    assert after[-1].label is not None


def test_looking_away_for_a_moment_needs_no_affirmation() -> None:
    reader = Reader(Rules(), 3)
    step(reader, 0.0, sure("joy"))
    for index in range(29):
        assert step(reader, 0.1 + index / 10, None).why == "no face"
    assert step(reader, 2.95, sure("joy")).why == "gathering"


def test_another_face_at_another_place_is_not_read() -> None:
    reader = Reader(Rules(), 3)
    for index in range(20):
        step(reader, index / 10, sure("joy"))
    whys = [step(reader, 2 + index / 10, sure("anger"), box=ELSEWHERE).why for index in range(12)]
    assert whys[0] == "elsewhere"
    assert whys[-1] == "affirm again"
    assert "label" not in whys
    assert "gathering" not in whys


def test_another_person_who_sits_down_while_two_are_seen_is_not_read() -> None:
    reader = Reader(Rules(), 3)
    for index in range(20):
        step(reader, index / 10, sure("joy"))
    for index in range(5):
        assert step(reader, 2 + index / 10, None, faces=2).why == "two faces"
    whys = [step(reader, 2.5 + index / 10, sure("anger"), box=ELSEWHERE).why for index in range(12)]
    assert whys[-1] == "affirm again"


def test_a_face_that_moves_slowly_stays_the_same() -> None:
    presence = Presence(absence=3.0, elsewhere=1.0)
    assert all(presence.see(index / 10, (index * 5.0, 0.0, 50.0, 50.0)) for index in range(100))


def test_nobody_at_all_from_the_start_is_an_absence() -> None:
    reader = Reader(Rules(), 3)
    whys = [step(reader, index / 10, None).why for index in range(31)]
    assert whys[-1] == "affirm again"


@pytest.mark.parametrize("window", [0, 65, -1])
def test_windows_have_limits(window: int) -> None:
    with pytest.raises(ValueError, match="window"):
        Rules(window=window)
