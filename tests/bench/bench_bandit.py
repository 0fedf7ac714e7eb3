"""How much ranking learns: the mean reward of the last 5,000 of 20,000 rounds in a made-up shop whose best is known. `SEEDS=1,2,3,4` names the shops.

A shop has 20 offers and visitors with 8 expressions; the chance of a click is a low-rank logit (rank 3), shifted and stretched until it is .10 on average and the
best offer of each expression has .25. Three kinds of knowledge: the expression (`true_label`), one that is right in 65 of 100 rounds and otherwise drawn from the
others (`noisy_label`), none (`no_label`). Ours is the engine that the server runs, learning every 20 rounds; Vowpal Wabbit learns every round: squarecb with
its defaults (`vw_`) and with the best settings found for it on seeds 101 to 104 (`vw_tuned_`); ours was chosen on 101 to 119. Both know each offer by its name alone.
"""

import importlib.util
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.values import EXPRESSIONS, Offer
from mien_server.personalize import Choice, Sums, choose
from mien_server.values import Catalogue, Emotion, Event

Chances = NDArray[np.float64]
ROUNDS: Final = 20_000
COUNTED: Final = 5_000
OFFERS: Final = 20
RANK: Final = 3
MEAN: Final = 0.10
BEST: Final = 0.25
RIGHT: Final = 0.65
BATCH: Final = 20
LABELS: Final = ("true_label", "noisy_label", "no_label")
VW: Final = {"vw": "", "vw_tuned": "--gamma_scale 30 --gamma_exponent 0.5"}
MISSING: Final = "NOT HERE: vowpalwabbit is not installed; `make bench NAME=bandit` installs requirements/bench.txt, or do it by hand"
_HALVINGS: Final = 60
_T95: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Student's t for 1, 2, ... degrees of freedom: 95 of 100."""


class Player(Protocol):
    """Shows one offer a round, then hears what came of it."""

    def show(self, seen: int | None) -> int:
        """The offer for a visitor of whom this expression was seen."""
        ...

    def hear(self, reward: float) -> None:
        """What came of it."""
        ...


@dataclass(frozen=True)
class Shop:
    """Chances of a click, (expressions, offers), and how common each expression is."""

    chances: Chances
    common: Chances


def shop(seed: int) -> Shop:
    """The shop of a seed."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(len(EXPRESSIONS), RANK)) @ rng.normal(size=(RANK, OFFERS))
    logits /= np.sqrt(RANK)
    common = rng.dirichlet(np.full(len(EXPRESSIONS), 3.0))

    def at(stretch: float) -> Chances:
        shift = _solve(lambda it: float((common @ _chance(it + stretch * logits)).mean()), MEAN, -20.0, 10.0)  # fmt: skip
        return _chance(shift + stretch * logits)

    stretch = _solve(lambda it: float(common @ at(it).max(1)), BEST, 0.0, 6.0)
    return Shop(at(stretch), common)


def _chance(logits: Chances) -> Chances:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


def _solve(rising: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > wanted else (middle, high)
    return (low + high) / 2


class Ours:
    """The server's engine."""

    def __init__(self, seed: int) -> None:
        offers = tuple(
            Offer(f"o{i}", f"Offer {i}", 1000, tags=(f"offer-{i}",)) for i in range(OFFERS)
        )
        self._catalogue = Catalogue(offers, {})
        self._sums = Sums.empty()
        self._uniform = np.random.default_rng([seed, 2]).random
        self._waiting: list[tuple[Choice, float]] = []
        self._choice: Choice | None = None

    def show(self, seen: int | None) -> int:
        emotion = None if seen is None else Emotion({EXPRESSIONS[seen]: 1.0}, 0.0, 0.0, 1)
        offers = self._catalogue.offers
        choice = choose(self._catalogue, offers, emotion, "home", self._sums, 1, self._uniform)
        self._choice = choice
        return offers.index(choice.order[0])

    def hear(self, reward: float) -> None:
        assert self._choice is not None
        self._waiting.append((self._choice, reward))
        if len(self._waiting) == BATCH:
            for choice, came in self._waiting:
                self._sums.learn(_event(choice, came))
            self._waiting.clear()


