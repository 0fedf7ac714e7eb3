"""The sample videos: one rendered adult whose expression changes, two who leave the picture, one who talks; with truth tracks."""

from __future__ import annotations

import csv
import multiprocessing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from rich.progress import track

from .paths import ASSETS, SAMPLES
from .render import assets, iris, people, recipes, scene, skin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.random import Generator

    from .render.assets import Assets, Bytes, Floats

WIDTH, HEIGHT, RATE = 640, 480, 25
DRAWN = 2  # times larger than kept
FOURCC = "mp4v"  # MPEG-4 part 2: OpenCV cannot encode H.264, and its VP9 is slower and larger
SYLLABLE = 0.12  # seconds a mouth shape of speech takes to come
JAW = {"aa": 0.28, "O": 0.22, "E": 0.18, "I": 0.1}  # how far a mouth shape of speech opens the jaw
CLOSED = 0.05  # the others
RAMP = 0.6  # seconds an expression takes to come or go
POSED: Mapping[str, Mapping[str, float]] = {
    "neutral": {"mouthSmile": 0.06},
    "joy": {
        "mouthSmileLeft": 0.86,
        "mouthSmileRight": 0.9,
        "mouthUpperUp": 0.45,
        "cheekSquint": 0.4,
        "eyeSquint": 0.1,
        "jawOpen": 0.1,
        "mouthLowerDown": 0.25,
        "eyeWide": 0.1,
    },
    "surprise": {
        "browInnerUp": 1.5,
        "browOuterUp": 0.9,
        "eyeWide": 0.9,
        "jawOpen": 0.5,
        "mouthFunnel": 0.15,
    },
    "sadness": {
        "browInnerUp": 1.4,
        "mouthFrown": 1.15,
        "mouthShrugLower": 0.45,
        "eyeBlink": 0.1,
        "eyeLookDown": 0.2,
        "browDown": 0.15,
    },
}
TRACK = (  # expression, from second
    *(("neutral", 0.0), ("joy", 5.0), ("neutral", 11.0), ("surprise", 14.0)),
    *(("neutral", 17.0), ("sadness", 19.0)),
)
SECONDS = 24
SPOKEN = 10  # seconds of the clip of somebody who only talks


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in a clip: where, how lit, what they wear, what they do (expression from second)."""

    person: people.Person
    shot: scene.Shot
    outfit: scene.Outfit
    track: tuple[tuple[str, float], ...]
    blinks: tuple[float, ...]
    phase: float
    leaves: float | None = None  # second from which they walk out to the side
    words: tuple[tuple[str, float], ...] = ()  # mouth shape of speech (none: ""), from second


def _sided(weights: Mapping[str, float], known: frozenset[str]) -> dict[str, float]:
    out: dict[str, float] = {}
    for name, weight in weights.items():
        for side in ("",) if name in known else ("Left", "Right"):
            out[name + side] = weight
    return out


def _smooth(x: float) -> float:
    t = min(max(x, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def mixture(steps: tuple[tuple[str, float], ...], second: float) -> dict[str, float]:
    """Share of each expression at a time; a change takes `RAMP` seconds."""
    shares: dict[str, float] = {steps[0][0]: 1.0}
    for name, start in steps[1:]:
        part = _smooth((second - start) / RAMP)
        shares = {k: v * (1 - part) for k, v in shares.items()}
        shares[name] = shares.get(name, 0.0) + part
    return shares


def _lid(blinks: tuple[float, ...], second: float) -> float:
    """How closed a blink makes the lids: 80 ms down, 160 ms up."""
    closed = 0.0
    for start in blinks:
        t = second - start
        closed = max(closed, min(_smooth(t / 0.08), _smooth((0.26 - t) / 0.16)))
    return closed


def _spoken(words: tuple[tuple[str, float], ...], second: float) -> dict[str, float]:
    """Weights of the mouth shapes of speech at a time; each comes within `SYLLABLE` as the last one goes."""
    shares: dict[str, float] = {}
    for name, start in words:
        part = _smooth((second - start) / SYLLABLE)
        shares = {k: v * (1 - part) for k, v in shares.items()}
        if name:
            shares[f"visemes02/viseme_{name}"] = part
            shares["jawOpen"] = shares.get("jawOpen", 0.0) + part * JAW.get(name, CLOSED)
    return {k: v for k, v in shares.items() if v > 0.01}


def speech(rng: Generator, seconds: float) -> tuple[tuple[str, float], ...]:
    """Random syllables, four to six a second, with a pause now and then."""
    out, t = [], 0.6
    while t < seconds - 0.5:
        pause = rng.random() < 0.12
        out.append(("" if pause else str(rng.choice(recipes.VISEMES)), round(t, 2)))
        t += float(rng.uniform(0.4, 0.7)) if pause else float(rng.uniform(0.16, 0.26))
    return (*out, ("", round(t, 2)))


def acting(actor: Actor, second: float, known: frozenset[str]) -> dict[str, float]:
    """Blendshape weights at a time."""
    weights: dict[str, float] = {}
    for name, share in mixture(actor.track, second).items():
        for key, weight in _sided(POSED[name], known).items():
            weights[key] = weights.get(key, 0.0) + share * weight
    wander = 0.10 * np.sin(second * 0.9 + actor.phase) + 0.06 * np.sin(second * 2.3)
    weights["eyeLookOutLeft" if wander > 0 else "eyeLookInLeft"] = abs(float(wander))
    weights["eyeLookInRight" if wander > 0 else "eyeLookOutRight"] = abs(float(wander))
    weights |= _spoken(actor.words, second)
    closed = _lid(actor.blinks, second)
    for side in ("Left", "Right"):
        key = "eyeBlink" + side
        weights[key] = max(weights.get(key, 0.05), closed)
        weights["eyeWide" + side] = weights.get("eyeWide" + side, 0.0) * (1 - closed)
    return weights


def moved(actor: Actor, second: float) -> scene.Shot:
    """The actor's shot with a little natural movement, and the walk out of the picture."""
    t, p, s = second, actor.phase, actor.shot
    x, y = s.shift
    if actor.leaves is not None:
        x += 6.0 * _smooth((t - actor.leaves) / 1.2) * (1 if x > 0 else -1)
    return replace(
        s,
        pitch=s.pitch + 0.022 * float(np.sin(0.7 * t + p)) + 0.012 * float(np.sin(1.7 * t + 2 * p)),
        yaw=s.yaw + 0.05 * float(np.sin(0.45 * t + 1.3 * p)) + 0.015 * float(np.sin(1.3 * t)),
        roll=s.roll + 0.018 * float(np.sin(0.6 * t + 0.7 * p)),
        shift=(x + 0.025 * float(np.sin(0.5 * t + p)), y + 0.012 * float(np.sin(1.6 * t + p))),
    )


