"""Whitening: decorrelates region vectors and evens out their variances.

PCA whitening of image descriptors: Jegou and Chum, "Negative evidences and co-occurrences in image retrieval: the
benefit of PCA and whitening", ECCV 2012.
"""

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import linear

from vdup.config import NoWhiteningConfig, PCAWhiteningConfig, T7WhiteningConfig, WhiteningConfig
from vdup.errors import WeightsError
from vdup.features.t7 import read_t7_tensor
from vdup.features.trunk import digest_of
from vdup.regular_file import open_regular

BUNDLED_FILE = "efficientnet_lite0_pca.safetensors"
"""File in ``vdup/weights`` with the whitening of the default backbone and pooling."""

METADATA_KEY = "vdup"
"""Key of the safetensors metadata under which a JSON object with ``backbone`` and ``pooling`` lies."""

_FIT_ONE = "fit one with: python -m vdup.train +experiment=pca data.images=DIR"


@dataclass(frozen=True, eq=False)
class Whitening:
    """The map x -> (x - mean) @ projection^T. Length is not normalised here; see ``pooling.aggregate_regions``."""

    mean: Tensor
    """Mean of the training vectors, float32 [C]."""
    projection: Tensor
    """Principal axes divided by their standard deviations, strongest first, float32 [D, C]."""
    name: str = "pca"
    """Kind of whitening."""
    digest: str = field(init=False)
    """SHA-256 of mean and projection."""

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.projection.ndim != 2 or self.projection.shape[1] != len(self.mean):
            raise ValueError(
                f"whitening needs mean [C] and projection [D, C], got {list(self.mean.shape)} and "
                f"{list(self.projection.shape)}"
            )
        object.__setattr__(self, "digest", digest_of({"mean": self.mean, "projection": self.projection}))

    @property
    def dimensions(self) -> int:
        """Length D of the vectors that come out."""
        return len(self.projection)

    def apply(self, vectors: Tensor) -> Tensor:
        """Whitens float32 vectors [..., C] to [..., D]."""
        return linear(vectors - self.mean, self.projection)

    def to(self, device: torch.device) -> "Whitening":
        """The same whitening with its tensors on a device."""
        return Whitening(self.mean.to(device), self.projection.to(device), self.name)


@dataclass(frozen=True)
class NoWhitening:
    """Leaves vectors as they are."""

    dimensions: int
    """Length of the vectors."""
    name: str = "none"
    digest: str = ""

    def apply(self, vectors: Tensor) -> Tensor:
        """Returns the vectors themselves."""
        return vectors

    def to(self, device: torch.device) -> "NoWhitening":  # noqa: ARG002 - same signature as Whitening
        """Returns itself: there are no tensors to move."""
        return self


def build_whitening(config: WhiteningConfig, channels: int, *, backbone: str, pooling: str) -> Whitening | NoWhitening:
    """Builds the whitening that the settings choose.

    Args:
        config: kind and files.
        channels: length of the region vectors.
        backbone: name of the backbone in use; a PCA file must have been fitted on the same.
        pooling: name of the pooling in use; likewise.

    Raises:
        WeightsError: a file is missing, damaged, or was made for another backbone or pooling.
    """
    match config:
        case NoWhiteningConfig():
            return NoWhitening(channels)
        case PCAWhiteningConfig(weights=None):
            with as_file(files("vdup.weights") / BUNDLED_FILE) as bundled:
                return _load_fitting(bundled, channels, backbone, pooling)
        case PCAWhiteningConfig(weights=Path() as path):
            return _load_fitting(path, channels, backbone, pooling)
        case T7WhiteningConfig():
            return _load_published(config, channels)
    raise TypeError(f"no whitening is known for {type(config).__name__}")


def save_whitening(path: Path, whitening: Whitening, metadata: Mapping[str, str | int | float]) -> None:
    """Writes a whitening in half precision, whose rounding (2^-11 of a value) is far below the noise of the fit.

    Args:
        path: file to write, ``.safetensors``.
        whitening: what to write.
        metadata: facts to keep with it; ``backbone`` and ``pooling`` are required, the names it was fitted on.

    Raises:
        ValueError: a required fact is missing, or a value is too large for half precision.
    """
    missing = {"backbone", "pooling"} - set(metadata)
    if missing:
        raise ValueError(f"metadata lacks {', '.join(sorted(missing))}")
    tensors = {"mean": whitening.mean.cpu().float(), "projection": whitening.projection.cpu().half().contiguous()}
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise ValueError("the whitening has values that are not finite in half precision")
    save_file(tensors, path, metadata={METADATA_KEY: json.dumps(dict(metadata), sort_keys=True)})


def load_whitening(path: Path) -> tuple[Whitening, dict[str, object]]:
    """Reads a file of :func:`save_whitening`.

    Returns:
        The whitening in float32, and the facts that were kept with it.

    Raises:
        WeightsError: the file is missing, damaged or holds something else.
    """
    if not path.is_file():
        raise WeightsError(f"whitening file {path} does not exist: {_FIT_ONE}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {}).get(METADATA_KEY, "null"))
            whitening = Whitening(file.get_tensor("mean").float(), file.get_tensor("projection").float())
    except (OSError, ValueError, SafetensorError) as error:
        raise WeightsError(f"{path} is not a usable whitening file ({error}): {_FIT_ONE}") from error
    if not isinstance(metadata, dict):
        raise WeightsError(f"{path} does not say which backbone and pooling it was fitted on: {_FIT_ONE}")
    return whitening, metadata


def _load_fitting(path: Path, channels: int, backbone: str, pooling: str) -> Whitening:
    whitening, metadata = load_whitening(path)
    for part, in_use in (("backbone", backbone), ("pooling", pooling)):
        fitted_on = metadata.get(part)
        if fitted_on != in_use:
            raise WeightsError(f"{path} was fitted on {part} {fitted_on}, in use is {in_use}: {_FIT_ONE}")
    if len(whitening.mean) != channels:
        raise WeightsError(f"{path} whitens {len(whitening.mean)} channels, {backbone} has {channels}: {_FIT_ONE}")
    return whitening


def _load_published(config: T7WhiteningConfig, channels: int) -> Whitening:
    mean = _read_published(config.mean).flatten()
    matrix = _read_published(config.dvt)
    if len(mean) != channels:
        raise WeightsError(f"{config.mean} has {len(mean)} values, the backbone has {channels} channels")
    if matrix.ndim != 2 or matrix.shape[1] != channels:
        raise WeightsError(f"{config.dvt} has shape {list(matrix.shape)}, expected [D, {channels}]")
    if not 1 <= config.dimensions <= len(matrix):
        raise WeightsError(
            f"whitening.dimensions={config.dimensions} does not fit {config.dvt}: set it to 1-{len(matrix)}, its rows"
        )
    return Whitening(mean, matrix[: config.dimensions].contiguous(), name="t7")


def _read_published(path: Path) -> Tensor:
    """Reads a tensor of Torch 7, or of PyTorch, whose ``torch.save`` some publishers use under the same suffix."""
    try:
        with open_regular(path) as file:
            by_pytorch = file.read(2) in (b"PK", b"\x80\x02")
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    if not by_pytorch:
        return torch.from_numpy(read_t7_tensor(path)).float()
    try:
        value = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise WeightsError(f"{path} is not a usable tensor file ({error}); download it again") from error
    if not isinstance(value, Tensor):
        raise WeightsError(f"{path} holds a {type(value).__name__}, not a tensor; pass the file of the matrix or mean")
    return value.float()
