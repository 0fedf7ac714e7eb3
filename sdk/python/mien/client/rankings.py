"""Ranking and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, TypeVar

from mien.client.desk import GONE, Desk
from mien.consent import Person
from mien.errors import (
    RequestRefused,
    ServerAnswerInvalid,
)
from mien.values import Deed, Offer, Ranked, Ranking
from mien.wire import messages
from mien.wire.canonical import b64, decode, unb64
from mien.wire.messages import parse
from mien.wire.seal import Use, open_sealed, unpad

_EVENTS: Final = 256
R = TypeVar("R", bound=messages.Authenticated)


class Rankings(Desk):
    """Offers in order, the same endpoint with and without consent."""

    def rank(
        self,
        page: str = "home",
        places: int = 5,
        candidates: Sequence[Offer] | None = None,
        *,
        history: Sequence[Deed] = (),
        rules: Mapping[str, Any] | None = None,
        own: Sequence[str] = (),
        age_band: str = "undeclared",
        otherwise: int = 0,
    ) -> Ranking:
        """Offers in order: of the site's catalogue, or of `candidates`. The same endpoint, offers and prices with and without consent.

        `history` is what the visitor did in this shop before (at most 64, each at most 30 days ago); `rules` as in `mien.wire.messages.RulesDoc`. With `own`,
        ids in the order in which the shop shows them itself, that order comes back, and how far ours would have agreed. `age_band` is the shop's own
        knowledge; `otherwise` the reward (0..100) of a place of which nothing is heard.
        """
        asked = {
            "site": self.site,
            "page": page,
            "places": places,
            "candidates": None if candidates is None else [_offer_doc(o) for o in candidates],
            "history": [asdict(deed) for deed in history],
            "rules": dict(rules or {}),
            "own": list(own),
            "age_band": age_band,
            "otherwise": otherwise,
        }
        person = self._asking()
        try:
            return self._ranked(asked, person)
        except RequestRefused as error:
            if person is None or error.problem not in GONE:
                raise
            self._end(forever=True)  # erased or taken back on another device: ask as nobody
        return self._ranked(asked, None)

    def _ranked(self, asked: dict[str, Any], person: Person | None) -> Ranking:
        request = parse(messages.RankRequest, asked | {"request": b64(self._entropy(16))})
        answer = self._ask(self._authenticated(request, person, Use.RANK), messages.RankAnswer)
        self._remember(answer.event, asked=person is not None)
        return self._ranking(answer, person)

    def reward(
        self, event: Ranking | str, place: int = 1, reward: int = 100, *, kind: str | None = None
    ) -> None:
        """Tell what came of a ranking: `reward` 0..100 for the offer at `place`, or its `kind`: dismissal, view, cart, purchase."""
        name = event.event if isinstance(event, Ranking) else event
        person = self._asking()
        said = {"reward": reward} if kind is None else {"kind": kind}
        request = parse(
            messages.RewardRequest,
            {"site": self.site, "event": name, "place": place, **said},
        )
        if not self._askers.get(name, person is not None):
            person = None  # it was ranked for nobody: it stays nobody's
        self._ask(self._authenticated(request, person, Use.REWARD), messages.Accepted)

    def _asking(self) -> Person | None:
        person = self._refresh()
        return person if person is not None and person.purposes else None

    def _authenticated(self, request: R, person: Person | None, use: Use) -> R:
        if person is None:
            return request
        asker = messages.Asker(
            subject=person.subject, device=person.device, at=int(self._clock.now())
        )
        asked = request.model_copy(update={"asker": asker})
        return messages.authenticate(asked, person.stream_key, use)

    def _remember(self, event: str, *, asked: bool) -> None:
        self._askers[event] = asked
        while len(self._askers) > _EVENTS:
            self._askers.pop(next(iter(self._askers)))

    def _ranking(self, answer: messages.RankAnswer, person: Person | None) -> Ranking:
        why = messages.Why(used_emotion=False, why="", places=[""] * len(answer.places), laws=[])
        if person is not None:
            why = self._why(answer, person)
        if len(why.places) != len(answer.places):
            msg = "the server explained another number of places than it ranked; ask again"
            raise ServerAnswerInvalid(msg)
        places = tuple(
            Ranked(_offer(doc.offer), doc.place, words)
            for doc, words in zip(answer.places, why.places, strict=True)
        )
        return Ranking(
            answer.event, places, why.used_emotion, why.why, tuple(why.laws), answer.behaviour, answer.agreed
        )  # fmt: skip

    def _why(self, answer: messages.RankAnswer, person: Person) -> messages.Why:
        if answer.sealed_why is None:
            msg = "the server did not say why; ask again"
            raise ServerAnswerInvalid(msg)
        context = (self.site.encode(), person.subject.encode(), answer.event.encode())
        plain = open_sealed(unb64(answer.sealed_why), person.seal, Use.WHY, *context)
        return parse(messages.Why, decode(unpad(plain)))


def _offer_doc(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.id,
        "title": offer.title,
        "price": offer.price,
        "currency": offer.currency,
        "tags": list(offer.tags),
        "stock": offer.stock,
    }


def _offer(doc: messages.OfferDoc) -> Offer:
    return Offer(doc.id, doc.title, doc.price, doc.currency, tuple(doc.tags), doc.stock)