def _blinks(rng: Generator, seconds: float) -> tuple[float, ...]:
    times, t = [], float(rng.uniform(1, 2))
    while t < seconds:
        times.append(round(t, 2))
        t += float(rng.uniform(2.2, 4.4))
    return tuple(times)


def _studio(span: float) -> scene.Shot:
    """Soft daylight from the upper left, as by a window."""
    lights = [
        (-0.5, 0.42, 0.76, 0.60, 0.63, 0.66),
        (0.8, 0.15, 0.58, 0.24, 0.23, 0.22),
        (0.0, 0.1, 0.99, 0.16, 0.16, 0.16),
    ]
    return scene.Shot(
        width=WIDTH * DRAWN,
        height=HEIGHT * DRAWN,
        pitch=0.03,
        yaw=0.06,
        roll=0.0,
        span=span,
        distance=9.0,
        lights=np.array(lights, np.float32),
        ambient=np.array([0.36, 0.35, 0.34], np.float32),
        wrap=0.3,
        gloss=14,
        crevices=(0.35, 0.4),
        shadow_blur=5.0,
        shadow=0.55,
        exposure=0.3,
    )


def _person(data: Assets, seed: int, look: str) -> people.Person:
    """One of two made-up adults."""
    rng = np.random.default_rng(seed)
    woman = look == "woman"
    race = np.array([0.1, 0.25, 0.65] if woman else [0.5, 0.1, 0.4], np.float32)
    vertices = people.shape(data, race, 0.92 if woman else 0.05, 2.12 if woman else 2.3, -0.1)
    people.vary(rng, data, vertices, 0.35)
    tint = (0.58, 0.68, 0.88) if woman else (0.34, 0.44, 0.6)
    complexion = replace(
        skin.draw_complexion(rng, 0.5, 2.1),
        tint=tint,
        specular=0.035,
        wrinkles=0.75,
        bump=0.6,
        darkening=0.4,
        grain=0.06,
        sockets=0.08,
        bags=0.0,
        blush=0.22 if woman else 0.0,
        redness=0.22,
        lip=(0.62, 0.6, 0.92) if woman else (0.7, 0.68, 0.85),
        lip_strength=0.75 if woman else 0.5,
        seam=0.5,
        eye_shadow=0.12 if woman else 0.0,
        eye_shadow_colour=(0.6, 0.6, 0.7),
        beard=0.0 if woman else 0.35,
        beard_shape=0,
        blotches=0.02,
        freckles=0.0,
        lip_gloss=1.0 if woman else 0.3,
        brow=0.0,
        lash_line=0.0,
    )
    hair = (0.8, 0.85, 0.95) if woman else (0.6, 0.6, 0.6)
    return people.Person(
        vertices=vertices,
        age=2.12 if woman else 2.3,
        femaleness=0.92 if woman else 0.05,
        complexion=complexion,
        eyes=iris.texture(rng, "hazel" if woman else "brown"),
        eye_tint=1.02,
        teeth_tint=(1.02, 1.1, 1.12),
        hair="long01" if woman else "short01",
        hair_tint=hair,
        brows="eyebrow001" if woman else "eyebrow006",
        brow_tint=(0.3, 0.34, 0.4) if woman else (0.2, 0.2, 0.2),
        lashes="eyelashes02" if woman else "eyelashes01",
        glasses=None,
        headwear=None,
        seed=seed,
    )


