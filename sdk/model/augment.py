"""From renders to what a camera might have seen: crops for the two small networks, whole pictures for the detector.

Coordinates count from the top left corner, as in `mien.infer.geometry`, whose warp all crops here go through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from mien.infer import detection, flow, geometry

if TYPE_CHECKING:
    from numpy.random import Generator

    from .backgrounds import Bank
    from .render.assets import Bytes, Floats
    from .render.shards import Renders

C = geometry.CROP
FLIP_FIVE = [1, 0, 2, 4, 3]
FLIP_POINTS = [*range(11, 22), *range(11), *range(22, 26)]


def _chance(rng: Generator, p: float) -> bool:
    return bool(rng.random() < p)


def bytes_of(image: Floats) -> Bytes:
    """0..1 -> 0..255."""
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


# ---- crops -------------------------------------------------------------------------------------------------------


def over(crop: Bytes, background: Bytes) -> Floats:
    """Premultiplied BGRA crop over a BGR background -> BGR 0..1."""
    alpha = crop[..., 3:].astype(np.float32) / 255
    return (crop[..., :3].astype(np.float32) + background * (1 - alpha)) / 255


def jittered(
    rng: Generator, transform: Floats, *, angle: float, scale: float, aspect: float, shift: float
) -> Floats:
    """`transform` with a random turn (degrees), log scale, log aspect and shift (fractions of the crop) about the middle."""
    turn = np.deg2rad(np.clip(rng.normal() * angle, -35, 35))
    sy = float(np.exp(np.clip(rng.normal() * scale, -0.5, 0.5)))
    sx = sy * float(np.exp(rng.normal() * aspect))
    a = np.array([[np.cos(turn) * sx, -np.sin(turn) * sy], [np.sin(turn) * sx, np.cos(turn) * sy]])
    centre = np.array([C / 2, C / 2])
    move = a @ (transform[:, 2] - centre) + centre + rng.normal(size=2) * shift * C
    return np.hstack([a @ transform[:, :2], move[:, None]]).astype(np.float32)


def _resampled(rng: Generator, image: Floats) -> Floats:
    """Through a lower resolution and back, as in small or upscaled pictures."""
    n = int(rng.uniform(22, C * 0.95))
    small = cv2.resize(image, (n, n), interpolation=cv2.INTER_AREA)
    method = cv2.INTER_LINEAR if _chance(rng, 0.5) else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(small, (C, C), interpolation=method), np.float32)


def _occluded(rng: Generator, image: Floats) -> Floats:
    for _ in range(int(rng.integers(1, 3))):
        h, w = (int(v) for v in rng.integers(C // 10, C // 3, 2))
        y, x = int(rng.integers(0, C - h)), int(rng.integers(0, C - w))
        if _chance(rng, 0.5):
            image[y : y + h, x : x + w] = rng.random()
            continue
        mask = np.zeros((C, C), np.float32)
        turn = float(rng.uniform(0, 180))
        cv2.ellipse(mask, (x + w // 2, y + h // 2), (w, h // 2 + 1), turn, 0, 360, 1.0, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), 1)
        image = image * (1 - mask) + mask * (rng.random() + 0.1 * rng.normal(size=(C, C)))
    return image.astype(np.float32)


_Y, _X = (a.astype(np.float32) for a in np.mgrid[-1 : 1 : C * 1j, -1 : 1 : C * 1j])


def _shaded(rng: Generator, image: Floats) -> Floats:
    angle = float(rng.uniform(0, 2 * np.pi))
    along = (np.cos(angle) * _X + np.sin(angle) * _Y) * rng.uniform(0.5, 4) + rng.uniform(-1, 1)
    return (image * np.exp(rng.uniform(-0.5, 0.5) * np.tanh(along))).astype(np.float32)


def _filtered(rng: Generator, image: Floats) -> Floats:
    """Blend with a random small convolution of the image: same mean, contrast and polarity."""
    k = int(rng.choice([1, 3, 3, 5]))
    kernel = rng.normal(size=(k, k)).astype(np.float32) / k
    kernel[k // 2, k // 2] += rng.uniform(0, 1.5)
    other = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    mean = image.mean()
    other = (other - other.mean()) / (other.std() + 1e-3) * image.std() + mean
    if (other * image).mean() < mean * mean:
        other = 2 * mean - other
    part = float(rng.uniform(0, 0.8))
    return ((1 - part) * image + part * other).astype(np.float32)


def _spectrum(rng: Generator, image: Floats) -> Floats:
    """Mix the amplitude spectrum with one that falls off like a random power of the frequency; keep the phase."""
    wave = np.fft.rfft2(image)
    size = np.abs(wave)
    f = np.sqrt(np.fft.rfftfreq(C)[None] ** 2 + np.fft.fftfreq(C)[:, None] ** 2) + 1 / C
    other = f ** -rng.uniform(0.6, 2.2) * np.exp(0.3 * rng.normal(size=f.shape))
    other *= size[1:9, 1:9].mean() / other[1:9, 1:9].mean()
    part = float(rng.uniform(0, 0.35))
    mixed = size * (1 - part) + other * part
    mixed[0, 0] = size[0, 0]
    return np.fft.irfft2(mixed * np.exp(1j * np.angle(wave)), s=(C, C)).astype(np.float32)


def _equalized(rng: Generator, image: Floats) -> Floats:
    grey = bytes_of(image)
    if _chance(rng, 0.5):
        return cv2.equalizeHist(grey).astype(np.float32) / 255
    clahe = cv2.createCLAHE(float(rng.uniform(1, 5)), (4, 4))
    return clahe.apply(grey).astype(np.float32) / 255


def _compressed(rng: Generator, image: Floats) -> Floats:
    quality = int(rng.uniform(26, 90))
    jpeg = cv2.imencode(".jpg", bytes_of(image), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255


def _blurred(rng: Generator, image: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.05))), np.float32)


def _sharpened(rng: Generator, image: Floats) -> Floats:
    detail = image - cv2.GaussianBlur(image, (0, 0), 1.0)
    return np.asarray(image + detail * float(rng.uniform(0.3, 1.8)), np.float32)


def _toned(rng: Generator, image: Floats) -> Floats:
    image = np.clip(image, 0, 1) ** float(np.exp(rng.uniform(-0.45, 0.45)))
    mean = image.mean()
    image = (image - mean) * float(rng.uniform(0.65, 1.4)) + mean
    return (image + float(rng.uniform(-0.13, 0.13))).astype(np.float32)


def _grainy(rng: Generator, image: Floats) -> Floats:
    grain = rng.normal(size=(C, C)).astype(np.float32)
    return image + grain * float(rng.uniform(0, 0.03))


FAULTS = (  # in the order in which light, lens and file make them; how often each
    (0.375, _resampled),
    (0.15, _occluded),
    (0.5, _shaded),
    (0.28, _blurred),
    (0.2, _sharpened),
    (1.0, _toned),
    (0.3, _filtered),
    (0.3, _equalized),
    (0.2, _spectrum),
    (0.3, _compressed),
    (0.4, _grainy),
)


def photographed(rng: Generator, image: Floats) -> Bytes:
    """A clean grey crop (64, 64) 0..1 -> one with the faults of cameras, light and compression."""
    for often, fault in FAULTS:
        if _chance(rng, often):
            image = fault(rng, image)
    return bytes_of(image)


def grey_of(rng: Generator, colour: Floats) -> Floats:
    """BGR 0..1 -> grey with random weights of the colours."""
    return (colour @ rng.dirichlet([6, 12, 6]).astype(np.float32)).astype(np.float32)


def plain_grey(colour: Floats) -> Bytes:
    """BGR 0..1 -> grey as the shipped pipeline makes it."""
    return np.asarray(cv2.cvtColor(bytes_of(colour), cv2.COLOR_BGR2GRAY), np.uint8)


def tight(rng: Generator, crop: Bytes, points: Floats) -> Bytes:
    """Cut away what is outside of the face and repeat the edge: as when the picture itself is a tight crop."""
    low, high = points.min(0), points.max(0)
    size = high - low
    x0, y0 = np.maximum(low - size * rng.uniform(0.0, 0.35, 2), 0).astype(int)
    x1, y1 = np.minimum(high + size * rng.uniform(0.0, 0.25, 2), C).astype(int)
    part = crop[y0 : max(y1, y0 + 8), x0 : max(x1, x0 + 8)]
    bottom, right = C - y0 - part.shape[0], C - x0 - part.shape[1]
    if min(bottom, right) < 0:
        return crop
    return np.asarray(
        cv2.copyMakeBorder(part, y0, bottom, x0, right, cv2.BORDER_REPLICATE), np.uint8
    )


@dataclass(frozen=True, slots=True)
class Crop:
    """A training crop: grey (64, 64) and where its 31 points are (fractions of the crop); mirrored or not."""

    grey: Bytes
    points: Floats
    mirrored: bool


def _points(data: Renders, k: int, transform: Floats) -> Floats:
    both = np.vstack([data.five[k], data.points[k]])
    return geometry.apply(transform, both) / C


def _mirror(grey: Bytes, points: Floats) -> tuple[Bytes, Floats]:
    moved = points * [-1, 1] + [1, 0]
    order = FLIP_FIVE + [5 + i for i in FLIP_POINTS]
    return np.ascontiguousarray(grey[:, ::-1]), moved[order].astype(np.float32)


def _finish(rng: Generator, grey: Bytes, points: Floats, chance: float = 0.5) -> Crop:
    flip = _chance(rng, chance)
    if flip:
        grey, points = _mirror(grey, points)
    return Crop(grey, points, flip)


def aligned_crop(
    rng: Generator,
    data: Renders,
    k: int,
    bank: Bank,
    seen: Floats | None = None,
    *,
    flip: bool = True,
) -> Crop:
    """For the expression network: aligned by landmarks that are a little off.

    `seen` (m, 5, 2): what the landmark network says of this render in m looks; three of five crops are aligned as it will be in use.
    """
    if seen is not None and _chance(rng, 0.6):
        five = seen[int(rng.integers(len(seen)))] + rng.normal(size=(5, 2)) * 0.3
    else:
        five = data.five[k] + rng.normal(size=(5, 2)) * rng.choice([0.5, 0.8, 1.3])
    transform = geometry.aligned(np.asarray(five, np.float32))
    transform = jittered(rng, transform, angle=5, scale=0.07, aspect=0.03, shift=0.03)
    colour = over(geometry.warp(data.image[k], transform), bank.piece(rng, C))
    grey = photographed(rng, grey_of(rng, colour))
    return _finish(rng, grey, _points(data, k, transform), 0.5 if flip else 0.0)


def framed_loosely(rng: Generator, data: Renders, k: int) -> Floats:
    """The transform of the landmark network's first look, by a box that is off."""
    x0, y0, x1, y1 = (float(v) for v in data.box[k])
    transform = geometry.framed((x0, y0, x1 - x0, y1 - y0))
    return jittered(rng, transform, angle=9, scale=0.16, aspect=0.05, shift=0.055)


