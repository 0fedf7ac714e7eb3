"""The models of lessons: what they estimate where the truth is known, how they are evaluated, and what they refuse."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from mien.errors import KeepUnreadable, RequestInvalid
from mien.values import Label
from mien_server.cli.lessons import app
from mien_server.personalize.lessons import (
    CALM,
    MINIMUM,
    Feeling,
    Learned,
    Tally,
    elo,
    evaluate,
    feeling_of,
    logistic,
    logs,
    next_item,
    spacing,
)
from mien_server.personalize.lessons.feeling import MOST
from mien_server.values import GivenAnswer, LessonBank, LessonItem

NOW = 1_795_000_000
BANK = LessonBank({
    f"{skill}-{i}": LessonItem(f"{skill}-{i}", skill, float(i) - 2.0)
    for skill in ("fractions", "angles")
    for i in range(6)
})  # fmt: skip


def learners(seed: int, count: int, skills: int = 12, most: int = 60) -> list[logs.Learner]:
    """Answers by a known truth: difficulty by skill, ability by learner and skill, a little learning."""
    rng = np.random.default_rng(seed)
    hard = np.linspace(-2.0, 2.0, skills)
    found = []
    for _ in range(count):
        able = rng.normal(0, 0.6) + rng.normal(0, 1.2, skills)
        asked = rng.integers(skills, size=int(rng.integers(5, most)))
        right = []
        for skill in asked:
            right.append(bool(rng.random() < elo.chance(float(able[skill] - hard[skill]))))
            able[skill] += 0.2
        found.append(logs.Learner(tuple(f"s{skill}" for skill in asked), tuple(right)))
    return found


# ---- what is estimated ----
def test_elo_finds_the_order_of_difficulties() -> None:
    ratings = elo.Ratings(elo.ABILITY)
    for each in learners(3, 400):
        ratings.play((int(name[1:]) for name in each.skills), each.correct)
    order = sorted(ratings.difficulties, key=lambda skill: ratings.difficulties[skill])
    assert order == list(range(12))


def test_the_logistic_model_finds_the_weights_that_made_the_answers() -> None:
    rng = np.random.default_rng(5)
    rows, skills = rng.normal(0, 1, (40_000, 5)), rng.integers(6, size=40_000)
    weights, own = np.array([0.5, -0.5, 1.0, 0.0, 2.0]), np.linspace(-1, 1, 6)
    chances = 1 / (1 + np.exp(-(rows @ weights + own[skills])))
    fitted = logistic.fit(rows, skills, (rng.random(40_000) < chances).astype(np.float64))
    assert np.abs(fitted.weights - weights).max() < 0.06
    assert np.abs(fitted.intercepts - own).max() < 0.12
    unseen = fitted.log_odds(np.zeros((1, 5)), np.array([99]))
    assert unseen[0] == pytest.approx(fitted.intercepts.mean(), abs=0.02)


def test_recent_answers_weigh_more() -> None:
    rising, falling = logistic.Past(), logistic.Past()
    for i in range(10):
        rising.learn("s", correct=i >= 5)
        falling.learn("s", correct=i < 5)
    assert rising.features("s")[2] > 0.2 > -0.2 > falling.features("s")[2]
    assert rising.features("s")[4] == falling.features("s")[4]  # what does not fade is the same
    assert rising.features("other")[:3] == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("answers", [0, 1, 10_000])
def test_ratings_stay_finite(answers: int) -> None:
    ability = elo.ability_of(("s", -6.0, False) for _ in range(answers))
    assert abs(ability.at("s")) <= elo.LIMIT
    assert 0.0 < elo.chance(-1e9) < elo.chance(1e9) < 1.0


# ---- evaluation ----
def test_the_area_is_the_one_counted_by_hand() -> None:
    scores, outcomes = np.array([0.1, 0.4, 0.4, 0.8]), np.array([0.0, 1.0, 0.0, 1.0])
    # Four pairs of right and wrong: .4 over .1, .4 against .4 (a half), .8 over .1, .8 over .4.
    assert evaluate.auc(scores, outcomes) == 3.5 / 4
    with pytest.raises(RequestInvalid, match="nothing to tell apart"):
        evaluate.auc(scores, np.ones(4))


def test_each_model_knows_more_than_the_one_before() -> None:
    train, test = evaluate.split(learners(7, 300))
    stages: list[None] = []
    found = evaluate.measure(train, test, progress=lambda: stages.append(None))
    assert len(stages) == evaluate.STAGES
    assert (found.train_learners, found.test_learners, found.skills) == (240, 60, 12)
    assert 0.6 < found.skill_mean < found.elo < found.logistic < 0.9


def test_no_learner_is_on_both_sides() -> None:
    everybody = learners(1, 50)
    train, test = evaluate.split(everybody)
    assert Counter(train) + Counter(test) == Counter(everybody)
    assert len(test) == 10


def by_threes(those: list[logs.Learner]) -> str:
    return "".join(
        f"{len(each.skills)}\n{','.join(each.skills)}\n{','.join(str(int(right)) for right in each.correct)}\n"
        for each in those
    )


def by_rows(those: list[logs.Learner], header: str = "user_id,skill_id,correct") -> str:
    """Rows of all learners mixed, as they would be by time."""
    rows = [
        (at, f"u{number},{skill},{int(right)}")
        for number, each in enumerate(those)
        for at, (skill, right) in enumerate(zip(each.skills, each.correct, strict=True))
    ]
    return "\n".join([header, *(row for _at, row in sorted(rows, key=lambda each: each[0]))])


def test_both_formats_are_the_same_answers_and_the_same_numbers(tmp_path: Path) -> None:
    those = learners(2, 60, most=20)
    train, test = those[:45], those[45:]
    for name, write in (("rows", by_rows), ("threes", by_threes)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}_train.csv").write_text(write(train))
        (tmp_path / name / f"{name}_test.csv").write_text(write(test))
        (tmp_path / name / f"{name}_train1.csv").write_text("a part of the whole, not to be read")
        (tmp_path / name / "names_of_skills.txt").write_text("no log")
    done = CliRunner().invoke(app, ["evaluate", str(tmp_path)])
    assert done.exit_code == 0, done.output
    rows, threes = json.loads(done.stdout.splitlines()[-1])["sets"]
    assert rows.pop("set") == "rows"
    assert threes.pop("set") == "threes"
    assert rows == threes
    assert rows["test_answers"] == sum(len(each.skills) for each in test)
    assert "skill mean" in done.stdout


HEADERS = {
    "anon student id": "Anon Student Id\tKC\tOutcome",
    "with others": "order_id,user_id,skill_name,correct",
    "semicolons": "student;concept;is_correct",
    "none": "",
}


@pytest.mark.parametrize("kind", HEADERS)
def test_columns_are_found_by_their_names(kind: str) -> None:
    row = {
        "anon student id": "ann\tadd\t1",
        "with others": '7,ann,"add, carry",1',
        "semicolons": "ann;add;true",
        "none": "ann,add,1",
    }[kind]
    text = f"\ufeff{HEADERS[kind]}\n{row}\n" if HEADERS[kind] else f"{row}\n"
    (only,) = logs.read(text, "a.csv").learners
    assert only.correct == (True,)
    assert only.skills[0].startswith("add")


def test_rows_without_a_skill_are_left_out_and_counted() -> None:
    log = logs.read("user,skill,correct\nann,,1\nann,add,0\nann,NA,1\n", "a.csv")
    assert log == logs.Log((logs.Learner(("add",), (False,)),), 2)


BAD = {
    "empty": ("", "is empty"),
    "no columns": ("a,b\n1,2\n", "no column for learner, skill, correct"),
    "one column lacks": ("user,correct\nann,1\n", "no column for skill"),
    "half an answer": ("user,skill,correct\nann,add,0.5\n", "line 2: correct is 0 or 1"),
    "a short row": ("user,skill,correct\nann,add\n", "line 2: a column is missing"),
    "a learner cut off": ("2\n1,2\n", "ends within a learner"),
    "a wrong count": ("3\n1,2\n1,0\n", "line 1: the count"),
    "no outcome": ("2\n1,2\n1,x\n", "line 3: correct"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_refused_with_the_line(kind: str) -> None:
    text, says = BAD[kind]
    with pytest.raises(RequestInvalid, match=says):
        logs.read(text, "a.csv")


def test_a_folder_without_logs_or_with_too_few_learners_is_refused(tmp_path: Path) -> None:
    none = CliRunner().invoke(app, ["evaluate", str(tmp_path)])
    assert none.exit_code == 2
    assert "no .csv" in none.stderr
    (tmp_path / "few.csv").write_text(by_rows(learners(1, 3)))
    few = CliRunner().invoke(app, ["evaluate", str(tmp_path)])
    assert few.exit_code == 2
    assert "only 3 learners" in few.stderr
    (tmp_path / "x_test.csv").write_text(by_rows(learners(1, 3)))
    alone = CliRunner().invoke(app, ["evaluate", str(tmp_path)])
    assert "nothing to fit on" in alone.stderr


# ---- spacing ----
def test_what_was_right_waits_longer_each_time_and_what_was_wrong_returns() -> None:
    once = spacing.traces([("a", NOW, True)])["a"]
    twice = spacing.traces([("a", NOW - 60, True), ("a", NOW, True)])["a"]
    assert once.memory(NOW) == 1.0
    assert once.memory(NOW + 600) == pytest.approx(0.5)
    assert twice.memory(NOW + 600) == pytest.approx(0.5**0.5)
    wrong = [("a", NOW - 9, False), ("b", NOW - 8, True)]
    assert not spacing.traces(wrong)["a"].returns
    assert spacing.traces([*wrong, ("c", NOW, True)])["a"].returns
    assert spacing.traces(wrong)["a"].memory(NOW) == 0.0


# ---- the next item ----
def answers(item: str, *right: bool, at: int = NOW - 10_000) -> list[GivenAnswer]:
    return [GivenAnswer(item, each, at + i) for i, each in enumerate(right)]


def test_the_next_item_is_about_as_hard_as_wanted() -> None:
    beginner = next_item(BANK, Learned(), [], CALM, (), NOW)
    assert beginner.item.id == "fractions-1"  # of difficulty -1: .73 for a beginner
    assert beginner.chance == pytest.approx(0.731, abs=1e-3)
    assert beginner.target == pytest.approx(0.75)
    able = next_item(
        BANK, Learned(), answers("fractions-3", *[True] * 8), CALM, ("fractions",), NOW
    )
    weak = next_item(
        BANK, Learned(), answers("fractions-1", *[False] * 8), CALM, ("fractions",), NOW
    )
    assert able.item.difficulty > beginner.item.difficulty > weak.item.difficulty
    assert "8 answers in fractions" in able.why
    other = next_item(BANK, Learned(), [], CALM, ("angles",), NOW)
    assert other.item.skill == "angles"
    with pytest.raises(RequestInvalid, match="these skills"):
        next_item(BANK, Learned(), [], CALM, ("history",), NOW)


def test_an_item_just_right_waits_and_one_that_was_wrong_comes_back() -> None:
    just = next_item(BANK, Learned(), answers("fractions-1", True, at=NOW), CALM, (), NOW)
    assert just.item.id != "fractions-1"
    past = [
        GivenAnswer("fractions-1", False, NOW - 90),
        *answers("fractions-2", True, True, at=NOW - 60),
    ]
    back = next_item(BANK, Learned(), past, CALM, ("fractions",), NOW)
    assert back.item.id == "fractions-1"
    assert "returns" in back.why


feelings = st.builds(
    Feeling,
    st.just(()),
    st.floats(-MOST, MOST),
)
histories = st.lists(
    st.builds(
        GivenAnswer,
        st.sampled_from([*BANK.items, "gone"]),
        st.booleans(),
        st.integers(NOW - 10**6, NOW + 60),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(past=histories, feeling=feelings)
def test_whatever_is_felt_every_item_can_come_and_the_shift_is_bounded(
    past: list[GivenAnswer], feeling: Feeling
) -> None:
    for skill in ("fractions", "angles"):
        found = next_item(BANK, Learned(), past, feeling, (skill,), NOW)
        assert 0.55 < found.target < 0.88
        assert found.item.skill == skill
        assert next_item(BANK, Learned(), past, feeling, (skill,), NOW) == found
    for (
        item
    ) in BANK.items.values():  # asked for alone, each comes, whoever asks and however they feel
        only = LessonBank({item.id: item})
        assert next_item(only, Learned(), past, feeling, (), NOW).item == item


def seen(
    state: str, *, source: str = "face", expression: str = "neutral"
) -> list[tuple[Label, int]]:
    label = Label(expression, 0, confidence=15, state=state, source=source)
    return [(label, NOW - i) for i in range(5)]


def test_confusion_makes_easier_boredom_harder_fatigue_pauses() -> None:
    confused, bored, tired = (feeling_of(seen(s), NOW) for s in ("confused", "bored", "fatigued"))
    assert (confused.shift, bored.shift) == (MOST, -MOST)
    assert (confused.pace, bored.pace, tired.pace) == ("slower", "steady", "pause")
    low = feeling_of(seen("none", source="declared", expression="sadness"), NOW)
    assert 0 < low.shift < MOST
    assert low.told
    assert feeling_of(seen("none", expression="sadness"), NOW) == CALM  # a face counts by its state
    assert feeling_of(seen("confused"), NOW + 3600) == CALM
    easy, hard = (next_item(BANK, Learned(), [], each, (), NOW) for each in (confused, bored))
    assert easy.item.difficulty < hard.item.difficulty
    assert "You look confused" in easy.why
    assert "You look bored, so this one is a little harder" in hard.why


# ---- what everybody's answers teach ----
def class_of(count: int, seed: int = 1) -> list[list[GivenAnswer]]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        able = rng.normal(0, 1)
        items = rng.permutation(list(BANK.items))
        found.append([
            GivenAnswer(str(name), bool(rng.random() < elo.chance(float(able - 1.5 * BANK.items[str(name)].difficulty))), NOW + i)
            for i, name in enumerate(items)
        ])  # fmt: skip
    return found


def tally(those: list[list[GivenAnswer]], pieces: int = 1) -> Tally:
    found = Tally()
    for i, each in enumerate(those):
        if i % pieces == 0:
            found = Tally.from_bytes(found.to_bytes())  # as it lies between two transactions
        found.person(BANK, each)
    return found


def test_rebuilt_without_a_person_is_as_if_they_had_never_answered() -> None:
    those = class_of(30)
    without = tally(those[:7] + those[8:]).finish(BANK)
    everybody = tally(those).finish(BANK)
    again = tally([*reversed(those[:7] + those[8:])], pieces=4).finish(BANK)
    assert without != everybody
    assert again.skills == without.skills
    assert again.people == 29
    assert np.allclose(list(again.moved.values()), list(without.moved.values()), rtol=1e-9)
    assert np.allclose(again.weights, without.weights, rtol=1e-9)
    assert Learned.from_bytes(without.to_bytes()) == without


def test_difficulties_move_towards_the_truth() -> None:
    found = tally(class_of(200)).finish(BANK)
    for name, item in BANK.items.items():  # the truth is half as far again from the middle
        if abs(item.difficulty) >= 1:
            assert found.moved[name] * item.difficulty > 0, name


def test_of_fewer_than_ten_nothing_is_kept() -> None:
    those = class_of(MINIMUM - 1)
    assert tally(those).finish(BANK) == Learned()
    few = [*(each[:] for each in class_of(MINIMUM)), []]
    alone = GivenAnswer("fractions-0", True, NOW)
    rare = [[one for one in each if one.item != "fractions-0"] for each in few[:-2]]
    found = tally([*rare, [*few[-2], alone]]).finish(BANK)
    assert "fractions-0" not in found.moved
    only_angles = [[one for one in each if one.item.startswith("angles")] for each in few[:-1]]
    only_angles[0].append(alone)
    found = tally(only_angles).finish(BANK)
    assert [each.skill for each in found.skills] == ["angles"]
    assert "fractions" not in found.to_bytes().decode()


def test_nobody_counts_more_than_once_in_a_skill() -> None:
    one_each = [answers("angles-0", False) for _ in range(MINIMUM)]
    busy = [*one_each, answers("angles-0", *[True] * 500)]
    (view,) = tally(busy).finish(BANK).skills
    assert view.success == 10  # one of eleven, to a whole five: not 98
    assert view.people == 10


def test_sums_of_another_version_are_refused() -> None:
    data = tally(class_of(12)).to_bytes().replace(b'"v": 1', b'"v": 9')
    with pytest.raises(KeepUnreadable, match="version"):
        Tally.from_bytes(data)


def test_answers_to_items_that_are_gone_count_for_nothing() -> None:
    those = [[*each, GivenAnswer("gone", True, NOW)] for each in class_of(12)]
    assert tally(those).finish(BANK) == tally(class_of(12)).finish(BANK)
