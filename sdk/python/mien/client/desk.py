"""The desk at which a client works: state on disk, the gate, and one server."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn, Self, TypeVar

from pydantic import BaseModel

from mien import consent, keep, seal, send
from mien.client.found import Standing
from mien.client.given import Clock, Entropy, EyesMaker, SystemClock, embedded_eyes
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
from mien.wire import messages
from mien.wire.keys import VerifyKey
from mien.wire.messages import Capability, Receipt, Service, parse

A = TypeVar("A", bound=BaseModel)
_SERVICE_SECONDS: Final = 3600
GONE: Final = frozenset({"consent-missing", "consent-refused", "person-erased", "person-unknown"})
"""What the server says when no consent of this person stands there."""


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
        eyes: EyesMaker = embedded_eyes,
    ) -> None:
        parse(send.NoticeQuery, {"site": site, "locale": "en"})  # the id becomes part of a path
        self.site = site
        self.recovery_code: str | None = None
        self._clock = clock or SystemClock()
        self._entropy = entropy
        self._eyes = eyes
        self._trust = VerifyKey.from_text(trust)
        self._sender = send.Sender(server, key, self._clock, entropy, transport)
        folder = home or keep.default_home()
        place = f"{site}-{self._trust.id[:8]}"
        self._keep = keep.Keep.open(folder, place, keep.FileKey(folder, entropy), entropy)
        self._state = threading.RLock()  # what is known of the person
        self._wire = threading.RLock()  # one errand at a time
        self._stamp: tuple[int, int] | None = None
        self._person: Person | None = None
        self._gate: Gate | None = None
        self._refused: CapabilityInvalid | None = None
        self._shown: tuple[str, str] | None = None
        self._known: Service | None = None
        self._askers: dict[str, bool] = {}

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

        self._keep.change_person(on_disk)
        self._refresh()

    def _permit(self, may: str, wanted: frozenset[str]) -> Capability:
        """The capability to do `may` for at least one of the wanted purposes, now; of its purposes only those that stand here."""
        with self._state:
            person = self._refresh()
            if person is None or self._gate is None:
                msg = "the person has not said yes; show the notice and ask"
                raise ConsentMissing(msg)
            if self._refused is not None:
                raise self._refused
            found = self._gate.require(may, int(self._clock.now()), self._clock.monotonic())
        if not set(found.purposes) <= set(person.purposes):  # the server may not have heard yet
            left = [purpose for purpose in found.purposes if purpose in person.purposes]
            found = found.model_copy(update={"purposes": left})
        if not wanted & set(found.purposes):
            msg = "the person has not said yes to this purpose; show the notice and ask for it"
            raise ConsentMissing(msg)
        return found

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
        self._change(lambda p: replace(p, capability=None, purposes=() if forever else p.purposes))
        self._keep.purge()

    def _ended(self, error: RequestRefused) -> NoReturn:
        """The server says that consent does not stand any more: withdrawn on another device, expired, or the law changed."""
        self._end(forever=error.problem in GONE)
        raise consent_error(error) from error

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
            return Standing(None)
        return Standing(
            person.subject,
            person.purposes,
            person.withdrawing,
            person.erasing,
            int(self._remaining()),
            len(self._keep.queue()),
            self._keep.losses(),
        )

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

    def _checked(self, text: str | None, person: Person) -> str | None:
        """A capability's text, verified before it is kept."""
        if text is not None:
            consent.open_capability(text, self._trust, self.site, person.subject, person.device)
        return text


def person_of(value: Any) -> Person:
    """The person in a kept JSON value. Raises `KeepUnreadable`."""
    try:
        return consent.person_from(value)
    except RequestInvalid as error:
        msg = "what is kept of the person is of another version; remove the folder to start afresh"
        raise KeepUnreadable(msg) from error


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
