"""What was learned of one person: their resting face, their answers, and the head that comes of both. Values: every change gives a new one.

Kept are a calibration (the mean embedding at rest), the embeddings of those moments that the person gave an answer to, and what both heads made
of each answer before it was learned. Nothing of a moment that nobody spoke of. The head is made anew from these each time: what was forgotten
is in no number of it.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mien.adapt import rest as resting
from mien.adapt.guard import HEADS, WINDOW, Trial, Verdict, verdict
from mien.adapt.head import EMBEDDING, Floats, Head
from mien.adapt.learning import learned
from mien.errors import LabelInvalid, RequestInvalid
from mien.values import EXPRESSIONS
from mien.wire.canonical import b64, unb64
from mien.wire.messages import Message, parse

ANSWERS: Final = 64
"""Answers kept. Of more, the oldest of what was said most often goes."""
PICTURES: Final = 8
"""Pictures at rest that a calibration needs."""
_REST_WEIGHT: Final = 0.8
"""The resting face counts as so much of an answer `neutral`."""
_THOUSAND: Final = 1000
_MOST: Final = 1e4
"""No number of an embedding is near this."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A moment and what the person said of it: expressions by number. `embedding` is (96,) with the precision of 16 bits."""

    embedding: Floats = field(repr=False)
    read: int
    said: int


@dataclass(frozen=True, slots=True)
class Rest:
    """The face at rest: the middle (96,) of its embeddings, and whether the base head takes it for something else."""

    middle: Floats = field(repr=False)
    leans: bool


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known of a person, for the person to see: no number of it is of their face.

    `calibrated`: the face at rest is known; `leans`: the base head takes it for something else. `said` counts the answers kept, by expression; `corrected` and
    `agreed` all that were given. Of the last `tried` answers, each held out, the base head had `base_right` and the person's own `own_right`; `reads` is the
    head that the guard has read now, a word of `HEADS`.
    """

    calibrated: bool = False
    leans: bool = False
    said: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    corrected: int = 0
    agreed: int = 0
    tried: int = 0
    base_right: int = 0
    own_right: int = 0
    reads: str = "base"


@dataclass(frozen=True, slots=True, eq=False)
class Personal:
    """One person's adaptation to one network. `model` is its id; `corrected` and `agreed` count all answers, also those forgotten.

    `heads` are those that the guard chooses from, by the names of `HEADS`; `verdict` is what it says, `reads` the one to use.
    """

    model: int
    base: Head
    rest: Rest | None = None
    answers: tuple[Answer, ...] = ()
    trials: tuple[Trial, ...] = ()
    corrected: int = 0
    agreed: int = 0
    heads: Mapping[str, Head] = field(init=False, repr=False)
    verdict: Verdict = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rest = self.base
        if self.rest is not None and self.rest.leans:
            rest = _head(self.base, self.rest, ())
        own = _head(self.base, self.rest, self.answers) if self.answers else rest
        heads = {"base": self.base, "rest": rest, "own": own}
        object.__setattr__(self, "heads", MappingProxyType(heads))
        leans = self.rest is not None and self.rest.leans
        object.__setattr__(self, "verdict", verdict(self.trials, leans=leans))

    @property
    def reads(self) -> Head:
        """The head that reads now."""
        return self.heads[self.verdict.reads]

    def calibrated(self, embeddings: NDArray[Any]) -> Self:
        """With a resting face seen in `PICTURES` embeddings (n, 96) or more. What was said stays, the trials are of another head and go.

        Raises `RequestInvalid` for fewer, another shape, or numbers that are none.
        """
        seen = np.asarray(embeddings, np.float32)
        if seen.ndim != 2 or len(seen) < PICTURES:  # noqa: PLR2004 - rows of embeddings
            msg = f"a calibration needs {PICTURES} pictures of the face at rest; look at the camera a little longer"
            raise RequestInvalid(msg)
        middle = _whole(seen.mean(0))
        rest = Rest(middle, resting.leans(self.base, seen))
        return replace(self, rest=rest, trials=())

    def answered(self, embedding: NDArray[Any], said: str) -> Self:
        """After the person said that a moment showed `said`. Both heads are tried on it first. Raises `LabelInvalid` or `RequestInvalid`."""
        if said not in EXPRESSIONS:
            msg = f"`{said[:20]}` is no expression; say one of {', '.join(EXPRESSIONS)}"
            raise LabelInvalid(msg)
        word, seen = EXPRESSIONS.index(said), _whole(embedding)
        trial = _tried([self.heads[name].probabilities(seen) for name in HEADS], word)
        read = int(self.reads.logits(seen).argmax())
        return replace(
            self,
            answers=_bounded((*self.answers, Answer(seen, read, word))),
            trials=(*self.trials, trial)[-WINDOW:],
            corrected=self.corrected + (read != word),
            agreed=self.agreed + (read == word),
        )

    def document(self) -> dict[str, Any]:
        """As a JSON value of integers and texts, for encrypted storage and for the person's own export."""
        return {
            "v": 1,
            "model": self.model,
            "base": _named(self.base),
            "rest": None
            if self.rest is None
            else {"middle": _text(self.rest.middle), "leans": self.rest.leans},
            "answers": [
                {
                    "read": EXPRESSIONS[each.read],
                    "said": EXPRESSIONS[each.said],
                    "embedding": _text(each.embedding),
                }
                for each in self.answers
            ],
            "trials": [
                {"right": list(t.right), "thousandths": [round(c * _THOUSAND) for c in t.chances]}
                for t in self.trials
            ],
            "corrected": self.corrected,
            "agreed": self.agreed,
        }

    @classmethod
    def read(cls, value: Any, model: int, base: Head) -> "Personal":
        """What `document` gave. Of another network than this one nothing is taken over: its embeddings mean something else.

        On top of another base head of the same network (a released one) what was said stays, and the trials, which were of the old one, go. Raises
        `RequestInvalid`.
        """
        doc = parse(_Doc, value)
        if doc.model != model:
            return cls(model, base)
        same = doc.base == _named(base)
        rest = None if doc.rest is None else _rest(doc.rest, base, same=same)
        return cls(
            model,
            base,
            rest,
            tuple(_answer(each) for each in doc.answers),
            tuple(_trial(each) for each in doc.trials) if same else (),
            doc.corrected,
            doc.agreed,
        )


