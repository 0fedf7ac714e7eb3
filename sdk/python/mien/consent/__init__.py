"""Consent: the person's keys and statements, the server's answers, and the gate that camera and model stand behind. Pure: no I/O, no clock.

Takes what the person did and what the server answered; gives signed statements, verified receipts and a `Gate`. Invariant: nothing passes the
gate without a capability that the trusted key signed for this site, subject and device, and that is not older than its five minutes.
"""

from mien.consent.answers import (
    notice_hash,
    open_capability,
    open_certificate,
    open_receipt,
    open_service,
)
from mien.consent.codes import (
    CODE_BYTES,
    LINK_SECRET_BYTES,
    guardian_key,
    new_code,
    new_link,
    read_code,
    read_link,
    recovery_key,
    subject_of,
)
from mien.consent.dpv import dpv_receipt
from mien.consent.gate import RENEW_BEFORE, Gate
from mien.consent.guardian import (
    GuardianAnswer,
    GuardianRequest,
    approve,
    guardian_request,
    read_answer,
    read_request,
    vouch,
)
from mien.consent.kantara import kantara_receipt
from mien.consent.local import LocalYes
from mien.consent.person import Person, new_person, person_from, person_json
from mien.consent.receipts import (
    MAX_FILE_BYTES,
    OpenedReceipt,
    ReceiptFile,
    open_receipt_file,
    read_receipt_file,
    receipt_file_from,
    receipt_file_json,
    with_notice,
)
from mien.consent.statements import (
    NewKey,
    Speaker,
    Stamp,
    Voice,
    Yes,
    add_key,
    ask_capability,
    ask_export,
    consent,
    contribute,
    correct,
    device_key,
    erase,
    remove_key,
    withdraw,
)

__all__ = [
    "CODE_BYTES",
    "LINK_SECRET_BYTES",
    "MAX_FILE_BYTES",
    "RENEW_BEFORE",
    "Gate",
    "GuardianAnswer",
    "GuardianRequest",
    "LocalYes",
    "NewKey",
    "OpenedReceipt",
    "Person",
    "ReceiptFile",
    "Speaker",
    "Stamp",
    "Voice",
    "Yes",
    "add_key",
    "approve",
    "ask_capability",
    "ask_export",
    "consent",
    "contribute",
    "correct",
    "device_key",
    "dpv_receipt",
    "erase",
    "guardian_key",
    "guardian_request",
    "kantara_receipt",
    "new_code",
    "new_link",
    "new_person",
    "notice_hash",
    "open_capability",
    "open_certificate",
    "open_receipt",
    "open_receipt_file",
    "open_service",
    "person_from",
    "person_json",
    "read_answer",
    "read_code",
    "read_link",
    "read_receipt_file",
    "read_request",
    "receipt_file_from",
    "receipt_file_json",
    "recovery_key",
    "remove_key",
    "subject_of",
    "vouch",
    "with_notice",
    "withdraw",
]
