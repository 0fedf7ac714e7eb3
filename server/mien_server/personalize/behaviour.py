"""What a visitor did in this shop lately, told by the shop with its request: what was looked at, put in the cart, bought, sent away.

None of it comes from a camera, so consent to emotion is not asked for it and refusing costs nothing; the history itself is kept nowhere, of it only the
five features that `features` lists. Recent deeds count more: one of a day ago counts half of one of now.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from mien.errors import RequestInvalid
from mien.values import DEEDS, Deed, Offer
from mien.wire.messages import Behaviour as Label
from mien_server.personalize.emotion import NEGATIVE
from mien_server.values import Emotion

HALF_LIFE: Final = 86_400.0
"""Seconds after which a deed counts half."""
LONGEST: Final = 30 * 86_400
"""Seconds: what lies further back is refused, not ignored, so that nobody sends it in vain."""
SESSION: Final = 1800
"""Seconds: what lies further back says nothing about what the visitor is at now."""
WEIGHTS: Final = MappingProxyType({"view": 0.2, "cart": 0.6, "purchase": 1.0, "dismissal": -1.0})
"""How much a deed says that its tags are wanted."""
SIGNS: Final = DEEDS
"""The deeds that each have a feature, in their order."""
COMPARED: Final = 2
"""Offers of one tag that must have been viewed to be called compared."""

_NONE: Final = (0.0,) * len(SIGNS)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A history as ranking uses it: how much each tag is wanted, and of each offer how recently it was viewed, carted, bought, dismissed (0..1).

    `label` is one word for it: `new`, `browsing`, `comparing`, `deciding`, `returning` or `leaving`.
    """

    tags: Mapping[str, float] = field(repr=False)
    offers: Mapping[str, tuple[float, ...]] = field(repr=False)
    label: Label


def behaviour_of(history: Sequence[Deed], offers: Iterable[Offer]) -> Behaviour | None:
    """What `history` says, None where it is empty. Deeds on offers that are not among `offers` say nothing of tags.

    Raises `RequestInvalid` for an unknown kind or a time out of range.
    """
    if not history:
        return None
    known = {offer.id: offer.tags for offer in offers}
    tags: dict[str, float] = {}
    signs: dict[str, tuple[float, ...]] = {}
    for deed in history:
        _check(deed)
        faded = 0.5 ** (deed.ago / HALF_LIFE)
        was = signs.get(deed.offer, _NONE)
        signs[deed.offer] = tuple(
            max(before, faded) if kind == deed.kind else before
            for kind, before in zip(SIGNS, was, strict=True)
        )
        for tag in known.get(deed.offer, ()):
            tags[tag] = tags.get(tag, 0.0) + WEIGHTS[deed.kind] * faded
    return Behaviour(tags, signs, _label(history, known))


def _check(deed: Deed) -> None:
    if deed.kind not in WEIGHTS or not 0 <= deed.ago <= LONGEST:
        msg = f"a deed is one of {', '.join(WEIGHTS)}, at most {LONGEST} seconds ago; leave out what is older"
        raise RequestInvalid(msg)


def _label(history: Sequence[Deed], known: Mapping[str, tuple[str, ...]]) -> Label:
    """One word for what the visitor is at, by the last half hour."""
    lately = sorted((deed for deed in history if deed.ago <= SESSION), key=lambda deed: deed.ago)
    kinds = [deed.kind for deed in lately]
    if not lately:
        return "returning"
    if kinds.count("dismissal") > len(kinds) / 2:
        return "leaving"
    if "cart" in kinds and "purchase" not in kinds[: kinds.index("cart")]:
        return "deciding"
    viewed = {deed.offer for deed in lately if deed.kind == "view"}
    return "comparing" if _alike(viewed, known) else "browsing"


def _alike(viewed: Collection[str], known: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether several of the offers share a tag."""
    seen = [tag for offer in viewed for tag in known.get(offer, ())]
    return any(seen.count(tag) >= COMPARED for tag in set(seen))


def hesitant(label: str, emotion: Emotion | None) -> bool:
    """Whether somebody who is about to decide looks or feels uneasy: for the words on the person's own device, and nothing else."""
    if emotion is None or label not in {"comparing", "deciding"}:
        return False
    uneasy = sum(share for mood, share in emotion.shares.items() if mood in NEGATIVE)
    return uneasy > 0.5  # noqa: PLR2004 - more than half
