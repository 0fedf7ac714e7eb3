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
from mien_server.values import Participation, Person, Site

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

        Raises `PersonUnknown` for somebody who is not known, or was erased: their rows go, and until then nobody is shown them.
        """

        def work(transaction: Transaction) -> tuple[Participation, ...]:
            if subject is None:
                found = _all(transaction, site.id)
                named = sorted({each.subject for each in found})
                people = (transaction.people.get(site.id, each, "none") for each in named)
                self._note(transaction, site, [each for each in people if each], len(found))
                return found
            person = transaction.people.get(site.id, subject, "none")
            if person is None or person.tombstoned_at:
                msg = "no such subject is known to this site; copy the id from a receipt"
                raise PersonUnknown(msg)
            found = transaction.rounds.spent(site.id, subject)
            self._note(transaction, site, [person], len(found), one=True)
            return found

        return await self._parts.store.transact(work)

    def _note(
        self,
        transaction: Transaction,
        site: Site,
        whom: Sequence[Person],
        count: int,
        *,
        one: bool = False,
    ) -> None:
        """Everybody who is named in what is shown reads of it in their export."""
        asked = {"one_person": one, "site": site.id}
        log_look(self._parts, transaction, Look(SERVER, "", "ledger", asked, count, count), whom)


def _all(transaction: Transaction, site: str) -> tuple[Participation, ...]:
    found: list[Participation] = []
    after = ("", "")
    while page := transaction.rounds.ledger(site, after, PAGE):
        found += page
        after = page[-1].subject, page[-1].round
    return tuple(found)
