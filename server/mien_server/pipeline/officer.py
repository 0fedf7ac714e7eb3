"""What a privacy officer does with consents: declare some invalid, and show the proof of one."""

from dataclasses import replace
from typing import Any, Final

from mien.wire import lifecycle
from mien.wire.canonical import decode, unb64
from mien.wire.lifecycle import Happening
from mien.wire.signatures import unverified
from mien_server import record
from mien_server.errors import PersonUnknown
from mien_server.pipeline.looks import SERVER, log_look
from mien_server.pipeline.parts import Parts
from mien_server.pipeline.taking import invalidated, note, take_back
from mien_server.pipeline.telling import note_withdrawn
from mien_server.pipeline.tidying import CHUNK, Tidying
from mien_server.ports import Transaction
from mien_server.record import Look
from mien_server.values import Evidence, Person, Site

_LAW: Final = "policy:consent-invalidated"


class Officer:
    """Acts on a site's consents. What changes one is in the log."""

    def __init__(self, parts: Parts, tidying: Tidying) -> None:
        self._parts = parts
        self._tidying = tidying

    async def invalidate(self, site: Site, *, subject: str | None, notice: bytes | None) -> int:
        """Declare the standing consent of `subject`, or every one to `notice` (SHA-256), invalid, and delete what they covered; how many.

        In force when this returns. Raises `PersonUnknown` for a subject who is not there.
        """
        done = 0
        while True:
            found = await take_back(self._parts, lambda t: self._some(t, site, subject, notice))
            for person in found:
                await self._tidying.at_once(site.id, person.subject)
            done += len(found)
            if subject is not None or len(found) < CHUNK:
                return done

    def _some(
        self, transaction: Transaction, site: Site, subject: str | None, notice: bytes | None
    ) -> tuple[Person, ...]:
        if subject is None:
            found = transaction.people.standing_under(site.id, notice or b"", CHUNK)
        else:
            person = self._parts.living(transaction, site.id, subject, "update")
            found = (person,) if lifecycle.stands(person.state) else ()
        now = self._parts.clock.now()
        note(self._parts, transaction, *(invalidated(person, now) for person in found))
        for person in found:
            self._end(transaction, site, person, now)
        return found

    def _end(self, transaction: Transaction, site: Site, person: Person, now: int) -> None:
        ended = replace(person, state=lifecycle.after(person.state, Happening.INVALIDATE))
        transaction.people.put(ended)
        note_withdrawn(self._parts, transaction, person, person.purposes, now)
        transaction.people.mark(site.id, person.subject)
        decision = self._parts.granted(now, _LAW)
        self._parts.log_anyhow(transaction, site, ended, "invalidate", decision)

    def _proof(self, transaction: Transaction, kept: Evidence, server: str) -> dict[str, Any]:
        keys = self._parts.keys
        content = record.open_evidence(kept, keys.kek(kept.epoch))
        sha256 = unb64(unverified(content["receipt"])["notice_sha256"])
        shown = transaction.evidence.notice(sha256)
        file = {
            **content, "notice": None if shown is None else decode(shown), "server": server,
            "trust": keys.signing.verify_key().text(),
        }  # fmt: skip
        return {
            "evidence": kept.id,
            "at": kept.at,
            "retain_until": kept.retain_until,
            "file": file,
        }

    def _note(self, transaction: Transaction, site: Site, subject: str, count: int) -> None:
        """Log the look: it commits before the proofs leave."""
        person = transaction.people.get(site.id, subject, "none")
        look = Look(SERVER, "", "evidence", {"one_person": True, "site": site.id}, count, count)
        log_look(self._parts, transaction, look, () if person is None else (person,))

    async def evidence(self, site: Site, subject: str, server: str) -> list[dict[str, Any]]:
        """The proofs of a subject's consents, oldest first, each as a receipt file with the notice as it was shown; `server` is its address.

        Each time is a look, and logged. They are there for as long as the law wants consent shown, also after an erasure. Raises `PersonUnknown` when there are none.
        """

        def work(transaction: Transaction) -> list[dict[str, Any]]:
            now = self._parts.clock.now()
            kept = transaction.evidence.of_person(site.id, subject, now)
            shown = [self._proof(transaction, each, server) for each in kept]
            if shown:
                self._note(transaction, site, subject, len(shown))
            return shown

        found = await self._parts.store.transact(work)
        if not found:
            msg = (
                f"no proof of consent is kept of `{subject}`; check the id, or its time has passed"
            )
            raise PersonUnknown(msg)
        return found
