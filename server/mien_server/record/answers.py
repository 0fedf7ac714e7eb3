"""Answers to lessons at rest: one a record, all of one size, so that the length tells nothing.

version 1 byte | right 1 byte | length of the item's id 1 byte | the id, filled to 64 bytes
"""

import hashlib
from typing import Final

from mien.errors import KeepUnreadable
from mien.wire.canonical import frame
from mien_server.ports import Entropy
from mien_server.record.vault import Vault, id_from
from mien_server.values import GivenAnswer, Record

ANSWER: Final = "answer"
"""The data class, and what the bytes are sealed as."""
VERSION: Final = 1
ID_BYTES: Final = 64
"""Of an item's id, at most."""
_HEAD: Final = 3


def answer_id(site: str, subject: str, answer: GivenAnswer) -> str:
    """The id of an answer: one item at one time, whatever was answered. Sent twice, the second finds the first."""
    parts = (site.encode(), subject.encode(), answer.item.encode(), answer.at.to_bytes(8, "big"))
    return id_from("ans", hashlib.sha256(frame(b"mien answer v1", *parts)).digest())


def seal_answer(vault: Vault, answer: GivenAnswer, retain_until: int, entropy: Entropy) -> Record:
    """An answer of the vault's subject."""
    name = answer_id(vault.site, vault.subject, answer)
    item = answer.item.encode()
    plain = bytes([VERSION, answer.correct, len(item)]) + item.ljust(ID_BYTES, b"\0")
    sealed = vault.seal(plain, ANSWER, name.encode(), entropy)
    return Record(name, vault.site, vault.subject, ANSWER, answer.at, retain_until, sealed)


def open_answer(vault: Vault, record: Record) -> GivenAnswer:
    """What `seal_answer` sealed. Raises `KeepUnreadable`."""
    plain = vault.open(record.sealed, ANSWER, record.id.encode())
    if plain[0] != VERSION:
        msg = f"a stored answer is of version {plain[0]}, this server knows {VERSION}; update it"
        raise KeepUnreadable(msg)
    item = plain[_HEAD : _HEAD + plain[2]].decode()
    return GivenAnswer(item, bool(plain[1]), record.ended_at)
