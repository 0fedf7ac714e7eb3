"""What ranking has learned, as sums over events: ridge regression that a person can be taken out of again.

A = sum of x x', b = sum of r x, n = number of events, over the places of every event; r is 0 where no reward came. The events are the truth and
these sums a cache of them: `forget` undoes `learn` to rounding, nodes merge by addition, and both can be rebuilt from the events at any time.

The estimate is that of ridge regression around a prior mean (Hoerl and Kennard 1970): theta = prior + (A + c I)^-1 (b - A prior). The prior gives weight to one
feature only, what the site declared; so a new site ranks by its own words, and evidence moves it. (A + c I)^-1 times the variance of a reward also says how
sure each weight is, which is what `draw` explores by.
"""

import math
import struct
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from mien.errors import RequestInvalid
from mien_server.personalize.features import (
    BASE,
    BIAS,
    BUCKETS,
    DECLARED,
    DIMENSIONS,
    FELT,
    TAGS,
    Vector,
    whole,
)
from mien_server.values import Event

DECLARED_WEIGHT: Final = 0.3
"""Prior: how much more reward an offer of affinity 1 brings than one of affinity 0."""
RIDGE: Final = 4.0
"""How many places one unit of the prior counts: chosen on seeds 101 to 119 of `make bench NAME=bandit`, reported on others."""
MAX_FEATURE: Final = 2.5
"""No feature of `features.table` is larger; what is, was not made there."""
MEAN_REWARD: Final = 0.1
MEAN_COUNTS: Final = 10.0
"""Until more is known a place is expected to bring a reward of a tenth; that counts as ten places."""

_HEAD: Final = struct.Struct(">8sIQ")
_MAGIC: Final = b"miensum2"
_UPPER: Final = np.triu_indices(DIMENSIONS)


@dataclass(frozen=True, slots=True)
class Learned:
    """What the sums say. `theta` is expected reward per unit of each feature, (d,); `covariance` (d, d) how sure each is, times `noise`.

    `noise` is the variance of one reward: that of a yes or no with the mean seen, which bounds that of any reward in 0..1.
    """

    theta: Vector
    covariance: Vector
    noise: float
    products: Vector
    """The covariance of the products with all weights, (`FELT`, d x `BUCKETS`): what `spread` multiplies with."""

    def spread(self, felt: Vector) -> Vector:
        """The covariance, (`BASE`, `BASE`), of the weights of an offer's own features for a person of whom this is known, (`FELT`,)."""
        own = self.covariance[:BASE, :BASE]
        if not felt.any():
            return own
        # Scores are linear in the own features: the weights of the products, times what is known, add to those of the tags.
        half = self.covariance[:, :BASE].copy()
        half[:, TAGS] += (felt @ self.products).reshape(DIMENSIONS, BUCKETS)
        found = half[:BASE].copy()
        found[TAGS] += (felt @ half[BASE:].reshape(FELT, BUCKETS * BASE)).reshape(BUCKETS, BASE)
        return found


