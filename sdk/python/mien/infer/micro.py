"""Brief, weak movements of a face (micro-expressions): spotted in a video of at least 25 pictures a second, and their polarity.

A movement counts when a part of the face leaves its place, and is back within half a second (Yan et al. 2013: 40 to 500 ms). What stays is an
expression, and the expression network's business. Keeps half a second of small grey crops in memory, and nothing else.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.errors import FrameRejected
from mien.infer import geometry
from mien.infer.flow import SIDE, Flow, amount, cube
from mien.values import POLARITIES, Face

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.infer.models import Models

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]

SLOWEST: Final = 1 / 25 * 1.04
"""Longest usual time between two pictures, in seconds: below 25 a second, with a little slack for clocks, nothing is spotted."""
SHORTEST: Final = 0.04
LONGEST: Final = 0.5
"""How long a brief movement lasts, onset to offset, in seconds."""
LAG: Final = 0.16
"""Seconds over which movement is measured: about the time from onset to apex."""
BACK: Final = 0.55
"""The face is back when it differs from the onset by less than this share of the apex."""
LOUD: Final = 3.0
"""How far a movement must stand out of the usual restlessness, in medians of the last seconds."""
CLOSED: Final = 0.5
"""Eye closure from which a blink is assumed; nothing is spotted across one."""
_MEMORY: Final = 2.0
_DRIFT: Final = 0.18
_PACE: Final = 12


@dataclass(frozen=True, slots=True)
class Movement:
    """A brief movement: times in seconds of the session, polarity (a word of `POLARITIES` but none), how sure 0..1, amount as a fraction of the eyes' distance."""

    onset: float
    apex: float
    offset: float
    polarity: str
    share: float
    amount: float


@dataclass(slots=True)
class _Candidate:
    onset: float
    apex: float
    before: "Bytes"
    flow: "Floats"
    amount: float


@dataclass(slots=True)
class Watch:
    """Watches one face. Feed it every picture; call `forget` when the face was lost. Not thread-safe."""

    models: "Models"
    _flow: Flow = field(default_factory=Flow)
    _crops: "deque[tuple[float, Bytes]]" = field(default_factory=deque, repr=False)
    _restless: deque[tuple[float, float]] = field(default_factory=deque, repr=False)
    _steps: deque[float] = field(default_factory=lambda: deque(maxlen=_PACE), repr=False)
    _anchor: "Floats | None" = field(default=None, repr=False)
    _candidate: _Candidate | None = field(default=None, repr=False)
    _shut: float = -1.0
    _last: float | None = None

    @property
    def fast_enough(self) -> bool:
        """Whether pictures come often enough to spot anything."""
        return len(self._steps) == _PACE and float(np.median(self._steps)) <= SLOWEST

    def forget(self) -> None:
        """Start anew: another face, or the same after a while."""
        self._crops.clear()
        self._restless.clear()
        self._steps.clear()
        self._anchor = self._candidate = self._last = None
        self._shut = -1.0

    def see(self, at: float, pixels: "Bytes", face: Face, closure: float = 0.0) -> Movement | None:
        """One picture (H, W, 3) uint8 at `at` seconds with its face; `closure` of the eyes 0..1. A movement once it is over, else None.

        Raises `FrameRejected` when `pixels` is no such picture.
        """
        if pixels.ndim != 3 or pixels.dtype != np.uint8:  # noqa: PLR2004
            message = "a frame must be (height, width, 3) 8-bit pixels; convert it to BGR"
            raise FrameRejected(message)
        self._pace(at)
        if not self.fast_enough:
            self._crops.clear()
            self._candidate = None
            return None
        if closure >= CLOSED:
            self._shut = at
            self._candidate = None
        crop = self._crop(pixels, face)
        self._crops.append((at, crop))
        while self._crops and at - self._crops[0][0] > LONGEST + LAG:
            self._crops.popleft()
        return self._judge(at, crop)

    def _pace(self, at: float) -> None:
        if self._last is not None and not 0 < at - self._last <= LONGEST:
            self.forget()
        if self._last is not None:
            self._steps.append(at - self._last)
        self._last = at

    def _crop(self, pixels: "Bytes", face: Face) -> "Bytes":
        """The aligned grey crop; the alignment is held while the head stays about where it was, so that it adds no movement."""
        five = np.array(face.landmarks, np.float32)
        if self._anchor is None or _moved(self._anchor, five) > _DRIFT:
            self._anchor = geometry.aligned(five, SIDE)
            self._crops.clear()
            self._candidate = None
        return geometry.crop(pixels, self._anchor, SIDE)

    def _judge(self, at: float, crop: "Bytes") -> Movement | None:
        before = next((c for c in reversed(self._crops) if at - c[0] >= LAG - 1e-6), None)
        if before is None:
            return None
        flow = self._flow.between(before[1], crop)
        moved = amount(flow)
        usual = [m for t, m in self._restless if at - t <= _MEMORY]
        self._restless.append((at, moved))
        while self._restless and at - self._restless[0][0] > _MEMORY:
            self._restless.popleft()
        if len(usual) >= _PACE:
            loud = max(self.models.micro_threshold, LOUD * float(np.median(usual)))
            if moved >= loud and before[0] > self._shut:
                self._propose(before, at, crop, flow)
        return self._close(at, crop)

    def _propose(
        self, before: "tuple[float, Bytes]", at: float, crop: "Bytes", flow: "Floats"
    ) -> None:
        """A first loud picture makes a candidate; louder ones after it, seen from the same onset, move its apex."""
        known = self._candidate
        if known is None:
            self._candidate = _Candidate(before[0], at, before[1], flow, amount(flow))
            return
        since = self._flow.between(known.before, crop)
        if (moved := amount(since)) > known.amount and at - known.onset <= LONGEST:
            self._candidate = _Candidate(known.onset, at, known.before, since, moved)

    def _close(self, at: float, crop: "Bytes") -> Movement | None:
        c = self._candidate
        if c is None or at <= c.apex:
            return None
        if at - c.onset > LONGEST:
            self._candidate = None
            return None
        if amount(self._flow.between(c.before, crop)) > BACK * c.amount:
            return None
        self._candidate = None
        if at - c.onset < SHORTEST:
            return None
        polarity, share = self.polarity(cube(c.flow))
        return Movement(c.onset, c.apex, at, polarity, share, c.amount)

    def polarity(self, movement: "Floats") -> tuple[str, float]:
        """What the network says of a cube (28, 28, 3): a word of `POLARITIES` but none, and its probability."""
        logits = self.models.micro.run(movement[None])[0][0].astype(np.float64)
        odds = np.exp(logits - logits.max())
        best = int(odds.argmax())
        return POLARITIES[1 + best], float(odds[best] / odds.sum())


def _moved(anchor: "Floats", five: "Floats") -> float:
    """How far the landmarks are from their places under the anchor, as a fraction of the crop."""
    away = geometry.apply(anchor, five) / SIDE - geometry.TEMPLATE
    return float(np.abs(away.mean(0)).max())
