"""Score normalisation of descriptors against a set of unrelated videos (Pizzi et al. 2023; like CSLS).

Some query frames are near to everything. Each query vector gets one dimension more, ``-beta`` times its similarity to
its nearest vectors of a noise set, and each reference vector a 1 there: the inner product is then the similarity less
what the query has in common with unrelated material. The noise set must not be the references themselves.
"""

import numpy as np
from numpy.typing import NDArray

from vdup.types import FloatArray

_BLOCK_PAIRS = 1 << 22
"""Similarities that are computed at once."""


def normalize_scores(
    queries: FloatArray,
    references: FloatArray,
    noise: FloatArray,
    *,
    beta: float = 1.0,
    neighbours: int = 1,
    replace_dimension: bool = True,
    unit_length: bool = True,
) -> tuple[FloatArray, FloatArray]:
    """Query and reference vectors whose inner product is the normalised similarity.

    Args:
        queries: float32 [N, d].
        references: float32 [M, d].
        noise: float32 [K, d], vectors of videos that are in neither.
        beta: weight of the similarity to the noise set.
        neighbours: nearest noise vectors whose mean similarity is taken; 1 in the baseline of the challenge.
        replace_dimension: leave out the dimension in which the noise set varies least, so that d stays what it was: the
            challenge admits 512 dimensions.
        unit_length: scale all vectors to length 1 before the dimension is added.

    Returns:
        Float32 [N, d] and [M, d]; [N, d + 1] and [M, d + 1] without ``replace_dimension``.

    Raises:
        ValueError: shapes do not fit, or the noise set has fewer vectors than neighbours.
    """
    shapes = [vectors.shape for vectors in (queries, references, noise)]
    if any(len(shape) != 2 or shape[1] != shapes[0][1] for shape in shapes):
        raise ValueError(f"vectors of shapes {shapes} do not fit together")
    if not 1 <= neighbours <= len(noise):
        raise ValueError(f"neighbours must be 1-{len(noise)}, the number of noise vectors, got {neighbours}")
    if replace_dimension:
        dropped = int(np.argmin(noise.var(axis=0, dtype=np.float64)))
        queries, references, noise = (np.delete(vectors, dropped, axis=1) for vectors in (queries, references, noise))
    if unit_length:
        queries, references, noise = (_unit(vectors) for vectors in (queries, references, noise))
    bias = -beta * _nearest_similarity(queries, noise, neighbours)
    ones = np.ones((len(references), 1), dtype=np.float32)
    return (
        np.concatenate([queries, bias[:, None].astype(np.float32)], axis=1),
        np.concatenate([references, ones], axis=1),
    )


def _nearest_similarity(queries: FloatArray, noise: FloatArray, neighbours: int) -> NDArray[np.float64]:
    """Mean similarity of each query vector to its nearest noise vectors."""
    rows = max(1, _BLOCK_PAIRS // len(noise))
    means = np.empty(len(queries), dtype=np.float64)
    for top in range(0, len(queries), rows):
        similarities = queries[top : top + rows] @ noise.T
        nearest = np.partition(similarities, len(noise) - neighbours, axis=1)[:, len(noise) - neighbours :]
        means[top : top + rows] = nearest.mean(axis=1, dtype=np.float64)
    return means


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