def _event(choice: Choice, reward: float) -> Event:
    return Event(
        "e", "shop", None, 0, 0, (choice.order[0].id,), choice.features, choice.propensities, choice.used_emotion,
        rewards=((1, reward),), felt=choice.felt,
    )  # fmt: skip


class Wabbit:
    """Vowpal Wabbit's squarecb over the pairs of expression and offer."""

    def __init__(self, seed: int, options: str) -> None:
        vowpalwabbit = importlib.import_module("vowpalwabbit")  # a measurement's own; see MISSING
        self._vw = vowpalwabbit.Workspace(f"--cb_explore_adf --squarecb --quiet -q SA {options}")
        self._uniform = np.random.default_rng([seed, 2]).random
        self._example: tuple[list[str], int, float] = ([], 0, 1.0)

    def show(self, seen: int | None) -> int:
        known = "nothing" if seen is None else EXPRESSIONS[seen]
        lines = [f"shared |S {known}", *(f"|A offer-{i}" for i in range(OFFERS))]
        pmf = np.array(self._vw.predict(lines), dtype=np.float64)
        pmf /= pmf.sum()
        at = min(int(pmf.cumsum().searchsorted(self._uniform(), side="right")), OFFERS - 1)
        self._example = (lines, at, float(pmf[at]))
        return at

    def hear(self, reward: float) -> None:
        lines, at, probability = self._example
        lines[1 + at] = f"0:{-reward}:{probability} {lines[1 + at]}"
        self._vw.learn(lines)


def play(player: Player, seed: int, label: str) -> float:
    """The mean chance of a click over the last rounds. Visitors and clicks are the same for every player that shows the same."""
    world = shop(seed)
    rng = np.random.default_rng([seed, 1])
    earned = 0.0
    for turn in range(ROUNDS):
        expression = int(rng.choice(len(EXPRESSIONS), p=world.common))
        right, other, click = rng.random(), int(rng.integers(1, len(EXPRESSIONS))), rng.random()
        at = player.show(_seen(label, expression, right, other))
        chance = float(world.chances[expression, at])
        player.hear(float(click < chance))
        earned += chance if turn >= ROUNDS - COUNTED else 0.0
    return earned / COUNTED


def _seen(label: str, expression: int, right: float, other: int) -> int | None:
    if label == "no_label":
        return None
    if label == "true_label" or right < RIGHT:
        return expression
    return (expression + other) % len(EXPRESSIONS)


def one(seed: int) -> dict[str, float]:
    """Everything for one shop."""
    world = shop(seed)
    by_offer = world.common @ world.chances
    found = {
        "uniform": float(by_offer.mean()),
        "best_fixed": float(by_offer.max()),
        "optimum": float(world.common @ world.chances.max(1)),
    }
    for label in LABELS:
        found[label] = play(Ours(seed), seed, label)
    if here():
        for name, options in VW.items():
            for label in LABELS:
                found[f"{name}_{label}"] = play(Wabbit(seed, options), seed, label)
    return found


def here() -> bool:
    """Whether Vowpal Wabbit can be compared with."""
    return importlib.util.find_spec("vowpalwabbit") is not None


def summary(values: Sequence[float]) -> dict[str, Any]:
    """The values of the seeds, their mean, and half the width of its confidence interval (95 %, Student's t)."""
    half = None
    if 1 < len(values) <= len(_T95) + 1:
        half = round(_T95[len(values) - 2] * statistics.stdev(values) / len(values) ** 0.5, 4)
    return {
        "mean": round(statistics.mean(values), 4),
        "ci95": half,
        "seeds": [round(value, 4) for value in values],
    }


def run() -> dict[str, object]:
    """One process a core; the same numbers for the same seeds."""
    seeds = [int(each) for each in os.environ.get("SEEDS", "1,2,3,4").split(",")]
    if not here():
        print(MISSING, file=sys.stderr)
    with ProcessPoolExecutor() as pool:
        each = list(pool.map(one, seeds))
    found: dict[str, object] = {name: summary([one[name] for one in each]) for name in each[0]}
    if here():
        for name in VW:
            found[f"against_{name}"] = {
                label: summary([one[label] / one[f"{name}_{label}"] for one in each])
                for label in LABELS
            }
    return {"bench": "bandit", "seeds": seeds, "rounds": ROUNDS, "counted": COUNTED, **found}
