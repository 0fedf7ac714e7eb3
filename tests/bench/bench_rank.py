"""`/v1/rank`: rankings with emotion a second (20 offers, 5 places, event durable, reasons sealed), by one worker on one core.

`engine_ms` is the ranking alone, in the process: p50 of the milliseconds that 20, 50 and 200 candidates take for 5 places with emotion and a
history, after 500 events were learned, and the same for the first ranking after something was learned.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from statistics import median
from typing import Final

import numpy as np
from tests.bench.compared import Requests, compare
from tests.bench.enrolled import Device
from tests.bench.load import Target

from mien.values import Deed, Offer
from mien_server.personalize import Sums, Told, choose
from mien_server.personalize.features import BASE, FELT
from mien_server.values import Catalogue, Emotion, Event

COUNT = 1000
SIZES: Final = (20, 50, 200)
PLACES: Final = 5
TURNS: Final = 400
FRESH: Final = 40
EMOTION: Final = Emotion({"joy": 0.6, "neutral": 0.3}, 0.4, 0.1, 8)
TOLD: Final = Told(history=(Deed("view", "offer-1", 30), Deed("cart", "offer-2", 90)))


def run() -> dict[str, object]:
    """Fresh authenticated requests of devices that have sent labels."""
    return compare("rank", "/v1/rank", Device.rank, COUNT, labelled=True, more=engine)


def engine(_target: Target, _fresh: Requests, _rate: float) -> Mapping[str, object]:
    """Milliseconds of the ranking alone."""
    sums = _learned(500)
    return {
        "engine_ms": {str(size): _p50(size, sums, TURNS, lambda: None) for size in SIZES},
        "engine_after_learning_ms": {
            str(size): _p50(size, sums, FRESH, lambda: sums.learn(_EVENT)) for size in SIZES
        },
    }


def _p50(size: int, sums: Sums, turns: int, before: Callable[[], None]) -> float:
    offers = tuple(
        Offer(f"offer-{i}", f"Offer {i}", 1000 + 100 * i, tags=(f"tag-{i % 5}", f"kind-{i}"))
        for i in range(size)
    )
    catalogue = Catalogue(offers, {"joy": {"tag-1": 0.6}, "sadness": {"tag-2": 0.5}})
    uniform = np.random.default_rng(1).random
    taken = []
    for _ in range(turns):
        before()
        start = time.perf_counter()
        choose(catalogue, offers, EMOTION, "home", sums, PLACES, uniform, TOLD)
        taken.append(time.perf_counter() - start)
    return round(1000 * median(taken), 3)


def _learned(count: int) -> Sums:
    """Sums over made-up events."""
    rng = np.random.default_rng(1)
    sums = Sums.empty()
    for _ in range(count):
        rows = tuple(map(tuple, rng.uniform(0, 0.5, (PLACES, BASE)).tolist()))
        felt = tuple(rng.uniform(0, 0.3, FELT).tolist())
        sums.learn(
            replace(_EVENT, features=rows, felt=felt, rewards=((1, float(rng.random() < 0.1)),))
        )
    return sums


_EVENT: Final = Event(
    "e", "bench", None, 0, 0, ("o",) * PLACES, ((0.1,) * BASE,) * PLACES, (1.0,) * PLACES, used_emotion=True, felt=(0.1,) * FELT,
)  # fmt: skip
