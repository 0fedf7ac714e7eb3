"""The desk at which a client works: state on disk, the gate, and one server."""

import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn, Self, TypeVar

from pydantic import BaseModel

from mien import consent, keep, label, seal, send
from mien.client.found import Standing
from mien.client.given import Clock, Entropy, EyesMaker, SystemClock, embedded_eyes
from mien.client.own import Own, may_learn
from mien.consent import Gate, Person, Stamp
from mien.errors import (
    CapabilityInvalid,
    ConsentError,
    ConsentMissing,
    ConsentRefused,
    KeepUnreadable,
    NoticeStale,
    RequestInvalid,
    RequestRefused,
    SealKeyExpired,
    ServerBusy,
    ServerUnreachable,
)
from mien.label import LABEL_PURPOSES
from mien.wire import messages
from mien.wire.keys import VerifyKey
from mien.wire.lifecycle import Happening, after, stands
from mien.wire.messages import Capability, Notice, Receipt, Service, parse
from mien.wire.signatures import unverified

A = TypeVar("A", bound=BaseModel)
NOT_OURS: Final = "this device was removed from the person's keys, so it stopped; withdraw or erase on another device or with the recovery code"
_SERVICE_SECONDS: Final = 3600
GONE: Final = frozenset({"consent-missing", "consent-refused", "person-erased", "person-unknown"})
"""What the server says when no consent of this person stands there."""
REMOVED: Final = "signature-invalid"
"""What it says to a device whose key was removed from the person's key set."""
NOT_NOW: Final = frozenset({"policy-denied", "notice-stale"})
"""What it says when one stands and is not acted on: the law or the notice is another now."""