def _rest(doc: "_Rest", base: Head, *, same: bool) -> Rest:
    """The face at rest; what another base head takes it for is asked anew."""
    middle = _numbers(doc.middle)
    return Rest(middle, doc.leans if same else resting.leans(base, middle[None]))


def learned_of(value: Any | None) -> Learned:
    """What `document` says, for the person; of None: nothing. Needs no model. Raises `RequestInvalid`."""
    if value is None:
        return Learned()
    doc = parse(_Doc, value)
    leans = doc.rest is not None and doc.rest.leans
    found = verdict([_trial(each) for each in doc.trials], leans=leans)
    return Learned(
        doc.rest is not None,
        leans,
        MappingProxyType(dict(Counter(each.said for each in doc.answers))),
        doc.corrected,
        doc.agreed,
        found.tried,
        found.right[0],
        found.right[2],
        found.reads,
    )


def _head(base: Head, rest: Rest | None, answers: Sequence[Answer]) -> Head:
    """Base head, shifted by the resting face, moved by the answers; with answers, the resting face is one too."""
    seen, said, weights = (
        [a.embedding for a in answers],
        [a.said for a in answers],
        [1.0] * len(answers),
    )
    shift, centre = np.zeros(len(EXPRESSIONS), np.float32), np.zeros(EMBEDDING, np.float32)
    if rest is not None:
        shift, centre = resting.shift(base, rest.middle), rest.middle
    if rest is not None and answers:
        seen, said = [*seen, rest.middle], [*said, resting.NEUTRAL]
        weights = [*weights, _REST_WEIGHT]
    return learned(
        base,
        shift,
        embeddings=np.array(seen, np.float32).reshape(-1, EMBEDDING),
        said=np.array(said, np.int64),
        weights=np.array(weights),
        centre=centre,
    )


def _bounded(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """At most `ANSWERS`: the oldest of what was said most often goes, so that what is rare is not forgotten."""
    if len(answers) <= ANSWERS:
        return answers
    often = Counter(a.said for a in answers)
    most = max(often.values())
    gone = next(i for i, a in enumerate(answers) if often[a.said] == most)
    return answers[:gone] + answers[gone + 1 :]


def _tried(chances: Sequence[NDArray[Any]], word: int) -> Trial:
    """One trial; chances as they are kept, so that what is kept decides as what was seen."""
    right = [int(each.argmax()) == word for each in chances]
    kept = [round(float(each[word]) * _THOUSAND) / _THOUSAND for each in chances]
    return Trial((right[0], right[1], right[2]), (kept[0], kept[1], kept[2]))


# ---- numbers as they are kept: 16 bits each ----
def _whole(embedding: Any) -> Floats:
    """An embedding as it will be kept. Raises `RequestInvalid` for another shape and for numbers that are none."""
    seen = np.asarray(embedding, np.float32)
    if seen.shape != (EMBEDDING,) or not (np.abs(seen) < _MOST).all():  # NaN is not under it
        msg = f"an embedding is {EMBEDDING} finite numbers; use models that give one"
        raise RequestInvalid(msg)
    return np.asarray(seen.astype(np.float16), np.float32)


def _text(values: Floats) -> str:
    return b64(values.astype("<f2").tobytes())


def _numbers(text: str) -> Floats:
    data = unb64(text)
    if len(data) != 2 * EMBEDDING:
        msg = f"an embedding is kept as {2 * EMBEDDING} bytes; forget what was learned and begin again"
        raise RequestInvalid(msg)
    return _whole(np.frombuffer(data, "<f2"))


def _named(base: Head) -> str:
    return hashlib.sha256(base.encode()).hexdigest()[:16]


# ---- what is kept, read strictly ----
_Numbers = Annotated[str, Field(max_length=3 * EMBEDDING)]
_Count = Annotated[int, Field(ge=0, le=2**31)]
_Thousandths = Annotated[int, Field(ge=0, le=_THOUSAND)]
_Word = Literal["neutral", "joy", "surprise", "anger", "fear", "sadness", "disgust", "contempt"]


class _Rest(Message):
    middle: _Numbers
    leans: bool


class _Answer(Message):
    read: _Word
    said: _Word
    embedding: _Numbers


class _Trial(Message):
    right: Annotated[list[bool], Field(min_length=3, max_length=3)]
    thousandths: Annotated[list[_Thousandths], Field(min_length=3, max_length=3)]


class _Doc(Message):
    v: Literal[1]
    model: Annotated[int, Field(ge=0, le=255)]
    base: Annotated[str, Field(max_length=16)]
    rest: _Rest | None
    answers: Annotated[list[_Answer], Field(max_length=ANSWERS)]
    trials: Annotated[list[_Trial], Field(max_length=WINDOW)]
    corrected: _Count
    agreed: _Count


def _answer(doc: _Answer) -> Answer:
    return Answer(_numbers(doc.embedding), EXPRESSIONS.index(doc.read), EXPRESSIONS.index(doc.said))


def _trial(doc: _Trial) -> Trial:
    (a, b, c), (x, y, z) = doc.right, doc.thousandths
    return Trial((a, b, c), (x / _THOUSAND, y / _THOUSAND, z / _THOUSAND))
