"""The three trainings: what a batch is and what is minimized."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch.nn import functional

from mien.infer import detection

from . import augment
from .plan import EMPHASIS

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from .backgrounds import Bank
    from .render.assets import Floats
    from .render.shards import Renders

SMOOTHING: Final = 0.1


@dataclass(slots=True)
class ExpressionStage:
    """Class, affect, actions and, as a light help, landmarks of the aligned crop."""

    data: Renders
    keys: NDArray[np.int64]
    bank: Bank
    steps: int
    name: str = "expression"
    rate: float = 4e-3
    decay: float = 0.02
    size: int = 64
    seen: Floats | None = None  # landmarks as the trained network sees them (n, m, 5, 2)
    chances: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        labels = self.data.label[self.keys]
        each = np.array(list(EMPHASIS.values())) / np.maximum(np.bincount(labels, minlength=8), 1)
        self.chances = each[labels] / each[labels].sum()

    def batch(self, rng: Generator) -> tuple[Any, ...]:
        """Crops, labels, and what else is measured, in the order of `nets.MEASURES`."""
        keys = rng.choice(self.keys, self.size, p=self.chances)
        crops = [
            augment.aligned_crop(
                rng, self.data, int(k), self.bank, None if self.seen is None else self.seen[k]
            )
            for k in keys
        ]
        mirrored = np.array([c.mirrored for c in crops])
        pose, gaze = self.data.pose[keys, :2].copy(), self.data.gaze[keys].copy()
        pose[mirrored, 1] *= -1
        gaze[mirrored, 0] *= -1
        return (
            np.stack([c.grey for c in crops]),
            self.data.label[keys],
            self.data.affect[keys],
            self.data.actions[keys],
            pose,
            gaze,
            np.stack([c.points for c in crops]).reshape(self.size, -1) - 0.5,
        )

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """Cross-entropy with label smoothing, and small squared errors."""
        crops, labels, affect, actions, pose, gaze, points = batch
        out = net(crops)
        loss = functional.cross_entropy(out["logits"], labels, label_smoothing=SMOOTHING)
        loss = loss + 0.3 * functional.mse_loss(out["affect"], affect)
        loss = loss + 0.8 * functional.mse_loss(out["actions"], actions)
        loss = loss + 0.5 * functional.mse_loss(out["pose"], pose)
        loss = loss + 0.1 * functional.mse_loss(out["gaze"], gaze)
        return loss + functional.smooth_l1_loss(out["points"], points, beta=0.02)


@dataclass(slots=True)
class LandmarkStage:
    """Points of a loosely framed face, and whether there is one."""

    data: Renders
    keys: NDArray[np.int64]
    bank: Bank
    steps: int
    name: str = "landmarks"
    rate: float = 3e-3
    decay: float = 0.01
    size: int = 64
    without: int = 14  # crops of a batch that show no face

    def batch(self, rng: Generator) -> tuple[Any, ...]:
        """Crops, points, presence."""
        keys = rng.choice(self.keys, self.size)
        faces, others = keys[self.without :], keys[: self.without]
        crops = [augment.loose_crop(rng, self.data, int(k), self.bank) for k in faces]
        empty = [augment.faceless_crop(rng, self.data, int(k), self.bank) for k in others]
        points = np.zeros((self.size, 31, 2), np.float32)
        points[: len(crops)] = [c.points for c in crops]
        presence = (np.arange(self.size) < len(crops)).astype(np.float32)
        return np.stack([c.grey for c in crops] + empty), points, presence

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """Absolute errors of the points (the five shipped ones count more) and cross-entropy of presence."""
        crops, points, presence = batch
        o_points, o_presence = net(crops)
        error = functional.smooth_l1_loss(o_points, points, beta=0.01, reduction="none").mean(2)
        weight = torch.ones(points.shape[1])
        weight[:5] = 4.0
        point = ((error * weight).sum(1) / weight.sum() * presence).sum() / presence.sum()
        return 20 * point + 0.3 * functional.binary_cross_entropy_with_logits(o_presence, presence)


def grid_targets(faces: list[list[tuple[Floats, Floats, int]]]) -> tuple[Floats, Floats, Floats]:
    """Heat (B, g, g), regression (B, 14, g, g) and where it counts (B, g, g) for the faces of each picture."""
    stride = detection.STRIDE
    g = augment.TRAINED // stride
    rows, columns = np.mgrid[0:g, 0:g]
    x, y = (columns + 0.5) * stride, (rows + 0.5) * stride
    heat = np.zeros((len(faces), g, g), np.float32)
    target = np.zeros((len(faces), 14, g, g), np.float32)
    counts = np.zeros((len(faces), g, g), np.float32)
    for j, (box, five, _) in ((j, f) for j, several in enumerate(faces) for f in several):
        width, height = box[2] - box[0], box[3] - box[1]
        cx, cy = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        away = ((x - cx) / (0.16 * width + 2.5)) ** 2 + ((y - cy) / (0.16 * height + 2.5)) ** 2
        cell = (int(np.clip(cy / stride, 0, g - 1)), int(np.clip(cx / stride, 0, g - 1)))
        heat[j] = np.maximum(heat[j], np.exp(-away / 2))
        heat[j][cell] = 1
        near = away < 2
        near[cell] = True
        counts[j][near] = 1
        numbers = [np.log(width / detection.ANCHOR), np.log(height / detection.ANCHOR)]
        numbers += list(((five - [cx, cy]) / [width, height]).reshape(10))
        target[j, 0][near], target[j, 1][near] = (cx - x[near]) / stride, (cy - y[near]) / stride
        target[j, 2:, near] = np.array(numbers, np.float32)
    return heat, target, counts


@dataclass(slots=True)
class DetectorStage:
    """Where faces are in a whole picture."""

    data: Renders
    keys: NDArray[np.int64]
    bank: Bank
    steps: int
    name: str = "detector"
    rate: float = 4e-3
    decay: float = 0.01
    size: int = 32
    weight: Tensor = field(
        default_factory=lambda: torch.tensor([1.0, 1.0, 2.0, 2.0] + [1.0] * 10)[None, :, None, None]
    )

    def batch(self, rng: Generator) -> tuple[Any, ...]:
        """Pictures, heat, regression, where it counts."""
        made = [
            augment.scene_with_faces(rng, self.data, self.keys, self.bank) for _ in range(self.size)
        ]
        return np.stack([m[0] for m in made]), *grid_targets([m[1] for m in made])

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """Focal loss on the heat (as in CenterNet, Zhou et al. 2019) and absolute errors of boxes near the centres."""
        pictures, heat, target, counts = batch
        out = net(pictures)
        p = out[:, 0].sigmoid().clamp(1e-4, 1 - 1e-4)
        on = (heat > 0.999).float()
        hit = on * (1 - p) ** 2 * p.log()
        miss = (1 - on) * (1 - heat) ** 4 * p**2 * (1 - p).log()
        focal = -(hit + miss).sum() / (on.sum() + 1)
        error = functional.smooth_l1_loss(out[:, 1:], target, beta=0.05, reduction="none")
        boxes = (error * self.weight * counts[:, None]).sum() / (counts.sum() + 1)
        return focal + 2 * boxes


@dataclass(slots=True)
class MicroStage:
    """The polarity of a brief movement, from its flow."""

    cubes: Floats  # (n, 28, 28, 3)
    labels: NDArray[np.int64]
    steps: int
    name: str = "micro"
    rate: float = 3e-3
    decay: float = 0.01
    size: int = 128

    def batch(self, rng: Generator) -> tuple[Any, ...]:
        """Cubes and labels."""
        keys = rng.integers(0, len(self.labels), self.size)
        cubes = [augment.moved_otherwise(rng, self.cubes[k, ..., :2]) for k in keys]
        return np.stack(cubes), self.labels[keys]

    def loss(self, net: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """Cross-entropy with label smoothing."""
        cubes, labels = batch
        return functional.cross_entropy(net(cubes), labels, label_smoothing=SMOOTHING)
