"""Every message on the wire, validated strictly: unknown fields, wrong types and wrong sizes are refused. In the order they are met.

Signed payloads (`...Statement`, `Receipt`, `Capability`, `Certificate`, `Service`) travel as JWS (`mien.wire.signatures`); requests and answers
as JSON. Times are unix seconds, prices are minor units, bytes are base64url. `parse` and `dump` are the only ways in and out.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from mien.errors import RequestInvalid
from mien.values import EXPRESSIONS, PURPOSES, Claims
from mien.wire.canonical import b64, encode
from mien.wire.seal import OVERHEAD, Use, mac
from mien.wire.slots import PLAINTEXT_BYTES

M = TypeVar("M", bound=BaseModel)
CLOCK_SKEW = 120
"""Seconds two clocks may differ."""
ENVELOPE_BYTES = PLAINTEXT_BYTES + OVERHEAD
LINK_SECONDS = 600
"""How long a link code can be used."""
APPROVAL_SECONDS = 86_400
"""How long a guardian's approval can be used."""
LETTERS = 2
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
MAX_CANDIDATES = 200
MAX_PLACES = 20
MAX_HISTORY = 64
"""Deeds of a visitor that one request may tell; the newest are enough."""
HISTORY_SECONDS = 30 * 86_400
MAX_RULES = 32
MAX_EXPORT_CHARS = 64 * 1024 * 1024
"""About 180,000 labels: fifty hours of reading within a retention of 30 days."""
HEAD_EMBEDDING = 96
"""Numbers of an embedding: what the network's last layer reads."""
HEAD_ROWS = HEAD_EMBEDDING + 1
"""One for each number of an embedding, and the bias."""
HEAD_COLUMNS = len(EXPRESSIONS)
HEAD_NUMBERS = HEAD_ROWS * HEAD_COLUMNS
"""776: those of a head, and of an update."""
HEAD_LARGEST = 1000.0
"""No number of a head is further from zero: devices refuse one that is, so nobody may release it. The base head's are under 3."""
UPDATE_PLAIN = 4096
"""Bytes of an update before it is sealed: shape, 776 numbers of 32 bits and zeros (`wire.updates`)."""
UPDATE_BYTES = UPDATE_PLAIN + OVERHEAD
HEAD_BYTES = 4 * HEAD_NUMBERS
"""Bytes of a head: 97 rows by 8 expressions, 32 bits each, little-endian (`mien.adapt.Head`)."""
MILLION = 1_000_000


def _b64(size: int) -> str:
    """The pattern of `size` bytes as base64url."""
    return rf"^[A-Za-z0-9_-]{{{-(-size * 4 // 3)}}}$"


