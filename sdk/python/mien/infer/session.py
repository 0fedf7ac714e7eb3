"""A site's model as a session on the CPU: its real inputs and outputs are compared with its manifest before anything runs.

Weights outside the file are refused: the bytes that were hashed are all that is loaded.
"""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from mien.errors import ModelTampered
from mien.infer import yunet
from mien.infer.site import Detector, Input, Manifest, Sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Tensor = NDArray[Any]
    Floats = NDArray[np.float32]

_TYPES: Final = {"tensor(uint8)": "uint8", "tensor(float)": "float32"}
_FATAL: Final = 4
"""Only what ends the process is logged by ONNX Runtime; the rest comes as an error of ours."""
_NOWHERE: Final = str(os.path.join(os.devnull, "nowhere"))  # noqa: PTH118 - never opened
_OUTSIDE: Final = "session.model_external_initializers_file_folder_path"
_SMALL: Final = 64
"""Sides of the picture a model of any size is tried with, in pixels."""
Shape = tuple[int | None, ...]


class SiteNetwork:
    """One verified model of a site. `run` may be called by several threads."""

    def __init__(self, manifest: Manifest, blob: bytes, threads: int = 1) -> None:
        self._input = manifest.input
        self._session = _opened(manifest.name, blob, threads)
        _check_input(manifest, self._session.get_inputs())
        self._outputs = list(_outputs(manifest, manifest.input.sides))
        _check_outputs(manifest, self._session.get_outputs())
        self._try(manifest)

    def run(self, picture: "Bytes") -> "Mapping[str, Floats]":
        """The named outputs for one picture (height, width, 3) uint8 BGR of the input's size."""
        values = self._session.run(self._outputs, {self._input.name: tensor(picture, self._input)})
        return dict(zip(self._outputs, values, strict=True))

    def _try(self, manifest: Manifest) -> None:
        """Look at a black picture once: a model may leave open what it says of its shapes, its answer cannot."""
        height, width = _trial(manifest.input)
        try:
            answer = self.run(np.zeros((height, width, 3), np.uint8))
        except Exception as error:  # onnxruntime has no public error tree
            msg = f"model `{manifest.name}` fails on a black picture of {width}x{height}; correct `input` in its manifest or the model"
            raise ModelTampered(msg) from error
        for name, shape in _outputs(manifest, (height, width)).items():
            _compare_shape(f"output `{name}` of model `{manifest.name}`", answer[name].shape, shape)


def _trial(wanted: Input) -> tuple[int, int]:
    """Height and width of a picture the model must be able to look at."""
    step = wanted.multiple or 1
    height, width = (side or -(-_SMALL // step) * step for side in wanted.sides)
    return height, width


def tensor(picture: "Bytes", wanted: Input) -> "Tensor":
    """A picture (h, w, 3) uint8 BGR as the tensor the manifest describes."""
    values: Tensor = picture
    if wanted.colour == "rgb":
        values = picture[:, :, ::-1]
    elif wanted.colour == "grey":
        values = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))[:, :, None]
    if wanted.layout == "nchw":
        values = values.transpose(2, 0, 1)
    if wanted.dtype == "float32":
        values = _scaled(values.astype(np.float32), wanted)
    return np.ascontiguousarray(values[None])


def _scaled(values: "Floats", wanted: Input) -> "Floats":
    """(pixel * scale - mean) / std, for each channel."""
    if wanted.plain:
        return values
    along = (-1, 1, 1) if wanted.layout == "nchw" else (1, 1, -1)
    mean = np.array(wanted.mean or (0.0,), np.float32).reshape(along)
    std = np.array(wanted.std or (1.0,), np.float32).reshape(along)
    return np.asarray((values * np.float32(wanted.scale) - mean) / std, np.float32)


def _opened(name: str, blob: bytes, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    options.add_session_config_entry(_OUTSIDE, _NOWHERE)
    try:
        return onnxruntime.InferenceSession(blob, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no public error tree
        msg = f"model `{name}` is not a network this machine can run from one file; export it again as one ONNX file"
        raise ModelTampered(msg) from error


def _outputs(manifest: Manifest, sides: Sides) -> Mapping[str, Shape]:
    """The outputs that must be there, with their shapes for an input of that size."""
    if isinstance(manifest, Detector):
        return yunet.outputs(*sides)
    return {manifest.outputs.logits: (1, len(manifest.labels))}


def _check_input(manifest: Manifest, found: Iterable[Any]) -> None:
    inputs = list(found)
    wanted = manifest.input
    if [one.name for one in inputs] != [wanted.name]:
        names = ", ".join(f"`{one.name}`" for one in inputs)
        msg = f"model `{manifest.name}` takes {names}, its manifest says `{wanted.name}` alone; correct `input.name`"
        raise ModelTampered(msg)
    _compare(
        f"input `{wanted.name}` of model `{manifest.name}`", inputs[0], wanted.shape, wanted.dtype
    )


def _check_outputs(manifest: Manifest, found: Iterable[Any]) -> None:
    outputs = {one.name: one for one in found}
    for name, shape in _outputs(manifest, manifest.input.sides).items():
        if name not in outputs:
            names = ", ".join(f"`{one}`" for one in outputs)
            msg = f"model `{manifest.name}` has no output `{name}`, only {names}; correct its manifest"
            raise ModelTampered(msg)
        _compare(f"output `{name}` of model `{manifest.name}`", outputs[name], shape, "float32")


def _compare(what: str, found: Any, shape: Shape, dtype: str) -> None:
    """Return when type and shape are as the manifest says; an axis that the model leaves open takes any size."""
    kind = _TYPES.get(found.type, found.type)
    if kind != dtype:
        msg = f"{what} is {kind}, its manifest says {dtype}; correct the manifest"
        raise ModelTampered(msg)
    _compare_shape(what, tuple(n if isinstance(n, int) else None for n in found.shape), shape)


def _compare_shape(what: str, real: Shape, wanted: Shape) -> None:
    fits = len(real) == len(wanted) and all(
        r is None or r == w for r, w in zip(real, wanted, strict=True)
    )
    if not fits:
        msg = f"{what} has the shape {_words(real)}, its manifest says {_words(wanted)}; correct the manifest"
        raise ModelTampered(msg)


def _words(shape: Shape) -> str:
    return "x".join("any" if n is None else str(n) for n in shape)
