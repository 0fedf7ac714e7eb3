"""What the three trainings share: batches made by worker processes, moving average, checkpoints, progress.

Batch number k is drawn from a generator seeded with (seed, stage, k): whoever makes it, it is the same, and a resumed run
goes on with the very batches it would have seen.
"""

from __future__ import annotations

import copy
import multiprocessing
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.random import Generator
    from torch import Tensor, nn

EVERY = 250  # steps between checkpoints
AHEAD = 6  # batches in flight


class Stage(Protocol):
    """A training: how a batch is made (in a worker) and what is minimized (in the trainer)."""

    name: str
    steps: int
    rate: float
    decay: float

    def batch(self, rng: Generator) -> tuple[Any, ...]:
        """Arrays of one batch."""

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """The scalar to minimize."""


_STAGE: Stage | None = None  # set before the fork, read in the workers


def _make(job: tuple[int, int]) -> tuple[Any, ...]:
    if _STAGE is None:
        message = "worker started before its stage was set"
        raise RuntimeError(message)
    seed, step = job
    number = sum(ord(c) for c in _STAGE.name)
    return _STAGE.batch(np.random.default_rng([seed, number, step]))


def batches(stage: Stage, seed: int, first: int, workers: int) -> Iterator[tuple[Tensor, ...]]:
    """The batches from step `first` on, made ahead by worker processes."""
    global _STAGE  # noqa: PLW0603 - how forked workers get at the renders without copying them
    _STAGE = stage
    cv2.setNumThreads(1)
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        waiting: deque[Any] = deque()
        for step in range(first, stage.steps):
            waiting.append(pool.apply_async(_make, ((seed, step),)))
            if len(waiting) > AHEAD:
                yield tuple(torch.from_numpy(a) for a in waiting.popleft().get())
        while waiting:
            yield tuple(torch.from_numpy(a) for a in waiting.popleft().get())


@dataclass(slots=True)
class _State:
    net: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    step: int = 0

    def save(self, path: Path) -> None:
        fresh = path.with_suffix(".tmp")
        parts = {k: getattr(self, k).state_dict() for k in _PARTS}
        torch.save({**parts, "step": self.step}, fresh)
        fresh.replace(path)

    def restore(self, path: Path) -> None:
        if path.exists():
            saved = torch.load(path, weights_only=True)
            for k in _PARTS:
                getattr(self, k).load_state_dict(saved[k])
            self.step = saved["step"]

    def follow(self, longest: float = 0.998) -> None:
        """Move the average towards the network."""
        keep = min(longest, self.step / (self.step + 20))
        with torch.no_grad():
            pairs = zip(
                self.average.state_dict().values(), self.net.state_dict().values(), strict=True
            )
            for old, new in pairs:
                if old.dtype.is_floating_point:
                    old.mul_(keep).add_(new, alpha=1 - keep)
                else:
                    old.copy_(new)


_PARTS = ("net", "average", "optimizer", "schedule")


def _begin(build: Callable[[], nn.Module], stage: Stage, seed: int) -> _State:
    torch.manual_seed(seed)
    net = build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(net.parameters(), stage.rate, weight_decay=stage.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, stage.rate, total_steps=stage.steps + 1, pct_start=0.12
    )
    return _State(net, copy.deepcopy(net), optimizer, schedule)


def train(
    build: Callable[[], nn.Module], stage: Stage, folder: Path, seed: int, workers: int
) -> Path:
    """Train to the end, from the last checkpoint where there is one; returns the averaged weights' file."""
    done, checkpoint = folder / "weights.pt", folder / "checkpoint.pt"
    if done.exists():
        return done
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    state = _begin(build, stage, seed)
    state.restore(checkpoint)
    state.net.train()
    bar = Progress(
        TextColumn("train {task.fields[name]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
    )
    with bar:
        task = bar.add_task("", total=stage.steps, completed=state.step, name=stage.name, loss=0.0)
        smooth = 0.0
        for batch in batches(stage, seed, state.step, workers):
            loss = stage.loss(state.net, batch)
            state.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(state.net.parameters(), 5.0)
            state.optimizer.step()
            state.schedule.step()
            state.step += 1
            state.follow()
            smooth = 0.98 * smooth + 0.02 * loss.item() if smooth else loss.item()
            bar.update(task, advance=1, loss=smooth)
            if state.step % EVERY == 0:
                state.save(checkpoint)
    torch.save(state.average.state_dict(), done)
    return done
