"""From recent labels to what a service desk may act on: whether each measured signal is flagged, what the person said, and a tone of voice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mien.values import Label
from mien_server.personalize.desk import RatesOf
from mien_server.personalize.emotion import NEGATIVE, WINDOW
from mien_server.personalize.handoff import Rates, posterior, together

TROUBLED: Final = ("frustrated", "stressed", "confused")
"""States that do. Where two weigh the same, the first is said."""
READ_WINDOW: Final = 60
"""Seconds: an older reading says nothing about now. They come every ten, later over a slow line. What was said counts for `WINDOW`."""
HALF_LIFE: Final = 3.0
"""Seconds after which a reading counts half: somebody read every second is flagged after about so long."""
HALF: Final = 0.5
"""A signal is flagged when at least half of its readings' weight is negative."""
_CONFIDENCE: Final = 15
_TONES: Final[Mapping[str, str]] = {
    "frustrated": "calm", "stressed": "reassuring", "confused": "patient",
    "anger": "calm", "disgust": "calm", "contempt": "calm", "fear": "reassuring", "sadness": "gentle",
}  # fmt: skip
PLAIN: Final = "plain"
SIGNALS: Final = ("expression", "state", "polarity")

Readings = Sequence[tuple[Label, float]]
"""Labels and what each weighs: newer and surer ones more."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """What is known of a person now. `said`: whether the mood they named is a negative one, None when they named none.

    `flagged` is by signal, of the signals with measured rates only; `rates` is what is sure of the flag that decides (`_deciding`). `mood` is the expression that weighs most (of
    what was said, when something was), `state` a word of `TROUBLED` or empty, `readings` how many labels were read.
    """

    said: bool | None = None
    flagged: tuple[tuple[str, bool], ...] = ()
    rates: Rates | None = None
    mood: str = "neutral"
    state: str = ""
    readings: int = 0

    @property
    def negative(self) -> bool | None:
        """Whether one of the measured signals is flagged; None when none was read."""
        return any(flag for _signal, flag in self.flagged) if self.flagged else None

    def likely(self, negative: float) -> float:
        """How likely the person is negative, 0..1, where `negative` of all are. What somebody says of their mood is taken as said."""
        if self.said is not None:
            return float(self.said)
        return posterior(negative, self.rates, flagged=self.negative)

    @property
    def tone(self) -> str:
        """How to speak with the person: plain, calm, patient, gentle or reassuring."""
        return _TONES.get(self.state) or _TONES.get(self.mood, PLAIN)


def notice(seen: Iterable[tuple[Label, int]], now: int, rates: RatesOf) -> Noticed:
    """What was seen within `READ_WINDOW` and said within `WINDOW`, each label with when it ended. A label from the future (clock skew) counts as one of now."""
    recent = [(what, ended_at) for what, ended_at in seen if now - ended_at <= WINDOW]
    told = [each for each in recent if each[0].source == "declared"]
    read = [
        (what, _weight(what, now - ended_at))
        for what, ended_at in recent
        if what.source != "declared" and now - ended_at <= READ_WINDOW
    ]
    flagged, sure = _flagged([each for each in read if each[0].source == "face"], rates)
    said = max(told, key=lambda each: each[1])[0].expression if told else None
    return Noticed(
        said=None if said is None else said in NEGATIVE,
        flagged=flagged,
        rates=sure,
        mood=said or _most([(what.expression, weight) for what, weight in read]) or "neutral",
        state=_state(read),
        readings=len(read),
    )


def _weight(what: Label, age: int) -> float:
    return float(0.5 ** (max(0, age) / HALF_LIFE)) * what.confidence / _CONFIDENCE


def _flagged(read: Readings, rates: RatesOf) -> tuple[tuple[tuple[str, bool], ...], Rates | None]:
    """Every signal with measured rates that was read: whether it is flagged, and what is sure of the flag that decides."""
    found: list[tuple[str, bool, Rates]] = []
    for signal in SIGNALS:
        for model in sorted({what.model for what, _weight in read}):
            known = rates.get((model, signal))
            said = [(_says(what, signal), weight) for what, weight in read if what.model == model]
            heard = [(word, weight) for word, weight in said if word is not None]
            whole = sum(weight for _word, weight in heard)
            if known is not None and whole > 0:
                bad = sum(weight for word, weight in heard if word)
                found.append((signal, bad >= HALF * whole, known))
    return tuple((signal, flag) for signal, flag, _known in found), _deciding(found)


def _deciding(found: Sequence[tuple[str, bool, Rates]]) -> Rates | None:
    """What is sure of the first flag that is raised: of "one of the signals up to this one". Of all of them where none is.

    The order is fixed (`SIGNALS`), so that what else was read never makes a flag worth less.
    """
    first = next((place for place, (_s, flag, _r) in enumerate(found) if flag), len(found))
    return together(rates for _signal, _flag, rates in found[: first + 1])


def _says(what: Label, signal: str) -> bool | None:
    """Whether a label is negative by this signal; None when it does not speak of it."""
    if signal == "expression":
        return what.expression in NEGATIVE
    if signal == "state":
        return None if what.state == "none" else what.state in TROUBLED
    return None if what.polarity == "none" else what.polarity == "negative"


def _state(read: Readings) -> str:
    """The troubled state that weighs most, where such states weigh at least as much as all others together."""
    spoken = [(what.state, weight) for what, weight in read if what.state != "none"]
    troubled = [(word, weight) for word, weight in spoken if word in TROUBLED]
    whole = sum(weight for _word, weight in spoken)
    if whole <= 0 or sum(weight for _word, weight in troubled) < HALF * whole:
        return ""
    return _most(sorted(troubled, key=lambda each: TROUBLED.index(each[0])))


def _most(words: Iterable[tuple[str, float]]) -> str:
    """The word that weighs most, the first of equals; empty when nothing weighs."""
    sums: dict[str, float] = {}
    for word, weight in words:
        sums[word] = sums.get(word, 0.0) + weight
    best = max(sums, key=lambda word: sums[word], default="")
    return best if sums.get(best, 0.0) > 0 else ""
