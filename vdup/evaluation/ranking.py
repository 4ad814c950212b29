"""Average precision of one ranking, in the forms that the benchmarks use.

A ranking is given as the ranks of its relevant items, counted from 0 and rising.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

RECALL_LEVELS = np.round(np.arange(21) * 0.05, 2)
"""Recalls at which precision is interpolated: 0, 0.05, ..., 1."""


def ranked(scores: Mapping[str, float]) -> list[str]:
    """Ids by falling score; equal scores stay in the order of the mapping."""
    return sorted(scores, key=lambda name: -scores[name])


def average_precision(ranks: Sequence[int], relevant: int) -> float:
    """Mean of the precision at each relevant item, those that were never returned counting as 0.

    Args:
        ranks: of the relevant items that were returned.
        relevant: how many relevant items there are.

    Returns:
        0 to 1; nan when there is nothing relevant.

    Raises:
        ValueError: more ranks than relevant items.
    """
    _check(ranks, relevant)
    return math.fsum(found / (rank + 1) for found, rank in enumerate(ranks, 1)) / relevant if relevant else math.nan


def trapezoid_average_precision(ranks: Sequence[int], relevant: int) -> float:
    """Area under the precision-recall curve by trapezoids, as in the official script of EVVE (Revaud et al. 2013).

    Each relevant item adds ``1 / relevant`` times the mean of the precision just before it and the precision with it;
    before the very first item of the ranking the precision is 1.

    Args:
        ranks: of the relevant items that were returned.
        relevant: how many relevant items there are.

    Returns:
        0 to 1; 0 when there is nothing relevant, as the official script has it.

    Raises:
        ValueError: more ranks than relevant items.
    """
    _check(ranks, relevant)
    if not relevant:
        return 0.0
    heights = (((found / rank if rank else 1.0) + (found + 1) / (rank + 1)) / 2 for found, rank in enumerate(ranks))
    return math.fsum(heights) / relevant


def interpolated_precisions(
    ranks: Sequence[int], relevant: int, levels: NDArray[np.float64] = RECALL_LEVELS
) -> NDArray[np.float64]:
    """Highest precision at each recall or beyond it.

    Args:
        ranks: of the relevant items that were returned.
        relevant: how many relevant items there are, 1 or more.
        levels: recalls, rising.

    Returns:
        Float64 of the shape of the levels; 0 where the recall is not reached.

    Raises:
        ValueError: more ranks than relevant items, or nothing relevant.
    """
    _check(ranks, relevant)
    if not relevant:
        raise ValueError("precision has no meaning where nothing is relevant")
    found = np.arange(1, len(ranks) + 1)
    precisions = found / (np.asarray(ranks, dtype=np.float64) + 1)
    best_beyond = np.append(np.maximum.accumulate(precisions[::-1])[::-1], 0.0)
    # Items needed for a level: products such as 0.15 * 20 may exceed the whole number by a rounding error.
    needed = np.ceil(levels * relevant - 1e-9).astype(int)
    return np.asarray(best_beyond[np.minimum(np.maximum(needed - 1, 0), len(ranks))], dtype=np.float64)


def mean(values: Sequence[float]) -> float:
    """Mean; nan of nothing."""
    return math.fsum(values) / len(values) if values else math.nan


def _check(ranks: Sequence[int], relevant: int) -> None:
    if len(ranks) > relevant:
        raise ValueError(f"{len(ranks)} relevant items were returned, but there are only {relevant}")
