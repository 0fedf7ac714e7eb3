"""A guardian's word in a child's consent: their countersignature, and the word of whoever verified them."""

from typing import Final

from mien.errors import ClockSkewed, RequestInvalid, SignatureInvalid
from mien.wire.canonical import unb64
from mien.wire.keys import VerifyKey, key_id
from mien.wire.messages import (
    APPROVAL_SECONDS,
    CLOCK_SKEW,
    ConsentStatement,
    GuardianApproval,
    GuardianVerification,
    KeyDoc,
    parse,
)
from mien.wire.signatures import Kind, verify
from mien_server.values import Site

_OTHER: Final = "the guardian approved something else; show them this consent and let them sign it"


def check_keys(said: ConsentStatement) -> None:
    """Return when every key of a consent is another's: a guardian is not the child. Raises `RequestInvalid`."""
    if len({doc.sign for doc in said.keys}) != len(said.keys):
        msg = "one key stands in two roles; a guardian and a recovery code have keys of their own"
        raise RequestInvalid(msg)


def read_approval(said: ConsentStatement, now: int) -> GuardianApproval | None:
    """The guardian's countersignature of this consent, None when no guardian is named.

    Raises `SignatureInvalid` when another key signed or something else was approved, `ClockSkewed` when it is older than a day or from the future.
    """
    if said.guardian is None:
        return None
    key = VerifyKey.from_text(guardian_key(said).sign)
    approval = parse(GuardianApproval, verify(said.guardian.approval, Kind.GUARDIAN_APPROVAL, key))
    device = key_id(unb64(said.keys[0].sign))
    if (
        approval.site, approval.subject, approval.device, approval.notice_sha256, approval.age_band,
    ) != (said.site, said.subject, device, said.notice_sha256, said.claims.age_band):  # fmt: skip
        raise SignatureInvalid(_OTHER)
    if not set(said.purposes) <= set(approval.purposes):
        raise SignatureInvalid(_OTHER)
    if not now - APPROVAL_SECONDS <= approval.at <= now + CLOCK_SKEW:
        msg = "the guardian's approval is older than a day or from the future; let them sign again"
        raise ClockSkewed(msg)
    return approval


def guardian_key(said: ConsentStatement) -> KeyDoc:
    """The guardian's key in a consent that has a guardian: the message itself holds the two together."""
    return next(doc for doc in said.keys if doc.role == "guardian")


class SignedVerifier:
    """`ports.GuardianVerifier`: believes a word signed by the key that the site registered (`mien site verifier`), and nobody else's."""

    def verified_until(
        self, site: Site, subject: str, guardian: str, word: str | None, now: int
    ) -> int:
        """See `ports.GuardianVerifier.verified_until`."""
        if word is None or site.verifier is None:
            return 0
        said = parse(
            GuardianVerification,
            verify(word, Kind.GUARDIAN_VERIFICATION, VerifyKey(site.verifier)),
        )
        if (said.site, said.subject, said.guardian) != (site.id, subject, guardian):
            msg = "the verifier's word is about another guardian or child; ask for one about this"
            raise SignatureInvalid(msg)
        if not said.at - CLOCK_SKEW <= now < said.expires_at:
            msg = "the verifier's word has run out or is from the future; ask for a fresh one"
            raise ClockSkewed(msg)
        return said.expires_at
