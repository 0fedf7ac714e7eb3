"""What a shop wants of every order: who may be shown at all, and at which place. Asked before anything is drawn, so that each probability stays exact.

Nothing here knows a person's emotion; who is adult is the shop's word, the same with and without consent (promise P8). Policy is not asked for each
offer: what the rules forbid is made one set of tags, once.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mien.errors import RequestInvalid
from mien.values import Offer
from mien_server.values import Rules

Mask = NDArray[np.bool_]
NONE: Final = Rules()


def together(first: Rules, second: Rules) -> Rules:
    """The rules of the catalogue and those of a request: all of them hold; where both pin, the second does. Raises `RequestInvalid`."""
    if second == NONE:
        return first
    return Rules(
        exclude=first.exclude | second.exclude,
        without=first.without | second.without,
        adults=first.adults | second.adults,
        not_in=first.not_in + second.not_in,
        pins=tuple(sorted({**dict(first.pins), **dict(second.pins)}.items())),
        caps=first.caps + second.caps,
        apart=first.apart + second.apart,
    )


def allowed(
    offers: Sequence[Offer], rules: Rules, *, adult: bool, places: frozenset[str]
) -> list[Offer]:
    """The offers that are in stock and may be shown: to somebody who is known to be `adult` or not, where the law of all `places` applies."""
    if rules == NONE:
        return [offer for offer in offers if offer.stock > 0]
    forbidden = _forbidden(rules, adult, places)
    return [
        offer
        for offer in offers
        if offer.stock > 0 and offer.id not in rules.exclude and forbidden.isdisjoint(offer.tags)
    ]


@lru_cache(maxsize=1024)
def _forbidden(rules: Rules, adult: bool, places: frozenset[str]) -> frozenset[str]:
    """Tags that may not be shown. What is forbidden in a place is so in what lies in it: `EU` is `EU-DE` too."""
    around = places | {place.partition("-")[0] for place in places}
    there = {tag for tag, place in rules.not_in if place in around}
    return rules.without | there | (frozenset() if adult else rules.adults)


class Placing:
    """Who may stand at each place, for K offers and as many places as are filled."""

    def __init__(self, offers: Sequence[Offer], rules: Rules, places: int) -> None:
        index = {offer.id: at for at, offer in enumerate(offers)}
        pins = [(place, name) for place, name in rules.pins if name in index and place <= places]
        if len({name for _place, name in pins}) != len(pins):
            msg = "a rule pins one offer to two places; pin it to one"
            raise RequestInvalid(msg)
        self.pins = {place: index[name] for place, name in pins}
        self._free = np.ones(len(offers), dtype=np.bool_)
        self._free[list(self.pins.values())] = False
        self._caps = [(_tagged(offers, cap.tag), cap.most, cap.first) for cap in rules.caps]
        self._apart = [_tagged(offers, tag) for tag in rules.apart]

    def may(self, place: int, left: Mask, before: Sequence[int]) -> Mask:
        """Which of those `left`, (K,), may stand at `place`, after those `before`: never nobody, where somebody is left.

        An offer that is pinned further on waits. First what keeps offers apart gives way, then the caps.
        """
        free = left & self._free if self.pins else left
        if not (self._caps or self._apart):
            return free
        capped = free & ~self._full(place, before)
        for found in (capped & ~self._beside(place, before), capped):
            if found.any():
                return found
        return free

    def _full(self, place: int, before: Sequence[int]) -> Mask:
        """Who has a tag of which there are as many as may be, those pinned further on included."""
        found = np.zeros_like(self._free)
        for tagged, most, first in self._caps:
            later = [at for where, at in self.pins.items() if place < where <= first]
            if place <= first and int(tagged[[*before, *later]].sum()) >= most:
                found |= tagged
        return found

    def _beside(self, place: int, before: Sequence[int]) -> Mask:
        """Who has a tag that may not stand beside what stands there already."""
        beside = [*before[-1:], *(at for where, at in self.pins.items() if where == place + 1)]
        found = np.zeros_like(self._free)
        for tagged in self._apart:
            if tagged[beside].any():
                found |= tagged
        return found


def _tagged(offers: Sequence[Offer], tag: str) -> Mask:
    return np.array([tag in offer.tags for offer in offers], dtype=np.bool_)
