"""Signed statements of a person. Checked in this order: kind and signature, site, clock; the nonce is spent by the caller, in its transaction."""

from typing import TypeVar

from mien.errors import ClockSkewed, RequestInvalid, SignatureInvalid
from mien.wire.keys import VerifyKey
from mien.wire.messages import CLOCK_SKEW, ByPerson, KeyChange, KeyDoc, KeyPossession, parse
from mien.wire.signatures import Kind, verify

S = TypeVar("S", bound=ByPerson)


def read_statement(  # noqa: PLR0917 - all that a statement must agree with
    text: str, kind: Kind, model: type[S], key: VerifyKey, site: str, now: int
) -> S:
    """The statement in `text`, when `key` signed it as this kind, for this site, within two minutes of `now`.

    Raises `SignatureInvalid`, `RequestInvalid` (malformed, or another site's), `ClockSkewed`.
    """
    statement = parse(model, verify(text, kind, key))
    if statement.site != site:
        msg = (
            "the statement is for another site than the key in the request; send it to its own site"
        )
        raise RequestInvalid(msg)
    check_clock(statement.at, now)
    return statement


def check_clock(at: int, now: int) -> None:
    """Return when `at` is within `CLOCK_SKEW` seconds of `now`; raise `ClockSkewed` otherwise."""
    if abs(now - at) > CLOCK_SKEW:
        msg = f"the device's clock differs by more than {CLOCK_SKEW} seconds; set it and try again"
        raise ClockSkewed(msg)


def check_possession(change: KeyChange, added: KeyDoc, now: int) -> None:
    """Return when the new key itself asks to join, for this subject and with this nonce; raise `SignatureInvalid` otherwise.

    Without it, somebody could put another person's key into their own key set.
    """
    key = VerifyKey.from_text(added.sign)
    said = read_statement(
        change.possession or "", Kind.KEY_POSSESSION, KeyPossession, key, change.site, now
    )
    if (said.subject, said.nonce) != (change.subject, change.nonce):
        msg = "the new key signed for another subject or change; sign again with the same nonce"
        raise SignatureInvalid(msg)
