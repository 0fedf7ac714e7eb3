"""Labels as bits: one envelope holds 64 slots of 64 bits, always all of them.

    version 1 byte | base time 4 bytes (unix seconds) | 64 slots of 8 bytes

A slot, most significant bit first:

    1 present | 3 expression | 4 second (0 none, else 1 + expression) | 3 state | 2 polarity | 5 valence + 15 (31 absent) |
    5 arousal + 15 (31 absent) | 4 confidence | 6 window - 1 | 2 source | 8 model | 16 seconds since base | 5 zero

A dummy is eight zero bytes. Whatever is not the encoding of a label or a dummy is refused: there is no second channel in spare bits.
"""

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from operator import attrgetter

from mien.errors import EnvelopeInvalid, LabelInvalid
from mien.values import EXPRESSIONS, MAX_WINDOW, POLARITIES, SLOTS, SOURCES, STATES, Label

VERSION = 1
SLOT_BYTES = 8
PLAINTEXT_BYTES = 5 + SLOTS * SLOT_BYTES
ABSENT = 31
SCALE = 15
MAX_CONFIDENCE = 15
MAX_MODEL = 255
MAX_SPAN = 0xFFFF
MAX_TIME = 0xFFFF_FFFF
_FIELDS = (("present", 1), ("expression", 3), ("second", 4), ("state", 3), ("polarity", 2), ("valence", 5), ("arousal", 5),
           ("confidence", 4), ("window", 6), ("source", 2), ("model", 8), ("since", 16), ("zero", 5))  # fmt: skip
_SINCE_SHIFT = 5
_SINCE = MAX_SPAN << _SINCE_SHIFT
_HEAD_BYTES = 5
_NO_LABEL = "a slot holds no label of the vocabulary; update the SDK"
_rest = attrgetter(*(each.name for each in fields(Label)[2:]))


def pack(labels: Sequence[Label], base: int) -> bytes:
    """The fixed-size plaintext of an envelope: `PLAINTEXT_BYTES` bytes.

    `base` is unix seconds; every label ends within 65,535 s after it. Raises `LabelInvalid`.
    """
    if not _within(base, 0, MAX_TIME):
        msg = "the base time of an envelope is in whole unix seconds; correct the clock"
        raise LabelInvalid(msg)
    if len(labels) > SLOTS:
        msg = f"an envelope holds {SLOTS} labels; send the rest in the next"
        raise LabelInvalid(msg)
    slots = b"".join(pack_slot(label, base) for label in labels)
    dummies = bytes(SLOT_BYTES * (SLOTS - len(labels)))
    return bytes([VERSION]) + base.to_bytes(4, "big") + slots + dummies


def unpack(plaintext: bytes) -> tuple[Label, ...]:
    """The labels in an envelope's plaintext, dummies dropped. Raises `EnvelopeInvalid`."""
    return read(plaintext).labels()


