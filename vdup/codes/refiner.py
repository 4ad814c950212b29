"""The refiner: a small network from a pooled feature to the 1,024 values whose signs are the code.

A refiner file is a safetensors file with ``layers.N.weight`` [out, in] and ``layers.N.bias`` [out] for N = 0, 1, ...
and the metadata key ``vdup`` holding JSON: ``format`` (``refiner-1``), ``activation`` between layers (``gelu``) and
``extractor``, the fingerprint of the features it was trained on. One layer is a plain rotation or projection with
thresholds (ITQ, for example); training may add hidden layers without any change here.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import as_file
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from vdup.codes.binarize import binarize
from vdup.config import RefinerConfig
from vdup.errors import WeightsError
from vdup.features.extractor import ARITHMETIC
from vdup.types import CODE_BITS, CodeArray, FloatArray
from vdup.weights import shipped

_FORMAT = "refiner-1"
_ACTIVATION = "gelu"
_BUNDLED = "_refiner.safetensors"
"""How the names of those that ship with vdup end; the first one, by name, is told of where none fits."""


class Refiner(nn.Module):
    """Fully connected layers with GELU between them; the last one gives 1,024 values."""

    def __init__(self, widths: list[int]) -> None:
        """Widths from the feature to the code, at least two; the last must be 1,024."""
        super().__init__()
        if len(widths) < 2 or widths[-1] != CODE_BITS:
            raise ValueError(f"widths={widths} must be two numbers or more and end in {CODE_BITS}")
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.activation = nn.GELU()
        self.input_width = widths[0]

    def forward(self, features: Tensor) -> Tensor:
        """Values whose signs are the code.

        Args:
            features: pooled features, float32 [B, D].

        Returns:
            float32 [B, 1024].
        """
        values = features
        for number, layer in enumerate(self.layers):
            values = layer(self.activation(values) if number else values)
        return values

    def digest(self) -> str:
        """SHA-256 of the weights, for the fingerprint of a library."""
        total = hashlib.sha256()
        for name, tensor in sorted(self.state_dict().items()):
            total.update(name.encode())
            total.update(tensor.detach().cpu().numpy().tobytes())
        return total.hexdigest()

    @torch.inference_mode()
    def encode(self, features: FloatArray) -> CodeArray:
        """Packed codes, uint8 [N, 128], of features, float32 [N, D]."""
        values = self(torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32)))
        return binarize(values.numpy())


def save_refiner(path: Path, refiner: Refiner, extractor: dict[str, str | int | float]) -> None:
    """Writes a refiner file.

    Args:
        path: ``.safetensors`` file to write.
        refiner: the network; its weights are stored in half precision when they are.
        extractor: fingerprint of the features that it was trained on.
    """
    header = {"format": _FORMAT, "activation": _ACTIVATION, "extractor": extractor}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in refiner.state_dict().items()}
    save_file(tensors, str(path), metadata={"vdup": json.dumps(header, sort_keys=True)})


def load_refiner(path: Path, extractor: dict[str, str | int | float] | None = None) -> Refiner:
    """Reads a refiner file.

    Args:
        path: file written by :func:`save_refiner`.
        extractor: fingerprint of the features at hand; none: not compared.

    Raises:
        WeightsError: the file is missing, damaged, of another format, or was trained on other features.
    """
    try:
        with safe_open(str(path), framework="pt") as source:
            header = json.loads((source.metadata() or {}).get("vdup", "null"))
            tensors = {name: source.get_tensor(name).float() for name in source.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, json.JSONDecodeError) as error:
        raise WeightsError(f"{path}: not a readable refiner file ({error}); check refiner.weights") from error
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise WeightsError(f"{path}: not a refiner file of format {_FORMAT}; check refiner.weights")
    found = header.get("extractor")
    if header.get("activation") != _ACTIVATION or not isinstance(found, dict):
        raise WeightsError(f"{path}: its header is incomplete or names an unknown activation; train it anew")
    if extractor is not None and (differing := _differing(found, extractor)):
        raise WeightsError(
            f"{path}: trained on other features (different: {', '.join(differing)}); train one for these with "
            "'python -m vdup.train +experiment=rotation data.images=DIR' and pass it as refiner.weights=FILE"
        )
    try:
        weights = [tensors[f"layers.{number}.weight"] for number in range(len(tensors) // 2)]
        refiner = Refiner([int(weights[0].shape[1]), *(int(weight.shape[0]) for weight in weights)])
        refiner.load_state_dict(tensors)
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path}: its layers do not fit together ({error}); train it anew") from error
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise WeightsError(f"{path}: its weights hold NaN or infinity; train it anew")
    return refiner.eval().requires_grad_(False)


def build_refiner(config: RefinerConfig, extractor: dict[str, str | int | float]) -> Refiner:
    """The refiner that the settings name, or the one that ships with vdup for the default features.

    Raises:
        WeightsError: the file cannot be used, or vdup ships none for these features.
    """
    if config.weights is not None:
        return load_refiner(config.weights, extractor)
    candidates = shipped(_BUNDLED)
    for item in candidates:
        with as_file(item) as path:
            if not _differing(_header_of(path), extractor):
                return load_refiner(path, extractor)
    with as_file(candidates[0]) as path:
        return load_refiner(path, extractor)


def _header_of(path: Path) -> dict[str, object]:
    """Fingerprint of the features that a shipped refiner was trained on."""
    with safe_open(str(path), framework="pt") as source:
        header: dict[str, object] = json.loads((source.metadata() or {})["vdup"])["extractor"]
    return header


def _differing(found: Mapping[str, object], wanted: Mapping[str, object]) -> list[str]:
    """Facts in which two fingerprints differ; the arithmetic does not count."""
    return sorted(key for key in {*found, *wanted} - {ARITHMETIC} if found.get(key) != wanted.get(key))
