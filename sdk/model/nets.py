"""The three networks, in torch. Each takes what the exported graph takes: uint8 pixels; scaling is inside."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

CLASSES, ACTIONS, POINTS = 8, 21, 31  # 31: the five landmarks and 26 more that only help training
EMBEDDING = 96


MEASURES = {"affect": 2, "actions": ACTIONS, "pose": 2, "gaze": 2, "points": POINTS * 2}


def standardized(crop: Tensor) -> Tensor:
    """(B, 64, 64) pixels -> (B, 1, 64, 64) of zero mean and unit contrast each."""
    x = crop.float().unsqueeze(1) / 255
    x = x - x.mean((1, 2, 3), keepdim=True)
    return x / ((x * x).mean((1, 2, 3), keepdim=True).sqrt() + 0.02)


def conv(i: int, o: int, size: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution with batch normalization."""
    layer = nn.Conv2d(i, o, size, stride, size // 2, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(o))


class Block(nn.Module):
    """Two 3x3 convolutions that halve the size, beside a pooled shortcut."""

    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.first, self.second = conv(i, o, stride=2), conv(o, o)
        self.short = nn.Conv2d(i, o, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, i, h, w) -> (B, o, h/2, w/2)."""
        y = self.second(functional.relu(self.first(x)))
        return functional.relu(y + self.short(functional.avg_pool2d(x, 2)))


class Expression(nn.Module):
    """(B, 64, 64) aligned grey crop -> a dict of what the face shows.

    `embedding` (B, 96) >= 0, from which one linear layer makes `logits` (B, 8), so that a person's own layer can take its place; `affect`
    (B, 2) valence and arousal; `actions` (B, 21); `pose` (B, 2) pitch and yaw in
    radians (roll is gone with the alignment); `gaze` (B, 2); `points` (B, 62), a training aid.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 56, 96, 160)) -> None:
        super().__init__()
        self.stem = conv(1, widths[0], 5, 2)
        self.body = nn.Sequential(*[Block(a, b) for a, b in pairwise(widths)])
        self.drop = nn.Dropout(0.2)
        features = widths[-1] * 4
        self.embed = nn.Linear(features, EMBEDDING)
        self.label = nn.Linear(EMBEDDING, CLASSES)
        self.measures = nn.Linear(features, sum(MEASURES.values()))

    def forward(self, crop: Tensor) -> dict[str, Tensor]:
        """See the class."""
        h = self.body(functional.relu(self.stem(standardized(crop))))
        z = self.drop(functional.adaptive_avg_pool2d(h, 2).flatten(1))
        embedding = functional.relu(self.embed(z))
        parts = self.measures(z).split(list(MEASURES.values()), 1)
        measured = dict(zip(MEASURES, parts, strict=True))
        return {"logits": self.label(embedding), "embedding": embedding, **measured}


class Landmarks(nn.Module):
    """(B, 64, 64) loose grey crop -> points (B, 31, 2) as fractions of the crop, presence logit (B,)."""

    def __init__(self, widths: tuple[int, ...] = (16, 24, 40, 64)) -> None:
        super().__init__()
        self.stem = conv(1, widths[0], 5, 2)
        self.body = nn.Sequential(*[Block(a, b) for a, b in pairwise(widths)])
        self.hidden = nn.Linear(widths[-1] * 16, 64)
        self.point = nn.Linear(64, POINTS * 2)
        self.presence = nn.Linear(64, 1)

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        h = self.body(functional.relu(self.stem(standardized(crop))))
        z = functional.relu(self.hidden(h.flatten(1)))
        return self.point(z).reshape(-1, POINTS, 2) + 0.5, self.presence(z)[:, 0]


class Separable(nn.Module):
    """Depthwise 3x3 and pointwise convolution, residual where the shapes agree."""

    def __init__(self, i: int, o: int, stride: int = 1) -> None:
        super().__init__()
        self.depth, self.mix = conv(i, i, 3, stride, i), conv(i, o, 1)
        self.residual = i == o and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """(B, i, h, w) -> (B, o, h/stride, w/stride)."""
        y = self.mix(self.depth(x))
        return functional.relu(y + x if self.residual else y)


class Detector(nn.Module):
    """(B, h, w, 3) BGR pixels, sides in 32s -> grid (B, 15, h/8, w/8); the channels are those of `mien.infer.detection.decode`."""

    def __init__(self) -> None:
        super().__init__()
        s = Separable
        self.stem = conv(3, 16, 3, 2)
        self.near = nn.Sequential(s(16, 32, 2), s(32, 32), s(32, 64, 2), s(64, 64), s(64, 64))
        self.middle = nn.Sequential(s(64, 96, 2), s(96, 96), s(96, 96))
        self.far = nn.Sequential(s(96, 128, 2), s(128, 128), s(128, 128))
        self.down, self.across = nn.Conv2d(128, 96, 1), nn.Conv2d(96, 64, 1)
        self.head = nn.Sequential(s(64, 64), s(64, 64))
        self.out = nn.Conv2d(64, 15, 1)
        nn.init.constant_(self.out.bias[0:1], -4.0)  # type: ignore[index, arg-type]

    def forward(self, pixels: Tensor) -> Tensor:
        """See the class."""
        x = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
        a = self.near(functional.relu(self.stem(x)))
        b = self.middle(a)
        c = self.far(b)
        b = b + functional.interpolate(self.down(c), scale_factor=2.0)
        a = a + functional.interpolate(self.across(b), scale_factor=2.0)
        grid: Tensor = self.out(self.head(a))
        return grid


class Micro(nn.Module):
    """(B, 28, 28, 3) horizontal and vertical flow and strain from onset to apex -> logits (B, 3) of negative, positive, surprise.

    Three shallow streams after STSTNet (Liong et al. 2019, 'Shallow Triple Stream Three-dimensional CNN'), 1,683 parameters. Each channel
    is brought to zero mean and unit spread first, so neither the unit of the flow nor a constant shift of the whole face matters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.streams = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(3, n, 3, padding=1),
                nn.BatchNorm2d(n),
                nn.ReLU(),
                nn.MaxPool2d(3, 3, 1),
                nn.Dropout2d(0.2),
            )
            for n in (3, 5, 8)
        )
        self.label = nn.Linear(16 * 25, 3)

    def forward(self, cube: Tensor) -> Tensor:
        """See the class."""
        x = cube.permute(0, 3, 1, 2)
        x = x - x.mean((2, 3), keepdim=True)
        x = x / ((x * x).mean((2, 3), keepdim=True).sqrt() + 1e-6)
        z = torch.cat([s(x) for s in self.streams], 1)
        logits: Tensor = self.label(functional.avg_pool2d(z, 2).flatten(1))
        return logits


class ShippedExpression(nn.Module):
    """What is exported: all but the training aid, in the order of the contract."""

    def __init__(self, net: Expression) -> None:
        super().__init__()
        self.net = net

    def forward(self, crop: Tensor) -> tuple[Tensor, ...]:
        """(1, 64, 64) -> logits (1, 8), affect (1, 2), actions (1, 21), pose (1, 2), gaze (1, 2), embedding (1, 96)."""
        out = self.net(crop)
        return tuple(out[k] for k in ("logits", "affect", "actions", "pose", "gaze", "embedding"))


class ShippedLandmarks(nn.Module):
    """What is exported: the five landmarks and a probability."""

    def __init__(self, net: Landmarks) -> None:
        super().__init__()
        self.net = net

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        """(1, 64, 64) -> points (1, 5, 2), presence (1,)."""
        points, presence = self.net(crop)
        return points[:, :5], presence.sigmoid()
