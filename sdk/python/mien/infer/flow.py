"""How the face moved between two aligned crops: optical flow without the head's own movement, and the cube the micro network reads.

Shared with the training, so both see the same. Flow is in pixels of the crop; +x to the image's right, +y down.
"""

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from mien.infer import geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]

SIDE: Final = 96
"""Side of the aligned crops between which movement is measured."""
CUBE: Final = 28
"""Side of the cube: horizontal flow, vertical flow, strain (Liong et al. 2019)."""
EYES: Final = float(geometry.TEMPLATE[1, 0] - geometry.TEMPLATE[0, 0]) * SIDE
"""Distance of the eyes in such a crop, in pixels."""
_TOP: Final = 0.08
"""Share of the face's cells whose movement counts as its movement: brief movements are local."""


class Flow:
    """Dense flow by inverse search (Kroeger et al. 2016, DIS). Not thread-safe: OpenCV's object keeps buffers."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._dis.setFinestScale(1)
        self._dis.setPatchSize(8)
        self._dis.setPatchStride(4)

    def between(self, before: "Bytes", after: "Bytes") -> "Floats":
        """(28, 28, 2): where the face's parts went from one crop (96, 96) to the other, the head's own movement taken out."""
        dense = self._dis.calc(before, after, None)  # type: ignore[call-overload]  # no first guess
        small = cv2.resize(
            np.asarray(dense, np.float32), (CUBE, CUBE), interpolation=cv2.INTER_AREA
        )
        return without_head(np.asarray(small, np.float32))


_GRID = np.stack(np.meshgrid(*[np.linspace(-1, 1, CUBE, dtype=np.float32)] * 2), -1)
_AFFINE = np.concatenate([_GRID.reshape(-1, 2), np.ones((CUBE * CUBE, 1), np.float32)], 1)
_FACE: "Final[NDArray[np.bool_]]" = (_GRID[..., 0] / 0.78) ** 2 + (
    (_GRID[..., 1] - 0.1) / 0.85
) ** 2 < 1
_LID_AT: Final = (0.38, -0.2)
_LID_SIZE: Final = (0.26, 0.17)
_LIDS: "Final[NDArray[np.bool_]]" = (np.abs(np.abs(_GRID[..., 0]) - _LID_AT[0]) < _LID_SIZE[0]) & (
    np.abs(_GRID[..., 1] - _LID_AT[1]) < _LID_SIZE[1]
)
_SEEN: "Final[NDArray[np.bool_]]" = _FACE & ~_LIDS
"""Cells that count when movement is spotted: the face without the lids, so that a blink is no movement."""
_STILL: Final = round(0.7 * CUBE * CUBE)
"""Cells that say how the head moved: those that fit best."""
_SOLVE = np.linalg.pinv(_AFFINE).astype(np.float32)


def without_head(flow: "Floats") -> "Floats":
    """The flow (28, 28, 2) less its best affine fit: shift, turn, nearing and shear of the whole head."""
    flat = flow.reshape(-1, 2)
    fit = _AFFINE @ (_SOLVE @ flat)
    rest = flat - fit
    # once more with what moved on its own left out, so that the fit follows the head and not the expression
    still = (rest**2).sum(1)
    keep = np.argpartition(still, _STILL)[:_STILL]
    calm = _AFFINE[keep]
    again = np.linalg.solve(calm.T @ calm, calm.T @ flat[keep])
    return np.asarray(flat - _AFFINE @ again, np.float32).reshape(CUBE, CUBE, 2)


def amount(flow: "Floats") -> float:
    """How much the most moving parts of the face moved, as a fraction of the distance of the eyes."""
    size = np.hypot(flow[..., 0], flow[..., 1])[_SEEN]
    most = max(1, round(_TOP * size.size))
    return float(np.partition(size, -most)[-most:].mean()) / EYES


def cube(flow: "Floats") -> "Floats":
    """(28, 28, 3): horizontal flow, vertical flow and the strain between neighbouring cells."""
    ux, uy = np.gradient(flow[..., 0], axis=(1, 0))
    vx, vy = np.gradient(flow[..., 1], axis=(1, 0))
    strain = np.sqrt(ux**2 + vy**2 + 0.5 * (uy + vx) ** 2)
    return np.dstack([flow, strain]).astype(np.float32)