def _fixed(actor: Actor, data: Assets) -> Actor:
    """The actor with exposure and aim held, so that neither follows the expression."""
    rest = acting(replace(actor, blinks=()), 0.0, frozenset(data.expression))
    aimed = scene.aim(actor.person, scene.pose(actor.person, rest, data), data)
    shot = replace(actor.shot, anchor=aimed)
    gain = scene.render(actor.person, rest, shot, data, outfit=actor.outfit).gain
    return replace(actor, shot=replace(shot, gain=gain))


def backdrop(width: int, height: int) -> Floats:
    """A light wall (h, w, 3), 0..255, brighter where the window is."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    light = 1 - 0.22 * np.hypot(x - 0.3, (y - 0.25) * 0.8)
    return np.asarray(light[..., None] * np.array([222, 219, 212], np.float32), np.float32)


def frame(actors: tuple[Actor, ...], second: float, data: Assets) -> Bytes:
    """One frame (480, 640, 3); later actors stand in front."""
    known = frozenset(data.expression)
    out = backdrop(WIDTH, HEIGHT)
    for actor in actors:
        picture = scene.render(
            actor.person,
            acting(actor, second, known),
            moved(actor, second),
            data,
            size=(WIDTH, HEIGHT),
            map_size=512,
            outfit=actor.outfit,
        )
        cover = picture.image[..., 3:].astype(np.float32) / 255
        out = out * (1 - cover) + picture.image[..., :3]
    return np.clip(out + 0.5, 0, 255).astype(np.uint8)


def cast(name: str) -> tuple[tuple[Actor, ...], float]:
    """Actors and length in seconds of a clip."""
    data, rng = assets.load(ASSETS), np.random.default_rng(11)
    if name == "person":
        shot = replace(_studio(5.2), shift=(0.0, 0.25))
        shirt = scene.shirt(data, (0.62, 0.5, 0.36))
        actor = Actor(_person(data, 3, "woman"), shot, shirt, TRACK, _blinks(rng, SECONDS), 0.4)
        return (_fixed(actor, data),), SECONDS
    if name == "talking":
        shot = replace(_studio(5.2), shift=(0.0, 0.25))
        shirt = scene.shirt(data, (0.3, 0.34, 0.4))
        words = speech(rng, SPOKEN)
        still = (("neutral", 0.0),)
        actor = Actor(
            _person(data, 5, "man"), shot, shirt, still, _blinks(rng, SPOKEN), 1.2, words=words
        )
        return (_fixed(actor, data),), SPOKEN
    left, right = _studio(7.8), replace(_studio(7.8), yaw=-0.08)
    calm = (("neutral", 0.0), ("joy", 1.5))
    one = Actor(
        _person(data, 3, "woman"),
        replace(left, shift=(-1.75, 0.1)),
        scene.shirt(data, (0.62, 0.5, 0.36)),
        calm,
        (1.1, 3.4),
        0.4,
        4.0,
    )
    two = Actor(
        _person(data, 5, "man"),
        replace(right, shift=(1.75, 0.25)),
        scene.shirt(data, (0.35, 0.4, 0.35)),
        (("neutral", 0.0),),
        (0.8, 2.9),
        1.9,
        2.4,
    )
    return (_fixed(one, data), _fixed(two, data)), 6.0


_CAST: tuple[Actor, ...] = ()


def _frame(number: int) -> Bytes:
    return frame(_CAST, number / RATE, assets.load(ASSETS))


def _truth(path: Path, actor: Actor, count: int) -> None:
    with path.open("w", newline="") as lines:
        rows = csv.writer(lines, lineterminator="\n")
        rows.writerow(("frame", "seconds", "expression", "intensity"))
        for number in range(count):
            second = number / RATE
            shares = mixture(actor.track, second)
            name, share = max(shares.items(), key=lambda item: item[1])
            rows.writerow((number, f"{second:.2f}", name, f"{share:.2f}"))


def make(name: str, path: Path, processes: int) -> None:
    """Render the clip `name` (`person`, `two-faces` or `talking`) to `path`."""
    global _CAST
    cv2.setNumThreads(1)
    _CAST, seconds = cast(name)
    count = int(seconds * RATE)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*FOURCC), RATE, (WIDTH, HEIGHT))
    if not writer.isOpened():
        message = f"this OpenCV cannot encode {FOURCC}"
        raise RuntimeError(message)
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        frames = pool.imap(_frame, range(count), chunksize=5)
        for image in track(frames, f"render {path.name}", total=count):
            writer.write(image)
    writer.release()


def run(processes: int) -> None:
    """Make the three clips and the truth track of the first."""
    SAMPLES.mkdir(parents=True, exist_ok=True)
    make("person", SAMPLES / "person.mp4", processes)
    _truth(SAMPLES / "truth.csv", _CAST[0], SECONDS * RATE)
    make("two-faces", SAMPLES / "two-faces.mp4", processes)
    make("talking", SAMPLES / "talking.mp4", processes)
