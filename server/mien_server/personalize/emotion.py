"""From recent labels to what ranking may know of a person now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
NEGATIVE: Final = frozenset({"anger", "fear", "sadness", "disgust", "contempt"})
"""Expressions that count as a negative mood; the same that were counted when the rates were measured."""

_CONFIDENCE: Final = 15
_SCALE: Final = 15


def emotion_of(seen: Iterable[tuple[Label, int]], now: int) -> Emotion | None:
    """Shares of the expressions over what was seen in the last ten minutes, recent labels counting more; None when there are none.

    `seen` is what each label says and when it ended (the label's own `ended_at` is not read).

    Confidence a label lacks is nobody's: the shares sum to less than 1, and ranking moves less. Labels with a trimmed valence or arousal
    do not count in its mean. A label from the future (clock skew) counts as one of now.
    """
    said = _weighed(seen, now)
    total = sum(each.weight for each in said)
    sure = [each for each in said if each.what.confidence > 0]
    if not sure:
        return None
    told = [each for each in sure if each.what.source == "declared"]
    return Emotion(
        shares=_shares(sure, total),
        valence=_mean([(each.what.valence, each.weight) for each in sure]),
        arousal=_mean([(each.what.arousal, each.weight) for each in sure]),
        labels=sum(each.count for each in sure),
        told=_shares(told, total),
        tellings=sum(each.count for each in told),
    )


@dataclass(slots=True)
class _Said:
    """What one or more labels say, how much they weigh together, and how many they are."""

    what: Label
    weight: float = 0.0
    count: int = 0


def _weighed(seen: Iterable[tuple[Label, int]], now: int) -> list[_Said]:
    """What was said within the window. Labels that share their words are taken together: there are few words, and whoever read them made each once."""
    found: dict[int, _Said] = {}
    for what, ended_at in seen:
        age = now - ended_at
        if age <= WINDOW:
            said = found.get(id(what))
            if said is None:
                said = found[id(what)] = _Said(what)
            said.weight += _faded(max(0, age))
            said.count += 1
    return list(found.values())


def _shares(said: Sequence[_Said], total: float) -> dict[str, float]:
    """What part of the weight `total` each expression has."""
    shares: dict[str, float] = {}
    for each in said:
        what = each.what
        part = each.weight * what.confidence / _CONFIDENCE / total
        second = 0.0 if what.second is None else SECOND_SHARE
        shares[what.expression] = shares.get(what.expression, 0.0) + part * (1.0 - second)
        if what.second is not None:
            shares[what.second] = shares.get(what.second, 0.0) + part * second
    # Parts that make a whole may come to a hair more than 1 when added up.
    return {name: min(1.0, share) for name, share in shares.items()}


@lru_cache(maxsize=WINDOW + 1)
def _faded(age: int) -> float:
    return float(0.5 ** (age / HALF_LIFE))


def _mean(pairs: Sequence[tuple[int | None, float]]) -> float:
    known = [(value, weight) for value, weight in pairs if value is not None]
    total = sum(weight for _value, weight in known)
    mean = sum(value * weight for value, weight in known) / (_SCALE * total) if known else 0.0
    return max(-1.0, min(1.0, mean))  # the extremes may come to a hair more, as parts do