def loose_crop(rng: Generator, data: Renders, k: int, bank: Bank) -> Crop:
    """For the landmark network: the first look (framed by a box that is off) or the second (focused)."""
    if _chance(rng, 0.6):
        transform = framed_loosely(rng, data, k)
    else:
        transform = geometry.focused(data.five[k] + rng.normal(size=(5, 2)).astype(np.float32))
        transform = jittered(rng, transform, angle=4, scale=0.08, aspect=0.03, shift=0.035)
    crop = geometry.warp(data.image[k], transform)
    points = _points(data, k, transform)
    colour = over(crop, bank.piece(rng, C))
    if _chance(rng, 0.35):
        colour = tight(rng, bytes_of(colour), points * C).astype(np.float32) / 255
    return _finish(rng, photographed(rng, grey_of(rng, colour)), points)


def faceless_crop(rng: Generator, data: Renders, k: int, bank: Bank) -> Bytes:
    """For the landmark network: background, or a part of a head far off the middle or of the wrong size."""
    if _chance(rng, 0.6):
        return photographed(rng, grey_of(rng, bank.piece(rng, C).astype(np.float32) / 255))
    x0, y0, x1, y1 = (float(v) for v in data.box[k])
    width, height = x1 - x0, y1 - y0
    angle, off = rng.uniform(0, 2 * np.pi), rng.uniform(0.65, 1.0)
    zoom = float(np.exp(rng.uniform(-0.5, 0.5)))
    if _chance(rng, 0.3):
        zoom, off = float(rng.choice([0.3, 3.0])), off * 0.3
    moved = (x0 + off * width * np.cos(angle), y0 + off * height * np.sin(angle))
    grow = (zoom - 1) / 2
    box = (moved[0] - grow * width, moved[1] - grow * height, width * zoom, height * zoom)
    crop = geometry.warp(data.image[k], geometry.framed(box))
    return photographed(rng, grey_of(rng, over(crop, bank.piece(rng, C))))


