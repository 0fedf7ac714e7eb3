"""What is kept, and the keys it is kept under: one random data key per subject, which dies when the subject is erased.

Takes plain nouns and a data key, gives sealed ones, and back. Invariant: nothing that says something about a person leaves this room unsealed.
AES-256-GCM with a fresh 96-bit nonce; what a thing is and whose is authenticated with it, so a row moved to another place does not open.
Deliberately absent: the database, the policy, and the key-encryption key's file.

- `vault`   data keys: made, wrapped, sealed with
- `labels`  labels in runs, and corrected ones by themselves
- `events`  rankings as bytes, sealed or plain
- `answers` answers to lessons
- `leaves`  decisions as leaves of the log, and their openings
- `questions`  what was asked, as a decision's record keeps it
- `holds`   why data is held
- `looks`   what an officer looked at
- `evidence`  proofs of consent, under a key of their own
"""

from mien_server.record.answers import ANSWER, answer_id, open_answer, seal_answer
from mien_server.record.events import event_id, open_event, plain_event, seal_event
from mien_server.record.evidence import evidence_key, open_evidence, seal_evidence
from mien_server.record.holds import open_reason, seal_reason
from mien_server.record.labels import (
    RUN_SECONDS,
    holders_of,
    open_labels,
    seal_label,
    seal_runs,
    seen_in,
    without,
)
from mien_server.record.leaves import (
    Opening,
    decision_record,
    open_leaf,
    plain_leaf,
    refusal_tag,
    seal_leaf,
    sealed_leaf_of_nobody,
)
from mien_server.record.looks import LOOK, Look, look_record
from mien_server.record.questions import judged_doc, judged_of, question_doc, question_of
from mien_server.record.vault import Vault, erasure_id, id_from, new_id, new_key, unwrap, wrap

__all__ = [
    "ANSWER",
    "LOOK",
    "RUN_SECONDS",
    "Look",
    "Opening",
    "Vault",
    "answer_id",
    "decision_record",
    "erasure_id",
    "event_id",
    "evidence_key",
    "holders_of",
    "id_from",
    "judged_doc",
    "judged_of",
    "look_record",
    "new_id",
    "new_key",
    "open_answer",
    "open_event",
    "open_evidence",
    "open_labels",
    "open_leaf",
    "open_reason",
    "plain_event",
    "plain_leaf",
    "question_doc",
    "question_of",
    "refusal_tag",
    "seal_answer",
    "seal_event",
    "seal_evidence",
    "seal_label",
    "seal_leaf",
    "seal_reason",
    "seal_runs",
    "sealed_leaf_of_nobody",
    "seen_in",
    "unwrap",
    "without",
    "wrap",
]
