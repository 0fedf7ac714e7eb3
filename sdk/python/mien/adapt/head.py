"""The last layer of the expression network as numbers of one's own: 97 rows (96 of the embedding and one of ones) by 8 expressions.

Flat, row after row: the number at `row * 8 + expression`, the last row is the bias. So the base network's last layer, a person's own and a
shared one are all the same 776 numbers, can be subtracted from one another, and travel as 3,104 bytes.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mien.errors import RequestInvalid
from mien.wire.messages import (
    HEAD_BYTES,
    HEAD_COLUMNS,
    HEAD_EMBEDDING,
    HEAD_LARGEST,
    HEAD_NUMBERS,
)

EMBEDDING: Final = HEAD_EMBEDDING
CLASSES: Final = HEAD_COLUMNS
SIZE: Final = HEAD_NUMBERS
BYTES: Final = HEAD_BYTES
LARGEST: Final = HEAD_LARGEST

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """`flat` is (776,) float32, finite, and may not be written to. Its probabilities are calibrated: the temperature is part of the numbers.

    Raises `RequestInvalid` for another shape or type, and for numbers that are not finite or beyond `LARGEST`.
    """

    flat: Floats = field(repr=False)

    def __post_init__(self) -> None:
        flat = self.flat
        if flat.dtype != np.float32 or flat.shape != (SIZE,):
            msg = (
                f"a head is {SIZE} numbers of 32 bits; take it from the models or from `Head.parse`"
            )
            raise RequestInvalid(msg)
        if not np.isfinite(flat).all() or float(np.abs(flat).max()) > LARGEST:
            msg = f"a head holds a number that is not finite or beyond {LARGEST:.0f}; take the base head again"
            raise RequestInvalid(msg)
        own = flat.copy()
        own.flags.writeable = False
        object.__setattr__(self, "flat", own)

    @classmethod
    def parse(cls, data: bytes) -> "Head":
        """A head from its 3,104 bytes (little-endian). Raises `RequestInvalid`."""
        if len(data) != BYTES:
            msg = f"a head has {BYTES} bytes; take it from the models anew"
            raise RequestInvalid(msg)
        return cls(np.frombuffer(data, "<f4").astype(np.float32))

    def encode(self) -> bytes:
        """3,104 bytes, little-endian."""
        return self.flat.astype("<f4").tobytes()

    @property
    def table(self) -> Floats:
        """The same numbers as (97, 8)."""
        return self.flat.reshape(EMBEDDING + 1, CLASSES)

    def logits(self, embedding: NDArray[Any]) -> Floats:
        """(..., 96) -> (..., 8) float32: an embedding, or many, to one number for each expression."""
        table = self.table
        return np.asarray(
            np.asarray(embedding, np.float32) @ table[:EMBEDDING] + table[EMBEDDING], np.float32
        )

    def probabilities(self, embedding: NDArray[Any]) -> Floats:
        """(..., 96) -> (..., 8) float32, each row adding up to 1."""
        return softmax(self.logits(embedding))

    def moved(self, delta: NDArray[Any]) -> "Head":
        """This head plus (776,) numbers. Raises `RequestInvalid`."""
        return Head(np.asarray(self.flat + np.asarray(delta, np.float32), np.float32))


def softmax(logits: NDArray[Any]) -> Floats:
    """(..., 8) numbers to probabilities, without overflow."""
    odds = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True), np.float32)
