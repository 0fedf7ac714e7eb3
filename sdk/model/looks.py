"""What the trained landmark network says of every render: the expression network then learns from crops aligned as in use."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rich.progress import track

from mien.infer import geometry

from . import augment, nets

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.random import Generator

    from .backgrounds import Bank
    from .render.assets import Bytes, Floats
    from .render.shards import Renders

CHUNK = 250
_GIVEN: tuple[Renders, Bank, Path, int] | None = None  # set before the fork, read in the workers


def _seen(
    rng: Generator, data: Renders, bank: Bank, k: int, transform: Floats
) -> tuple[Bytes, Floats]:
    colour = augment.over(geometry.warp(data.image[k], transform), bank.piece(rng, geometry.CROP))
    return augment.photographed(rng, augment.grey_of(rng, colour)), transform


def _predicted(net: nets.Landmarks, crops: list[tuple[Bytes, Floats]]) -> list[Floats]:
    """Five landmarks in the render for each crop and the transform that made it."""
    with torch.no_grad():
        points = net(torch.from_numpy(np.stack([c for c, _ in crops])))[0][:, :5].numpy()
    return [
        geometry.apply(geometry.inverse(t), p * geometry.CROP)
        for p, (_, t) in zip(points, crops, strict=True)
    ]


def _chunk(first: int) -> Floats:
    """Both looks at renders first .. first + CHUNK, with the faults of cameras: (n, 5, 2)."""
    if _GIVEN is None:
        message = "worker started before its data was set"
        raise RuntimeError(message)
    data, bank, weights, seed = _GIVEN
    torch.set_num_threads(1)
    net = nets.Landmarks()
    net.load_state_dict(torch.load(weights, weights_only=True))
    net.eval()
    rng = np.random.default_rng([seed, 77, first])
    keys = range(first, min(first + CHUNK, len(data)))
    boxes = [augment.framed_loosely(rng, data, k) for k in keys]
    five = _predicted(net, [_seen(rng, data, bank, k, t) for k, t in zip(keys, boxes, strict=True)])
    close = [geometry.focused(f) for f in five]
    again = [_seen(rng, data, bank, k, t) for k, t in zip(keys, close, strict=True)]
    return np.stack(_predicted(net, again)).astype(np.float32)


def make(data: Renders, bank: Bank, weights: Path, seed: int, processes: int) -> Floats:
    """(n, 1, 5, 2) for all renders; kept beside the weights of the landmark network."""
    global _GIVEN  # noqa: PLW0603 - how forked workers get at the renders without copying them
    path = weights.with_name("looks.npy")
    if not path.exists():
        _GIVEN = (data, bank, weights, seed)
        starts: Any = range(0, len(data), CHUNK)
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            parts = list(track(pool.imap(_chunk, starts), "look at the renders", total=len(starts)))
        fresh = path.with_suffix(".tmp.npy")
        np.save(fresh, np.concatenate(parts)[:, None])
        fresh.replace(path)
    return np.asarray(np.load(path), np.float32)
