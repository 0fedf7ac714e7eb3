"""From the notice to erasure. A no is in force here before the server hears of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mien import consent, send
from mien.client.desk import GONE, Desk, consent_error
from mien.consent import Person
from mien.errors import (
    ConsentError,
    ConsentMissing,
    ConsentRefused,
    RequestInvalid,
    RequestRefused,
    SendError,
    ServerAnswerInvalid,
    ServerBusy,
    ServerUnreachable,
)
from mien.values import Claims
from mien.wire import messages
from mien.wire.keys import VerifyKey
from mien.wire.messages import Certificate, Notice, Receipt

_STANDS: Final = frozenset({"given", "renewed"})


class Consents(Desk):
    """Asking, answering, taking back, being forgotten."""

    def notice(self, locale: str = "en") -> Notice:
        """What the person must be shown, whole, before they answer. `consent` refers to the last one fetched."""
        notice = self._ask(send.NoticeQuery(site=self.site, locale=locale), Notice)
        if notice.site != self.site:
            msg = "the server sent another site's notice; check the site id"
            raise ServerAnswerInvalid(msg)
        self._shown = (consent.notice_hash(notice), notice.locale)
        return notice

    def consent(
        self,
        *,
        purposes: Sequence[str],
        claims: Claims,
        method: str = "screen",
        guardian: str | None = None,
        written_release: bool = False,
        site_handle: str | None = None,
    ) -> Receipt:
        """Tell the server that the person, having seen the notice, said yes to these purposes. Gives the verified receipt.

        `method` says how (`screen`, `cli`, `kiosk`); `guardian` is a guardian's verification key as base64url. After the first yes
        `recovery_code` is set: show it once. Raises `ConsentMissing` before `notice`, `NoticeStale`, and `ConsentRefused` naming the law.
        """
        if self._shown is None:
            msg = "no notice was fetched; call `notice`, show all of it, then ask"
            raise ConsentMissing(msg)
        if not purposes:
            msg = "a no needs no statement; name at least one purpose that the person said yes to"
            raise RequestInvalid(msg)
        with self._wire:
            self._settle(send.PATIENT)
            person = self._beginning()
            if not person.purposes:  # nothing from before this yes may go out under it
                self._keep.purge()
            shown, locale = self._shown
            statement = consent.consent(
                person,
                self._now_stamp(),
                notice_sha256=shown,
                locale=locale,
                purposes=purposes,
                claims=claims,
                method=method,
                server=self._seal_key(fresh=True),
                recovery=_recovery_of(person),
                guardian=VerifyKey.from_text(guardian) if guardian else None,
                written_release=written_release,
                site_handle=site_handle,
            )
            return self._consented(person, statement)

    def _beginning(self) -> Person:
        """The person as known, or a new one; on disk before the server hears of them."""
        person = self._refresh()
        if person is None:
            code = consent.new_code(self._entropy(20))
            person = consent.new_person(self.site, code, self._entropy)
            fresh = consent.person_json(person)
            self._keep.change_person(lambda _: fresh)
        return person

    def _consented(self, person: Person, statement: str) -> Receipt:
        try:
            answer = self._ask(send.Statement(jws=statement), messages.ConsentAnswer)
        except RequestRefused as error:
            raise consent_error(error) from error
        receipt = self._receipt(answer.receipt, person, statement)
        if receipt.outcome not in _STANDS:
            stands = tuple(receipt.purposes)  # of an earlier yes: it can still be taken back
            self._change(lambda p: _granted(p, answer.receipt, stands))
            raise ConsentRefused(_words(receipt), laws=receipt.laws)
        capability = self._checked(answer.capability, person)
        given = tuple(receipt.purposes)
        self._change(
            lambda p: replace(_granted(p, answer.receipt, given, capability), recovery=None)
        )
        self.recovery_code = person.recovery or self.recovery_code
        return receipt

    def recover(self, code: str) -> Receipt:
        """Join this device to the person whose recovery code this is. Nobody may be known here yet. Raises as `consent`."""
        with self._wire:
            if self._refresh() is not None:
                msg = "this device already has a person; erase them first, or use another home"
                raise ConsentError(msg)
            secret = consent.read_code(code)
            person = replace(consent.new_person(self.site, code, self._entropy), recovery=None)
            add = consent.device_key(person, self._seal_key(fresh=True))
            by = consent.recovery_key(secret)
            jws = consent.key_change(person, self._now_stamp(), add, person.sign, by)
            answer = self._ask(send.Statement(jws=jws), messages.ConsentAnswer)
            receipt = self._receipt(answer.receipt, person, jws)
            found = replace(
                person,
                receipt=answer.receipt,
                purposes=tuple(receipt.purposes) if receipt.outcome in _STANDS else (),
                capability=self._checked(answer.capability, person),
            )
            self._keep.change_person(lambda _: consent.person_json(found))
            return receipt

    # ---- withdrawal ----
    def withdraw(self, purposes: Sequence[str] | None = None) -> Receipt | None:
        """Take back these purposes, or all. In force here when this begins, online or not: camera shut, waiting labels gone.

        Gives the server's receipt, or None while it cannot be reached: the withdrawal then waits on disk and goes out first (`flush`).
        """
        person = self._refresh()
        chosen = tuple(purposes) if purposes is not None else person.purposes if person else ()
        if (
            person is None
            or not set(chosen) <= {*person.purposes, *person.withdrawing}
            or not chosen
        ):
            msg = "there is no such consent to take back on this device"
            raise ConsentMissing(msg)
        self._change(lambda p: _without(p, chosen))
        self._keep.purge()
        with self._wire:
            try:
                return self._send_withdrawal(send.PATIENT)
            except (ServerUnreachable, ServerBusy):
                return None

    def _send_withdrawal(self, patience: send.Patience) -> Receipt | None:
        person = self._refresh()
        if person is None or not person.withdrawing:
            return None
        taken = person.withdrawing
        jws = consent.withdraw(person, self._now_stamp(), taken)
        try:
            answer = self._ask(send.Statement(jws=jws), messages.ConsentAnswer, patience)
        except RequestRefused as error:
            if error.problem not in GONE:
                raise
            self._change(lambda p: replace(p, withdrawing=()))  # nothing stood there any more
            return None
        receipt = self._receipt(answer.receipt, person, jws)
        capability = self._checked(answer.capability, person)
        self._change(
            lambda p: replace(
                p,
                receipt=answer.receipt,
                capability=capability if p.purposes and p.purposes == person.purposes else None,
                withdrawing=tuple(w for w in p.withdrawing if w not in taken),
            )
        )
        return receipt

    # ---- erasure ----
    def erase(self) -> Certificate | None:
        """Have everything forgotten, here and there. Gives the first certificate; `certificate` gives the completed one later.

        None while the server cannot be reached: everything here has stopped, only the keys that sign the request wait on disk (`flush`).
        """
        if self._refresh() is None:
            msg = "nobody is known on this device; with a recovery code, `recover` first"
            raise ConsentMissing(msg)
        self._change(lambda p: replace(_without(p, p.purposes), withdrawing=(), erasing=True))
        self._keep.purge()
        with self._wire:
            try:
                return self._send_erasure(send.PATIENT)
            except (ServerUnreachable, ServerBusy):
                return None

    def _send_erasure(self, patience: send.Patience) -> Certificate | None:
        person = self._refresh()
        if person is None or not person.erasing:
            return None
        certificate = None
        try:
            jws = consent.erase(person, self._now_stamp())
            answer = self._ask(send.Statement(jws=jws), messages.ErasureAnswer, patience)
            certificate = self._certificate(answer)
        except RequestRefused as error:
            if error.problem not in GONE:
                raise
        self._keep.forget()
        self.recovery_code = None
        self._askers.clear()
        self._refresh()
        return certificate

    def certificate(self, erasure: str) -> Certificate:
        """The latest certificate of an erasure: `accepted`, later `completed`. Needs no key."""
        answer = self._ask(send.CertificateQuery(erasure=erasure), messages.ErasureAnswer)
        return self._certificate(answer)

    def _certificate(self, answer: messages.ErasureAnswer) -> Certificate:
        return consent.open_certificate(answer.certificate, self._trust, self.site, answer.erasure)

    # ---- meanwhile ----
    def _settle(self, patience: send.Patience) -> None:
        """The server hears of withdrawals and erasures before anything else."""
        self._send_withdrawal(patience)
        self._send_erasure(patience)

    def _ready(self) -> None:
        """Before anything begins: a capability that has time left, renewed if the server can be reached. A forged one is not renewed over."""
        enough = self._remaining() >= consent.RENEW_BEFORE
        if self._withdrawn() or enough or self._refused is not None:
            return
        try:
            with self._wire:
                self._renew(send.ONCE)
        except SendError:
            if self._remaining() <= 0:
                raise

    def _renew(self, patience: send.Patience) -> None:
        person = self._refresh()
        if person is None or self._withdrawn():
            return
        jws = consent.ask_capability(person, self._now_stamp())
        try:
            answer = self._ask(send.Statement(jws=jws), messages.CapabilityAnswer, patience)
        except RequestRefused as error:
            if error.problem in GONE or error.problem == "policy-denied":
                self._ended(error)
            raise
        capability = self._checked(answer.capability, person)
        # A withdrawal that came meanwhile wins: nothing may open the gate behind it.
        self._change(
            lambda p: replace(p, capability=capability) if p.purposes == person.purposes else p
        )


def _without(person: Person, purposes: Sequence[str]) -> Person:
    """The person with these purposes taken back, in force and to be told; no capability outlives a withdrawal."""
    left = tuple(p for p in person.purposes if p not in purposes)
    taking = (*person.withdrawing, *(p for p in purposes if p not in person.withdrawing))
    return replace(person, purposes=left, withdrawing=taking, capability=None)


def _granted(
    person: Person, receipt: str, purposes: tuple[str, ...], capability: str | None = None
) -> Person:
    """The person as the receipt leaves them. What was taken back while the server answered stays taken back."""
    given = replace(person, receipt=receipt, purposes=purposes, capability=capability)
    taken = purposes if person.erasing else person.withdrawing
    return _without(given, taken) if taken else given


def _recovery_of(person: Person) -> VerifyKey | None:
    if person.recovery is None:
        return None
    return consent.recovery_key(consent.read_code(person.recovery)).verify_key()


def _words(receipt: Receipt) -> str:
    return " ".join(receipt.says) or "the server's policy refused this consent"
