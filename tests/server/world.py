"""A small world for the server's tests: a real database, real keys and policies, a shop, and phones that speak the wire and nothing else.

Nothing here is a fake but the clock, which stands still until a test moves it.
"""

import base64
import hashlib
import os
import zlib
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from sqlalchemy import text
from tests.postgres import run_elsewhere

from mien.values import Claims, Label, Offer
from mien.wire import seal, slots
from mien.wire.canonical import b64, decode, encode, unb64
from mien.wire.keys import OpenKey, SealKey, SigningKey
from mien.wire.messages import (
    Accepted,
    Asker,
    ByPerson,
    CapabilityRequest,
    Certificate,
    ClaimsDoc,
    ConsentStatement,
    CorrectionStatement,
    Envelope,
    ErasureAnswer,
    ErasureStatement,
    ExportRequest,
    GuardianApproval,
    GuardianDoc,
    HelpAnswer,
    HelpDoc,
    HelpRequest,
    KeyChange,
    KeyDoc,
    KeyPossession,
    RankAnswer,
    RankRequest,
    Receipt,
    RewardRequest,
    Why,
    WithdrawalStatement,
    authenticate,
    dump,
    envelope_context,
    parse,
)
from mien.wire.seal import Use
from mien.wire.signatures import Kind, sign, verify
from mien_server.authorize import Authorizer, Bundle, load_bundle
from mien_server.journal import FileJournal
from mien_server.keys import Keyring, create_keys
from mien_server.personalize import Desk
from mien_server.pipeline import Pipeline
from mien_server.stores import SqliteStore, open_store
from mien_server.values import Catalogue, Officer, Person, Site

ROOT = Path(__file__).resolve().parents[2]
"""Of the repository: where `python -m tests.server.dying` and its like are started."""
NOON = 1_795_305_600 + 43_200
"""2026-11-22 12:00 UTC."""
DAY = 86_400
ORIGIN = "shop.example/log"
BUNDLE = load_bundle()
AUTHORIZER = Authorizer(BUNDLE)


class StillClock:
    """A clock that a test moves."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


class SystemEntropy:
    """The operating system's randomness: tests of races and erasure need keys that differ."""

    def bytes(self, count: int) -> bytes:
        return os.urandom(count)


def shop(name: str = "shop", **other: Any) -> Site:
    """A shop in Germany."""
    given = {
        "id": name, "name": "A shop", "sector": "retail", "roles": ("customer",), "jurisdictions": ("EU-DE",),
        "controller": "Laden GmbH", "contact": "privacy@laden.example",
        "publishable_sha256": hashlib.sha256(f"pk_{name}".encode()).digest(),
        "secret_sha256": hashlib.sha256(f"sk_{name}".encode()).digest(), "impact_assessment": True, "created_at": NOON,
    }  # fmt: skip
    return Site(**{**given, **other})


CATALOGUE = Catalogue(
    tuple(
        Offer(f"offer-{i}", f"Offer {i}", 1000 + 100 * i, tags=("bright",) if i % 2 else ("calm",))
        for i in range(6)
    ),
    {"joy": {"bright": 1.0}, "sadness": {"calm": 1.0}},
)


