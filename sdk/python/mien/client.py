"""The device side, composed: the one file here that knows the order of the rooms.

    consent -> capture -> infer -> label -> seal -> send, with `keep` beside them.

    client = Client("https://mien.shop.example", "shop", key="pk_...", trust="...")
    notice = client.notice("en")                      # show all of it
    receipt = client.consent(purposes=["personalize_offers"], claims=Claims(jurisdictions=("EU-DE",)))
    with client.session(0) as session:                # camera 0
        for reading in session:
            print(reading.label or reading.why)
    ranking = client.rank()
    client.withdraw()

One synchronous core. Sending happens on a thread of the session, so that a slow server holds up neither camera nor withdrawal. Client and
session may be used from one thread each; `withdraw`, `erase` and `affirm` from any.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, Self, TypeVar, cast

from pydantic import BaseModel

from mien import capture, consent, keep, label, seal, send
from mien.consent import Gate, Person, Stamp
from mien.errors import (
    AffirmationNeeded,
    CapabilityInvalid,
    ConsentError,
    ConsentMissing,
    ConsentRefused,
    KeepUnreadable,
    NoticeStale,
    ProofInvalid,
    RequestInvalid,
    RequestRefused,
    SealKeyExpired,
    SendError,
    ServerAnswerInvalid,
    ServerBusy,
    ServerUnreachable,
)
from mien.values import Claims, Face, Frame, Label, Offer, Ranked, Ranking, Scores
from mien.wire import messages, proof
from mien.wire.canonical import b64, decode, unb64
from mien.wire.keys import VerifyKey
from mien.wire.messages import Capability, Certificate, Notice, Receipt, Service, dump, parse
from mien.wire.seal import Use, open_sealed, unpad

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

A = TypeVar("A", bound=BaseModel)
Entropy = Callable[[int], bytes]
_SERVICE_SECONDS: Final = 3600
_CLOSING_SECONDS: Final = 15.0
_EXPORT_BYTES: Final = 8 * 1024 * 1024
_STANDS: Final = frozenset({"given", "renewed"})
_GONE: Final = frozenset({"consent-missing", "consent-refused", "person-erased", "person-unknown"})
"""What the server says when no consent of this person stands there."""
_DEAD_KEY: Final = frozenset({"seal-key-expired", "seal-key-unknown"})
_UNWANTED: Final = frozenset(
    {"envelope-replayed", "envelope-invalid", "request-invalid", *_DEAD_KEY}
)
_SURE: Final = 15
_FAULT: Final = 500
_NOT_FOUND: Final = 404


# ---- what the client is given ----
class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Eyes(Protocol):
    """Finds faces and reads expressions; `mien.infer.Eyes` is one, `mien.testing.FakeEyes` another."""

    def faces(self, pixels: "NDArray[np.uint8]") -> Sequence[Face]:
        """All faces in a picture."""
        ...

    def scores(self, pixels: "NDArray[np.uint8]", face: Face) -> Scores:
        """The expression of one face."""
        ...


EyesMaker = Callable[[], tuple[Eyes, int]]
"""Loads the models and gives the eyes and the id of their model, 0..255. Called only behind an open gate."""


def embedded_eyes() -> tuple[Eyes, int]:
    """The models that ship with mien. Raises `ModelMissing` or `ModelTampered`."""
    from mien import infer

    models = infer.load_models()
    return infer.Eyes(models), models.model_id


# ---- what the client gives ----
@dataclass(frozen=True, slots=True)
class Flushed:
    """What `flush` did: envelopes sent and still waiting; `lost` counts since the first yes what could never arrive, by why."""

    sent: int
    waiting: int
    lost: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand on this device. `withdrawing` and `erasing` are in force here and not yet confirmed by the server."""

    subject: str | None
    purposes: tuple[str, ...] = ()
    withdrawing: tuple[str, ...] = ()
    erasing: bool = False
    capability_seconds: int = 0
    waiting: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified place in the audit log: the entry's index, and the C2SP tlog-proof and entry to keep and verify again offline."""

    index: int
    text: str
    entry: bytes