SiteId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
SubjectId = Annotated[str, Field(pattern=r"^sub_[a-z2-7]{26}$")]
OpaqueId = Annotated[str, Field(pattern=r"^[a-z]{2,4}_[a-z2-7]{26}$")]
RecordId = Annotated[str, Field(pattern=r"^[a-z]{2,4}_[a-z2-7]{26}(-[0-6][0-9])?$")]
"""A label's name: what it lies in, and its place there from 00; without a place where it lies by itself."""
KeyId = Annotated[str, Field(pattern=_b64(16))]
Nonce = Annotated[str, Field(pattern=_b64(16))]
Hash = Annotated[str, Field(pattern=_b64(32))]
SignKeyText = Annotated[str, Field(pattern=_b64(32))]
SealKeyText = Annotated[str, Field(pattern=_b64(1216))]
SealedStreamKey = Annotated[str, Field(pattern=_b64(32 + OVERHEAD))]
SealedSlot = Annotated[str, Field(pattern=_b64(4 + 8 + OVERHEAD))]
SealKid = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Time = Annotated[int, Field(ge=0, le=0xFFFF_FFFF)]
Jurisdiction = Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z]{2})?$")]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Purpose = Literal[
    "personalize_offers",
    "adapt_service",
    "adapt_lessons",
    "bind_account",
    "contribute",
    "declare_mood",
]
Sector = Literal["retail", "education", "workplace", "health", "finance", "service"]
Role = Literal["customer", "student", "patient", "client", "employee", "candidate"]
AgeBand = Literal["under_13", "13_to_15", "16_to_17", "adult", "undeclared"]
Outcome = Literal["given", "renewed", "refused", "withdrawn", "revoked", "expired", "invalidated"]
ModelNumber = Annotated[int, Field(ge=0, le=255)]
"""The id of the model that a device reads with, as labels carry it; 0: it reads no faces."""
Words = Annotated[str, Field(max_length=4000)]
Jws = Annotated[
    str, Field(max_length=32 * 1024, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")
]


class Message(BaseModel):
    """Base of all messages: strict, closed, immutable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


# ---- what the server says of itself ----
class SealKeyDoc(Message):
    """A key labels may be sealed to, with its life. `kid` is its UTC day."""

    kid: SealKid
    public: SealKeyText
    not_before: Time
    not_after: Time


class Limits(Message):
    """What the server accepts."""

    envelope_bytes: int = ENVELOPE_BYTES
    candidates: int = MAX_CANDIDATES
    places: int = MAX_PLACES
    clock_skew: int = CLOCK_SKEW


class Service(Message):
    """`GET /.well-known/mien`, signed (`Kind.SERVICE`) by the key that the site's owner gave the integrator."""

    v: Literal[1] = 1
    audit_origin: str
    audit_key: str
    seal_keys: Annotated[list[SealKeyDoc], Field(min_length=1, max_length=8)]
    bundle_version: str
    bundle_sha256: Hash
    limits: Limits = Limits()
    at: Time


class SignedAnswer(Message):
    """An answer that is one signed statement."""

    jws: Jws


class PurposeDoc(Message):
    """One purpose as shown to the person."""

    id: Purpose
    title: Annotated[str, Field(max_length=120)]
    text: Words


class Notice(Message):
    """`GET /v1/sites/{site}/notices/{locale}`: everything shown before the answer. Its identity is the SHA-256 of its canonical bytes.

    `locale` is the language it is in: English where there is none in the language asked for. `release` is what a person signs by typing
    their name, where a law wants a written release.
    """

    v: Literal[1] = 1
    site: SiteId
    locale: Locale
    version: Annotated[str, Field(max_length=40)]
    title: Annotated[str, Field(max_length=200)]
    text: Annotated[str, Field(max_length=20_000)]
    purposes: Annotated[list[PurposeDoc], Field(min_length=1, max_length=len(PURPOSES))]
    controller: Annotated[str, Field(max_length=200)]
    contact: Annotated[str, Field(max_length=200)]
    retention_days: Annotated[int, Field(ge=0, le=36_500)]
    release: Words


# ---- what the person says ----
class ClaimsDoc(Message):
    """`mien.values.Claims` on the wire."""

    jurisdictions: Annotated[list[Jurisdiction], Field(min_length=1, max_length=8)]
    sector: Sector
    role: Role
    age_band: AgeBand
    gpc: bool

    @classmethod
    def of(cls, claims: Claims) -> Self:
        """From the device's noun. Raises `RequestInvalid`."""
        return parse(cls, {
            "jurisdictions": list(claims.jurisdictions), "sector": claims.sector, "role": claims.role,
            "age_band": claims.age_band, "gpc": claims.gpc,
        })  # fmt: skip


class KeyDoc(Message):
    """A public key of a key set. `seal` and the sealed stream key are there for devices only: the others sign and nothing else.

    A `link` key comes from a link code: it adds one device within a few minutes and is gone.
    """

    role: Literal["device", "guardian", "recovery", "link"]
    sign: SignKeyText
    seal: SealKeyText | None = None
    stream_kid: SealKid | None = None
    sealed_stream_key: SealedStreamKey | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [
            self.seal is not None,
            self.stream_kid is not None,
            self.sealed_stream_key is not None,
        ]
        if any(given) != (self.role == "device") or len(set(given)) != 1:
            msg = "a device has sealing and stream keys, any other key has none"
            raise ValueError(msg)
        return self


class ByPerson(Message):
    """What every statement of a person holds: who, where, when, and a nonce against replay."""

    v: Literal[1] = 1
    site: SiteId
    subject: SubjectId
    at: Time
    nonce: Nonce


class ByDevice(ByPerson):
    """A statement that is answered with a capability: `model` is what this device will read with."""

    model: ModelNumber = 0


class ReleaseDoc(Message):
    """A written release: the name that was typed, SHA-256 of the notice's `release` text, and when. Signed with the statement it stands in."""

    name: Annotated[str, Field(min_length=2, max_length=120)]
    text_sha256: Hash
    at: Time

    @field_validator("name")
    @classmethod
    def _written(cls, name: str) -> str:
        """A name has letters, and nothing that cannot be seen."""
        unseen = any(unicodedata.category(each) in _UNSEEN for each in name)
        if unseen or name != name.strip() or sum(each.isalpha() for each in name) < LETTERS:
            msg = "a written release bears a name: letters, and nothing invisible"
            raise ValueError(msg)
        return name


class GuardianDoc(Message):
    """A guardian's countersignature (`GuardianApproval`) and, where the law wants it, a verifier's word (`GuardianVerification`)."""

    approval: Jws
    verification: Jws | None = None


class ConsentStatement(ByDevice):
    """What the person did (`Kind.CONSENT`), signed by the first of `keys`, the device. `purposes` are the ones said yes to, each on its own.

    `renewal` says that this prolongs a consent that stands; without one the server refuses it.
    """

    keys: Annotated[list[KeyDoc], Field(min_length=1, max_length=4)]
    notice_sha256: Hash
    locale: Locale
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=len(PURPOSES))]
    claims: ClaimsDoc
    release: ReleaseDoc | None = None
    guardian: GuardianDoc | None = None
    renewal: bool = False
    method: Annotated[str, Field(pattern=r"^[a-z-]{2,40}$")]
    site_handle: Hash | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.keys[0].role != "device":
            msg = "the first key is the device that signs"
            raise ValueError(msg)
        if len(set(self.purposes)) != len(self.purposes):
            msg = "each purpose is named once"
            raise ValueError(msg)
        roles = sorted(key.role for key in self.keys)
        if roles != sorted(set(roles)) or "link" in roles:
            msg = "a consent names its device and at most one recovery and one guardian's key; others join with `/v1/keys`"
            raise ValueError(msg)
        if (self.guardian is not None) != any(key.role == "guardian" for key in self.keys):
            msg = "a guardian's consent names the guardian's key"
            raise ValueError(msg)
        if (self.site_handle is not None) != ("bind_account" in self.purposes):
            msg = "a site handle needs the purpose bind_account, and the other way round"
            raise ValueError(msg)
        return self


class GuardianApproval(ByPerson):
    """`Kind.GUARDIAN_APPROVAL`, signed by the guardian's own key: this notice, these purposes, for this device key, for a person of this age."""

    device: KeyId
    notice_sha256: Hash
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=len(PURPOSES))]
    age_band: AgeBand


class GuardianVerification(Message):
    """`Kind.GUARDIAN_VERIFICATION`, signed by the verifier that the site configured: the holder of this key was verified as this subject's guardian.

    `method` names how (such as `card-charge`, `id-document`); the law lists those it accepts (COPPA: 16 CFR 312.5(b)).
    """

    v: Literal[1] = 1
    site: SiteId
    subject: SubjectId
    guardian: KeyId
    method: Annotated[str, Field(pattern=r"^[a-z0-9-]{2,40}$")]
    at: Time
    expires_at: Time


