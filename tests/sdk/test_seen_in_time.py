"""The shipped networks and the label room together, on rendered clips: changes are told in time, blinks and speech change nothing."""

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.infer import Eyes, load_models
from mien.label import Reader, Reading, Rules, Sight
from mien.values import EXPRESSIONS, Scores

SAMPLES = Path(__file__).parents[2] / "samples" / "person"
RATE = 25
START = 1_790_000_000
PURPOSES = ("personalize_offers", "adapt_service")
LATENCY = 0.3
Seen = list[tuple[float, Scores, Reading]]


def pictures(name: str) -> Iterator[NDArray[np.uint8]]:
    video = cv2.VideoCapture(str(SAMPLES / name))
    while True:
        more, pixels = video.read()
        if not more:
            break
        yield np.asarray(pixels, np.uint8)
    video.release()


def read(name: str) -> Seen:
    """Time, scores and reading of every frame with one face."""
    models = load_models()
    eyes, reader, out = Eyes(models), Reader(Rules(), models.model_id), []
    for number, pixels in enumerate(pictures(name)):
        at = number / RATE
        faces = eyes.faces(pixels)
        sight = Sight(at, START + at, len(faces), faces[0].box if len(faces) == 1 else None)
        if reader.look(sight) is None:
            scores = eyes.scores(pixels, faces[0])
            out.append((at, scores, reader.read(sight, scores, PURPOSES)))
    return out


@pytest.fixture(scope="module")
def person() -> Seen:
    return read("person.mp4")


@pytest.fixture(scope="module")
def talking() -> Seen:
    return read("talking.mp4")


def settled() -> dict[str, list[tuple[float, float]]]:
    """Expression -> stretches of time (from, to) in which the clip shows it fully."""
    with (SAMPLES / "truth.csv").open(newline="") as lines:
        rows = [
            (float(r["seconds"]), r["expression"], float(r["intensity"]))
            for r in csv.DictReader(lines)
        ]
    out: dict[str, list[tuple[float, float]]] = {}
    since, last = rows[0][0], rows[0]
    for row in [*rows[1:], (rows[-1][0] + 1 / RATE, "", 1.0)]:
        full, was = row[2] > 0.99 and row[1] == last[1], last[2] > 0.99
        if was and not full:
            out.setdefault(last[1], []).append((since, last[0]))
        if not was:
            since = row[0]
        last = row
    return out


@pytest.mark.parametrize("word", ["neutral", "joy", "surprise"])
def test_a_change_is_told_within_300_ms(person: Seen, word: str) -> None:
    for start, end in settled()[word]:
        shown = [r.now.expression for at, _, r in person if r.now and start + LATENCY <= at <= end]
        assert len(shown) > RATE
        assert set(shown) == {word}


def test_neither_blinks_nor_speech_say_anything_but_neutral(talking: Seen) -> None:
    assert len(talking) > 9 * RATE
    shut = [scores.actions["AU43"] > 0.5 for _, scores, _ in talking]
    open_mouth = [max(scores.actions[a] for a in ("AU25", "AU26")) for _, scores, _ in talking]
    assert 0 < sum(shut) < len(talking) / 4  # it does blink
    assert np.ptp(open_mouth) > 0.3  # it does talk
    words = {r.now.expression for at, _, r in talking if r.now and at > 1}
    assert words <= {"neutral", None}
    labels = {r.label.expression for _, _, r in talking if r.label}
    assert labels == {"neutral"}


def test_the_label_says_why(person: Seen) -> None:
    why = {r.label.expression: r.because for _, _, r in person if r.label}
    assert why["joy"].startswith("smile ")
    assert why["joy"].endswith(" -> joy")
    assert any(
        part in why["surprise"] for part in ("brow raise", "jaw drop", "lips apart", "lid raise")
    )


def test_actions_and_blinks_follow_the_face(person: Seen) -> None:
    def mean(action: str, word: str) -> float:
        spans = settled()[word]
        return float(
            np.mean(
                [s.actions[action] for at, s, _ in person if any(a <= at <= b for a, b in spans)]
            )
        )

    assert mean("AU12", "joy") > mean("AU12", "neutral") + 0.3
    assert mean("AU1", "surprise") > mean("AU1", "neutral") + 0.3
    assert mean("AU15", "sadness") > mean("AU15", "joy") + 0.2
    shut = np.array([s.actions["AU43"] > 0.5 for _, s, _ in person])
    blinks = int((shut[1:] & ~shut[:-1]).sum())
    assert 3 <= blinks <= 14  # one every 2.2 to 4.4 seconds of 24


def test_expressions_are_words_of_the_vocabulary(person: Seen) -> None:
    assert {r.label.expression for _, _, r in person if r.label} <= set(EXPRESSIONS)
