"""Draw a person with an expression: geometry, light, exposure, landmarks.

Image coordinates count from the image's top left corner: the centre of the first pixel is (.5, .5). Colours are BGR.
A picture comes out premultiplied with its coverage, so that it can be laid over any background.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from . import props, raster, skin
from .assets import BODY_VERTICES, LOWEST, Mesh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

    from .assets import Assets, Bytes, Floats
    from .people import Person

EYES = (
    slice(14670, 14742),
    slice(14598, 14670),
)  # helper vertices: the person's right eye, left eye
JAW_HELPERS = (14992, 15059)  # lower teeth
FLAT: Bytes = np.full(
    (4, 4, 3), 255, np.uint8
)  # skin "texture": all colour is in the tint and the map
CAVITY_REACH = 0.07  # light that gets into the mouth
# 26 points of the unmorphed face: 11 of the person's left, the same 11 of the right, 4 on the middle line
HALF = (
    *((0.10, 7.38), (0.22, 7.42), (0.35, 7.43), (0.48, 7.38)),
    *((0.19, 7.27), (0.32, 7.34), (0.32, 7.23), (0.45, 7.29)),
    *((0.16, 6.9), (0.265, 6.615), (0.6, 6.5)),
)
MIDDLE = ((0.0, 6.95), (0.0, 6.69), (0.0, 6.49), (0.0, 6.2))
POINTS = 26


@dataclass(frozen=True, slots=True)
class Shot:
    """Camera and light. Angles in radians; span: head units across the width; shift: of the head, in head units.

    `gain` None means auto-exposure to `exposure` (mean linear brightness of the face).
    """

    width: int
    height: int
    pitch: float
    yaw: float
    roll: float
    span: float
    distance: float
    lights: Floats  # (n, 6): direction to the light, BGR colour; the first casts the shadow
    ambient: Floats  # (3,)
    wrap: float
    gloss: float
    crevices: tuple[float, float]
    shadow_blur: float
    shadow: float
    exposure: float
    shift: tuple[float, float] = (0.0, 0.0)
    gain: float | None = None
    anchor: Floats | None = None  # aim here instead of at the face (3,)


@dataclass(frozen=True, slots=True)
class Picture:
    """A render: premultiplied BGRA (h, w, 4) uint8; `five` landmarks, image-left first; box x0 y0 x1 y1."""

    image: Bytes
    five: Floats
    points: Floats
    box: Floats
    gain: float


@dataclass(frozen=True, slots=True)
class _Face:
    """Constants of the base mesh."""

    map_uvs: Floats
    light_reach: Floats
    head: Mesh
    points: NDArray[np.int64]
    corners: NDArray[np.int64]  # the person's right, left
    nose: int
    oval: NDArray[np.int64]  # chin to hairline without ears: makes the box
    jaw_teeth: NDArray[np.bool_]
    forehead: int  # where a brim starts


def rotation(pitch: float, yaw: float, roll: float) -> Floats:
    """(3, 3) for angles in radians."""
    (cx, cy, cz), (sx, sy, sz) = np.cos([pitch, yaw, roll]), np.sin([pitch, yaw, roll])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.asarray(z @ x @ y, np.float32)


def _flood(hidden: NDArray[np.bool_], faces: NDArray[np.int32]) -> NDArray[np.int64]:
    """Label connected groups of hidden vertices; -1 elsewhere."""
    group = np.where(hidden, np.arange(len(hidden)), -1)
    inner = faces[hidden[faces].all(1)]
    while True:
        top = group[inner].max(1)
        grown = group.copy()
        for k in range(3):
            np.maximum.at(grown, inner[:, k], top)
        if (grown == group).all():
            return group
        group = grown


def _cavities(head: Mesh, normals: Floats) -> NDArray[np.bool_]:
    """Vertices of the mouth cavity and the nostrils: what the unmorphed front view does not see."""
    v, size = head.vertices, 512
    k = size / skin.SPAN
    points = np.c_[(v[:, 0] - skin.LEFT) * k, (skin.TOP - v[:, 1]) * k, v[:, 2]].astype(np.float32)
    canvas = raster.Canvas(size, size)
    canvas.draw(head, points, normals, raster.Surface(FLAT), np.eye(3, dtype=np.float32))
    x, y = (np.clip(points[:, q].astype(int), 0, size - 1) for q in (0, 1))
    body = np.arange(len(v)) < BODY_VERTICES
    hidden = (canvas.depth[y, x] - v[:, 2] > 0.1) & body & (v[:, 2] > 0) & (v[:, 1] < 7.1)
    group = _flood(hidden, head.faces)
    out = np.zeros(len(v), bool)
    for g in np.unique(group[hidden]):
        m = group == g
        if np.abs(v[m, 0]).max() < 0.45 and v[m, 1].min() > 6.1:
            out |= m
    return out


@cache
def _constants(key: int) -> _Face:
    assets = _KNOWN[key]
    base = assets.base
    v = base.vertices
    corners = v[base.faces]
    keep = (corners[:, :, 1].min(1) > 5.2) & (np.abs(corners[:, :, 0]).max(1) < 1.9)
    head = Mesh(
        v,
        base.uvs,
        np.ascontiguousarray(base.faces[keep]),
        np.ascontiguousarray(base.uv_faces[keep]),
    )
    normals = raster.normals(v, head.faces)
    body = np.arange(len(v)) < BODY_VERTICES
    front = np.where(body & (v[:, 2] > 0.6) & (normals[:, 2] > -0.2))[0]

    def nearest(x: float, y: float) -> int:
        away = (v[front, 0] - x) ** 2 + (v[front, 1] - y) ** 2 - 0.02 * v[front, 2]
        return int(front[away.argmin()])

    places = [*HALF, *((-x, y) for x, y in HALF), *MIDDLE]
    bridge = np.where(body & (np.abs(v[:, 0]) < 0.03) & (v[:, 1] > 6.8) & (v[:, 1] < 7.15))[0]
    oval = body & (v[:, 2] > 0.35) & (normals[:, 2] > 0.15) & (np.abs(v[:, 0]) < 0.74)
    reach = np.where(_cavities(head, normals), CAVITY_REACH, 1).astype(np.float32)
    teeth = assets.proxies["teeth"].anchors[:, 0]
    return _Face(
        map_uvs=skin.to_uv(v[:, 0], v[:, 1]),
        light_reach=reach,
        head=head,
        points=np.array([nearest(*p) for p in places]),
        corners=np.array([nearest(-0.265, 6.615), nearest(0.265, 6.615)]),
        nose=int(bridge[v[bridge, 2].argmax()]),
        oval=np.where(oval & (v[:, 1] > 6.1) & (v[:, 1] < 7.88))[0],
        forehead=nearest(0.0, 7.72),
        jaw_teeth=(teeth >= JAW_HELPERS[0]) & (teeth <= JAW_HELPERS[1]),
    )


_KNOWN: dict[int, Assets] = {}


def constants(assets: Assets) -> _Face:
    """What follows from the base mesh alone, computed once."""
    _KNOWN[id(assets)] = assets
    return _constants(id(assets))


def pose(person: Person, weights: Mapping[str, float], assets: Assets) -> Floats:
    """The person's vertices with the expression."""
    vertices = person.vertices.copy()
    scale = head_scale(person)
    for name, weight in weights.items():
        if abs(weight) > 1e-3:
            size = 0.5 + 0.5 * scale if name == "jawOpen" else scale
            assets.expression[name].apply(vertices, weight * size)
    return np.ascontiguousarray(vertices)