class WithdrawalStatement(ByDevice):
    """`Kind.WITHDRAWAL`: takes back these purposes, by any key of the key set."""

    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=len(PURPOSES))]


class CapabilityRequest(ByDevice):
    """`Kind.CAPABILITY_REQUEST`: what may this device do now?"""


class KeyChange(ByDevice):
    """`Kind.KEY_CHANGE`: adds a key to the key set or removes one, signed by a key already in it.

    `possession` is signed by the new key over the same nonce. A link key says when it ends (`expires_at`, at most `LINK_SECONDS` away).
    """

    add: KeyDoc | None = None
    possession: Jws | None = None
    expires_at: Time = 0
    remove: KeyId | None = None

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if (self.add is None) == (self.remove is None):
            msg = "a key change adds one key or removes one"
            raise ValueError(msg)
        if (self.add is None) != (self.possession is None):
            msg = "a new key signs that it wants to join, and only a new one"
            raise ValueError(msg)
        if (self.expires_at > 0) != (self.add is not None and self.add.role == "link"):
            msg = "a link key says when it ends, and no other does"
            raise ValueError(msg)
        return self


class KeyPossession(ByPerson):
    """`Kind.KEY_POSSESSION`: the new key says that it wants to join."""


class ExportRequest(ByPerson):
    """`Kind.EXPORT_REQUEST`: everything held, sealed to `seal`."""

    seal: SealKeyText


class CorrectionStatement(ByPerson):
    """`Kind.CORRECTION`: what a stored label should have said. The slot (base time first, as 4 bytes) is sealed to the server's key `kid`."""

    record: RecordId
    kid: SealKid
    sealed: SealedSlot


class ErasureStatement(ByPerson):
    """`Kind.ERASURE`: forget this subject, by any key of the key set."""


# ---- what the server answers ----
class Promise(Message):
    """The decision's leaf will be in the log `origin` by `publish_by`; a missing proof after that is evidence."""

    origin: str
    leaf: Hash
    publish_by: Time


class Refusal(Message):
    """A purpose that policy refused, the laws, and what they say."""

    purpose: Purpose
    laws: list[str]
    says: list[str]


class Receipt(Message):
    """`Kind.RECEIPT`: the answer to a consent or withdrawal. A refusal is an answer too, and names the law.

    `purposes` are those that stand after it. `laws` and `says` are those of the outcome; what was asked for and refused is in `refused`, each with
    its own, and what stood and was taken back in `withdrawn`. `by` is the role of the key that signed the statement; `jurisdictions` are all that anybody claimed.
    """

    v: Literal[1] = 1
    receipt: OpaqueId
    site: SiteId
    subject: SubjectId
    outcome: Outcome
    purposes: list[Purpose]
    refused: list[Refusal] = []
    withdrawn: list[Purpose] = []
    laws: list[str]
    says: list[str]
    notice_sha256: Hash
    statement_sha256: Hash
    jurisdictions: list[Jurisdiction]
    by: Literal["device", "guardian", "recovery", "link"]
    bundle_version: str
    bundle_sha256: Hash
    at: Time
    expires_at: Time
    promise: Promise


class Capability(Message):
    """`Kind.CAPABILITY`: what the SDK may do until `expires_at` (five minutes), for one device reading with one model.

    Without a model (0) nothing may be inferred: `send` is then for what the person declares.
    """

    v: Literal[1] = 1
    site: SiteId
    subject: SubjectId
    device: KeyId
    may: list[Literal["infer", "send", "contribute"]]
    purposes: list[Purpose]
    model: ModelNumber
    bundle_sha256: Hash
    issued_at: Time
    expires_at: Time


class ConsentAnswer(Message):
    """Answer of `/v1/consents`, `/v1/withdrawals` and `/v1/keys`: the receipt and, while anything is allowed, a capability."""

    receipt: Jws
    capability: Jws | None


class CapabilityAnswer(Message):
    """Answer of `/v1/capabilities`."""

    capability: Jws


class SpentDoc(Message):
    """What somebody's updates may have revealed of them: so many took part in a release, together at most this epsilon at a delta of one in `delta_one_in`.

    No erasure takes it back: a release is public, and was made under exactly this promise.
    """

    participations: Annotated[int, Field(ge=0, le=1_000_000)]
    epsilon_millionths: Annotated[int, Field(ge=0, le=10**12)]
    delta_one_in: Annotated[int, Field(ge=1000, le=10**15)]


class Certificate(Message):
    """`Kind.CERTIFICATE`: erasure in two stages. `accepted`: effective from now on. `completed`: key destroyed, rows gone, sums subtracted.

    `records_deleted` counts records as they were stored; one holds up to 64 labels.

    `held_until`: a legal hold keeps what is held from being deleted until then; `complete_by` counts from there. Nothing of it is used. `spent` is there for
    somebody who took part in rounds (`SpentDoc`); updates that waited in an open round are gone with the first certificate.
    """

    v: Literal[1] = 1
    erasure: OpaqueId
    site: SiteId
    stage: Literal["accepted", "completed"]
    accepted_at: Time
    completed_at: Time | None
    complete_by: Time
    key_destroyed: bool
    records_deleted: int
    events_subtracted: int
    backups_unreadable_by: Time
    held_until: Time | None = None
    spent: SpentDoc | None = None
    promise: Promise


class ErasureAnswer(Message):
    """Answer of `/v1/erasures` and `/v1/erasures/{id}`."""

    erasure: OpaqueId
    certificate: Jws


