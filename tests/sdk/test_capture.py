"""Where pictures come from, what can be wrong with them, and the permit before each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mien import capture
from mien.capture import sources
from mien.errors import CameraUnavailable, ConsentMissing, FrameRejected, VideoUnreadable
from mien.testing import FakeClock, picture
from mien.values import Frame

NO_CAMERA = 97


def yes() -> None:
    """A permit that always allows."""


class Permit:
    """Allows so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ConsentMissing("no more")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (96, 96))
    for _ in range(20):
        writer.write(picture("joy"))
    writer.release()
    return path


def test_a_video_is_read_to_its_end(video: Path) -> None:
    frames = list(capture.frames(video, yes, FakeClock(), paced=False))
    assert [frame.index for frame in frames] == list(range(20))
    assert frames[-1].at == pytest.approx(1.9)
    assert frames[0].pixels.shape == (96, 96, 3)
    assert capture.seconds_of(video) == pytest.approx(2.0)


def test_a_video_plays_at_its_own_speed(video: Path) -> None:
    clock = FakeClock()
    assert len(list(capture.frames(video, yes, clock))) == 20
    assert clock.monotonic() == pytest.approx(1.9)


class Stamped:
    """A video of a variable rate, or with time stamps that make no sense."""

    def __init__(self, stamps: list[float]) -> None:
        self.stamps, self.read_so_far = stamps, 0

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def get(self, what: int) -> float:
        return 25.0 if what == cv2.CAP_PROP_FPS else self.stamps[self.read_so_far - 1]

    def read(self) -> tuple[bool, Any]:
        self.read_so_far += 1
        return self.read_so_far <= len(self.stamps), picture("joy")

    def release(self) -> None:
        pass


@pytest.mark.parametrize(
    ("stamps", "seen"),
    [
        ([0, 20, 100, 500], [0.0, 0.02, 0.1, 0.5]),
        ([0, 0, 0], [0.0, 0.04, 0.08]),
        ([0, 40, float("nan"), 1e12, 30], [0.0, 0.04, 0.08, 0.12, 0.16]),
    ],
    ids=["a variable rate", "no stamps", "nonsense"],
)
def test_a_video_keeps_its_own_times_and_they_only_go_forward(
    video: Path, monkeypatch: pytest.MonkeyPatch, stamps: list[float], seen: list[float]
) -> None:
    monkeypatch.setattr(sources, "_opened", lambda _: Stamped(stamps))
    frames = capture.frames(video, yes, FakeClock(), paced=False)
    assert [frame.at for frame in frames] == pytest.approx(seen)


def test_without_a_permit_not_even_the_file_is_looked_for() -> None:
    with pytest.raises(ConsentMissing):
        next(capture.frames("/nowhere/film.mp4", Permit(0), FakeClock()))
    with pytest.raises(ConsentMissing):
        next(capture.frames(NO_CAMERA, Permit(0), FakeClock()))


def test_the_permit_is_asked_before_every_picture(video: Path) -> None:
    frames = capture.frames(video, Permit(4), FakeClock(), paced=False)
    assert [next(frames).index for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ConsentMissing):
        next(frames)


def test_a_camera_that_is_not_there() -> None:
    with pytest.raises(CameraUnavailable, match="97"):
        next(capture.frames(NO_CAMERA, yes, FakeClock()))


class Camera:
    """What OpenCV gives for a camera."""

    def __init__(self, pictures: int) -> None:
        self.pictures = pictures
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def read(self) -> tuple[bool, Any]:
        self.pictures -= 1
        return (True, picture("joy")) if self.pictures >= 0 else (False, None)

    def release(self) -> None:
        self.released = True


def test_a_camera_that_is_pulled_out_is_named_and_released(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera(3)
    monkeypatch.setattr(cv2, "VideoCapture", lambda _number: camera)
    frames = capture.frames(0, yes, FakeClock())
    assert [next(frames).index for _ in range(3)] == [0, 1, 2]
    with pytest.raises(CameraUnavailable, match="stopped"):
        next(frames)
    assert camera.released


def test_the_camera_is_released_when_consent_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera(100)
    monkeypatch.setattr(cv2, "VideoCapture", lambda _number: camera)
    frames = capture.frames(0, Permit(5), FakeClock())
    next(frames), next(frames)
    with pytest.raises(ConsentMissing):
        next(frames)
    assert camera.released


@pytest.mark.parametrize("content", [None, b"", b"no video at all" * 1000])
def test_a_video_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "film.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VideoUnreadable, match=r"film\.mp4"):
        list(capture.frames(path, yes, FakeClock(), paced=False))


def test_a_truncated_video_gives_what_is_there(video: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.avi"
    short.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    try:
        found = len(list(capture.frames(short, yes, FakeClock(), paced=False)))
    except VideoUnreadable:
        return
    assert 0 < found < 20


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((96, 96), np.uint8), np.zeros((96, 96, 4), np.uint8), np.zeros((96, 96, 3), np.float32),
        np.zeros((8, 96, 3), np.uint8), np.zeros((96, 8193, 3), np.uint8), [[1, 2, 3]], "picture",
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(pixels: Any) -> None:
    with pytest.raises(FrameRejected):
        list(capture.frames([pixels], yes, FakeClock()))


def test_handed_pictures_are_timed_when_they_come() -> None:
    clock = FakeClock()

    def pictures() -> Iterator[Any]:
        for _ in range(3):
            yield picture("joy")
            clock.move(0.5)

    assert [frame.at for frame in capture.frames(pictures(), yes, clock)] == [0.0, 0.5, 1.0]
    ours = [Frame(picture("joy"), 7.0, 3)]
    assert [(f.at, f.index) for f in capture.frames(ours, yes, clock)] == [(7.0, 3)]


def test_faults() -> None:
    assert capture.fault(picture("joy", dark=True)) == "dark"
    assert capture.fault(np.zeros((480, 640, 3), np.uint8)) == "dark"
    assert capture.fault(np.full((480, 640, 3), 200, np.uint8)) == "blank"
    assert capture.fault(picture("joy")) is None
    assert capture.fault(picture()) is None