@cache
def empty_database() -> bytes:
    """An SQLite file with every table and no row: made by a store once, and copied by every world, as `tests.postgres` does."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "mien.db")
        run_elsewhere(SqliteStore(path).close())
        return path.read_bytes()


@dataclass
class World:
    """A server on a directory, without HTTP. `open` starts it (again), `close` ends it."""

    directory: Path
    clock: StillClock = field(default_factory=lambda: StillClock(NOON))
    site: Site = field(default_factory=shop)
    entropy: SystemEntropy = field(default_factory=SystemEntropy)
    catalogue: Catalogue = CATALOGUE
    bundle: Bundle = field(default_factory=lambda: BUNDLE, repr=False)
    url: str = ""
    """Of the database; without one, an SQLite file in the directory."""
    officers: tuple[Officer, ...] = ()
    holdout: Any = None
    """What gives the gate of rounds (`mien_server.adapt.Holdout`); None: the one that ships."""
    desks: dict[str, Desk] = field(default_factory=dict)
    """What service desks count with, by site."""
    store: Any = field(init=False)
    keys: Keyring = field(init=False)
    pipeline: Pipeline = field(init=False)
    journal: FileJournal = field(init=False)

    @property
    def database(self) -> Path:
        return self.directory / "mien.db"

    @property
    def address(self) -> str:
        """What `MIEN_DATABASE` says to reach this world's database."""
        return self.url or f"sqlite:///{self.database}"

    @property
    def key_directory(self) -> Path:
        return self.directory / "keys"

    @property
    def journal_directory(self) -> Path:
        return self.directory / "journal"

    async def open(self) -> Self:
        self.journal = FileJournal(self.journal_directory, self.entropy)
        self.journal.make()
        self.keys = create_keys(self.key_directory, self.entropy, self.clock)
        self.store = self.new_store(busy_seconds=0.2)
        self.pipeline = self.pipeline_over(self.store)
        await self.store.transact(lambda t: t.sites.put(self.site))
        await self.store.transact(lambda t: t.sites.put_catalogue(self.site.id, self.catalogue))
        return self

    def new_store(self, *, busy_seconds: float = 20.0) -> Any:
        """A store on this world's database, as another node has one. `busy_seconds` is of SQLite."""
        if self.url:
            return open_store(self.url)
        if not self.database.exists():
            self.database.touch(0o600)
            self.database.write_bytes(empty_database())
        return SqliteStore(self.database, busy_seconds=busy_seconds)

    def wait_for_others(self) -> None:
        """Let this world's SQLite store wait as long as another's would; PostgreSQL's nodes do by themselves."""
        if not self.url:
            self.store._raw.execute("PRAGMA busy_timeout = 20000")

    async def select(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query past the ports; `:name` binds."""
        statement = text(query)
        found: list[tuple[Any, ...]] = await self.store.transact(
            lambda t: t.sites._runner.rows(statement, values)
        )
        return found

    def pipeline_over(self, store: Any) -> Pipeline:
        return Pipeline(
            store, self.keys, self._authorizer(), self.clock, self.entropy, origin=ORIGIN,
            journal=self.journal, officers=self.officers, desks=self.desks,
            **({"holdout": self.holdout} if self.holdout else {}),
        )  # fmt: skip

    def _authorizer(self) -> Authorizer:
        """One of this world's own; what the shipped bundle was made ready for, all worlds share."""
        return copy(AUTHORIZER) if self.bundle is BUNDLE else Authorizer(self.bundle)

    async def close(self) -> None:
        await self.store.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def notice_hash(self, locale: str = "en") -> str:
        notice = await self.pipeline.notice(self.site.id, locale)
        return b64(hashlib.sha256(encode(dump(notice))).digest())

    async def person(self, subject: str) -> Person:
        """The row of a person who must be there."""
        found: Person | None = await self.store.transact(
            lambda t: t.people.get(self.site.id, subject, "none")
        )
        assert found is not None
        return found

    def phone(self, **other: Any) -> "Phone":
        return Phone(self, **other)

    async def enrolled(self, *purposes: str) -> "Phone":
        """A phone whose person has said yes."""
        phone = self.phone()
        receipt = await phone.consent(*(purposes or ("personalize_offers",)))
        assert receipt.outcome == "given", receipt
        return phone

    async def rank(self, **other: Any) -> RankAnswer:
        """A ranking for nobody in particular."""
        request = RankRequest(site=self.site.id, request=b64(os.urandom(16)), **other)
        return await self.pipeline.rank(self.site, request, backend=False)


def new_subject() -> str:
    return "sub_" + base64.b32encode(os.urandom(17)).decode().lower()[:26]


def joyful(now: int, count: int = 8) -> list[Label]:
    return [
        Label("joy", now - count + i, confidence=14, valence=10, arousal=5, model=1)
        for i in range(count)
    ]


@dataclass
class Phone:
    """One device of one person, as it speaks."""

    world: World
    subject: str = field(default_factory=new_subject)
    signing: SigningKey = field(default_factory=SigningKey.generate)
    opening: OpenKey = field(default_factory=OpenKey.generate)
    stream_key: bytes = field(default_factory=lambda: os.urandom(32))
    model: int = 1
    seq: int = 0

    @property
    def id(self) -> str:
        return self.signing.verify_key().id

    @property
    def site(self) -> Site:
        return self.world.site

    def now(self) -> int:
        return self.world.clock.now()

    def by_person(self, **other: Any) -> dict[str, Any]:
        return {
            "site": self.site.id, "subject": self.subject, "at": self.now(), "nonce": b64(os.urandom(16)), **other,
        }  # fmt: skip

    def key_doc(self) -> KeyDoc:
        server = self.world.keys.seal_keys(self.now())[0]
        context = (self.site.id.encode(), self.subject.encode(), self.id.encode())
        sealed = seal.seal(
            self.stream_key, SealKey.from_text(server.public), Use.STREAM_KEY, *context
        )
        return KeyDoc(
            role="device", sign=self.signing.verify_key().text(), seal=self.opening.seal_key().text(),
            stream_kid=server.kid, sealed_stream_key=b64(sealed),
        )  # fmt: skip

    # ---- statements ----
    def signed(self, kind: Kind, statement: ByPerson, key: SigningKey | None = None) -> str:
        return sign(kind, dump(statement), key or self.signing)

    async def consent_statement(self, *purposes: str, **other: Any) -> ConsentStatement:
        claims = other.pop("claims", Claims(("EU-DE",), age_band="adult"))
        given = {
            "keys": [self.key_doc()], "notice_sha256": await self.world.notice_hash(), "locale": "en",
            "purposes": list(purposes), "claims": ClaimsDoc.of(claims), "method": "button",
            "model": self.model,
        }  # fmt: skip
        return ConsentStatement(**self.by_person(**{**given, **other}))

    async def approval(self, guardian: SigningKey, *purposes: str, **other: Any) -> GuardianDoc:
        """What a guardian signs for a child of this phone."""
        given = {
            "device": self.id, "notice_sha256": await self.world.notice_hash(),
            "purposes": list(purposes), "age_band": "13_to_15",
        }  # fmt: skip
        verification = other.pop("verification", None)
        said = GuardianApproval(**self.by_person(**{**given, **other}))
        text = sign(Kind.GUARDIAN_APPROVAL, dump(said), guardian)
        return GuardianDoc(approval=text, verification=verification)

    async def child_consent(self, by: SigningKey, *purposes: str, **other: Any) -> Receipt:
        """Consent of a child of 13 to 15, countersigned by a guardian."""
        keys = [self.key_doc(), KeyDoc(role="guardian", sign=by.verify_key().text())]
        claims = Claims(("EU-DE",), age_band="13_to_15")
        given = {"claims": claims, "keys": keys}
        if "guardian" not in other:
            given["guardian"] = await self.approval(by, *purposes)
        return await self.consent(*purposes, **{**given, **other})

    async def consent(self, *purposes: str, **other: Any) -> Receipt:
        statement = await self.consent_statement(*purposes, **other)
        answer = await self.world.pipeline.consent(self.site, self.signed(Kind.CONSENT, statement))
        return self.receipt(answer.receipt)

    def receipt(self, text: str) -> Receipt:
        key = self.world.keys.signing.verify_key()
        return parse(Receipt, verify(text, Kind.RECEIPT, key))

    def withdrawal(self, *purposes: str, key: SigningKey | None = None, **other: Any) -> str:
        given = {"purposes": list(purposes), "model": self.model, **other}
        statement = WithdrawalStatement(**self.by_person(**given))
        return self.signed(Kind.WITHDRAWAL, statement, key)

    async def withdraw(self, *purposes: str, gpc: bool = False, **other: Any) -> Receipt:
        text = self.withdrawal(*(purposes or ("personalize_offers",)), **other)
        answer = await self.world.pipeline.withdraw(self.site, text, gpc=gpc)
        return self.receipt(answer.receipt)

    async def capability(self, *, gpc: bool = False) -> dict[str, Any]:
        request = CapabilityRequest(**self.by_person(model=self.model))
        text = self.signed(Kind.CAPABILITY_REQUEST, request)
        answer = await self.world.pipeline.capability(self.site, text, gpc=gpc)
        return verify(answer.capability, Kind.CAPABILITY, self.world.keys.signing.verify_key())

    def key_change(
        self, key: SigningKey, doc: KeyDoc, *, by: SigningKey | None = None, expires_at: int = 0
    ) -> str:
        """Adds the key `doc`, whose private half is `key`; signed by this device or `by`."""
        change = self.by_person()
        possession = sign(Kind.KEY_POSSESSION, dump(KeyPossession(**change)), key)
        statement = KeyChange(**change, add=doc, possession=possession, expires_at=expires_at)
        return self.signed(Kind.KEY_CHANGE, statement, by)

    def key_removal(self, key_id: str, *, by: SigningKey | None = None) -> str:
        return self.signed(Kind.KEY_CHANGE, KeyChange(**self.by_person(remove=key_id)), by)

    # ---- the stream ----
    def envelope(
        self, labels: Sequence[Label] | None = None, *, seq: int | None = None
    ) -> Envelope:
        """The next envelope, or one with a chosen number."""
        self.seq = self.seq + 1 if seq is None else max(self.seq, seq)
        number = self.seq if seq is None else seq
        server = self.world.keys.seal_keys(self.now())[0]
        context = envelope_context(self.site.id, self.subject, self.id, number, server.kid)
        labels = joyful(self.now()) if labels is None else labels
        base = min((label.ended_at for label in labels), default=self.now())
        ct = seal.seal(
            slots.pack(labels, base), SealKey.from_text(server.public), Use.ENVELOPE, *context
        )
        tag = seal.mac(self.stream_key, Use.ENVELOPE, *context, ct)
        return Envelope(
            site=self.site.id, subject=self.subject, device=self.id, seq=number, kid=server.kid, ct=b64(ct), mac=b64(tag),
        )  # fmt: skip

    async def send(self, labels: Sequence[Label] | None = None, **other: Any) -> Accepted:
        return await self.world.pipeline.labels(self.site, self.envelope(labels, **other))

    # ---- ranking ----
    def asker(self) -> Asker:
        return Asker(subject=self.subject, device=self.id, at=self.now())

    def rank_request(self, **other: Any) -> RankRequest:
        request = RankRequest(
            site=self.site.id,
            request=b64(os.urandom(16)),
            asker=self.asker(),
            mac=b64(bytes(32)),
            **other,
        )
        return authenticate(request, self.stream_key, Use.RANK)

    async def rank(self, **other: Any) -> RankAnswer:
        return await self.world.pipeline.rank(self.site, self.rank_request(**other), backend=False)

    def why(self, answer: RankAnswer) -> Why:
        context = (self.site.id.encode(), self.subject.encode(), answer.event.encode())
        plain = seal.open_sealed(unb64(answer.sealed_why or ""), self.opening, Use.WHY, *context)
        return parse(Why, decode(seal.unpad(plain)))

    def reward_request(self, event: str, reward: int, place: int = 1) -> RewardRequest:
        request = RewardRequest(
            site=self.site.id,
            event=event,
            place=place,
            reward=reward,
            asker=self.asker(),
            mac=b64(bytes(32)),
        )
        return authenticate(request, self.stream_key, Use.REWARD)

    async def reward(self, event: str, reward: int, place: int = 1) -> Accepted:
        message = self.reward_request(event, reward, place)
        return await self.world.pipeline.reward(self.site, message, backend=False)

    # ---- help ----
    def help_request(self, **other: Any) -> HelpRequest:
        request = HelpRequest(
            site=self.site.id, request=b64(os.urandom(16)), asker=self.asker(), mac=b64(bytes(32)), **other,
        )  # fmt: skip
        return authenticate(request, self.stream_key, Use.ASK_HELP)

    async def help(self, **other: Any) -> tuple[HelpAnswer, HelpDoc]:
        """The answer, and what is sealed in it."""
        request = self.help_request(**other)
        answer = await self.world.pipeline.help(self.site, request, backend=False)
        return answer, self.helped(answer)

    def helped(self, answer: HelpAnswer) -> HelpDoc:
        context = (self.site.id.encode(), self.subject.encode(), answer.help.encode())
        plain = seal.open_sealed(unb64(answer.sealed or ""), self.opening, Use.HELP, *context)
        return parse(HelpDoc, decode(seal.unpad(plain)))

    # ---- rights ----
    async def export(self) -> dict[str, Any]:
        ephemeral = OpenKey.generate()
        statement = ExportRequest(**self.by_person(seal=ephemeral.seal_key().text()))
        answer = await self.world.pipeline.export(
            self.site, self.signed(Kind.EXPORT_REQUEST, statement)
        )
        context = (self.site.id.encode(), self.subject.encode())
        plain = seal.open_sealed(unb64(answer.sealed), ephemeral, Use.EXPORT, *context)
        content: dict[str, Any] = decode(zlib.decompress(seal.unpad(plain)), limit=2**24)
        return content

    async def correct(self, record: str, label: Label) -> Accepted:
        server = self.world.keys.seal_keys(self.now())[0]
        context = (self.site.id.encode(), self.subject.encode(), record.encode())
        plain = label.ended_at.to_bytes(4, "big") + slots.pack_slot(label, label.ended_at)
        sealed = seal.seal(plain, SealKey.from_text(server.public), Use.CORRECTION, *context)
        statement = CorrectionStatement(
            **self.by_person(record=record, kid=server.kid, sealed=b64(sealed))
        )
        return await self.world.pipeline.correct(self.site, self.signed(Kind.CORRECTION, statement))

    def erasure(self, key: SigningKey | None = None) -> str:
        return self.signed(Kind.ERASURE, ErasureStatement(**self.by_person()), key)

    async def erase(self, **other: Any) -> ErasureAnswer:
        return await self.world.pipeline.erase(self.site, self.erasure(**other))

    def certificate(self, answer: ErasureAnswer) -> Certificate:
        key = self.world.keys.signing.verify_key()
        return parse(Certificate, verify(answer.certificate, Kind.CERTIFICATE, key))


MakeWorld = Callable[..., World]
"""The fixture `make_world`: a world that is not open yet, in a directory below the test's own."""
