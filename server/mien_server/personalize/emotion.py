"""From recent labels to what ranking may know of a person now."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from mien.values import Label
from mien_server.values import Emotion

WINDOW: Final = 600
"""Seconds: an older label says nothing about now."""
HALF_LIFE: Final = 60.0
"""Seconds after which a label counts half."""
SECOND_SHARE: Final = 0.3
"""Part of a mixed label that goes to its second expression."""

_CONFIDENCE: Final = 15
_SCALE: Final = 15


def emotion_of(labels: Sequence[Label], now: int) -> Emotion | None:
    """Shares of the expressions over the labels of the last ten minutes, recent ones counting more; None when there are none.

    Confidence a label lacks is nobody's: the shares sum to less than 1, and ranking moves less. Labels with a trimmed valence or arousal
    do not count in its mean. A label from the future (clock skew) counts as one of now.
    """
    recent = [(label, _weight(label, now)) for label in labels if now - label.ended_at <= WINDOW]
    sure = [(label, weight) for label, weight in recent if label.confidence > 0]
    if not sure:
        return None
    total = sum(weight for _label, weight in recent)
    told = [(label, weight) for label, weight in sure if label.source == "declared"]
    return Emotion(
        shares=_shares(sure, total),
        valence=_mean([(label.valence, weight) for label, weight in sure]),
        arousal=_mean([(label.arousal, weight) for label, weight in sure]),
        labels=len(sure),
        told=_shares(told, total),
        tellings=len(told),
    )


def _shares(weighted: Sequence[tuple[Label, float]], total: float) -> dict[str, float]:
    """What part of the weight `total` each expression has."""
    shares: dict[str, float] = {}
    for label, weight in weighted:
        part = weight * label.confidence / _CONFIDENCE / total
        second = 0.0 if label.second is None else SECOND_SHARE
        shares[label.expression] = shares.get(label.expression, 0.0) + part * (1.0 - second)
        if label.second is not None:
            shares[label.second] = shares.get(label.second, 0.0) + part * second
    # Parts that make a whole may come to a hair more than 1 when added up.
    return {name: min(1.0, share) for name, share in shares.items()}


def _weight(label: Label, now: int) -> float:
    return _faded(max(0, now - label.ended_at))


@lru_cache(maxsize=WINDOW + 1)
def _faded(age: int) -> float:
    return float(0.5 ** (age / HALF_LIFE))


def _mean(pairs: Sequence[tuple[int | None, float]]) -> float:
    known = [(value, weight) for value, weight in pairs if value is not None]
    total = sum(weight for _value, weight in known)
    return sum(value * weight for value, weight in known) / (_SCALE * total) if known else 0.0
