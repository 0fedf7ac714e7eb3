"""Weights -> ONNX, manifest and pin. Checks each graph against torch and against the shipped room's own verification."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from mien.infer import manifest as shipped
from mien.infer import pin
from mien.values import EXPRESSIONS, POLARITIES

from . import nets
from .paths import ASSETS, SHIPPED
from .render import inputs
from .render.recipes import ACTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

MODEL_ID = 2
VERSION = "2.0.0"
FREE = 160  # side with which a graph of any size is tried
LARGE = 256  # numbers from which a weight is stored in 16 bits
CLOSE = 0.03  # largest difference from torch that 16 bits may make
SOURCES = [
    {
        "name": "MakeHuman base mesh, targets, hair, brows, lashes, eyes (shape), teeth, tongue, hat",
        "licence": "CC0-1.0",
    },
    {"name": "skin, irises, light and backgrounds drawn by sdk/model", "licence": "Apache-2.0"},
]
STATEMENT = (
    "rendered people only; no real person's face, photograph or recording was used to train, calibrate or select "
    "these weights"
)


def _graph(name: str, weights: Path) -> nn.Module:
    state = torch.load(weights, weights_only=True)
    if name in {"detector", "micro"}:
        net: nn.Module = nets.Detector() if name == "detector" else nets.Micro()
        net.load_state_dict(state)
        return net.eval()
    inner: Any = {"landmarks": nets.Landmarks, "expression": nets.Expression}[name]()
    inner.load_state_dict(state)
    wrap: Any = {"landmarks": nets.ShippedLandmarks, "expression": nets.ShippedExpression}[name]
    return torch.nn.Module.eval(wrap(inner))


def write(name: str, weights: Path, path: Path) -> float:
    """Write one graph; returns the largest difference from torch."""
    contract = shipped.CONTRACTS[name]
    sides = (*contract.inputs, *contract.outputs)
    net = _graph(name, weights)
    (input_name, shape, kind) = contract.inputs[0]
    rng = np.random.default_rng(0)
    sample = rng.integers(0, 256, [n or FREE for n in shape]).astype(kind)
    torch.onnx.export(
        net,
        (torch.from_numpy(sample),),
        str(path),
        input_names=[input_name],
        output_names=[o[0] for o in contract.outputs],
        dynamic_axes={n: free for n, s, _ in sides if (free := _free(s))},
        opset_version=17,
        dynamo=False,
    )
    graph = halved(onnx.load(str(path)))
    onnx.save(graph, str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    got = session.run(None, {input_name: sample})
    with torch.no_grad():
        want = net(torch.from_numpy(sample))
    wanted = want if isinstance(want, tuple) else (want,)
    return max(float(np.abs(a - b.numpy()).max()) for a, b in zip(got, wanted, strict=True))


def _free(shape: tuple[int | None, ...]) -> dict[int, str]:
    """Axes of any size, named after what they are."""
    return {k: f"side{k}" for k, n in enumerate(shape) if n is None}


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with its large weights stored in 16 bits; ONNX Runtime widens them once, when the session is made."""
    graph = model.graph
    casts = []
    for weight in list(graph.initializer):
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < LARGE:
            continue
        stored = weight.name + ".half"
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [weight.name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def _entry(name: str, path: Path) -> dict[str, Any]:
    contract, blob = shipped.CONTRACTS[name], path.read_bytes()
    sides = {"inputs": contract.inputs, "outputs": contract.outputs}
    return {
        "file": path.name,
        "bytes": len(blob),
        "sha256": hashlib.sha256(blob).hexdigest(),
        **{
            side: [{"name": n, "shape": list(shape), "dtype": kind} for n, shape, kind in tensors]
            for side, tensors in sides.items()
        },
    }


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is set after training: temperature of the expressions, face threshold, amount from which a brief movement counts."""

    temperature: float
    face_threshold: float
    micro_threshold: float


def run(weights: dict[str, Path], numbers: Numbers) -> None:
    """Write models, manifest and pin into the package."""
    SHIPPED.mkdir(parents=True, exist_ok=True)
    for name, path in weights.items():
        apart = write(name, path, SHIPPED / f"{name}.onnx")
        if apart > CLOSE:
            message = f"exported {name} differs from torch by {apart:.1e}"
            raise RuntimeError(message)
    content = {
        "format": shipped.FORMAT,
        "model_id": MODEL_ID,
        "version": VERSION,
        "labels": list(EXPRESSIONS),
        "polarities": list(POLARITIES[1:]),
        "actions": list(ACTIONS),
        "temperature": round(numbers.temperature, 4),
        "face_threshold": round(numbers.face_threshold, 3),
        "micro_threshold": round(numbers.micro_threshold, 4),
        "training_data": {
            "statement": STATEMENT,
            "sources": SOURCES,
            "inputs": inputs.hashes(ASSETS),
        },
        "files": {name: _entry(name, SHIPPED / f"{name}.onnx") for name in weights},
    }
    raw = (json.dumps(content, indent=1) + "\n").encode()
    (SHIPPED / "manifest.json").write_bytes(raw)
    source = SHIPPED.parent / "pin.py"
    head = source.read_text().partition("MANIFEST_SHA256")[0]
    digest = hashlib.sha256(raw).hexdigest()
    source.write_text(f'{head}MANIFEST_SHA256: Final = "{digest}"\nMODEL_ID: Final = {MODEL_ID}\n')
    pin.MANIFEST_SHA256 = digest  # type: ignore[misc]  # what is measured next in this process is what was just written
    pin.MODEL_ID = MODEL_ID  # type: ignore[misc]  # the same
