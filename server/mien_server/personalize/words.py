"""Why an offer stands where it stands, in words for the person. Says what was read only as an appearance, and never more than was used."""

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
        " Dearer offers were held back: an expression never raises the price you may expect to see first."
        if said.tilted
        else ""
    )
    return f"you looked {look(said.emotion)} ({said.emotion.labels} {'reading' if said.emotion.labels == 1 else 'readings'}), and that moved the order; offers and prices are the same without it.{held}"


def place(said: Said, offer: Offer, *, declared: float, learned: float, likeliest: bool) -> str:
    """One sentence on one place. `declared` and `learned` are how much more reward than from the average candidate the expression lets expect."""
    chance = "" if likeliest else "; drawn by lot, to learn whether it suits"
    if said.emotion is None:
        known = "nothing is known of it yet" if said.events == 0 else "by what visitors chose"
        return f"{known}{chance}"
    lift = declared + learned
    if abs(lift) < NOTICEABLE:
        return f"your expression made no difference here{chance}"
    mood = look(said.emotion)
    if lift < 0:
        return f"moved down because other things suit a {mood} look better{chance}"
    return (
        f"moved up because you looked {mood} and {_reason(said, offer, declared, learned)}{chance}"
    )


def look(emotion: Emotion) -> str:
    """The word for the expression seen most."""
    if not emotion.shares:
        return LOOKS["neutral"]
    return LOOKS[max(emotion.shares, key=lambda mood: emotion.shares[mood])]


def _reason(said: Said, offer: Offer, declared: float, learned: float) -> str:
    tag = _tag(said, offer)
    suits = said.suited.get(tag, 0.0) > 0
    by_shop = (
        f"the shop says `{tag}` things suit that"
        if suits
        else "the shop says other things suit that less"
    )
    by_people = "people who looked so chose things like this"
    if learned < NOTICEABLE:
        return by_shop
    if declared < NOTICEABLE:
        return by_people
    percent = round(100 * declared / (declared + learned))
    return f"{by_shop} ({percent}% of the reason), and {by_people} ({100 - percent}%)"


def _tag(said: Said, offer: Offer) -> str:
    """The tag of the offer that the site's affinities favour most for what was seen."""
    return max(offer.tags, key=lambda tag: said.suited.get(tag, 0.0), default="such")
