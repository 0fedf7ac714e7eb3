"""A shop of 20 offers and visitors of 8 expressions whose taste is known, so that rankings can be compared by what they really earn.

Click probability = logistic(base + mood . offer), with moods and offers as vectors of rank 4 and an offer's vector the sum of its tags' vectors and a little of its
own. Scaled so that the mean is about .10 and the best offer for a mood about .25.
"""

from dataclasses import dataclass

import numpy as np

from mien.values import EXPRESSIONS, Offer
from mien_server.personalize import Choice, Sums, choose
from mien_server.values import Catalogue, Emotion, Event

OFFERS = 20
TAGS = ("bright", "calm", "classic", "cosy", "fresh", "gift", "home", "outdoor", "plain", "playful", "quick", "sturdy")  # fmt: skip
RANK = 4


@dataclass(frozen=True, slots=True)
class World:
    """The truth: `clicks[mood, offer]`, how often each mood comes, and the offers as the ranking sees them."""

    clicks: np.ndarray
    moods: np.ndarray
    catalogue: Catalogue


def make(seed: int) -> World:
    """A world from a seed."""
    rng = np.random.default_rng(seed)
    tags = rng.normal(size=(len(TAGS), RANK))
    chosen = [rng.choice(len(TAGS), 3, replace=False) for _ in range(OFFERS)]
    offers = np.array([tags[each].sum(0) for each in chosen]) + 0.3 * rng.normal(
        size=(OFFERS, RANK)
    )
    taste = rng.normal(size=(len(EXPRESSIONS), RANK)) @ offers.T
    taste /= taste.std()
    clicks = 1.0 / (1.0 + np.exp(-(-2.35 + 0.6 * taste)))
    catalogue = Catalogue(
        tuple(
            Offer(
                id=f"offer-{i}",
                title=f"Offer {i}",
                price=int(rng.integers(500, 10_000)),
                tags=tuple(TAGS[t] for t in sorted(each)),
            )
            for i, each in enumerate(chosen)
        ),
        affinities={},
    )
    return World(clicks, rng.dirichlet(np.full(len(EXPRESSIONS), 4.0)), catalogue)


def play(world: World, accuracy: float | None, *, rounds: int, seed: int, batch: int = 20) -> float:
    """Mean click probability of what the ranking shows over the last quarter of the rounds.

    `accuracy` is how often the label is right (else it is any other); None ranks without labels. What came of the rounds is learned every `batch`.
    """
    rng = np.random.default_rng(seed)
    sums, waiting, earned = Sums.empty(), [], []
    for number in range(rounds):
        mood = int(rng.choice(len(EXPRESSIONS), p=world.moods))
        emotion = None if accuracy is None else _seen(mood, accuracy, rng)
        choice = choose(
            world.catalogue, world.catalogue.offers, emotion, "home", sums, 1, rng.random
        )
        worth = world.clicks[mood, int(choice.order[0].id.removeprefix("offer-"))]
        waiting.append(_event(choice, float(rng.random() < worth)))
        earned.append(worth)
        if number % batch == batch - 1:
            for event in waiting:
                sums.learn(event)
            waiting.clear()
    return float(np.mean(earned[-rounds // 4 :]))


def uniform(world: World) -> float:
    """What showing any offer earns."""
    return float(world.moods @ world.clicks.mean(1))


def _seen(mood: int, accuracy: float, rng: np.random.Generator) -> Emotion:
    wrong = (mood + 1 + int(rng.integers(len(EXPRESSIONS) - 1))) % len(EXPRESSIONS)
    seen = mood if rng.random() < accuracy else wrong
    return Emotion({EXPRESSIONS[seen]: 1.0}, valence=0.0, arousal=0.0, labels=1)


def _event(choice: Choice, reward: float) -> Event:
    return Event(
        id="", site="", subject=None, at=0, retain_until=0, offers=(choice.order[0].id,), features=choice.features,
        propensities=choice.propensities, used_emotion=choice.used_emotion, rewards=((1, reward),), felt=choice.felt,
    )  # fmt: skip
