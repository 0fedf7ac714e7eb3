"""What taking part in rounds cost people of their privacy: as they, officers and certificates read it."""

from collections.abc import Sequence
from typing import Any, Final

from mien.wire.messages import SpentDoc
from mien_server import adapt
from mien_server.errors import PersonUnknown
from mien_server.pipeline.looks import SERVER, log_look
from mien_server.pipeline.parts import Parts
from mien_server.ports import Transaction
from mien_server.record import Look
from mien_server.values import Participation, Site

PAGE: Final = 500


def spent_doc(parts: Sequence[Participation]) -> SpentDoc | None:
    """What these participations of one person come to, at the delta of the latest; None for none."""
    if not parts:
        return None
    delta_one_in = parts[-1].delta_one_in
    return SpentDoc(
        participations=len(parts), epsilon_millionths=adapt.spent(parts, delta_one_in), delta_one_in=delta_one_in
    )  # fmt: skip


def participation_doc(part: Participation) -> dict[str, Any]:
    """One participation as the person's export has it."""
    return {
        "round": part.round, "at": part.at, "noise_thousandths": part.noise_thousandths,
        "delta_one_in": part.delta_one_in, "epsilon_millionths": part.epsilon_millionths,
    }  # fmt: skip


class Budgets:
    """The ledger, for officers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def ledger(self, site: Site, subject: str | None = None) -> tuple[Participation, ...]:
        """Every participation of a person, or of everybody at a site, by subject. Each time is a look, and logged before anything is shown.

        Raises `PersonUnknown` for somebody who is not known.
        """

        def work(transaction: Transaction) -> tuple[Participation, ...]:
            if subject is None:
                found = _all(transaction, site.id)
                self._note(transaction, site, None, len(found))
                return found
            if transaction.people.get(site.id, subject, "none") is None:
                msg = "no such subject is known to this site; copy the id from a receipt"
                raise PersonUnknown(msg)
            found = transaction.rounds.spent(site.id, subject)
            self._note(transaction, site, subject, len(found))
            return found

        return await self._parts.store.transact(work)

    def _note(self, transaction: Transaction, site: Site, subject: str | None, count: int) -> None:
        person = None if subject is None else transaction.people.get(site.id, subject, "none")
        asked = {"one_person": subject is not None, "site": site.id}
        look = Look(SERVER, "", "ledger", asked, count, count)
        log_look(self._parts, transaction, look, () if person is None else (person,))


def _all(transaction: Transaction, site: str) -> tuple[Participation, ...]:
    found: list[Participation] = []
    after = ("", "")
    while page := transaction.rounds.ledger(site, after, PAGE):
        found += page
        after = page[-1].subject, page[-1].round
    return tuple(found)
