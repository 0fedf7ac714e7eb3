"""Public fakes for tests of what is built on mien: simulators, not mocks.

`FakeServer` is an HTTP transport that keeps real keys, verifies every signature and MAC, opens every envelope and signs every answer; it has no
policies, no database and no log. `FakeClock` moves when told. `FakeEyes` read the pictures that `picture` draws.

    clock, server = FakeClock(), FakeServer()
    client = server.client(tmp_path, clock=clock)
    client.notice()
    client.consent(purposes=["personalize_offers"], claims=Claims(jurisdictions=("EU-DE",)))
    with client.session(film("joy", seconds=3)) as session:
        labels = [reading.label for reading in session if reading.label]
    assert server.labels()[0].expression == "joy"
"""

import base64
import hashlib
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx
import numpy as np

from mien.adapt import EMBEDDING
from mien.client import Client, Clock, Eyes
from mien.errors import (
    ClockSkewed,
    ConsentMissing,
    EnvelopeReplayed,
    MienError,
    NoticeStale,
    PolicyDenied,
    RequestInvalid,
    SealKeyExpired,
    SealKeyUnknown,
    SignatureInvalid,
)
from mien.values import EXPRESSIONS, Face, Frame, Label, Offer, Scores
from mien.wire import messages as m
from mien.wire import proof
from mien.wire.canonical import b64, decode, encode, unb64
from mien.wire.keys import OpenKey, SealKey, SigningKey, VerifyKey
from mien.wire.seal import Use, check_mac, open_sealed, pad, seal
from mien.wire.signatures import Kind, sign, signer, unverified, verify
from mien.wire.slots import unpack, unpack_slot

if TYPE_CHECKING:
    from numpy.typing import NDArray

S = TypeVar("S", bound=m.ByPerson)
__all__ = ["OFFERS", "FakeClock", "FakeEyes", "FakeServer", "film", "picture"]

START: Final = 1_790_000_000
_DAY: Final = 86_400
_LIFE: Final = 300
_STATUS: Final = {
    "request-invalid": 400, "signature-invalid": 401, "site-unknown": 401, "consent-missing": 403, "policy-denied": 403,
    "not-found": 404, "person-unknown": 404, "person-erased": 410, "clock-skewed": 400, "envelope-replayed": 409, "notice-stale": 409, "seal-key-expired": 410,
    "seal-key-unknown": 400, "envelope-invalid": 400,
}  # fmt: skip

OFFERS: Final = (
    Offer("lamp", "Reading lamp", 3900, tags=("calm",)),
    Offer("kite", "Kite", 2400, tags=("bright",)),
    Offer("tea", "Tea for evenings", 900, tags=("calm",)),
    Offer("drum", "Drum", 5900, tags=("bright", "loud")),
    Offer("soap", "Soap", 500),
)