def read(plaintext: bytes) -> "Sheet":
    """An envelope's plaintext as what it is: 64 slots, every one a label in its one encoding or a dummy. Raises `EnvelopeInvalid`."""
    if len(plaintext) != PLAINTEXT_BYTES or plaintext[0] != VERSION:
        msg = f"an envelope of version {VERSION} holds {PLAINTEXT_BYTES} bytes; update the SDK"
        raise EnvelopeInvalid(msg)
    base = int.from_bytes(plaintext[1:5], "big")
    seen: list[tuple[int, Label, int]] = []
    # Dummies stand at the end as `pack` writes them, and anywhere once labels were taken out.
    filled = max(0, len(plaintext.rstrip(b"\0")) - _HEAD_BYTES + SLOT_BYTES - 1) // SLOT_BYTES
    for place, bits in enumerate(struct.unpack_from(f">{filled}Q", plaintext, _HEAD_BYTES)):
        if bits:
            since = bits >> _SINCE_SHIFT & MAX_SPAN
            seen.append((place, _what(bits & ~_SINCE), base + since))
    if any(ended_at > MAX_TIME for _, _, ended_at in seen):
        raise EnvelopeInvalid(_NO_LABEL)
    return Sheet(plaintext, tuple(seen))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The 64 slots of an envelope, read but not taken apart: most of what a server does with labels needs no `Label` for each.

    `seen` is one entry for each slot that is no dummy: its place (from 0), what was seen as a label that ended at 0 (few of these exist, and many
    labels share one), and when it ended in unix seconds.
    """

    plaintext: bytes = field(repr=False)
    seen: tuple[tuple[int, Label, int], ...] = field(repr=False)

    def labels(self) -> tuple[Label, ...]:
        """The labels, dummies dropped."""
        return tuple([at_time(what, ended_at) for _, what, ended_at in self.seen])

    def only(self, places: Collection[int]) -> "Sheet":
        """The sheet with dummies in all but these places."""
        if len(places) == len(self.seen):
            return self
        kept = bytearray(self.plaintext)
        for place, _, _ in self.seen:
            if place not in places:
                start = _HEAD_BYTES + SLOT_BYTES * place
                kept[start : start + SLOT_BYTES] = bytes(SLOT_BYTES)
        seen = tuple([each for each in self.seen if each[0] in places])
        return Sheet(bytes(kept), seen)


def at_time(what: Label, ended_at: int) -> Label:
    """What was seen, as the label that ended at `ended_at`."""
    return Label(what.expression, ended_at, *_rest(what))


def pack_slot(label: Label, base: int) -> bytes:
    """One label as eight bytes, relative to `base`. Raises `LabelInvalid`."""
    check(label)
    since = label.ended_at - base
    if not 0 <= since <= MAX_SPAN:
        msg = "the label lies outside the time this envelope can hold; start a new envelope"
        raise LabelInvalid(msg)
    values = {
        "present": 1,
        "expression": EXPRESSIONS.index(label.expression),
        "second": 0 if label.second is None else 1 + EXPRESSIONS.index(label.second),
        "state": STATES.index(label.state),
        "polarity": POLARITIES.index(label.polarity),
        "valence": ABSENT if label.valence is None else label.valence + SCALE,
        "arousal": ABSENT if label.arousal is None else label.arousal + SCALE,
        "confidence": label.confidence,
        "window": label.window - 1,
        "source": SOURCES.index(label.source),
        "model": label.model,
        "since": since,
        "zero": 0,
    }
    bits = 0
    for name, width in _FIELDS:
        bits = bits << width | values[name]
    return bits.to_bytes(SLOT_BYTES, "big")


def unpack_slot(slot: bytes, base: int) -> Label:
    """The label in eight bytes. Raises `EnvelopeInvalid` for any encoding `pack_slot` does not make."""
    if len(slot) != SLOT_BYTES:
        raise EnvelopeInvalid(_NO_LABEL)
    return _label(int.from_bytes(slot, "big"), base)


def _label(bits: int, base: int) -> Label:
    since = bits >> _SINCE_SHIFT & MAX_SPAN
    if not _within(base, 0, MAX_TIME - since):
        raise EnvelopeInvalid(_NO_LABEL)
    return at_time(_what(bits & ~_SINCE), base + since)


# What was seen, without when: there are few such words in use, and taking one apart costs more than opening the envelope it came in.
@lru_cache(maxsize=4096)
def _what(bits: int) -> Label:
    """The label of a word without its time: it ended at 0. Raises `EnvelopeInvalid`."""
    slot = bits.to_bytes(SLOT_BYTES, "big")
    values: dict[str, int] = {}
    for name, width in reversed(_FIELDS):
        values[name] = bits & ((1 << width) - 1)
        bits >>= width
    try:
        label = Label(
            expression=EXPRESSIONS[values["expression"]],
            second=None if values["second"] == 0 else EXPRESSIONS[values["second"] - 1],
            state=STATES[values["state"]],
            polarity=POLARITIES[values["polarity"]],
            valence=None if values["valence"] == ABSENT else values["valence"] - SCALE,
            arousal=None if values["arousal"] == ABSENT else values["arousal"] - SCALE,
            confidence=values["confidence"],
            window=values["window"] + 1,
            source=SOURCES[values["source"]],
            model=values["model"],
            ended_at=0,
        )
        exact = pack_slot(label, 0) == slot
    except (IndexError, LabelInvalid) as error:
        raise EnvelopeInvalid(_NO_LABEL) from error
    if not exact:
        msg = "a slot is not in its one encoding; update the SDK"
        raise EnvelopeInvalid(msg)
    return label


def check(label: Label) -> None:
    """Return when `label` is in the closed vocabulary and ranges; raise `LabelInvalid` otherwise."""
    words = (
        label.expression in EXPRESSIONS,
        label.second is None or label.second in EXPRESSIONS,
        label.second != label.expression,
        label.state in STATES,
        label.polarity in POLARITIES,
        label.source in SOURCES,
    )
    numbers = (
        _within(label.confidence, 0, MAX_CONFIDENCE),
        _within(label.window, 1, MAX_WINDOW),
        _within(label.model, 0, MAX_MODEL),
        label.valence is None or _within(label.valence, -SCALE, SCALE),
        label.arousal is None or _within(label.arousal, -SCALE, SCALE),
        _within(label.ended_at, 0, MAX_TIME),
    )
    if not (all(words) and all(numbers)):
        msg = "the label is outside the closed vocabulary; see the reference of labels"
        raise LabelInvalid(msg)


def _within(value: int, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high  # a bool is no number here
