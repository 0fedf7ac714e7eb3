"""The last layer of the expression network, read out of its verified file: what a person's own layer begins as.

ONNX Runtime gives no weights away, so the few fields that lead to them are walked here (`onnx.proto` of ONNX 1.x: `ModelProto.graph` is 7,
`GraphProto.initializer` 5; of a `TensorProto` `dims` is 1, `data_type` 2, `name` 8, `raw_data` 9). The bytes are those whose hash was checked.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.errors import ModelTampered
from mien.infer.manifest import EMBEDDING
from mien.values import EXPRESSIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_GRAPH: Final = 7
_INITIALIZER: Final = 5
_DIMS: Final = 1
_TYPE: Final = 2
_NAME: Final = 8
_RAW: Final = 9
_TYPES: Final[Mapping[int, str]] = {1: "<f4", 10: "<f2"}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of protocol buffers."""
_WEIGHT: Final = ("net.label.weight.half", (len(EXPRESSIONS), EMBEDDING))
_BIAS: Final = ("net.label.bias", (len(EXPRESSIONS),))
Field = tuple[int, int | memoryview]


def last_layer(model: bytes, temperature: float) -> "Floats | None":
    """(776,) float32: 96 rows of weights and one of biases, each by 8 expressions, divided by the temperature; None where the layer has other names.

    The softmax of `embedding @ rows + bias` is then what the network says. Raises `ModelTampered` for a file that is cut off.
    """
    found = {name: values for name, values in _tensors(model) if name in {_WEIGHT[0], _BIAS[0]}}
    if len(found) != 2:  # noqa: PLR2004 - weight and bias
        return None
    weight, bias = (_shaped(found[name], name, shape) for name, shape in (_WEIGHT, _BIAS))
    rows = np.vstack([weight.T, bias[None]]) / np.float32(temperature)
    return np.ascontiguousarray(rows.reshape(-1), np.float32)


def _shaped(tensor: Mapping[int, object], name: str, shape: tuple[int, ...]) -> "Floats":
    kind, raw = tensor.get(_TYPE), tensor.get(_RAW)
    if tensor.get(_DIMS) != shape or kind not in _TYPES or not isinstance(raw, memoryview):
        msg = f"the weights `{name}` of the expression model are not of the shape of this version; reinstall mien"
        raise ModelTampered(msg)
    return np.frombuffer(raw, _TYPES[kind]).reshape(shape).astype(np.float32)  # type: ignore[index]


def _tensors(model: bytes) -> Iterator[tuple[str, dict[int, object]]]:
    """Name and fields of every weight of the graph."""
    for number, graph in _fields(memoryview(model)):
        if number != _GRAPH or isinstance(graph, int):
            continue
        for inner, tensor in _fields(graph):
            if inner == _INITIALIZER and not isinstance(tensor, int):
                yield _described(tensor)


def _described(tensor: memoryview) -> tuple[str, dict[int, object]]:
    dims: list[int] = []
    out: dict[int, object] = {}
    for number, value in _fields(tensor):
        if number == _DIMS:
            dims += [value] if isinstance(value, int) else list(_varints(value))
        else:
            out[number] = value
    out[_DIMS] = tuple(dims)
    name = out.get(_NAME)
    return (bytes(name).decode() if isinstance(name, memoryview) else ""), out


def _varints(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _fields(data: memoryview) -> Iterator[Field]:
    """Number and value of each field of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        size, at = _size(data, at, kind)
        if at + size > len(data):
            raise _cut()
        yield number, data[at : at + size]
        at += size


def _size(data: memoryview, at: int, kind: int) -> tuple[int, int]:
    """Length of a field's value, and where it begins."""
    if kind == _BYTES:
        return _varint(data, at)
    if kind in {_FIXED64, _FIXED32}:
        return (8 if kind == _FIXED64 else 4), at
    raise _cut()


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 - the last byte has its high bit clear
            return value, at
    raise _cut()


def _cut() -> ModelTampered:
    return ModelTampered("the expression model is cut off; reinstall mien")
