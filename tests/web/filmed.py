"""Rendered clips as raw pictures for Node and a real Chromium, and what Python reads in them."""

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from tests.node import ROOT, WEB

from mien import label
from mien.client.session import Session, local_session
from mien.label import Reading
from mien.values import Frame

PERSON: Final = ROOT / "samples" / "person"
MODELS: Final = ROOT / "sdk" / "python" / "mien" / "infer" / "models"
RUNTIME: Final = WEB / "node_modules" / "onnxruntime-web" / "dist" / "ort-wasm-simd-threaded.wasm"
START: Final = 1_795_000_000.25
PURPOSES: Final = label.LABEL_PURPOSES
_RATE: Final = 25
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True, slots=True)
class Scene:
    """Pictures with their seconds, and at which of them somebody affirms again."""

    frames: Sequence[Frame]
    affirmed: frozenset[int] = frozenset()

    def told(self, file: Path) -> dict[str, Any]:
        """As `look.ts` and `vision.ts` take it; the pictures go into `file`."""
        with file.open("wb") as out:
            for frame in self.frames:
                out.write(cv2.cvtColor(frame.pixels, cv2.COLOR_BGR2RGBA).tobytes())
        height, width = self.frames[0].pixels.shape[:2]
        times = [[f.at, START + f.at, k in self.affirmed] for k, f in enumerate(self.frames)]
        return {"pictures": str(file), "width": width, "height": height, "times": times}

    def read(self) -> list[Reading]:
        """What Python reads in it: the session that `mien look` runs."""
        sessions: list[Session] = []
        with local_session(self._handed(sessions), ask=lambda _: True, clock=Still()) as session:
            sessions.append(session)
            return list(session)

    def _handed(self, sessions: list[Session]) -> Iterator[Frame]:
        for k, frame in enumerate(self.frames):
            if k in self.affirmed:
                sessions[0].affirm()
            yield frame


class Still:
    """A clock that stands, as pictures that are handed in bring their own time."""

    def now(self) -> float:
        """Unix seconds."""
        return START

    def monotonic(self) -> float:
        """Seconds."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Return at once."""


def clip(name: str, step: int, first: int = 0, count: int = 10_000) -> list[Frame]:
    """Every `step`-th picture of a sample video from `first` on, at the seconds that the video gives them."""
    video = cv2.VideoCapture(str(PERSON / f"{name}.mp4"))
    read = iter(partial(video.read), (False, None))
    found: list[Frame] = []
    for number, (there, pixels) in enumerate(read):
        if not there or len(found) == count:
            break
        if number >= first and (number - first) % step == 0:
            found.append(Frame(np.asarray(pixels, np.uint8), number / _RATE, len(found)))
    video.release()
    return found


def film(frames: Sequence[Frame], file: Path) -> None:
    """The pictures, at half their sides, as the MJPEG that Chromium's camera plays."""
    with file.open("wb") as out:
        for frame in frames:
            small = cv2.resize(frame.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            out.write(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())  # fmt: skip


def ran(command: Sequence[str], told: str, env: dict[str, str], seconds: int) -> str:
    """What a program says to `told`; its own words where it fails."""
    done = subprocess.run(
        [*command], input=told, capture_output=True, text=True, check=False, timeout=seconds, env=env,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
