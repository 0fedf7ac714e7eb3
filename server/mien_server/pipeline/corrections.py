"""Correct: what a stored label says is replaced by the person's own word (GDPR 16)."""

from mien.errors import EnvelopeInvalid
from mien.values import Label
from mien.wire.messages import Accepted, CorrectionStatement
from mien.wire.signatures import Kind
from mien_server import record, unseal
from mien_server.errors import RecordUnknown
from mien_server.pipeline.holds import check_free
from mien_server.pipeline.parts import Parts, where
from mien_server.ports import Transaction
from mien_server.record import Vault
from mien_server.values import Record, Site


class Corrections:
    """Takes statements, changes labels."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def correct(self, site: Site, text: str, *, gpc: bool) -> Accepted:
        """Replace what a stored label says (GDPR 16). Raises `RecordUnknown`, and what a statement can be refused for."""

        def work(transaction: Transaction) -> Accepted:
            parts = self._parts
            said = parts.statement(
                transaction, site, text, Kind.CORRECTION, CorrectionStatement, "update", gpc=gpc
            )
            statement, person = said.statement, said.person
            check_free(said)
            vault = parts.vault(person)
            kept, old = _found(transaction, vault, statement.record, said.now)
            label = unseal.open_correction(statement, parts.keys.open_key(statement.kid, said.now))
            if label.ended_at != old.ended_at:
                msg = "a correction keeps the label's time; correct what it says"
                raise EnvelopeInvalid(msg)
            data_class = _corrected(kept, label)
            life = parts.known_life(data_class, where(site, person))
            until = min(kept.retain_until, label.ended_at + life)
            rest = record.without(vault, kept, statement.record, parts.entropy)
            if rest is None:
                transaction.records.remove(kept)
            else:
                transaction.records.replace(rest)
            own = record.seal_label(
                vault, label, data_class, until, statement.record, parts.entropy
            )
            transaction.records.add([own])
            decision = parts.right(said.now, where(site, person), "16")
            parts.log(transaction, site, person, "correct", decision)
            return Accepted()

        return await self._parts.store.transact(work)


def _found(transaction: Transaction, vault: Vault, name: str, now: int) -> tuple[Record, Label]:
    """The label with this name, and the record that holds it: itself when it was corrected before, else a run. Raises `RecordUnknown`."""
    for holder in record.holders_of(name):
        kept = transaction.records.get(vault.site, vault.subject, holder)
        if kept is not None and kept.data_class != record.ANSWER and now < kept.retain_until:
            labels = dict(record.open_labels(vault, kept))
            if name in labels:
                return kept, labels[name]
    msg = "no such label is kept; export to see which are"
    raise RecordUnknown(msg)


def _corrected(kept: Record, label: Label) -> str:
    """The data class of a correction. What a person said of their mood stays under the purpose that they said it for. Raises `EnvelopeInvalid`."""
    if label.source != "declared":
        msg = "a correction is the person's own word; its source is `declared`"
        raise EnvelopeInvalid(msg)
    return "mood" if kept.data_class == "mood" else "correction"
