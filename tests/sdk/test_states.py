"""States from synthetic minutes: each definition can be met and missed, and too little data says nothing."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.label import (
    BELONGS,
    DEFINITIONS,
    NAMES,
    NOT_VALIDATED,
    Definition,
    Reader,
    Rules,
    Sight,
    States,
    why,
)
from mien.values import EXPRESSIONS, POLARITIES, STATES, Label, Scores

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/states.md"
BOX = (10.0, 10.0, 50.0, 50.0)
START = 1_790_000_000
NEUTRAL = (1.0, *(0.0,) * 7)
SERVICE = ("adapt_service",)
Face = Callable[[float], Scores]


def seen(at: float, *, sway: float = 0.0, gaze: float = 0.0, **actions: float) -> Scores:
    """One picture of a person who sways by so many radians and looks so far aside."""
    pose = (0.0, sway * math.sqrt(2) * math.sin(at), 0.0)
    return Scores(NEUTRAL, 0.0, 0.0, {"AU43": 0.0, **actions}, pose, (gaze, 0.0))


def run(face: Face, until: float, rate: float = 20.0) -> States:
    states = States()
    for index in range(int(until * rate) + 1):
        states.add(index / rate, face(index / rate))
    return states


def over(face: Face, until: float, rate: float = 20.0) -> list[tuple[float, str]]:
    states = States()
    times = [index / rate for index in range(int(until * rate) + 1)]
    return [(at, states.add(at, face(at))) for at in times]


def calm(at: float) -> Scores:
    """A still face that looks at the screen: nothing to say."""
    return seen(at)


def then(when: float, **late: float) -> Face:
    return lambda at: seen(at, **late) if at >= when else calm(at)


def blinking(per_minute: float, length: float = 0.15, **actions: float) -> Face:
    return lambda at: seen(at, **{**actions, "AU43": float(at % (60 / per_minute) < length)})


def frown_late(at: float) -> Scores:
    """Blinks often throughout, and frowns for the last half minute."""
    return blinking(40, AU4=0.6 if at >= 40 else 0.0)(at)


SCENES: dict[str, Face] = {
    "fatigued": lambda at: seen(at, AU43=float(at % 5 < 1.0)),
    "frustrated": then(30, AU4=0.5, AU14=0.4),
    "confused": then(30, AU4=0.5, AU7=0.4),
    "stressed": frown_late,
    "interested": then(30, AU1=0.4, AU2=0.4),
    "bored": lambda at: seen(at, gaze=1.0),
    "engaged": lambda at: seen(at, sway=0.08),
}


# ---- each can be met, and missed ----
@pytest.mark.parametrize("word", SCENES)
@pytest.mark.parametrize("rate", [12, 30])
def test_every_state_can_be_said(word: str, rate: float) -> None:
    said = {state for _, state in over(SCENES[word], 70, rate)}
    assert word in said
    assert said <= {"none", word}


def test_there_is_a_scene_and_a_definition_for_every_state() -> None:
    assert set(SCENES) == {one.word for one in DEFINITIONS} == set(STATES) - {"none"}


def test_a_still_face_that_looks_at_the_screen_says_nothing() -> None:
    assert {state for _, state in over(calm, 90)} == {"none"}


@pytest.mark.parametrize(
    ("face", "not_word"),
    [
        (lambda at: seen(at, AU43=float(at % 5 < 0.5)), "fatigued"),  # a tenth of the time
        (lambda at: seen(at, AU43=0.7 * (at % 5 < 2.5)), "fatigued"),  # never 80% closed
        (then(30, AU4=0.5), "confused"),  # the brow alone
        (then(30, AU7=0.5), "confused"),
        (then(30, AU14=0.5), "frustrated"),
        (blinking(40), "stressed"),  # blinks alone
        (blinking(15, AU4=0.5), "stressed"),
        (then(30, AU1=0.4, AU2=0.4, gaze=1.0), "interested"),  # looks elsewhere
        (lambda at: seen(at, gaze=1.0, AU12=0.5 * (at % 4 < 2)), "bored"),  # a face that moves
        (lambda at: seen(at, sway=0.08, gaze=1.0), "engaged"),
        (lambda at: seen(at, sway=0.6), "engaged"),  # all over the place
    ],
)
def test_half_a_definition_is_not_enough(face: Face, not_word: str) -> None:
    assert not_word not in {state for _, state in over(face, 70)}


def test_a_brow_that_is_always_low_is_no_mood() -> None:
    assert {state for _, state in over(lambda at: seen(at, AU4=0.7, AU7=0.6), 90)} == {"none"}


def test_gaze_and_head_add_up() -> None:
    """Head to the left, eyes back to the right: still towards the screen."""
    turned = replace(seen(0.0), pose=(0.0, 0.5, 0.0))
    back = replace(turned, gaze=(-1.0, 0.0))
    assert run(lambda _: turned, 5).measure(5, 5).on_screen == 0
    assert run(lambda _: back, 5).measure(5, 5).on_screen == 1
    down = replace(seen(0.0), pose=(0.5, 0.0, 0.0))
    up = replace(down, gaze=(0.0, 1.0))
    assert run(lambda _: down, 5).measure(5, 5).on_screen == 0
    assert run(lambda _: up, 5).measure(5, 5).on_screen == 1


def test_a_head_that_tosses_is_not_engaged() -> None:
    def face(at: float, roll: float) -> Scores:
        return replace(seen(at), pose=(0.0, 0.0, roll * math.sin(at)))

    assert run(lambda at: face(at, 0.2), 30).state == "engaged"
    assert run(lambda at: face(at, 0.4), 30).state == "none"


# ---- measures ----
@pytest.mark.parametrize("rate", [12, 20, 30, 60])
def test_measures_do_not_depend_on_the_frame_rate(rate: float) -> None:
    measures = run(blinking(20, length=0.25, AU4=0.3), 60, rate).measure(60, 60)
    assert measures.blinks == pytest.approx(20, abs=1)
    assert measures.blink_seconds == pytest.approx(0.25, abs=1.1 / rate)
    assert measures.perclos == pytest.approx(0.25 / 3, abs=0.02)


def test_under_twelve_pictures_a_second_blinks_are_not_measured() -> None:
    measures = run(blinking(20, length=0.25), 60, 8).measure(60, 60)
    assert measures.blinks is None
    assert measures.blink_seconds is None
    assert measures.perclos == pytest.approx(0.25 / 3, abs=0.03)
    assert "stressed" not in {state for _, state in over(frown_late, 70, 8)}


def test_a_long_closure_is_no_blink() -> None:
    measures = run(lambda at: seen(at, AU43=float(at % 5 < 1.0)), 60).measure(60, 60)
    assert measures.blinks == 0
    assert measures.perclos == pytest.approx(0.2, abs=0.02)


def test_closed_lids_say_nothing_of_brows_and_gaze() -> None:
    def face(at: float) -> Scores:
        shut = at % 4 < 0.3
        return seen(at, AU43=1.0, AU4=1.0, gaze=1.0) if shut else seen(at)

    measures = run(face, 60).measure(60, 60)
    assert measures.raised["AU4"] == 0
    assert measures.on_screen == 1


# ---- how long ----
def test_a_state_must_hold_for_four_seconds_and_not_hold_for_four() -> None:
    def face(at: float) -> Scores:
        return seen(at, AU4=0.6, AU7=0.6) if 30 <= at < 40 else calm(at)

    said = over(face, 60)
    confused = [at for at, state in said if state == "confused"]
    assert 34 < confused[0] < 37
    assert 44 < confused[-1] < 48
    assert confused == [at for at, _ in said if confused[0] <= at <= confused[-1]]


@pytest.mark.parametrize(("strength", "seconds"), [(1.0, 1.0), (0.6, 1.5)])
def test_a_moment_is_no_state(strength: float, seconds: float) -> None:
    def face(at: float) -> Scores:
        frowns = 30 <= at < 30 + seconds
        return seen(at, AU4=strength, AU7=strength) if frowns else calm(at)

    assert {state for _, state in over(face, 60)} == {"none"}


def test_the_more_specific_state_is_said() -> None:
    tired = {state for _, state in over(lambda at: seen(at, gaze=1.0, AU43=float(at % 5 < 1)), 90)}
    assert "fatigued" in tired
    assert run(lambda at: seen(at, gaze=1.0, AU43=float(at % 5 < 1)), 90).state == "fatigued"
    assert run(then(30, AU4=0.5, AU7=0.4, AU14=0.5), 40).state == "frustrated"


@pytest.mark.parametrize("word", SCENES)
def test_too_little_data_says_nothing(word: str) -> None:
    least = next(one.least for one in DEFINITIONS if one.word == word)
    early = [state for at, state in over(SCENES[word], 70) if at < least]
    assert set(early) == {"none"}


def test_a_resting_face_is_known_before_a_mood_is_read() -> None:
    said = over(then(8, AU4=0.5, AU7=0.4), 27)
    assert {state for at, state in said if at < 20} == {"none"}
    assert said[-1][1] == "confused"


def test_a_gap_confirms_nothing() -> None:
    states = run(calm, 30)
    for index in range(80):  # a frown not quite long enough
        states.add(30 + index / 20, seen(0, AU4=0.9, AU7=0.9))
    assert states.state == "none"
    assert states.add(35.15, seen(0, AU4=0.9, AU7=0.9)) == "none"
    for index in range(1, 90):
        states.add(35.15 + index / 20, seen(0, AU4=0.9, AU7=0.9))
    assert states.state == "confused"


def test_time_that_runs_backwards_begins_anew() -> None:
    states = run(SCENES["confused"], 40)
    assert states.state == "confused"
    assert states.add(5.0, calm(0)) == "none"
    assert states.measure(5.0, 60).seconds == 0


def test_scores_without_actions_say_nothing() -> None:
    assert {s for _, s in over(lambda _: Scores(NEUTRAL, 0, 0, gaze=(1.0, 0.0)), 60)} == {"none"}


# ---- bad input, memory ----
def test_memory_is_bounded_at_any_frame_rate() -> None:
    states = run(blinking(500, length=0.05), 130, 200)
    assert len(states._bins) <= 600
    assert len(states._blinks) <= 600
    slow = run(calm, 2000, 1)
    assert len(slow._bins) <= 60


broken = st.one_of(
    st.floats(-9, 9), st.sampled_from([float("nan"), float("inf"), float("-inf"), 1e308])
)
picture = st.builds(
    Scores,
    st.just(NEUTRAL), broken, broken,
    st.dictionaries(st.sampled_from([*NAMES, "other"]), broken, max_size=6),
    st.tuples(broken, broken, broken), st.tuples(broken, broken),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.floats(-1, 5), broken), picture), max_size=60))
def test_broken_numbers_break_nothing(pictures: list[tuple[float, Scores]]) -> None:
    states, at = States(), 0.0
    for gap, scores in pictures:
        if abs(gap) < 10:
            at += gap
        assert states.add(at if abs(gap) < 10 else gap, scores) in STATES
    measures = states.measure(at, 60)
    numbers = (measures.perclos, measures.lids, measures.head, measures.face)
    assert all(math.isfinite(number) for number in (*numbers, *measures.raised.values()))
    assert 0 <= measures.perclos <= 1


# ---- in the reader ----
def labels(
    times: Iterable[float], face: Face, purposes: tuple[str, ...] = SERVICE
) -> tuple[Reader, list[Label]]:
    reader, found = Reader(Rules(), 3), []
    for at in times:
        sight = Sight(at, START + at, 1, BOX)
        reading = reader.look(sight) or reader.read(sight, face(at), purposes)
        if reading.label:
            found.append(reading.label)
    return reader, found


def test_a_label_carries_the_state_where_a_purpose_needs_it() -> None:
    times = [index / 15 for index in range(15 * 40)]
    reader, found = labels(times, SCENES["confused"])
    assert [label.state for label in found[:30]] == ["none"] * 30
    assert found[-1].state == "confused"
    reader.look(Sight(40.0, START + 40.0, 2))
    assert reader.states.state == "none"
    assert reader.states.measure(40.0, 60).seconds == 0
    reader, found = labels(times, SCENES["confused"], ("personalize_offers",))
    assert {label.state for label in found} == {"none"}
    assert reader.states.measure(40.0, 60).seconds == 0


def test_what_was_seen_before_an_absence_makes_no_state_after_it() -> None:
    reader, _ = labels([index / 15 for index in range(15 * 40)], SCENES["confused"])
    for index in range(40):
        reader.look(Sight(40 + index / 10, START + 40 + index / 10, 0))
    assert reader.waiting
    assert reader.states.state == "none"
    assert reader.states.measure(44.0, 60).seconds == 0


def test_a_note_is_carried_once_by_the_next_label() -> None:
    reader = Reader(Rules(), 3)
    polarities = []
    for index in range(41):
        if index == 12:
            reader.note("positive")
            reader.note("negative")
        sight = Sight(index / 10, START + index / 10, 1, BOX)
        reading = reader.look(sight) or reader.read(sight, calm(0), SERVICE)
        if reading.label:
            polarities.append(reading.label.polarity)
    assert polarities == ["none", "negative", "none", "none"]


def test_a_note_is_forgotten_with_the_rest() -> None:
    reader, _ = labels([0.0, 0.5], calm)
    reader.note("surprise")
    reader.look(Sight(0.6, START + 0.6, 2))
    found = []
    for index in range(12):
        sight = Sight(1 + index / 10, START + 1 + index / 10, 1, BOX)
        found.append(reader.look(sight) or reader.read(sight, calm(0), SERVICE))
    assert [reading.label.polarity for reading in found if reading.label] == ["none"]


def test_only_known_polarities_can_be_noted() -> None:
    for polarity in POLARITIES:
        Reader(Rules(), 3).note(polarity)
    with pytest.raises(ValueError, match="polarity"):
        Reader(Rules(), 3).note("happy")


# ---- why ----
@pytest.mark.parametrize(
    ("expression", "actions", "words"),
    [
        ("joy", {"AU12": 0.8, "AU6": 0.6}, "smile 0.8, cheek raise 0.6 -> joy"),
        ("joy", {"AU12": 0.8, "AU6": 0.19}, "smile 0.8 -> joy"),
        ("neutral", {"AU12": 0.1}, "little movement -> neutral"),
        ("joy", {"AU12": float("nan")}, "little movement -> joy"),
        ("sadness", {"AU26": 0.5, "AU25": 0.4}, "jaw drop 0.5, not typical -> sadness"),
        ("neutral", {"AU12": 0.4}, "smile 0.4, not typical -> neutral"),
        ("joy", {}, "no actions measured -> joy"),
        (
            "fear",
            {"AU1": 0.3, "AU2": 0.4, "AU5": 0.9, "AU20": 0.5, "AU12": 1.0},
            "upper lid raise 0.9, lip stretch 0.5, outer brow raise 0.4 -> fear",
        ),
        ("anger", {"AU4": 7.0, "AU99": 1.0}, "brow lower 1.0 -> anger"),
    ],
)
def test_why(expression: str, actions: dict[str, float], words: str) -> None:
    assert why(expression, actions) == words


@given(
    st.sampled_from(EXPRESSIONS),
    st.dictionaries(st.sampled_from(["AU99", *NAMES]), broken),
)
def test_why_is_short_and_ascii(expression: str, actions: dict[str, float]) -> None:
    said = why(expression, actions)
    assert said.isascii()
    assert said.endswith(f" -> {expression}")
    assert said.count(",") <= 2


def test_every_expression_has_its_actions_and_every_action_a_name() -> None:
    assert tuple(BELONGS) == EXPRESSIONS
    assert {name for names in BELONGS.values() for name in names} <= set(NAMES)
    assert len(set(NAMES.values())) == len(NAMES) == 21


# ---- the page ----
@pytest.mark.parametrize("one", DEFINITIONS, ids=lambda one: one.word)
def test_the_page_says_what_the_table_says(one: Definition) -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{one.word}`")]
    assert len(rows) == 1
    for said in (one.rule, f"{one.span:g} s", f"{one.least:g} s", one.source, one.ours):
        assert f"| {said} |" in rows[0]


def test_the_page_and_the_table_say_that_nothing_is_validated() -> None:
    assert NOT_VALIDATED == "not validated on people"
    assert all(one.says == NOT_VALIDATED and not one.validated for one in DEFINITIONS)
    assert f"**{NOT_VALIDATED.capitalize()}.**" in PAGE.read_text()
    words = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in words] == [one.word for one in DEFINITIONS]