class ExportSeal(Message):
    """`Kind.EXPORT`: that this is what the server held of the subject at `at`. `sha256` is of the export's canonical bytes, before they were packed."""

    v: Literal[1] = 1
    site: SiteId
    subject: SubjectId
    at: Time
    sha256: Hash


class ExportAnswer(Message):
    """Answer of `/v1/me`: packed and padded JSON, sealed to the key that asked, and the server's signature (`ExportSeal`) of what is in it."""

    sealed: Annotated[str, Field(max_length=MAX_EXPORT_CHARS)]
    signature: Jws


class Accepted(Message):
    """The request is durable. `duplicate` when it had been before."""

    accepted: Literal[True] = True
    duplicate: bool = False


# ---- the stream ----
class Envelope(Message):
    """`POST /v1/labels`: 64 slots sealed to the server's key of the day, authenticated by the stream key. Always the same size."""

    v: Literal[1] = 1
    site: SiteId
    subject: SubjectId
    device: KeyId
    seq: Annotated[int, Field(ge=1, le=2**53 - 1)]
    kid: SealKid
    ct: Annotated[str, Field(pattern=_b64(ENVELOPE_BYTES))]
    mac: Hash


def envelope_context(site: str, subject: str, device: str, seq: int, kid: str) -> tuple[bytes, ...]:
    """What an envelope is bound to, in HPKE's info and under the MAC."""
    return site.encode(), subject.encode(), device.encode(), seq.to_bytes(8, "big"), kid.encode()


# ---- ranking ----
OfferId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Tag = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Tags = Annotated[list[Tag], Field(max_length=MAX_RULES)]
PlaceNumber = Annotated[int, Field(ge=1, le=MAX_PLACES)]


class OfferDoc(Message):
    """`mien.values.Offer` on the wire. `price` in minor units."""

    id: OfferId
    title: Annotated[str, Field(max_length=200)]
    price: Annotated[int, Field(ge=0, le=10**12)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    tags: Annotated[list[Tag], Field(max_length=16)] = []
    stock: Annotated[int, Field(ge=0, le=10**9)] = 1


class Asker(Message):
    """Who asks, when a device does: authenticated by the request's MAC. Without it the ranking knows nobody."""

    subject: SubjectId
    device: KeyId
    at: Time


class Authenticated(Message):
    """A request a device may authenticate with its stream key."""

    asker: Asker | None = None
    mac: Hash | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.asker is None) != (self.mac is None):
            msg = "an asker is authenticated by a MAC, and the other way round"
            raise ValueError(msg)
        return self

    def signable(self) -> bytes:
        """The canonical bytes under the MAC: everything but the MAC."""
        return encode(self.model_dump(mode="json", exclude={"mac"}))


class DeedDoc(Message):
    """`mien.values.Deed` on the wire: what a visitor did with an offer, and how many seconds before."""

    kind: Literal["view", "cart", "purchase", "dismissal"]
    offer: OfferId
    ago: Annotated[int, Field(ge=0, le=HISTORY_SECONDS)]


class PinDoc(Message):
    """An offer at a place, for everybody. One that is no candidate, or out of stock, is not missed."""

    offer: OfferId
    place: PlaceNumber


class CapDoc(Message):
    """At most `most` offers of a tag in the first `first` places."""

    tag: Tag
    most: Annotated[int, Field(ge=0, le=MAX_PLACES)]
    first: PlaceNumber = MAX_PLACES


class NotInDoc(Message):
    """A tag that may not be offered in a jurisdiction."""

    tag: Tag
    jurisdiction: Jurisdiction


class OrderRules(Message):
    """What a shop wants of every order; nothing here knows an emotion.

    `exclude` (offers) and `without` (tags) are not shown, `adults` (tags) to adults only, `not_in` not there. `pin`, `cap` and `apart` (tags of which no two
    stand next to each other) shape the order; the last two give way where they would leave a place empty.
    """

    exclude: Annotated[list[OfferId], Field(max_length=MAX_CANDIDATES)] = []
    without: Tags = []
    adults: Tags = []
    not_in: Annotated[list[NotInDoc], Field(max_length=MAX_RULES)] = []
    pin: Annotated[list[PinDoc], Field(max_length=MAX_PLACES)] = []
    cap: Annotated[list[CapDoc], Field(max_length=MAX_RULES)] = []
    apart: Tags = []

    @model_validator(mode="after")
    def _one_pin(self) -> Self:
        for named in ([pin.offer for pin in self.pin], [pin.place for pin in self.pin]):
            if len(set(named)) != len(named):
                msg = "a pin puts one offer at one place"
                raise ValueError(msg)
        return self


class RulesDoc(OrderRules):
    """Rules for one request, on top of the catalogue's. `effect` is what emotion is to change: anything but the order is refused, with the law."""

    effect: Literal["order", "price", "eligibility", "urgency", "vulnerability"] = "order"


class RankRequest(Authenticated):
    """`POST /v1/rank`. Says nothing of emotion, with or without consent: the same shape either way.

    `history` is what the visitor did in this shop before, newest or not; `rules` add to those of the catalogue; `age_band` is what the shop itself knows.
    `own` are offers in the order in which the shop shows them, for trying this beside it: the answer is then that order. `otherwise` is the
    reward (0..100) of a place of which nothing is heard in time.
    """

    v: Literal[1] = 1
    site: SiteId
    request: Nonce
    page: Annotated[str, Field(pattern=r"^[a-z0-9_/-]{1,64}$")] = "home"
    places: Annotated[int, Field(ge=1, le=MAX_PLACES)] = 5
    candidates: Annotated[list[OfferDoc], Field(min_length=1, max_length=MAX_CANDIDATES)] | None = (
        None
    )
    history: Annotated[list[DeedDoc], Field(max_length=MAX_HISTORY)] = []
    rules: RulesDoc = RulesDoc()
    own: Annotated[list[OfferId], Field(max_length=MAX_PLACES)] = []
    age_band: AgeBand = "undeclared"
    otherwise: Annotated[int, Field(ge=0, le=100)] = 0


