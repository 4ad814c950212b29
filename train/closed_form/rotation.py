"""A refiner in closed form: whiten what edits do to a feature, then rotate so that the bits lose least.

1. Learned whitening: the scatter of "edited minus original" is whitened, so that directions in which edits move a
   feature count less (Mikolajczyk and Matas, "Improving descriptors for fast tree matching by optimal linear
   projection", ICCV 2007).
2. Iterative quantisation: the rotation that brings the vectors nearest to their signs (Gong and Lazebnik, "Iterative
   quantization: a Procrustean approach to learning binary codes", CVPR 2011), with as many bits as wanted: with more
   bits than dimensions it becomes a tight frame.
3. Each bit's threshold is its median, so that every bit is on for half of the pictures.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vdup.codes.refiner import Refiner, save_refiner
from vdup.errors import ConfigError
from vdup.features.extractor import build_extractor
from vdup.types import CODE_BITS

from ..config.experiments import RotationExperiment, TrainJobConfig
from ..families.view_features import ViewFeatures, view_features
from ..material.image_files import list_images

Matrix = NDArray[np.float64]

_SHRINKAGE = 0.1
"""Share of the mean variance added to the scatter of edits, which is estimated from some thousand copies. On held-out
pictures micro-AP of SSCD's vectors rises from 0.746 to 0.780 with 1, to 0.785 with 0.3 and to 0.787 with 0.1."""

_ITERATIONS = 30


def fit_rotation(features: ViewFeatures, bits: int, seed: int) -> tuple[Matrix, Matrix]:
    """Weights and thresholds of a one-layer refiner.

    Args:
        features: originals [N, D] and views [N, V, D].
        bits: length of the code, at least D.
        seed: of the first rotation.

    Returns:
        Weights, float64 [bits, D], and biases, float64 [bits]: the code of x is the sign of ``weights @ x + biases``.

    Raises:
        ValueError: more dimensions than bits.
    """
    originals = features.originals.astype(np.float64)
    dimensions = originals.shape[1]
    if dimensions > bits:
        raise ValueError(f"features of {dimensions} dimensions do not fit {bits} bits")
    differences = (features.views - features.originals[:, None]).reshape(-1, dimensions).astype(np.float64)
    scatter = differences.T @ differences / len(differences)
    whitening = _inverse_square_root(scatter + _SHRINKAGE * np.trace(scatter) / dimensions * np.eye(dimensions))
    mean = originals.mean(axis=0)
    whitened = (originals - mean) @ whitening
    whitened /= np.linalg.norm(whitened, axis=1, keepdims=True)
    rotation = iterative_quantisation(whitened, bits, seed)
    weights = rotation @ whitening
    return weights, -np.median(originals @ weights.T, axis=0)


def iterative_quantisation(vectors: Matrix, bits: int, seed: int) -> Matrix:
    """The frame R, float64 [bits, D] with orthonormal columns, for which ``vectors @ R.T`` is nearest to its signs.

    Args:
        vectors: float64 [N, D], centred.
        bits: rows of R, at least D.
        seed: of the random start.
    """
    dimensions = vectors.shape[1]
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((bits, dimensions)))[0]
    for _ in range(_ITERATIONS):
        signs = np.where(vectors @ rotation.T >= 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(signs.T @ vectors, full_matrices=False)
        rotation = left @ right
    return rotation


def train_rotation(config: TrainJobConfig, progress: Callable[[int, int], None] | None = None) -> None:
    """Fits a one-layer refiner on edited photographs and writes it to ``config.output``.

    Raises:
        ConfigError: no photographs were given, or none can be read.
        WeightsError: weights of the backbone or the whitening cannot be used.
    """
    experiment = config.experiment
    if not isinstance(experiment, RotationExperiment) or config.data.images is None:
        raise ConfigError("a rotation is fitted on photographs; give a folder as data.images=DIR")
    extractor = build_extractor(config)
    paths = list_images(Path(config.data.images), config.data.limit)
    try:
        features = view_features(
            extractor, paths, experiment.views, config.backbone.image_side_pixels, config.seed, progress
        )
        weights, biases = fit_rotation(features, CODE_BITS, config.seed)
    except ValueError as error:
        raise ConfigError(f"no rotation can be fitted on data.images={config.data.images}: {error}") from error
    refiner = Refiner([weights.shape[1], CODE_BITS])
    refiner.load_state_dict({"layers.0.weight": torch.from_numpy(weights), "layers.0.bias": torch.from_numpy(biases)})
    config.output.parent.mkdir(parents=True, exist_ok=True)
    save_refiner(config.output, refiner.half(), extractor.fingerprint)


def _inverse_square_root(matrix: Matrix) -> Matrix:
    values, vectors = np.linalg.eigh(matrix)
    root: Matrix = (vectors / np.sqrt(values)) @ vectors.T
    return root
