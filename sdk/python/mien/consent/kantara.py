"""A receipt by the Kantara Initiative's Consent Receipt Specification v1.1.0 (2018-02-20), as JSON.

The format knows a yes and nothing else: it has no word for a refusal or a withdrawal, so these have no such receipt.
"""

import re
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from mien.consent.receipts import OpenedReceipt
from mien.errors import ReceiptInvalid
from mien.values import STANDING
from mien.wire.messages import ConsentStatement, Notice

VERSION: Final = "KI-CR-v1.1.0"
_PERSONAL: Final = "5 - Personalize Experience"
_BIOMETRIC: Final = "Biometric"
_FACE: Final = (_BIOMETRIC, "Emotion inferred from the face")
_CATEGORIES: Final = MappingProxyType({
    "personalize_offers": (_PERSONAL, _FACE), "adapt_service": (_PERSONAL, _FACE), "adapt_lessons": (_PERSONAL, (*_FACE, "Answers to exercises")),
    "contribute": ("Improve Performance", _FACE), "bind_account": ("Account", ("Pseudonymous identifier",)),
    "declare_mood": (_PERSONAL, ("Declared mood",)),
})  # fmt: skip
"""Each purpose's category and categories of data. The specification leaves both free; the numbered word is from its own example."""
_PHONE: Final = re.compile(r"^(tel:)?\+?[0-9][0-9 ()./-]{4,}$")


def kantara_receipt(opened: OpenedReceipt) -> dict[str, Any]:
    """The JSON document. Raises `ReceiptInvalid` for what is no yes."""
    granted = [
        purpose
        for event in opened.events()
        if event.state in STANDING
        for purpose in event.purposes
    ]
    said, notice, receipt = opened.said, opened.notice, opened.receipt
    if not granted or notice is None or not isinstance(said, ConsentStatement):
        msg = "the Kantara format has no word for a refusal or a withdrawal; export as `dpv`"
        raise ReceiptInvalid(msg)
    termination = _termination(opened, notice)
    sensitive = any(_BIOMETRIC in _CATEGORIES[purpose][1] for purpose in granted)
    titles: dict[str, str] = {doc.id: doc.title for doc in notice.purposes}
    return {
        "version": VERSION,
        "jurisdiction": ", ".join(receipt.jurisdictions) or "unknown",
        "consentTimestamp": said.at,
        "collectionMethod": f"{said.method}, each purpose on its own",
        "consentReceiptID": receipt.receipt,
        "publicKey": opened.trust.text(),
        "language": notice.locale,
        "piiPrincipalId": receipt.subject,
        "piiControllers": [_controller(notice)],
        "policyUrl": f"{opened.server.rstrip('/')}/v1/sites/{notice.site}/notices/{notice.locale}",
        "services": [
            {
                "service": notice.site,
                "purposes": [
                    _purpose(name, titles.get(name, name), termination) for name in granted
                ],
            }
        ],
        "sensitive": sensitive,
        "spiCat": [_BIOMETRIC] if sensitive else [],
    }


def _purpose(name: str, title: str, termination: str) -> dict[str, Any]:
    """One purpose. None is primary: everything works without it."""
    category, data = _CATEGORIES[name]
    return {
        "purpose": title,
        "purposeCategory": [category],
        "consentType": "EXPLICIT",
        "piiCategory": list(data),
        "primaryPurpose": False,
        "termination": termination,
        "thirdPartyDisclosure": False,
    }


def _termination(opened: OpenedReceipt, notice: Notice) -> str:
    end = datetime.fromtimestamp(opened.receipt.expires_at, UTC).date().isoformat()
    where = f"{opened.server.rstrip('/')}/v1/withdrawals"
    return f"ends on {end} or at once by withdrawal at {where}; kept for {notice.retention_days} days at most"


def _controller(notice: Notice) -> dict[str, Any]:
    """The controller. The parts of the one contact text between commas are told apart by their look; what is not in it stays empty."""
    parts = [part.strip() for part in re.split(r"[,;\n]", notice.contact)]
    email = next((part for part in parts if "@" in part), "")
    phone = next((part for part in parts if _PHONE.match(part)), "")
    street = ", ".join(part for part in parts if part and part not in {email, phone})
    return {
        "piiController": notice.controller,
        "onBehalf": False,
        "contact": notice.contact,
        "address": {"@type": "PostalAddress", "streetAddress": street},
        "email": email,
        "phone": phone,
    }
