"""Tickets: what a person who asked for a human lets the desk know, at most a tone of voice and one word of how they looked.

    ticket = tickets.open_ticket(text, key=desk_key, trust=verify_key, site="shop", now=int(time.time()))

The server signs a ticket and seals it to the key of the site's desk. It reaches the person's device inside their own sealed answer, and the desk only if the
person hands it on; nothing in it says who they are. Always of one size.
"""

from typing import Final

from mien.errors import ClockSkewed, SignatureInvalid
from mien.wire.canonical import b64, unb64
from mien.wire.keys import OpenKey, SealKey, SigningKey, VerifyKey
from mien.wire.messages import CLOCK_SKEW, Ticket, dump, parse
from mien.wire.seal import Use, open_sealed, pad, seal, unpad
from mien.wire.signatures import Kind, sign, verify

BLOCK: Final = 1024
"""More than the longest ticket: what is in it does not show in its size."""


def seal_ticket(ticket: Ticket, key: SealKey, signing: SigningKey) -> str:
    """`ticket`, signed and sealed to the desk's `key`, as base64url."""
    signed = sign(Kind.TICKET, dump(ticket), signing)
    return b64(seal(pad(signed.encode(), BLOCK), key, Use.TICKET, ticket.site.encode()))


def open_ticket(text: str, *, key: OpenKey, trust: VerifyKey, site: str, now: int) -> Ticket:
    """What the server with the verification key `trust` signed for the desk of `site`. Take an id (`ticket`) once: somebody may show it again.

    Raises `EnvelopeInvalid` (sealed to another desk, or damaged), `SignatureInvalid` (not by this server, or of another site), `ClockSkewed` (over, or from
    the future), `RequestInvalid` (no ticket).
    """
    opened = unpad(open_sealed(unb64(text), key, Use.TICKET, site.encode()))
    ticket = parse(Ticket, verify(opened.decode("ascii", "replace"), Kind.TICKET, trust))
    if ticket.site != site:
        msg = "this ticket is of another site; refuse it"
        raise SignatureInvalid(msg)
    if not ticket.at - CLOCK_SKEW <= now < ticket.expires_at:
        msg = "this ticket is over, or from the future; ask the person again"
        raise ClockSkewed(msg)
    return ticket