class PlaceDoc(Message):
    """One place of a ranking."""

    place: PlaceNumber
    offer: OfferDoc


Behaviour = Literal["new", "returning", "browsing", "comparing", "deciding", "leaving"]


class RankAnswer(Message):
    """Answer of `/v1/rank`. `sealed_why` (a `Why`, padded) is there whenever a device asked, so that its presence tells nothing.

    `behaviour` is one word for the history that was sent, and for nothing else. `agreed` is at how many places the shop's own order has the offer that
    would have been shown; null where the shop shows ours.
    """

    event: OpaqueId
    places: list[PlaceDoc]
    sealed_why: Annotated[str, Field(max_length=32 * 1024)] | None
    behaviour: Behaviour = "new"
    agreed: Annotated[int, Field(ge=0, le=MAX_PLACES)] | None = None


class Why(Message):
    """Inside `sealed_why`: whether emotion was used, in words, one sentence a place, and the laws of the decision."""

    used_emotion: bool
    why: Words
    places: list[Words]
    laws: list[str]


REWARDS: Final[Mapping[str, int]] = MappingProxyType(
    {"dismissal": 0, "view": 30, "cart": 60, "purchase": 100}
)
"""What each kind of reward counts. A purchase counts the same whatever was paid: no reward is money (promise P9)."""


class RewardRequest(Authenticated):
    """`POST /v1/rewards`: what came of a ranking. `reward` is 0..100; or its `kind` says it (`REWARDS`)."""

    v: Literal[1] = 1
    site: SiteId
    event: OpaqueId
    place: PlaceNumber = 1
    reward: Annotated[int, Field(ge=0, le=100)] | None = None
    kind: Literal["dismissal", "view", "cart", "purchase"] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.reward is None) == (self.kind is None):
            msg = "a reward says how much, or what kind it is"
            raise ValueError(msg)
        return self

    @property
    def amount(self) -> int:
        """The reward, 0..100."""
        return REWARDS[self.kind] if self.kind is not None else self.reward or 0


# ---- help ----
Mode = Literal["auto", "human"]
Tone = Literal["plain", "calm", "patient", "gentle", "reassuring"]
"""How to speak with somebody."""
Troubled = Literal["", "confused", "frustrated", "stressed"]
TICKET_SECONDS = 600
"""How long a ticket may be shown to a desk."""
MAX_TICKET_CHARS = 4096


class HelpRequest(Authenticated):
    """`POST /v1/help`: go on by machine, or offer a person? Says nothing of emotion, with or without consent: the same shape either way.

    `human`: they asked for a person, which is honoured at once. `pass_on`: and they want the desk to be told how to speak with them.
    """

    v: Literal[1] = 1
    site: SiteId
    request: Nonce
    page: Annotated[str, Field(pattern=r"^[a-z0-9_/-]{1,64}$")] = "home"
    human: bool = False
    pass_on: bool = False

    @model_validator(mode="after")
    def _to_somebody(self) -> Self:
        if self.pass_on and not self.human:
            msg = "something is passed on to a person only who takes over"
            raise ValueError(msg)
        return self


class HelpAnswer(Message):
    """Answer of `/v1/help`. `mode` is what anybody gets who asks this, known or not; `sealed` (a `HelpDoc`, padded) is there whenever a device asked."""

    help: OpaqueId
    mode: Mode
    sealed: Annotated[str, Field(max_length=32 * 1024)] | None


class HelpDoc(Message):
    """Inside `sealed`: the mode for this person, in what tone, whether emotion was used, why in words, and the laws of the decision.

    `passes_on` says in words what a ticket would tell the desk; empty when that is nothing. `ticket` is for the desk alone: sealed to its key, and there only when
    a person was asked for and the desk has a key.
    """

    mode: Mode
    tone: Tone
    used_emotion: bool
    why: Words
    passes_on: Words
    laws: list[str]
    ticket: Annotated[str, Field(max_length=MAX_TICKET_CHARS)] | None


class Ticket(Message):
    """`Kind.TICKET`, signed by the server and sealed to a desk's key: somebody wants a person, and how to speak with them. Names nobody."""

    v: Literal[1] = 1
    site: SiteId
    ticket: OpaqueId
    tone: Tone
    state: Troubled
    at: Time
    expires_at: Time


# ---- decisions ----
Action = Literal["give_consent", "infer", "record", "use", "contribute", "retain"]
Source = Literal["face", "declared", "text"]
Effect = Literal[
    "order", "content", "help", "price", "eligibility", "urgency", "vulnerability", "none"
]
ConsentState = Literal[
    "none",
    "requested",
    "deferred",
    "refused",
    "given",
    "renewed",
    "withdrawn",
    "revoked",
    "expired",
    "invalidated",
]
DataClass = Literal[
    "label",
    "event",
    "correction",
    "mood",
    "consent",
    "consent_evidence",
    "decision_record",
    "envelope_replay",
    "answer",
]
FieldValue = str | int | bool | list[str] | None
"""What a field of a question holds."""


