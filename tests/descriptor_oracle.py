"""Descriptors for tests, and a search that looks at every one of them."""

from collections.abc import Sequence

import numpy as np

from vdup.store.base import Descriptors
from vdup.types import DescriptorHit, FloatArray


def some_descriptors(rng: np.random.Generator, video_number: int, rows: int, dimensions: int) -> Descriptors:
    """Random vectors of random lengths; row 0 spans the video, the others are half-overlapping stretches of 20 s."""
    starts = np.array([0.0, *(10.0 * row for row in range(rows - 1))][:rows])
    ends = starts + 20.0
    if rows:
        ends[0] = ends.max() + 5.0
    vectors = rng.normal(size=(rows, dimensions)) * rng.uniform(0.1, 30.0, size=(rows, 1))
    return Descriptors(video_number, starts, ends, vectors.astype(np.float32))


def brute_force(items: Sequence[Descriptors], query: FloatArray) -> list[DescriptorHit]:
    """All descriptors by falling cosine similarity to one query vector."""
    hits = []
    direction = query.astype(np.float64) / np.linalg.norm(query.astype(np.float64))
    for item in items:
        for row, vector in enumerate(item.vectors.astype(np.float64)):
            start, end = float(item.starts_seconds[row]), float(item.ends_seconds[row])
            similarity = float(vector @ direction) / float(vector @ vector) ** 0.5
            hits.append(DescriptorHit(item.video_number, start, end, similarity))
    return sorted(hits, key=lambda hit: (-hit.similarity, hit.video_number, hit.start_seconds))