# ---- whole pictures ----------------------------------------------------------------------------------------------


def _pasted(
    rng: Generator, canvas: Floats, data: Renders, k: int, height: float
) -> tuple[Floats, Floats] | None:
    """Lay render k over the canvas with a face of `height` pixels; box (4,) and landmarks (5, 2), or None if off the edge."""
    side = len(canvas)
    box, five = data.box[k], data.five[k]
    scale = height / float(box[3] - box[1])
    n = max(8, round(len(data.image[k]) * scale))
    scale = n / len(data.image[k])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    head = cv2.resize(data.image[k], (n, n), interpolation=method).astype(np.float32) / 255
    box, five = box * scale, five * scale
    if _chance(rng, 0.5):
        head, five = head[:, ::-1], (five * [-1, 1] + [n, 0])[FLIP_FIVE]
        box = np.array([n - box[2], box[1], n - box[0], box[3]])
    width = box[2] - box[0]
    # at least four fifths of the face are in the picture
    x = int(rng.uniform(-0.2 * width, side - 0.8 * width) - box[0])
    y = int(rng.uniform(-0.15 * height, side - 0.85 * height) - box[1])
    if _chance(rng, 0.7):
        _dressed(rng, head, box)
    head[..., :3] *= rng.uniform(0.75, 1.15)
    x0, y0, x1, y1 = max(0, x), max(0, y), min(side, x + n), min(side, y + n)
    if x1 <= x0 or y1 <= y0:
        return None
    part = head[y0 - y : y1 - y, x0 - x : x1 - x]
    canvas[y0:y1, x0:x1] = part[..., :3] + canvas[y0:y1, x0:x1] * (1 - part[..., 3:])
    if y1 == y + n:
        _torso(rng, canvas, (x + box[0] - 0.4 * width, x + box[2] + 0.4 * width), y1 - 1)
    shift = np.array([x, y])
    return box + np.r_[shift, shift], (five + shift).astype(np.float32)


