"""From the notice to erasure. A no is in force here before the server hears of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mien import consent, send
from mien.client.desk import GONE, NOT_NOW, NOT_OURS, REMOVED, Desk, consent_error, learns
from mien.consent import Person, Yes
from mien.errors import (
    ConsentMissing,
    ConsentRefused,
    RequestInvalid,
    RequestRefused,
    SendError,
    ServerAnswerInvalid,
    ServerBusy,
    ServerUnreachable,
)
from mien.values import PURPOSES, STANDING, Claims, Release
from mien.wire import messages
from mien.wire.keys import VerifyKey
from mien.wire.lifecycle import Happening, after, stands
from mien.wire.messages import Certificate, Notice, Receipt

FAULT: Final = 500
"""From here on an HTTP status says nothing of whether a statement was taken."""


class Consents(Desk):
    """Asking, answering, taking back, being forgotten."""

    # ---- the question ----
    def notice(self, locale: str = "en") -> Notice:
        """What the person must be shown, whole, before they answer. `consent` refers to the last one fetched.

        Where there is none in the language asked for it is English: compare `notice.locale`, and say so.
        """
        notice = self._ask(send.NoticeQuery(site=self.site, locale=locale), Notice)
        if notice.site != self.site:
            msg = "the server sent another site's notice; check the site id"
            raise ServerAnswerInvalid(msg)
        self._shown = notice
        self._happened(Happening.ASK)
        return notice

    def defer(self) -> None:
        """The person wants to answer another time. Nothing is sent."""
        self._happened(Happening.DEFER)

    def refuse(self) -> None:
        """The person said no. Nothing is sent: a no costs nothing. A consent that stands is taken back with `withdraw`, not with this."""
        self._happened(Happening.REFUSE)

    # ---- the answer ----
    def consent(
        self,
        *,
        purposes: Sequence[str],
        claims: Claims,
        method: str = "screen",
        renewal: bool = False,
        release: Release | None = None,
        guardian: str | None = None,
        verification: str | None = None,
        site_handle: str | None = None,
    ) -> Receipt:
        """Tell the server that the person, having seen the notice, said yes to these purposes. Gives the verified receipt.

        `method` says how (`screen`, `cli`, `kiosk`). `renewal` prolongs a consent that stands. `release` is a name typed under `notice.release`.
        `guardian` is what a `Guardian` answered to `guardian_request`, `verification` the word of the site's verifier about them. After the first
        yes `recovery_code` is set: show it once. Raises `ConsentMissing` before `notice` and for a renewal of what does not stand, `NoticeStale`,
        `RequestInvalid` and `SignatureInvalid` before anything is sent, and `ConsentRefused` naming the law.
        """
        yes = Yes(
            self._notice_shown(),
            purposes,
            self._claims(claims),
            method,
            model=self._model(purposes),
            renewal=renewal,
            release=release,
            site_handle=site_handle,
        )
        with self._wire:
            self._settle(send.PATIENT)
            person = self._beginning(yes)
            stamp = self._now_stamp()
            if guardian is not None:
                signed = consent.read_answer(guardian, person, yes, stamp.at, verification)
                yes = replace(yes, guardian=signed)
            if not person.purposes:  # nothing from before this yes may go out under it
                self._keep.purge()
            server = self._seal_key(fresh=True)
            statement = consent.consent(person, stamp, yes, server, _recovery_of(person))
            return self._consented(person, yes, statement)

    def guardian_request(self, *, purposes: Sequence[str], claims: Claims) -> str:
        """What a child's guardian must approve: give them this text, and their answer to `consent(guardian=...)`. Nothing is sent.

        Raises `ConsentMissing` before `notice`.
        """
        yes = Yes(self._notice_shown(), purposes, self._claims(claims), "screen")
        with self._wire:
            return consent.guardian_request(self._beginning(yes), yes)

    def _notice_shown(self) -> Notice:
        if self._shown is None:
            msg = "no notice was fetched; call `notice`, show all of it, then ask"
            raise ConsentMissing(msg)
        return self._shown

    def _claims(self, claims: Claims) -> Claims:
        """As claimed, with the privacy signal that this client was told of."""
        return replace(claims, gpc=claims.gpc or self._gpc)

    def _beginning(self, yes: Yes) -> Person:
        """The person as known, or a new one; on disk before the server hears of them."""
        if not yes.purposes:
            msg = "a no needs no statement; name at least one purpose that the person said yes to"
            raise RequestInvalid(msg)
        person = self._refresh()
        if yes.renewal:
            after(self._state_now(person), Happening.RENEW)  # raises unless it stands
        if person is None:
            code = consent.new_code(self._entropy(consent.CODE_BYTES))
            subject = consent.subject_of(consent.read_code(code))
            person = consent.new_person(self.site, subject, self._entropy, code)
            person = replace(person, state=self._keep.asked())
            fresh = consent.person_json(person)
            self._keep.change_person(lambda _: fresh, learns)
        return person

    def _consented(self, person: Person, yes: Yes, statement: str) -> Receipt:
        # Until an answer comes the server may have heard the yes: then `withdraw` takes it back all the same.
        self._change(lambda p: replace(p, unanswered=tuple(yes.purposes)))
        try:
            answer = self._ask(send.Statement(jws=statement), messages.ConsentAnswer)
        except RequestRefused as error:
            self._not_taken(error)
            raise consent_error(error) from error
        receipt = self._receipt(answer.receipt, person, statement)
        capability = self._checked(answer.capability, person)
        self._keep_receipt(answer.receipt, statement, person.sign.verify_key())
        if receipt.outcome not in STANDING:
            self._change(lambda p: _refused(p, answer.receipt, receipt))
            raise ConsentRefused(_words(receipt), laws=receipt.laws)
        self._change(lambda p: _granted(p, answer.receipt, receipt, capability))
        self.recovery_code = person.recovery or self.recovery_code
        return receipt

    def _not_taken(self, error: RequestRefused) -> None:
        """The server did not take the yes. Under a notice that changed, what stood before is not acted on either."""
        if error.status < FAULT:
            stale = error.problem == "notice-stale"
            self._change(
                lambda p: replace(
                    p, unanswered=(), ask_again=p.ask_again or (stale and stands(p.state))
                )
            )

    # ---- withdrawal ----
    def withdraw(self, purposes: Sequence[str] | None = None) -> Receipt | None:
        """Take back these purposes, or all. In force here when this begins, online or not: camera shut, waiting labels gone.

        May be called again, with nothing left to take back. Gives the server's receipt, the last one when there was nothing to do, or None: there
        never was a consent, or the server cannot be reached and the withdrawal waits on disk and goes out first (`flush`).
        """
        chosen = _words_of(PURPOSES if purposes is None else purposes)
        person = self._refresh()
        if person is None:
            return None
        if not set(chosen).isdisjoint((*person.purposes, *person.unanswered)):
            self._change(lambda p: _without(p, chosen))
            self._keep.purge()
        with self._wire:
            try:
                sent = self._send_withdrawal(send.PATIENT)
            except (ServerUnreachable, ServerBusy):
                return None
        return sent or self._last_withdrawal()

    def _last_withdrawal(self) -> Receipt | None:
        """The receipt of the withdrawal that the server confirmed last, None when another answer came after it, or none."""
        person = self._refresh()
        if person is None or person.receipt is None:
            return None
        receipt = consent.open_receipt(person.receipt, self._trust, self.site, person.subject)
        return receipt if receipt.outcome in {"withdrawn", "revoked"} else None

    def _send_withdrawal(self, patience: send.Patience) -> Receipt | None:
        person = self._refresh()
        if person is None or not person.withdrawing:
            return None
        taken = person.withdrawing
        jws = consent.withdraw(person, self._now_stamp(), taken, self._model(person.purposes))
        try:
            answer = self._ask(send.Statement(jws=jws), messages.ConsentAnswer, patience)
        except RequestRefused as error:
            if error.problem not in GONE | {REMOVED}:
                raise
            self._change(lambda p: replace(p, withdrawing=()))  # nothing stood there any more
            if error.problem == REMOVED:  # it may stand there for other devices: that must be told
                raise ConsentMissing(NOT_OURS) from error
            return None
        receipt = self._receipt(answer.receipt, person, jws)
        capability = self._checked(answer.capability, person)
        self._keep_receipt(answer.receipt, jws, person.sign.verify_key())
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
        self._change(
            lambda p: replace(_without(p, PURPOSES), withdrawing=(), unanswered=(), erasing=True)
        )
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
        certificate, removed = None, False
        try:
            jws = consent.erase(person, self._now_stamp())
            answer = self._ask(send.Statement(jws=jws), messages.ErasureAnswer, patience)
            certificate = self._certificate(answer)
        except RequestRefused as error:
            if error.problem not in GONE | {REMOVED}:
                raise
            removed = error.problem == REMOVED
        self._keep.forget()
        self._own.drop()
        self.recovery_code = None
        self._askers.clear()
        self._answered.clear()
        self._refresh()
        if removed:  # everything here is gone, and nothing there
            raise ConsentMissing(NOT_OURS)
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

    def _ours(self) -> bool:
        """Whether the capability is for the model that this client reads with."""
        person, gate = self._refresh(), self._gate
        return person is None or gate is None or gate.model == self._model(person.purposes)

    def _ready(self) -> None:
        """Before anything begins: a capability that has time left, renewed if the server can be reached. A forged one is not renewed over.

        One that another program on this device got for other models is of no use here, and is asked for anew.
        """
        enough = self._remaining() >= consent.RENEW_BEFORE and self._ours()
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
        model = self._model(person.purposes)
        jws = consent.ask_capability(person, self._now_stamp(), model)
        try:
            answer = self._ask(send.Statement(jws=jws), messages.CapabilityAnswer, patience)
        except RequestRefused as error:
            if error.problem in GONE | NOT_NOW | {REMOVED}:
                self._ended(error)
            raise
        capability = self._checked(answer.capability, person)
        # A withdrawal that came meanwhile wins: nothing may open the gate behind it.
        self._change(
            lambda p: (
                replace(p, capability=capability, ask_again=False)
                if p.purposes == person.purposes
                else p
            )
        )


def _words_of(purposes: Sequence[str]) -> tuple[str, ...]:
    unknown = set(purposes) - set(PURPOSES)
    if unknown or not purposes:
        msg = f"a withdrawal names purposes such as `{PURPOSES[0]}`, or none for all of them"
        raise RequestInvalid(msg)
    return tuple(purposes)


def _without(person: Person, purposes: Sequence[str]) -> Person:
    """The person with these purposes taken back, in force and to be told; no capability outlives a withdrawal."""
    there = (*person.purposes, *person.unanswered)
    taken = [p for p in dict.fromkeys(there) if p in purposes]
    left = tuple(p for p in person.purposes if p not in purposes)
    return replace(
        person,
        purposes=left,
        unanswered=tuple(p for p in person.unanswered if p not in purposes),
        withdrawing=tuple(dict.fromkeys((*person.withdrawing, *taken))),
        capability=None,
        state=person.state if left else after(person.state, Happening.WITHDRAW),
        ask_again=person.ask_again and bool(left),
    )


def _granted(person: Person, text: str, receipt: Receipt, capability: str | None) -> Person:
    """The person as the receipt leaves them. What was taken back while the server answered stays taken back."""
    given = replace(
        person,
        receipt=text,
        purposes=tuple(receipt.purposes),
        state=receipt.outcome,
        expires_at=receipt.expires_at,
        ask_again=False,
        unanswered=(),
        capability=capability,
        recovery=None,
    )
    taken = PURPOSES if person.erasing else person.withdrawing
    return _without(given, taken) if taken else given


def _refused(person: Person, text: str, receipt: Receipt) -> Person:
    """The person after policy said no. `receipt.purposes` are those of an earlier yes, which stands as it was and can still be taken back."""
    stood = tuple(p for p in receipt.purposes if p not in person.withdrawing)
    state = after(person.state, Happening.REFUSE)
    if stood and not stands(state):
        state = "given"
    ends = receipt.expires_at if stood else person.expires_at
    return replace(
        person, receipt=text, purposes=stood, state=state, expires_at=ends, unanswered=()
    )


def _recovery_of(person: Person) -> VerifyKey | None:
    if person.recovery is None:
        return None
    return consent.recovery_key(consent.read_code(person.recovery)).verify_key()


def _words(receipt: Receipt) -> str:
    """Why nothing was granted: in one breath, or by purpose where they were refused for different reasons."""
    refused = receipt.refused
    if len({tuple(each.says) for each in refused}) > 1:
        return " ".join(f"{each.purpose}: {' '.join(each.says) or 'refused.'}" for each in refused)
    return " ".join(receipt.says) or "the server's policy refused this consent"
