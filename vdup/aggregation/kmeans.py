"""Mini-batch k-means (Sculley, "Web-scale k-means clustering", WWW 2010): nearest centres by FAISS, batch by batch."""

from collections.abc import Callable

import faiss
import numpy as np
from numpy.typing import NDArray

from vdup.types import FloatArray

_START_POINTS_A_CENTRE = 16
"""Vectors for each centre in the full k-means that gives the start."""
_START_ROUNDS = 5

Progress = Callable[[int, int], None]
"""Told how many batches are done, and of how many."""


def mini_batch_kmeans(
    vectors: FloatArray,
    centres: int,
    *,
    batch_size: int = 4096,
    batches: int = 100,
    seed: int = 0,
    progress: Progress | None = None,
) -> FloatArray:
    """Centres of clusters.

    A few rounds of k-means over a sample give the start. Then every batch moves each centre to the mean of all vectors
    that were nearest to it so far.

    Args:
        vectors: float32 [N, D], perhaps mapped from a file; only drawn rows are read.
        centres: number K of clusters, at most N.
        batch_size: vectors in a batch.
        batches: number of batches.
        seed: of the drawing.
        progress: told after each batch.

    Returns:
        float32 [K, D].

    Raises:
        ValueError: there are fewer vectors than centres, or a number is out of range.
    """
    if not 1 <= centres <= len(vectors):
        raise ValueError(f"{len(vectors)} frames cannot give {centres} clusters: give more frames or fewer clusters")
    if batch_size < 1 or batches < 0 or seed < 0:
        raise ValueError(f"cannot use {batch_size=}, {batches=}, {seed=}: at least 1, 0 and 0 are needed")
    rng = np.random.default_rng(seed)
    sample = min(len(vectors), _START_POINTS_A_CENTRE * centres)
    start = _rows(vectors, rng.choice(len(vectors), sample, replace=False))
    clustering = faiss.Kmeans(
        start.shape[1], centres, niter=_START_ROUNDS, seed=seed, min_points_per_centroid=1, verbose=False
    )
    clustering.train(start)
    found: NDArray[np.float64] = np.asarray(clustering.centroids, dtype=np.float64)
    index = faiss.IndexFlatL2(start.shape[1])
    # The start counts as one batch: a first batch must not throw its centres over.
    counts = np.full(centres, max(1.0, sample / centres))
    for number in range(batches):
        rows = rng.choice(len(vectors), min(batch_size, len(vectors)), replace=False)
        batch = _rows(vectors, rows)
        index.reset()
        index.add(found.astype(np.float32))
        nearest = index.search(batch, 1)[1][:, 0]
        arrived = np.bincount(nearest, minlength=centres).astype(np.float64)
        sums = np.zeros_like(found)
        np.add.at(sums, nearest, batch)
        counts += arrived
        # A centre after c vectors moves by 1 / c towards each: the mean of all, written as a step.
        moved = arrived > 0
        found[moved] += (sums[moved] - arrived[moved, None] * found[moved]) / counts[moved, None]
        if progress is not None:
            progress(number + 1, batches)
    return found.astype(np.float32)


def nearest_centres(vectors: FloatArray, centres: FloatArray) -> NDArray[np.int64]:
    """Number of the nearest of float32 [K, D] centres by Euclidean distance for each of float32 [N, D], int64 [N]."""
    index = faiss.IndexFlatL2(centres.shape[1])
    index.add(np.ascontiguousarray(centres, dtype=np.float32))
    found: NDArray[np.int64] = index.search(np.ascontiguousarray(vectors, dtype=np.float32), 1)[1][:, 0]
    return found


def _rows(vectors: FloatArray, rows: NDArray[np.int64]) -> FloatArray:
    """Some rows in memory; in order, as files are read quicker so."""
    return np.ascontiguousarray(vectors[np.sort(rows)], dtype=np.float32)
