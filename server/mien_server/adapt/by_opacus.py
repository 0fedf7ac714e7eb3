"""The same sum by Opacus' `DPOptimizer`, for whoever has the extra `adapt` and wants another's arithmetic: `OpacusAdding(clip)` in the place of `Adding(clip)`.

Its numbers are whole steps of the grid, in float64 far below 2^53, and its own bound lies above ours, so nothing is cut twice and nothing is rounded: the sum is
the same to the bit. Noise is none of its business (`noise` is exact, its own is not). It loads torch: about 200 MB that a node need not spend.
"""

from typing import Any, Final

import numpy as np

from mien_server.adapt.release import NUMBERS, STEPS, Adding, Whole

AT_ONCE: Final = 64
"""Updates in memory together."""


class OpacusAdding(Adding):
    """As `Adding`. Raises `ImportError` without torch and opacus."""

    def __init__(self, clip: float, numbers: int = NUMBERS) -> None:
        import torch
        from opacus.optimizers import DPOptimizer

        super().__init__(clip, numbers)
        self._waiting: list[Whole] = []
        self._parameter: Any = torch.nn.Parameter(torch.zeros(numbers, dtype=torch.float64))
        self._optimizer: Any = DPOptimizer(
            torch.optim.SGD([self._parameter], lr=1.0),
            noise_multiplier=0.0,
            max_grad_norm=STEPS + 1.0,  # above the longest, so that its clipping never bites
            expected_batch_size=None,
            loss_reduction="sum",
        )

    def total(self) -> Whole:
        """The sum so far in steps of the grid."""
        self._flush()
        return np.asarray(self._parameter.detach().numpy().astype(np.int64))

    def _take(self, steps: Whole) -> None:
        self._waiting.append(steps)
        if len(self._waiting) == AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        """One step of the optimizer: the parameter goes up by what waits."""
        import torch

        if self._waiting:
            deltas = torch.from_numpy(np.stack(self._waiting).astype(np.float64))
            self._parameter.grad_sample = -deltas
            self._optimizer.step()
            self._optimizer.zero_grad()
            self._waiting = []
