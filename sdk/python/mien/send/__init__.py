"""Send: the one room on the network. It takes the closed union `Outbound` and nothing else.

Gives parsed answers. Invariants: nothing that is not an `Outbound`, checked again field by field, becomes bytes; redirects are not followed; an
answer is bounded in size and time and is either what the protocol says or an error. Deliberately absent: any other host, any call home. `fetch` is apart from all that: it sends nothing, and gets the
one file that a person asked for.
"""

from mien.send.courier import Courier
from mien.send.fetch import fetch
from mien.send.outbound import (
    CertificateQuery,
    HeadQuery,
    NoticeQuery,
    Outbound,
    ProofQuery,
    RoundsQuery,
    ServiceQuery,
    Statement,
)
from mien.send.sender import ONCE, PATIENT, Patience, Sender

__all__ = [
    "ONCE",
    "PATIENT",
    "CertificateQuery",
    "Courier",
    "HeadQuery",
    "NoticeQuery",
    "Outbound",
    "Patience",
    "ProofQuery",
    "RoundsQuery",
    "Sender",
    "ServiceQuery",
    "Statement",
    "fetch",
]