def eye_centres(vertices: Floats) -> Floats:
    """(2, 3): the person's right eye, left eye."""
    return np.array([vertices[e].mean(0) for e in EYES], np.float32)


def head_scale(person: Person) -> float:
    """Size of the head against the base mesh, by the distance of the eyes."""
    right, left = eye_centres(person.vertices)
    return float(np.linalg.norm(right - left)) / 0.64


@dataclass(frozen=True, slots=True)
class Outfit:
    """A shirt for pictures that show more than the head: the body down to the chest, and where cloth covers it."""

    body: Mesh
    covered: Floats  # per vertex, below 0 where skin shows
    tint: tuple[float, float, float]


def shirt(assets: Assets, tint: tuple[float, float, float]) -> Outfit:
    """A crew-necked shirt in BGR factors `tint`."""
    base = assets.base
    v, corners = base.vertices, base.vertices[base.faces]
    keep = (corners[:, :, 1].min(1) > LOWEST) & (np.abs(corners[:, :, 0]).max(1) < 3.4)
    body = Mesh(
        v,
        base.uvs,
        np.ascontiguousarray(base.faces[keep]),
        np.ascontiguousarray(base.uv_faces[keep]),
    )
    collar = 5.62 - 0.2 * np.clip(v[:, 2], -0.4, 0.6) + 0.12 * np.abs(v[:, 0])
    return Outfit(body, np.ascontiguousarray(collar - v[:, 1], np.float32), tint)


