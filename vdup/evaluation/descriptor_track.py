"""Descriptor track of the Video Similarity Challenge (Pizzi et al. 2023): which pairs do descriptors alone find.

Of all pairs of a query vector and a reference vector, the nearest 1,200 times the number of queries are taken, over the
whole data set and not query by query. A pair of videos scores the highest inner product among its own; the best 25
times the number of queries are kept. Their measure is micro-AP over all true pairs
(:func:`~vdup.evaluation.pairs.pair_average_precision`): what was not kept was not found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.types import FloatArray

VECTOR_PAIRS_PER_QUERY = 1200
"""Nearest vector pairs that are taken for every query of the data set."""

VIDEO_PAIRS_PER_QUERY = 25
"""Video pairs that are kept for every query of the data set."""

_BLOCK_PAIRS = 1 << 22
"""Similarities that are computed at once."""


@dataclass(frozen=True)
class DescriptorSet:
    """Vectors of some videos, in one table."""

    video_ids: Sequence[str]
    """Id of the video of each row, N of them."""
    features: FloatArray
    """Float32 [N, d]."""

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or self.features.dtype != np.float32:
            raise ValueError(f"features must be float32 [N, d], got {self.features.dtype} {self.features.shape}")
        if len(self.video_ids) != len(self.features):
            raise ValueError(f"{len(self.video_ids)} ids stand beside {len(self.features)} vectors")


@dataclass(frozen=True, slots=True)
class PairScore:
    """A pair of videos and how alike they are."""

    query_id: str
    reference_id: str
    score: float


def nearest_vector_pairs(
    queries: FloatArray, references: FloatArray, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """The pairs of highest inner product among all pairs.

    Memory is bounded by the count and a block of similarities, however many pairs there are.

    Args:
        queries: float32 [N, d].
        references: float32 [M, d].
        count: how many pairs, 1 or more; fewer come back when N x M is less.

    Returns:
        Query rows, reference rows, inner products; best first, equal ones by query row and then reference row. At the
        cut the same order decides which of several equal pairs are taken.
    """
    if count < 1:
        raise ValueError(f"count must be 1 or more, got {count}")
    if queries.ndim != 2 or references.ndim != 2 or queries.shape[1] != references.shape[1]:
        raise ValueError(f"vectors of shapes {queries.shape} and {references.shape} cannot be compared")
    best = np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)
    columns = max(1, len(references))
    rows = max(1, _BLOCK_PAIRS // columns)
    for top in range(0, len(queries), rows):
        scores = (queries[top : top + rows] @ references.T).ravel()
        numbers = np.arange(top * columns, top * columns + len(scores), dtype=np.int64)
        if len(best[0]) == count:  # what lies below the worst kept pair cannot enter
            entering = scores > best[0][-1]
            scores, numbers = scores[entering], numbers[entering]
        best = _best(np.concatenate([best[0], scores]), np.concatenate([best[1], numbers]), count)
    return best[1] // columns, best[1] % columns, best[0]


def candidate_pairs(
    queries: DescriptorSet,
    references: DescriptorSet,
    *,
    query_count: int | None = None,
    vector_pairs_per_query: int = VECTOR_PAIRS_PER_QUERY,
    video_pairs_per_query: int = VIDEO_PAIRS_PER_QUERY,
) -> list[PairScore]:
    """Video pairs by the rule of the track.

    Args:
        queries: vectors of all queries.
        references: vectors of all references.
        query_count: how many queries the budgets are for; none: as many as have a vector.
        vector_pairs_per_query: budget of vector pairs.
        video_pairs_per_query: budget of video pairs.

    Returns:
        Pairs, best first; equal ones in the order in which their best vectors stand in the tables.
    """
    number = len(set(queries.video_ids)) if query_count is None else query_count
    if not number or not len(references.features):
        return []
    rows = nearest_vector_pairs(queries.features, references.features, vector_pairs_per_query * number)
    scores: dict[tuple[str, str], float] = {}
    for query_row, reference_row, similarity in zip(*(column.tolist() for column in rows), strict=True):
        # The best comes first, so the first of a pair is its highest.
        scores.setdefault((queries.video_ids[query_row], references.video_ids[reference_row]), similarity)
    pairs = [PairScore(query, reference, score) for (query, reference), score in scores.items()]
    return pairs[: video_pairs_per_query * number]


def _best(
    scores: NDArray[np.float32], numbers: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The highest scores with their pair numbers; equal ones by number."""
    if len(scores) > count:
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        taken = scores >= least  # all ties at the cut: the order below decides among them
        scores, numbers = scores[taken], numbers[taken]
    order = np.lexsort((numbers, -scores))[:count]
    return scores[order], numbers[order]