# ---- time ----
@dataclass(slots=True)
class FakeClock:
    """A clock that stands still until it is moved or slept on. `slept` keeps every sleep, in seconds."""

    unix: float = float(START)
    running: float = 0.0
    slept: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def now(self) -> float:
        """Unix seconds."""
        return self.unix

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self.running

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.slept.append(seconds)
        self.move(seconds)

    def move(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.unix += seconds
            self.running += seconds

    def set_wall(self, unix: float) -> None:
        """Turn the wall clock without time passing."""
        self.unix = unix


# ---- pictures ----
_SIZE: Final = 96
_GREY: Final = 60
_STEP: Final = 16
_MARK: Final = 24


def picture(*faces: str, dark: bool = False, at: tuple[int, int] = (24, 24)) -> "NDArray[np.uint8]":
    """A 96 x 96 picture with a square for each face, whose brightness says its expression: what `FakeEyes` read. `at` is the first one's corner."""
    pixels = np.full((_SIZE, _SIZE, 3), 4 if dark else _GREY, np.uint8)
    pixels[: _SIZE // 2] += 1 if dark else 20  # so that it is a picture and not a blank wall
    for number, expression in enumerate(faces):
        x, y = (at[0], at[1]) if number == 0 else (at[0] + 36 * number, at[1])
        pixels[y : y + _MARK, x : x + _MARK] = 120 + _STEP * EXPRESSIONS.index(expression)
    return pixels


def film(
    *scenes: "str | tuple[str, ...] | NDArray[np.uint8]",
    seconds: float = 1.0,
    rate: float = 10.0,
    clock: FakeClock | None = None,
) -> Iterator[Frame]:
    """Scenes of so many seconds each, `rate` pictures a second: a word is one face, a tuple of words several (`()` nobody), an array itself.

    With a `clock`, it moves along with the film.
    """
    index = 0
    for scene in scenes:
        pixels = _scene(scene)
        for _ in range(round(seconds * rate)):
            yield Frame(pixels, index / rate, index)
            index += 1
            if clock is not None:
                clock.move(1 / rate)


def _scene(scene: "str | tuple[str, ...] | NDArray[np.uint8]") -> "NDArray[np.uint8]":
    if isinstance(scene, np.ndarray):
        return scene
    return picture(scene) if isinstance(scene, str) else picture(*scene)


@dataclass(slots=True)
class FakeEyes:
    """Reads what `picture` drew, as sure as `sure` (0..1). Counts what it was asked.

    `mistaken` is what it reads wrongly, such as `{"neutral": "anger"}`. Its embedding tells them apart all the same, so a person's own head can learn.
    """

    sure: float = 0.9
    model: int = 7
    mistaken: Mapping[str, str] = field(default_factory=dict)
    looked: int = 0
    read: int = 0
    loaded: int = 0

    def __call__(self) -> tuple[Eyes, int]:
        """As for `Client(eyes=FakeEyes())`."""
        self.loaded += 1
        return self, self.model

    def faces(self, pixels: "NDArray[np.uint8]") -> Sequence[Face]:
        """The squares in a picture, left to right."""
        self.looked += 1
        found: list[Face] = []
        bright = pixels[:, :, 0].astype(np.int16) - 119  # `picture` draws faces from 120 up
        columns = bright.max(axis=0) > 0
        x = 0
        while x < columns.size:
            if columns[x]:
                y = int(np.argmax(bright[:, x] > 0))
                box = (float(x), float(y), float(_MARK), float(_MARK))
                found.append(Face(box, _landmarks(x, y), 0.99))
                x += _MARK
            x += 1
        return tuple(found)

    def scores(self, pixels: "NDArray[np.uint8]", face: Face) -> Scores:
        """The expression that the square's brightness says."""
        self.read += 1
        x, y = int(face.box[0]), int(face.box[1])
        number = (int(pixels[y + 2, x + 2, 0]) - 120) // _STEP
        good = {"joy": 0.8, "neutral": 0.0, "surprise": 0.2}.get(EXPRESSIONS[number], -0.6)
        embedding = tuple(float(i == number) for i in range(EMBEDDING))
        return Scores(self._shares(number), good, 0.3, embedding=embedding)

    @property
    def head(self) -> "NDArray[np.float32]":
        """(776,): what makes the shares of the embedding, as the last layer of a network does."""
        table = np.zeros((EMBEDDING + 1, len(EXPRESSIONS)), np.float32)
        for number in range(len(EXPRESSIONS)):
            table[number] = np.log(self._shares(number))
        return table.reshape(-1)

    def _shares(self, number: int) -> tuple[float, ...]:
        word = EXPRESSIONS[number]
        read = EXPRESSIONS.index(self.mistaken.get(word, word))
        rest = (1 - self.sure) / (len(EXPRESSIONS) - 1)
        return tuple(self.sure if i == read else rest for i in range(len(EXPRESSIONS)))

    def watch(self) -> None:
        """No brief movements: drawn squares do not move."""


def _landmarks(x: int, y: int) -> tuple[tuple[float, float], ...]:
    return tuple(
        (x + dx, y + dy)
        for dx, dy in ((7.0, 8.0), (17.0, 8.0), (12.0, 13.0), (8.0, 18.0), (16.0, 18.0))
    )


# ---- the server ----
@dataclass(slots=True)
class _Known:
    """A subject as the fake server knows them. `links` are link keys and when they end."""

    keys: dict[str, VerifyKey] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)
    seals: dict[str, SealKey] = field(default_factory=dict)
    streams: dict[str, bytes] = field(default_factory=dict)
    purposes: list[str] = field(default_factory=list)
    state: str = "none"
    expires_at: int = 0
    notice: str = ""
    seen: dict[tuple[str, int], str] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


class FakeServer(httpx.BaseTransport):
    """A server in memory. `requests` keeps every request's (method, path, body) as it came.

    It hears the privacy signal (`signalled` counts the requests that carried it), and its consents last `lasts` seconds.

    Faults on purpose: `down` refuses connections; `replies` is a queue of answers (status, headers, body) given instead of the next real ones; `deny`
    maps a purpose to the law that forbids it; `forge` changes what is about to be signed, or with which key.
    """

    def __init__(self, clock: Clock | None = None, site: str = "shop") -> None:
        self.clock: Clock = clock or FakeClock()
        self.site = site
        self.key = "pk_fake"
        self.signing = SigningKey.from_secret(hashlib.sha256(b"fake signing").digest())
        self.log = SigningKey.from_secret(hashlib.sha256(b"fake log").digest())
        self.opening: dict[str, OpenKey] = {}
        self.people: dict[str, _Known] = {}
        self.erased: dict[str, str] = {}
        self.spent: set[str] = set()
        self.leaves: list[bytes] = []
        self.requests: list[tuple[str, str, bytes]] = []
        self.rewards: list[tuple[str, int, int, bool]] = []
        self.down = False
        self.replies: list[tuple[int, dict[str, str], bytes]] = []
        self.deny: dict[str, str] = {}
        self.forge: Callable[[Kind, dict[str, Any]], SigningKey | None] | None = None
        self.notice_version = "1"
        self.locales = ("en", "de")
        self.lasts = 365 * _DAY
        self.signalled = 0
        self._count = 0
        self._lock = threading.RLock()

    @property
    def trust(self) -> str:
        """What an integrator is given: the verification key as base64url."""
        return self.signing.verify_key().text()

    def client(self, home: Path, *, eyes: FakeEyes | None = None, **more: Any) -> Client:
        """A client of this server with its home in `home`. `more` goes to `Client`."""
        given: dict[str, Any] = {
            "key": self.key, "trust": self.trust, "home": home, "clock": self.clock, "transport": self,
            "eyes": eyes or FakeEyes(),
        }  # fmt: skip
        return Client("https://fake.example", self.site, **given | more)

    def labels(self) -> list[Label]:
        """Every label that arrived, of everybody."""
        return [label for known in self.people.values() for label in known.labels]

    # ---- HTTP ----
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, as httpx hands it over."""
        body = request.read()
        with self._lock:
            if self.down:
                msg = "nobody listens here"
                raise httpx.ConnectError(msg, request=request)
            path = request.url.raw_path.decode()
            self.requests.append((request.method, path, body))
            self.signalled += request.headers.get("sec-gpc") == "1"
            if self.replies:
                status, headers, data = self.replies.pop(0)
                return httpx.Response(status, headers=headers, content=data)
            try:
                answer = self._answer(path, request, body)
            except MienError as error:
                return _problem(error)
        content = encode(m.dump(answer))
        return httpx.Response(200, headers={"content-type": "application/json"}, content=content)

    def _answer(self, path: str, request: httpx.Request, body: bytes) -> m.Message:
        if request.method == "GET":
            return self._get(path, request)
        if request.headers.get("mien-site-key") != self.key:
            raise _Unknown("no such site; check the publishable key")
        value = decode(body)
        if path == "/v1/labels":
            return self._labels(m.parse(m.Envelope, value))
        if path == "/v1/rank":
            return self._rank(m.parse(m.RankRequest, value))
        if path == "/v1/help":
            return self._help(m.parse(m.HelpRequest, value))
        if path == "/v1/rewards":
            return self._reward(m.parse(m.RewardRequest, value))
        return self._statement(path, m.parse(m.SignedAnswer, value).jws)

    def _get(self, path: str, request: httpx.Request) -> m.Message:
        if path == "/.well-known/mien":
            return self._service()
        if path.startswith(f"/v1/sites/{self.site}/notices/"):
            return self._notice(path.rpartition("/")[2])
        if path == "/v1/me":
            word, _, jws = request.headers.get("authorization", "").partition(" ")
            if word != "Mien-Statement":
                raise RequestInvalid("no statement in `Authorization`; send one")
            return self._export(jws)
        if path.startswith("/audit/proof?leaf="):
            return self._proof(unb64(path.partition("=")[2]))
        if path.startswith("/v1/erasures/"):
            return self._erasure(path.rpartition("/")[2])
        raise _NotFound("nothing here")

    # ---- what it says of itself ----
    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock.now())

    def _sign(self, kind: Kind, payload: dict[str, Any]) -> str:
        key = self.forge(kind, payload) if self.forge else None
        return sign(kind, payload, key or self.signing)

    def kid(self) -> str:
        """The id of today's sealing key."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%d")

    def _service(self) -> m.Message:
        kid = self.kid()
        self.opening.setdefault(kid, OpenKey.from_secret(_stretch(kid)))
        start = self.now() - self.now() % _DAY
        doc = m.Service(
            audit_origin="fake.example/log",
            audit_key=proof.note_key("fake.example/log", self.log.verify_key()),
            seal_keys=[
                m.SealKeyDoc(
                    kid=kid,
                    public=self.opening[kid].seal_key().text(),
                    not_before=start,
                    not_after=start + 2 * _DAY,
                )
            ],
            bundle_version="fake-1",
            bundle_sha256=b64(bytes(32)),
            at=self.now(),
        )
        return m.SignedAnswer(jws=self._sign(Kind.SERVICE, m.dump(doc)))

    def _notice(self, locale: str) -> m.Notice:
        """In the language asked for, else in English."""
        return m.Notice(
            site=self.site,
            locale=locale if locale in self.locales else "en",
            version=self.notice_version,
            title="May we read your expression?",
            text="A fake shop would like to read your expression. You may say no.",
            purposes=[
                m.PurposeDoc(
                    id="personalize_offers", title="Offers", text="Their order may change."
                ),
                m.PurposeDoc(id="adapt_service", title="Service", text="Help may be offered."),
                m.PurposeDoc(
                    id="declare_mood", title="Mood", text="You may tell your mood; no camera."
                ),
            ],
            controller="Fake Shop",
            contact="privacy@fake.example",
            retention_days=30,
            release="I release my expression to the fake shop, for a year.",
        )

    def _shown(self, digest: str) -> m.Notice:
        """The notice as it is now that has this hash."""
        for locale in self.locales:
            notice = self._notice(locale)
            if b64(hashlib.sha256(encode(m.dump(notice))).digest()) == digest:
                return notice
        raise NoticeStale("the notice changed since it was shown; show the new one")

    # ---- statements ----
    def _statement(self, path: str, jws: str) -> m.Message:
        kinds: dict[str, tuple[Kind, Callable[[str], m.Message]]] = {
            "/v1/consents": (Kind.CONSENT, self._consent),
            "/v1/withdrawals": (Kind.WITHDRAWAL, self._withdraw),
            "/v1/capabilities": (Kind.CAPABILITY_REQUEST, self._capability),
            "/v1/keys": (Kind.KEY_CHANGE, self._keys),
            "/v1/me/corrections": (Kind.CORRECTION, self._correct),
            "/v1/erasures": (Kind.ERASURE, self._erase),
        }
        if path not in kinds:
            raise _NotFound("nothing here")
        return kinds[path][1](jws)

    def _checked(self, jws: str, kind: Kind, model: type[S]) -> tuple[S, _Known]:
        known = self._known(str(unverified(jws).get("subject")))
        key = known.keys.get(signer(jws))
        if key is None or known.links.get(key.id, self.now() + 1) <= self.now():
            raise SignatureInvalid("not a key of this person")
        if key.id in known.links and kind is not Kind.KEY_CHANGE:
            raise SignatureInvalid("a link key adds a device and does nothing else")
        return self._stated(m.parse(model, verify(jws, kind, key))), known

    def _known(self, subject: str) -> _Known:
        if subject in self.erased.values():
            raise _Erased("this person was erased; nothing more is accepted")
        if subject not in self.people:
            raise _Unheard("no such person; say yes first")
        known = self.people[subject]
        if known.purposes and self.now() >= known.expires_at:
            known.purposes, known.state = [], "expired"
        return known

    def _stated(self, statement: S) -> S:
        if statement.site != self.site:
            raise SignatureInvalid("a statement for another site")
        if abs(self.now() - statement.at) > m.CLOCK_SKEW:
            raise ClockSkewed("the clocks differ by more than two minutes; set the clock")
        if statement.nonce in self.spent:
            raise EnvelopeReplayed("this statement was sent before; make a new one")
        self.spent.add(statement.nonce)
        return statement

    def _consent(self, jws: str) -> m.Message:
        claimed = m.parse(m.ConsentStatement, unverified(jws))
        known = self.people.get(claimed.subject)
        key = VerifyKey.from_text(claimed.keys[0].sign)
        if known is not None and key.id not in known.keys:
            raise SignatureInvalid("not a key of this person")
        statement = self._stated(m.parse(m.ConsentStatement, verify(jws, Kind.CONSENT, key)))
        notice = self._shown(statement.notice_sha256)
        if statement.renewal and (known is None or not self._known(claimed.subject).purposes):
            raise ConsentMissing("nothing stands that could be renewed; ask anew")
        self._countersigned(statement, notice)
        refused = self._refusals(statement)
        granted = [purpose for purpose in statement.purposes if purpose not in self.deny]
        if not granted:  # what stood before stands as it was
            stood = list(known.purposes) if known is not None else []
            return self._answer_to(
                jws, statement, "refused", stood, notice=statement.notice_sha256, refused=refused
            )
        outcome = "renewed" if known is not None and known.purposes else "given"
        known = known or _Known()
        for doc in statement.keys:
            self._add(known, statement.subject, doc)
        known.purposes, known.state = list(granted), outcome
        known.notice, known.expires_at = statement.notice_sha256, self.now() + self.lasts
        self.people[statement.subject] = known
        return self._answer_to(
            jws, statement, outcome, list(granted), notice=known.notice, refused=refused
        )

    def _refusals(self, statement: m.ConsentStatement) -> list[m.Refusal]:
        return [
            m.Refusal(purpose=each, laws=[self.deny[each]], says=[f"This fake forbids {each}."])
            for each in statement.purposes
            if each in self.deny
        ]

    def _countersigned(self, statement: m.ConsentStatement, notice: m.Notice) -> None:
        """A written release and a guardian's approval are of this very statement."""
        text = b64(hashlib.sha256(notice.release.encode()).digest())
        if statement.release is not None and statement.release.text_sha256 != text:
            raise SignatureInvalid("the release is of another text")
        if statement.guardian is None:
            return
        doc = next(key for key in statement.keys if key.role == "guardian")
        key = VerifyKey.from_text(doc.sign)
        approved = m.parse(
            m.GuardianApproval, verify(statement.guardian.approval, Kind.GUARDIAN_APPROVAL, key)
        )
        device = VerifyKey.from_text(statement.keys[0].sign).id
        said = (approved.subject, approved.device, approved.notice_sha256, approved.age_band)
        band = statement.claims.age_band
        if said != (statement.subject, device, statement.notice_sha256, band):
            raise SignatureInvalid("the guardian approved something else")
        if not set(statement.purposes) <= set(approved.purposes):
            raise SignatureInvalid("the guardian approved other purposes")

    def _add(self, known: _Known, subject: str, doc: m.KeyDoc) -> None:
        key = VerifyKey.from_text(doc.sign)
        if doc.seal and doc.sealed_stream_key and doc.stream_kid:
            context = (self.site.encode(), subject.encode(), key.id.encode())
            opening = self._opening(doc.stream_kid)
            known.streams[key.id] = open_sealed(
                unb64(doc.sealed_stream_key), opening, Use.STREAM_KEY, *context
            )
            known.seals[key.id] = SealKey.from_text(doc.seal)
        known.keys[key.id] = key
        known.roles[key.id] = doc.role

    def _answer_to(
        self,
        jws: str,
        statement: m.ByPerson,
        outcome: Any,
        purposes: list[Any],
        *,
        notice: str = b64(bytes(32)),
        refused: Sequence[m.Refusal] = (),
        withdrawn: Sequence[Any] = (),
    ) -> m.Message:
        against = refused if outcome == "refused" else ()
        receipt = m.Receipt(
            receipt=self._id("rcp"),
            site=self.site,
            subject=statement.subject,
            outcome=outcome,
            purposes=purposes,
            refused=list(refused),
            withdrawn=list(withdrawn),
            laws=list(dict.fromkeys(law for each in against for law in each.laws)),
            says=list(dict.fromkeys(word for each in against for word in each.says)),
            notice_sha256=notice,
            statement_sha256=b64(hashlib.sha256(jws.encode()).digest()),
            jurisdictions=[],
            by=self._role(jws, statement),
            bundle_version="fake-1",
            bundle_sha256=b64(bytes(32)),
            at=self.now(),
            expires_at=self._ends(statement.subject),
            promise=self._promise(jws),
        )
        text = self._sign(Kind.RECEIPT, m.dump(receipt))
        capability = None
        if purposes and not against and isinstance(statement, m.ByDevice):
            capability = self._may(statement, signer(jws), purposes)
        return m.ConsentAnswer(receipt=text, capability=capability)

    def _may(self, asked: m.ByDevice, device: str, purposes: list[Any]) -> str | None:
        """Reading needs a purpose of reading and a model; declaring a mood and taking part in rounds need neither."""
        known = self.people[asked.subject]
        device = device if device in known.streams else next(reversed(known.streams))
        reads = asked.model > 0 and not {"declare_mood", "bind_account"}.issuperset(purposes)
        may: list[Any] = ["infer", "send"] if reads else []
        if not reads and "declare_mood" in purposes:
            may = ["send"]
        if "contribute" in purposes:
            may.append("contribute")
        if not may:
            return None
        found = m.Capability(
            site=self.site,
            subject=asked.subject,
            device=device,
            may=may,
            purposes=purposes,
            model=asked.model,
            bundle_sha256=b64(bytes(32)),
            issued_at=self.now(),
            expires_at=self.now() + _LIFE,
        )
        return self._sign(Kind.CAPABILITY, m.dump(found))

    def _role(self, jws: str, statement: m.ByPerson) -> Any:
        known = self.people.get(statement.subject)
        role = "device" if known is None else known.roles.get(signer(jws), "device")
        return role if role in {"guardian", "recovery"} else "device"

    def _ends(self, subject: str) -> int:
        return self.people[subject].expires_at if subject in self.people else self.now()

    def _withdraw(self, jws: str) -> m.Message:
        statement, known = self._checked(jws, Kind.WITHDRAWAL, m.WithdrawalStatement)
        taken = [p for p in known.purposes if p in statement.purposes]
        known.purposes = [p for p in known.purposes if p not in taken]
        outcome = "revoked" if self._role(jws, statement) == "guardian" else "withdrawn"
        if not known.purposes:
            known.state = outcome
            known.labels.clear()
            known.ids.clear()
        return self._answer_to(jws, statement, outcome, list(known.purposes), withdrawn=taken)

    def _capability(self, jws: str) -> m.Message:
        statement, known = self._checked(jws, Kind.CAPABILITY_REQUEST, m.CapabilityRequest)
        if not known.purposes:
            raise ConsentMissing("consent was withdrawn; ask again")
        self._as_shown(known)
        capability = self._may(statement, signer(jws), list(known.purposes))
        if capability is None:
            raise PolicyDenied("nothing may be done on this device now; ask for consent")
        return m.CapabilityAnswer(capability=capability)

    def _as_shown(self, known: _Known) -> None:
        """A consent under a notice that changed is not acted on."""
        try:
            self._shown(known.notice)
        except NoticeStale as error:
            msg = "the notice changed; show it and ask again"
            raise PolicyDenied(msg, laws=["policy:notice-current"]) from error

    def _keys(self, jws: str) -> m.Message:
        statement, known = self._checked(jws, Kind.KEY_CHANGE, m.KeyChange)
        if statement.add is not None and statement.possession is not None:
            self._join(known, statement, statement.add, statement.possession)
        else:
            self._drop(known, str(statement.remove))
        if signer(jws) in known.links:  # a link code works once
            self._drop(known, signer(jws))
        return self._answer_to(jws, statement, known.state, list(known.purposes))

    def _join(self, known: _Known, statement: m.KeyChange, add: m.KeyDoc, possession: str) -> None:
        new = VerifyKey.from_text(add.sign)
        joined = m.parse(m.KeyPossession, verify(possession, Kind.KEY_POSSESSION, new))
        if (joined.subject, joined.nonce) != (statement.subject, statement.nonce):
            raise SignatureInvalid("the new key says something else")
        if add.role == "link":
            if not self.now() < statement.expires_at <= self.now() + m.LINK_SECONDS + m.CLOCK_SKEW:
                raise RequestInvalid("a link key lives for ten minutes")
            for old in list(known.links):
                self._drop(known, old)
            known.links[new.id] = statement.expires_at
        self._add(known, statement.subject, add)

    def _drop(self, known: _Known, key: str) -> None:
        if known.keys.pop(key, None) is None:
            raise RequestInvalid("no such key; see the export")
        for held in (known.roles, known.links, known.seals, known.streams):
            held.pop(key, None)

    # ---- the stream ----
    def _opening(self, kid: str) -> OpenKey:
        if kid not in self.opening:
            raise SealKeyUnknown("no such key; fetch the service document again")
        end = datetime.strptime(kid, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() + 2 * _DAY
        if self.now() >= end:
            raise SealKeyExpired("this key has died; fetch the service document again")
        return self.opening[kid]

    def _labels(self, envelope: m.Envelope) -> m.Message:
        known = self._known(envelope.subject)
        if not known.purposes:
            raise ConsentMissing("no consent stands; ask again")
        self._as_shown(known)
        context = m.envelope_context(
            envelope.site, envelope.subject, envelope.device, envelope.seq, envelope.kid
        )
        ct = unb64(envelope.ct)
        stream = known.streams.get(envelope.device)
        if stream is None:
            raise _Unheard("no such device; enrol it")
        check_mac(unb64(envelope.mac), stream, Use.ENVELOPE, *context, ct)
        place = (envelope.device, envelope.seq)
        digest = hashlib.sha256(ct).hexdigest()
        duplicate = place in known.seen
        if known.seen.setdefault(place, digest) != digest:
            raise EnvelopeReplayed("this number was used for another envelope")
        labels = unpack(open_sealed(ct, self._opening(envelope.kid), Use.ENVELOPE, *context))
        if not duplicate:
            known.labels += labels
            known.ids += [self._id("rec") for _ in labels]
        return m.Accepted(duplicate=duplicate)

    # ---- ranking ----
    def _asker(self, request: m.Authenticated, use: Use) -> tuple[m.Asker, _Known] | None:
        if request.asker is None or request.mac is None:
            return None
        known = self._known(request.asker.subject)
        if request.asker.device not in known.streams:
            raise _Unheard("no such device; enrol it")
        if abs(self.now() - request.asker.at) > m.CLOCK_SKEW:
            raise ClockSkewed("the clocks differ by more than two minutes; set the clock")
        check_mac(unb64(request.mac), known.streams[request.asker.device], use, request.signable())
        return request.asker, known

    def _rank(self, request: m.RankRequest) -> m.Message:
        asked = self._asker(request, Use.RANK)
        offers = request.candidates or [_doc(offer) for offer in OFFERS]
        last = asked[1].labels[-1].expression if asked and asked[1].labels else None
        wanted = {"joy": "bright", "sadness": "calm"}.get(last or "")
        offers = sorted(offers, key=lambda offer: wanted not in offer.tags)[: request.places]
        event = self._id("evt")
        sealed = None
        if asked:
            asker, known = asked
            why = m.Why(
                used_emotion=wanted is not None,
                why=f"You seemed to show {last}." if wanted else "Nothing about you was used.",
                places=[f"It is {wanted}." if wanted in offer.tags else "" for offer in offers],
                laws=[],
            )
            context = (self.site.encode(), asker.subject.encode(), event.encode())
            sealed = b64(
                seal(pad(encode(m.dump(why)), 8192), known.seals[asker.device], Use.WHY, *context)
            )
        places = [m.PlaceDoc(place=i, offer=offer) for i, offer in enumerate(offers, 1)]
        return m.RankAnswer(event=event, places=places, sealed_why=sealed)

    def _help(self, request: m.HelpRequest) -> m.Message:
        asked = self._asker(request, Use.ASK_HELP)
        name = self._id("hlp")
        mode: m.Mode = "human" if request.human else "auto"
        if asked is None:
            return m.HelpAnswer(help=name, mode=mode, sealed=None)
        asker, known = asked
        cross = bool(known.labels) and known.labels[-1].expression == "anger"
        doc = m.HelpDoc(
            mode="human" if cross else mode, tone="calm" if cross else "plain", used_emotion=cross,
            why="You seemed to show anger." if cross else "Nothing about you was used.",
            passes_on="to speak with you calmly" if cross else "", laws=[], ticket=None,
        )  # fmt: skip
        context = (self.site.encode(), asker.subject.encode(), name.encode())
        plain = pad(encode(m.dump(doc)), 8192)
        sealed = b64(seal(plain, known.seals[asker.device], Use.HELP, *context))
        return m.HelpAnswer(help=name, mode=mode, sealed=sealed)

    def _reward(self, request: m.RewardRequest) -> m.Message:
        asked = self._asker(request, Use.REWARD)
        self.rewards.append((request.event, request.place, request.amount, asked is not None))
        return m.Accepted()

    # ---- rights ----
    def _export(self, jws: str) -> m.Message:
        statement, known = self._checked(jws, Kind.EXPORT_REQUEST, m.ExportRequest)
        held = {
            "site": self.site,
            "subject": statement.subject,
            "at": self.now(),
            "purposes": known.purposes,
            "consent": {"state": known.state, "expires_at": known.expires_at},
            "keys": [
                {"id": key, "role": role, "added_at": START} for key, role in known.roles.items()
            ],
            "labels": [
                {"record": name, "expression": label.expression, "ended_at": label.ended_at}
                for name, label in zip(known.ids, known.labels, strict=True)
            ],
        }
        content = encode(held)
        context = (self.site.encode(), statement.subject.encode())
        sealed = seal(
            pad(zlib.compress(content), 4096),
            SealKey.from_text(statement.seal),
            Use.EXPORT,
            *context,
        )
        stated = m.ExportSeal(
            site=self.site, subject=statement.subject, at=self.now(),
            sha256=b64(hashlib.sha256(content).digest()),
        )  # fmt: skip
        return m.ExportAnswer(sealed=b64(sealed), signature=self._sign(Kind.EXPORT, m.dump(stated)))

    def _correct(self, jws: str) -> m.Message:
        statement, known = self._checked(jws, Kind.CORRECTION, m.CorrectionStatement)
        if statement.record not in known.ids:
            raise _NotFound("no such record; take its id from the export")
        context = (self.site.encode(), statement.subject.encode(), statement.record.encode())
        plain = open_sealed(
            unb64(statement.sealed), self._opening(statement.kid), Use.CORRECTION, *context
        )
        base = int.from_bytes(plain[:4], "big")
        known.labels[known.ids.index(statement.record)] = unpack_slot(plain[4:], base)
        return m.Accepted()

    def _erase(self, jws: str) -> m.Message:
        statement, _known = self._checked(jws, Kind.ERASURE, m.ErasureStatement)
        del self.people[statement.subject]
        erasure = self._id("ers")
        self.erased[erasure] = statement.subject
        return self._erasure(erasure)

    def _erasure(self, erasure: str) -> m.Message:
        if erasure not in self.erased:
            raise _NotFound("no such erasure")
        found = m.Certificate(
            erasure=erasure,
            site=self.site,
            stage="completed",
            accepted_at=self.now(),
            completed_at=self.now(),
            complete_by=self.now() + _DAY,
            key_destroyed=True,
            records_deleted=0,
            events_subtracted=0,
            backups_unreadable_by=self.now() + 30 * _DAY,
            promise=self._promise(erasure),
        )
        return m.ErasureAnswer(
            erasure=erasure, certificate=self._sign(Kind.CERTIFICATE, m.dump(found))
        )

    # ---- a log of one entry each ----
    def _promise(self, what: str) -> m.Promise:
        leaf = proof.leaf_of(bytes(32), what.encode())
        self.leaves.append(leaf)
        return m.Promise(origin="fake.example/log", leaf=b64(leaf), publish_by=self.now() + 60)

    def _proof(self, leaf: bytes) -> m.Message:
        if leaf not in self.leaves:
            raise _NotFound("no such entry")
        entry = proof.entry_of(leaf, self.now())
        checkpoint = proof.Checkpoint("fake.example/log", 1, proof.leaf_hash(entry))
        body = checkpoint.body()
        name = checkpoint.origin
        note = proof.note_id(name, self.log.verify_key()) + self.log.sign(body.encode())
        signed = f"{body}\n— {name} {base64.b64encode(note).decode()}\n"
        return m.ProofAnswer(proof=f"c2sp.org/tlog-proof@v1\nindex 0\n\n{signed}", entry=b64(entry))

    def _id(self, prefix: str) -> str:
        self._count += 1
        digest = hashlib.sha256(f"{prefix}{self._count}".encode()).digest()[:16]
        return f"{prefix}_{base64.b32encode(digest).decode().lower().rstrip('=')}"


class _Unknown(MienError):
    code = "site-unknown"


class _Unheard(MienError):
    code = "person-unknown"


class _Erased(MienError):
    code = "person-erased"


class _NotFound(MienError):
    code = "not-found"


def _problem(error: MienError) -> httpx.Response:
    status = _STATUS.get(error.code, 400)
    body = {
        "type": f"/errors/{error.code}",
        "title": error.code,
        "status": status,
        "detail": str(error.args[0]),
        "code": error.code,
        "laws": list(error.laws),
    }
    headers = {"content-type": "application/problem+json"}
    return httpx.Response(status, headers=headers, content=encode(body))


def _doc(offer: Offer) -> m.OfferDoc:
    return m.OfferDoc(
        id=offer.id,
        title=offer.title,
        price=offer.price,
        currency=offer.currency,
        tags=list(offer.tags),
        stock=offer.stock,
    )


def _stretch(kid: str) -> bytes:
    return hashlib.shake_256(f"fake seal key {kid}".encode()).digest(96)