def _dress(paint: _Painter, outfit: Outfit, posed: Floats, scale: float) -> None:
    """Cloth stands a little off the skin and falls straighter than it."""
    thick = np.clip(0.035 + outfit.covered * 0.05, 0.035, 0.07)[:, None] * scale
    away = raster.normals(posed, outfit.body.faces) * thick
    cloth = np.ascontiguousarray(posed + away, np.float32)
    look = raster.Surface(FLAT, tint=outfit.tint, keep=outfit.covered)
    paint.draw(outfit.body, cloth, look)


class _View:
    """Projects head coordinates to pixels and depth."""

    def __init__(self, shot: Shot, centre: Floats, scale: float) -> None:
        self.turn = rotation(shot.pitch, shot.yaw, shot.roll)
        self.centre, self.distance = centre, shot.distance * scale
        self.pixels = shot.width / shot.span
        self.middle = (
            shot.width / 2 + shot.shift[0] * self.pixels,
            shot.height / 2 - shot.shift[1] * self.pixels,
        )

    def project(self, points: Floats) -> Floats:
        q = (points - self.centre) @ self.turn.T
        k = self.distance / (self.distance - q[:, 2]) * self.pixels
        out = np.stack([self.middle[0] + q[:, 0] * k, self.middle[1] - q[:, 1] * k, q[:, 2]], 1)
        return np.ascontiguousarray(out, np.float32)


class _Painter:
    """Draws meshes of one person into one canvas."""

    def __init__(self, shot: Shot, view: _View) -> None:
        self.canvas, self.view = raster.Canvas(shot.width, shot.height), view

    def draw(self, mesh: Mesh, vertices: Floats, surface: raster.Surface) -> Floats:
        turned = raster.normals(vertices, mesh.faces) @ self.view.turn.T
        points = self.view.project(vertices)
        normal = np.ascontiguousarray(turned, np.float32)
        self.canvas.draw(mesh, points, normal, surface, self.view.turn)
        return points


def _draw_mouth(
    paint: _Painter, person: Person, assets: Assets, posed: Floats, weights: Mapping[str, float]
) -> None:
    open_jaw, scale = weights.get("jawOpen", 0.0), head_scale(person)
    teeth, tongue = assets.proxies["teeth"], assets.proxies["tongue"]
    v = teeth.fit(posed)
    lower = constants(assets).jaw_teeth
    v[lower, 1] -= 0.12 * min(open_jaw, 0.8) * scale
    v[lower, 2] -= 0.06 * open_jaw * scale
    shade = 1 - 0.45 * min(open_jaw, 1.0)  # teeth of a wide open mouth lie deep in its shadow
    look = raster.Surface(
        assets.textures["teeth"],
        tint=tuple(t * shade for t in person.teeth_tint),  # type: ignore[arg-type]
        specular=0.25,
        alpha_test=0.3,
        cavity_only=True,
    )
    paint.draw(teeth.mesh, v, look)
    v = tongue.fit(posed)
    out = weights.get("tongueOut", 0.0)
    v[:, 2] -= (0.16 + 0.25 * open_jaw) * scale * (1 - out)
    v[:, 1] -= 0.04 * open_jaw * scale * (1 - out)
    look = raster.Surface(
        assets.textures["tongue"],
        tint=(0.45, 0.43, 0.56),
        specular=0.05,
        alpha_test=0.1,
        cavity_only=out < 0.1,
    )
    paint.draw(tongue.mesh, v, look)