class Desk:
    """What every errand needs: the person as on disk, the gate before camera and network, the server's verified description of itself."""

    def __init__(
        self,
        server: str,
        site: str,
        *,
        key: str,
        trust: str,
        home: Path | None = None,
        clock: Clock | None = None,
        entropy: Entropy = secrets.token_bytes,
        transport: Any = None,
        eyes: EyesMaker | None = embedded_eyes,
        gpc: bool = False,
        local_privacy: float | None = None,
    ) -> None:
        if local_privacy is not None:
            label.chances(local_privacy)  # refused here, not when the first label is to leave
        parse(send.NoticeQuery, {"site": site, "locale": "en"})  # the id becomes part of a path
        self.site = site
        self.recovery_code: str | None = None
        self._clock = clock or SystemClock()
        self._entropy = entropy
        self._eyes = eyes
        self._trust = VerifyKey.from_text(trust)
        self._gpc = gpc
        self._local_privacy = local_privacy
        self._sender = send.Sender(server, key, self._clock, entropy, transport, gpc)
        folder = home or keep.default_home()
        place = f"{site}-{self._trust.id[:8]}"
        self._keep = keep.Keep.open(folder, place, keep.FileKey(folder, entropy), entropy)
        self._own = Own(self._keep, learns, self._trust)
        self._state = threading.RLock()  # what is known of the person
        self._wire = threading.RLock()  # one errand at a time
        self._stamp: tuple[int, int] | None = None
        self._person: Person | None = None
        self._gate: Gate | None = None
        self._refused: CapabilityInvalid | None = None
        self._shown: Notice | None = None
        self._known: Service | None = None
        self._askers: dict[str, bool] = {}
        self._answered: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. What waits is on disk."""
        self._sender.close()

    # ---- the person and the gate ----
    def _refresh(self) -> Person | None:
        """The person as on disk now: another thread or process may have withdrawn a moment ago."""
        with self._state:
            stamp = self._keep.stamp()
            if stamp != self._stamp:
                value = self._keep.person()
                self._person = None if value is None else person_of(value)
                self._gate = self._gate_of(self._person)
                self._stamp = stamp
                if self._person is None or not may_learn(self._person):
                    self._own.drop()  # somebody else withdrew: nor does memory keep moments
            now = int(self._clock.now())
            if self._person is not None and self._person.ran_out(now):
                self._change(lambda p: p.expired() if p.ran_out(now) else p)
                self._keep.purge()
            return self._person

    def _gate_of(self, person: Person | None) -> Gate | None:
        if person is None:
            return None
        gate = self._gate
        if gate is None or (gate.subject, gate.device) != (person.subject, person.device):
            gate = Gate(self._trust, self.site, person.subject, person.device)
        self._refused = None
        try:
            gate.admit(person.capability, int(self._clock.now()), self._clock.monotonic())
        except CapabilityInvalid as error:  # the gate is shut; who wants through is told why
            self._refused = error
        return gate

    def _change(self, change: Callable[[Person], Person]) -> None:
        def on_disk(value: Any | None) -> Any | None:
            return None if value is None else consent.person_json(change(person_of(value)))

        self._keep.change_person(on_disk, learns)
        person = self._refresh()
        if person is None or not may_learn(person):
            self._own.drop()

    def _permit(self, may: str, wanted: frozenset[str]) -> Capability:
        """The capability to do `may` for at least one of the wanted purposes, now; of its purposes only those that stand here."""
        with self._state:
            person = self._refresh()
            if person is None or self._gate is None:
                msg = "the person has not said yes; show the notice and ask"
                raise ConsentMissing(msg)
            if self._refused is not None:
                raise self._refused
            _still_stands(person)
            model = self._model(LABEL_PURPOSES) if may == "infer" else None
            now = int(self._clock.now())
            found = self._gate.require(may, now, self._clock.monotonic(), model=model)
        if not set(found.purposes) <= set(person.purposes):  # the server may not have heard yet
            left = [purpose for purpose in found.purposes if purpose in person.purposes]
            found = found.model_copy(update={"purposes": left})
        if not wanted & set(found.purposes):
            msg = "the person has not said yes to this purpose; show the notice and ask for it"
            raise ConsentMissing(msg)
        return found

    def _model(self, purposes: Iterable[str]) -> int:
        """The model that a capability is asked for: the one of our eyes when a purpose needs faces, else none. Nothing is loaded for it."""
        needed = self._eyes is not None and not set(purposes).isdisjoint(LABEL_PURPOSES)
        return self._eyes.model if self._eyes is not None and needed else 0

    def _withdrawn(self) -> bool:
        person = self._refresh()
        return person is None or bool(person.erasing) or not person.purposes

    def _remaining(self) -> float:
        with self._state:
            if self._refresh() is None or self._gate is None:
                return 0.0
            return self._gate.remaining(int(self._clock.now()), self._clock.monotonic())

    def _end(self, *, forever: bool) -> None:
        """Shut the gate and drop what waits; `forever`: until the person says yes again."""
        self._change(_over if forever else lambda p: replace(p, capability=None, ask_again=True))
        self._keep.purge()

    def _ended(self, error: RequestRefused) -> NoReturn:
        """The server says that consent does not stand any more, or not for this device: taken back or removed elsewhere, expired, the law changed."""
        removed = error.problem == REMOVED
        self._end(forever=removed or error.problem in GONE)
        raise ConsentMissing(NOT_OURS) if removed else consent_error(error) from error

    def _somebody(self) -> Person:
        person = self._refresh()
        if person is None:
            msg = "nobody is known on this device; say yes first, or `recover`"
            raise ConsentMissing(msg)
        return person

    def _now_stamp(self) -> Stamp:
        return Stamp(int(self._clock.now()), self._entropy(16))

    def standing(self) -> Standing:
        """How things stand on this device; asks nobody."""
        person = self._refresh()
        if person is None:
            return Standing(None, state=self._state_now(None))
        return Standing(
            person.subject,
            person.purposes,
            person.withdrawing,
            person.erasing,
            int(self._remaining()),
            len(self._keep.queue()),
            self._keep.losses(),
            self._state_now(person),
            person.expires_at if stands(person.state) else 0,
            person.ask_again,
        )

    def _state_now(self, person: Person | None) -> str:
        """The state of the consent: the person's, or how far asking went before there was one."""
        return self._keep.asked() if person is None else person.state

    def _happened(self, happening: Happening) -> None:
        """Write down what happened to the question, which no server hears of."""
        person = self._refresh()
        if person is None:
            was = self._keep.asked()
            now = after(was, happening)
            if now != was:
                self._keep.keep_asked(now)
        elif _asked(person, happening) != person:
            self._change(lambda p: _asked(p, happening))

    # ---- the server ----
    def _ask(
        self, outbound: send.Outbound, answer: type[A], patience: send.Patience = send.PATIENT
    ) -> A:
        return self._sender.send(outbound, answer, patience)

    def _seal_key(self, *, fresh: bool = False) -> tuple[str, Any]:
        now = int(self._clock.now())
        try:
            return seal.live_key(self._service(fresh=fresh), now)
        except SealKeyExpired:
            return seal.live_key(self._service(fresh=True), now)

    def _service(self, *, fresh: bool = False) -> Service:
        """The verified description of the server: fetched when asked `fresh` or an hour old, else as remembered."""
        now = int(self._clock.now())
        known = self._known or self._kept_service(now)
        if known is not None and not fresh and now - known.at < _SERVICE_SECONDS:
            return known
        try:
            return self._fetched_service(now)
        except (ServerUnreachable, ServerBusy):
            if known is None or fresh:
                raise
            return known

    def _fetched_service(self, now: int) -> Service:
        answer = self._ask(send.ServiceQuery(), messages.SignedAnswer, send.ONCE)
        self._known = consent.open_service(answer.jws, self._trust, now)
        self._keep.keep_document("service", answer.jws)
        return self._known

    def _kept_service(self, now: int) -> Service | None:
        text = self._keep.document("service")
        if not isinstance(text, str):
            return None
        self._known = consent.open_service(text, self._trust, now)
        return self._known

    def _receipt(self, text: str, person: Person, statement: str) -> Receipt:
        return consent.open_receipt(text, self._trust, self.site, person.subject, statement)

    def _keep_receipt(self, receipt: str, statement: str, signer: VerifyKey) -> None:
        """Keep a verified receipt with all that it takes to show and check it years later."""
        kept = consent.ReceiptFile(
            receipt=receipt,
            statement=statement,
            notice=self._shown_in(statement),
            server=self._sender.server,
            trust=self._trust.text(),
            signer=signer.text(),
        )
        self._keep.keep_receipt(consent.receipt_file_json(kept))

    def _shown_in(self, statement: str) -> Notice | None:
        """The notice that a statement is about, when it is the one that was shown last."""
        said = unverified(statement).get("notice_sha256")
        shown = self._shown
        return shown if shown is not None and consent.notice_hash(shown) == said else None

    def receipts(self) -> tuple[consent.ReceiptFile, ...]:
        """The receipts this device has: of consents, refusals, withdrawals and changes of keys, newest last. Asks nobody. Raises `KeepUnreadable`."""
        try:
            return tuple(consent.receipt_file_from(value) for value in self._keep.receipts())
        except RequestInvalid as error:
            msg = "a kept receipt is of another version; remove the folder to start afresh"
            raise KeepUnreadable(msg) from error

    def _checked(self, text: str | None, person: Person) -> str | None:
        """A capability's text, verified before it is kept."""
        if text is not None:
            consent.open_capability(text, self._trust, self.site, person.subject, person.device)
        return text


