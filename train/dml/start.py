"""Where the embedding starts: a projection in which copies lie near their originals as they are.

Learned whitening: principal axes, then the differences between copies and originals are made equally small in every
direction, then principal axes again (Mikolajczyk and Matas, "Improving descriptors for fast tree matching by optimal
linear projection", ICCV 2007; used for image retrieval by Radenovic et al., ECCV 2016).
"""

import numpy as np
import torch
from numpy.typing import NDArray

from vdup.aggregation.embedding import VideoEmbedding
from vdup.types import FloatArray

_SHRINKAGE = 0.1
"""Share of the mean variance that is added to every direction: few copies say little of the rarest ones."""

_FIRST_AXES = 768
"""Principal axes in which differences are looked at."""

Matrix = NDArray[np.float64]


def whitening_start(originals: FloatArray, copies: FloatArray, dimensions: int) -> VideoEmbedding:
    """An embedding of one linear layer in closed form.

    Args:
        originals: pooled vectors, float32 [P, D].
        copies: of the same videos, float32 [P, D].
        dimensions: length of the embedding.

    Raises:
        ValueError: there are too few pairs for so many dimensions.
    """
    every = np.concatenate([originals, copies]).astype(np.float64)
    mean = every.mean(axis=0)
    axes = _principal_axes(every - mean, max(_FIRST_AXES, dimensions))
    if len(axes) < dimensions:
        raise ValueError(f"{len(originals)} copies span {len(axes)} dimensions: give more, or fewer than {dimensions}")
    left, right = (originals - mean) @ axes.T, (copies - mean) @ axes.T
    differences = left - right
    within = differences.T @ differences / (2 * len(differences))
    within += _SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    values, vectors = np.linalg.eigh(within)
    equal = (vectors / np.sqrt(values)) @ vectors.T
    final = _principal_axes(np.concatenate([left, right]) @ equal, dimensions)
    projection = final @ equal @ axes
    # Weights near 1 / sqrt(D), as layers have them: only directions count, and half precision must hold them.
    projection /= np.linalg.norm(projection, axis=1).mean()
    embedding = VideoEmbedding([len(mean), dimensions])
    with torch.no_grad():
        embedding.mean.copy_(torch.from_numpy(mean))
        embedding.layers[0].weight.copy_(torch.from_numpy(projection))  # type: ignore[operator]
        embedding.layers[0].bias.zero_()  # type: ignore[operator]
    return embedding


def random_start(originals: FloatArray, copies: FloatArray, widths: list[int], seed: int) -> VideoEmbedding:
    """An embedding with random weights; ``widths`` are those behind the input."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        embedding = VideoEmbedding([originals.shape[1], *widths])
    embedding.mean.copy_(torch.from_numpy(np.concatenate([originals, copies]).mean(axis=0)))
    return embedding


def _principal_axes(rows: Matrix, most: int) -> Matrix:
    """Orthonormal axes of greatest variance, float64 [A, D], A at most ``most`` and the rank of the rows."""
    gram = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
    values, vectors = np.linalg.eigh(gram)
    order = np.argsort(values)[::-1]
    kept = order[values[order] > 1e-10 * max(float(values[order[0]]), 1e-30)][:most]
    if len(rows) < rows.shape[1]:
        axes: Matrix = (rows.T @ vectors[:, kept] / np.sqrt(values[kept])).T
        return axes
    columns: Matrix = vectors[:, kept].T
    return columns
