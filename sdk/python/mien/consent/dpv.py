"""A receipt as a consent record and receipt by ISO/IEC TS 27560:2023, in the terms of W3C DPV 2.3, as JSON-LD.

The context is in the document: reading it needs no network. What the standard names and a receipt does not hold is not made up; what each field
is filled with stands in `docs/reference/receipts.md`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from mien.consent.receipts import Event, OpenedReceipt
from mien.errors import ReceiptInvalid
from mien.values import STANDING
from mien.wire.lifecycle import DPV
from mien.wire.messages import ConsentStatement, Notice

Node: TypeAlias = dict[str, Any]

CONTEXT: Final = MappingProxyType({
    "dpv": "https://w3id.org/dpv#", "pd": "https://w3id.org/dpv/pd#", "ai": "https://w3id.org/dpv/ai#",
    "loc": "https://w3id.org/dpv/loc#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "eu-aiact": "https://w3id.org/dpv/legal/eu/aiact#", "dpv-27560": "https://w3id.org/dpv/schema/dpv-27560#",
    "law": "https://mien.example/law#", "dct": "http://purl.org/dc/terms/", "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "xsd": "http://www.w3.org/2001/XMLSchema#",
})  # fmt: skip
"""Prefixes. `law` is ours: DPV has no terms for the three laws in `_LAWS`."""
_LAWS: Final = MappingProxyType({
    "US-IL": ("law:BIPA", "Biometric Information Privacy Act, 740 ILCS 14"),
    "US-TX": ("law:CUBI", "Capture or Use of Biometric Identifier, Tex. Bus. & Com. Code 503.001"),
    "US-WA": ("law:MHMDA", "My Health My Data Act, RCW 19.373"),
})  # fmt: skip
_MEMBERS: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_STATES: Final = (
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA RI SC SD TN TX UT VA VT"
    " WA WI WV WY"
)
_PLACES: Final = frozenset({
    "EU", "UK", "US", "CN", "BR", "IN", "KR",
    *(f"EU-{code}" for code in _MEMBERS.split()), *(f"US-{code}" for code in _STATES.split()),
})  # fmt: skip
"""Places that DPV has a term for, by our codes: a claim may name any two letters, and what is no place becomes no term."""
_RIGHTS: Final = ("A7-3", "A15", "A16", "A17", "A18", "A20", "A21", "A22", "A77")
"""GDPR articles; 7(3) is what `dpv:hasConsentControl` exercises."""
_ROLES: Final = MappingProxyType({
    "customer": "dpv:Customer", "student": "dpv:Student", "patient": "dpv:Patient",
    "client": "dpv:Client", "employee": "dpv:Employee", "candidate": "dpv:JobApplicant",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Use:
    """What one of our purposes is in DPV. `special` adds GDPR 9(2)(a) where GDPR holds: it rests on the face."""

    purposes: tuple[str, ...]
    data: tuple[str, ...]
    device: tuple[str, ...]
    server: tuple[str, ...]
    measures: tuple[str, ...]
    special: bool


_SENT: Final = ("dpv:Transmit", "dpv:Store", "dpv:Profiling", "dpv:Pseudonymise", "dpv:Erase")
_FACE: Final = ("pd:FacialExpression", "pd:Emotion", "dpv:InferredPersonalData")
_SEALED: Final = ("dpv:EndToEndEncryption", "dpv:Pseudonymisation", "dpv:DigitalSignatures")


def _face(
    *purposes: str,
    data: tuple[str, ...] = _FACE,
    server: tuple[str, ...] = _SENT,
    measures: tuple[str, ...] = _SEALED,
) -> _Use:
    return _Use(purposes, data, ("dpv:Observe", "dpv:Infer"), server, measures, special=True)


_USES: Final = MappingProxyType({
    "personalize_offers": _face("dpv:ServicePersonalisation", "dpv:ProvideProductRecommendations"),
    "adapt_service": _face("dpv:ServicePersonalisation"),
    "adapt_lessons": _face(
        "dpv:ServicePersonalisation", "dpv:UserInterfacePersonalisation", data=(*_FACE, "pd:Education"),
    ),
    "contribute": _face(
        "dpv:ImproveExistingProductsAndServices", server=("dpv:Transmit", "dpv:Store", "dpv:Erase"),
        measures=(*_SEALED, "dpv:DifferentialPrivacy"),
    ),
    "bind_account": _Use(
        ("dpv:AccountManagement",), ("pd:Identifier", "dpv:PseudonymisedData"), (),
        ("dpv:Pseudonymise", "dpv:Transmit", "dpv:Store", "dpv:Erase"),
        ("dpv:Pseudonymisation", "dpv:DigitalSignatures"), special=False,
    ),
    "declare_mood": _Use(
        ("dpv:ServicePersonalisation",), ("pd:Mood",), ("dpv:Collect",), _SENT, _SEALED, special=False
    ),
})  # fmt: skip
"""`personalize_offers` is no `dpv:PersonalisedBenefits`: emotion never reaches a price. `declare_mood` reads no face."""


def dpv_receipt(opened: OpenedReceipt) -> Node:
    """The JSON-LD document: a receipt, and in it the record. Raises `ReceiptInvalid` without the notice, and where the receipt is about no purpose."""
    notice, events = opened.notice, opened.events()
    if not events:
        msg = "nothing was given, refused or taken back here, so there is no record of consent; export the consent's receipt"
        raise ReceiptInvalid(msg)
    if notice is None:
        msg = "this file lacks the notice, which a record needs; export the consent's receipt"
        raise ReceiptInvalid(msg)
    return _Record(opened, notice, events).receipt()


@dataclass(frozen=True, slots=True)
class _Record:
    """One document in the making."""

    opened: OpenedReceipt
    notice: Notice
    events: tuple[Event, ...]

    def receipt(self) -> Node:
        """The outer node."""
        receipt = self.opened.receipt
        return {
            "@context": dict(CONTEXT),
            "@id": self._id(receipt.receipt), "@type": "dpv:ConsentReceipt",
            "dct:conformsTo": self._schemas("receipt"),
            "dct:identifier": receipt.receipt, "dpv:hasIdentifier": receipt.receipt,
            "dct:created": _time(receipt.at), "dct:language": self.notice.locale,
            "dct:hasPart": self._record(),
        }  # fmt: skip

    def _record(self) -> Node:
        """The record, named by the hash of the statement that the person signed."""
        opened, receipt = self.opened, self.opened.receipt
        name = f"sha-256:{receipt.statement_sha256}"
        record: Node = {
            "@id": self._id("record"), "@type": "dpv:ConsentRecord",
            "dct:conformsTo": self._schemas("record"),
            "dct:identifier": name, "dpv:hasIdentifier": name,
            "dpv:hasDataSubject": self._subject(),
            "dpv:hasDataController": self._controller(),
            "dpv:hasRecipient": {"@id": self._id("controller")},
            "dpv:hasNotice": self._notice(),
            "dpv:hasJurisdiction": self._places(),
            "dct:description": [
                f"claimed to be in `{code}`, which is no known place"
                for code in receipt.jurisdictions if code not in _PLACES
            ],
            "dpv:hasApplicableLaw": self._laws(),
            "dpv:hasPolicy": self._policies(),
            "dpv:hasConsentStatus": [self._event(event) for event in self.events],
            "dpv:hasConsentControl": {
                "@type": "dpv:WithdrawConsent",
                "dpv:isExercisedAt": {"@id": f"{opened.server.rstrip('/')}/v1/withdrawals"},
            },
            "dpv:hasProcess": [
                self._process(purpose, event)
                for event in self.events
                for purpose in event.purposes
            ],
        }  # fmt: skip
        if self._gdpr:
            record["dpv:hasRight"] = _named(f"eu-gdpr:{article}" for article in _RIGHTS)
        return {name: value for name, value in record.items() if value != []}

    # ---- who, and under which notice ----
    def _subject(self) -> Node:
        said = self.opened.said
        kinds = ["dpv:DataSubject"]
        if isinstance(said, ConsentStatement):
            kinds.append(_ROLES[said.claims.role])
        subject = self.opened.receipt.subject
        return {"@id": self._id(subject), "@type": kinds, "dpv:hasIdentifier": subject}

    def _controller(self) -> Node:
        """The one contact text that a site registers is both contact and address."""
        return {
            "@id": self._id("controller"), "@type": ["dpv:DataController", "dpv:Recipient"],
            "dpv:hasName": self.notice.controller, "dpv:hasContact": self.notice.contact,
            "dpv:hasAddress": self.notice.contact,
        }  # fmt: skip

    def _notice(self) -> Node:
        """The notice, with the day it was answered; of a withdrawal that day is not known."""
        notice, said = self.notice, self.opened.said
        where = f"{self.opened.server.rstrip('/')}/v1/sites/{notice.site}/notices/{notice.locale}"
        found: Node = {
            "@id": self._id("notice"), "@type": "dpv:ConsentNotice",
            "dct:title": {"@value": notice.title, "@language": notice.locale},
            "dct:identifier": f"sha-256:{self.opened.receipt.notice_sha256}",
            "dct:language": notice.locale, "owl:versionInfo": notice.version,
            "dct:source": {"@id": where},
        }  # fmt: skip
        if isinstance(said, ConsentStatement):
            found["dct:date"] = _time(said.at)
        return found

    # ---- what happened ----
    def _event(self, event: Event) -> Node:
        by_server = event.by == "server"
        at = self.opened.receipt.at if by_server else self.opened.said.at
        found: Node = {
            "@id": self._status(event), "@type": f"dpv:{DPV[event.state]}",
            "dpv:isIndicatedAtTime": _time(at),
            "dpv:hasDuration": self._validity(event.state),
            "dpv:isIndicatedBy": self._by(event.by),
            "dpv:hasIndicationMethod": self._method(event.by),
        }  # fmt: skip
        if by_server and event.says:
            found["dct:description"] = list(event.says)
        return found

    def _status(self, event: Event) -> str:
        """Several purposes may be refused, each for its own reason: each has a status of its own."""
        alone = f"-{'-'.join(event.purposes)}" if event.state == "refused" else ""
        return self._id(f"{event.state}{alone}")

    def _validity(self, state: str) -> Node:
        if state not in STANDING:
            return {"@type": "dpv:IndeterminateDuration"}
        end = _time(self.opened.receipt.expires_at)
        return {"@type": "dpv:UntilTimeDuration", "rdf:value": end}

    def _by(self, by: str) -> list[Node]:
        person: Node = {"@id": self._id(self.opened.receipt.subject)}
        guardian: Node = {"@type": "dpv:GuardianOfDataSubject"}
        if by == "server":
            return [{"@id": self._id("controller")}]
        if by == "guardian":
            return [guardian]
        said = self.opened.said
        countersigned = isinstance(said, ConsentStatement) and said.guardian is not None
        return [person, guardian] if countersigned else [person]

    def _method(self, by: str) -> str:
        receipt, said = self.opened.receipt, self.opened.said
        if by == "server":
            return f"decision of policy bundle {receipt.bundle_version}"
        if not isinstance(said, ConsentStatement):
            return f"statement signed by the {by} key"
        release = ", with a written release" if said.release is not None else ""
        return f"{said.method}, signed by the {by} key{release}"

    # ---- law ----
    @property
    def _gdpr(self) -> bool:
        """Whether the GDPR holds: somebody claimed a place in the Union, be it one that nobody knows."""
        return any(code.partition("-")[0] == "EU" for code in self.opened.receipt.jurisdictions)

    def _schemas(self, kind: str) -> list[Node]:
        gdpr = (f"dpv-27560:{kind}-eu-gdpr",) if self._gdpr else ()
        return _named((f"dpv-27560:{kind}", *gdpr))

    def _bases(self, use: _Use) -> list[Node]:
        places = self.opened.receipt.jurisdictions
        found = []
        if self._gdpr:
            found += [
                *(("eu-gdpr:A9-2-a",) if use.special else ()),
                "eu-gdpr:A6-1-a-explicit-consent",
            ]
        if any(code.partition("-")[0] != "EU" for code in places):
            found.append("dpv:ExplicitlyExpressedConsent")
        return _named(found)

    def _places(self) -> list[Node]:
        known = (code for code in self.opened.receipt.jurisdictions if code in _PLACES)
        return _named(f"loc:{_place(code)}" for code in known)

    def _laws(self) -> list[Node]:
        """What the outcome rests on; what a refused purpose does stands at its process."""
        receipt = self.opened.receipt
        own = [_LAWS[code] for code in receipt.jurisdictions if code in _LAWS]
        known = [{"@id": name, "@type": "dpv:Law", "dct:title": title} for name, title in own]
        return known + _cited(receipt.laws)

    def _policies(self) -> list[Node]:
        """The bundle that decided, and what it cites that is no statute's but our own choice."""
        receipt = self.opened.receipt
        bundle = {
            "@type": "dpv:Policy", "dct:identifier": f"sha-256:{receipt.bundle_sha256}",
            "owl:versionInfo": receipt.bundle_version,
        }  # fmt: skip
        return [bundle, *_chosen(receipt.laws)]

    # ---- what for ----
    def _process(self, purpose: str, event: Event) -> Node:
        use = _USES[purpose]
        shown = {doc.id: doc.title for doc in self.notice.purposes}
        process: Node = {
            "@id": self._id(purpose), "@type": "dpv:Process", "dct:identifier": purpose,
            "dpv:hasPurpose": _named(use.purposes), "dpv:hasPersonalData": _named(use.data),
            "dpv:hasProcessing": [
                *({"@type": kind, "dpv:hasLocation": {"@id": "dpv:WithinDevice"}} for kind in use.device),
                *({"@type": kind} for kind in use.server),
            ],
            "dpv:hasStorageCondition": self._storage(),
            "dpv:hasLegalBasis": self._bases(use),
            "dpv:hasConsentStatus": {"@id": self._status(event)},
            "dpv:hasTechnicalMeasure": _named(use.measures),
        }  # fmt: skip
        if event.by == "server":
            process |= _reasons(event)
        if purpose in shown:
            process["dct:title"] = {"@value": shown[purpose], "@language": self.notice.locale}
        if use.special:
            process |= self._reading()
        return process

    def _reading(self) -> Node:
        found: Node = {"ai:hasCapability": {"@id": "ai:BiometricEmotionRecognition"}}
        if self._gdpr:
            found["ai:hasAISystem"] = {"@type": "eu-aiact:EmotionRecognitionSystem"}
        return found

    def _storage(self) -> list[Node]:
        days = {"@value": f"P{self.notice.retention_days}D", "@type": "xsd:duration"}
        return [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": {"@id": "dpv:RemoteLocation"}},
            {"@type": "dpv:StorageDuration",
             "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": days}},
            {"@type": "dpv:StorageDeletion", "dct:description": _DELETION},
            {"@type": "dpv:StorageRestoration", "dct:description": _RESTORATION},
        ]  # fmt: skip

    def _id(self, name: str) -> str:
        """An IRI below the server's address. It names the person in its fragment, which no client sends to a server."""
        receipt = self.opened.receipt
        part = "" if name in {receipt.receipt, receipt.subject} else f"{receipt.receipt}-"
        return f"{self.opened.server.rstrip('/')}/#{part}{name}"


