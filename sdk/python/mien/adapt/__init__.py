"""Adapt: what one person's face looks like, learned on the device from what that person says, and never sent.

    known = Personal(model, Head(eyes.head)).calibrated(embeddings_at_rest)
    known = known.answered(embedding, "neutral")        # the person said so
    known.reads.probabilities(embedding)                # base head or own: the guard decides

Numbers in, numbers out: no I/O, no clock. `client` decides when something may be learned, `keep` holds it encrypted.
"""

from mien.adapt.guard import HEADS, WINDOW, Trial, Verdict, verdict
from mien.adapt.head import CLASSES, EMBEDDING, SIZE, Head, softmax
from mien.adapt.learning import learned
from mien.adapt.personal import ANSWERS, PICTURES, Answer, Learned, Personal, Rest, learned_of
from mien.adapt.rest import shift

__all__ = [
    "ANSWERS", "CLASSES", "EMBEDDING", "HEADS", "PICTURES", "SIZE", "WINDOW", "Answer", "Head", "Learned", "Personal", "Rest", "Trial", "Verdict",
    "learned", "learned_of", "shift", "softmax", "verdict",
]  # fmt: skip
