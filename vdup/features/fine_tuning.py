"""Fine-tuned weights of a backbone, kept apart from the published ones.

A fine-tuning file is a safetensors file of half-precision tensors, named as in the trunk after its batch normalisation
was folded into the convolutions, with the metadata key ``vdup`` holding JSON: ``format`` (``backbone-1``) and
``backbone``, the name of the network. It holds the tensors that differ from the published ones, or all of them.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from vdup.config import Tuning
from vdup.errors import WeightsError
from vdup.features.trunk import digest_of

_FORMAT = "backbone-1"
_METADATA_KEY = "vdup"
_BUNDLED = "{backbone}_{tuning}_backbone.safetensors"
_TRAIN_ANEW = "train it anew with: python -m vdup.train +experiment=triplet experiment.trainable=last_blocks"


def is_fine_tuning(path: Path) -> bool:
    """Tells a fine-tuning file from other files; False for what cannot be read, which is not judged here."""
    if path.suffix != ".safetensors" or not path.is_file():
        return False
    try:
        header, _ = _read(path, with_tensors=False)
    except WeightsError:
        return False
    return header is not None


def save_fine_tuning(path: Path, backbone: str, tensors: Mapping[str, Tensor]) -> None:
    """Writes a fine-tuning file in half precision.

    Args:
        path: ``.safetensors`` file to write.
        backbone: name of the network.
        tensors: folded weights by their name in the trunk.

    Raises:
        ValueError: a value is not finite in half precision.
    """
    halves = {name: tensor.detach().cpu().half().contiguous() for name, tensor in tensors.items()}
    for name, tensor in halves.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{name} has values that are not finite in half precision")
    save_file(halves, path, metadata={_METADATA_KEY: json.dumps({"format": _FORMAT, "backbone": backbone})})


def load_fine_tuning(path: Path, backbone: str) -> dict[str, Tensor]:
    """Reads a fine-tuning file.

    Args:
        path: file of :func:`save_fine_tuning`.
        backbone: name of the network in use.

    Returns:
        Float32 tensors by name, in the order of the names.

    Raises:
        WeightsError: the file is missing, damaged, of another kind or of another network, or holds NaN or infinity.
    """
    if not path.is_file():
        raise WeightsError(f"weights file {path} does not exist: check backbone.weights")
    header, tensors = _read(path)
    if header is None:
        raise WeightsError(f"{path} is not a fine-tuning file of format {_FORMAT}: check backbone.weights")
    if header.get("backbone") != backbone:
        raise WeightsError(f"{path} was trained for {header.get('backbone')}, in use is {backbone}: {_TRAIN_ANEW}")
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or not bool(torch.isfinite(tensor).all()):
            raise WeightsError(f"{path}: {name} holds NaN, infinity or whole numbers: {_TRAIN_ANEW}")
    return {name: tensors[name].float() for name in sorted(tensors)}


def bundled_fine_tuning(backbone: str, tuning: Tuning) -> dict[str, Tensor]:
    """The fine-tuning of that kind that ships with vdup, empty if there is none for the network."""
    with as_file(files("vdup.weights") / _BUNDLED.format(backbone=backbone, tuning=tuning.value)) as path:
        return load_fine_tuning(path, backbone) if path.is_file() else {}


def apply_fine_tuning(trunk: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Lays fine-tuned weights over those of a folded trunk, in place.

    Raises:
        WeightsError: a name is unknown, a shape is wrong, or a tensor is missing that the trunk has not either.
    """
    present = trunk.state_dict()
    for name, tensor in tensors.items():
        if name not in present:
            raise WeightsError(f"{source} has a tensor {name}, which the network has not: check backbone.weights")
        if tensor.shape != present[name].shape:
            raise WeightsError(
                f"{source}: {name} has shape {list(tensor.shape)}, the network needs {list(present[name].shape)}: "
                "check that backbone and backbone.weights go together"
            )
    missing = [name for name, tensor in present.items() if tensor.is_meta and name not in tensors]
    if missing:
        raise WeightsError(f"{source} has no tensor {missing[0]}: check that backbone and backbone.weights go together")
    trunk.load_state_dict({name: tensor.clone() for name, tensor in tensors.items()}, strict=False, assign=True)


def digest_with(published: str, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of published weights, given by their digest, under fine-tuned ones."""
    total = hashlib.sha256(published.encode())
    total.update("\n".join(sorted(tensors)).encode())
    total.update(digest_of({name: tensors[name] for name in sorted(tensors)}).encode())
    return total.hexdigest()


def _read(path: Path, with_tensors: bool = True) -> tuple[dict[str, object] | None, dict[str, Tensor]]:
    """Header, none if it is of another kind, and tensors."""
    try:
        with safe_open(str(path), framework="pt") as file:
            header = json.loads((file.metadata() or {}).get(_METADATA_KEY, "null"))
            if not isinstance(header, dict) or header.get("format") != _FORMAT:
                return None, {}
            names = list(file.keys()) if with_tensors else []
            return header, {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read as weights ({error}): {_TRAIN_ANEW}") from error
