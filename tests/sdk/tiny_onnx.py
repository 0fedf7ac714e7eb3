"""Networks of a few nodes, written as ONNX bytes by hand: no library that writes ONNX is among the pinned ones.

Field numbers are those of `onnx.proto3` (IR version 8, operator set 13).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FLOAT, UINT8, INT64 = 1, 2, 7
KINDS = {"float32": FLOAT, "uint8": UINT8, "int64": INT64, "float64": 11}
Side = int | str
"""A fixed size of an axis, or the name of one that is open."""


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field_: int, value: int) -> bytes:
    return _varint(field_ << 3) + _varint(value)


def _bytes(field_: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field_ << 3 | 2) + _varint(len(data)) + data


def weights(name: str, values: NDArray[np.generic]) -> bytes:
    """A TensorProto."""
    dims = b"".join(_number(1, n) for n in values.shape)
    return (
        dims + _number(2, KINDS[values.dtype.name]) + _bytes(8, name) + _bytes(9, values.tobytes())
    )


def outside(name: str, size: int, location: str) -> bytes:
    """A TensorProto whose numbers lie in another file."""
    entry = _bytes(1, "location") + _bytes(2, location)
    return (
        _number(1, size) + _number(2, FLOAT) + _bytes(8, name) + _bytes(13, entry) + _number(14, 1)
    )


def value(name: str, shape: Sequence[Side], kind: str = "float32") -> bytes:
    """A ValueInfoProto."""
    dims = b"".join(_bytes(1, _number(1, n) if isinstance(n, int) else _bytes(2, n)) for n in shape)
    tensor = _number(1, KINDS[kind]) + _bytes(2, dims)
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))


def node(kind: str, takes: Sequence[str], gives: str, **attributes: int | list[int]) -> bytes:
    """A NodeProto with one output."""
    out = b"".join(_bytes(1, name) for name in takes) + _bytes(2, gives) + _bytes(4, kind)
    for name, setting in attributes.items():
        if isinstance(setting, int):
            out += _bytes(5, _bytes(1, name) + _number(3, setting) + _number(20, 2))
        else:
            many = b"".join(_number(8, n) for n in setting)
            out += _bytes(5, _bytes(1, name) + many + _number(20, 7))
    return out


@dataclass
class Graph:
    """Nodes, weights, inputs and outputs; `data()` is the file."""

    inputs: list[bytes] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)
    nodes: list[bytes] = field(default_factory=list)
    weights: list[bytes] = field(default_factory=list)

    def data(self) -> bytes:
        parts = [(1, self.nodes), (5, self.weights), (11, self.inputs), (12, self.outputs)]
        graph = b"".join(_bytes(number, one) for number, many in parts for one in many)
        return _number(1, 8) + _bytes(7, graph + _bytes(2, "tiny")) + _bytes(8, _number(2, 13))


def constant(
    logits: Sequence[float],
    *,
    shape: Sequence[Side] = (1, 3, 32, 32),
    kind: str = "float32",
    takes: str = "picture",
    gives: str = "logits",
) -> bytes:
    """A classifier that always says `logits`, plus 0 times what it sees."""
    told = np.array([logits], np.float32)
    axes = np.arange(1, len(shape), dtype=np.int64)
    graph = Graph(
        [value(takes, shape, kind)], [value(gives, (shape[0], len(logits)))],
        [
            node("Cast", [takes], "seen", to=FLOAT),
            node("ReduceMean", ["seen"], "mean", axes=axes.tolist(), keepdims=0),
            node("Unsqueeze", ["mean", "last"], "column"),
            node("Mul", ["column", "none"], "nothing"),
            node("Add", ["nothing", "told"], gives),
        ],
        [
            weights("last", np.array([1], np.int64)), weights("none", np.zeros(1, np.float32)),
            weights("told", told),
        ],
    )  # fmt: skip
    return graph.data()


def colours(
    shape: Sequence[Side], *, axes: list[int], kind: str = "float32", channels: int = 3
) -> bytes:
    """A classifier whose logits are the mean of each channel as it comes in."""
    graph = Graph(
        [value("picture", shape, kind)], [value("logits", (1, channels))],
        [
            node("Cast", ["picture"], "seen", to=FLOAT),
            node("ReduceMean", ["seen"], "logits", axes=axes, keepdims=0),
        ],
    )  # fmt: skip
    return graph.data()


def yunet(height: Side = 64, width: Side = 64, *, drop: str = "", odd: str = "") -> bytes:
    """A detector with YuNet's outputs that takes every white block of 32 pixels for a face and no other thing.

    `drop` is an output left out, `odd` one that has a number too many.
    """
    graph = Graph([value("input", (1, 3, height, width))])
    fixed = isinstance(height, int) and isinstance(width, int)
    for stride in (8, 16, 32):
        size = [stride, stride]
        graph.nodes.append(
            node("AveragePool", ["input"], f"mean_{stride}", kernel_shape=size, strides=size)
        )
        cells: Side = f"cells_{stride}"
        if fixed:
            cells = (int(height) // stride) * (int(width) // stride)
        for part, numbers in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            name = f"{part}_{stride}"
            if name != drop:
                _head(graph, name, numbers + (name == odd), cells, stride)
    return graph.data()


def _head(graph: Graph, name: str, numbers: int, cells: Side, stride: int) -> None:
    """One output: a 1 x 1 convolution of the mean colour, as rows of cells."""
    bright = name.startswith(("cls", "obj")) and stride == 32
    kernel = np.full((numbers, 3, 1, 1), 1 / 765 if bright else 0, np.float32)
    offset = np.zeros(numbers, np.float32)
    if name.startswith("bbox"):
        offset[:2] = 0.5
    graph.weights += [weights(f"{name}_k", kernel), weights(f"{name}_b", offset)]
    graph.weights.append(weights(f"{name}_s", np.array([1, -1, numbers], np.int64)))
    graph.nodes += [
        node("Conv", [f"mean_{stride}", f"{name}_k", f"{name}_b"], f"{name}_c"),
        node("Transpose", [f"{name}_c"], f"{name}_t", perm=[0, 2, 3, 1]),
        node("Reshape", [f"{name}_t", f"{name}_s"], name),
    ]
    graph.outputs.append(value(name, (1, cells, numbers)))


def reaching_out() -> bytes:
    """A classifier whose weights lie in another file."""
    graph = Graph(
        [value("picture", (1, 3, 32, 32))], [value("logits", (1, 3))],
        [
            node("ReduceMean", ["picture"], "mean", axes=[2, 3], keepdims=0),
            node("Add", ["mean", "w"], "logits"),
        ],
        [outside("w", 3, "weights.bin")],
    )  # fmt: skip
    return graph.data()


def failing() -> bytes:
    """A classifier that leaves open what it takes, and fails on any picture."""
    graph = Graph(
        [value("picture", (1, 3, "h", "w"))], [value("logits", (1, 2))],
        [node("Reshape", ["picture", "shape"], "logits")],
        [weights("shape", np.array([1, 2], np.int64))],
    )  # fmt: skip
    return graph.data()


def floats(values: Sequence[float]) -> bytes:
    """Numbers as they lie in a file of weights."""
    return struct.pack(f"<{len(values)}f", *values)
