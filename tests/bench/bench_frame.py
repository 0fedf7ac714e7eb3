"""Milliseconds per 640x480 frame at one thread on the sample video: detector, alignment, expression and smoothing, as a session runs them.

Beside it, in the same run and on the same frames: YuNet at full size (OpenCV's own detector, `../shared/assets/models`) with the same alignment, expression
network and smoothing; and, as a floor, one pass of each network on tensors that are ready. The three take turns, fifty frames each: in use, nothing else stands between two frames of
ours. Decoding the video and sealing are shown and not counted.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mien import capture, infer, label, seal
from mien.infer import manifest
from mien.values import Face, Frame, Label, Scores
from mien.wire.keys import OpenKey
from mien.wire.messages import Capability

ROOT = Path(__file__).resolve().parents[2]
VIDEO = ROOT / "samples/person/person.mp4"
YUNET = ROOT.parent / "shared/assets/models/face_detection_yunet_2023mar.onnx"
SIZE = (640, 480)
BLOCK = 50
BLOCKS = 6
WARM = 25
BEAT_FRAMES = 250
"""One envelope every ten seconds at 25 frames a second: its cost is spread over so many frames."""
GRID = {"detector": (1, 160, 192, 3)}
"""What the detector sees of such a frame."""
PURPOSES = ("personalize_offers", "adapt_service")


def timed(samples: list[float], work: Callable[[], object]) -> Any:
    """The result of `work`; its milliseconds go to `samples`."""
    start = time.perf_counter()
    result = work()
    samples.append((time.perf_counter() - start) * 1000)
    return result


def run(*, micro: bool = False) -> dict[str, object]:
    """Read the sample video frame by frame; alternate with the peer and the floor."""
    cv2.setNumThreads(1)
    models = infer.load_models(threads=1)
    eyes = infer.Eyes(models)
    reader, other = (label.Reader(label.Rules(), models.model_id) for _ in range(2))
    watch = eyes.watch()
    peer = Peer(eyes, other) if YUNET.exists() else None
    tensors = [(models.detector, ready("detector")), *[(models.landmarks, ready("landmarks"))] * 2]
    tensors.append((models.expression, ready("expression")))
    rooms: dict[str, list[float]] = {
        n: [] for n in ("capture", "faces", "scores", "label", "micro", "floor", "peer")
    }
    source = capture.frames(VIDEO, allowed, Still(), paced=False)
    for _ in range(BLOCKS):
        frames = []
        for _ in range(BLOCK):
            frame = timed(rooms["capture"], lambda: next(source))
            assert frame.pixels.shape[1::-1] == SIZE
            frames.append(frame)
            faces = timed(rooms["faces"], partial(eyes.faces, frame.pixels))
            if len(faces) == 1:
                scores = timed(rooms["scores"], partial(eyes.scores, frame.pixels, faces[0]))
                timed(rooms["label"], partial(read, reader, frame, faces[0], scores))
                if micro:
                    closure = scores.actions["AU43"]
                    seen = partial(watch.see, frame.at, frame.pixels, faces[0], closure)
                    timed(rooms["micro"], seen)
        for _ in frames:
            timed(rooms["floor"], lambda: [n.run(t) for n, t in tensors])
        if peer:
            for frame in frames:
                timed(rooms["peer"], partial(peer.look, frame))
    return told(rooms, micro=micro)


def told(rooms: dict[str, list[float]], *, micro: bool) -> dict[str, object]:
    """Medians, what counts, and the comparison."""
    medians = {name: statistics.median(s[WARM:]) for name, s in rooms.items() if s[WARM:]}
    counted = ("faces", "scores", "label", *(("micro",) if micro else ()))
    total = sum(medians[name] for name in counted)
    floor = medians.pop("floor")
    baseline = medians.pop("peer", floor)
    words = "YuNet at 640x480 with the same alignment, expression network and smoothing"
    return {
        "name": "frame-micro" if micro else "frame",
        "value": round(total, 3),
        "unit": "ms",
        "baseline": round(baseline, 3),
        "baseline_name": words if YUNET.exists() else "the networks alone, on ready tensors",
        "ratio": round(total / baseline, 3),
        "networks_alone": round(floor, 3),
        "counted": list(counted),
        "rooms": {n: round(v, 3) for n, v in medians.items()} | {"seal": sealed()},
        "frames": BLOCK * BLOCKS,
        "frames_with_one_face": len(rooms["label"]),
    }


class Peer:
    """YuNet by OpenCV, then ours from the alignment on."""

    def __init__(self, eyes: infer.Eyes, reader: label.Reader) -> None:
        self.eyes, self.reader = eyes, reader
        self.net = cv2.FaceDetectorYN.create(str(YUNET), "", SIZE)

    def look(self, frame: Frame) -> None:
        """One frame, as `run` looks at it."""
        rows = self.net.detect(frame.pixels)[1]
        if rows is None:
            return
        x, y, width, height, *points = (float(v) for v in rows[0][:14])
        pairs = tuple(zip(points[::2], points[1::2], strict=True))
        face = Face((x, y, width, height), pairs, float(rows[0][14]))
        read(self.reader, frame, face, self.eyes.scores(frame.pixels, face))


def read(reader: label.Reader, frame: Frame, face: Face, scores: Scores) -> label.Reading:
    """What the client asks of the room `label` for a picture with one face."""
    sight = label.Sight(frame.at, frame.at, 1, face.box)
    return reader.look(sight) or reader.read(sight, scores, PURPOSES)


def ready(name: str) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """A tensor as the network takes it."""
    (_, shape, _kind), *_ = manifest.CONTRACTS[name].inputs
    return np.full(GRID.get(name, shape), 127, np.uint8)


def sealed() -> float:
    """Milliseconds a frame of one envelope of ten labels every `BEAT_FRAMES`."""
    sender = seal.Sender("bench", "sub_" + "a" * 26, "A" * 22, bytes(32))
    server = ("2026-01-01", OpenKey.generate().seal_key())
    labels = [Label(expression="joy", ended_at=1000 + i, confidence=9) for i in range(10)]
    samples: list[float] = []
    for number in range(1, 51):
        timed(samples, partial(seal.envelope, labels, number, 1000, sender, server))
    return round(statistics.median(samples) / BEAT_FRAMES, 4)


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
