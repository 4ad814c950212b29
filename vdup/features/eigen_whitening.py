"""The whitening that the authors of ViSiL publish: eigenvectors and eigenvalues in a file of PyTorch.

The file is a mapping with ``mean`` (C numbers), ``d`` (C eigenvalues in any order) and ``V`` [C, C], whose column i is
the eigenvector of ``d[i]``; ``pca_resnet50_vcdb_1M.pth`` has C = 3,840.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from vdup.errors import WeightsError
from vdup.features.whitening import Whitening

_FLOOR = 1e-7
"""Added to the eigenvalues by the authors, so that none is divided by zero."""


def load_eigen_whitening(path: Path, channels: int, dimensions: int = 0) -> Whitening:
    """Reads such a file.

    Args:
        path: ``.pth`` file.
        channels: length C of the vectors to whiten.
        dimensions: strongest directions that are kept; 0: all.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or for vectors of another length.
    """
    if not path.is_file():
        raise WeightsError(f"whitening file {path} does not exist: check matcher.whitening")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise WeightsError(f"{path} cannot be read as tensors ({error}); download it again") from error
    wanted = ("mean", "d", "V")
    if not isinstance(found, Mapping) or not all(isinstance(found.get(name), Tensor) for name in wanted):
        raise WeightsError(f"{path} is not a whitening of ViSiL: it must hold the tensors {', '.join(wanted)}")
    mean, values, vectors = found["mean"].double().flatten(), found["d"].double().flatten(), found["V"].double()
    if mean.shape != (channels,) or values.shape != (channels,) or vectors.shape != (channels, channels):
        raise WeightsError(
            f"{path} holds mean {list(mean.shape)}, d {list(values.shape)} and V {list(vectors.shape)}; for vectors of "
            f"{channels} numbers they must have {channels}, {channels} and {channels} x {channels}"
        )
    if dimensions > channels or dimensions < 0:
        raise WeightsError(f"{path} has {channels} directions, {dimensions} are wanted: check matcher.weights")
    if not all(bool(torch.isfinite(tensor).all()) for tensor in (mean, values, vectors)) or bool((values < 0).any()):
        raise WeightsError(f"{path} holds NaN, infinity or negative eigenvalues; download it again")
    strongest = torch.argsort(values, descending=True)[: dimensions or channels]
    projection = (vectors[:, strongest] / torch.sqrt(values[strongest] + _FLOOR)).T
    return Whitening(mean.float(), projection.float().contiguous(), name="eigen")