def _dressed(rng: Generator, head: Floats, box: Floats) -> None:
    """A collar and shoulders in one colour over the bottom of the render, in place."""
    n = len(head)
    height = float(box[3] - box[1])
    neck = float(box[3]) + height * float(rng.uniform(0.12, 0.3))
    middle, half = (
        float(box[0] + box[2]) / 2,
        float(box[2] - box[0]) * float(rng.uniform(0.25, 0.5)),
    )
    outline = [
        [middle - half, neck],
        [middle, neck + height * rng.uniform(0, 0.2)],
        [middle + half, neck],
    ]
    outline += [
        [n * 2, neck + height * 0.35],
        [n * 2, n * 2],
        [-n, n * 2],
        [-n, neck + height * 0.35],
    ]
    mask = np.zeros((n, n), np.float32)
    cv2.fillPoly(mask, [np.array(outline, np.int32)], 1.0, cv2.LINE_AA)
    mask = mask[..., None] * (head[..., 3:] > 0.5)
    colour = np.r_[rng.random(3), 1.0].astype(np.float32)
    head[:] = head * (1 - mask) + colour * mask


def _torso(rng: Generator, canvas: Floats, across: tuple[float, float], top: int) -> None:
    colour = tuple(float(c) for c in rng.random(3))
    wide = (across[1] - across[0]) * float(rng.uniform(0, 0.3))
    low = len(canvas) + 20
    outline = [[across[0], top], [across[1], top], [across[1] + wide, low], [across[0] - wide, low]]
    cv2.fillPoly(canvas, [np.array(outline, np.int32)], colour, cv2.LINE_AA)


def _hidden(rng: Generator, canvas: Floats, box: Floats) -> None:
    size = float(box[3] - box[1])
    x, y = (box[:2] + box[2:]) / 2 + rng.normal(size=2) * size * 0.4
    axes = (int(size * rng.uniform(0.08, 0.3)) + 1, int(size * rng.uniform(0.08, 0.3)) + 1)
    colour = tuple(float(c) for c in rng.random(3))
    cv2.ellipse(canvas, (int(x), int(y)), axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)


TRAINED = 160  # side of the detector's training pictures; the network itself takes any side in 32s
_LEVELS = np.linspace(0, 1, 256, dtype=np.float32)
_NOISE = (np.random.default_rng(7).normal(size=(400, 400, 3)) * 12).astype(np.int8)


def _curves(rng: Generator) -> Bytes:
    """Gamma, contrast, brightness and colour as one table (1, 256, 3)."""
    level = _LEVELS ** float(np.exp(rng.uniform(-0.6, 0.6)))
    level = (level - 0.5) * float(rng.uniform(0.5, 1.4)) + 0.5 + float(rng.uniform(-0.2, 0.2))
    return bytes_of(level[None, :, None] * (1 + rng.normal(size=3).astype(np.float32) * 0.08))


