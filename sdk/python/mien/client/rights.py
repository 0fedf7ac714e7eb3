"""What a person may ask of the server at any time."""

from contextlib import suppress
from typing import Any, Final

from mien import consent, send
from mien.client.desk import Desk
from mien.client.found import Proof
from mien.client.opened import ON_THIS_DEVICE, exported
from mien.errors import (
    ConsentError,
    ProofInvalid,
    RequestInvalid,
    RequestRefused,
)
from mien.label import LABEL_PURPOSES
from mien.values import Label
from mien.wire import messages, proof
from mien.wire.canonical import unb64
from mien.wire.messages import Certificate, Receipt

_SURE: Final = 15
_NOT_FOUND: Final = 404


class Rights(Desk):
    """See, correct, prove."""

    def export(self) -> dict[str, Any]:
        """Everything the server holds of the person, opened and verified here. `check_export` verifies it again, whoever holds it, `readable` writes it as a page.

        What this device learned of the person's face, which the server never saw, is added under `on_this_device`; no signature covers that part.
        """
        person = self._somebody()
        jws = consent.ask_export(person, self._now_stamp())
        answer = self._ask(send.Statement(jws=jws), messages.ExportAnswer)
        found = exported(answer, person, self._trust)
        own = self._keep.personal()
        return found if own is None else {**found, ON_THIS_DEVICE: {"personal": own}}

    def correct(self, record: str, expression: str) -> None:
        """Say what the stored label `record` (an id among the export's `labels`) should have been. It keeps its time.

        This device learns from it too if it read that label since this client was made, and at most `own.MOMENTS` labels ago.
        """
        held = [kept for kept in self.export().get("labels", []) if kept.get("record") == record]
        if not held:
            msg = "no such label is held; take its `record` from the export"
            raise RequestInvalid(msg)
        person = self._somebody()
        said = Label(expression, int(held[0]["ended_at"]), _SURE, source="declared")
        jws = consent.correct(person, self._now_stamp(), record, said, self._seal_key())
        self._ask(send.Statement(jws=jws), messages.Accepted)
        self._learn_from(said)

    def _learn_from(self, said: Label) -> None:
        """A correction teaches this device as well, where the moment is in memory still and reading stands. A right to correct needs neither."""
        with suppress(ConsentError):
            self._permit("infer", frozenset(LABEL_PURPOSES))
            self._own.answer(said.ended_at, said.expression)

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
