"""Many pictures of one rendered person, as the shipped networks see them: what adaptation to a person is measured on.

People come in groups by a seed that no training used; those of one seed are the same at each call. A group holds for n people: `rest` (n, RESTS,
96) embeddings of a few pictures at rest, looking at the camera, under one light; `embedding` (n, PICTURES, 96) of the others; `label` (n, PICTURES)
index into `recipes.CLASSES`; `clean` and `clean_rest`: the same pictures without the faults of a camera. Landmarks are found by the shipped
network in the composed picture. Two kinds of people:

- `own`: as somebody is at their own device. What they show has a manner of its own (`render/manners.py`), and how often they show what is theirs as
  well; they sit in one of three places, each with its light and distance, and their one camera has its own faults.
- `anew`: everything but the face is drawn anew for each picture, as the training set does it: how an expression is shown, light, camera and
  its faults. So there is little to learn of the person; the comparison says how little.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from rich.progress import track

from mien.infer import Eyes, geometry, load_models

from . import augment
from .backgrounds import Bank
from .paths import ASSETS, WORK
from .plan import PRIOR, RENDERER
from .render import assets, manners, people, recipes, scene

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

    from .render.assets import Bytes

KINDS: Final = ("own", "anew")
GROUP: Final = 50  # people of a seed
PLACES: Final = 3  # where a person of their own sits
RESTS: Final = 8
PICTURES: Final = 60
BLOCK: Final = 5  # people of one job, and of one file while the group is made
ALIKE: Final = 10.0  # how alike people are in how often they show what: Dirichlet's concentration over all classes
GRAIN: Final = 0.012
STILL: Final = 0.06  # radians that a head at rest moves
FIRST_SEED: Final = 7_000  # added to a group's seed: the training set is seed 1
SIZE, DRAWN, MAP = 136, 224, 176  # as in `render/shards.py`
FIELDS: Final = ("rest", "embedding", "label", "clean_rest", "clean")


@dataclass(frozen=True, slots=True)
class Group:
    """The people of one kind and seed; see the module's docstring."""

    rest: NDArray[np.float32]
    embedding: NDArray[np.float32]
    label: NDArray[np.int64]
    clean_rest: NDArray[np.float32]
    clean: NDArray[np.float32]


Camera = tuple[
    tuple[Any, int], ...
]  # faults, each with the seed that makes it the same in every picture


@dataclass(frozen=True, slots=True)
class Sitter:
    """A person, and what is always the same with them; None and empty for `anew`. `often`: how often they show each class."""

    person: people.Person
    often: NDArray[np.float64]
    manner: manners.Manner | None = None
    places: tuple[scene.Shot, ...] = ()
    camera: Camera | None = None


@cache
def _looking() -> tuple[Eyes, Any, Bank]:
    """The shipped networks, and what lies behind the people."""
    models = load_models()
    return Eyes(models), models.expression, Bank(FIRST_SEED, 100)


def seated(kind: str, seed: int, number: int) -> Sitter:
    """The person of this number, the same at each call; `kind` is `own` or `anew`."""
    rng = np.random.default_rng([FIRST_SEED + seed, number])
    person = people.draw(rng, assets.load(ASSETS))
    often = np.array(list(PRIOR.values()))
    often /= often.sum()
    if kind == "anew":
        return Sitter(person, often)
    places = tuple(_shot(rng, person) for _ in range(PLACES))
    return Sitter(person, rng.dirichlet(often * ALIKE), manners.draw(rng), places, _camera(rng))


def _camera(rng: Generator) -> Camera:
    """One camera: the faults of training, each at its rate, without what happens to come between (occluders) and the grain."""
    passing = {"_occluded", "_grainy"}
    return tuple(
        (fault, int(rng.integers(2**31)))
        for often, fault in augment.FAULTS
        if fault.__name__ not in passing and rng.random() < often
    )


def _taken(rng: Generator, sitter: Sitter, colour: Any) -> Bytes:
    """A crop (64, 64, 3) BGR 0..1 as the person's camera gives it, grey."""
    if sitter.camera is None:
        return augment.photographed(rng, augment.grey_of(rng, colour))
    grey = augment.plain_grey(colour).astype(np.float32) / 255
    for fault, seed in sitter.camera:
        grey = fault(np.random.default_rng(seed), grey)
    grain = rng.normal(size=grey.shape).astype(np.float32) * GRAIN
    return augment.bytes_of(grey + grain)


def express(rng: Generator, sitter: Sitter, name: str) -> recipes.Expression:
    """How they show a class of `recipes.CLASSES` this time: in their manner, or as anybody might."""
    known = frozenset(assets.load(ASSETS).expression)
    if sitter.manner is None:
        return recipes.draw(rng, name, known)
    return manners.express(rng, sitter.manner, name, known)


def _silent(weights: dict[str, float]) -> dict[str, float]:
    """Asked to sit still, people do not talk."""
    return {k: w for k, w in weights.items() if not k.startswith("visemes")}


