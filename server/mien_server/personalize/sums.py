"""What ranking has learned, as sums over events: ridge regression that a person can be taken out of again.

A = sum of x x', b = sum of r x, n = number of events, over the places of every event; r is 0 where no reward came. The events are the truth and
these sums a cache of them: `forget` undoes `learn` to rounding, nodes merge by addition, and both can be rebuilt from the events at any time.

The estimate is that of ridge regression around a prior mean (Hoerl and Kennard 1970): theta = prior + (A + I)^-1 (b - A prior). The prior gives weight to one
feature only, what the site declared; so a new site ranks by its own words, and evidence moves it.
"""

import math
import struct
from typing import Final, Self

import numpy as np

from mien.errors import RequestInvalid
from mien_server.personalize.features import DECLARED, DIMENSIONS, Vector
from mien_server.values import Event

DECLARED_WEIGHT: Final = 0.3
"""Prior: how much more reward an offer of affinity 1 brings than one of affinity 0."""
RIDGE: Final = 1.0
MAX_FEATURE: Final = 2.0
"""No feature of `features.table` is larger; what is, was not made there."""

_HEAD: Final = struct.Struct(">8sIQ")
_MAGIC: Final = b"miensum1"
_UPPER: Final = np.triu_indices(DIMENSIONS)


class Sums:
    """The sums of a site. `A` is (d, d), `b` is (d,), `n` counts events; d = `features.DIMENSIONS`. Not for two threads at once."""

    __slots__ = ("A", "_theta", "b", "n")

    def __init__(self, A: Vector, b: Vector, n: int) -> None:  # noqa: N803 - the field's name for it
        self.A = A
        self.b = b
        self.n = n
        self._theta: Vector | None = None

    @classmethod
    def empty(cls) -> Self:
        """Sums over no events."""
        return cls(np.zeros((DIMENSIONS, DIMENSIONS)), np.zeros(DIMENSIONS), 0)

    def learn(self, event: Event) -> None:
        """Add an event: each of its places once, with reward 0 where none came.

        An event that later gets a reward is first forgotten as it was, then learned as it is. Raises `RequestInvalid`, the sums unchanged.
        """
        self._add(event, 1)

    def forget(self, event: Event) -> None:
        """Take out an event that was learned, exactly as it was learned. Raises `RequestInvalid`, the sums unchanged."""
        if self.n == 0:
            msg = "nothing has been learned, so nothing can be forgotten; rebuild the sums from the events"
            raise RequestInvalid(msg)
        self._add(event, -1)

    def estimate(self) -> Vector:
        """Expected reward per unit of each feature, (d,): ridge around the prior. Kept until the sums change."""
        if self._theta is None:
            prior = np.zeros(DIMENSIONS)
            prior[DECLARED] = DECLARED_WEIGHT
            if self.n == 0:
                return prior
            self._theta = prior + np.linalg.solve(
                self.A + RIDGE * np.eye(DIMENSIONS), self.b - self.A @ prior
            )
        return self._theta

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
            msg = "the ranking sums are of another version or cut short; restore the database from a backup"
            raise RequestInvalid(msg)
        numbers = np.frombuffer(data, ">f8", offset=_HEAD.size).astype(np.float64)
        if not np.isfinite(numbers).all():
            msg = "the ranking sums hold something that is no number; restore the database from a backup"
            raise RequestInvalid(msg)
        upper = np.zeros((DIMENSIONS, DIMENSIONS))
        upper[_UPPER] = numbers[DIMENSIONS:]
        return cls(upper + np.triu(upper, 1).T, numbers[:DIMENSIONS].copy(), head[2])

    def _add(self, event: Event, sign: int) -> None:
        features, rewards = _read(event)
        self.A += sign * (features.T @ features)
        self.b += sign * (rewards @ features)
        self.n += sign
        self._theta = None


def _read(event: Event) -> tuple[Vector, Vector]:
    """Features (places, d) and rewards (places,) of an event. Raises `RequestInvalid`."""
    if any(len(row) != DIMENSIONS for row in event.features) or not event.features:
        msg = f"an event has {DIMENSIONS} features for each place; learn only what was ranked here"
        raise RequestInvalid(msg)
    features = np.array(event.features, dtype=np.float64)
    if not (np.abs(features) <= MAX_FEATURE).all():  # false for NaN as well
        msg = (
            "an event has a feature that is no number or too large; learn only what was ranked here"
        )
        raise RequestInvalid(msg)
    rewards = np.zeros(len(event.features))
    given = dict(event.rewards)
    if len(given) != len(event.rewards):
        msg = "an event rewards a place twice; keep one reward a place"
        raise RequestInvalid(msg)
    for place, reward in given.items():
        if not (1 <= place <= len(rewards) and math.isfinite(reward) and 0.0 <= reward <= 1.0):
            msg = "an event rewards a place it has not, or not between 0 and 1; correct the reward"
            raise RequestInvalid(msg)
        rewards[place - 1] = reward
    return features, rewards
