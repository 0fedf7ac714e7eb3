"""The door: what comes from outside is opened and believed here, or refused.

Takes messages and keys, gives labels, statements and stream keys that are authentic, fresh and for this site. Invariant: nothing leaves this room
that was not authenticated by a key of the subject's key set, or by an officer's own. Deliberately absent: the database, consent, and any memory of what was opened.

- `guardians`   a guardian's countersignature, and whose word verifies them
- `officers`    what privacy officers ask
- `statements`  signed statements of a person: kind, key, site, clock
- `stream`      envelopes, the replay window, corrections, and requests authenticated by a stream key
- `updates`     sealed updates of the shared head, for the owner of their round
"""

from mien_server.unseal.guardians import (
    SignedVerifier,
    check_keys,
    guardian_key,
    read_approval,
)
from mien_server.unseal.officers import Officers
from mien_server.unseal.statements import check_clock, check_possession, read_statement
from mien_server.unseal.stream import (
    WINDOW,
    check_request,
    digest_of,
    open_correction,
    open_envelope,
    open_stream_key,
    seen_before,
)
from mien_server.unseal.updates import open_contribution

__all__ = [
    "WINDOW",
    "Officers",
    "SignedVerifier",
    "check_clock",
    "check_keys",
    "check_possession",
    "check_request",
    "digest_of",
    "guardian_key",
    "open_contribution",
    "open_correction",
    "open_envelope",
    "open_stream_key",
    "read_approval",
    "read_statement",
    "seen_before",
]