def _over(person: Person) -> Person:
    """The person after the server said that nothing stands there: taken back by another key of theirs, as far as anybody here knows."""
    state = after(person.state, Happening.WITHDRAW)
    return replace(person, capability=None, purposes=(), unanswered=(), state=state)


def _asked(person: Person, happening: Happening) -> Person:
    """Who said no is not asked again."""
    again = person.ask_again and happening is not Happening.REFUSE
    return replace(person, state=after(person.state, happening), ask_again=again)


_ENDED: Final = {
    "expired": "the consent ran out on its day; show the notice and ask again",
    "refused": "the person said no; nothing is read unless they say yes another time",
}


def _still_stands(person: Person) -> None:
    if not person.purposes and person.state in _ENDED:
        raise ConsentMissing(_ENDED[person.state])


def person_of(value: Any) -> Person:
    """The person in a kept JSON value. Raises `KeepUnreadable`."""
    try:
        return consent.person_from(value)
    except RequestInvalid as error:
        msg = "what is kept of the person is of another version; remove the folder to start afresh"
        raise KeepUnreadable(msg) from error


def learns(value: Any) -> bool:
    """Whether something may be learned of the person in a kept JSON value, and stay. Raises `KeepUnreadable`."""
    return may_learn(person_of(value))


def consent_error(error: RequestRefused) -> ConsentError | RequestRefused:
    """A problem that is about consent, as the leaf of that name."""
    message = str(error.args[0])
    if error.problem == "notice-stale":
        return NoticeStale(message, laws=error.laws)
    if error.problem in {"policy-denied", "consent-refused"}:
        return ConsentRefused(message, laws=error.laws)
    if error.problem in GONE:
        return ConsentMissing(message, laws=error.laws)
    return error
