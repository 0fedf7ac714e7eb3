"""Milliseconds per 640x480 frame at one thread, room by room, on the sample video; the floor is running the same networks bare.

The floor is what ONNX Runtime needs for one pass of each network on tensors that are ready: detector once, landmarks twice, expression once. What
lies above it is decoding, resizing, aligning, smoothing and sealing.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from mien import capture, infer, label, seal
from mien.infer import manifest
from mien.values import Frame, Label, Scores
from mien.wire.keys import OpenKey
from mien.wire.messages import Capability

VIDEO = Path(__file__).resolve().parents[2] / "samples/person/person.mp4"
SIZE = (640, 480)
FRAMES = 250
WARM = 25
BEAT_FRAMES = 250
"""One envelope every ten seconds at 25 frames a second: its cost is spread over so many frames."""


def timed(samples: list[float], work: Callable[[], object]) -> object:
    """The result of `work`; its milliseconds go to `samples`."""
    start = time.perf_counter()
    result = work()
    samples.append((time.perf_counter() - start) * 1000)
    return result


def run() -> dict[str, object]:
    """Read the sample video frame by frame; alternate with the floor."""
    cv2.setNumThreads(1)
    models = infer.load_models(threads=1)
    eyes = infer.Eyes(models)
    reader = label.Reader(label.Rules(), models.model_id)
    networks = (models.detector, models.landmarks, models.landmarks, models.expression)
    tensors = [ready(name) for name in ("detector", "landmarks", "landmarks", "expression")]
    rooms: dict[str, list[float]] = {
        name: [] for name in ("capture", "infer: faces", "infer: scores", "label", "floor")
    }
    frames = capture.frames(VIDEO, allowed, Still(), paced=False)
    for _ in range(FRAMES):
        frame = timed(rooms["capture"], lambda: next(frames))
        assert isinstance(frame, Frame)
        assert frame.pixels.shape[1::-1] == SIZE
        faces = timed(rooms["infer: faces"], partial(eyes.faces, frame.pixels))
        assert isinstance(faces, tuple)
        if len(faces) == 1:
            scores = timed(rooms["infer: scores"], partial(eyes.scores, frame.pixels, faces[0]))
            sight = label.Sight(frame.at, frame.at, 1, faces[0].box)
            assert isinstance(scores, Scores)
            timed(rooms["label"], partial(read, reader, sight, scores))
        timed(rooms["floor"], lambda: [n.run(t) for n, t in zip(networks, tensors, strict=True)])
    medians = {name: statistics.median(samples[WARM:]) for name, samples in rooms.items()}
    medians["seal"] = envelope_ms() / BEAT_FRAMES
    floor = medians.pop("floor")
    total = sum(medians.values())
    return {
        "name": "frame",
        "value": round(total, 3),
        "unit": "ms",
        "baseline": round(floor, 3),
        "baseline_name": "the same networks run bare, one thread",
        "ratio": round(total / floor, 2),
        "rooms": {name: round(value, 3) for name, value in medians.items()},
        "frames": FRAMES,
        "frames_with_one_face": len(rooms["label"]),
    }


def read(reader: label.Reader, sight: label.Sight, scores: Scores) -> label.Reading:
    """What the client asks of the room `label` for a picture with one face."""
    return reader.look(sight) or reader.read(sight, scores, ("personalize_offers",))


def ready(name: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """A tensor as the network takes it."""
    (_, shape, _kind), *_ = manifest.CONTRACTS[name].inputs
    return np.full(shape, 127, np.uint8)


def envelope_ms() -> float:
    """One envelope of ten labels."""
    sender = seal.Sender("bench", "sub_" + "a" * 26, "A" * 22, bytes(32))
    server = ("2026-01-01", OpenKey.generate().seal_key())
    labels = [Label(expression="joy", ended_at=1000 + i, confidence=9) for i in range(10)]
    samples: list[float] = []
    for number in range(1, 51):
        timed(samples, partial(seal.envelope, labels, number, 1000, sender, server))
    return statistics.median(samples)


def allowed() -> Capability:
    """A bench has nobody to ask: the sample person is rendered."""
    return None  # type: ignore[return-value]


class Still:
    """A clock that does not wait."""

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return at once."""
