"""Eyes made of a detector and a classifier, each ours or the site's. The same questions as `Eyes`; nothing is kept.

eyes = SiteEyes(detector=SiteDetector(manifest, blob), classifier=Eyes(load_models()))
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np

from mien.errors import ModelInvalid
from mien.infer import detection, geometry, site, yunet
from mien.infer.eyes import Eyes, check
from mien.infer.micro import Watch
from mien.infer.session import SiteNetwork
from mien.values import EXPRESSIONS, Face, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]
    Box = tuple[float, float, float, float]

LONGEST: Final = 640
"""Longer side, in pixels, of the picture for a detector that takes any size."""
_ROOM: Final = 0.5
"""Share of a given box that is looked at beside it, on each side."""


class Finder(Protocol):
    """Finds faces with five landmarks; `Eyes` is one, `SiteDetector` another."""

    def faces(self, pixels: "Bytes") -> tuple[Face, ...]:
        """All faces, strongest first."""
        ...

    def face_in(self, pixels: "Bytes", box: "Box") -> Face:
        """The face in a box."""
        ...


class Judge(Protocol):
    """Reads the expression of a face; `Eyes` is one, `SiteClassifier` another."""

    def scores(self, pixels: "Bytes", face: Face) -> Scores:
        """The expression of one face."""
        ...


class SiteEyes:
    """A detector and a classifier behind the questions of `Eyes`.

    With a site's classifier, the rest (valence, arousal, actions, pose, gaze, embedding) comes from `rest`, the embedded networks, when that is
    given. Without it valence and arousal are 0.0: not known, which a label cannot tell from neither pleasant nor unpleasant.
    Brief movements are watched for by `embedded`, when those are loaded.
    """

    def __init__(
        self,
        detector: Finder,
        classifier: Judge,
        rest: Judge | None = None,
        embedded: Eyes | None = None,
    ) -> None:
        self._detector = detector
        self._classifier = classifier
        self._rest = rest
        self._embedded = embedded

    @property
    def head(self) -> "Floats | None":
        """The last layer behind the expressions, as `Eyes.head`; None when a site's classifier gives them."""
        return self._classifier.head if isinstance(self._classifier, Eyes) else None

    def watch(self) -> Watch | None:
        """A watcher of brief movements, None when the embedded networks are not loaded."""
        return self._embedded.watch() if self._embedded else None

    def faces(self, pixels: "Bytes") -> tuple[Face, ...]:
        """All faces, strongest first, with the detector's landmarks. Raises `FrameRejected` as `Eyes.faces` does."""
        return self._detector.faces(pixels)

    def face_in(self, pixels: "Bytes", box: "Box") -> Face:
        """The face in `box` (x, y, width, height in pixels); `score` is how face-like it is. Raises `FrameRejected`."""
        return self._detector.face_in(pixels, box)

    def scores(self, pixels: "Bytes", face: Face) -> Scores:
        """What the classifier says of `face`. Raises `FrameRejected`, and `ModelInvalid` when a site's model gives no numbers."""
        found = self._classifier.scores(pixels, face)
        if self._rest is None:
            return found
        return replace(self._rest.scores(pixels, face), expressions=found.expressions)


class SiteDetector:
    """A site's detector, ready to run. Raises `ModelTampered` when the network is not as its manifest says."""

    def __init__(self, manifest: site.Detector, blob: bytes, threads: int = 1) -> None:
        self._manifest = manifest
        self._network = SiteNetwork(manifest, blob, threads)

    def faces(self, pixels: "Bytes") -> tuple[Face, ...]:
        """Faces from the manifest's threshold on, strongest first, at most six. Raises `FrameRejected` as `Eyes.faces` does."""
        fitted, scale = fit(check(pixels), self._manifest.input)
        answer = self._network.run(fitted)
        boxes, landmarks, scores = yunet.decode(answer, fitted.shape[1], self._manifest.threshold)
        found = zip(boxes / scale, landmarks / scale, scores, strict=True)
        return tuple(_face(box, points, float(score)) for box, points, score in found)

    def face_in(self, pixels: "Bytes", box: "Box") -> Face:
        """The found face that overlaps `box` most; none there: `box` itself with the usual landmarks and a score of 0."""
        picture = check(pixels)
        x, y, width, height = box
        near, corner = _around(picture, box)
        target = np.array([x, y, x + width, y + height], np.float32)
        best, most = Face(box, _usual(box), 0.0), 0.0
        for face in self.faces(near):
            moved = _moved(face, corner)
            fx, fy, fw, fh = moved.box
            corners = np.array([[fx, fy, fx + fw, fy + fh]], np.float32)
            if (shared := float(detection.overlap(target, corners)[0])) > most:
                best, most = moved, shared
        return best


