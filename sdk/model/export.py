"""Weights -> ONNX, manifest and pin. Checks each graph against torch and against the shipped room's own verification."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import torch

from mien.infer import manifest as shipped
from mien.infer import pin
from mien.values import EXPRESSIONS

from . import nets
from .paths import SHIPPED
from .recipes import ACTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

MODEL_ID = 1
VERSION = "1.0.0"
SOURCES = [
    {
        "name": "MakeHuman base mesh, targets, hair, brows, lashes, eyes (shape), teeth, tongue",
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
    if name == "detector":
        net: nn.Module = nets.Detector()
        net.load_state_dict(state)
        return net.eval()
    inner: Any = {"landmarks": nets.Landmarks, "expression": nets.Expression}[name]()
    inner.load_state_dict(state)
    wrap: Any = {"landmarks": nets.ShippedLandmarks, "expression": nets.ShippedExpression}[name]
    return torch.nn.Module.eval(wrap(inner))


def onnx(name: str, weights: Path, path: Path) -> float:
    """Write one graph; returns the largest difference from torch."""
    contract = shipped.CONTRACTS[name]
    net = _graph(name, weights)
    (input_name, shape, _) = contract.inputs[0]
    rng = np.random.default_rng(0)
    sample = rng.integers(0, 256, shape).astype(np.uint8)
    torch.onnx.export(
        net,
        (torch.from_numpy(sample),),
        str(path),
        input_names=[input_name],
        output_names=[o[0] for o in contract.outputs],
        opset_version=17,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    got = session.run(None, {input_name: sample})
    with torch.no_grad():
        want = net(torch.from_numpy(sample))
    wanted = want if isinstance(want, tuple) else (want,)
    return max(float(np.abs(a - b.numpy()).max()) for a, b in zip(got, wanted, strict=True))


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


def run(weights: dict[str, Path], temperature: float, face_threshold: float) -> None:
    """Write models, manifest and pin into the package."""
    SHIPPED.mkdir(parents=True, exist_ok=True)
    for name, path in weights.items():
        apart = onnx(name, path, SHIPPED / f"{name}.onnx")
        if apart > 1e-3:
            message = f"exported {name} differs from torch by {apart:.1e}"
            raise RuntimeError(message)
    content = {
        "format": shipped.FORMAT,
        "model_id": MODEL_ID,
        "version": VERSION,
        "labels": list(EXPRESSIONS),
        "actions": list(ACTIONS),
        "temperature": round(temperature, 4),
        "face_threshold": round(face_threshold, 3),
        "training_data": {"statement": STATEMENT, "sources": SOURCES},
        "files": {name: _entry(name, SHIPPED / f"{name}.onnx") for name in weights},
    }
    raw = (json.dumps(content, indent=1) + "\n").encode()
    (SHIPPED / "manifest.json").write_bytes(raw)
    source = SHIPPED.parent / "pin.py"
    head = source.read_text().partition("MANIFEST_SHA256")[0]
    digest = hashlib.sha256(raw).hexdigest()
    source.write_text(f'{head}MANIFEST_SHA256: Final = "{digest}"\n')
    pin.MANIFEST_SHA256 = digest  # type: ignore[misc]  # what is measured next in this process is what was just written
