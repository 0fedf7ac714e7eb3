"""What the server answered, verified against the key that the site's owner gave the integrator. Each function returns the content or raises."""

import hashlib
from typing import Final, TypeVar

from mien.errors import (
    CapabilityInvalid,
    ClockSkewed,
    MienError,
    ReceiptInvalid,
    RequestInvalid,
    ServerAnswerInvalid,
    SignatureInvalid,
)
from mien.wire.canonical import b64, encode
from mien.wire.keys import VerifyKey
from mien.wire.messages import (
    CLOCK_SKEW,
    Capability,
    Certificate,
    Message,
    Notice,
    Receipt,
    Service,
    dump,
    parse,
)
from mien.wire.signatures import Kind, verify

M = TypeVar("M", bound=Message)
CAPABILITY_SECONDS: Final = 300


def notice_hash(notice: Notice) -> str:
    """The identity of a notice: SHA-256 of exactly what was shown, base64url."""
    return b64(hashlib.sha256(encode(dump(notice))).digest())


def open_service(text: str, trust: VerifyKey, now: int) -> Service:
    """The service document, when `trust` signed it at about this time. Raises `ServerAnswerInvalid` or `ClockSkewed`."""
    service = _open(
        text,
        Kind.SERVICE,
        trust,
        Service,
        ServerAnswerInvalid,
        "the service document is not signed by the trusted key; check the server address and the trust key",
    )
    if service.at > now + CLOCK_SKEW:
        msg = "the server's clock is ahead of this device by more than two minutes; set the clock"
        raise ClockSkewed(msg)
    return service


def open_receipt(
    text: str, trust: VerifyKey, site: str, subject: str, statement: str | None = None
) -> Receipt:
    """The receipt, when it is the trusted server's answer to this subject and `statement`. Raises `ReceiptInvalid`."""
    receipt = _open(
        text,
        Kind.RECEIPT,
        trust,
        Receipt,
        ReceiptInvalid,
        "the receipt is not signed by the trusted key; do not rely on it and ask again",
    )
    if (receipt.site, receipt.subject) != (site, subject):
        msg = "the receipt is for another site or person; ask again"
        raise ReceiptInvalid(msg)
    if statement is not None and receipt.statement_sha256 != statement_hash(statement):
        msg = "the receipt answers another statement; ask again"
        raise ReceiptInvalid(msg)
    return receipt


def statement_hash(statement: str) -> str:
    """SHA-256 of a statement as it was sent, base64url."""
    return b64(hashlib.sha256(statement.encode()).digest())


def open_capability(
    text: str, trust: VerifyKey, site: str, subject: str, device: str
) -> Capability:
    """The capability, when the trusted key gave it to this site, subject and device for no more than five minutes. Raises `CapabilityInvalid`."""
    found = _open(
        text,
        Kind.CAPABILITY,
        trust,
        Capability,
        CapabilityInvalid,
        "the capability is not signed by the trusted key; ask the server for another",
    )
    if (found.site, found.subject, found.device) != (site, subject, device):
        msg = "the capability was given to another site, person or device; ask for one of your own"
        raise CapabilityInvalid(msg)
    if not 0 < found.expires_at - found.issued_at <= CAPABILITY_SECONDS:
        msg = "the capability claims to live longer than five minutes; ask for another"
        raise CapabilityInvalid(msg)
    return found


def open_certificate(text: str, trust: VerifyKey, site: str, erasure: str) -> Certificate:
    """The erasure certificate, when the trusted key signed it for this erasure. Raises `ReceiptInvalid`."""
    found = _open(
        text,
        Kind.CERTIFICATE,
        trust,
        Certificate,
        ReceiptInvalid,
        "the certificate is not signed by the trusted key; ask for it again",
    )
    if (found.site, found.erasure) != (site, erasure):
        msg = "the certificate is for another erasure; ask for it again"
        raise ReceiptInvalid(msg)
    return found


def _open(
    text: str, kind: Kind, trust: VerifyKey, model: type[M], *refusal: *tuple[type[MienError], str]
) -> M:
    error, says = refusal
    try:
        return parse(model, verify(text, kind, trust))
    except (SignatureInvalid, RequestInvalid) as cause:
        raise error(says) from cause
