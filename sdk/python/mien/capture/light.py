"""Whether a picture can be read at all."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DARK: Final = 24.0
"""Mean brightness (0..255) under which a picture shows nothing."""
FLAT: Final = 4.0
"""Spread of brightness (standard deviation, 0..255) under which nothing can be told apart: fog, a covered lens, glare."""
_STEP: Final = 8


def fault(pixels: "NDArray[np.uint8]") -> str | None:
    """Why a picture cannot be read, `dark` or `blank`; None when it can. Looks at the green of every eighth pixel, which is most of brightness."""
    sample = pixels[::_STEP, ::_STEP, 1]
    if float(sample.mean()) < DARK:
        return "dark"
    return "blank" if float(sample.std()) < FLAT else None
