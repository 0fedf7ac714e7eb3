"""Why an offer stands where it stands, in words for the person. Says what was read only as an appearance, what was said as said, and never more than was used."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mien.values import Offer
from mien_server.values import Emotion

LOOKS: Final[Mapping[str, str]] = {
    "neutral": "calm",
    "joy": "pleased",
    "surprise": "surprised",
    "anger": "annoyed",
    "fear": "uneasy",
    "sadness": "downcast",
    "disgust": "put off",
    "contempt": "unconvinced",
}
FEELS: Final[Mapping[str, str]] = {
    "neutral": "calm",
    "joy": "happy",
    "surprise": "surprised",
    "anger": "angry",
    "fear": "afraid",
    "sadness": "sad",
    "disgust": "disgusted",
    "contempt": "scornful",
}
"""The words of a mood that somebody chose themselves."""
NOTICEABLE: Final = 0.005
"""Differences in expected reward below half a percentage point are called none."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a ranking rests on. `suited` is how well each tag suits by the site's words, `tilted` that the first place was held to the price bound."""

    emotion: Emotion | None
    suited: Mapping[str, float]
    events: int
    tilted: bool


def whole(said: Said) -> str:
    """One or two sentences on the ranking as a whole."""
    if said.emotion is None:
        if said.events == 0:
            return (
                "no expression was used; nothing has been learned yet, so the order is drawn by lot"
            )
        return "no expression was used; the order follows what visitors of this shop chose"
    held = (
        " Dearer offers were held back: how you look or feel never raises the price you may expect to see first."
        if said.tilted
        else ""
    )
    return f"{_known(said.emotion, counted=True)}, and that moved the order; offers and prices are the same without it.{held}"


def place(said: Said, offer: Offer, *, declared: float, learned: float, likeliest: bool) -> str:
    """One sentence on one place. `declared` and `learned` are how much more reward than from the average candidate the expression lets expect."""
    chance = "" if likeliest else "; drawn by lot, to learn whether it suits"
    if said.emotion is None:
        known = "nothing is known of it yet" if said.events == 0 else "by what visitors chose"
        return f"{known}{chance}"
    lift = declared + learned
    if abs(lift) < NOTICEABLE:
        return f"{_subject(said.emotion)} made no difference here{chance}"
    known = _known(said.emotion)
    if lift < 0:
        return f"moved down because {known}, and other things suit that better{chance}"
    return f"moved up because {known}, and {_reason(said, offer, declared, learned)}{chance}"


def _known(emotion: Emotion, *, counted: bool = False) -> str:
    """What is known, and whether it was said, read from the face or both; `counted` with how often it was read."""
    seen = emotion.labels - emotion.tellings
    said = f"you said you feel {FEELS[_most(emotion.told)]}"
    if seen == 0 and emotion.tellings > 0:
        return said
    read = {name: share - emotion.told.get(name, 0.0) for name, share in emotion.shares.items()}
    times = f" ({seen} {'reading' if seen == 1 else 'readings'})" if counted else ""
    looked = f"you looked {LOOKS[_most(read)]}{times}"
    return f"{said} and {looked}" if emotion.tellings > 0 else looked


def _subject(emotion: Emotion) -> str:
    """What made a difference, or none."""
    if emotion.tellings == 0:
        return "your expression"
    return (
        "what you said"
        if emotion.tellings == emotion.labels
        else "what you said and how you looked"
    )


def _most(shares: Mapping[str, float]) -> str:
    return max(shares, key=lambda mood: shares[mood], default="neutral")


def _reason(said: Said, offer: Offer, declared: float, learned: float) -> str:
    tag = _tag(said, offer)
    suits = said.suited.get(tag, 0.0) > 0
    by_shop = (
        f"the shop says `{tag}` things suit that"
        if suits
        else "the shop says other things suit that less"
    )
    by_people = "people who looked or said so chose things like this"
    if learned < NOTICEABLE:
        return by_shop
    if declared < NOTICEABLE:
        return by_people
    percent = round(100 * declared / (declared + learned))
    return f"{by_shop} ({percent}% of the reason), and {by_people} ({100 - percent}%)"


def _tag(said: Said, offer: Offer) -> str:
    """The tag of the offer that the site's affinities favour most for what was seen."""
    return max(offer.tags, key=lambda tag: said.suited.get(tag, 0.0), default="such")
