"""A person at a service desk: does the machine go on, or is a human offered?

    find the device -> authenticate -> ask policy -> open recent labels -> notice -> decide -> log -> seal

Without an asker, or when policy denies, the same is done without emotion: the same answer, of the same shape. What a desk's agent gets to see is a ticket that the
person's own device hands on, after the person said so; the server shows labels to no agent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mien.errors import RequestInvalid
from mien.wire.canonical import b64, encode, unb64
from mien.wire.keys import SealKey
from mien.wire.messages import (
    TICKET_SECONDS,
    Asker,
    HelpAnswer,
    HelpDoc,
    HelpRequest,
    Mode,
    Ticket,
    dump,
    parse,
)
from mien.wire.seal import Use, pad, seal
from mien.wire.tickets import seal_ticket
from mien_server import record, unseal
from mien_server.personalize import Desk, Help, help_for, mode_of_anybody, notice
from mien_server.personalize.emotion import WINDOW
from mien_server.pipeline.knowing import Knowing
from mien_server.pipeline.notices import Notices
from mien_server.pipeline.parts import NONCE_SECONDS, Parts, alive, unknown
from mien_server.pipeline.stream import check_site, stream_key
from mien_server.ports import Stream, Transaction
from mien_server.values import Decision, Site

PURPOSE: Final = "adapt_service"
EFFECT: Final = "help"
"""The only effect that is ever asked for here: what a person pays or may have is no matter of this."""
HELP_BLOCK: Final = 12_288
"""More than the longest answer with a ticket: a second block would tell what was decided."""


@dataclass(frozen=True, slots=True)
class _Helped:
    """What a transaction settled for an asking device."""

    stream: Stream
    help: Help
    decision: Decision


class Helping:
    """Takes requests, gives modes. `desks` is what each site counts with, by its id; a site without one hands over to whoever asks, and to nobody else."""

    def __init__(self, parts: Parts, notices: Notices, desks: Mapping[str, Desk]) -> None:
        self._parts = parts
        self._desks = desks
        self._knowing = Knowing(parts, notices, PURPOSE, EFFECT, WINDOW)

    async def help(
        self, site: Site, request: HelpRequest, *, backend: bool, gpc: bool = False
    ) -> HelpAnswer:
        """Machine or human. `gpc` is whether the browser sent its privacy signal.

        Raises `RequestInvalid` (a backend with an asker), `EnvelopeInvalid` (the MAC), `EnvelopeReplayed` (the same request again), `ClockSkewed`,
        `PersonUnknown`, `PersonErased`.
        """
        check_site(site, request.site)
        if backend and request.asker is not None:
            msg = "a site's backend asks for nobody in particular; leave out the asker, or ask from the device"
            raise RequestInvalid(msg)
        now = self._parts.clock.now()
        helped = None
        if request.asker is not None:
            asker = request.asker
            helped = await self._parts.store.transact(
                lambda t: self._help(t, site, request, asker, now, gpc=gpc)
            )
        name = record.new_id("hlp", self._parts.entropy)
        desk = self._desks.get(site.id)
        mode: Mode = mode_of_anybody(desk, request.page, pressed=request.human)
        sealed = None if helped is None else self._sealed(site, request, helped, name, now)
        return HelpAnswer(help=name, mode=mode, sealed=sealed)

    def _help(
        self, transaction: Transaction, site: Site, request: HelpRequest, asker: Asker, now: int, *, gpc: bool
    ) -> _Helped:  # fmt: skip
        stream = transaction.people.stream(site.id, asker.subject, asker.device)
        if stream is None:
            raise unknown()
        vault = self._parts.vault(alive(stream.person))
        unseal.check_request(request, stream_key(vault, stream), Use.ASK_HELP, now)
        transaction.nonces.spend(site.id, unb64(request.request), now + NONCE_SECONDS)
        person = self._parts.heard(transaction, stream.person, now, gpc=gpc)
        known, decision = self._knowing.known(transaction, site, person, vault, now)
        named = ",".join(known.basis) if known else PURPOSE
        self._parts.note(transaction, site, person, "use", decision, named)
        desk = self._desks.get(site.id)
        noticed = notice(known.seen, now, desk.rates if desk else {}) if known else None
        found = help_for(desk, request.page, noticed, pressed=request.human)
        return _Helped(stream, found, decision)

    def _sealed(
        self, site: Site, request: HelpRequest, helped: _Helped, name: str, now: int
    ) -> str | None:
        """What was decided, for the asking device only. Always there for a device and always the same size, so that its presence tells nothing."""
        if helped.stream.key.seal is None:
            return None
        found = helped.help
        doc = parse(HelpDoc, {
            "mode": found.mode, "tone": found.tone, "used_emotion": found.used_emotion, "why": found.why,
            "passes_on": found.passes_on, "laws": list(helped.decision.laws),
            "ticket": self._ticket(site, request, found, now),
        })  # fmt: skip
        context = (site.id.encode(), helped.stream.person.subject.encode(), name.encode())
        key = SealKey(helped.stream.key.seal)
        return b64(seal(pad(encode(dump(doc)), HELP_BLOCK), key, Use.HELP, *context))

    def _ticket(self, site: Site, request: HelpRequest, found: Help, now: int) -> str | None:
        """For the desk, once the person asked for a human: with what was noticed only if they said so, and as large without it."""
        desk = self._desks.get(site.id)
        if desk is None or desk.key is None or not request.human:
            return None
        told: dict[str, Any] = {"tone": "plain", "state": ""}
        if request.pass_on:
            told = {"tone": found.tone, "state": found.state}
        ticket = parse(Ticket, {
            "site": site.id, "ticket": record.new_id("tkt", self._parts.entropy), "at": now,
            "expires_at": now + TICKET_SECONDS, **told,
        })  # fmt: skip
        return seal_ticket(ticket, desk.key, self._parts.keys.signing)
