"""Labels at rest: base time (4 bytes) and slot (8 bytes), sealed one by one so that each can be corrected and deleted by itself."""

from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from mien.values import Label
from mien.wire.slots import pack_slot, unpack_slot
from mien_server.ports import Entropy
from mien_server.record.vault import Vault, new_id
from mien_server.values import Record

_BASE: Final = 4


def seal_label(  # noqa: PLR0917 - a label, and how it is kept
    vault: Vault,
    label: Label,
    data_class: str,
    retain_until: int,
    entropy: Entropy,
    record_id: str | None = None,
) -> Record:
    """A label as a record; with `record_id`, as the new content of that record. Raises `LabelInvalid`."""
    name = record_id or new_id("rec", entropy)
    plain = label.ended_at.to_bytes(_BASE, "big") + _slot(*_timeless(label))
    sealed = vault.seal(plain, data_class, name.encode(), entropy)
    return Record(name, vault.site, vault.subject, data_class, label.ended_at, retain_until, sealed)


def open_label(vault: Vault, record: Record) -> Label:
    """The label in a record. Raises `KeepUnreadable` when it was altered or is another's."""
    plain = vault.open(record.sealed, record.data_class, record.id.encode())
    return _at(_word(plain[_BASE:]), int.from_bytes(plain[:_BASE], "big"))


# A slot relative to its own end says what was seen and nothing of whom or when; there are few of them, and packing costs more than sealing.
@lru_cache(maxsize=4096)
def _slot(*timeless: Any) -> bytes:
    return pack_slot(_at(timeless, 0), 0)


@lru_cache(maxsize=4096)
def _word(slot: bytes) -> tuple[Any, ...]:
    return _timeless(unpack_slot(slot, 0))


_timeless: Final = attrgetter(*(each.name for each in fields(Label) if each.name != "ended_at"))


def _at(timeless: tuple[Any, ...], ended_at: int) -> Label:
    expression, *rest = timeless
    return Label(expression, ended_at, *rest)
