"""Compile and call raster.c: a small software rasteriser. See that file for the conventions."""

from __future__ import annotations

import ctypes
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..paths import WORK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .assets import Bytes, Floats, Ints, Mesh

SOURCE = Path(__file__).with_name("raster.c")
FAR = -1e9  # depth of an empty pixel
_POINTERS = (
    "points normals uvs faces uv_faces texture map map_uvs light_reach keep".split()  # noqa: SIM905
)


class _Draw(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in _POINTERS),
        *((name, ctypes.c_float * 3) for name in ("axis_x", "axis_y", "tint")),
        *((name, ctypes.c_float) for name in ("specular", "alpha_test")),
        *(
            (name, ctypes.c_int)
            for name in ("triangles", "tw", "th", "tc", "map_size", "blend", "cavity_only")
        ),
    ]


class _Buffers(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("depth", "albedo", "normal", "material", "cavity")),
        ("w", ctypes.c_int),
        ("h", ctypes.c_int),
    ]


@cache
def library() -> ctypes.CDLL:
    """The compiled raster.c; compiles it when the source is newer. Needs a C compiler (`cc`, or $CC)."""
    built = WORK / "build" / "raster.so"
    if not built.exists() or built.stat().st_mtime < SOURCE.stat().st_mtime:
        built.parent.mkdir(parents=True, exist_ok=True)
        fresh = built.with_suffix(f".{os.getpid()}")
        flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, *flags, str(SOURCE), "-o", str(fresh), "-lm"], check=True)
        fresh.replace(built)
    return ctypes.CDLL(str(built))


def _at(array: NDArray[Any] | None) -> int | None:
    """Address of a contiguous array; the caller keeps the array alive during the call."""
    if array is None:
        return None
    if not array.flags["C_CONTIGUOUS"]:
        message = "array handed to raster.c is not contiguous"
        raise ValueError(message)
    return int(array.ctypes.data)


def _pointer(array: NDArray[Any] | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(_at(array))


def normals(vertices: Floats, faces: Ints) -> Floats:
    """Vertex normals (v, 3) of unit length."""
    out = np.empty_like(vertices)
    library().vertex_normals(
        _pointer(vertices), _pointer(faces), len(faces), _pointer(out), len(vertices)
    )
    return out


@dataclass(frozen=True, slots=True)
class Surface:
    """How a mesh looks. `tint` multiplies the texture; texture is uint8 BGR or BGRA."""

    texture: Bytes
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    specular: float = 0.0
    alpha_test: float = 0.5
    blend: bool = False
    cavity_only: bool = False
    map: Floats | None = None
    map_uvs: Floats | None = None
    light_reach: Floats | None = None
    keep: Floats | None = None


class Canvas:
    """The geometry buffers of one view of `height` x `width` pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.depth = np.full((height, width), FAR, np.float32)
        self.albedo = np.zeros((height, width, 3), np.float32)
        self.normal = np.zeros((height, width, 3), np.float32)
        self.normal[..., 2] = 1
        self.material = np.zeros((height, width), np.float32)
        self.cavity = np.zeros((height, width), np.uint8)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Where something was drawn."""
        return self.depth > FAR / 10

    def draw(
        self, mesh: Mesh, points: Floats, normal: Floats, surface: Surface, axes: Floats
    ) -> None:
        """Draw `mesh` at projected `points` (v, 3) with view-space normals; axes: the head's rotation (3, 3)."""
        s = surface
        if points.dtype != np.float32 or normal.dtype != np.float32 or mesh.faces.dtype != np.int32:
            message = "raster.c needs float32 points and int32 faces"
            raise TypeError(message)
        call = _Draw(
            *(_at(a) for a in (points, normal, mesh.uvs, mesh.faces, mesh.uv_faces, s.texture)),
            *(_at(a) for a in (s.map, s.map_uvs, s.light_reach, s.keep)),
            (ctypes.c_float * 3)(*axes[:, 0]),
            (ctypes.c_float * 3)(*axes[:, 1]),
            (ctypes.c_float * 3)(*s.tint),
            s.specular,
            s.alpha_test,
            len(mesh.faces),
            s.texture.shape[1],
            s.texture.shape[0],
            s.texture.shape[2],
            0 if s.map is None else s.map.shape[0],
            int(s.blend),
            int(s.cavity_only),
        )
        target = _Buffers(
            *(_at(a) for a in (self.depth, self.albedo, self.normal, self.material, self.cavity)),
            self.width,
            self.height,
        )
        library().draw(ctypes.byref(call), ctypes.byref(target))

    def shade(
        self,
        lights: Floats,
        ambient: Floats,
        *,
        open_sky: Floats,
        shadow: Floats,
        wrap: float,
        gloss: float,
    ) -> tuple[Floats, Floats]:
        """Diffuse light and highlights (h, w, 3) of lights (n, 6): direction to the light and BGR colour."""
        diffuse, highlight = np.empty_like(self.albedo), np.empty_like(self.albedo)
        library().shade(
            self.depth.size,
            *(_pointer(a) for a in (self.depth, self.normal, self.material, open_sky, shadow)),
            _pointer(lights),
            len(lights),
            _pointer(ambient),
            ctypes.c_float(wrap),
            ctypes.c_float(gloss),
            _pointer(diffuse),
            _pointer(highlight),
        )
        return diffuse, highlight

    def cast_shadow(self, light: Floats, pixels_per_unit: float, scale: float) -> Floats:
        """(h, w): 0 where the head shadows itself from `light`, else 1; scale: head size, 1 = the base mesh."""
        out = np.empty_like(self.depth)
        f = ctypes.c_float
        library().cast_shadow(
            self.width,
            self.height,
            _pointer(self.depth),
            _pointer(light),
            f(pixels_per_unit),
            24,
            f(0.035 * scale),
            f(0.035 * scale),
            f(1.2),
            _pointer(out),
        )
        return out