def _draw_hair(paint: _Painter, person: Person, assets: Assets, posed: Floats) -> None:
    for name, tint, test in (
        (person.brows, person.brow_tint, 0.04),
        (person.lashes, (0.3, 0.3, 0.3), 0.05),
    ):
        if name is not None:
            part = assets.proxies[name]
            look = raster.Surface(assets.textures[name], tint=tint, alpha_test=test, blend=True)
            paint.draw(part.mesh, part.fit(posed), look)
    if person.hair is not None:  # hair hangs on the resting face: expressions would tear it
        part = assets.proxies[person.hair]
        look = raster.Surface(
            assets.textures[person.hair], tint=person.hair_tint, specular=0.12, alpha_test=0.35
        )
        paint.draw(part.mesh, part.fit(person.vertices), look)


def _light(shot: Shot, canvas: raster.Canvas, pixels: float, scale: float) -> tuple[Floats, Floats]:
    filled = np.where(canvas.covered, canvas.depth, -1.2).astype(np.float32)
    sky = np.ones_like(filled)
    for radius, depth, strength in ((0.05, 5.0, shot.crevices[0]), (0.14, 2.2, shot.crevices[1])):
        sigma = max(0.8, radius * pixels * scale)
        sunk = cv2.GaussianBlur(filled, (0, 0), sigma) - filled - 0.006
        sky *= 1 - np.clip(sunk * depth * strength, 0, 0.6)
    shadow = canvas.cast_shadow(np.ascontiguousarray(shot.lights[0, :3]), pixels, scale)
    shadow = np.asarray(cv2.GaussianBlur(shadow, (0, 0), shot.shadow_blur), np.float32)
    shadow = np.ascontiguousarray(1 - (1 - shadow) * shot.shadow)
    diffuse, shine = canvas.shade(
        shot.lights,
        shot.ambient,
        open_sky=np.ascontiguousarray(sky),
        shadow=shadow,
        wrap=shot.wrap,
        gloss=shot.gloss,
    )
    # light wanders under the skin, red farthest
    soft = cv2.GaussianBlur(diffuse, (0, 0), 1.6 * pixels / 45)
    diffuse[..., 2] = 0.4 * diffuse[..., 2] + 0.6 * soft[..., 2]
    diffuse[..., 1] = 0.75 * diffuse[..., 1] + 0.25 * soft[..., 1]
    return diffuse, shine


def _expose(
    colour: Floats, covered: NDArray[np.bool_], shot: Shot, box: Floats
) -> tuple[Floats, float]:
    """Linear light -> 0..255, with the gain used."""
    gain = shot.gain
    if gain is None:
        x0, y0, x1, y1 = np.clip(box, 0, [shot.width, shot.height] * 2).astype(int)
        part = colour[y0 : y1 + 1, x0 : x1 + 1][covered[y0 : y1 + 1, x0 : x1 + 1]]
        gain = (
            float(np.clip(shot.exposure / (part.mean() + 1e-4), 0.35, 3.5)) ** 0.9
            if part.size
            else 1.0
        )
    bright = np.clip(colour * gain, 0, 1.3)
    bright = np.where(bright > 0.8, 0.8 + 0.2 * np.tanh((bright - 0.8) / 0.2), bright)
    return np.sqrt(np.clip(bright, 0, 1)) * 255, gain


