"""Files with the learned part of ViSiL: attention and video comparator.

Two forms are read. The authors' state dicts of PyTorch, ``visil.pth`` (ViSiL_v, 3,840 numbers a region) and
``visil_symmetric.pth`` (ViSiL_sym, 512 numbers), hold nothing but tensors under the names of :class:`vdup.visil.ViSiL`.
Files of ``+experiment=visil`` are safetensors files of the same tensors, with the metadata key ``vdup`` holding JSON:
``format`` (``visil-1``), ``variant`` and ``features``, the fingerprint of the region vectors it was trained on.
"""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vdup.config import ViSiLVariant
from vdup.errors import WeightsError
from vdup.visil.model import ViSiL

_FORMAT = "visil-1"
_CONTEXT = "attention.context_vector.weight"

Fingerprint = dict[str, str | int | float]
"""What shapes region vectors, see :class:`vdup.features.regional.RegionalExtractor`."""


def save_visil(path: Path, model: ViSiL, features: Fingerprint) -> None:
    """Writes the weights of a form that has some.

    Args:
        path: ``.safetensors`` file to write.
        model: what to write.
        features: fingerprint of the region vectors that it was trained on.
    """
    header = {"format": _FORMAT, "variant": model.variant.value, "features": features}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, str(path), metadata={"vdup": json.dumps(header, sort_keys=True)})


def load_visil(path: Path, variant: ViSiLVariant) -> tuple[ViSiL, Fingerprint | None]:
    """Reads weights of either form, for use and not for training.

    Args:
        path: a file of :func:`save_visil` (``.safetensors``), or a state dict of the authors (any other name).
        variant: ``v`` or ``sym``.

    Returns:
        The model, for region vectors as long as the weights say; and the fingerprint of those it was trained on, none
        in a state dict of the authors.

    Raises:
        WeightsError: the file is missing, damaged, has other names or shapes, or is of the other variant.
    """
    if not path.is_file():
        raise WeightsError(f"weights file {path} does not exist: check matcher.weights")
    trained_on: Fingerprint | None = None
    if path.suffix == ".safetensors":
        tensors, trained_on = _read_own(path, variant)
    else:
        tensors = _read_published(path)
    context = tensors.get(_CONTEXT)
    if context is None or context.ndim != 2:
        raise WeightsError(f"{path} has no tensor {_CONTEXT} [1, D], so it is not of ViSiL: check matcher.weights")
    model = ViSiL(variant, int(context.shape[1]))
    expected = model.state_dict()
    for name in sorted({*expected, *tensors}):
        if name not in tensors or name not in expected:
            raise WeightsError(
                f"{path} {'has no' if name in expected else 'has an unknown'} tensor {name}; {_OTHER_FILE}"
            )
        if tensors[name].shape != expected[name].shape:
            raise WeightsError(
                f"{path}: {name} has shape {list(tensors[name].shape)}, ViSiL has {list(expected[name].shape)}; "
                f"{_OTHER_FILE}"
            )
        if not bool(torch.isfinite(tensors[name]).all()):
            raise WeightsError(f"{path}: {name} holds NaN or infinity; {_OTHER_FILE}")
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False), trained_on


def check_features(path: Path, trained_on: Fingerprint | None, features: Fingerprint) -> None:
    """Refuses weights that were trained on other region vectors than those at hand.

    Raises:
        WeightsError: naming what differs.
    """
    if trained_on is None or trained_on == features:
        return
    differing = sorted(name for name in {*trained_on, *features} if trained_on.get(name) != features.get(name))
    raise WeightsError(
        f"{path} was trained on other features (different: {', '.join(differing)}); train one for these with "
        "'python -m vdup.train +experiment=visil data.images=DIR' and pass it as matcher.weights=FILE"
    )


_OTHER_FILE = "check matcher.weights, which takes the authors' visil.pth or a file of +experiment=visil"


def _read_published(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise WeightsError(f"{path} cannot be read as a state dict ({error}); {_OTHER_FILE}") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{path} is not a state dict, a mapping of names to tensors; {_OTHER_FILE}")
    return {str(name): tensor.float() for name, tensor in state.items()}


def _read_own(path: Path, variant: ViSiLVariant) -> tuple[dict[str, Tensor], Fingerprint]:
    try:
        with safe_open(str(path), framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("vdup", "null"))
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read as weights ({error}); {_OTHER_FILE}") from error
    if not isinstance(header, dict) or header.get("format") != _FORMAT or not isinstance(header.get("features"), dict):
        raise WeightsError(f"{path} is not a file of format {_FORMAT}; {_OTHER_FILE}")
    if header.get("variant") != variant.value:
        raise WeightsError(
            f"{path} was trained for matcher.variant={header.get('variant')}, asked for is {variant.value}; "
            f"{_OTHER_FILE}"
        )
    return tensors, header["features"]