class QuestionDoc(Message):
    """A question to policy about nobody in particular. Each default is the answer that is denied.

    `sector` None: the site's own. A time of 0 is not stated; `now` 0 is the server's time. What a site registered (places, sector, impact
    assessment, verifier) is added by the server, the strictest wins.
    """

    action: Action
    role: Role
    jurisdictions: Annotated[list[Jurisdiction], Field(max_length=16)] = []
    sector: Sector | None = None
    purpose: Purpose | None = None
    source: Source = "face"
    effect: Effect = "none"
    age_band: AgeBand = "undeclared"
    guardian: bool = False
    guardian_verified: bool = False
    written_release: bool = False
    gpc: bool = False
    explicit_after_gpc: bool = False
    consent_state: ConsentState = "none"
    consented_purposes: Annotated[list[Purpose], Field(max_length=len(PURPOSES))] = []
    notice_current: bool = False
    consent_expires_at: Time = 0
    retain_until: Time = 0
    now: Time = 0
    subject_known: bool = False
    data_class: DataClass = "label"
    held: bool = False


class ReasonDoc(Message):
    """A policy that determined an answer, with its law, one plain sentence, and how certain it is. `place` null: it holds everywhere."""

    policy: str
    effect: Literal["permit", "forbid"]
    laws: list[str]
    says: str
    certainty: Literal["settled", "arguable", "our-policy"]
    place: str | None


class StepDoc(Message):
    """One act of a person or a site, or what time does by itself; `value` where one was chosen of several."""

    kind: str
    who: Literal["person", "site", "time"]
    says: str
    value: str


class ChangeDoc(Message):
    """A field of the question that steps change."""

    field: str
    before: FieldValue
    after: FieldValue


class WayDoc(Message):
    """Steps, the fields they change, and the answer that was found for the question after them."""

    steps: list[StepDoc]
    changes: list[ChangeDoc]
    allow: bool
    laws: list[str]


class Explanation(Message):
    """`POST /v1/decisions:explain`: the answer, why, and what would change it. Every way was decided before it was named.

    Of a no: `ways` lead to a yes, `instead` to a yes to a declared mood, `fixed` is what nobody here can change. Of a yes: `ends` is what ends it.
    `added` says what of the site's own was added to the question. `tried` counts decisions; `complete` is false when not all ways were tried.
    """

    v: Literal[1] = 1
    allow: bool
    reasons: list[ReasonDoc]
    ways: list[WayDoc]
    instead: list[WayDoc]
    fixed: list[ReasonDoc]
    ends: list[WayDoc]
    added: list[str]
    tried: int
    complete: bool
    bundle_version: str
    bundle_sha256: Hash
    at: Time


# ---- lessons ----
MAX_LESSON_HISTORY = 500
MAX_ANSWERS = 64
MAX_SKILLS = 64
ItemId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Skill = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Pace = Literal["steady", "slower", "pause"]
Percent = Annotated[int, Field(ge=0, le=100)]


class AnswerDoc(Message):
    """What a learner answered: to which item, whether it was right, when."""

    item: ItemId
    correct: bool
    at: Time


class LessonRequest(Authenticated):
    """`POST /v1/lessons/next`. Says nothing of emotion, with or without consent: the same shape either way.

    `history` is read where the server keeps no answers of the learner, and nothing of it is kept; answers to items that the site no longer has are passed
    over. `skills` narrows the choice; empty means all.
    """

    v: Literal[1] = 1
    site: SiteId
    request: Nonce
    skills: Annotated[list[Skill], Field(max_length=MAX_SKILLS)] = []
    history: Annotated[list[AnswerDoc], Field(max_length=MAX_LESSON_HISTORY)] = []


class LessonItemDoc(Message):
    """An exercise of the site's bank."""

    id: ItemId
    skill: Skill
    title: Annotated[str, Field(max_length=200)] = ""


class LessonAnswer(Message):
    """Answer of `/v1/lessons/next`. `sealed_why` (a `LessonWhy`, padded) is there whenever a device asked, so that its presence tells nothing."""

    lesson: OpaqueId
    item: LessonItemDoc
    sealed_why: Annotated[str, Field(max_length=32 * 1024)] | None


class LessonWhy(Message):
    """Inside `sealed_why`: what was used, in words and in numbers.

    `chance` is how likely a right answer is, `target` what was aimed at, in percent. `laws` are those of the use; `refused` those under which no emotion
    was read from a face, empty where it was.
    """

    used_emotion: bool
    used_answers: bool
    chance: Percent
    target: Percent
    pace: Pace
    why: Words
    laws: list[str]
    refused: list[str]


class AnswersRequest(Authenticated):
    """`POST /v1/lessons/answers`: what a learner answered, to be kept for them."""

    v: Literal[1] = 1
    site: SiteId
    answers: Annotated[list[AnswerDoc], Field(min_length=1, max_length=MAX_ANSWERS)]


class SkillDoc(Message):
    """A skill as a teacher sees it: `people` and `answers` rounded down to fives, `success` in percent to fives, `difficulty` in tenths of log-odds."""

    skill: Skill
    people: Annotated[int, Field(ge=0)]
    answers: Annotated[int, Field(ge=0)]
    success: Percent
    difficulty: Annotated[int, Field(ge=-200, le=200)]


class GroupAnswer(Message):
    """Answer of `GET /v1/lessons/group`. Skills that fewer than `minimum` people answered are not there, nor counted in anything that is.

    `made_at` is the hour of the sums; 0: there are none yet.
    """

    minimum: int
    skills: list[SkillDoc]
    made_at: Time


# ---- rounds ----
Task = Literal["expression"]
"""What a shared head is for."""
Vector = Annotated[str, Field(pattern=_b64(HEAD_BYTES))]
SealedUpdate = Annotated[str, Field(pattern=_b64(UPDATE_BYTES))]
People = Annotated[int, Field(ge=1, le=1_000_000)]
RoundOutcome = Literal["released", "rolled_back", "too_few", "aborted"]
"""How a round ended. Of `released` and `rolled_back` everybody in it is charged: a noised sum was made and looked at; of the others nobody is."""
MAX_OPEN_ROUNDS = 4
MAX_ENDED_ROUNDS = 64


