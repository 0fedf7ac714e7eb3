"""Read MakeHuman's CC0 head data: base mesh, targets, proxies (hair, brows, lashes, eyes, teeth, tongue), textures.

No skin and no iris texture is read: those look composited from photographs of people, so `skin.py` and `iris.py`
draw them. Lengths are MakeHuman units (decimetres), +y up, +z out of the face, +x to the character's left.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int32]
    Bytes = NDArray[np.uint8]

HAIR = (
    "short01",
    "short02",
    "short03",
    "short04",
    "bob01",
    "bob02",
    "long01",
    "braid01",
    "ponytail01",
    "afro01",
)
BROWS = tuple(f"eyebrow{k:03d}" for k in range(1, 13))
LASHES = tuple(f"eyelashes{k:02d}" for k in range(1, 5))
PARTS = {
    "eyes": "eyes/high-poly/high-poly",
    "teeth": "teeth/teeth_base/teeth_base",
    "tongue": "tongue/tongue01/tongue01",
    **{name: f"eyebrows/{name}/{name}" for name in BROWS},
    **{name: f"eyelashes/{name}/{name}" for name in LASHES},
    **{name: f"hair/{name}/{name}" for name in HAIR},
    "fedora": "hats/fedora01/fedora",
}
TEXTURES = {  # file, largest height
    "teeth": ("teeth/materials/teeth.png", 256),
    "tongue": ("tongue/tongue01/tongue01_diffuse.png", 128),
    **{name: (f"eyebrows/{name}/{name}.png", 256) for name in BROWS},
    **{name: (f"eyelashes/{name}/{name}.png", 256) for name in LASHES},
    **{
        name: (f"hair/{name}/{'afro' if name == 'afro01' else name}_diffuse.png", 512)
        for name in HAIR
    },
}
TARGETS = ("macro", "face_detail", "arkit52", "visemes")
LOWEST = 3.0  # nothing below the chest is ever seen
BODY_VERTICES = 13380  # the rest of the base mesh are helpers on which the proxies hang


@dataclass(frozen=True, slots=True)
class Mesh:
    """Triangles: vertices (v, 3), texture coordinates (u, 2), and indices (t, 3) into each."""

    vertices: Floats
    uvs: Floats
    faces: Ints
    uv_faces: Ints


@dataclass(frozen=True, slots=True)
class Proxy:
    """A mesh that hangs on the base mesh: each vertex on three base vertices, with weights and a scaled offset."""

    mesh: Mesh
    anchors: Ints  # (k, 3)
    weights: Floats  # (k, 3)
    offsets: Floats  # (k, 3)
    scales: tuple[
        tuple[int, int, float] | None, ...
    ]  # per axis: two base vertices, reference length

    def fit(self, base: Floats) -> Floats:
        """Vertices (k, 3) on the fully morphed base mesh."""
        scale = [
            1.0 if s is None else abs(float(base[s[0], k] - base[s[1], k])) / s[2]
            for k, s in enumerate(self.scales)
        ]
        points = (base[self.anchors] * self.weights[..., None]).sum(1)
        return np.ascontiguousarray(points + self.offsets * np.array(scale, np.float32), np.float32)


@dataclass(frozen=True, slots=True)
class Target:
    """A sparse displacement of the base mesh."""

    index: Ints
    delta: Floats

    def apply(self, vertices: Floats, weight: float) -> None:
        """Move `vertices` in place."""
        vertices[self.index] += np.float32(weight) * self.delta


@dataclass(frozen=True, slots=True)
class Assets:
    """Everything the renderer reads."""

    base: Mesh
    macro: dict[str, Target]
    detail: dict[str, Target]
    expression: dict[str, Target]
    proxies: dict[str, Proxy]
    textures: dict[str, Bytes]


def read_obj(path: Path, group: str | None = None) -> Mesh:
    """Triangulate an OBJ file; with `group`, keep only the faces of that group."""
    points: list[list[float]] = []
    uvs: list[list[float]] = []
    faces: list[list[int]] = []
    uv_faces: list[list[int]] = []
    current = ""
    for line in path.read_text(errors="replace").splitlines():
        key, *rest = line.split() or [""]
        if key == "v":
            points.append([float(x) for x in rest[:3]])
        elif key == "vt":
            uvs.append([float(x) for x in rest[:2]])
        elif key == "g":
            current = rest[0] if rest else ""
        elif key == "f" and group in {None, current}:
            corners = [[int(x or 1) - 1 for x in [*c.split("/"), "1"][:2]] for c in rest]
            for k in range(1, len(corners) - 1):
                triangle = (corners[0], corners[k], corners[k + 1])
                faces.append([c[0] for c in triangle])
                uv_faces.append([c[1] for c in triangle])
    return Mesh(
        np.array(points, np.float32),
        np.array(uvs or [[0, 0]], np.float32),
        np.array(faces, np.int32),
        np.array(uv_faces, np.int32),
    )


def read_targets(path: Path, wanted: NDArray[np.bool_]) -> dict[str, Target]:
    """All targets of one .npz file by name, without the vertices that are not `wanted`."""
    with np.load(path) as data:
        offsets, index, delta = data["offsets"], data["index"], data["delta"]
        names = [str(n) for n in data["names"]]
    parts = [slice(offsets[k], offsets[k + 1]) for k in range(len(names))]
    keep = [wanted[index[p]] for p in parts]
    return {n: Target(index[p][k], delta[p][k]) for n, p, k in zip(names, parts, keep, strict=True)}


def _numbers(words: list[str]) -> list[float] | None:
    try:
        return [float(w) for w in words]
    except ValueError:
        return None


def read_proxy(stem: Path) -> Proxy:
    """Read `stem`.obj and `stem`.mhclo."""
    rows: list[list[float]] = []
    scales: dict[str, tuple[int, int, float]] = {}
    fitting = False
    for line in stem.with_name(stem.name + ".mhclo").read_text(errors="replace").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] in {"x_scale", "y_scale", "z_scale"}:
            scales[words[0][0]] = (int(words[1]), int(words[2]), float(words[3]))
        elif words[0] == "verts":
            fitting = True
        elif fitting and (row := _numbers(words)) is not None:
            rows.append(row[:9] if len(row) > 1 else [row[0]] * 3 + [1, 0, 0, 0, 0, 0])
        elif rows:
            break
    table = np.array(rows, np.float64)
    return Proxy(
        read_obj(stem.with_name(stem.name + ".obj")),
        table[:, :3].astype(np.int32),
        table[:, 3:6].astype(np.float32),
        table[:, 6:9].astype(np.float32),
        tuple(scales.get(axis) for axis in "xyz"),
    )


def read_texture(path: Path, tallest: int) -> Bytes:
    """BGR or BGRA, at most `tallest` pixels high."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise FileNotFoundError(path)
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image.shape[0] > tallest:
        size = (tallest, tallest * image.shape[0] // image.shape[1])
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image, np.uint8)


@cache
def load(folder: Path) -> Assets:
    """Read the whole folder (about three seconds); raises FileNotFoundError with what to do when it is absent."""
    if not (folder / "base.obj").is_file():
        message = f"no MakeHuman head data in `{folder}`; give its folder with ASSETS=..."
        raise FileNotFoundError(message)
    races = ("african-", "asian-", "caucasian-")
    base = read_obj(folder / "base.obj", "body")
    upper = base.vertices[:, 1] > LOWEST
    macro, detail, expression, visemes = (
        read_targets(folder / "targets" / f"{name}.npz", upper) for name in TARGETS
    )
    spoken = {k: t for k, t in visemes.items() if k.startswith("visemes02/")}
    return Assets(
        base=base,
        macro={k: t for k, t in macro.items() if k.startswith(races) or "averagemuscle" in k},
        detail={k: t for k, t in detail.items() if not k.startswith("neck/")},
        expression={**expression, **spoken},
        proxies={name: read_proxy(folder / stem) for name, stem in PARTS.items()},
        textures={
            name: read_texture(folder / file, tallest) for name, (file, tallest) in TEXTURES.items()
        },
    )