class Sums:
    """The sums of a site. `A` is (d, d), `b` is (d,), `n` counts events; d = `features.DIMENSIONS`. Not for two threads at once."""

    __slots__ = ("A", "_learned", "b", "n")

    def __init__(self, A: Vector, b: Vector, n: int) -> None:  # noqa: N803 - the field's name for it
        self.A = A
        self.b = b
        self.n = n
        self._learned: Learned | None = None

    @classmethod
    def empty(cls) -> Self:
        """Sums over no events."""
        return cls(np.zeros((DIMENSIONS, DIMENSIONS)), np.zeros(DIMENSIONS), 0)

    def copy(self) -> Self:
        """Sums that can be changed without changing these."""
        return type(self)(self.A.copy(), self.b.copy(), self.n)

    def learn(self, event: Event) -> None:
        """Add an event: each of its places once, with the reward that is due where none came (`Event.otherwise`).

        An event that later gets a reward is first forgotten as it was, then learned as it is. Raises `RequestInvalid`, the sums unchanged.
        """
        self._add(event, 1)

    def forget(self, event: Event) -> None:
        """Take out an event that was learned, exactly as it was learned. Raises `RequestInvalid`, the sums unchanged."""
        if self.n == 0:
            msg = "nothing has been learned, so nothing can be forgotten; rebuild the sums from the events"
            raise RequestInvalid(msg)
        self._add(event, -1)

    def learned(self) -> Learned:
        """What the sums say: ridge around the prior. Kept until they change."""
        if self._learned is None:
            prior = np.zeros(DIMENSIONS)
            prior[DECLARED] = DECLARED_WEIGHT
            if self.n == 0:
                covariance: Vector = np.eye(DIMENSIONS) / RIDGE
                theta = prior
            else:
                covariance = np.asarray(
                    np.linalg.inv(self.A + RIDGE * np.eye(DIMENSIONS)), dtype=np.float64
                )
                theta = prior + covariance @ (self.b - self.A @ prior)
            products = covariance[:, BASE:].reshape(DIMENSIONS, FELT, BUCKETS).transpose(1, 0, 2)
            self._learned = Learned(
                theta, covariance, self._noise(), products.reshape(FELT, DIMENSIONS * BUCKETS)
            )
        return self._learned

    def estimate(self) -> Vector:
        """Expected reward per unit of each feature, (d,)."""
        return self.learned().theta

    def to_bytes(self) -> bytes:
        """The sums as bytes: magic, d, n, b, upper triangle of A; big-endian, floats of 64 bits."""
        numbers = np.concatenate([self.b, self.A[_UPPER]]).astype(">f8")
        return _HEAD.pack(_MAGIC, DIMENSIONS, self.n) + numbers.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` wrote. Raises `RequestInvalid` for anything else: rebuild from the events then."""
        size = _HEAD.size + 8 * (DIMENSIONS + len(_UPPER[0]))
        head = _HEAD.unpack_from(data) if len(data) == size else (b"", 0, 0)
        if head[:2] != (_MAGIC, DIMENSIONS):
            msg = (
                "the ranking sums are of another version or cut short; rebuild them from the events"
            )
            raise RequestInvalid(msg)
        numbers = np.frombuffer(data, ">f8", offset=_HEAD.size).astype(np.float64)
        if not np.isfinite(numbers).all():
            msg = "the ranking sums hold something that is no number; rebuild them from the events"
            raise RequestInvalid(msg)
        upper = np.zeros((DIMENSIONS, DIMENSIONS))
        upper[_UPPER] = numbers[DIMENSIONS:]
        return cls(upper + np.triu(upper, 1).T, numbers[:DIMENSIONS].copy(), head[2])

    def _noise(self) -> float:
        """P (1 - p) of the mean reward p of a place, never quite none."""
        places = max(0.0, float(self.A[BIAS, BIAS]))
        given = min(max(0.0, float(self.b[BIAS])), places)
        mean = (given + MEAN_REWARD * MEAN_COUNTS) / (places + MEAN_COUNTS)
        return max(mean * (1.0 - mean), 1.0 / (places + MEAN_COUNTS) ** 2)

    def _add(self, event: Event, sign: int) -> None:
        features, rewards = _read(event)
        self.A += sign * (features.T @ features)
        self.b += sign * (rewards @ features)
        self.n += sign
        self._learned = None


def fits(event: Event) -> bool:
    """Whether the event has the features of today. One of an older server has not: it teaches nothing, and nothing of it needs to be forgotten."""
    return all(len(row) == BASE for row in event.features)


def _read(event: Event) -> tuple[Vector, Vector]:
    """Features (places, d) and rewards (places,) of an event. Raises `RequestInvalid`."""
    if not event.features or not fits(event) or len(event.felt) not in {0, FELT}:
        msg = f"an event has {BASE} features for each place; learn only what was ranked here"
        raise RequestInvalid(msg)
    base = np.array(event.features, dtype=np.float64)
    felt = np.array(event.felt or (0.0,) * FELT, dtype=np.float64)
    if not (
        (np.abs(base) <= MAX_FEATURE).all() and (np.abs(felt) <= 1.0).all()
    ):  # false for NaN as well
        msg = (
            "an event has a feature that is no number or too large; learn only what was ranked here"
        )
        raise RequestInvalid(msg)
    rewards = np.full(len(base), _reward(event.otherwise))
    given = dict(event.rewards)
    if len(given) != len(event.rewards):
        msg = "an event rewards a place twice; keep one reward a place"
        raise RequestInvalid(msg)
    for place, reward in given.items():
        if not 1 <= place <= len(rewards):
            msg = "an event rewards a place it has not; correct the reward"
            raise RequestInvalid(msg)
        rewards[place - 1] = _reward(reward)
    return whole(base, felt), rewards


def _reward(reward: float) -> float:
    if not (math.isfinite(reward) and 0.0 <= reward <= 1.0):
        msg = "a reward is not between 0 and 1; correct it"
        raise RequestInvalid(msg)
    return reward
