"""The certificate of an erasure: what is promised when it is accepted, what was done when it is complete; signed."""

from dataclasses import replace
from typing import Final

from mien.wire.messages import Certificate, Promise, SpentDoc, dump, parse
from mien.wire.signatures import Kind, sign, unverified
from mien_server.keys import unreadable_by
from mien_server.pipeline.parts import Parts
from mien_server.values import Erasure

COMPLETE_WITHIN: Final = 86_400
"""Seconds until an erasure must be complete."""


def accepted(
    parts: Parts,
    erasure: Erasure,
    promise: Promise,
    held_until: int,
    spent: SpentDoc | None = None,
) -> Erasure:
    """The erasure with its first certificate. `held_until` is when a legal hold lets deleting begin (GDPR 17(3)(e)); what lies before is none.

    `spent` is what the person's updates cost them of their privacy, which no erasure takes back.
    """
    from_ = held_until if held_until > erasure.accepted_at else None
    return _certified(parts, erasure, promise, from_, spent)


def waiting(parts: Parts, erasure: Erasure, held_until: int) -> Erasure:
    """The same when the hold that it waits for changed: placed, lifted or over. What was promised of the log stays."""
    said = _said(erasure)
    return _certified(parts, erasure, said.promise, held_until, said.spent)


def completed(parts: Parts, erasure: Erasure, promise: Promise) -> Erasure:
    """The erasure with its last certificate. That a hold kept it waiting, and until when, stays on it."""
    said = _said(erasure)
    return _certified(parts, erasure, promise, said.held_until, said.spent)


def _said(erasure: Erasure) -> Certificate:
    """What its certificate says now. It lies where only this server writes."""
    return parse(Certificate, unverified(erasure.certificate))


def _certified(
    parts: Parts,
    erasure: Erasure,
    promise: Promise,
    held_until: int | None,
    spent: SpentDoc | None,
) -> Erasure:
    complete_by = max(erasure.accepted_at, held_until or 0) + COMPLETE_WITHIN
    # While the key exists backups are made that hold it: the last of them right before it is destroyed, perhaps in a later epoch.
    last = complete_by if erasure.completed_at is None else erasure.completed_at
    certificate = Certificate(
        erasure=erasure.id, site=erasure.site,
        stage="accepted" if erasure.completed_at is None else "completed",
        accepted_at=erasure.accepted_at, completed_at=erasure.completed_at, complete_by=complete_by,
        held_until=held_until, spent=spent, key_destroyed=erasure.key_destroyed,
        records_deleted=erasure.records_deleted, events_subtracted=erasure.events_subtracted,
        backups_unreadable_by=unreadable_by(last), promise=promise,
    )  # fmt: skip
    signed = sign(Kind.CERTIFICATE, dump(certificate), parts.keys.signing)
    return replace(erasure, certificate=signed)