class SiteClassifier:
    """A site's classifier, ready to run. Raises `ModelTampered` when the network is not as its manifest says."""

    def __init__(self, manifest: site.Classifier, blob: bytes, threads: int = 1) -> None:
        self._manifest = manifest
        self._network = SiteNetwork(manifest, blob, threads)
        kept = [(at, word) for at, word in enumerate(manifest.labels) if word is not None]
        self._kept = np.array([at for at, _ in kept])
        self._words = np.array([EXPRESSIONS.index(word) for _, word in kept])

    def scores(self, pixels: "Bytes", face: Face) -> Scores:
        """Probabilities over our expressions: softmax over the outputs that have a label, added up where several share one.

        Valence and arousal are 0.0: such a model does not know them. Raises `FrameRejected`, and `ModelInvalid` for an answer without numbers.
        """
        crop = crop_of(check(pixels), face, self._manifest)
        logits = self._network.run(crop)[self._manifest.outputs.logits][0]
        return Scores(self._probabilities(logits), 0.0, 0.0)

    def _probabilities(self, logits: "Floats") -> tuple[float, ...]:
        warm = logits[self._kept].astype(np.float64) / self._manifest.temperature
        if not np.isfinite(warm).all():
            msg = f"model `{self._manifest.name}` gives no finite numbers; check it, or run `mien models use embedded --as classifier`"
            raise ModelInvalid(msg)
        odds = np.exp(warm - warm.max())
        sums = np.bincount(self._words, odds, minlength=len(EXPRESSIONS)) / odds.sum()
        return tuple(sums.tolist())


def fit(pixels: "Bytes", wanted: site.Input) -> "tuple[Bytes, float]":
    """The picture in the detector's size from the top left corner, black beyond, never enlarged, and the scale used."""
    height, width = pixels.shape[:2]
    sides = wanted.sides
    room = [LONGEST if side is None else side for side in sides]
    scale = min(1.0, room[0] / height, room[1] / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = pixels
    if scale < 1:
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    step = wanted.multiple or 1
    full = [
        -(-had // step) * step if side is None else side
        for side, had in zip(sides, small.shape[:2], strict=True)
    ]
    out = np.zeros((*full, 3), np.uint8)
    out[: small.shape[0], : small.shape[1]] = small
    return out, scale


def crop_of(pixels: "Bytes", face: Face, manifest: site.Classifier) -> "Bytes":
    """The crop (height, width, 3) BGR that a classifier looks at; edges are repeated outside the picture."""
    height, width = (int(side or 0) for side in manifest.input.sides)
    if isinstance(manifest.alignment, site.FivePoints):
        target = np.array(manifest.alignment.template, np.float32) * (width, height)
        landmarks = np.array(face.landmarks, np.float32)
        transform = geometry.similarity(landmarks, target.astype(np.float32))
    else:
        transform = _upright(face.box, manifest.alignment.margin, width, height)
    return _warp(pixels, transform, width, height)


def _upright(box: "Box", margin: float, width: int, height: int) -> "Floats":
    """The transform that brings the box, `margin` wider on each side, to the middle of the crop without squeezing it."""
    x, y, box_width, box_height = box
    grown = 1 + 2 * margin
    scale = min(width / max(box_width * grown, 1.0), height / max(box_height * grown, 1.0))
    shift_x = width / 2 - scale * (x + box_width / 2)
    shift_y = height / 2 - scale * (y + box_height / 2)
    return np.array([[scale, 0, shift_x], [0, scale, shift_y]], np.float32)


def _warp(pixels: "Bytes", transform: "Floats", width: int, height: int) -> "Bytes":
    """The crop under `transform`; a picture that is shrunk much is shrunk by area first, so that nothing aliases."""
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    whole = max(1, min(int(1 / max(scale, 1e-6)), min(pixels.shape[:2]) // 2))
    rows, columns = (side // whole for side in pixels.shape[:2])
    small = pixels
    if whole > 1:
        part = pixels[: rows * whole, : columns * whole]
        small = np.asarray(cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA))
    affine = transform.astype(np.float64)
    affine[:, :2] *= whole
    # corner coordinates -> OpenCV's pixel centres
    affine[:, 2] += affine[:, :2].sum(1) * 0.5 - 0.5
    crop = cv2.warpAffine(
        small, affine, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)


def _face(corners: "Floats", landmarks: "Floats", score: float) -> Face:
    x0, y0, x1, y1 = corners.tolist()
    points = tuple((float(x), float(y)) for x, y in landmarks)
    return Face((x0, y0, x1 - x0, y1 - y0), points, min(score, 1.0))


def _around(pixels: "Bytes", box: "Box") -> "tuple[Bytes, tuple[int, int]]":
    """The part of the picture in and around the box, and where its corner lies."""
    x, y, width, height = box
    sides = ((x, width, pixels.shape[1]), (y, height, pixels.shape[0]))
    ranges = [_range(at - _ROOM * size, at + size + _ROOM * size, end) for at, size, end in sides]
    (x0, x1), (y0, y1) = ranges
    return np.ascontiguousarray(pixels[y0:y1, x0:x1]), (x0, y0)


def _range(low: float, high: float, end: int) -> tuple[int, int]:
    """Whole pixels within 0..end, never less than a picture may have."""
    first = int(np.clip(np.floor(low), 0, end - site.SMALLEST))
    return first, int(np.clip(np.ceil(high), first + site.SMALLEST, end))


def _moved(face: Face, corner: tuple[int, int]) -> Face:
    dx, dy = corner
    x, y, width, height = face.box
    points = tuple((px + dx, py + dy) for px, py in face.landmarks)
    return Face((x + dx, y + dy, width, height), points, face.score)


def _usual(box: "Box") -> tuple[tuple[float, float], ...]:
    """Where the five landmarks usually are in a box (chin to hairline)."""
    x, y, width, height = box
    share = (geometry.TEMPLATE - geometry.BOX_MIDDLE) / geometry.BOX_SIZE + 0.5
    return tuple((float(x + sx * width), float(y + sy * height)) for sx, sy in share)
