"""The same training by Opacus, for whoever has the extra `adapt` and wants another's arithmetic: `train(..., engine=by_opacus.trained)`.

It loads torch (some 200 MB and seconds) to move 776 numbers, so nothing chooses it by itself; `tests/vectors/adapt_update.json` holds what it says.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mien.adapt.update import Exact, Training


def trained(table: "Exact", inputs: "Exact", said: "Exact", training: "Training") -> "Exact":
    """As `mien.adapt.update.trained`. Raises `ImportError` without torch and opacus."""
    import torch
    from opacus import GradSampleModule
    from opacus.optimizers import DPOptimizer

    layer = torch.nn.Linear(inputs.shape[1], said.shape[1], bias=False, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(table.T.copy()))
    model = GradSampleModule(layer)
    optimizer = DPOptimizer(
        torch.optim.SGD(model.parameters(), lr=training.rate),
        noise_multiplier=0.0,
        max_grad_norm=training.example_clip,
        expected_batch_size=len(inputs),
    )
    seen, words = torch.from_numpy(inputs), torch.from_numpy(said.argmax(axis=1))
    for _ in range(training.steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(seen), words).backward()
        optimizer.step()
    return np.asarray(layer.weight.detach().numpy().T, np.float64)