def _draw_glasses(
    image: Floats, glasses: props.Glasses, view: _View, eyes: Floats, scale: float
) -> None:
    """Place the frames on the head and draw them over the premultiplied BGRA float image in place."""
    g, angle = glasses, np.linspace(0, 2 * np.pi, 28, endpoint=False)
    rx, ry = g.rx * scale, g.ry * scale
    cos, sin = np.cos(angle), np.sin(angle)
    x = rx * np.sign(cos) * np.abs(cos) ** (2 / g.power)
    y = ry * np.sign(sin) * np.abs(sin) ** (2 / g.power) - 0.03 * scale
    rings = []
    for c in eyes:
        z = c[2] + 0.24 * scale - 0.06 * scale * ((c[0] + x) / scale / 0.5) ** 2
        rings.append(view.project(np.stack([c[0] + x, c[1] + y, z], 1).astype(np.float32))[:, :2])
    right, left = eyes
    bridge = [
        [right[0] + rx, right[1], right[2] + 0.2 * scale],
        [0, right[1] + 0.03 * scale, right[2] + 0.27 * scale],
        [left[0] - rx, left[1], left[2] + 0.2 * scale],
    ]
    bars = [view.project(np.array(bridge, np.float32))[:, :2]]
    for sign, c in ((-1, right), (1, left)):
        if sign * view.turn[0, 2] < 0.12:
            temple = [
                [c[0] + sign * rx, c[1], c[2] + 0.1 * scale],
                [c[0] + sign * (rx + 0.16 * scale), c[1], c[2] - 0.5 * scale],
            ]
            bars.append(view.project(np.array(temple, np.float32))[:, :2])
    props.lay_glasses(image, g, rings, bars, view.pixels)


def _draw_headwear(
    paint: _Painter, wear: props.Headwear, assets: Assets, posed: Floats, scale: float
) -> None:
    face = constants(assets)
    if wear.kind == "fedora":
        hat = assets.proxies["fedora"]
        paint.draw(hat.mesh, hat.fit(posed), raster.Surface(FLAT, tint=wear.tint, specular=0.02))
        return
    cover = props.covered(wear, assets.base.vertices)
    away = raster.normals(posed, face.head.faces) * np.float32(wear.thick * scale)
    look = raster.Surface(FLAT, tint=wear.tint, keep=cover)
    paint.draw(face.head, np.ascontiguousarray(posed + away, np.float32), look)
    if wear.kind == "cap":
        root = posed[face.forehead] + np.array([0, wear.edge - 7.72, 0], np.float32) * scale
        mesh, points = props.brim(wear, root, scale)
        paint.draw(mesh, points, raster.Surface(FLAT, tint=wear.tint))


def aim(person: Person, posed: Floats, assets: Assets) -> Floats:
    """The point the camera looks at: between eyes and mouth, half a unit inside the head."""
    corners = constants(assets).corners
    eyes = eye_centres(posed).mean(0)
    mouth = (posed[corners].mean(0) + person.vertices[corners].mean(0)) / 2
    middle = (eyes + mouth) / 2
    middle[2] -= 0.5
    return np.asarray(middle, np.float32)


def render(
    person: Person,
    weights: Mapping[str, float],
    shot: Shot,
    assets: Assets,
    *,
    size: tuple[int, int] | None = None,
    map_size: int = skin.SIZE,
    outfit: Outfit | None = None,
    hand: props.Hand | None = None,
) -> Picture:
    """Draw `person` with blendshape `weights` at the shot's size and return it at `size` (width, height)."""
    face = constants(assets)
    posed, scale = pose(person, weights, assets), head_scale(person)
    centre = aim(person, posed, assets) if shot.anchor is None else shot.anchor
    view = _View(shot, centre, scale)
    paint = _Painter(shot, view)
    rng = np.random.default_rng(person.seed)
    look = raster.Surface(
        FLAT,
        tint=person.complexion.tint,
        specular=person.complexion.specular,
        map=skin.face_map(person.complexion, weights, person.age, rng, map_size),
        map_uvs=face.map_uvs,
        light_reach=face.light_reach,
    )
    at = paint.draw(face.head if outfit is None else outfit.body, posed, look)
    if outfit is not None:
        _dress(paint, outfit, posed, scale)
    _draw_mouth(paint, person, assets, posed, weights)
    eyes = assets.proxies["eyes"]
    tint = (person.eye_tint,) * 3
    paint.draw(
        eyes.mesh,
        eyes.fit(posed),
        raster.Surface(person.eyes, tint=tint, specular=0.18, alpha_test=0.2),
    )
    _draw_hair(paint, person, assets, posed)
    if person.headwear is not None:
        _draw_headwear(paint, person.headwear, assets, posed, scale)
    canvas = paint.canvas
    diffuse, shine = _light(shot, canvas, view.pixels, scale)
    covered = canvas.covered
    colour = np.where(covered[..., None], canvas.albedo * diffuse + shine, 0).astype(np.float32)
    oval = at[face.oval, :2]
    box = np.r_[oval.min(0), oval.max(0)]
    colour, gain = _expose(colour, covered, shot, box)
    image = np.dstack([colour, covered * np.float32(255)]).astype(np.float32)
    if person.glasses is not None:
        _draw_glasses(image, person.glasses, view, eye_centres(posed), scale)
    if hand is not None:
        props.lay_hand(image, hand, box)
    five = np.vstack([view.project(eye_centres(posed)), at[face.nose], at[face.corners]])[:, :2]
    drawn = np.clip(image, 0, 255).astype(np.uint8)
    picture = Picture(drawn, five, at[face.points, :2], box, gain)
    return picture if size in {None, drawn.shape[1::-1]} else _resized(picture, size)  # type: ignore[arg-type]


