"""Brief movements: what is spotted, what is not, and what a slow camera or a bad clock does. The face is a frame of the sample video, moved by hand."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import FrameRejected
from mien.infer import Eyes, load_models
from mien.infer.flow import SIDE, Flow, amount, cube
from mien.infer.micro import LONGEST, SHORTEST, Movement, Watch
from mien.values import POLARITIES, Face

Pixels = NDArray[np.uint8]
Strength = Callable[[float], float]
SAMPLES = Path(__file__).parents[2] / "samples" / "person"
START = 2.0


@pytest.fixture(scope="module")
def still() -> tuple[Pixels, Face]:
    """A frame of the resting sample person, and their face."""
    video = cv2.VideoCapture(str(SAMPLES / "person.mp4"))
    video.set(cv2.CAP_PROP_POS_FRAMES, 20)
    pixels = np.asarray(video.read()[1], np.uint8)
    video.release()
    return pixels, Eyes(load_models()).faces(pixels)[0]


def bump(length: float, start: float = START) -> Strength:
    """0, up to 1 and back within `length` seconds."""
    return lambda t: float(np.sin(np.pi * np.clip((t - start) / length, 0, 1)) ** 2)


def stays(t: float) -> float:
    """0, up to 1 in a fifth of a second, and there it stays."""
    return float(np.clip((t - START) / 0.2, 0, 1))


@cache
def forehead(
    face: Face, height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel of a frame is, and how much of the pull it feels: the same for every frame of a video."""
    (rx, ry), (lx, ly) = face.landmarks[:2]
    apart = float(np.hypot(lx - rx, ly - ry))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    centre = ((rx + lx) / 2, (ry + ly) / 2 - 0.42 * apart)
    away = ((x - centre[0]) / (0.7 * apart)) ** 2 + ((y - centre[1]) / (0.22 * apart)) ** 2
    return x, y, np.exp(-away).astype(np.float32)


def brows_up(still: tuple[Pixels, Face], share: float) -> Pixels:
    """The frame with the forehead pulled up by a twentieth of the distance of the eyes."""
    pixels, face = still
    if share < 1e-9:  # no pixel would move
        return pixels
    (rx, ry), (lx, ly) = face.landmarks[:2]
    apart = float(np.hypot(lx - rx, ly - ry))
    x, y, felt = forehead(face, *pixels.shape[:2])
    lift = felt * np.float32(0.08 * apart * share)
    return np.asarray(
        cv2.remap(pixels, x, y + lift, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def watch(
    still: tuple[Pixels, Face],
    strength: Strength,
    rate: float = 30.0,
    *,
    seconds: float = 4.0,
    closure: Strength = lambda _: 0.0,
    shift: Strength = lambda _: 0.0,
) -> list[Movement]:
    """What is spotted while the brows move as `strength` says and the head shifts by so many pixels."""
    watcher, rng, out = Watch(load_models()), np.random.default_rng(1), []
    face = still[1]
    for k in range(int(seconds * rate)):
        t = k / rate
        moved = brows_up(still, strength(t))
        dx = shift(t)
        if dx:
            shifted = np.array([[1, 0, dx], [0, 1, 0]], float)
            moved = np.asarray(cv2.warpAffine(moved, shifted, moved.shape[1::-1]), np.uint8)
        grain = rng.normal(size=moved.shape) * 1.5
        pixels = np.clip(moved + grain, 0, 255).astype(np.uint8)
        points = tuple(
            (x + dx + rng.normal() * 0.3, y + rng.normal() * 0.3) for x, y in face.landmarks
        )
        seen = watcher.see(t, pixels, Face(face.box, points, 1.0), closure(t))
        if seen is not None:
            out.append(seen)
    return out


@pytest.mark.parametrize("rate", [25.0, 30.0, 60.0])
@pytest.mark.parametrize("length", [0.25, 0.45])
def test_a_brief_movement_is_spotted_in_its_time(
    still: tuple[Pixels, Face], rate: float, length: float
) -> None:
    (found,) = watch(still, bump(length), rate)
    assert abs(found.apex - (START + length / 2)) <= 0.15
    assert SHORTEST <= found.offset - found.onset <= LONGEST + 1 / rate
    assert found.polarity in POLARITIES[1:]
    assert 1 / 3 <= found.share <= 1
    assert found.amount > 0.01


@pytest.mark.parametrize(
    "scene",
    [
        {"strength": lambda _: 0.0},
        {"strength": stays},
        {"strength": bump(1.6)},
        {"strength": lambda _: 0.0, "shift": lambda t: 14 * np.sin(1.2 * t)},
    ],
    ids=["nothing", "an expression that stays", "a slow movement", "a moving head"],
)
def test_what_is_not_brief_is_not_spotted(still: tuple[Pixels, Face], scene: Any) -> None:
    assert watch(still, **scene) == []


def test_a_movement_across_a_blink_is_not_spotted(still: tuple[Pixels, Face]) -> None:
    assert watch(still, bump(0.3), closure=bump(0.3)) == []


@pytest.mark.parametrize("rate", [10.0, 15.0, 20.0])
def test_below_25_pictures_a_second_nothing_is_spotted(
    still: tuple[Pixels, Face], rate: float
) -> None:
    assert watch(still, bump(0.45), rate) == []


def test_a_clock_that_stands_or_jumps_starts_anew(still: tuple[Pixels, Face]) -> None:
    pixels, face = still
    watcher = Watch(load_models())
    for at in (0.0, 0.04, 0.04, 0.03, 5.0, 9.0, 9.04, float("nan"), 9.1):
        assert watcher.see(at, pixels, face) is None
    assert not watcher.fast_enough


@pytest.mark.parametrize(
    "pixels", [np.zeros((64, 64)), np.zeros((64, 64, 3)), np.zeros(3, np.uint8)]
)
def test_what_is_no_picture_is_refused(still: tuple[Pixels, Face], pixels: Any) -> None:
    with pytest.raises(FrameRejected):
        Watch(load_models()).see(0.0, pixels, still[1])


def test_the_movement_of_the_head_is_taken_out() -> None:
    rng = np.random.default_rng(2)
    before = cv2.GaussianBlur(rng.integers(0, 256, (SIDE, SIDE)).astype(np.uint8), (0, 0), 2)
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 1.5, 1.02)
    turn[:, 2] += np.array([1.2, -0.8])
    after = cv2.warpAffine(before, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    moved = Flow().between(np.asarray(before, np.uint8), np.asarray(after, np.uint8))
    assert amount(moved) < 0.02


def test_the_cube_holds_both_flows_and_the_strain() -> None:
    y, x = np.mgrid[:28, :28].astype(np.float32)
    made = cube(np.dstack([0.2 * x, -0.1 * y]).astype(np.float32))
    assert made.shape == (28, 28, 3)
    assert made[..., 2] == pytest.approx(np.hypot(0.2, 0.1), abs=1e-5)
