"""Correct: what a stored label says is replaced by the person's own word (GDPR 16)."""

from mien.errors import EnvelopeInvalid
from mien.values import Label
from mien.wire.messages import Accepted, CorrectionStatement
from mien.wire.signatures import Kind
from mien_server import record, unseal
from mien_server.errors import RecordUnknown
from mien_server.pipeline.parts import Parts, where
from mien_server.ports import Transaction
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
            kept = transaction.records.get(site.id, person.subject, statement.record)
            if kept is None:
                msg = "no such label is kept; export to see which are"
                raise RecordUnknown(msg)
            label = unseal.open_correction(statement, parts.keys.open_key(statement.kid, said.now))
            if label.ended_at != kept.ended_at:
                msg = "a correction keeps the label's time; correct what it says"
                raise EnvelopeInvalid(msg)
            data_class = _corrected(kept, label)
            life = parts.known_life(data_class, where(site, person))
            until = min(kept.retain_until, kept.ended_at + life)
            transaction.records.replace(
                record.seal_label(
                    parts.vault(person), label, data_class, until, parts.entropy, kept.id
                )
            )
            decision = parts.right(said.now, where(site, person), "16")
            parts.log(transaction, site, person, "correct", decision)
            return Accepted()

        return await self._parts.store.transact(work)


def _corrected(kept: Record, label: Label) -> str:
    """The data class of a correction. What a person said of their mood stays under the purpose that they said it for. Raises `EnvelopeInvalid`."""
    if label.source != "declared":
        msg = "a correction is the person's own word; its source is `declared`"
        raise EnvelopeInvalid(msg)
    return "mood" if kept.data_class == "mood" else "correction"
