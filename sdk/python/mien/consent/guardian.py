"""A child's request to their guardian, and the guardian's countersigned answer. Both are texts that people carry from device to device.

What the guardian signs names the notice, the purposes, the child's device and the age that was declared: it is good for exactly this.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from mien.consent.answers import notice_hash
from mien.consent.codes import guardian_key, subject_of
from mien.consent.person import Person
from mien.consent.statements import Stamp, Yes
from mien.errors import RequestInvalid, SignatureInvalid
from mien.values import PURPOSES
from mien.wire import messages
from mien.wire.canonical import b64, decode, encode
from mien.wire.keys import SigningKey, VerifyKey
from mien.wire.messages import (
    APPROVAL_SECONDS,
    CLOCK_SKEW,
    AgeBand,
    GuardianApproval,
    GuardianDoc,
    GuardianVerification,
    Hash,
    Jws,
    KeyId,
    Locale,
    Message,
    Purpose,
    SignKeyText,
    SiteId,
    SubjectId,
    dump,
    parse,
)
from mien.wire.signatures import Kind, sign, verify

_AGAIN: Final = "make a request with `guardian_request` and have the guardian approve that"


class GuardianRequest(Message):
    """What a child's device gives out: who, on which device, would say yes to what, under which notice, at which age."""

    v: Literal[1] = 1
    site: SiteId
    subject: SubjectId
    device: KeyId
    notice_sha256: Hash
    locale: Locale
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=len(PURPOSES))]
    age_band: AgeBand


class GuardianAnswer(Message):
    """What the guardian gives back: their verification key, and the `GuardianApproval` it signed."""

    v: Literal[1] = 1
    sign: SignKeyText
    approval: Jws


def guardian_request(person: Person, yes: Yes) -> str:
    """The request as text. It tells nothing but what the consent itself will say."""
    asked = {
        "v": 1,
        "site": person.site,
        "subject": person.subject,
        "device": person.device,
        "notice_sha256": notice_hash(yes.notice),
        "locale": yes.notice.locale,
        "purposes": list(yes.purposes),
        "age_band": yes.claims.age_band,
    }
    return encode(dump(parse(GuardianRequest, asked))).decode()


def read_request(text: str, site: str) -> GuardianRequest:
    """A request to this site's guardians, as a child's device wrote it. Raises `RequestInvalid`."""
    request = parse(GuardianRequest, decode(text.encode()))
    if request.site != site:
        msg = "the request is for another site; give that site's options"
        raise RequestInvalid(msg)
    return request


def approve(request: GuardianRequest, secret: bytes, stamp: Stamp) -> str:
    """The guardian's answer as text, signed by their key for this child. `secret` are the bytes of their code. Raises `RequestInvalid` when it is the child's own code."""
    if subject_of(secret) == request.subject:
        msg = "this is the child's own recovery code; a guardian has a code of their own: `mien guardian new`"
        raise RequestInvalid(msg)
    key = guardian_key(secret, request.site, request.subject)
    approval = {
        "v": 1,
        "site": request.site,
        "subject": request.subject,
        "at": stamp.at,
        "nonce": b64(stamp.nonce),
        "device": request.device,
        "notice_sha256": request.notice_sha256,
        "purposes": request.purposes,
        "age_band": request.age_band,
    }
    signed = sign(Kind.GUARDIAN_APPROVAL, dump(parse(GuardianApproval, approval)), key)
    answer = GuardianAnswer(sign=key.verify_key().text(), approval=signed)
    return encode(dump(answer)).decode()


def vouch(
    request: GuardianRequest, answer: str, *, method: str, at: int, expires_at: int, key: SigningKey
) -> str:
    """A verifier's word (`GuardianVerification`) that the guardian who gave `answer` is one of the child in `request`, for `Client.consent(verification=...)`.

    For the service whose public key the site registered (`mien site verifier`). What it checked before is its affair and its duty; `method` names it.
    `at` and `expires_at` are unix seconds. Raises `RequestInvalid`, and `SignatureInvalid` when the guardian answered another request.
    """
    given = parse(GuardianAnswer, decode(answer.encode()))
    guardian = VerifyKey.from_text(given.sign)
    approval = parse(GuardianApproval, verify(given.approval, Kind.GUARDIAN_APPROVAL, guardian))
    if (approval.site, approval.subject) != (request.site, request.subject):
        msg = f"the guardian answered another request than this; {_AGAIN}"
        raise SignatureInvalid(msg)
    word = {
        "v": 1, "site": request.site, "subject": request.subject, "guardian": guardian.id, "method": method, "at": at,
        "expires_at": expires_at,
    }  # fmt: skip
    return sign(Kind.GUARDIAN_VERIFICATION, dump(parse(GuardianVerification, word)), key)


def read_answer(
    text: str, person: Person, yes: Yes, now: int, verification: str | None = None
) -> tuple[VerifyKey, GuardianDoc]:
    """The guardian's key and countersignature, when they approved exactly this `yes` on this device within a day.

    Raises `RequestInvalid` or `SignatureInvalid`; the server checks the same again.
    """
    answer = parse(GuardianAnswer, decode(text.encode()))
    key = VerifyKey.from_text(answer.sign)
    if key == person.sign.verify_key():
        msg = "the guardian's key is this device's own; a guardian has a key of their own: `mien guardian new`"
        raise RequestInvalid(msg)
    approval = parse(GuardianApproval, verify(answer.approval, Kind.GUARDIAN_APPROVAL, key))
    _check(approval, person, yes)
    if not now - APPROVAL_SECONDS <= approval.at <= now + CLOCK_SKEW:
        msg = f"the guardian's approval is older than a day or from the future; {_AGAIN}"
        raise RequestInvalid(msg)
    doc = {"approval": answer.approval, "verification": verification}
    return key, parse(messages.GuardianDoc, doc)


def _check(approval: GuardianApproval, person: Person, yes: Yes) -> None:
    approved = (
        approval.site, approval.subject, approval.device, approval.notice_sha256, approval.age_band,
    )  # fmt: skip
    asked = (
        person.site, person.subject, person.device, notice_hash(yes.notice), yes.claims.age_band,
    )  # fmt: skip
    if approved != asked or not set(yes.purposes) <= set(approval.purposes):
        msg = f"the guardian approved something else than this consent; {_AGAIN}"
        raise SignatureInvalid(msg)