class Client:
    """One site on one device. Touches neither network, camera nor models until asked; raises leaves of `MienError`.

    `server` is https, or http on this machine. `key` is the site's publishable key. `trust` is the server's verification key as base64url
    (`mien keys list` prints it). `home` is where this device keeps its encrypted files; by default the user's data folder.
    """

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

    # ---- consent ----
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
            raise _consent_error(error) from error
        receipt = self._receipt(answer.receipt, person, statement)
        if receipt.outcome not in _STANDS:
            self._change(lambda p: replace(p, receipt=answer.receipt, purposes=(), capability=None))
            raise ConsentRefused(_words(receipt), laws=receipt.laws)
        capability = self._checked(answer.capability, person)
        self._change(
            lambda p: replace(
                p,
                receipt=answer.receipt,
                purposes=tuple(receipt.purposes),
                capability=capability,
                recovery=None,
            )
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
            if error.problem not in _GONE:
                raise
            self._change(lambda p: replace(p, withdrawing=()))  # nothing stood there any more
            return None
        receipt = self._receipt(answer.receipt, person, jws)
        capability = self._checked(answer.capability, person)
        self._change(
            lambda p: replace(
                p,
                receipt=answer.receipt,
                capability=capability if p.purposes else None,
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
            if error.problem not in _GONE:
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

    # ---- reading ----
    def session(
        self,
        source: capture.Source,
        *,
        purposes: Sequence[str] | None = None,
        rules: label.Rules | None = None,
        paced: bool = True,
        beat: float = seal.BEAT,
    ) -> "Session":
        """Read expression from a camera number, a video file, or frames handed in, for these purposes or all that stand.

        A file plays at its own speed unless `paced` is false. Raises a `ConsentError` here, before camera and models are touched, and again at
        the first picture after consent ends.
        """
        wanted = frozenset(purposes if purposes is not None else label.LABEL_PURPOSES)
        self._ready()
        courier = send.Courier(self._carry)

        def permit() -> Capability:
            return self._permit("infer", wanted)

        def beat_over(labels: tuple[Label, ...]) -> None:
            self._seal(labels, wanted)
            courier.nudge()

        permit()
        sink = _Sink(beat_over, courier, beat)
        return Session(
            source,
            permit=permit,
            wanted=wanted,
            clock=self._clock,
            eyes=self._eyes,
            rules=rules or label.Rules(),
            paced=paced,
            sink=sink,
        )

    def declare(self, mood: str, second: str | None = None) -> Label:
        """The person says how they feel: a label without any camera. Sent with the next `flush`, which is tried at once.

        Raises a `ConsentError`, or `LabelInvalid` for a word outside `EXPRESSIONS`.
        """
        self._ready()
        capability = self._permit("send", frozenset(label.LABEL_PURPOSES))
        said = Label(
            expression=mood,
            second=second,
            ended_at=int(self._clock.now()),
            confidence=_SURE,
            source="declared",
        )
        self._seal((said,), frozenset(capability.purposes))
        with suppress(SendError):  # it waits on disk
            self.flush(send.ONCE)
        return said

    # ---- the queue ----
    def flush(self, patience: send.Patience = send.PATIENT) -> Flushed:
        """Send what waits: first a withdrawal or erasure, then envelopes, oldest first.

        Raises a `SendError` and keeps everything when the server cannot be reached, asks to wait or fails; a `ConsentError` when the server
        says that consent ended elsewhere, and then nothing waits any more.
        """
        with self._wire:
            self._settle(patience)
            sent = sum(self._send_one(number, patience) for number in self._keep.queue())
            return Flushed(sent, len(self._keep.queue()), self._keep.losses())

    def _settle(self, patience: send.Patience) -> None:
        """The server hears of withdrawals and erasures before anything else."""
        self._send_withdrawal(patience)
        self._send_erasure(patience)

    def _send_one(self, number: int, patience: send.Patience) -> bool:
        value = self._keep.envelope(number)
        if value is None or self._withdrawn():
            return False
        try:
            self._ask(parse(messages.Envelope, value), messages.Accepted, patience)
        except RequestRefused as error:
            self._unsent(number, error)
            return False
        self._keep.sent(number)
        return True

    def _unsent(self, number: int, error: RequestRefused) -> None:
        if error.problem in _GONE or error.problem == "policy-denied":
            self._ended(error)
        if error.problem not in _UNWANTED or error.status >= _FAULT:
            raise error
        # It can never arrive. It is not sealed again: nothing here could open it.
        self._keep.lose(number, error.problem)
        if error.problem in _DEAD_KEY:
            self._service(fresh=True)

    def _ended(self, error: RequestRefused) -> NoReturn:
        """The server says that consent does not stand any more: withdrawn on another device, expired, or the law changed."""
        self._end(forever=error.problem in _GONE)
        raise _consent_error(error) from error

    def _end(self, *, forever: bool) -> None:
        """Shut the gate and drop what waits; `forever`: until the person says yes again."""
        self._change(lambda p: replace(p, capability=None, purposes=() if forever else p.purposes))
        self._keep.purge()

    def _carry(self) -> None:
        """What the courier does at each beat."""
        with self._wire:
            if 0 < self._remaining() < consent.RENEW_BEFORE:
                self._renew(send.ONCE)
            self.flush(send.ONCE)

    # ---- ranking ----
    def rank(
        self, page: str = "home", places: int = 5, candidates: Sequence[Offer] | None = None
    ) -> Ranking:
        """Offers in order: of the site's catalogue, or of `candidates`. The same endpoint, offers and prices with and without consent."""
        asked = {
            "site": self.site,
            "page": page,
            "places": places,
            "candidates": None if candidates is None else [_offer_doc(o) for o in candidates],
        }
        person = self._asking()
        try:
            return self._ranked(asked, person)
        except RequestRefused as error:
            if person is None or error.problem not in _GONE:
                raise
            self._end(forever=True)  # erased or taken back on another device: ask as nobody
        return self._ranked(asked, None)

    def _ranked(self, asked: dict[str, Any], person: Person | None) -> Ranking:
        request = parse(messages.RankRequest, asked | {"request": b64(self._entropy(16))})
        answer = self._ask(self._authenticated(request, person, Use.RANK), messages.RankAnswer)
        self._remember(answer.event, asked=person is not None)
        return self._ranking(answer, person)

    def reward(self, event: Ranking | str, place: int = 1, reward: int = 100) -> None:
        """Tell what came of a ranking: `reward` 0..100 for the offer at `place`."""
        name = event.event if isinstance(event, Ranking) else event
        person = self._asking()
        request = parse(
            messages.RewardRequest,
            {"site": self.site, "event": name, "place": place, "reward": reward},
        )
        if not self._askers.get(name, person is not None):
            person = None  # it was ranked for nobody: it stays nobody's
        self._ask(self._authenticated(request, person, Use.REWARD), messages.Accepted)

    def _asking(self) -> Person | None:
        person = self._refresh()
        return person if person is not None and person.purposes else None

    def _authenticated(self, request: "_R", person: Person | None, use: Use) -> "_R":
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
        return Ranking(answer.event, places, why.used_emotion, why.why, tuple(why.laws))

    def _why(self, answer: messages.RankAnswer, person: Person) -> messages.Why:
        if answer.sealed_why is None:
            msg = "the server did not say why; ask again"
            raise ServerAnswerInvalid(msg)
        context = (self.site.encode(), person.subject.encode(), answer.event.encode())
        plain = open_sealed(unb64(answer.sealed_why), person.seal, Use.WHY, *context)
        return parse(messages.Why, decode(unpad(plain)))

    # ---- rights ----
    def export(self) -> dict[str, Any]:
        """Everything the server holds of the person, opened here."""
        person = self._somebody()
        jws = consent.ask_export(person, self._now_stamp())
        answer = self._ask(send.Statement(jws=jws), messages.ExportAnswer)
        context = (self.site.encode(), person.subject.encode())
        plain = open_sealed(unb64(answer.sealed), person.seal, Use.EXPORT, *context)
        found = decode(unpad(plain), limit=_EXPORT_BYTES)
        if not isinstance(found, dict):
            msg = "the export is no object; ask again"
            raise ServerAnswerInvalid(msg)
        return found

    def correct(self, record: str, expression: str) -> None:
        """Say what the stored label `record` (an id among the export's `labels`) should have been. It keeps its time."""
        held = [kept for kept in self.export().get("labels", []) if kept.get("record") == record]
        if not held:
            msg = "no such label is held; take its `record` from the export"
            raise RequestInvalid(msg)
        person = self._somebody()
        said = Label(expression, int(held[0]["ended_at"]), _SURE, source="declared")
        jws = consent.correct(person, self._now_stamp(), record, said, self._seal_key())
        self._ask(send.Statement(jws=jws), messages.Accepted)

    def proof(self, promised: Receipt | Certificate, *, wait: float = 5.0) -> Proof:
        """Verify that the decision behind a receipt or certificate is in the audit log. Waits so many seconds for it to be published.

        Raises `ProofInvalid`, `CheckpointInvalid`, or `RequestRefused` while it is not there: after `promise.publish_by` that is evidence.
        """
        promise = promised.promise
        service = self._service(fresh=True)
        name, key = proof.parse_note_key(service.audit_key)
        if not name == service.audit_origin == promise.origin:
            msg = "the promise names another log than the server's; keep the receipt as evidence"
            raise ProofInvalid(msg)
        answer = self._proof_answer(promise.leaf, wait)
        entry = unb64(answer.entry)
        leaf, _hour = proof.read_entry(entry)
        if leaf != unb64(promise.leaf):
            msg = "the proof is for another decision; keep receipt and proof as evidence"
            raise ProofInvalid(msg)
        index = proof.verify_tlog_proof(answer.proof, entry, promise.origin, key)
        return Proof(index, answer.proof, entry)

    def _proof_answer(self, leaf: str, wait: float) -> messages.ProofAnswer:
        deadline = self._clock.monotonic() + wait
        while True:
            try:
                return self._ask(send.ProofQuery(leaf=leaf), messages.ProofAnswer)
            except RequestRefused as error:
                if error.status != _NOT_FOUND or self._clock.monotonic() >= deadline:
                    raise
            self._clock.sleep(0.25)

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

    # ---- the person and the gate ----
    def _refresh(self) -> Person | None:
        """The person as on disk now: another thread or process may have withdrawn a moment ago."""
        with self._state:
            stamp = self._keep.stamp()
            if stamp != self._stamp:
                value = self._keep.person()
                self._person = None if value is None else _person_from(value)
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
            return None if value is None else consent.person_json(change(_person_from(value)))

        self._keep.change_person(on_disk)
        self._refresh()

    def _permit(self, may: str, wanted: frozenset[str]) -> Capability:
        """The capability to do `may` for at least one of the wanted purposes, now."""
        with self._state:
            self._refresh()
            if self._gate is None:
                msg = "the person has not said yes; show the notice and ask"
                raise ConsentMissing(msg)
            if self._refused is not None:
                raise self._refused
            found = self._gate.require(may, int(self._clock.now()), self._clock.monotonic())
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
            if error.problem in _GONE or error.problem == "policy-denied":
                self._ended(error)
            raise
        capability = self._checked(answer.capability, person)
        # A withdrawal that came meanwhile wins: nothing may open the gate behind it.
        self._change(
            lambda p: replace(p, capability=capability) if p.purposes == person.purposes else p
        )

    def _seal(self, labels: tuple[Label, ...], wanted: frozenset[str]) -> None:
        """Trim, seal and queue. A session's beat without labels is an envelope like any other."""
        capability = self._permit("send", wanted)
        person = self._refresh()
        if person is None:
            return
        allowed = wanted & set(capability.purposes)
        trimmed = [small for one in labels if (small := label.trim(one, allowed)) is not None]
        try:
            server = self._seal_key()
        except (SealKeyExpired, SendError):
            self._keep.count_loss("no-seal-key", len(trimmed))
            return
        number = self._keep.next_number()
        sender = seal.Sender(self.site, person.subject, person.device, person.stream_key)
        envelope = seal.envelope(trimmed, number, int(self._clock.now()), sender, server)
        self._keep.put(number, dump(envelope))
        if self._withdrawn():  # it was taken back while we sealed
            self._keep.purge()

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

    def _somebody(self) -> Person:
        person = self._refresh()
        if person is None:
            msg = "nobody is known on this device; say yes first, or `recover`"
            raise ConsentMissing(msg)
        return person

    def _now_stamp(self) -> Stamp:
        return Stamp(int(self._clock.now()), self._entropy(16))


# ---- a session ----
@dataclass(slots=True)
class _Sink:
    """Where a session's labels go at each beat; a local session has none."""

    over: Callable[[tuple[Label, ...]], None]
    courier: send.Courier
    beat: float


class Session:
    """Reads one source until it ends or consent does. Use it in a `with` block and iterate over it; see `Client.session`.

    Each picture gives a `Reading`: a label, at most one a second, or the reason why there is none. After `affirm again` nothing is read until
    `affirm` is called; when nobody does within `PATIENCE` seconds, `AffirmationNeeded` ends the session.
    """

    PATIENCE: Final = 60.0

    def __init__(
        self,
        source: capture.Source,
        *,
        permit: Callable[[], Capability],
        wanted: frozenset[str],
        clock: Clock,
        eyes: EyesMaker,
        rules: label.Rules,
        paced: bool,
        sink: _Sink | None,
    ) -> None:
        self._source = source
        self._permit = permit
        self._wanted = wanted
        self._clock = clock
        self._make_eyes = eyes
        self._rules = rules
        self._paced = paced
        self._sink = sink
        self._batch = seal.Batch(sink.beat if sink else seal.BEAT)
        self._readings: Iterator[label.Reading] | None = None
        self._reader: label.Reader | None = None
        self._affirmed = threading.Event()
        self._waiting_since: float | None = None
        self._at = 0.0

    def __enter__(self) -> Self:
        if self._sink:
            self._sink.courier.start()
        self._readings = self._read()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[label.Reading]:
        if self._readings is None:
            msg = "use the session in a `with` block: `with client.session(0) as session`"
            raise RuntimeError(msg)
        return self._readings

    @property
    def trouble(self) -> Exception | None:
        """What went wrong with sending lately, None when all is well. Nothing is lost by it: see `Client.standing`."""
        return self._sink.courier.trouble if self._sink else None

    def affirm(self) -> None:
        """Whoever sits there now has been asked, and said yes."""
        self._affirmed.set()

    def close(self) -> None:
        """Shut the camera, seal what was read and hand it to the courier."""
        readings, self._readings = self._readings, None
        if readings is None:
            return
        cast("Any", readings).close()
        if self._sink is None:
            return
        try:
            self._permit()
            self._beat()
        except ConsentError:
            self._batch.drop()
        finally:
            self._sink.courier.close(_CLOSING_SECONDS)

    def _read(self) -> Iterator[label.Reading]:
        self._permit()  # before the models are even looked for
        eyes, model = self._make_eyes()
        self._reader = label.Reader(self._rules, model)
        start = self._clock.now()
        if not self._paced:  # read faster than it played: its end is now, not in the future
            start -= capture.seconds_of(self._source)
        try:
            for frame in capture.frames(self._source, self._permit, self._clock, paced=self._paced):
                yield self._reading(frame, start + frame.at, eyes, self._reader)
        except ConsentError:
            self._batch.drop()  # what was read and not yet sealed goes with the consent
            raise

    def _reading(
        self, frame: Frame, unix: float, eyes: Eyes, reader: label.Reader
    ) -> label.Reading:
        self._at = frame.at
        if self._affirmed.is_set():
            self._affirmed.clear()
            reader.affirm()
        reading = self._seen(frame, unix, eyes, reader)
        self._patience(reading, frame.at)
        if reading.label is not None:
            self._batch.add(reading.label)
        if self._sink and self._batch.due(frame.at):
            self._beat()
        return reading

    def _seen(self, frame: Frame, unix: float, eyes: Eyes, reader: label.Reader) -> label.Reading:
        fault = capture.fault(frame.pixels)
        blind = reader.waiting or fault is not None
        faces = () if blind else eyes.faces(frame.pixels)
        box = faces[0].box if len(faces) == 1 else None
        sight = label.Sight(frame.at, unix, len(faces), box, fault)
        refusal = reader.look(sight)
        if refusal is not None:
            return refusal
        scores = eyes.scores(frame.pixels, faces[0])
        purposes = tuple(self._wanted & set(self._permit().purposes))
        return reader.read(sight, scores, purposes)

    def _patience(self, reading: label.Reading, at: float) -> None:
        if reading.why != "affirm again":
            self._waiting_since = None
            return
        self._waiting_since = at if self._waiting_since is None else self._waiting_since
        if at - self._waiting_since >= self.PATIENCE:
            msg = "the person left and nobody affirmed; ask again and start a new session"
            raise AffirmationNeeded(msg)

    def _beat(self) -> None:
        if self._sink:
            self._sink.over(self._batch.take(self._at))


def local_session(
    source: capture.Source,
    *,
    ask: Callable[[str], bool],
    clock: Clock | None = None,
    entropy: Entropy = secrets.token_bytes,
    eyes: EyesMaker = embedded_eyes,
    rules: label.Rules | None = None,
    paced: bool = True,
) -> Session:
    """Look at one's own expression: nothing is sent and nothing is kept. `ask` shows the words it is given and says whether the person agreed.

    Raises `ConsentMissing` for a no.
    """
    if not ask(LOCAL_NOTICE):
        msg = "the person said no, so nothing is read; ask again another time"
        raise ConsentMissing(msg)
    clock = clock or SystemClock()
    yes = consent.LocalYes.said(entropy)

    def permit() -> Capability:
        return yes.require(int(clock.now()), clock.monotonic())

    wanted = frozenset(label.LABEL_PURPOSES)
    return Session(
        source,
        permit=permit,
        wanted=wanted,
        clock=clock,
        eyes=eyes,
        rules=rules or label.Rules(),
        paced=paced,
        sink=None,
    )


LOCAL_NOTICE: Final = (
    "Your expression is about to be read from this source, on this device only. Pictures are forgotten at once; nothing is stored and nothing is "
    "sent. What it says is a guess and can be wrong. It stops when you press Ctrl+C."
)
"""What a person is told before `local_session` reads."""
_EVENTS: Final = 256
_R = TypeVar("_R", bound=messages.Authenticated)


def _person_from(value: Any) -> Person:
    try:
        return consent.person_from(value)
    except RequestInvalid as error:
        msg = "what is kept of the person is of another version; remove the folder to start afresh"
        raise KeepUnreadable(msg) from error


def _without(person: Person, purposes: Sequence[str]) -> Person:
    """The person with these purposes taken back, in force and to be told; no capability outlives a withdrawal."""
    left = tuple(p for p in person.purposes if p not in purposes)
    taking = (*person.withdrawing, *(p for p in purposes if p not in person.withdrawing))
    return replace(person, purposes=left, withdrawing=taking, capability=None)


def _recovery_of(person: Person) -> VerifyKey | None:
    if person.recovery is None:
        return None
    return consent.recovery_key(consent.read_code(person.recovery)).verify_key()


def _words(receipt: Receipt) -> str:
    return " ".join(receipt.says) or "the server's policy refused this consent"


def _consent_error(error: RequestRefused) -> ConsentError | RequestRefused:
    """A problem that is about consent, as the leaf of that name."""
    message = str(error.args[0])
    if error.problem == "notice-stale":
        return NoticeStale(message, laws=error.laws)
    if error.problem in {"policy-denied", "consent-refused"}:
        return ConsentRefused(message, laws=error.laws)
    if error.problem in _GONE:
        return ConsentMissing(message, laws=error.laws)
    return error


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
