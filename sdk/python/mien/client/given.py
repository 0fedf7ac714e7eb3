"""What a client is given: a clock, randomness, eyes."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from mien.values import Face, Scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Entropy = Callable[[int], bytes]


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Movement(Protocol):
    """A brief movement that is over; `mien.infer.micro.Movement` is one."""

    @property
    def polarity(self) -> str:
        """`negative`, `positive` or `surprise`."""
        ...


class Watch(Protocol):
    """Watches one face for brief movements; `mien.infer.micro.Watch` is one."""

    def see(
        self, at: float, pixels: "NDArray[np.uint8]", face: Face, closure: float = 0.0
    ) -> Movement | None:
        """One picture at `at` seconds; a movement once it is over."""
        ...

    def forget(self) -> None:
        """The face was lost."""
        ...


class Eyes(Protocol):
    """Finds faces and reads expressions; `mien.infer.Eyes` is one, `mien.testing.FakeEyes` another."""

    def faces(self, pixels: "NDArray[np.uint8]") -> Sequence[Face]:
        """All faces in a picture."""
        ...

    def scores(self, pixels: "NDArray[np.uint8]", face: Face) -> Scores:
        """The expression of one face."""
        ...

    def watch(self) -> "Watch | None":
        """A fresh watcher of brief movements, None when these eyes have none."""
        ...


class EyesMaker(Protocol):
    """Loads the models; `embedded_eyes` is one, what `mien.infer.site_eyes` gives another."""

    @property
    def model(self) -> int:
        """The id of the model, 1..255, known before anything is loaded: capabilities are asked for it."""
        ...

    def __call__(self) -> tuple[Eyes, int]:
        """The eyes, and the id of the model that was loaded. Called only behind an open gate."""
        ...


class EmbeddedEyes:
    """The models that ship with mien."""

    @property
    def model(self) -> int:
        """Their id, as pinned; no model and no runtime for models is loaded for it."""
        from mien.infer import pin

        return pin.MODEL_ID

    def __call__(self) -> tuple[Eyes, int]:
        """Raises `ModelMissing` or `ModelTampered`."""
        from mien import infer

        models = infer.load_models()
        return infer.Eyes(models), models.model_id


embedded_eyes: Final = EmbeddedEyes()
"""What a `Client` takes as `eyes` when it is given none."""
