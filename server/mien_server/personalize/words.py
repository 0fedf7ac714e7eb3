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
BEHAVES: Final[Mapping[str, str]] = {
    "returning": "you were here before",
    "browsing": "you are looking around",
    "comparing": "you are comparing things of a kind",
    "deciding": "you have put something in your cart",
    "leaving": "you sent most suggestions away",
}
"""What a shop's visitor is at, as its own record of the visit shows it; `new` is not said."""
NOTICEABLE: Final = 0.005
"""Differences in expected reward below half a percentage point are called none."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a ranking rests on. `suited` is how well each tag suits by the site's words, `tilted` that the first place was held to the price bound.

    `behaviour` is the word for what the visitor is at, `hesitant` that they look or feel uneasy about it; `own` that the shop shows its own order.
    """

    emotion: Emotion | None
    suited: Mapping[str, float]
    events: int
    tilted: bool
    behaviour: str = "new"
    hesitant: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Lift:
    """How much more reward than from the average candidate each reason lets expect: what the site `declared`, what was `learned` about expressions, the `behaviour`.

    `likeliest` is whether nothing was likelier at this place, `pinned` that the shop put the offer there.
    """

    declared: float
    learned: float
    behaviour: float = 0.0
    likeliest: bool = True
    pinned: bool = False


def whole(said: Said) -> str:
    """A few sentences on the ranking as a whole."""
    sentences = [_basis(said)]
    if said.behaviour in BEHAVES:
        uneasy = ", and you seem unsure" if said.hesitant else ""
        sentences.append(
            f"By the shop's own record of your visit {BEHAVES[said.behaviour]}{uneasy}."
        )
    if said.tilted and not said.own:
        sentences.append(
            "Dearer offers were held back: how you look or feel never raises the price you may expect to see first."
        )
    return " ".join(sentences)


def _basis(said: Said) -> str:
    """What the order rests on."""
    if said.own:
        used = (
            "no expression was used" if said.emotion is None else _known(said.emotion, counted=True)
        )
        return f"the shop shows its own order; {used}, and it moved nothing you see."
    if said.emotion is not None:
        return f"{_known(said.emotion, counted=True)}, and that moved the order; offers and prices are the same without it."
    if said.events == 0:
        return "no expression was used; nothing has been learned yet, so the order is drawn by lot."
    return "no expression was used; the order follows what visitors of this shop chose."


def place(said: Said, offer: Offer, lift: Lift) -> str:
    """One sentence on one place."""
    if lift.pinned:
        return "the shop put this here for everybody"
    if said.own:
        return "the shop's own order"
    chance = "" if lift.likeliest else "; drawn by lot, to learn whether it suits"
    visit = _visit(lift)
    if said.emotion is None:
        known = "nothing is known of it yet" if said.events == 0 else "by what visitors chose"
        return f"{known}{visit}{chance}"
    moved = lift.declared + lift.learned
    if abs(moved) < NOTICEABLE:
        return f"{_subject(said.emotion)} made no difference here{visit}{chance}"
    known = _known(said.emotion)
    if moved < 0:
        return f"moved down because {known}, and other things suit that better{visit}{chance}"
    reason = _reason(said, offer, lift.declared, lift.learned)
    return f"moved up because {known}, and {reason}{visit}{chance}"


def _visit(lift: Lift) -> str:
    """What the visit adds to the reasons, where it can be noticed."""
    if abs(lift.behaviour) < NOTICEABLE:
        return ""
    return f"; moved {'up' if lift.behaviour > 0 else 'down'} by what you did in this shop before"


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
