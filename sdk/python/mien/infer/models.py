"""The embedded networks as sessions on the CPU."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnxruntime  # type: ignore[import-untyped]

from mien.errors import ModelTampered
from mien.infer import manifest
from mien.infer.last import last_layer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TYPES = {"tensor(uint8)": "uint8", "tensor(float)": "float32"}


class Network:
    """One verified model, ready to run."""

    def __init__(self, name: str, blob: bytes, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                blob, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has no public error tree
            message = f"model `{name}` is not a network this machine can run; reinstall mien"
            raise ModelTampered(message) from error
        contract = manifest.CONTRACTS[name]
        real = (_described(self._session.get_inputs()), _described(self._session.get_outputs()))
        if real != (contract.inputs, contract.outputs):
            message = (
                f"model `{name}` has other inputs or outputs than its manifest says; reinstall mien"
            )
            raise ModelTampered(message)
        self._input = contract.inputs[0][0]

    def run(self, given: "NDArray[Any]") -> "list[NDArray[np.float32]]":
        """Outputs for one input of the shape and type in the contract. Several threads may call it."""
        return list(self._session.run(None, {self._input: given}))


def _described(tensors: Any) -> tuple[manifest.Tensor, ...]:
    return tuple(
        (
            t.name,
            tuple(n if isinstance(n, int) else None for n in t.shape),
            _TYPES.get(t.type, t.type),
        )
        for t in tensors
    )


@dataclass(frozen=True, slots=True)
class Models:
    """The verified networks. `model_id` (0..255) travels in labels; `version` is for people; `head` is the last layer of `expression` (see `last`)."""

    version: str
    model_id: int
    temperature: float = field(repr=False)
    face_threshold: float = field(repr=False)
    micro_threshold: float = field(repr=False)
    actions: tuple[str, ...] = field(repr=False)
    detector: Network = field(repr=False)
    landmarks: Network = field(repr=False)
    expression: Network = field(repr=False)
    micro: Network = field(repr=False)
    head: "NDArray[np.float32] | None" = field(default=None, repr=False)


def load_models(directory: Path | None = None, *, threads: int = 1) -> Models:
    """Verify and load the embedded models, or those of `directory`.

    `threads` is the number of threads one run may use. Nothing is downloaded. Raises `ModelMissing` and `ModelTampered`.
    """
    checked = manifest.verify(manifest.EMBEDDED if directory is None else Path(directory))
    networks = {name: Network(name, blob, threads) for name, blob in checked.blobs.items()}
    return Models(
        version=checked.version,
        model_id=checked.model_id,
        temperature=checked.temperature,
        face_threshold=checked.face_threshold,
        micro_threshold=checked.micro_threshold,
        actions=checked.actions,
        head=last_layer(checked.blobs["expression"], checked.temperature),
        **networks,
    )
