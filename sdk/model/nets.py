"""The three networks, in torch. Each takes what the exported graph takes: uint8 pixels; scaling is inside."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

CLASSES, ACTIONS, POINTS = 8, 15, 31  # 31: the five landmarks and 26 more that only help training


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
    """(B, 64, 64) aligned grey crop -> class logits (B, 8), valence and arousal (B, 2), actions (B, 15), points (B, 62)."""

    def __init__(self, widths: tuple[int, ...] = (28, 44, 72, 112)) -> None:
        super().__init__()
        self.stem = conv(1, widths[0], 5, 2)
        self.body = nn.Sequential(*[Block(a, b) for a, b in pairwise(widths)])
        self.drop = nn.Dropout(0.2)
        self.label = nn.Linear(widths[-1] * 4, CLASSES)
        self.affect = nn.Linear(widths[-1] * 4, 2)
        self.action = nn.Linear(widths[-1] * 4, ACTIONS)
        self.point = nn.Linear(widths[-1] * 4, POINTS * 2)  # a training aid

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        h = self.body(functional.relu(self.stem(standardized(crop))))
        z = self.drop(functional.adaptive_avg_pool2d(h, 2).flatten(1))
        return self.label(z), self.affect(z), self.action(z), self.point(z)


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
    """(B, 160, 160, 3) BGR pixels -> grid (B, 15, 20, 20); the channels are those of `mien.infer.detection.decode`."""

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
        return torch.as_tensor(self.out(self.head(a)))


class ShippedExpression(nn.Module):
    """What is exported: mean over the crop and its mirror image."""

    def __init__(self, net: Expression) -> None:
        super().__init__()
        self.net = net

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(1, 64, 64) -> logits (1, 8), affect (1, 2), actions (1, 15)."""
        label, affect, action, _ = self.net(torch.cat([crop, crop.flip(2)]))
        return tuple(x.mean(0, keepdim=True) for x in (label, affect, action))  # type: ignore[return-value]


class ShippedLandmarks(nn.Module):
    """What is exported: the five landmarks and a probability."""

    def __init__(self, net: Landmarks) -> None:
        super().__init__()
        self.net = net

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        """(1, 64, 64) -> points (1, 5, 2), presence (1,)."""
        points, presence = self.net(crop)
        return points[:, :5], presence.sigmoid()