def _noisy(rng: Generator, picture: Bytes) -> Bytes:
    h, w = picture.shape[:2]
    y, x = (int(v) for v in rng.integers(0, 200, 2))
    noise = _NOISE[y : y + h, x : x + w] * np.float32(rng.uniform(0, 1))
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _developed(rng: Generator, image: Floats) -> Bytes:
    """Camera: blur, gamma, contrast, colour, noise, compression."""
    picture = bytes_of(image)
    if _chance(rng, 0.3):
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.3)))
    picture = cv2.LUT(picture, _curves(rng))
    if _chance(rng, 0.35):
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if _chance(rng, 0.5):
        picture = _noisy(rng, picture)
    if _chance(rng, 0.4):
        quality = int(rng.uniform(20, 90))
        picture = cv2.imdecode(
            cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1
        )
    return np.asarray(picture, np.uint8)


def scene_with_faces(
    rng: Generator,
    data: Renders,
    keys: Floats,
    bank: Bank,
    chances: tuple[float, ...] = (0.12, 0.68, 0.15, 0.05),
) -> tuple[Bytes, list[tuple[Floats, Floats, int]]]:
    """A picture (160, 160, 3) and box, landmarks and render of its faces; chances: of 0, 1, 2, ... faces."""
    side = TRAINED
    canvas = bank.piece(rng, side).astype(np.float32) / 255
    faces: list[tuple[Floats, Floats, int]] = []
    count = int(rng.choice(len(chances), p=chances))
    most = 1.0 if count == 1 else 0.5
    for _ in range(count):
        height = float(np.exp(rng.uniform(np.log(0.065), np.log(1.05 * most)))) * side
        key = int(keys[rng.integers(len(keys))])
        before = canvas.copy()
        placed = _pasted(rng, canvas, data, key, height)
        if placed is None:
            continue
        taken = [b for b, *_ in faces]
        if taken and (detection.overlap(placed[0], np.array(taken)) > 0.05).any():
            canvas = before
            continue
        faces.append((*placed, key))
        if _chance(rng, 0.15):
            _hidden(rng, canvas, placed[0])
    picture = _developed(rng, canvas)
    if _chance(rng, 0.5):
        _letterboxed(rng, picture, faces)
    return picture, faces


def _letterboxed(rng: Generator, picture: Bytes, faces: list[tuple[Floats, Floats, int]]) -> None:
    """The empty band under or beside a picture that is not square, where no face is, in place."""
    side = len(picture)
    wide = _chance(rng, 0.7)
    lowest = max((f[0][3 if wide else 2] for f in faces), default=0.0)
    first = max(0.5, float(lowest) / side + 0.02)
    if first < 0.95:
        at = int(side * rng.uniform(first, 0.97))
        (picture if wide else picture.transpose(1, 0, 2))[at:] = 114


# ---- movement ----------------------------------------------------------------------------------------------------


def moved_otherwise(rng: Generator, moved: Floats) -> Floats:
    """A flow (28, 28, 2) as another head, crop and method would have given it, as a cube (28, 28, 3).

    Mirrored, turned, scaled and shifted; with what is left of the head's own movement, smooth errors of the flow, and noise.
    """
    n = flow.CUBE
    if _chance(rng, 0.5):
        moved = moved[:, ::-1] * np.array([-1, 1], np.float32)
    angle, scale = float(rng.normal() * 5), float(np.exp(rng.normal() * 0.1))
    turn = cv2.getRotationMatrix2D((n / 2, n / 2), angle, scale)
    turn[:, 2] += rng.normal(size=2) * 1.6
    moved = cv2.warpAffine(
        np.ascontiguousarray(moved), turn, (n, n), borderMode=cv2.BORDER_REPLICATE
    )
    usual = float(moved.std()) + 1e-6
    y, x = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j].astype(np.float32)
    head = rng.normal(size=(3, 2)) * np.array([[1.0], [0.5], [0.5]]) * rng.uniform(0, 1)
    moved = moved + usual * (head[0] + x[..., None] * head[1] + y[..., None] * head[2])
    for cells, most in ((4, 0.5), (9, 0.5), (n, 0.25)):
        grid = rng.normal(size=(cells, cells, 2)).astype(np.float32)
        error = cv2.resize(grid, (n, n), interpolation=cv2.INTER_CUBIC)
        moved = moved + usual * float(rng.uniform(0, most)) * error
    if _chance(rng, 0.4):
        moved = cv2.GaussianBlur(moved.astype(np.float32), (0, 0), float(rng.uniform(0.4, 1.3)))
    return flow.cube(np.asarray(moved, np.float32))
