"""Verify the embedded models before anything is made of them: manifest, hashes, label map, inputs and outputs.

The bytes that were verified are the bytes that are loaded; a path is never opened twice. Nothing is downloaded.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mien.errors import ModelMissing, ModelTampered
from mien.infer import pin
from mien.values import EXPRESSIONS, POLARITIES

EMBEDDED: Final = Path(__file__).with_name("models")
FORMAT: Final = 2
MAX_BYTES: Final = 4_000_000
"""No model here is near this; a larger file is refused before it is read."""
MOST_ID: Final = 254
"""A label has eight bits for the model; 255 says that it is a site's own."""
ACTIONS: Final = 21
EMBEDDING: Final = 96

Tensor = tuple[str, tuple[int | None, ...], str]
"""Name, shape (None: any size) and type."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The inputs and outputs (name, shape, type) a model must have."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


CONTRACTS: Final[Mapping[str, Contract]] = {
    "detector": Contract(
        (("pixels", (1, None, None, 3), "uint8"),),
        (("grid", (1, 15, None, None), "float32"),),
    ),
    "landmarks": Contract(
        (("crop", (1, 64, 64), "uint8"),),
        (("points", (1, 5, 2), "float32"), ("presence", (1,), "float32")),
    ),
    "expression": Contract(
        (("crop", (1, 64, 64), "uint8"),),
        (
            ("logits", (1, len(EXPRESSIONS)), "float32"),
            ("affect", (1, 2), "float32"),
            ("actions", (1, ACTIONS), "float32"),
            ("pose", (1, 2), "float32"),
            ("gaze", (1, 2), "float32"),
            ("embedding", (1, EMBEDDING), "float32"),
        ),
    ),
    "micro": Contract(
        (("cube", (1, 28, 28, 3), "float32"),),
        (("logits", (1, len(POLARITIES) - 1), "float32"),),
    ),
}
"""What this room is written for. A manifest that says otherwise belongs to other code."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A manifest that holds, and the bytes of each model it names."""

    version: str
    model_id: int
    temperature: float
    face_threshold: float
    micro_threshold: float
    actions: tuple[str, ...]
    blobs: Mapping[str, bytes]


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            message = f"model file `{path.name}` is too large; reinstall mien"
            raise ModelTampered(message)
        return path.read_bytes()
    except OSError as error:
        message = f"model file `{path.name}` cannot be read; reinstall mien"
        raise ModelMissing(message) from error


def _tensors(entries: Any) -> tuple[Tensor, ...]:
    return tuple(
        (str(e["name"]), tuple(None if n is None else int(n) for n in e["shape"]), str(e["dtype"]))
        for e in entries
    )


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(raw)
    except ValueError as error:
        message = "the model manifest is not JSON; reinstall mien"
        raise ModelTampered(message) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        message = (
            "the model manifest is not of a known format; install the version of mien it belongs to"
        )
        raise ModelTampered(message)
    return manifest


def _check_meaning(manifest: dict[str, Any]) -> None:
    if (tuple(manifest["labels"]), tuple(manifest["polarities"])) != (EXPRESSIONS, POLARITIES[1:]):
        message = "the label map of the models is not the one of this version; reinstall mien"
        raise ModelTampered(message)
    if set(manifest["files"]) != set(CONTRACTS):
        message = (
            "the model manifest does not name exactly the models of this version; reinstall mien"
        )
        raise ModelTampered(message)
    numbers_hold = (
        0 <= int(manifest["model_id"]) <= MOST_ID
        and 0.05 < float(manifest["temperature"]) < 20  # noqa: PLR2004
        and 0 < float(manifest["face_threshold"]) < 1
        and 0 < float(manifest["micro_threshold"]) < 1
        and len(manifest["actions"]) == ACTIONS
    )
    if not numbers_hold:
        message = "the model manifest holds numbers out of range; reinstall mien"
        raise ModelTampered(message)


def _blob(directory: Path, name: str, entry: dict[str, Any]) -> bytes:
    """Bytes of one model, verified against its entry; inputs and outputs are compared before the bytes are used."""
    contract = CONTRACTS[name]
    if (_tensors(entry["inputs"]), _tensors(entry["outputs"])) != (
        contract.inputs,
        contract.outputs,
    ):
        message = (
            f"inputs or outputs of model `{name}` are not the ones of this version; reinstall mien"
        )
        raise ModelTampered(message)
    file = str(entry["file"])
    if Path(file).name != file:
        message = f"the manifest points model `{name}` outside its folder; reinstall mien"
        raise ModelTampered(message)
    blob = _read(directory / file)
    if len(blob) != entry["bytes"] or hashlib.sha256(blob).hexdigest() != entry["sha256"]:
        message = f"model file `{file}` was changed after release; reinstall mien"
        raise ModelTampered(message)
    return blob


def verify(directory: Path) -> Verified:
    """Read and check everything in `directory`.

    The manifest of the embedded models is itself pinned by hash in the code (`pin.py`).

    Raises `ModelMissing` (a file is absent or unreadable) and `ModelTampered` (hash, shape, label map or number wrong).
    """
    raw = _read(directory / "manifest.json")
    if directory == EMBEDDED and hashlib.sha256(raw).hexdigest() != pin.MANIFEST_SHA256:
        message = "the model manifest was changed after release; reinstall mien"
        raise ModelTampered(message)
    manifest = _parse(raw)
    try:
        _check_meaning(manifest)
        blobs = {name: _blob(directory, name, manifest["files"][name]) for name in CONTRACTS}
        return Verified(
            version=str(manifest["version"]),
            model_id=int(manifest["model_id"]),
            temperature=float(manifest["temperature"]),
            face_threshold=float(manifest["face_threshold"]),
            micro_threshold=float(manifest["micro_threshold"]),
            actions=tuple(str(a) for a in manifest["actions"]),
            blobs=blobs,
        )
    except (KeyError, TypeError, ValueError) as error:
        message = "the model manifest lacks a field or holds a wrong type; reinstall mien"
        raise ModelTampered(message) from error