class HeadRef(Message):
    """A head by its number and SHA-256. Number 0 is the last layer of the network that ships, of which nothing was learned from anybody."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)]
    sha256: Hash


class RoundDoc(Message):
    """An open round: what is trained from (`head`, of the network `model`), and on what terms.

    `clip_millionths` is the norm that no update may pass, `noise_thousandths` the standard deviation of the noise on their sum, in clips (z); from these and
    `delta_one_in` follows what one participation costs. Nobody takes part more than `per_year` times in 365 days, or beyond `cap_millionths` of epsilon.
    Below `floor` updates nothing is released; a sum is divided by `cohort`, however many came. `seal` is the round's own key: its private half is in the
    memory of one process and dies with it.
    """

    round: OpaqueId
    task: Task
    model: Annotated[int, Field(ge=1, le=255)]
    head: HeadRef
    clip_millionths: Annotated[int, Field(ge=1, le=10**9)]
    noise_thousandths: Annotated[int, Field(ge=100, le=10**6)]
    delta_one_in: Annotated[int, Field(ge=1000, le=10**9)]
    cap_millionths: Annotated[int, Field(ge=1, le=10**9)]
    per_year: Annotated[int, Field(ge=1, le=366)]
    floor: People
    cohort: People
    seal: SealKeyText
    opened_at: Time
    closes_at: Time

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.floor > self.cohort or self.opened_at >= self.closes_at:
            msg = "a round ends after it began, and its floor is no higher than its cohort"
            raise ValueError(msg)
        return self


class EndedDoc(Message):
    """How a round ended."""

    round: OpaqueId
    outcome: RoundOutcome


class Rounds(Message):
    """`GET /v1/rounds`, signed (`Kind.ROUNDS`): the open rounds of a site, the head in force, and how the latest rounds ended, newest first."""

    v: Literal[1] = 1
    site: SiteId
    at: Time
    head: HeadRef
    open: Annotated[list[RoundDoc], Field(max_length=MAX_OPEN_ROUNDS)]
    ended: Annotated[list[EndedDoc], Field(max_length=MAX_ENDED_ROUNDS)]


class HeadDoc(Message):
    """`GET /v1/heads/{version}`, signed (`Kind.HEAD`): a released head of the network `model`. `sha256` is of its bytes.

    `round` is the round that it came from; `restores` the earlier head that it puts back: going back, too, is a new version.
    """

    v: Literal[1] = 1
    task: Task
    model: Annotated[int, Field(ge=1, le=255)]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    sha256: Hash
    weights: Vector
    round: OpaqueId | None
    restores: Annotated[int, Field(ge=0, le=2**31 - 1)] | None
    at: Time

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.round is None) == (self.restores is None):
            msg = "a head comes from a round, or restores an earlier one"
            raise ValueError(msg)
        if self.restores is not None and self.restores >= self.version:
            msg = "only an earlier head can be restored"
            raise ValueError(msg)
        return self


class UpdateStatement(ByPerson):
    """`Kind.UPDATE`, `POST /v1/updates`, by a device: one clipped update of the shared head, sealed to the round's key (`wire.updates`).

    Signed, and not authenticated by the stream key as labels are: it is a rare act under a consent of its own, and whoever holds the stream keys could
    otherwise make updates in everybody's name.
    """

    round: OpaqueId
    head: HeadRef
    sealed: SealedUpdate


# ---- proofs ----
class ProofAnswer(Message):
    """`GET /audit/proof?leaf=`: a C2SP tlog-proof as text, and the log entry it proves."""

    proof: str
    entry: Annotated[str, Field(max_length=1024)]


# ---- privacy officers ----
OfficerName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
"""What the log calls an officer: people read it in their own export, so it may be a function instead of a name."""
Logged = Literal[
    "give_consent",
    "withdraw",
    "infer",
    "change_keys",
    "record",
    "use",
    "export",
    "correct",
    "erase",
    "erased",
    "swept",
    "invalidate",
    "hold_placed",
    "hold_lifted",
    "hold_ended",
    "look",
    "contribute",
    "round",
    "restore_head",
]
"""What entries of the log are about."""
LookKind = Literal[
    "find", "tally", "explain", "state", "entries", "export", "evidence", "replay", "ledger"
]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
LookedFor = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
HOUR = 3600
LATEST = 0xFFFF_FFFF
MAX_FOUND = 200
"""Decisions in one answer."""
PASS_SECONDS = 300
"""How long a statement that asks for entries may be shown again: it opens nothing, and entries are many."""


class LogFilter(Message):
    """Which logged decisions are meant: all that is given must hold. Times are of the decision, `until` is not in it.

    `law` also means what stands below it: `GDPR 9` is `GDPR 9(1)` too, and not `GDPR 90`.
    """

    since: Time = 0
    until: Time = LATEST
    site: SiteId | None = None
    action: Logged | None = None
    outcome: Literal["allowed", "denied"] | None = None
    law: LookedFor | None = None
    policy: LookedFor | None = None
    subject: SubjectId | None = None


class Cursor(Message):
    """How far the log was read: the hour and index of the last entry looked at, and the size of the tree when reading began."""

    hour: Time
    index: Count
    end: Count


class FindAsk(Message):
    """Decisions that fit, opened, in the order of their hours; the next page is asked for with the `next` of this one."""

    what: Literal["find"] = "find"
    filter: LogFilter = LogFilter()
    after: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_FOUND)] = MAX_FOUND


class TallyAsk(Message):
    """Counts of the decisions of a time of whole hours, page by page: the sum of the pages is the count of all."""

    what: Literal["tally"] = "tally"
    since: Time = 0
    until: Time = LATEST
    after: Cursor | None = None

    @model_validator(mode="after")
    def _whole_hours(self) -> Self:
        if self.since % HOUR or (self.until % HOUR and self.until != LATEST):
            msg = "entries are counted by whole hours"
            raise ValueError(msg)
        return self


class ExplainAsk(Message):
    """One entry, by its index or its leaf: opened where it can be, with its proof."""

    what: Literal["explain"] = "explain"
    index: Count | None = None
    leaf: Hash | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.index is None) == (self.leaf is None):
            msg = "an entry is named by its index or by its leaf"
            raise ValueError(msg)
        return self


class StateAsk(Message):
    """What is kept now, and what became of the erasures asked for in a time. Opens nothing."""

    what: Literal["state"] = "state"
    since: Time = 0
    until: Time = LATEST


class EntriesAsk(Message):
    """Tiles of entries, for `PASS_SECONDS`."""

    what: Literal["entries"] = "entries"


class OfficerStatement(Message):
    """`Kind.OFFICER`: what an officer asks of the log `origin`, signed by their own key. Good for two minutes and once; for entries see `PASS_SECONDS`."""

    v: Literal[1] = 1
    origin: Annotated[str, Field(min_length=1, max_length=200)]
    officer: OfficerName
    at: Time
    nonce: Nonce
    ask: Annotated[
        FindAsk | TallyAsk | ExplainAsk | StateAsk | EntriesAsk, Field(discriminator="what")
    ]


class OpenedEntry(Message):
    """An entry and what opens it: its leaf is SHA-256(nonce || record). `record` is canonical JSON."""

    index: Count
    hour: Time
    leaf: Hash
    nonce: Hash
    record: str


class Page(Message):
    """A part of the log that was read. `entries` is how many the hours asked for hold, told with the first part only.

    Of the `read` ones, `gone` can be opened by nobody any more (erased or expired), `unreadable` should open and do not. `next` is null at the end.
    """

    read: Count
    gone: Count
    unreadable: Count
    entries: Count | None
    next: Cursor | None


class FindAnswer(Page):
    """`POST /audit/find`."""

    found: Annotated[list[OpenedEntry], Field(max_length=MAX_FOUND)]


class DayCount(Message):
    """Decisions of one action on one day (unix seconds of its midnight, UTC)."""

    day: Time
    action: str
    allowed: Count
    denied: Count


class LawCount(Message):
    """Decisions of one day that rest on a law; one that rests on two counts for both."""

    day: Time
    law: str
    allowed: Count
    denied: Count


class LookCount(Message):
    """Looks of one officer: how many, how many decisions were shown to them, and how many were opened to choose those."""

    officer: str
    what: str
    looks: Count
    shown: Count
    opened: Count


class Sweep(Message):
    """An entry that says what was deleted: rows by why and class of data."""

    index: Count
    leaf: Hash
    at: Time
    deleted: dict[str, dict[str, Count]]


class TallyAnswer(Page):
    """`POST /audit/tally`. `decided_under` counts decisions by version and hash of the bundle."""

    days: list[DayCount]
    laws: list[LawCount]
    looks: list[LookCount]
    sweeps: list[Sweep]
    decided_under: dict[str, Count]


class ExplainAnswer(Message):
    """`POST /audit/explain`. `opened` is null where nobody can open the entry any more, or where it is damaged (`unreadable`).

    `reasons` are there when the bundle that decided is in force (`bundle_here`).
    """

    index: Count
    entry: Annotated[str, Field(max_length=1024)]
    proof: str
    opened: OpenedEntry | None
    unreadable: bool
    bundle_here: bool
    reasons: list[ReasonDoc]


class KeptCount(Message):
    """How much is kept of one class of data; `overdue` is what the next sweep takes."""

    data_class: str
    rows: Count
    overdue: Count
    on_hold: Count
    oldest: Time | None


class ErasureCounts(Message):
    """Erasures asked for in a time. `within` counts the complete ones by delay: up to a minute, an hour, a day, and longer; `slowest` is in seconds.

    `waiting` are kept by a legal hold, `late` are neither complete nor held after a day.
    """

    asked: Count
    complete: Count
    waiting: Count
    open: Count
    late: Count
    slowest: Count
    within: dict[Literal["minute", "hour", "day", "longer"], Count]


class StateAnswer(Message):
    """`POST /audit/state`. `consents` counts people by the state of their consent, `erased` those of whom only a random id is left."""

    at: Time
    checkpoint: str
    pending: Count
    consents: dict[str, Count]
    erased: Count
    kept: list[KeptCount]
    holds_standing: Count
    holds_over: Count
    erasures: ErasureCounts
    bundle_version: str
    bundle_sha256: Hash


# ---- problems ----
class Problem(BaseModel):
    """RFC 9457. Open to unknown members, as the RFC demands (section 3.2)."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    type: str
    title: str
    status: int
    detail: str
    code: str
    laws: list[str] = []


def parse(model: type[M], value: object) -> M:
    """`value` as a `model`. Raises `RequestInvalid` that names the field and never repeats what was sent."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        # The name of an unknown field is the sender's: name only what it stands in.
        known = first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"]
        where = ".".join(str(part) for part in known) or "message"
        msg = f"`{where}` in {model.__name__} is wrong: {first['msg'][0].lower()}{first['msg'][1:]}"
        raise RequestInvalid(msg) from None


def dump(message: BaseModel) -> dict[str, Any]:
    """The JSON value of a message, ready for `canonical.encode` or `signatures.sign`."""
    return message.model_dump(mode="json")


A = TypeVar("A", bound=Authenticated)


def authenticate(message: A, stream_key: bytes, use: Use) -> A:
    """`message` with the MAC of its asker's stream key."""
    return message.model_copy(update={"mac": b64(mac(stream_key, use, message.signable()))})
