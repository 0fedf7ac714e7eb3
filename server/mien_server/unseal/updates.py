"""Sealed updates of the shared head, opened by the one process that has the round's key."""

from mien.wire.canonical import b64
from mien.wire.keys import OpenKey
from mien.wire.updates import context, open_update
from mien_server.values import Contribution


def open_contribution(update: Contribution, key: OpenKey, head_sha256: bytes) -> bytes:
    """The 3,104 bytes of an update, bound to its person, round and head. Raises `EnvelopeInvalid` (it does not open), `RequestInvalid` (another shape)."""
    where = context(update.site, update.subject, update.round, b64(head_sha256))
    return open_update(update.sealed, key, *where)