def _resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """The picture at another size, landmarks and box with it."""
    k = size[0] / picture.image.shape[1]
    image = cv2.resize(picture.image, size, interpolation=cv2.INTER_AREA)
    scaled = (np.asarray(a * k, np.float32) for a in (picture.five, picture.points, picture.box))
    return Picture(np.asarray(image, np.uint8), *scaled, picture.gain)


def _direction(azimuth: float, elevation: float) -> tuple[float, float, float]:
    flat = float(np.cos(elevation))
    return float(np.sin(azimuth)) * flat, float(np.sin(elevation)), float(np.cos(azimuth)) * flat


def _tinted(strength: float, warmth: float) -> tuple[float, float, float]:
    return strength * (1 - warmth), strength, strength * (1 + warmth)


def draw_shot(rng: Generator, person: Person, size: int, span: float, turn: float = 1.0) -> Shot:
    """A random camera and light; span: in distances of eyes and mouth; turn: scales the angles."""
    eyes = eye_centres(person.vertices)
    scale = head_scale(person)
    wide = float(np.linalg.norm(eyes[0] - eyes[1]))
    tall = 0.66 * scale
    angles = rng.normal(size=3) * np.array([0.15, 0.27, 0.11]) * turn
    limits = np.array([0.42, 0.75, 0.4])
    pitch, yaw, roll = (float(a) for a in np.clip(angles, -limits, limits))
    azimuth = float(np.clip(rng.normal() * 0.65, -1.5, 1.5))
    elevation = float(np.clip(rng.normal(0.25, 0.32), -0.6, 1.0))
    warmth = float(rng.uniform(-0.12, 0.12))
    if rng.random() < 0.1:
        warmth += float(rng.uniform(-0.4, 0.4))
    frontal = float(rng.uniform(0, 0.5)) if rng.random() < 0.55 else 0.0
    lights = [
        (*_direction(azimuth, elevation), *_tinted(float(rng.uniform(0.2, 1.0)), warmth)),
        (
            *_direction(float(rng.uniform(-2.2, 2.2)), float(rng.uniform(-0.3, 0.8))),
            *_tinted(float(rng.uniform(0, 0.5)), float(rng.uniform(-0.2, 0.2))),
        ),
        (0.0, 0.0, 1.0, frontal, frontal, frontal),
    ]
    return Shot(
        width=size,
        height=size,
        pitch=pitch,
        yaw=yaw,
        roll=roll,
        span=max(wide, tall) * span,
        distance=float(rng.choice([5.0, 6.0, 9.0, 14.0])),
        lights=np.array(lights, np.float32),
        ambient=np.array(
            _tinted(float(rng.uniform(0.22, 0.75)), float(rng.uniform(-0.12, 0.12))), np.float32
        ),
        wrap=float(rng.uniform(0.05, 0.4)),
        gloss=float(rng.uniform(8, 30)),
        crevices=(float(rng.uniform(0.15, 0.7)), float(rng.uniform(0.15, 0.7))),
        shadow_blur=float(rng.uniform(0.8, 3.0)),
        shadow=float(rng.uniform(0.4, 1)),
        exposure=float(rng.uniform(0.10, 0.42)),
    )