_DELETION: Final = "unused from the withdrawal or erasure on; deleted within 24 hours of an erasure"
_RESTORATION: Final = "backups become unreadable when their key epoch ends"


def _named(names: Iterable[str]) -> list[Node]:
    return [{"@id": name} for name in names]


_OURS: Final = "policy:"
"""How what is cited begins where it is no statute's but our own choice."""


def _cited(laws: Iterable[str]) -> list[Node]:
    return [{"@type": "dpv:Law", "dct:title": law} for law in laws if not law.startswith(_OURS)]


def _chosen(laws: Iterable[str]) -> list[Node]:
    return [{"@type": "dpv:Policy", "dct:identifier": law} for law in laws if law.startswith(_OURS)]


def _reasons(event: Event) -> Node:
    """What a no rests on, at the purpose that it is about."""
    found = {"dpv:hasApplicableLaw": _cited(event.laws), "dpv:hasPolicy": _chosen(event.laws)}
    return {name: nodes for name, nodes in found.items() if nodes}


def _place(code: str) -> str:
    """Our code of a place as DPV's: ISO 3166."""
    union, _, member = code.partition("-")
    if union == "EU" and member:
        return member
    return "GB" if code == "UK" else code


def _time(at: int) -> Mapping[str, str]:
    """Unix seconds as `xsd:dateTime`, UTC."""
    text = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    return {"@value": text, "@type": "xsd:dateTime"}
