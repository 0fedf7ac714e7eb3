"""What a person may ask of the server at any time."""

from typing import Any, Final

from mien import consent, send
from mien.client.desk import Desk
from mien.client.found import Proof
from mien.client.opened import exported
from mien.errors import (
    ProofInvalid,
    RequestInvalid,
    RequestRefused,
)
from mien.values import Label
from mien.wire import messages, proof
from mien.wire.canonical import unb64
from mien.wire.messages import Certificate, Receipt

_SURE: Final = 15
_NOT_FOUND: Final = 404


class Rights(Desk):
    """See, correct, prove."""

    def export(self) -> dict[str, Any]:
        """Everything the server holds of the person, opened and verified here. `check_export` verifies it again, whoever holds it, `readable` writes it as a page."""
        person = self._somebody()
        jws = consent.ask_export(person, self._now_stamp())
        answer = self._ask(send.Statement(jws=jws), messages.ExportAnswer)
        return exported(answer, person, self._trust)

    def correct(self, record: str, expression: str) -> None:
        """Say what the stored label `record` (an id among the export's `labels`) should have been. It keeps its time."""
        held = [kept for kept in self.export().get("labels", []) if kept.get("record") == record]
        if not held:
            msg = "no such label is held; take its `record` from the export"
            raise RequestInvalid(msg)
        person = self._somebody()
        said = Label(expression, int(held[0]["ended_at"]), _SURE, source="declared")
        jws = consent.correct(person, self._now_stamp(), record, said, self._seal_key())
        self._ask(send.Statement(jws=jws), messages.Accepted)

    def log_key(self) -> str:
        """The audit log's verification key (C2SP signed note), as the server signed it: what `mien audit verify --key` takes."""
        return self._service(fresh=True).audit_key

    def proof(self, promised: Receipt | Certificate, *, wait: float = 5.0) -> Proof:
        """Verify that the decision behind a receipt or certificate is in the audit log. Waits so many seconds for it to be published.

        Raises `ProofInvalid`, `CheckpointInvalid`, or `RequestRefused` while it is not there: after `promise.publish_by` that is evidence.
        """
        promise = promised.promise
        service = self._service(fresh=True)
        name, key = proof.parse_note_key(service.audit_key)
        if not name == service.audit_origin == promise.origin:
            msg = "the promise names another log than the server's; keep the receipt as evidence"
            raise ProofInvalid(msg)
        answer = self._proof_answer(promise.leaf, wait)
        entry = unb64(answer.entry)
        leaf, _hour = proof.read_entry(entry)
        if leaf != unb64(promise.leaf):
            msg = "the proof is for another decision; keep receipt and proof as evidence"
            raise ProofInvalid(msg)
        index = proof.verify_tlog_proof(answer.proof, entry, promise.origin, key)
        return Proof(index, answer.proof, entry)

    def _proof_answer(self, leaf: str, wait: float) -> messages.ProofAnswer:
        deadline = self._clock.monotonic() + wait
        while True:
            try:
                return self._ask(send.ProofQuery(leaf=leaf), messages.ProofAnswer)
            except RequestRefused as error:
                if error.status != _NOT_FOUND or self._clock.monotonic() >= deadline:
                    raise
            self._clock.sleep(0.25)
