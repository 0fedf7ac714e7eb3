"""Labels at rest: in runs, as they arrived, and by themselves once the person corrected them.

A run is an envelope's plaintext (`mien.wire.slots`: version, base time, 64 slots) sealed anew under the person's key. It holds labels of one data
class whose ends lie within an hour; all other slots are dummies, so a run has one size and its length tells nothing. It goes when its oldest
label must: a label lives up to an hour less than it might, never longer.

A label is named by its run and its place in it, `rec_...-07`. A corrected label leaves its run (its slot becomes a dummy) and is a record by itself
under the same name: base time (4 bytes) and slot (8 bytes). So were all labels before there were runs, under a name without a place.

See docs/decisions/0019-labels-in-runs.md.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from mien.errors import EnvelopeInvalid, KeepUnreadable
from mien.values import Label
from mien.wire.slots import PLAINTEXT_BYTES, Sheet, pack_slot, read, unpack_slot
from mien_server.ports import Entropy
from mien_server.record.vault import Vault, new_id
from mien_server.values import Record

RUN_SECONDS: Final = 3600
"""How far apart the ends of the labels of one run lie at most, and so how much too early the youngest of them goes."""
_BASE: Final = 4
_UNREADABLE: Final = (
    "a stored label is of no version that this server knows; use the server that wrote it"
)


def seal_runs(
    vault: Vault, sheet: Sheet, data_class: str, life: int, entropy: Entropy
) -> tuple[Record, ...]:
    """The labels of a sheet as runs, each kept for `life` seconds after its oldest label ended. None for a sheet of dummies."""
    return tuple([
        _sealed(vault, sheet.only(places), data_class, first + life, entropy)
        for first, places in _hours(sheet)
    ])  # fmt: skip


def _hours(sheet: Sheet) -> Iterator[tuple[int, Collection[int]]]:
    """The places of a sheet, cut where more than an hour would lie between the ends of a run; with each the first end."""
    ordered = sorted((ended_at, place) for place, _what, ended_at in sheet.seen)
    while ordered:
        first = ordered[0][0]
        run = {place for ended_at, place in ordered if ended_at - first <= RUN_SECONDS}
        yield first, run
        ordered = ordered[len(run) :]


def _sealed(
    vault: Vault, sheet: Sheet, data_class: str, retain_until: int, entropy: Entropy
) -> Record:
    name = new_id("rec", entropy)
    last = max([ended_at for _place, _what, ended_at in sheet.seen])
    sealed = vault.seal(sheet.plaintext, data_class, name.encode(), entropy)
    return Record(name, vault.site, vault.subject, data_class, last, retain_until, sealed)


def seal_label(  # noqa: PLR0917 - a label, and how it is kept
    vault: Vault, label: Label, data_class: str, retain_until: int, name: str, entropy: Entropy
) -> Record:
    """A label as a record by itself, under the name that it has. Raises `LabelInvalid`."""
    plain = label.ended_at.to_bytes(_BASE, "big") + pack_slot(label, label.ended_at)
    sealed = vault.seal(plain, data_class, name.encode(), entropy)
    return Record(name, vault.site, vault.subject, data_class, label.ended_at, retain_until, sealed)


def seen_in(vault: Vault, record: Record) -> tuple[tuple[Label, int], ...]:
    """What was seen, each as a label that ended at 0 (`mien.wire.slots.Sheet`), and when it ended: all that a summary needs. Raises `KeepUnreadable`."""
    plain = _open(vault, record)
    if len(plain) != PLAINTEXT_BYTES:
        return ((_single(plain, 0), record.ended_at),)
    return tuple([(what, ended_at) for _place, what, ended_at in _sheet(plain).seen])


def open_labels(vault: Vault, record: Record) -> tuple[tuple[str, Label], ...]:
    """The labels in a record, each with the name that a person knows it by. Raises `KeepUnreadable` when it was altered or is another's."""
    plain = _open(vault, record)
    if len(plain) != PLAINTEXT_BYTES:
        return ((record.id, _single(plain, int.from_bytes(plain[:_BASE], "big"))),)
    sheet = _sheet(plain)
    return tuple([
        (label_name(record.id, place), label)
        for (place, _what, _ended_at), label in zip(sheet.seen, sheet.labels(), strict=True)
    ])  # fmt: skip


def without(vault: Vault, record: Record, name: str, entropy: Entropy) -> Record | None:
    """A record without the label of this name; None when it held no other. Its times stay. Raises `KeepUnreadable`."""
    if record.id == name:
        return None
    sheet = _sheet(_open(vault, record))
    rest = sheet.only({each[0] for each in sheet.seen if label_name(record.id, each[0]) != name})
    if not rest.seen:
        return None
    sealed = vault.seal(rest.plaintext, record.data_class, record.id.encode(), entropy)
    return replace(record, sealed=sealed)


def label_name(run: str, place: int) -> str:
    """The name of the label at a place (0 to 63) of a run."""
    return f"{run}-{place:02d}"


def holders_of(name: str) -> tuple[str, ...]:
    """Where a label of this name may lie: by itself, or in the run that its name begins with."""
    run, dash, _place = name.partition("-")
    return (name, run) if dash else (name,)


def _open(vault: Vault, record: Record) -> bytes:
    return vault.open(record.sealed, record.data_class, record.id.encode())


def _single(plain: bytes, base: int) -> Label:
    try:
        return unpack_slot(plain[_BASE:], base)
    except EnvelopeInvalid as error:
        raise KeepUnreadable(_UNREADABLE) from error


def _sheet(plain: bytes) -> Sheet:
    try:
        return read(plain)
    except EnvelopeInvalid as error:
        raise KeepUnreadable(_UNREADABLE) from error
