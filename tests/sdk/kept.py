"""Receipt files made by hand, without client or server: every part can be made wrong on its own."""

import hashlib
from collections.abc import Sequence
from typing import Any

from mien.consent import ReceiptFile, notice_hash
from mien.wire.canonical import b64
from mien.wire.keys import SigningKey
from mien.wire.messages import (
    ConsentStatement,
    GuardianApproval,
    KeyChange,
    Notice,
    Receipt,
    WithdrawalStatement,
    dump,
    parse,
)
from mien.wire.seal import OVERHEAD
from mien.wire.signatures import Kind, sign

AT = 1_795_000_000
DAY = 86_400
SERVER, DEVICE, GUARDIAN, RECOVERY, STRANGER = (
    SigningKey.from_secret(bytes([number]) * 32) for number in (1, 2, 3, 4, 9)
)
TRUST = SERVER.verify_key()
URL = "https://mien.shop.example"
SUBJECT = "sub_" + "a" * 26
OTHER_SUBJECT = "sub_" + "b" * 26
PURPOSES = (
    "personalize_offers",
    "adapt_service",
    "adapt_lessons",
    "bind_account",
    "contribute",
    "declare_mood",
)


def notice(**changes: Any) -> Notice:
    value = {
        "site": "shop", "locale": "de", "version": "7", "title": "Darf der Laden Ihre Miene lesen?", "text": "Nur auf diesem Gerät.",
        "purposes": [{"id": name, "title": f"Zweck {name}", "text": "Ein Zweck."} for name in PURPOSES],
        "controller": "Shop GmbH", "contact": "Hauptstr. 1, 10115 Berlin, privacy@shop.example, +49 30 123456",
        "retention_days": 30, "release": "Ich willige schriftlich ein.",
    }  # fmt: skip
    return parse(Notice, value | changes)


NOTICE = notice()


def device_doc(key: SigningKey = DEVICE) -> dict[str, Any]:
    return {
        "role": "device", "sign": key.verify_key().text(), "seal": b64(bytes(1216)), "stream_kid": "2026-11-26",
        "sealed_stream_key": b64(bytes(32 + OVERHEAD)),
    }  # fmt: skip


def person(**changes: Any) -> dict[str, Any]:
    return {"site": "shop", "subject": SUBJECT, "at": AT, "nonce": b64(bytes(16))} | changes


def consent(
    purposes: Sequence[str] = ("personalize_offers",),
    *,
    places: Sequence[str] = ("EU-DE",),
    by: SigningKey = DEVICE,
    role: str = "customer",
    **changes: Any,
) -> str:
    value = person() | {
        "keys": [device_doc()], "notice_sha256": notice_hash(NOTICE), "locale": "de", "purposes": list(purposes),
        "claims": {"jurisdictions": list(places), "sector": "retail", "role": role, "age_band": "adult", "gpc": False},
        "method": "screen", "site_handle": b64(bytes(32)) if "bind_account" in purposes else None,
    } | changes  # fmt: skip
    return sign(Kind.CONSENT, dump(parse(ConsentStatement, value)), by)


def approval(by: SigningKey = GUARDIAN, **changes: Any) -> str:
    value = person() | {
        "device": DEVICE.verify_key().id, "notice_sha256": notice_hash(NOTICE),
        "purposes": ["personalize_offers"], "age_band": "adult",
    } | changes  # fmt: skip
    return sign(Kind.GUARDIAN_APPROVAL, dump(parse(GuardianApproval, value)), by)


def childs(approved: str, guardian: SigningKey = GUARDIAN) -> str:
    """A consent with a guardian's countersignature."""
    key = {"role": "guardian", "sign": guardian.verify_key().text()}
    return consent(keys=[device_doc(), key], guardian={"approval": approved})


def release(text: str = NOTICE.release) -> dict[str, Any]:
    return {"name": "Ann Example", "text_sha256": b64(sha(text.encode())), "at": AT}


def withdrawal(
    purposes: Sequence[str] = ("personalize_offers",), by: SigningKey = DEVICE, **changes: Any
) -> str:
    value = person() | {"purposes": list(purposes)} | changes
    return sign(Kind.WITHDRAWAL, dump(parse(WithdrawalStatement, value)), by)


def removal(by: SigningKey = DEVICE) -> str:
    value = person() | {"remove": b64(bytes(16))}
    return sign(Kind.KEY_CHANGE, dump(parse(KeyChange, value)), by)


def receipt(statement: str, **changes: Any) -> dict[str, Any]:
    """The content of a receipt for `statement`."""
    value = {
        "receipt": "rcp_" + "c" * 26, "site": "shop", "subject": SUBJECT, "outcome": "given", "purposes": ["personalize_offers"],
        "laws": ["GDPR 9(2)(a)", "policy:ask-first"], "says": ["The person said yes."], "notice_sha256": notice_hash(NOTICE),
        "statement_sha256": b64(sha(statement.encode())), "jurisdictions": ["EU-DE"], "by": "device",
        "bundle_version": "3", "bundle_sha256": b64(bytes(32)), "at": AT + 1, "expires_at": AT + 365 * DAY,
        "promise": {"origin": "shop.example/log", "leaf": b64(bytes(32)), "publish_by": AT + 60},
    } | changes  # fmt: skip
    return dump(parse(Receipt, value))


def kept(
    statement: str | None = None,
    *,
    shown: Notice | None = NOTICE,
    signer: SigningKey | None = None,
    server: SigningKey = SERVER,
    kind: Kind = Kind.RECEIPT,
    **changes: Any,
) -> ReceiptFile:
    """A receipt file. `changes` are to the receipt, `server` signs it; `signer` is the key the file names for the statement."""
    said = consent() if statement is None else statement
    return ReceiptFile(
        receipt=sign(kind, receipt(said, **changes), server), statement=said, notice=shown, server=URL, trust=TRUST.text(),
        signer=None if signer is None else signer.verify_key().text(),
    )  # fmt: skip


def withdrawn(
    shown: Notice | None = NOTICE, by: SigningKey = DEVICE, **changes: Any
) -> ReceiptFile:
    role = {DEVICE: "device", GUARDIAN: "guardian", RECOVERY: "recovery"}[by]
    values = {
        "outcome": "withdrawn",
        "purposes": [],
        "withdrawn": ["personalize_offers"],
        "by": role,
        "laws": ["GDPR 7(3)"],
        "says": [],
    } | changes
    return kept(withdrawal(by=by), shown=shown, signer=by, **values)


def refusal(purpose: str, law: str, says: str) -> dict[str, Any]:
    """One purpose in a receipt's `refused`."""
    return {"purpose": purpose, "laws": [law], "says": [says]}


NOT_AT_SCHOOL = refusal("adapt_service", "AI Act 5(1)(f)", "At school no face is read.")
NOT_BUNDLED = refusal("contribute", "policy:training-alone", "Training has a yes of its own.")


def granted_in_part() -> ReceiptFile:
    """Three asked for, one granted, two refused for reasons of their own."""
    said = consent(("personalize_offers", "adapt_service", "contribute"))
    return kept(said, refused=[NOT_BUNDLED, NOT_AT_SCHOOL])


def refused(**changes: Any) -> ReceiptFile:
    values = {
        "outcome": "refused", "purposes": [], "laws": ["AI Act 5(1)(f)"],
        "says": ["At work nobody's emotions may be inferred."],
    } | changes  # fmt: skip
    return kept(**values)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
