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
from mien.consent.gate import RENEW_BEFORE, Gate
from mien.consent.local import LocalYes
from mien.consent.person import Person, new_person, person_from, person_json
from mien.consent.recovery import new_code, read_code, recovery_key, subject_of
from mien.consent.statements import (
    Stamp,
    ask_capability,
    ask_export,
    consent,
    correct,
    device_key,
    erase,
    key_change,
    withdraw,
)

__all__ = [
    "RENEW_BEFORE",
    "Gate",
    "LocalYes",
    "Person",
    "Stamp",
    "ask_capability",
    "ask_export",
    "consent",
    "correct",
    "device_key",
    "erase",
    "key_change",
    "new_code",
    "new_person",
    "notice_hash",
    "open_capability",
    "open_certificate",
    "open_receipt",
    "open_service",
    "person_from",
    "person_json",
    "read_code",
    "recovery_key",
    "subject_of",
    "withdraw",
]