def _seen(rng: Generator, sitter: Sitter, picture: scene.Picture) -> tuple[Any, Any]:
    """Embeddings of a render over a background, with the faults of a camera and without."""
    eyes, network, bank = _looking()
    shown = augment.bytes_of(augment.over(picture.image, bank.piece(rng, SIZE)))
    x0, y0, x1, y1 = (float(v) for v in picture.box)
    face = eyes.face_in(shown, (x0, y0, x1 - x0, y1 - y0))
    transform = geometry.aligned(np.array(face.landmarks, np.float32))
    colour = geometry.warp(shown, transform).astype(np.float32) / 255
    taken = _embedded(network, _taken(rng, sitter, colour))
    return taken, _embedded(network, augment.plain_grey(colour))


def _embedded(network: Any, grey: Bytes) -> Any:
    return network.run(grey[None])[5][0]


def drawn(
    rng: Generator, sitter: Sitter, weights: dict[str, float], shot: scene.Shot
) -> tuple[Any, Any]:
    """Embeddings (96,) of a picture of them, by their camera and without its faults."""
    data = assets.load(ASSETS)
    picture = scene.render(sitter.person, weights, shot, data, size=(SIZE, SIZE), map_size=MAP)
    return _seen(rng, sitter, picture)


def _shot(rng: Generator, person: people.Person) -> scene.Shot:
    return scene.draw_shot(rng, person, DRAWN, float(rng.uniform(4.9, 5.7)))


def placed(rng: Generator, sitter: Sitter) -> scene.Shot:
    """A view of the person: in one of their places, or anywhere."""
    fresh = _shot(rng, sitter.person)
    if not sitter.places:
        return fresh
    place = sitter.places[int(rng.integers(len(sitter.places)))]
    return replace(place, pitch=fresh.pitch, yaw=fresh.yaw, roll=fresh.roll)


def _rests(rng: Generator, sitter: Sitter) -> list[tuple[Any, Any]]:
    """A few pictures at rest: one light, one camera, hardly a movement."""
    shot = placed(rng, sitter)
    out = []
    for _ in range(RESTS):
        weights = _silent(dict(express(rng, sitter, "neutral").weights))
        pitch, yaw, roll = (float(a) for a in rng.normal(size=3) * STILL)
        out.append(drawn(rng, sitter, weights, replace(shot, pitch=pitch, yaw=yaw, roll=roll)))
    return out


def one(kind: str, seed: int, number: int) -> tuple[Any, ...]:
    """One person: a row in the order of `FIELDS`."""
    sitter = seated(kind, seed, number)
    rng = np.random.default_rng([FIRST_SEED + seed, number, 1])
    rests = _rests(rng, sitter)
    labels = rng.choice(len(PRIOR), PICTURES, p=sitter.often)
    seen = []
    for label in labels:
        expression = express(rng, sitter, recipes.CLASSES[label])
        seen.append(drawn(rng, sitter, dict(expression.weights), placed(rng, sitter)))
    faulty, clean = (np.array(part, np.float32) for part in zip(*seen, strict=True))
    rest, clean_rest = (np.array(part, np.float32) for part in zip(*rests, strict=True))
    return rest, faulty, labels.astype(np.int64), clean_rest, clean


def _folder() -> Path:
    return WORK / f"persons-{RENDERER}-{PICTURES}"


def _block(kind: str, seed: int, first: int) -> Path:
    path = _folder() / f"{kind}-{seed}-{first}.npz"
    if not path.exists():
        rows = [one(kind, seed, number) for number in range(first, first + BLOCK)]
        columns = zip(FIELDS, zip(*rows, strict=True), strict=True)
        fresh = path.with_suffix(".tmp.npz")
        np.savez(fresh, **{name: np.stack(column) for name, column in columns})
        fresh.replace(path)
    return path


def load(kind: str, seed: int, processes: int = 2, count: int = GROUP) -> Group:
    """The first `count` people of a seed, from the cache, rendered when they are not there (about four seconds a person and core).

    Needs a C compiler and the head data (`ASSETS=dir`) for what is not cached. Raises FileNotFoundError where they are not.
    """
    _folder().mkdir(parents=True, exist_ok=True)
    starts = range(0, count, BLOCK)
    if not all((_folder() / f"{kind}-{seed}-{first}.npz").exists() for first in starts):
        if not ASSETS.is_dir():
            message = f"there is no head data at {ASSETS}; name its folder: ASSETS=dir"
            raise FileNotFoundError(message)
        cv2.setNumThreads(1)  # before the fork: OpenCV's thread pool does not survive it
        scene.constants(assets.load(ASSETS))
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        made = pool.imap(partial(_block, kind, seed), starts)
        paths = list(track(made, f"{kind} people of seed {seed}", total=len(starts)))
    parts = [np.load(path) for path in paths]
    return Group(**{name: np.concatenate([part[name] for part in parts]) for name in FIELDS})
