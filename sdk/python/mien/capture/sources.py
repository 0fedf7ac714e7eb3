"""The sources: camera number, video file, or pictures handed in. OpenCV reads the first two and is loaded only then."""

import os
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from mien.errors import CameraUnavailable, FrameRejected, VideoUnreadable
from mien.values import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

Permit = Callable[[], object]
"""Raises a `ConsentError` unless reading is allowed now."""
Source = int | str | Path | Iterable[Any]
"""A camera number, a video file, or an iterable of `Frame`s or (H, W, 3) uint8 arrays in BGR order."""

Frames = Generator[Frame, None, None]
"""Pictures one by one; closing it gives the source back."""
MIN_SIDE: Final = 16
MAX_SIDE: Final = 8192
_CHANNELS: Final = 3
_ODD_FPS: Final = 240.0
_FALLBACK_FPS: Final = 30.0
_LONGEST_PAUSE: Final = 60.0
"""Seconds between two pictures of a file beyond which its time stamps are not believed."""


class Ticker(Protocol):
    """The two things of a clock that capture needs."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


def frames(source: Source, permit: Permit, clock: Ticker, *, paced: bool = True) -> Frames:
    """The pictures of `source`. A file is played at its own speed, or as fast as it is read when not `paced`.

    Raises what `permit` raises, before opening and before every picture; `CameraUnavailable`, `VideoUnreadable`, `FrameRejected`.
    """
    permit()
    if isinstance(source, int):
        yield from _camera(source, permit, clock)
    elif isinstance(source, str | Path):
        yield from _video(Path(source), permit, clock if paced else None)
    else:
        yield from _handed(source, permit, clock)


def _camera(number: int, permit: Permit, clock: Ticker) -> Frames:
    camera = _opened(number)
    if not camera.isOpened():
        msg = f"camera `{number}` cannot be opened; connect it, close other programs that use it, or give another number"
        raise CameraUnavailable(msg)
    start = clock.monotonic()
    index = 0
    try:
        while True:
            permit()
            there, pixels = camera.read()
            if not there:
                msg = f"camera `{number}` stopped giving pictures; check that it is still connected"
                raise CameraUnavailable(msg)
            permit()  # reading waits for the next picture: the answer may have changed meanwhile
            yield Frame(checked(pixels), clock.monotonic() - start, index)
            index += 1
    finally:
        camera.release()


def _video(path: Path, permit: Permit, clock: Ticker | None) -> Frames:
    if not path.is_file():
        msg = f"there is no file `{path}`; give the path of a video"
        raise VideoUnreadable(msg)
    video = _opened(str(path))
    try:
        rate = _rate(video)
        start = clock.monotonic() if clock else 0.0
        index = 0
        at = -1 / rate
        while True:
            permit()
            there, pixels = video.read()
            if not there:
                break
            at = _stamp(video, at, 1 / rate)
            if clock:
                clock.sleep(max(0.0, start + at - clock.monotonic()))
                permit()
            yield Frame(checked(pixels), at, index)
            index += 1
    finally:
        video.release()
    if index == 0:
        msg = f"no picture in `{path}` can be read; convert it, for example to MP4 with H.264"
        raise VideoUnreadable(msg)


def _handed(source: Iterable[Any], permit: Permit, clock: Ticker) -> Frames:
    start = clock.monotonic()
    pictures = iter(source)
    index = 0
    while True:
        permit()
        item = next(pictures, None)
        if item is None:
            return
        permit()
        if isinstance(item, Frame):
            yield Frame(checked(item.pixels), item.at, item.index)
        else:
            yield Frame(checked(item), clock.monotonic() - start, index)
        index += 1


def checked(pixels: Any) -> "NDArray[np.uint8]":
    """`pixels`, when it is (H, W, 3) uint8 of 16 to 8,192 a side. Raises `FrameRejected`."""
    good = (
        isinstance(pixels, np.ndarray)
        and pixels.dtype == np.uint8
        and pixels.ndim == _CHANNELS
        and pixels.shape[2] == _CHANNELS
        and all(MIN_SIDE <= side <= MAX_SIDE for side in pixels.shape[:2])
    )
    if not good:
        msg = f"a picture is an array of shape (height, width, 3), 8-bit, {MIN_SIDE} to {MAX_SIDE} pixels a side; convert it"
        raise FrameRejected(msg)
    found: NDArray[np.uint8] = pixels
    return found


def _opened(source: int | str) -> Any:
    os.environ.setdefault(
        "OPENCV_FFMPEG_LOGLEVEL", "-8"
    )  # read once, when OpenCV loads its decoder
    import cv2

    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(
        cv2.utils.logging.LOG_LEVEL_SILENT
    )  # it writes its own words to stderr; ours say what to do
    try:
        return cv2.VideoCapture(source)
    finally:
        cv2.utils.logging.setLogLevel(level)


def _rate(video: Any) -> float:
    import cv2

    rate = float(video.get(cv2.CAP_PROP_FPS))
    return rate if 0.0 < rate <= _ODD_FPS else _FALLBACK_FPS


def _stamp(video: Any, last: float, step: float) -> float:
    """When the picture just read is shown, in seconds: as the file says, so that a variable rate keeps its pace; a step on where it says nonsense."""
    import cv2

    said = float(video.get(cv2.CAP_PROP_POS_MSEC)) / 1000
    return said if last < said < last + _LONGEST_PAUSE else last + step


def seconds_of(source: Source) -> float:
    """How long a video file plays, 0 when that is not known or `source` is no file."""
    if not isinstance(source, str | Path) or not Path(source).is_file():
        return 0.0
    import cv2

    video = _opened(str(source))
    try:
        return max(0.0, float(video.get(cv2.CAP_PROP_FRAME_COUNT))) / _rate(video)
    finally:
        video.release()
